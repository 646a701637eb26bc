/** The page of the metrics panel. */
import { html } from 'lit';
import type { MetricsContract, MetricsModel } from '../protocol/metrics.ts';
import { openPage } from './page.ts';

const page = openPage<MetricsContract, Readonly<Record<string, never>>>();

function draw(model: MetricsModel): void {
  page.draw(html`<h1>${model.title}</h1>`);
}

page.caller.on('changed', draw);
page.run(async () => { draw(await page.caller.call('load', {})); });
