/** What the answers come to, what would follow from it, and the table of levels. */
import { type TemplateResult, html, nothing } from 'lit';
import '@vscode-elements/elements/dist/vscode-icon/index.js';
import { t } from '../l10n.ts';
import type { ClockChange, Judgement, LevelRow, Notified, NotifiedWay, Severity, SeverityModel } from '../protocol/severity.ts';
import { duration, moment } from './format.ts';
import { openWords } from './severity-form.ts';

const MINUTE_MS = 60_000;

/** Decorative: the level stands beside it in words. */
export function levelClass(severity: Severity): string {
  return `level-${severity.toLowerCase()}`;
}

/** The recommendation and why; said aloud when it changes, in a sentence. */
export function verdict(judgement: Judgement | undefined, levels: readonly LevelRow[], rest: TemplateResult): TemplateResult {
  const row = levels.find(({ severity }) => severity === judgement?.recommended);
  const sure = judgement?.reasons.filter(({ isOpen }) => !isOpen) ?? [];
  const possible = judgement?.reasons.filter(({ isOpen }) => isOpen) ?? [];
  return html`<section class="card verdict ${judgement === undefined ? '' : levelClass(judgement.recommended)}" aria-labelledby="verdict">
    <p class="hidden-text" role="status">${judgement === undefined ? '' : [t('Recommended: {0}.', judgement.recommended), ...sure.map(({ text }) => text), openWords(judgement)].join(' ')}</p>
    <div class="card-head">
      <span class="big">${judgement?.recommended ?? '–'}</span>
      <div>
        <h2 id="verdict">${t('Recommended')}</h2>
        <p dir="auto">${row?.impact ?? ''}</p>
      </div>
    </div>
    ${judgement === undefined ? nothing : html`
      ${sure.length + judgement.doubtful.length === 0 ? nothing : html`<ul>
        ${sure.map(({ text }) => html`<li><span dir="auto">${text}</span></li>`)}
        ${judgement.doubtful.map((text) => html`<li>${t('In doubt about “{0}”, so the graver answer counts.', text)}</li>`)}
      </ul>`}
      ${judgement.open.length === 0 ? nothing : html`<p class="possible">${openWords(judgement)}${possible.length === 0 ? '' : ` ${t('Still possible:')}`}</p>`}
      ${possible.length === 0 ? nothing : html`<ul class="quiet">${possible.map(({ text }) => html`<li><span dir="auto">${text}</span></li>`)}</ul>`}`}
    ${rest}
  </section>`;
}

/** @param now epoch ms @param heading of the section; what is recorded already is said in other words */
export function follows(judgement: Judgement, model: SeverityModel, now: number, isRecorded: boolean): TemplateResult {
  const row = model.levels.find(({ severity }) => severity === judgement.level);
  return html`<section class="follows" aria-labelledby="follows">
    ${isRecorded ? nothing : html`<h2 id="follows">${t('What follows from {0}', judgement.level)}</h2>${compared(judgement.level, model)}`}
    <h3 id=${isRecorded ? 'follows' : nothing}>${isRecorded ? t('Clocks that run now') : t('Clocks')}</h3>
    ${judgement.isResolved ? html`<p>${t('It is resolved, so no clock runs.')}</p>`
      : judgement.clocks.length === 0 ? html`<p>${t('No clock runs.')}</p>`
      : html`<ul>${judgement.clocks.map((clock) => clockLine(clock, now, model.current !== undefined && !isRecorded))}</ul>`}
    <h3>${t('Who is to be told')}</h3>
    <ul>
      ${judgement.notified.map((entry) => notifiedLine(entry, now))}
      ${row?.assign === true ? plainLine('person-add', t('Assign it to a member of the team.')) : nothing}
      ${row === undefined || row.users.length === 0 ? nothing : plainLine('organization', t('The affected users: {0}', row.users.join(', ')))}
    </ul>
    ${isRecorded ? nothing : html`<p class="promise"><vscode-icon name="info" aria-hidden="true"></vscode-icon><span>
      <strong>${t('Recording messages nobody.')}</strong> ${t('Only the clocks start; the people above are told when you run “Notify the team”.')}
      ${model.ticket === undefined ? nothing : t('It is written on the ticket {0}, and the label of the ticket follows; GitHub tells those who follow the ticket.', model.ticket)}
    </span></p>`}
  </section>`;
}

/** The table of the runbook (2.1), with what each level brings with it; on which one stands is said in words. */
export function levelsTable({ levels, current }: SeverityModel, judgement: Judgement | undefined): TemplateResult {
  return html`<div class="levels">
    <h2 id="levels">${t('Levels of the runbook')}</h2>
    <div class="wide" tabindex="0" role="region" aria-labelledby="levels">
      <table>
        <thead><tr>
          <th scope="col">${t('Level')}</th><th scope="col">${t('Impact and example')}</th><th scope="col">${t('Response')}</th>
          <th scope="col">${t('Updates')}</th><th scope="col">${t('Told')}</th>
        </tr></thead>
        <tbody>${levels.map((row) => html`<tr class="${levelClass(row.severity)} ${judgement?.level === row.severity ? 'set' : ''}">
          <th scope="row"><bdi>${row.severity}</bdi>${marks(row.severity, current?.severity, judgement)}</th>
          <td><div dir="auto">${row.impact}</div><div class="quiet" dir="auto">${row.example}</div></td>
          <td>${row.responseMinutes === 0 ? t('at once') : minutes(row.responseMinutes)}</td>
          <td>${t('every {0}', minutes(row.updateEveryMinutes))}</td>
          <td>${toldLines(row).map((line) => html`<div>${line}</div>`)}</td>
        </tr>`)}</tbody>
      </table>
    </div>
  </div>`;
}

function marks(severity: Severity, current: Severity | undefined, judgement: Judgement | undefined): TemplateResult | typeof nothing {
  const tags = [
    ...(judgement?.recommended === severity ? [t('recommended')] : []),
    ...(judgement !== undefined && judgement.level === severity && judgement.level !== judgement.recommended ? [t('chosen')] : []),
    ...(current === severity ? [t('now')] : []),
  ];
  return tags.length === 0 ? nothing : html`<span class="tags">${tags.map((tag) => html`<span class="tag strong">${tag}</span>`)}</span>`;
}

function toldLines({ channels, contacts, page, assign, stakeholders, users }: LevelRow): (string | TemplateResult)[] {
  return [
    html`<bdi>${channels.join(', ')}</bdi>`,
    ...(contacts.length === 0 ? [] : [contacts.join(', ')]),
    ...(page ? [t('page')] : []),
    ...(assign ? [t('one member of the team')] : []),
    ...stakeholders.map(({ title, withinMinutes }) => (withinMinutes === 0 ? t('{0} at once', title) : t('{0} within {1}', title, minutes(withinMinutes)))),
    ...(users.length === 0 ? [] : [t('users')]),
  ];
}

function compared(level: Severity, { current, levels }: SeverityModel): TemplateResult {
  if (current === undefined) {
    return html`<p>${t('It is the first assessment, so all of its clocks start with it.')}</p>`;
  }
  if (current.severity === level) {
    return html`<p>${t('It stays {0}, so the clocks run on; the new answers are recorded.', level)}</p>`;
  }
  const rank = (severity: Severity): number => levels.findIndex((row) => row.severity === severity);
  return html`<p>${rank(level) < rank(current.severity) ? t('Raised from {0} to {1}: its clocks start anew.', current.severity, level) : t('Lowered from {0} to {1}: its clocks start anew.', current.severity, level)}</p>`;
}

function clockLine({ kind, change, contact, at, was, everyMinutes, why }: ClockChange, now: number, isCompared: boolean): TemplateResult {
  const name = { update: () => t('Post an update'), stakeholder: () => t('Notify {0}', contact ?? ''), warRoom: () => t('Open a war room'), escalation: () => t('Escalate') }[kind]();
  const words = { starts: () => t('starts'), moves: () => t('moves from {0}', moment(was ?? at, now)), stays: () => t('unchanged'), stops: () => t('stops: it would have rung at {0}', moment(at, now)) }[change]();
  const more = [
    ...(change === 'stops' || at <= now ? [] : [moment(at, now)]),
    ...(change === 'stops' || everyMinutes === undefined ? [] : [t('then every {0}', minutes(everyMinutes))]),
    ...(isCompared ? [words] : []),
  ];
  return html`<li class=${change}>
    <vscode-icon name=${change === 'stops' ? 'circle-slash' : kind === 'escalation' ? 'warning' : 'watch'} aria-hidden="true"></vscode-icon>
    <span class="name" dir="auto">${name}</span>
    <span class="when">${change === 'stops' ? t('stops') : Math.round((at - now) / MINUTE_MS) <= 0 ? t('now') : t('in {0}', minutes(Math.round((at - now) / MINUTE_MS)))}</span>
    ${more.length === 0 ? nothing : html`<span class="more quiet">${more.join(' · ')}</span>`}
    ${why === undefined ? nothing : html`<span class="more quiet" dir="auto">${why}</span>`}
  </li>`;
}

function notifiedLine({ name, kind, ways, away }: Notified, now: number): TemplateResult {
  const more = [
    ...(kind === 'standIn' ? [t('stands in')] : []),
    ...(ways === undefined ? [] : ways.length === 0 ? [t('none of the ways of the runbook works now')] : ways.map(({ way, isByHand }) => wayWords(way, isByHand, kind === 'channel'))),
    ...(away === undefined ? [] : [away.until === undefined ? t('outside business hours') : t('outside business hours until {0}', moment(away.until, now))]),
  ];
  return html`<li>
    <vscode-icon name=${kind === 'channel' ? 'comment-discussion' : 'account'} aria-hidden="true"></vscode-icon>
    <bdi class="name">${name}</bdi><span></span>
    ${more.length === 0 ? nothing : html`<span class="more quiet">${more.join(' · ')}</span>`}
  </li>`;
}

function wayWords(way: NotifiedWay, isByHand: boolean, isChannel: boolean): string {
  const words = { slack: () => (isChannel ? t('a post in Slack') : t('named in the channel')), pagerduty: () => t('paged by PagerDuty'), mail: () => t('a mail'), phone: () => t('a call that you make') }[way]();
  return isByHand && way !== 'phone' ? t('{0}, by hand: not connected', words) : words;
}

function plainLine(icon: string, text: string): TemplateResult {
  return html`<li><vscode-icon name=${icon} aria-hidden="true"></vscode-icon><span dir="auto">${text}</span><span></span></li>`;
}

function minutes(count: number): string {
  return duration(count * MINUTE_MS);
}
