/** How the page of the metrics says things. */
import '@vscode-elements/elements/dist/vscode-icon/index.js';
import { type TemplateResult, html } from 'lit';
import { t, tn } from '../l10n.ts';
import type { DurationModel, Gap, IncidentRef, MetricsModel } from '../protocol/metrics.ts';
import { day, duration, number } from './format.ts';

export type Metric = DurationModel['metric'];

/** What the parts of the page can make happen. */
export interface MetricsActions {
  openTimeline(incident: string): void;
  openReview(incident: string): void;
  correct(incident: string, event: 'declaration' | 'any'): void;
  /** Whether a section that can be folded is open, and what to do when that changes. */
  isOpen(section: string): boolean;
  toggled(section: string, open: boolean): void;
}

export function metricTitle(metric: Metric | 'recurrence'): string {
  return { mttd: t('Mean time to detect'), mtta: t('Mean time to acknowledge'), mttr: t('Mean time to resolve'), recurrence: t('Recurrence rate') }[metric];
}

/** What is measured. */
export function metricMeaning(metric: Metric | 'recurrence'): string {
  return {
    mttd: t('from the start of the impact to its detection'), mtta: t('from the detection until a person took it on'),
    mttr: t('from the detection until it was resolved'), recurrence: t('the same scenario or cause again'),
  }[metric];
}

/** To the second: a mean has fractions that nobody has measured. @param ms */
export function meanTime(ms: number): string {
  return duration(Math.round(ms / 1_000) * 1_000);
}

export function severityName(severity: string | undefined): string {
  return severity === undefined || severity === 'none' ? t('Not assessed') : severity;
}

/** In words and with a sign, so that the colour is needed by nobody. */
export function verdict(met: boolean | undefined): TemplateResult {
  const [icon, text, kind] = met === undefined ? ['dash', t('no figure'), 'none'] : met ? ['pass-filled', t('met'), 'good'] : ['error', t('not met'), 'bad'];
  return html`<span class="verdict ${kind}"><vscode-icon name=${icon} aria-hidden="true"></vscode-icon>${text}</span>`;
}

/** Against the time before; each of the figures is better when it is smaller. */
export function difference(now: number | undefined, before: number | undefined, days: number | undefined, unit: 'ms' | 'percent'): TemplateResult | '' {
  if (days === undefined || now === undefined) {
    return '';
  }
  if (before === undefined) {
    return html`<p class="difference quiet">${tn('No figure of the day before to compare with', 'No figure of the {0} days before to compare with', days)}</p>`;
  }
  const by = now - before;
  const amount = unit === 'ms' ? meanTime(Math.abs(by)) : number(Math.abs(by));
  if (Math.abs(by) < (unit === 'ms' ? 1_000 : 0.05)) {
    return html`<p class="difference quiet"><vscode-icon name="dash" aria-hidden="true"></vscode-icon>${tn('As on the day before', 'As in the {0} days before', days)}</p>`;
  }
  const text = unit === 'ms'
    ? by < 0 ? tn('{1} faster than on the day before', '{1} faster than in the {0} days before', days, amount) : tn('{1} slower than on the day before', '{1} slower than in the {0} days before', days, amount)
    : by < 0 ? tn('{1} points lower than on the day before', '{1} points lower than in the {0} days before', days, amount) : tn('{1} points higher than on the day before', '{1} points higher than in the {0} days before', days, amount);
  return html`<p class="difference ${by < 0 ? 'good' : 'bad'}"><vscode-icon name=${by < 0 ? 'arrow-down' : 'arrow-up'} aria-hidden="true"></vscode-icon><span>${text}</span></p>`;
}

/** Which incidents the figures are of. */
export function periodText({ since, until, now }: MetricsModel): string {
  const last = until === undefined ? now : until - 1;
  return since === undefined
    ? until === undefined ? t('Detected at any time') : t('Detected until {0}', day(last))
    : t('Detected {0} – {1}', day(since), day(last));
}

export function gapText(gap: Gap): string {
  return {
    impact: t('start of the impact'), acknowledgement: t('acknowledgement'), severity: t('severity'), cause: t('scenario or cause'),
  }[gap];
}

export function implausibleText(metric: Metric): string {
  return {
    mttd: t('detected before the impact began'), mtta: t('acknowledged before it was detected'), mttr: t('resolved before it was detected'),
  }[metric];
}

/** The way to an incident. */
export function incidentLink({ id, title, severity, reviewed }: IncidentRef, { openTimeline, openReview }: MetricsActions): TemplateResult {
  return html`<span class="incident">
    <span class="severity ${severity ?? 'none'}">${severityName(severity)}</span>
    <button type="button" class="link" title=${t('Open the timeline of {0}', id)} @click=${() => { openTimeline(id); }}><bdi>${title}</bdi></button>
    <bdi class="quiet id">${id}</bdi>
    ${reviewed ? html`<button type="button" class="link" aria-label=${t('Review of {0}', id)} @click=${() => { openReview(id); }}>${t('Review')}</button>` : ''}
  </span>`;
}
