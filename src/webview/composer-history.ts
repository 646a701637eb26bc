/** What was sent, and what became of each delivery. */
import '@vscode-elements/elements/dist/vscode-button/index.js';
import '@vscode-elements/elements/dist/vscode-icon/index.js';
import { type TemplateResult, html } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { t } from '../l10n.ts';
import type { DeliveryDeed, SentLetter, SentMessage } from '../protocol/composer.ts';
import { moment } from './format.ts';

export interface Deeds {
  readonly deliver: (delivery: string, what: DeliveryDeed) => void;
  readonly openDeliveries: () => void;
}

export function sentMessage({ at, by, summary, letters, kind }: SentMessage, now: number, deeds: Deeds): TemplateResult {
  return html`<article class="sent" data-kind=${kind}>
    <h3><span class="number">${moment(at, now)}</span> <span class="quiet" dir="auto">${by}</span> <span dir="auto">${summary}</span></h3>
    ${lettersOf(letters, deeds)}
  </article>`;
}

export function lettersOf(letters: readonly SentLetter[], deeds: Deeds): TemplateResult {
  return html`<ul class="sent-letters">${repeat(letters, ({ id }) => id, (letter) => sentLetter(letter, deeds))}</ul>`;
}

function sentLetter({ id, target, service, state, reason, text, url }: SentLetter, { deliver, openDeliveries }: Deeds): TemplateResult {
  const needsLook = state === 'unknown' || state === 'failed' || state === 'pending';
  return html`<li class="sent-letter ${state.replace(' ', '-')}">
    <p class="line">
      <vscode-icon name=${STATE_ICONS[state]} size="16"></vscode-icon>
      <strong dir="auto">${target}</strong> <span>${stateName(state)}</span> <span class="quiet">${service}</span>
      ${url === undefined ? '' : html`<a href=${url}>${t('Open')}<span class="hidden-text"> ${target}</span></a>`}
    </p>
    ${reason === undefined || state === 'done' ? '' : html`<p class="quiet" dir="auto">${reason}</p>`}
    ${state === 'by hand' ? html`<div class="buttons">
      <vscode-button secondary aria-label=${t('Copy text for {0}', target)} @click=${() => { deliver(id, 'copy'); }}>${t('Copy text')}</vscode-button>
      <vscode-button secondary aria-label=${t('It is done: {0}', target)} @click=${() => { deliver(id, 'done'); }}>${t('It is done')}</vscode-button>
    </div>` : needsLook ? html`<div class="buttons">
      <vscode-button secondary aria-label=${t('Show deliveries: {0}', target)} @click=${openDeliveries}>${t('Show deliveries')}</vscode-button>
    </div>` : ''}
    <details><summary>${t('Text')}<span class="hidden-text"> ${target}</span></summary><p class="words" dir="auto">${text}</p></details>
  </li>`;
}

const STATE_ICONS: Readonly<Record<SentLetter['state'], string>> = {
  done: 'pass', pending: 'sync', 'by hand': 'person', failed: 'error', unknown: 'question', discarded: 'circle-slash',
};

function stateName(state: SentLetter['state']): string {
  switch (state) {
    case 'done': return t('delivered');
    case 'pending': return t('waits to be delivered');
    case 'by hand': return t('for you to do');
    case 'failed': return t('not delivered');
    case 'unknown': return t('not known whether it arrived');
    case 'discarded': return t('not to be sent');
  }
}
