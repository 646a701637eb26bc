/** Each letter as it looks where it arrives: in the dress of its channel, built of elements and never of a text's own HTML. */
import '@vscode-elements/elements/dist/vscode-button/index.js';
import '@vscode-elements/elements/dist/vscode-icon/index.js';
import { type TemplateResult, html } from 'lit';
import { t, tn } from '../l10n.ts';
import type { Dress, LetterPreview } from '../protocol/composer.ts';
import { timeOfDay } from './format.ts';
import { piecesOf } from './mrkdwn.ts';

export interface Letters {
  /** Epoch ms. */
  readonly now: number;
  readonly connect: (service: string) => void;
}

export function letterOf(letter: LetterPreview, letters: Letters): TemplateResult {
  return html`<article class="letter">
    <header>
      <h3><vscode-icon name=${ICONS[letter.dress]} size="16"></vscode-icon><span dir="auto">${letter.target}</span></h3>
      ${wayOf(letter)}
    </header>
    <div class="dress ${letter.dress}">${DRESS[letter.dress](letter, letters)}</div>
    ${letter.byHand === undefined ? '' : html`<footer>
      <p class="by-hand" dir="auto">${letter.byHand}</p>
      ${letter.connect === undefined ? '' : html`<vscode-button secondary @click=${() => { letters.connect(letter.connect?.service ?? ''); }}>${t('Connect {0}…', letter.connect.title)}</vscode-button>`}
    </footer>`}
  </article>`;
}

function wayOf({ byHand, service, withTimeline }: LetterPreview): TemplateResult {
  if (withTimeline === true) {
    return html`<span class="way">${t('{0}, with the timeline', service)}</span>`;
  }
  return byHand === undefined ? html`<span class="way"><vscode-icon name="check" size="14"></vscode-icon>${t('through {0}', service)}</span>`
    : html`<span class="way hand"><vscode-icon name="person" size="14"></vscode-icon>${t('by hand')}</span>`;
}

const ICONS: Readonly<Record<Dress, string>> = {
  slack: 'comment-discussion', mail: 'mail', statuspage: 'broadcast', statusFile: 'broadcast', ticket: 'github', inApp: 'device-mobile', social: 'megaphone', phone: 'call-outgoing', plain: 'note',
};

const DRESS: Readonly<Record<Dress, (letter: LetterPreview, letters: Letters) => TemplateResult>> = {
  slack: ({ text, to }, { now }) => html`
    <span class="avatar" aria-hidden="true">IR</span>
    <div class="said">
      <p class="speaker"><strong>Incident Runbook</strong> <span class="app">${t('APP')}</span> <span class="quiet number">${timeOfDay(now)}</span></p>
      <p class="words" dir="auto">${to.map((person) => html`<span class="mention">@${person}</span> `)}${richText(text)}</p>
    </div>`,
  mail: ({ text, title, to, addresses }) => html`
    <dl>
      <dt>${t('To')}</dt><dd dir="auto">${to.join(', ')}${addresses === undefined ? '' : html` <span class="quiet">${tn('{0} address, hidden from each other', '{0} addresses, hidden from each other', addresses)}</span>`}</dd>
      <dt>${t('Subject')}</dt><dd dir="auto"><strong>${title ?? ''}</strong></dd>
    </dl>
    <p class="words" dir="auto">${linked(text)}</p>`,
  statuspage: (letter, letters) => statusEntry(letter, letters),
  statusFile: (letter, letters) => statusEntry(letter, letters),
  ticket: ({ text, title }, { now }) => html`
    <p class="comment-head"><strong dir="auto">${title ?? t('Comment')}</strong> <span class="quiet number">${t('{0} UTC', timeOfDay(now))}</span></p>
    <p class="words" dir="auto">${linked(text)}</p>`,
  inApp: ({ text, title }) => html`
    <p class="app-title" dir="auto"><strong>${title ?? ''}</strong></p>
    <p class="words" dir="auto">${text}</p>`,
  social: ({ text }) => html`
    <p class="words" dir="auto">${linked(text)}</p>
    <p class="quiet number">${tn('{0} character', '{0} characters', [...text].length)}</p>`,
  phone: ({ text, target }) => html`
    <p class="quiet">${t('Call {0} and say:', target)}</p>
    <p class="words" dir="auto">${text}</p>`,
  plain: ({ text }) => html`<p class="words" dir="auto">${text}</p>`,
};

function statusEntry({ text, title, stage, components = [] }: LetterPreview, { now }: Letters): TemplateResult {
  return html`
    ${title === undefined ? '' : html`<p class="entry-title" dir="auto">${title}</p>`}
    <p class="words" dir="auto"><strong class="stage-name">${stage ?? ''}</strong> ${text}</p>
    <p class="quiet number">${t('Posted at {0} UTC', timeOfDay(now))}</p>
    ${components.length === 0 ? '' : html`<p class="quiet" dir="auto">${t('Affected: {0}', components.join(', '))}</p>`}`;
}

/** Slack's marks and links. */
function richText(text: string): TemplateResult[] {
  return piecesOf(text).map(({ look, text: words }) => {
    switch (look) {
      case 'bold': return html`<strong>${words}</strong>`;
      case 'italic': return html`<em>${words}</em>`;
      case 'strike': return html`<s>${words}</s>`;
      case 'code': return html`<code>${words}</code>`;
      case 'block': return html`<code class="block">${words}</code>`;
      case 'link': return html`<a href=${words}>${words}</a>`;
      case 'plain': return html`${words}`;
    }
  });
}

/** Only links: elsewhere an asterisk is an asterisk. */
function linked(text: string): TemplateResult[] {
  return text.split(/(https?:\/\/[^\s<>"']*[^\s<>"'.,;:!?)\]])/).map((part, place) => (place % 2 === 1 ? html`<a href=${part}>${part}</a>` : html`${part}`));
}
