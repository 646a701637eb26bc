/** The page of the composer panel. */
import { html } from 'lit';
import type { ComposerContract, ComposerModel } from '../protocol/composer.ts';
import { openPage } from './page.ts';

const page = openPage<ComposerContract, Readonly<Record<string, never>>>();

function draw(model: ComposerModel): void {
  page.draw(html`<h1>${model.title}</h1>`);
}

page.caller.on('changed', draw);
page.run(async () => { draw(await page.caller.call('load', {})); });
