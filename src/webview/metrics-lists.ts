/** The incidents behind the figures: the slowest, those that were there before, and those that lack something. */
import { type TemplateResult, html } from 'lit';
import { t, tn } from '../l10n.ts';
import type { GapModel, MetricsModel } from '../protocol/metrics.ts';
import { day } from './format.ts';
import { type MetricsActions, gapText, implausibleText, incidentLink, meanTime, verdict } from './metrics-words.ts';

export function slowest({ slowest: rows }: MetricsModel, actions: MetricsActions): TemplateResult | '' {
  return rows.length === 0 ? '' : section('slowest', t('Slowest to resolve'), table([t('Incident'), t('Detected'), t('Took'), t('Target')], rows.map(({ incident, took, target }) => [
    incidentLink(incident, actions), html`<bdi>${day(incident.detectedAt)}</bdi>`, html`<strong class="number">${meanTime(took)}</strong>`,
    target === undefined ? '–' : html`<span class="against">${t('under {0}', meanTime(target))} ${verdict(took < target)}</span>`,
  ])));
}

export function recurrences({ recurrence: { repeats, count } }: MetricsModel, actions: MetricsActions): TemplateResult {
  return section('recurrences', t('Recurrences'), repeats.length === 0
    ? html`<p class="quiet">${t('No incident was one again.')}</p>`
    : html`${table([t('Incident'), t('Detected'), t('Again'), t('Was there before as')], repeats.map(({ incident, earlier, scenario, cause }) => [
      incidentLink(incident, actions), html`<bdi>${day(incident.detectedAt)}</bdi>`,
      html`${[scenario, cause].filter((part) => part !== undefined).map((part) => html`<span class="tag" dir="auto">${part}</span> `)}`,
      html`${incidentLink(earlier, actions)} <bdi class="quiet">${day(earlier.detectedAt)}</bdi>`,
    ]))}${more(count - repeats.length)}`);
}

export function gaps({ gaps: rows, gapCount, drills, unassessed }: MetricsModel, actions: MetricsActions): TemplateResult {
  const notes = [
    ...(drills === 0 ? [] : [tn('{0} drill is left out.', '{0} drills are left out.', drills)]),
    ...(unassessed === 0 ? [] : [tn('{0} incident without a severity is only in the figures over all.', '{0} incidents without a severity are only in the figures over all.', unassessed)]),
  ];
  return section('gaps', t('What the figures leave out'), html`
    ${notes.length === 0 ? '' : html`<ul class="notes">${notes.map((note) => html`<li>${note}</li>`)}</ul>`}
    ${rows.length === 0 ? html`<p class="quiet">${t('Every time is recorded.')}</p>` : html`
      <p class="quiet">${t('What is missing or implausible counts nowhere, never as zero. Correct what is wrong, or look in the timeline what is known.')}</p>
      ${table([t('Incident'), t('Detected'), t('What is wrong'), t('Mend')], rows.map((gap) => [
        incidentLink(gap.incident, actions), html`<bdi>${day(gap.incident.detectedAt)}</bdi>`, faults(gap), mend(gap, actions),
      ]))}${more(gapCount - rows.length)}`}`);
}

function faults({ implausible, missing }: GapModel): TemplateResult {
  return html`<ul class="faults">
    ${implausible.map((metric) => html`<li class="warn-text"><vscode-icon name="warning" aria-hidden="true"></vscode-icon>${t('Implausible: {0}', implausibleText(metric))}</li>`)}
    ${missing.length === 0 ? '' : html`<li>${t('Missing: {0}', missing.map(gapText).join(t(', ')))}</li>`}
  </ul>`;
}

function mend({ incident: { id }, implausible, missing }: GapModel, { openTimeline, correct }: MetricsActions): TemplateResult {
  return html`<div class="buttons">
    <vscode-button secondary aria-label=${t('Open the timeline of {0}', id)} @click=${() => { openTimeline(id); }}>${t('Timeline')}</vscode-button>
    ${implausible.length > 0 || missing.includes('impact') ? html`<vscode-button secondary aria-label=${t('Correct {0}', id)} @click=${() => { correct(id, implausible.length > 0 ? 'any' : 'declaration'); }}>${t('Correct…')}</vscode-button>` : ''}
  </div>`;
}

function section(id: string, title: string, content: TemplateResult): TemplateResult {
  return html`<section aria-labelledby=${id}><h2 id=${id}>${title}</h2>${content}</section>`;
}

function table(heads: readonly string[], rows: readonly (readonly (TemplateResult | string)[])[]): TemplateResult {
  return html`<div class="wide"><table class="list">
    <thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
    <tbody>${rows.map((cells) => html`<tr>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody>
  </table></div>`;
}

function more(count: number): TemplateResult | '' {
  return count <= 0 ? '' : html`<p class="quiet">${tn('{0} more is in the CSV.', '{0} more are in the CSV.', count)}</p>`;
}
