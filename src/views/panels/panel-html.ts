/** The document of a panel: nothing in it but its data; what it shows is drawn by its script. No vscode here. */
import type { PageData } from '../../protocol/panel.ts';

export interface PanelDocument {
  /** Where the webview may load from, as VS Code names it. */
  readonly source: string;
  /** Of the only script that may run, new for every document. */
  readonly nonce: string;
  readonly script: string;
  readonly styles: readonly string[];
  readonly title: string;
  readonly data: PageData;
}

/**
 * Only our script runs and only our styles apply: nothing inline, nothing from elsewhere, no connection to anywhere. The
 * data cannot end its element, whatever is in it.
 */
export function panelHtml({ source, nonce, script, styles, title, data }: PanelDocument): string {
  const policy = [
    "default-src 'none'", `script-src 'nonce-${nonce}'`, `style-src ${source}`, `font-src ${source}`, `img-src ${source} data:`, "base-uri 'none'", "form-action 'none'",
  ].join('; ');
  return [
    '<!DOCTYPE html>',
    `<html lang="${escapeHtml(data.language.locale)}" dir="${data.direction}">`,
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${escapeHtml(policy)}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeHtml(title)}</title>`,
    ...styles.map((style, index) => `<link rel="stylesheet" href="${escapeHtml(style)}"${index === 0 ? ' id="vscode-codicon-stylesheet"' : ''}>`),
    '</head>',
    '<body>',
    '<main id="page" aria-busy="true"></main>',
    `<script type="application/json" id="data">${JSON.stringify(data).replace(/</g, '\\u003c')}</script>`,
    `<script type="module" nonce="${nonce}" src="${escapeHtml(script)}"></script>`,
    '</body>',
    '</html>',
  ].join('\n');
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
