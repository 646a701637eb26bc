/** The page of the overview panel. */
import { html } from 'lit';
import type { OverviewContract, OverviewModel } from '../protocol/overview.ts';
import { openPage } from './page.ts';

const page = openPage<OverviewContract, Readonly<Record<string, never>>>();

function draw(model: OverviewModel): void {
  page.draw(html`<h1>${model.title}</h1>`);
}

page.caller.on('changed', draw);
page.run(async () => { draw(await page.caller.call('load', {})); });
