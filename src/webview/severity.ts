/** The page of the severity panel. */
import { html } from 'lit';
import type { SeverityContract, SeverityModel } from '../protocol/severity.ts';
import { openPage } from './page.ts';

const page = openPage<SeverityContract, Readonly<Record<string, never>>>();

function draw(model: SeverityModel): void {
  page.draw(html`<h1>${model.title}</h1>`);
}

page.caller.on('changed', draw);
page.run(async () => { draw(await page.caller.call('load', {})); });
