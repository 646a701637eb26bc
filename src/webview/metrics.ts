/** The page of the metrics panel (runbook 11). */
import '@vscode-elements/elements/dist/vscode-button/index.js';
import { type TemplateResult, html } from 'lit';
import { t, tn } from '../l10n.ts';
import { METRICS_PERIODS, type MetricsContract, type MetricsDoor, type MetricsModel, type MetricsPeriod, type MetricsQuery } from '../protocol/metrics.ts';
import { cards } from './metrics-cards.ts';
import { distribution, trends } from './metrics-charts.ts';
import { gaps, recurrences, slowest } from './metrics-lists.ts';
import { type MetricsActions, periodText, severityName } from './metrics-words.ts';
import { openPage } from './page.ts';
import './metrics.css';

/** How the page looks: what outlives hiding it. */
interface Look {
  readonly query?: MetricsQuery;
  readonly open: readonly string[];
  /** px from the top. */
  readonly scroll: number;
}

/** As long as a person takes to choose a file, ms. */
const PATIENCE_MS = 600_000;
const SEVERITIES = ['P1', 'P2', 'P3', 'P4'] as const;

const page = openPage<MetricsContract, Look>();
let look: Look = page.state ?? { open: [], scroll: 0 };
/** How far down to begin, once there is something to scroll. */
let scrollTo: number | undefined = look.scroll;
let model: MetricsModel | undefined;
/** What was done, for who sees and who hears. */
let told = '';
let loading: AbortController | undefined;

const actions: MetricsActions = {
  openTimeline: (incident) => { page.run(async () => { await page.caller.call('open', { what: 'timeline', incident }); }); },
  openReview: (incident) => { go({ to: 'review', incident }); },
  correct: (incident, event) => { go({ to: 'correct', incident, event }); },
  isOpen: (section) => look.open.includes(section),
  toggled: (section, open) => { keep({ open: [...look.open.filter((other) => other !== section), ...(open ? [section] : [])] }); },
};

function keep(next: Partial<Look>): void {
  look = { ...look, ...next };
  page.keep(look);
}

function go(door: MetricsDoor): void {
  page.run(async () => { await page.caller.call('go', door); });
}

/** Shows the figures of the query, and lets go of what was asked before. @param say whether to tell how many there are */
function load(query: MetricsQuery | undefined, say: boolean): void {
  loading?.abort();
  const mine = loading = new AbortController();
  page.run(async () => {
    const found = await page.caller.call('load', query === undefined ? {} : { query }, { signal: mine.signal });
    model = found;
    keep({ query: found.query });
    if (say) {
      told = tn('{0} incident', '{0} incidents', found.incidents);
    }
    draw();
    if (scrollTo !== undefined) {
      window.scrollTo(0, scrollTo);
      scrollTo = undefined;
    }
  });
}

function change(next: Partial<Record<keyof MetricsQuery, string>>): void {
  // What was asked for before would put its own query back into the fields.
  loading?.abort();
  const query = Object.fromEntries(Object.entries({ ...model?.query, ...next }).filter(([, value]) => value !== '')) as unknown as MetricsQuery;
  if (model !== undefined) {
    model = { ...model, query };
    draw();
  }
  if (problemOf(query) === undefined) {
    load(query, true);
  }
}

function problemOf({ period, from, to }: MetricsQuery): string | undefined {
  return period === 'own' && from !== undefined && to !== undefined && from > to ? t('The first day is after the last one. Choose an earlier first day.') : undefined;
}

function exportCsv(query: MetricsQuery): void {
  page.run(async () => { await page.caller.call('exportCsv', { query }, { timeoutMs: PATIENCE_MS }); });
}

function copyMarkdown(query: MetricsQuery): void {
  page.run(async () => {
    await page.caller.call('copyMarkdown', { query });
    told = t('Copied: the figures are in the clipboard as Markdown.');
    draw();
  });
}

function draw(): void {
  if (model === undefined) {
    return;
  }
  const shown = model;
  page.draw(html`
    <header class="head">
      <div>
        <h1>${t('Incident metrics')}</h1>
        <p class="quiet">${[periodText(shown), tn('{0} incident', '{0} incidents', shown.incidents), ...(shown.drills === 0 ? [] : [tn('{0} drill left out', '{0} drills left out', shown.drills)])].join(' · ')}</p>
      </div>
      ${shown.empty === undefined ? html`<div class="buttons">
        <vscode-button secondary icon="export" @click=${() => { exportCsv(shown.query); }}>${t('Export CSV…')}</vscode-button>
        <vscode-button secondary icon="copy" @click=${() => { copyMarkdown(shown.query); }}>${t('Copy as Markdown')}</vscode-button>
      </div>` : ''}
    </header>
    <p role="status" class="told quiet">${told}</p>
    ${toolbar(shown)}
    ${shown.untargeted ? untargeted() : ''}
    ${shown.empty === undefined ? html`
      ${cards(shown, actions)}${trends(shown)}${distribution(shown)}${slowest(shown, actions)}${recurrences(shown, actions)}${gaps(shown, actions)}
    ` : emptyState(shown.empty)}
  `);
}

function toolbar({ query, environments }: MetricsModel): TemplateResult {
  const problem = problemOf(query);
  const names: Readonly<Record<MetricsPeriod, string>> = { '30d': t('Last 30 days'), '90d': t('Last 90 days'), '12m': t('Last 12 months'), all: t('All'), own: t('Own dates') };
  const dateField = (name: 'from' | 'to', label: string): TemplateResult => html`<div class="field"><label for=${name}>${label}</label>
    <input type="date" id=${name} .value=${query[name] ?? ''} aria-invalid=${problem === undefined ? 'false' : 'true'} @change=${(event: Event) => { change({ [name]: (event.target as HTMLInputElement).value }); }}></div>`;
  const choice = (name: 'environment' | 'severity', label: string, options: readonly (readonly [string, string])[]): TemplateResult => html`<div class="field"><label for=${name}>${label}</label>
    <select id=${name} @change=${(event: Event) => { change({ [name]: (event.target as HTMLSelectElement).value }); }}>
      ${[['', t('All')] as const, ...options].map(([value, text]) => html`<option value=${value} .selected=${(query[name] ?? '') === value}>${text}</option>`)}
    </select></div>`;
  return html`<div class="toolbar">
    <fieldset class="segments">
      <legend class="hidden-text">${t('Period')}</legend>
      ${METRICS_PERIODS.map((period) => html`<label><input type="radio" name="period" value=${period} .checked=${query.period === period} @change=${() => { change({ period }); }}><span>${names[period]}</span></label>`)}
    </fieldset>
    ${query.period === 'own' ? html`${dateField('from', t('First day'))}${dateField('to', t('Last day'))}` : ''}
    ${choice('environment', t('Environment'), environments.map(({ key, title }) => [key, title]))}
    ${choice('severity', t('Severity'), SEVERITIES.map((severity) => [severity, severityName(severity)]))}
    ${problem === undefined ? '' : html`<p class="problem bad-text" role="alert">${problem}</p>`}
  </div>`;
}

function untargeted(): TemplateResult {
  return html`<div class="notice" role="note">
    <p>${t('The runbook cannot be used, so there are no targets. Mend what the Problems panel says about it, then look again.')}</p>
    <div class="buttons">
      <vscode-button @click=${() => { go({ to: 'problems' }); }}>${t('Show problems')}</vscode-button>
      <vscode-button secondary @click=${() => { page.run(async () => { await page.caller.call('open', { what: 'runbook' }); }); }}>${t('Open the runbook')}</vscode-button>
      <vscode-button secondary @click=${() => { load(model?.query, true); }}>${t('Look again')}</vscode-button>
    </div>
  </div>`;
}

function emptyState(why: NonNullable<MetricsModel['empty']>): TemplateResult {
  if (why === 'query') {
    return html`<section class="empty">
      <h2>${t('No incident was detected in this time')}</h2>
      <p>${t('Choose a longer time, or leave out the filter.')}</p>
      <div class="buttons"><vscode-button @click=${() => { change({ period: 'all', environment: '', severity: '' }); }}>${t('Show all incidents')}</vscode-button></div>
    </section>`;
  }
  return html`<section class="empty">
    <h2>${why === 'nothing' ? t('No incident is recorded yet') : t('Only drills are recorded yet, and those do not count')}</h2>
    <p>${t('Declare the next incident: its times are kept as it runs. Or take in past ones from the closed issues of your GitHub repository, so that the metrics start with history.')}</p>
    <div class="buttons">
      <vscode-button icon="add" @click=${() => { go({ to: 'declare' }); }}>${t('Declare incident…')}</vscode-button>
      <vscode-button secondary icon="cloud-download" @click=${() => { go({ to: 'import' }); }}>${t('Import past incidents…')}</vscode-button>
    </div>
  </section>`;
}

window.addEventListener('scrollend', () => { keep({ scroll: Math.round(window.scrollY) }); });
page.caller.on('changed', () => {
  if (model === undefined || problemOf(model.query) === undefined) {
    // What is chosen, though its figures may not be there yet: those shown last would put their query back.
    load(model?.query ?? look.query, false);
  }
});
load(look.query, false);
