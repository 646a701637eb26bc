/** What matters first: what it is, how it stands, how long it takes, what to do next. */
import '@vscode-elements/elements/dist/vscode-button/index.js';
import { type TemplateResult, html, nothing } from 'lit';
import { t } from '../../l10n.ts';
import type { Interval, OverviewAction, OverviewStanding } from '../../protocol/overview.ts';
import { duration } from '../format.ts';
import type { HouseClock } from '../house-clock.ts';
import { ticking } from './ticking.ts';
import { intervalName, standingName, stopwatch } from './words.ts';

export interface HeadActions {
  readonly run: (id: string) => void;
  readonly openTicket: () => void;
  readonly openTimeline: () => void;
}

export function head(standing: OverviewStanding, clock: HouseClock, { openTicket, openTimeline }: Pick<HeadActions, 'openTicket' | 'openTimeline'>): TemplateResult {
  const { severity, title, standing: stands, environment, incident, drill, imported, ticket, began, ended } = standing;
  return html`<header class="head">
    <div class="what">
      <div class="title">
        <span class="severity ${severity ?? 'none'}">${severity ?? t('Not assessed')}</span>
        <h1 dir="auto">${title}</h1>
      </div>
      <ul class="facts">
        <li class="stands ${stands}"><span aria-hidden="true" class="dot"></span>${standingName(stands)}</li>
        ${drill ? html`<li class="tag">${t('Drill')}</li>` : nothing}
        ${imported ? html`<li class="tag">${t('Imported')}</li>` : nothing}
        <li dir="auto">${environment}</li>
        <li><bdi class="number">${incident}</bdi></li>
        ${ticket === undefined ? nothing : html`<li><button type="button" class="link" @click=${openTicket}><bdi>${ticket.name}</bdi></button></li>`}
        <li><button type="button" class="link" @click=${openTimeline}>${t('Timeline as text')}</button></li>
      </ul>
    </div>
    <div class="running">
      <span class="quiet">${ended === undefined ? t('Running for') : t('Took')}</span>
      <bdi class="number time" role="timer" aria-live="off">${ended === undefined ? ticking(() => stopwatch(clock.now() - began)) : stopwatch(ended - began)}</bdi>
    </div>
  </header>`;
}

export function intervals({ intervals: all, ended }: OverviewStanding, clock: HouseClock): TemplateResult {
  return html`<ul class="intervals" aria-label=${t('Times and targets')}>${all.map((interval) => {
    const isImplausible = interval.from !== undefined && interval.to !== undefined && interval.to < interval.from;
    const isOpen = interval.from !== undefined && interval.to === undefined && ended === undefined;
    return html`<li class="interval">
      <span class="quiet">${intervalName(interval.kind)}</span>
      ${isOpen ? html`<span class="figure open"><bdi class="number">${ticking(() => duration(clock.now() - (interval.from ?? 0)))}</bdi> <small>${t('so far')}</small></span>`
        : html`<span class="figure"><bdi class="number">${interval.from === undefined || interval.to === undefined ? t('not known') : isImplausible ? t('Implausible') : duration(interval.to - interval.from)}</bdi></span>`}
      ${interval.target === undefined ? html`<span class="target quiet">${t('no target')}</span>` : html`<span class="target">${ticking(() => targetText(interval, interval.target ?? 0, isOpen ? clock.now() : isImplausible ? undefined : interval.to))}</span>`}
    </li>`;
  })}</ul>`;
}

/** @param end epoch ms; unset where it is not known */
function targetText({ from }: Interval, target: number, end: number | undefined): string {
  const wanted = t('target {0}', duration(target));
  if (from === undefined || end === undefined) {
    return wanted;
  }
  return end - from < target ? `✓ ${t('within {0}', wanted)}` : `▲ ${t('{0} over {1}', duration(end - from - target), wanted)}`;
}

export function nextSteps(next: readonly OverviewAction[], stands: OverviewStanding['standing'], run: (id: string) => void): TemplateResult {
  return html`<section class="card next" aria-labelledby="next-heading">
    <h2 id="next-heading">${t('What to do next')}</h2>
    ${next.length === 0 ? html`<p class="quiet">${stands === 'closed' ? t('Nothing: the incident is closed.') : t('Nothing is due at this moment. Document what you find, and keep everybody posted.')}</p>` : html`<ol>${next.map(({ id, title, reason, urgent }, index) => html`<li class=${urgent ? 'urgent' : ''}>
      <vscode-button ?secondary=${index > 0} @click=${() => { run(id); }} data-action=${id}><bdi>${t(/* l10n: table */ title)}</bdi></vscode-button>
      <span class="reason">${urgent ? html`<span class="codicon codicon-warning bad-text" aria-hidden="true"></span> <strong>${t('Urgent')}:</strong> ` : nothing}<bdi>${reason}</bdi></span>
    </li>`)}</ol>`}
  </section>`;
}
