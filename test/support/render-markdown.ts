import { createRequire } from 'node:module';

interface MarkdownIt {
  validateLink(link: string): boolean;
  render(markdown: string): string;
  readonly linkify: { set(options: { readonly fuzzyLink: boolean }): void };
  readonly utils: { escapeHtml(text: string): string };
}

// It comes without types, and TypeScript would want them for an import.
const markdownIt = createRequire(import.meta.url)('markdown-it') as new (options: { readonly html: boolean; readonly linkify: boolean }) => MarkdownIt;

/** The renderer of VS Code's Markdown preview, with its options. */
const preview = new markdownIt({ html: true, linkify: true });
preview.linkify.set({ fuzzyLink: false });
const { validateLink } = preview;
preview.validateLink = (link) => validateLink.call(preview, link) || /^data:image\/.*?;/.test(link);

/** Markdown as VS Code's preview shows it, as HTML; what the preview would still sanitize is left in. */
export function renderMarkdown(markdown: string): string {
  return preview.render(markdown);
}

export function escapeHtml(text: string): string {
  return preview.utils.escapeHtml(text);
}
