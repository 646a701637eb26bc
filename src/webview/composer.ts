/** The page of the composer panel: five messages as tabs, each with its fields, what it looks like where it arrives, and what was sent. */
import '@vscode-elements/elements/dist/vscode-button/index.js';
import { type TemplateResult, html } from 'lit';
import { keyed } from 'lit/directives/keyed.js';
import { repeat } from 'lit/directives/repeat.js';
import { t } from '../l10n.ts';
import { CallFailed, type Failure } from '../protocol/channel.ts';
import type { ComposerContract, ComposerModel, Drafts, Field, Message, MessageKind, Preview, Sent, Values } from '../protocol/composer.ts';
import { firstTab, tabAfter, withWritten, write, writtenIn } from './composer-draft.ts';
import { formOf } from './composer-form.ts';
import { type Deeds, lettersOf, sentMessage } from './composer-history.ts';
import { clocksOf, previewOf } from './composer-preview.ts';
import { sendingBar } from './composer-sending.ts';
import { moment } from './format.ts';
import { HouseClock } from './house-clock.ts';
import { openPage } from './page.ts';
import './composer.css';

/** How the page looked, and what was written since the extension kept it last. */
interface Kept {
  readonly tab: MessageKind;
  readonly drafts?: Drafts;
  readonly scroll: number;
}

/** Typing on does not ask for each letter. */
const PREVIEW_AFTER_MS = 150;
const KEEP_AFTER_MS = 200;
/** Services are waited for, and tried again, before a step ends. */
const SEND_TIMEOUT_MS = 300_000;
/** A text carries the minute in which it was composed. */
const MINUTE_MS = 60_000;

const page = openPage<ComposerContract, Kept>();

let model: ComposerModel | undefined;
let tab: MessageKind = 'update';
let drafts: Drafts = page.state?.drafts ?? {};
let preview: Preview | undefined;
let refusal: Failure | undefined;
/** The preview shows what stands in the fields. */
let isCurrent = false;
let isConfirming = false;
/** It was asked for before the preview of the last letter was there. */
let wantsToSend = false;
let sendingNow: MessageKind | undefined;
let inDoubt: MessageKind | undefined;
let sendFailure: { readonly kind: MessageKind; readonly failure: Failure } | undefined;
let discarded: { readonly kind: MessageKind; readonly written: Values } | undefined;
const sentOf = new Map<MessageKind, Sent>();
let asking: AbortController | undefined;
let askTimer: ReturnType<typeof setTimeout> | undefined;
let keepTimer: ReturnType<typeof setTimeout> | undefined;
/** Clock of the extension minus that of this page, ms. */
const clock = new HouseClock();

const now = (): number => clock.now();
const message = (): Message | undefined => model?.messages.find(({ kind }) => kind === tab);
const isSending = (): boolean => sendingNow !== undefined || model?.sending !== undefined;

/** While a message is sent, only the extension knows whether its draft is still one. */
function keepLook(): void {
  page.keep({ tab, ...(isSending() ? {} : { drafts }), scroll: window.scrollY });
}

/** What is written outlives a crash of the page as well. */
function keepDrafts(): void {
  keepLook();
  clearTimeout(keepTimer);
  keepTimer = setTimeout(flushDrafts, KEEP_AFTER_MS);
}

function flushDrafts(): void {
  clearTimeout(keepTimer);
  keepTimer = undefined;
  page.caller.call('keep', { drafts }).catch(() => undefined);
}

/** The newest wins: an earlier one that is not answered yet is let go. */
function askPreview(afterMs = PREVIEW_AFTER_MS): void {
  isCurrent = false;
  clearTimeout(askTimer);
  asking?.abort();
  askTimer = setTimeout(() => { void lookAhead(); }, afterMs);
}

async function lookAhead(): Promise<void> {
  const abort = new AbortController();
  asking = abort;
  const kind = tab;
  try {
    const shown = await page.caller.call('preview', { message: kind, values: writtenIn(drafts, kind) }, { signal: abort.signal });
    if (asking !== abort || kind !== tab) {
      return;
    }
    preview = shown;
    refusal = undefined;
  } catch (error) {
    if (asking !== abort || !(error instanceof CallFailed) || error.failure.kind === 'cancelled') {
      return;
    }
    preview = undefined;
    refusal = error.failure;
  }
  isCurrent = true;
  draw();
  if (wantsToSend) {
    ask();
  }
}

function show(next: ComposerModel): void {
  const isFirst = model === undefined;
  const ended = next.sending === undefined && sendingNow === undefined ? model?.sending : undefined;
  model = next;
  clock.set(next.now);
  if (isFirst) {
    drafts = page.state?.drafts ?? next.drafts;
    tab = firstTab(next.messages, page.state?.tab ?? page.subject().message);
  }
  if (ended !== undefined) {
    // An earlier page, or one that was not waited for, began it.
    drafts = withWritten(drafts, ended, writtenIn(next.drafts, ended));
    keepLook();
  }
  // What a person is about to send stays what they see.
  if (!isConfirming && !isSending()) {
    askPreview(0);
  }
  draw();
  if (isFirst) {
    window.scrollTo(0, page.state?.scroll ?? 0);
  }
}

function open(kind: MessageKind): void {
  if (kind !== tab) {
    tab = kind;
    wantsToSend = false;
    preview = undefined;
    refusal = undefined;
    isConfirming = false;
    askPreview(0);
  }
  keepLook();
  draw();
}

function edit(field: Field, value: string | boolean): void {
  wantsToSend = false;
  drafts = write(drafts, tab, field, value, preview);
  discarded = undefined;
  isConfirming = false;
  keepDrafts();
  askPreview();
  draw();
}

function discard(): void {
  discarded = { kind: tab, written: writtenIn(drafts, tab) };
  rewrite({});
  focus('undo-discard');
}

function undo(): void {
  const written = discarded?.written ?? {};
  discarded = undefined;
  rewrite(written);
  focus('discard');
}

function rewrite(written: Values): void {
  drafts = withWritten(drafts, tab, written);
  keepDrafts();
  askPreview(0);
  draw();
}

function ask(): void {
  wantsToSend = !isCurrent && !sentOf.has(tab);
  if (preview?.id !== undefined && isCurrent && !isSending() && inDoubt !== tab && !sentOf.has(tab)) {
    isConfirming = true;
    draw();
    focus('confirm-send');
  }
}

function cancel(): void {
  isConfirming = false;
  draw();
  focus('send');
}

async function send(): Promise<void> {
  const kind = tab;
  const id = preview?.id;
  if (id === undefined || !isConfirming || isSending()) {
    return;
  }
  const values = writtenIn(drafts, kind);
  sendingNow = kind;
  isConfirming = false;
  sendFailure = undefined;
  flushDrafts();
  keepLook();
  draw();
  try {
    const sent = await page.caller.call('send', { preview: id, message: kind, values }, { timeoutMs: SEND_TIMEOUT_MS });
    sentOf.set(kind, sent);
    drafts = withWritten(drafts, kind, {});
    model = sent.model;
    clearTimeout(keepTimer);
    keepTimer = undefined;
  } catch (error) {
    if (error instanceof CallFailed) {
      sendFailure = { kind, failure: error.failure };
      if (error.failure.kind === 'timeout') {
        inDoubt = kind;
      }
    }
  }
  sendingNow = undefined;
  keepLook();
  askPreview(0);
  draw();
  focus(sentOf.has(kind) ? 'sent' : 'send');
}

function another(): void {
  sentOf.delete(tab);
  askPreview(0);
  draw();
  document.querySelector<HTMLElement>('.fields textarea, .fields input, .fields select')?.focus();
}

/** A button of the library can take the focus only once it has drawn itself. */
function focus(id: string): void {
  const element = document.getElementById(id);
  const drawn = element !== null && 'updateComplete' in element ? element.updateComplete : undefined;
  void Promise.resolve(drawn).then(() => { element?.focus(); });
}

const act = (id: string): void => { page.run(async () => { await page.caller.call('act', { id }, { timeoutMs: SEND_TIMEOUT_MS }); }); };
const deeds: Deeds = {
  deliver: (delivery, what) => { page.run(async () => { await page.caller.call('deliver', { delivery, what }, { timeoutMs: SEND_TIMEOUT_MS }); }); },
  openDeliveries: () => { page.run(async () => { await page.caller.call('open', { what: 'deliveries' }); }); },
};

const connect = (service: string): void => { page.run(async () => { await page.caller.call('connect', { service }, { timeoutMs: SEND_TIMEOUT_MS }); }); };

function tabName(kind: MessageKind): string {
  switch (kind) {
    case 'update': return t('Internal update');
    case 'statusPage': return t('Status page');
    case 'users': return t('User notification');
    case 'stakeholders': return t('Stakeholder update');
    case 'resolution': return t('Resolution notice');
  }
}

function draw(): void {
  const shown = message();
  if (model === undefined || shown === undefined) {
    return;
  }
  const { incident, messages } = model;
  page.draw(html`
    <header class="top">
      <p class="quiet">${t('Update composer')} · <span class="number">${incident.id}</span>${incident.drill ? html` · ${t('Drill')}` : ''}</p>
      <h1><span class="level number">${incident.severity ?? ''}</span> <span dir="auto">${incident.title}</span></h1>
    </header>
    <div class="tabs" role="tablist" aria-label=${t('Message')}>
      ${repeat(messages, ({ kind }) => kind, (entry) => tabOf(entry, messages))}
    </div>
    <div role="tabpanel" id="panel" aria-labelledby="tab-${shown.kind}" class="message">
      ${keyed(shown.kind, sentOf.has(shown.kind) ? sentCard(shown, sentOf.get(shown.kind) as Sent) : composing(shown))}
      ${historyOf(shown)}
    </div>`);
}

function tabOf({ kind, clocks }: Message, messages: readonly Message[]): TemplateResult {
  const isDue = (clocks[0]?.at ?? Infinity) <= now();
  const move = (event: KeyboardEvent): void => {
    const next = tabAfter(event.key, messages.findIndex((entry) => entry.kind === kind), messages.length, page.direction === 'rtl');
    const to = next === undefined ? undefined : messages[next];
    if (to !== undefined) {
      event.preventDefault();
      open(to.kind);
      focus(`tab-${to.kind}`);
    }
  };
  return html`<button type="button" role="tab" id="tab-${kind}" aria-controls="panel" aria-selected=${kind === tab ? 'true' : 'false'} tabindex=${kind === tab ? 0 : -1}
    @click=${() => { open(kind); }} @keydown=${move}>${tabName(kind)}${isDue ? html` <span class="tag due">${t('due')}</span>` : ''}${drafts[kind] === undefined ? '' : html` <span class="tag">${t('draft')}</span>`}</button>`;
}

function composing(shown: Message): TemplateResult {
  const disabled = isSending();
  const written = writtenIn(drafts, shown.kind);
  return html`
    <div class="columns">
      <section aria-labelledby="writing">
        <h2 id="writing"><span dir="auto">${shown.title}</span> <span class="quiet section">${t('Runbook {0}', shown.section)}</span></h2>
        ${clocksOf(shown, now())}
        ${formOf({ message: shown, written, preview, disabled, write: edit })}
      </section>
      <section class="preview" aria-labelledby="looking" aria-busy=${isCurrent ? 'false' : 'true'}>
        <h2 id="looking">${t('As it arrives')}</h2>
        ${previewOf({ preview, refusal, now: now(), act, connect, retry: () => { askPreview(0); } })}
      </section>
    </div>
    ${sendingBar({
      preview, isCurrent, isConfirming, isSending: disabled, isInDoubt: inDoubt === shown.kind, failure: sendFailure?.kind === shown.kind ? sendFailure.failure : undefined,
      isWritten: drafts[shown.kind] !== undefined, wasDiscarded: discarded?.kind === shown.kind,
      ask, cancel, discard, undo, act, send: () => { void send(); },
      dismiss: () => {
        sendFailure = undefined;
        inDoubt = inDoubt === shown.kind ? undefined : inDoubt;
        draw();
      },
    })}`;
}

function sentCard({ kind, clocks }: Message, sent: Sent): TemplateResult {
  const letters = (model?.history ?? []).filter((entry) => entry.kind === kind).flatMap((entry) => entry.letters).filter(({ id }) => sent.deliveries.includes(id));
  return html`<section class="card outcome" aria-labelledby="sent">
    <h2 id="sent" tabindex="-1"><vscode-icon name="pass" size="16"></vscode-icon><span dir="auto">${sent.summary}</span></h2>
    ${lettersOf(letters, deeds)}
    ${clocks.length === 0 ? '' : html`<ul class="clocks">${clocks.map(({ title, at }) => html`<li><vscode-icon name="watch" size="14"></vscode-icon><span dir="auto">${title}</span> <span class="number">${t('due at {0}', moment(at, now()))}</span></li>`)}</ul>`}
    <div class="buttons"><vscode-button id="another" @click=${another}>${t('Write another')}</vscode-button></div>
  </section>`;
}

function historyOf({ kind }: Message): TemplateResult {
  // What was sent just now stands above already.
  const above = sentOf.get(kind)?.deliveries ?? [];
  const entries = (model?.history ?? []).filter((entry) => entry.kind === kind && !entry.letters.some(({ id }) => above.includes(id)));
  return html`<section class="history" aria-labelledby="history">
    <h2 id="history">${t('Sent so far')} <span class="quiet number">${entries.length}</span></h2>
    ${entries.length === 0 ? html`<p class="quiet">${t('Nothing yet. What is sent stands here, with what became of it.')}</p>` : repeat(entries, ({ at, summary }) => `${at} ${summary}`, (entry) => sentMessage(entry, now(), deeds))}
    ${model?.isHistoryCut === true ? html`<div class="buttons"><vscode-button secondary @click=${() => { page.run(async () => { await page.caller.call('open', { what: 'timeline', ...(model === undefined ? {} : { incident: model.incident.id }) }); }); }}>${t('Older ones are on the timeline')}</vscode-button></div>` : ''}
  </section>`;
}

// Before a button takes the same key: Ctrl+Enter only ever asks, and a key that is held down answers nothing.
document.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey || (event.repeat && isConfirming))) {
    event.preventDefault();
    event.stopPropagation();
    if (!isConfirming && !event.repeat) {
      ask();
    }
  } else if (event.key === 'Escape' && isConfirming) {
    cancel();
  }
}, { capture: true });
window.addEventListener('pagehide', () => { if (!isSending()) { flushDrafts(); } });
window.addEventListener('scrollend', keepLook);
document.addEventListener('visibilitychange', () => { if (document.visibilityState === 'hidden' && keepTimer !== undefined) { flushDrafts(); } });
let minute = Math.floor(Date.now() / MINUTE_MS);
setInterval(() => {
  draw();
  const current = Math.floor(now() / MINUTE_MS);
  if (current !== minute) {
    minute = current;
    if (!isConfirming && !isSending()) {
      askPreview(0);
    }
  }
}, 10_000);

page.caller.on('changed', show);
page.caller.on('subject', ({ message: asked, contact }) => {
  if (asked === undefined || model === undefined) {
    return;
  }
  if (contact !== undefined) {
    // Whom it was asked for comes before whom somebody had chosen.
    const { contact: _, ...written } = writtenIn(drafts, 'stakeholders');
    drafts = withWritten(drafts, 'stakeholders', written);
    keepDrafts();
  }
  isConfirming = false;
  const kind = firstTab(model.messages, asked);
  sentOf.delete(kind);
  open(kind);
  page.run(async () => { show(await page.caller.call('load', {})); });
});
page.run(async () => { show(await page.caller.call('load', {})); });
