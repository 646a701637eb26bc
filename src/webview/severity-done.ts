/** What the panel says around the questions: where the incident stands, what others did meanwhile, what was recorded. */
import { type TemplateResult, html, nothing } from 'lit';
import { t } from '../l10n.ts';
import type { CurrentSeverity, Judgement, NextStep, SeverityModel } from '../protocol/severity.ts';
import { moment } from './format.ts';
import { follows, levelClass } from './severity-consequences.ts';

/** Which incident it is, and its severity now. @param now epoch ms */
export function pageHead({ incident, title, drill, current }: SeverityModel, now: number): TemplateResult {
  return html`<header>
    <p class="kicker"><span>${t('Severity assessment')}</span> <bdi class="number">${incident}</bdi>${drill ? html` <span class="tag strong">${t('Drill')}</span>` : nothing}</p>
    <h1 dir="auto">${title}</h1>
    ${current === undefined ? html`<p>${t('Not assessed yet. Until then the clocks stand still.')}</p>` : html`<p>
      <strong>${t('Now {0}', current.severity)}</strong> · ${t('set by {0}, {1}', current.by, moment(current.at, now))}
      <span class="quiet" dir="auto">${current.recommended === undefined ? '' : t('(recommended was {0})', current.recommended)} ${current.reasons[0] ?? ''}</span>
    </p>`}
  </header>`;
}

/** Why nothing can be recorded. @param now epoch ms */
export function blockedNotice({ blocked, closedAt }: SeverityModel, now: number): TemplateResult | typeof nothing {
  return blocked === undefined ? nothing : html`<div class="notice news"><p>${blocked === 'closed'
    ? t('The incident is closed since {0}, so its severity cannot be assessed. Reopen it first.', moment(closedAt ?? now, now))
    : t('This workspace is in Restricted Mode, so nothing can be recorded. Trust it with “Workspaces: Manage Workspace Trust”.')}</p></div>`;
}

/** The severity was set or taken back by somebody else since the page showed it. @param now epoch ms */
export function newsNotice(current: CurrentSeverity | undefined, now: number, dismiss: () => void): TemplateResult {
  return html`<div class="notice news" id="news">
    <p><strong>${current === undefined ? t('The last assessment was taken back: the incident is not assessed any more.') : t('{0} set the severity to {1} at {2}.', current.by, current.severity, moment(current.at, now))}</strong>
      <span dir="auto">${current?.reasons[0] ?? ''}</span></p>
    <p>${t('Your answers are kept. What would follow is compared with it.')}</p>
    <div class="buttons"><vscode-button secondary @click=${dismiss}>${t('Understood')}</vscode-button></div>
  </div>`;
}

export interface DoneActs {
  next(step: NextStep): void;
  takeBack(): void;
  again(): void;
  openOverview(): void;
}

/** What was recorded, what can be done next, and the way back. @param now epoch ms */
export function done(model: SeverityModel, current: CurrentSeverity, judgement: Judgement | undefined, now: number, isBusy: boolean, acts: DoneActs): TemplateResult {
  const titles: Readonly<Record<NextStep, readonly [todo: string, done: (at: string) => string]>> = {
    notifyTeam: [t('Notify the team…'), (at) => t('Team notified, {0}', at)],
    createTicket: [t('Create the ticket…'), (at) => t('Ticket created, {0}', at)],
  };
  return html`<section class="card done ${levelClass(current.severity)}" aria-labelledby="done">
    <div class="card-head">
      <span class="big">${current.severity}</span>
      <div>
        <h2 id="done" tabindex="-1">${t('{0} is recorded', current.severity)}</h2>
        <p class="quiet">${t('{0} by {1}', moment(current.at, now), current.by)}</p>
      </div>
    </div>
    <ul>${current.reasons.map((reason) => html`<li><span dir="auto">${reason}</span></li>`)}${current.recommended === undefined ? nothing : html`<li>${t('The rules recommend {0}.', current.recommended)}</li>`}</ul>
    <h3>${t('Next')}</h3>
    <div class="buttons">
      ${model.next.map(({ step, doneAt }, index) => (doneAt === undefined
        ? html`<vscode-button ?secondary=${index > 0} ?disabled=${model.blocked !== undefined} @click=${() => { acts.next(step); }}>${titles[step][0]}</vscode-button>`
        : html`<span class="tag"><vscode-icon name="check" aria-hidden="true"></vscode-icon> ${titles[step][1](moment(doneAt, now))}</span>`))}
      <vscode-button secondary @click=${acts.openOverview}>${t('Open the overview')}</vscode-button>
    </div>
    ${judgement === undefined ? nothing : follows(judgement, model, now, true)}
    ${answersOf(model, current)}
    <h3>${t('Was it wrong?')}</h3>
    <p class="quiet">${current.former === undefined ? t('Taken back, the incident is not assessed, and its clocks stop.') : t('Taken back, it is {0} again, and the clocks run as they did before.', current.former)}</p>
    <div class="buttons">
      <vscode-button secondary icon="discard" ?disabled=${isBusy || model.blocked !== undefined} @click=${acts.takeBack}>${t('Take it back')}</vscode-button>
      <vscode-button secondary @click=${acts.again}>${t('Assess again')}</vscode-button>
    </div>
  </section>`;
}

function answersOf({ questions }: SeverityModel, { answers }: CurrentSeverity): TemplateResult | typeof nothing {
  const given = questions.flatMap(({ id, text, options }) => {
    const answer = options.find((option) => option.id === answers?.[id])?.label;
    return answer === undefined ? [] : [[text, answer] as const];
  });
  return given.length === 0 ? nothing : html`<h3>${t('Answers')}</h3>
    <dl>${given.map(([text, answer]) => html`<dt dir="auto">${text}</dt><dd dir="auto">${answer}</dd>`)}</dl>`;
}
