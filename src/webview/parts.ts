/** Pieces that several pages are made of. */
import '@vscode-elements/elements/dist/vscode-button/index.js';
import '@vscode-elements/elements/dist/vscode-icon/index.js';
import { type TemplateResult, html } from 'lit';
import { t } from '../l10n.ts';
import type { Failure } from '../protocol/channel.ts';

/** What went wrong and what can be done about it; read out at once. */
export function failureNotice({ kind, message, action }: Failure, act: (id: string) => void, dismiss: () => void): TemplateResult {
  const text = kind === 'timeout' ? t('The extension did not answer in time. What was recorded is in the timeline: look there before you do it again.') : message;
  return html`<div class="notice bad" role="alert">
    <p dir="auto">${text}</p>
    <div class="buttons">
      ${action === undefined ? '' : html`<vscode-button @click=${() => { act(action.id); }}>${action.title}</vscode-button>`}
      <vscode-button secondary @click=${dismiss}>${t('Dismiss')}</vscode-button>
    </div>
  </div>`;
}
