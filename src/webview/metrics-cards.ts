/** The four numbers of runbook 11, each against its target. */
import { type TemplateResult, html } from 'lit';
import { t, tn } from '../l10n.ts';
import type { DurationModel, MetricsModel, RecurrenceModel } from '../protocol/metrics.ts';
import { number } from './format.ts';
import { type MetricsActions, difference, meanTime, metricMeaning, metricTitle, severityName, verdict } from './metrics-words.ts';

export function cards(model: MetricsModel, actions: MetricsActions): TemplateResult {
  return html`<section aria-labelledby="figures">
    <h2 id="figures" class="hidden-text">${t('Figures and targets')}</h2>
    <div class="cards">
      ${model.durations.map((one) => durationCard(one, model))}
      ${recurrenceCard(model.recurrence, model)}
    </div>
    <details class="fold" ?open=${actions.isOpen('severity')} @toggle=${(event: Event) => { actions.toggled('severity', (event.target as HTMLDetailsElement).open); }}>
      <summary>${t('Figures by severity')}</summary>
      ${bySeverity(model)}
    </details>
  </section>`;
}

function durationCard({ metric, figures, targets, before }: DurationModel, { daysBefore }: MetricsModel): TemplateResult {
  const { n, mean, median, p90, missing, implausible } = figures;
  return html`<article class="card figure" data-metric=${metric}>
    <h3>${metricTitle(metric)} <span class="quiet short"><bdi>${metric.toUpperCase()}</bdi></span></h3>
    <p class="quiet meaning">${metricMeaning(metric)}</p>
    <p class="large number">${mean === undefined ? '–' : meanTime(mean)}</p>
    ${difference(mean, before?.mean, daysBefore, 'ms')}
    ${targets.length === 0 ? '' : html`<ul class="targets">${targets.map(({ severity, figures: own }) => html`<li>
      ${severity === undefined ? '' : html`<span class="own"><strong>${severity}</strong> <span class="number">${own.mean === undefined ? '–' : meanTime(own.mean)}</span></span>`}
      <span class=${severity === undefined ? '' : 'quiet limit'}>${t('Target: under {0}', meanTime(own.target ?? 0))}</span>
      ${verdict(own.met)}
    </li>`)}</ul>`}
    ${median === undefined || p90 === undefined ? '' : html`<p class="spread">${t('Median {0} · 9 of 10 within {1}', meanTime(median), meanTime(p90))}</p>`}
    <p class="quiet basis">${basis(n, missing, implausible)}</p>
  </article>`;
}

function recurrenceCard({ n, missing, percent, target, met, count, before }: RecurrenceModel, { daysBefore }: MetricsModel): TemplateResult {
  return html`<article class="card figure" data-metric="recurrence">
    <h3>${metricTitle('recurrence')}</h3>
    <p class="quiet meaning">${metricMeaning('recurrence')}</p>
    <p class="large number">${percent === undefined ? '–' : t('{0} %', number(percent))}</p>
    ${difference(percent, before?.percent, daysBefore, 'percent')}
    ${target === undefined ? '' : html`<ul class="targets"><li><span>${t('Target: under {0} %', number(target))}</span>${verdict(met)}</li></ul>`}
    ${n === 0 ? '' : html`<p class="spread">${tn('{0} of {1} was there before', '{0} of {1} were there before', count, n)}</p>`}
    <p class="quiet basis">${basis(n, missing, 0)}</p>
  </article>`;
}

/** What a figure stands on. */
function basis(n: number, missing: number, implausible: number): string {
  return [`n = ${n}`, ...(missing === 0 ? [] : [t('{0} missing', missing)]), ...(implausible === 0 ? [] : [t('{0} implausible', implausible)])].join(' · ');
}

function bySeverity({ durations }: MetricsModel): TemplateResult {
  const figure = (ms: number | undefined): string => (ms === undefined ? '–' : meanTime(ms));
  return html`<div class="wide" tabindex="0" role="region" aria-label=${t('Figures by severity')}>
    <table>
      <thead><tr>${[t('Severity'), t('Mean'), t('Median'), t('9 of 10 within'), 'n', t('Missing'), t('Implausible'), t('Target'), t('Met')].map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
      ${durations.map(({ metric, bySeverity: rows }) => html`<tbody>
        <tr class="group"><th colspan="9" scope="rowgroup">${metricTitle(metric)}</th></tr>
        ${rows.map(({ severity, figures: { mean, median, p90, n, missing, implausible, target, met } }) => html`<tr>
          <th scope="row">${severityName(severity)}</th>
          ${[figure(mean), figure(median), figure(p90), n, missing, implausible, target === undefined ? '–' : t('under {0}', meanTime(target))].map((cell) => html`<td class="number">${cell}</td>`)}
          <td>${target === undefined ? '–' : verdict(met)}</td>
        </tr>`)}
      </tbody>`)}
    </table>
  </div>`;
}
