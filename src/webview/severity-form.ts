/** The five questions and the choice of another level, as native groups of radio buttons that digits answer as well. */
import { type TemplateResult, html, nothing } from 'lit';
import '@vscode-elements/elements/dist/vscode-button/index.js';
import '@vscode-elements/elements/dist/vscode-icon/index.js';
import { live } from 'lit/directives/live.js';
import { t, tn } from '../l10n.ts';
import type { Answers, Judgement, Severity, SeverityModel } from '../protocol/severity.ts';

/** Name of the group in which the level is chosen; no question of a runbook can have it. */
export const LEVEL_GROUP = '#level';

export interface Form {
  readonly model: SeverityModel;
  readonly judgement: Judgement | undefined;
  readonly answers: Answers;
  readonly level: Severity | undefined;
  readonly reason: string;
  /** What keeps it from being recorded. */
  readonly fault: 'reason' | 'empty' | undefined;
  readonly isBusy: boolean;
}

export interface FormActs {
  answer(question: string, option: string): void;
  choose(level: Severity): void;
  write(reason: string): void;
  record(): void;
  restart(): void;
  /** Begins with the answers that were recorded last. */
  reuse(): void;
}

/** Whether another level than the recommended one would be recorded. */
export function isOverride({ level, judgement }: Pick<Form, 'level' | 'judgement'>): boolean {
  return level !== undefined && level !== judgement?.recommended;
}

export function questions(form: Form, acts: FormActs): TemplateResult {
  const { model, answers } = form;
  const answered = model.questions.filter(({ id }) => answers[id] !== undefined).length;
  const last = model.current?.answers;
  return html`<section aria-labelledby="questions">
    <div class="head">
      <h2 id="questions">${tn('{0} question', '{0} questions', model.questions.length)}</h2>
      <p class="quiet">${t('{0} of {1} answered', answered, model.questions.length)}</p>
    </div>
    <p class="quiet keys">
      <span>${keys('1', '–', '9')} ${t('answer and go on')}</span>
      <span>${keys('Backspace')} ${t('go back')}</span>
      <span>${recordKeys()} ${t('record')}</span>
    </p>
    ${last === undefined || answered > 0 || model.blocked !== undefined ? nothing
      : html`<p><vscode-button secondary icon="history" @click=${acts.reuse}>${t('Begin with the last answers')}</vscode-button></p>`}
    ${model.questions.map((question, index) => html`
      <fieldset class="question ${answers[question.id] === undefined ? '' : 'answered'}" data-question=${question.id} ?disabled=${model.blocked !== undefined}
        aria-describedby=${question.hint === undefined ? nothing : `hint-${index}`}>
        <legend><span class="number">${index + 1}.</span> <span dir="auto">${question.text}</span></legend>
        ${question.hint === undefined ? nothing : html`<p class="hint quiet" id="hint-${index}" dir="auto">${question.hint}</p>`}
        <div>${question.options.map(({ id, label }, place) => option({
          group: question.id, value: id, digit: place + 1, isChosen: answers[question.id] === id, words: html`<span class="words" dir="auto">${label}</span>`,
          mark: last?.[question.id] === id ? t('last time') : undefined, choose: () => { acts.answer(question.id, id); },
        }))}</div>
      </fieldset>`)}
  </section>`;
}

/** Which level is recorded, and why it is another one than recommended. */
export function levelChoice(form: Form, acts: FormActs): TemplateResult {
  const { model, judgement, level, reason, fault } = form;
  const needsReason = isOverride(form);
  return html`<fieldset class="choice" data-question=${LEVEL_GROUP} ?disabled=${model.blocked !== undefined || judgement === undefined}>
    <legend>${t('Level to record')}</legend>
    <div class="levels-choice">
      ${model.levels.map(({ severity }, place) => option({
        group: LEVEL_GROUP, value: severity, digit: place + 1, isChosen: (level ?? judgement?.recommended) === severity, words: html`<bdi>${severity}</bdi>`,
        mark: judgement?.recommended === severity ? t('recommended') : undefined, choose: () => { acts.choose(severity); },
      }))}
    </div>
    ${needsReason ? html`<div class="field">
      <label for="reason">${t('Why {0} instead of {1}? It is recorded with the severity.', level ?? '', judgement?.recommended ?? '')}</label>
      <textarea id="reason" dir="auto" rows="2" required aria-invalid=${fault === 'reason'} aria-describedby=${fault === 'reason' ? 'reason-error' : nothing}
        .value=${live(reason)} @input=${(event: InputEvent) => { acts.write((event.target as HTMLTextAreaElement).value); }}></textarea>
      ${fault === 'reason' ? html`<p class="error" id="reason-error" role="alert"><vscode-icon name="error" aria-hidden="true"></vscode-icon>${t('Write why, then record again: another level than the recommended one needs a reason.')}</p>` : nothing}
    </div>` : nothing}
  </fieldset>`;
}

/** What is about to be recorded, always in sight. */
export function recordBar(form: Form, acts: FormActs): TemplateResult {
  const { model, judgement, answers, reason, fault, isBusy } = form;
  const isEmpty = Object.keys(answers).length === 0 && form.level === undefined && reason === '';
  return html`<div class="bar">
    <vscode-button id="record" ?disabled=${isBusy || model.blocked !== undefined || judgement === undefined} @click=${acts.record}>
      ${judgement === undefined ? t('Record') : t('Record {0}', judgement.level)}
    </vscode-button>
    <p class="sum">
      <span class="quiet">${recordKeys()}</span>
      ${judgement === undefined ? nothing : html`<span aria-hidden="true">${isOverride(form) ? t('Recommended is {0}.', judgement.recommended) : openWords(judgement) || judgement.reasons[0]?.text}</span>`}
      ${fault === 'empty' ? html`<span class="error" role="alert"><vscode-icon name="error" aria-hidden="true"></vscode-icon>${t('Answer at least one question, or choose another level with a reason.')}</span>` : nothing}
    </p>
    <vscode-button secondary ?disabled=${isEmpty || isBusy || model.blocked !== undefined} @click=${acts.restart}>${t('Start again')}</vscode-button>
  </div>`;
}

/** How many questions are open, and what that means. */
export function openWords({ open }: Judgement): string {
  return open.length === 0 ? '' : tn('{0} question is open: in doubt the higher level.', '{0} questions are open: in doubt the higher level.', open.length);
}

interface Option {
  readonly group: string;
  readonly value: string;
  readonly digit: number;
  readonly isChosen: boolean;
  readonly words: TemplateResult;
  readonly mark: string | undefined;
  readonly choose: () => void;
}

function option({ group, value, digit, isChosen, words, mark, choose }: Option): TemplateResult {
  return html`<label class="option ${isChosen ? 'chosen' : ''}">
    <input type="radio" name=${group} value=${value} .checked=${live(isChosen)} @change=${choose}>
    ${digit > 9 ? nothing : html`<kbd aria-hidden="true">${digit}</kbd>`}
    ${words}
    ${mark === undefined ? nothing : html`<span class="tag quiet">${mark}</span>`}
  </label>`;
}

function keys(...names: readonly string[]): TemplateResult {
  return html`<bdi dir="ltr">${names.map((name) => (name === '–' ? name : html`<kbd>${name}</kbd>`))}</bdi>`;
}

function recordKeys(): TemplateResult {
  const modifier = /mac/i.test(navigator.userAgent) ? '⌘' : 'Ctrl';
  return html`<bdi dir="ltr"><kbd>${modifier}</kbd>+<kbd>Enter</kbd></bdi>`;
}
