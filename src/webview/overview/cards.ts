/** What is open: clocks, roles, the boxes of the closure, messages that need somebody, watches. */
import '@vscode-elements/elements/dist/vscode-button/index.js';
import { type TemplateResult, html, nothing } from 'lit';
import { t, tn } from '../../l10n.ts';
import type { OverviewClock, OverviewStanding } from '../../protocol/overview.ts';
import { duration, moment } from '../format.ts';
import type { HouseClock } from '../house-clock.ts';
import { ticking } from './ticking.ts';
import { deliveryName, levelName } from './words.ts';

export interface CardActions {
  readonly run: (id: string) => void;
  readonly assign: (role: string) => void;
  readonly snooze: (clock: string) => void;
  readonly openDeliveries: () => void;
  readonly openEvent: (id: string) => void;
}

/** As the extension does when nobody says for how long. */
export const SNOOZE_MINUTES = 5;
const BOXES_SHOWN = 4;

export function clocksCard({ clocks, standing, severity }: OverviewStanding, clock: HouseClock, { run, snooze }: CardActions): TemplateResult {
  const isOver = standing === 'resolved' || standing === 'closed';
  return html`<section class="card clocks" aria-labelledby="clocks-heading">
    <h2 id="clocks-heading">${t('Open clocks')}</h2>
    ${clocks.length === 0 ? html`<p class="quiet">${isOver ? t('None: the incident is over.') : severity === undefined ? t('None yet: they start with the severity. Assess it.') : t('None: nothing is due.')}</p>` : html`<ul class="rows">${clocks.map((each) => html`<li>
      <div class="row-text"><span class="row-title"><bdi>${t(/* l10n: table */ each.title)}</bdi></span><span class="due">${ticking(() => dueText(each, clock.now()))}</span></div>
      <div class="row-buttons">
        <vscode-button secondary @click=${() => { run(each.id); }} aria-label=${t('Do it: {0}', each.title)}>${t('Do it')}</vscode-button>
        <vscode-button secondary @click=${() => { snooze(each.id); }} aria-label=${t('Snooze {0} for {1} min', each.title, SNOOZE_MINUTES)}>${t('Snooze')}</vscode-button>
      </div>
    </li>`)}</ul>`}
  </section>`;
}

function dueText({ at, snoozedUntil }: OverviewClock, now: number): string {
  const left = at - now;
  const due = left > 0 ? t('in {0}', duration(left)) : left > -1_000 ? t('due now') : `▲ ${t('{0} overdue', duration(-left))}`;
  return snoozedUntil === undefined || snoozedUntil <= now ? due : `${due} · ${t('quiet until {0}', moment(snoozedUntil, now))}`;
}

export function rolesCard({ roles, standing }: OverviewStanding, { assign }: CardActions): TemplateResult {
  return html`<section class="card roles" aria-labelledby="roles-heading">
    <h2 id="roles-heading">${t('Roles')}</h2>
    ${roles.length === 0 ? html`<p class="quiet">${t('The runbook names no roles: see warRoom, roles.')}</p>` : html`<ul class="rows">${roles.map(({ id, title, duty, person }) => html`<li>
      <div class="row-text"><span class="row-title" title=${duty}><bdi>${title}</bdi></span><span class=${person === undefined ? 'quiet' : 'person'}><bdi>${person ?? t('nobody')}</bdi></span></div>
      ${standing === 'closed' ? nothing : html`<div class="row-buttons"><vscode-button secondary @click=${() => { assign(id); }} aria-label=${person === undefined ? t('Assign {0}', title) : t('Reassign {0}', title)}>${person === undefined ? t('Assign') : t('Reassign')}</vscode-button></div>`}
    </li>`)}</ul>`}
  </section>`;
}

export function closureCard({ closure }: OverviewStanding): TemplateResult {
  return closure === undefined ? html`` : html`<section class="card closure" aria-labelledby="closure-heading">
    <h2 id="closure-heading">${t('Before it is closed')}</h2>
    <p>${t('{0} of {1} boxes hold', closure.held, closure.total)}</p>
    <progress max=${closure.total} value=${closure.held} aria-label=${t('{0} of {1} boxes hold', closure.held, closure.total)}></progress>
    ${closure.open.length === 0 ? nothing : html`<ul class="open-boxes">${closure.open.slice(0, BOXES_SHOWN).map((text) => html`<li><bdi>${text}</bdi></li>`)}</ul>
    ${closure.open.length > BOXES_SHOWN ? html`<p class="quiet">${tn('and {0} more', 'and {0} more', closure.open.length - BOXES_SHOWN)}</p>` : nothing}`}
  </section>`;
}

export function messagesCard({ forPerson, onTheWay }: OverviewStanding, { openDeliveries }: CardActions): TemplateResult {
  return html`<section class="card messages" aria-labelledby="messages-heading">
    <h2 id="messages-heading">${t('Messages that need you')}</h2>
    ${forPerson.length === 0 ? html`<p class="quiet">${t('None.')}</p>` : html`<ul class="rows">${forPerson.map(({ target, state, reason }) => html`<li>
      <div class="row-text"><span class="row-title"><bdi>${target}</bdi></span><span class="due">${deliveryName(state)}${reason === undefined ? nothing : html`: <bdi>${reason}</bdi>`}</span></div>
    </li>`)}</ul>`}
    ${onTheWay === 0 ? nothing : html`<p class="quiet">${tn('{0} message is on its way.', '{0} messages are on their way.', onTheWay)}</p>`}
    ${forPerson.length + onTheWay === 0 ? nothing : html`<vscode-button secondary @click=${openDeliveries}>${t('Show deliveries')}</vscode-button>`}
  </section>`;
}

export function watchesCard({ watches }: OverviewStanding, clock: HouseClock, { openEvent }: CardActions): TemplateResult {
  return watches.length === 0 ? html`` : html`<section class="card watches" aria-labelledby="watches-heading">
    <h2 id="watches-heading">${t('Stability watch')}</h2>
    <ul class="rows">${watches.map(({ event, minutes, stableAt, looks, restarts, level }) => html`<li>
      <div class="row-text">
        <span class="row-title">${ticking(() => (stableAt > clock.now() ? t('Stable in {0}', duration(stableAt - clock.now())) : t('No trouble for {0} min', minutes)))}</span>
        <span class="quiet">${[tn('{0} look', '{0} looks', looks), ...(restarts === 0 ? [] : [tn('began anew once', 'began anew {0} times', restarts)]), ...(level === undefined ? [] : [t('last: {0}', levelName(level))])].join(' · ')}</span>
      </div>
      <div class="row-buttons"><vscode-button secondary @click=${() => { openEvent(event); }}>${t('Open')}</vscode-button></div>
    </li>`)}</ul>
  </section>`;
}
