/** The bar below a message: to whom it goes, the question before it does, and what became of it. */
import '@vscode-elements/elements/dist/vscode-button/index.js';
import '@vscode-elements/elements/dist/vscode-progress-ring/index.js';
import { type TemplateResult, html } from 'lit';
import { t, tn } from '../l10n.ts';
import type { Failure } from '../protocol/channel.ts';
import type { Preview } from '../protocol/composer.ts';
import { reachOf } from './composer-draft.ts';
import { failureNotice } from './parts.ts';

export interface Sending {
  readonly preview: Preview | undefined;
  /** It is what stands in the fields now. */
  readonly isCurrent: boolean;
  readonly isConfirming: boolean;
  /** Under way, by this page or an earlier one. */
  readonly isSending: boolean;
  /** Nobody knows what became of the last one. */
  readonly isInDoubt: boolean;
  readonly failure: Failure | undefined;
  readonly isWritten: boolean;
  readonly wasDiscarded: boolean;
  readonly ask: () => void;
  readonly send: () => void;
  readonly cancel: () => void;
  readonly discard: () => void;
  readonly undo: () => void;
  readonly act: (id: string) => void;
  readonly dismiss: () => void;
}

export function sendingBar(sending: Sending): TemplateResult {
  const { failure, act, dismiss } = sending;
  return html`<div class="send-bar">
    ${failure === undefined ? '' : failureNotice(failure, act, dismiss)}
    ${sending.isSending ? html`<p class="line" role="status"><vscode-progress-ring aria-hidden="true"></vscode-progress-ring>${t('It is being sent. You can close this: it goes on.')}</p>`
      : sending.isConfirming && sending.preview !== undefined ? question(sending, sending.preview) : buttons(sending)}
  </div>`;
}

function buttons({ preview, isCurrent, isInDoubt, isWritten, wasDiscarded, ask, discard, undo }: Sending): TemplateResult {
  const isReady = preview?.id !== undefined && isCurrent && !isInDoubt;
  return html`<div class="buttons">
    <vscode-button id="send" ?disabled=${!isReady} aria-disabled=${isReady ? 'false' : 'true'} aria-describedby="send-where" aria-keyshortcuts="Control+Enter Meta+Enter" @click=${ask}>${preview?.button === 'Record' ? t('Record') : t('Send')}…</vscode-button>
    <span id="send-where" class="where" dir="auto">${whereOf(preview, isInDoubt)}</span>
    <span class="room"></span>
    ${wasDiscarded ? html`<span class="quiet" role="status">${t('The draft is discarded.')}</span><vscode-button id="undo-discard" secondary @click=${undo}>${t('Undo')}</vscode-button>`
      : isWritten ? html`<vscode-button id="discard" secondary @click=${discard}>${t('Discard draft')}</vscode-button>` : ''}
  </div>`;
}

/** It may stand where "Send…" stood: the second half of a double click on that is no answer. */
function question({ preview, send, cancel }: Sending, shown: Preview): TemplateResult {
  const { sent, byHand } = reachOf(shown.letters);
  const words = sent.length === 0 ? tn('Record it, for {0} message that you deliver?', 'Record it, for {0} messages that you deliver?', byHand.length) : tn('Send {0} message now?', 'Send {0} messages now?', sent.length);
  return html`<div class="question" role="group" aria-labelledby="question">
    <p id="question"><strong>${words}</strong> <span dir="auto">${whereOf(preview, false)}</span></p>
    <div class="buttons">
      <vscode-button id="confirm-send" aria-describedby="question" @click=${(event: MouseEvent) => { if (event.detail < 2) { send(); } }}>${shown.button === 'Record' ? t('Record now') : t('Send now')}</vscode-button>
      <vscode-button id="cancel-send" secondary @click=${cancel}>${t('Cancel')}</vscode-button>
    </div>
  </div>`;
}

/** `To #incidents. By hand: Executive Team.` */
function whereOf(preview: Preview | undefined, isInDoubt: boolean): string {
  if (isInDoubt) {
    return t('Look at the history below first: it may have been sent.');
  }
  if (preview === undefined) {
    return '';
  }
  if (preview.missing.length > 0) {
    return tn('{0} field is to be written first.', '{0} fields are to be written first.', preview.missing.length);
  }
  const { sent, byHand } = reachOf(preview.letters);
  return [...(sent.length === 0 ? [] : [t('To {0}.', sent.join(', '))]), ...(byHand.length === 0 ? [] : [t('By hand: {0}.', byHand.join(', '))])].join(' ');
}
