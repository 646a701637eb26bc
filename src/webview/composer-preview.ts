/** What stands beside the fields: the letters as they arrive, or why there are none, and the clocks that sending winds up. */
import '@vscode-elements/elements/dist/vscode-button/index.js';
import '@vscode-elements/elements/dist/vscode-icon/index.js';
import { type TemplateResult, html } from 'lit';
import { t, tn } from '../l10n.ts';
import type { Failure } from '../protocol/channel.ts';
import type { Message, Preview } from '../protocol/composer.ts';
import { reachOf } from './composer-draft.ts';
import { letterOf } from './composer-letters.ts';
import { duration, moment } from './format.ts';
import { failureNotice } from './parts.ts';

const MINUTE_MS = 60_000;

export interface Look {
  readonly preview: Preview | undefined;
  readonly refusal: Failure | undefined;
  /** Epoch ms. */
  readonly now: number;
  readonly act: (id: string) => void;
  readonly connect: (service: string) => void;
  readonly retry: () => void;
}

/** In the place of the letters: what speaks against sending is no alarm. */
export function previewOf({ preview, refusal, now, act, connect, retry }: Look): TemplateResult {
  if (refusal !== undefined) {
    const { kind, message, action } = refusal;
    return kind === 'timeout' ? failureNotice(refusal, act, retry) : html`<div class="card calm" role="status">
      <p dir="auto">${message}</p>
      ${action === undefined ? '' : html`<vscode-button secondary @click=${() => { act(action.id); }}>${action.title}</vscode-button>`}
    </div>`;
  }
  if (preview === undefined) {
    return html`<p class="quiet">${t('Composing…')}</p>`;
  }
  const { letters, notes } = preview;
  const { sent, byHand } = reachOf(letters);
  return html`
    <p class="quiet" role="status">${[
      ...(sent.length === 0 ? [] : [tn('{0} message goes out', '{0} messages go out', sent.length)]),
      ...(byHand.length === 0 ? [] : [tn('{0} message is for you to deliver', '{0} messages are for you to deliver', byHand.length)]),
    ].join(' · ')}</p>
    ${notes.length === 0 ? '' : html`<ul class="notes">${notes.map((note) => html`<li dir="auto">${note}</li>`)}</ul>`}
    ${letters.map((letter) => letterOf(letter, { now, connect }))}`;
}

export function clocksOf({ clocks, nextAt }: Message, now: number): TemplateResult {
  return clocks.length === 0 ? html`` : html`<ul class="clocks">
    ${clocks.map(({ title, at }) => html`<li class=${at <= now ? 'overdue' : ''}>
      <vscode-icon name="watch" size="14"></vscode-icon><span dir="auto">${title}</span>
      <span class="number">${at <= now ? t('{0} overdue', duration(roughly(now - at))) : t('in {0}', duration(roughly(at - now)))}</span>
    </li>`)}
    ${nextAt === undefined ? '' : html`<li class="quiet">${t('Sent now, the next one is due at {0}.', moment(nextAt, now))}</li>`}
  </ul>`;
}

/** To the minute, where there is one. */
function roughly(ms: number): number {
  return ms < MINUTE_MS ? ms : Math.floor(ms / MINUTE_MS) * MINUTE_MS;
}
