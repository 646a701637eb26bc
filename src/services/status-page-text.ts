/** The Markdown file of one issue on a cState status page (a Hugo theme): front matter, a marker of ours, updates. */
import { DeliveryError } from './courier.ts';

/** How bad it is, in cState's words. */
export const ISSUE_SEVERITIES = ['down', 'disrupted', 'notice'] as const;
export type IssueSeverity = (typeof ISSUE_SEVERITIES)[number];

export interface IssueUpdate {
  readonly incident: string;
  /** Id of the delivery; it is written once. */
  readonly delivery: string;
  /** ISO 8601 UTC. */
  readonly at: string;
  /** Since when users are affected, ISO 8601 UTC: the page counts the downtime from then. */
  readonly startedAt: string;
  readonly title: string;
  /** What the update begins with, e.g. `Monitoring`. */
  readonly state: string;
  readonly text: string;
  readonly severity: IssueSeverity;
  readonly affected: readonly string[];
  readonly resolved: boolean;
}

/** What an update sets again only when it differs from the update before, so that a correction by hand stays. */
export type Announced = Partial<Pick<IssueUpdate, 'severity' | 'affected' | 'resolved'>>;

const MARKER = /<!-- incident-runbook: ([\w-]+)((?: [\w-]+)*) -->/;
const FRONT_MATTER = /^(\uFEFF?---[ \t]*\n)([\s\S]*?\n)?(---[ \t]*(?:\n|$))/;

/** The incident a file belongs to and the deliveries it holds; undefined when it has no marker of ours. */
export function readMarker(file: string): { readonly incident: string; readonly deliveries: readonly string[] } | undefined {
  // Not in the front matter: the title there is outside text.
  const [found, incident, deliveries = ''] = MARKER.exec(file.replace(/\r\n/g, '\n').replace(FRONT_MATTER, '')) ?? [];
  return found === undefined || incident === undefined ? undefined : { incident, deliveries: deliveries.split(' ').filter((id) => id !== '') };
}

/** `2026-11-23-portals-answer-503`: the day it began (UTC) and the title; the incident's id where a title has no Latin letter. */
export function issueName({ title, startedAt, incident }: Pick<IssueUpdate, 'title' | 'startedAt' | 'incident'>): string {
  const slug = title.normalize('NFKD').replace(/\p{M}+/gu, '').toLowerCase().replace(/[^a-z0-9]+/g, '-').slice(0, 60).replace(/^-+|-+$/g, '');
  return `${startedAt.slice(0, 10)}-${slug === '' ? incident.toLowerCase() : slug}`;
}

/** The file of an issue that is not on the page yet. */
export async function newIssue(update: IssueUpdate): Promise<string> {
  // The library is CommonJS: bundled, it has nothing but its default export.
  const { default: { stringify } } = await import('yaml');
  const { title, startedAt, at, resolved, severity, affected } = update;
  const frontMatter = stringify({ title: oneLine(title), date: startedAt, resolved, resolvedWhen: resolved ? at : '', severity, affected: affected.map(oneLine), section: 'issue' }, { lineWidth: 0 });
  return `---\n${frontMatter}---\n${markerOf(update.incident, [update.delivery])}\n\n${blockOf(update)}\n`;
}

/**
 * The file with one more update, the newest first. What people changed by hand stays.
 *
 * @returns the same text when the update is in it already
 * @throws DeliveryError when the front matter cannot be read
 */
export async function withUpdate(file: string, update: IssueUpdate, announced: Announced): Promise<string> {
  const text = file.replace(/\r\n/g, '\n');
  const deliveries = readMarker(text)?.deliveries ?? [];
  const block = blockOf(update);
  if (deliveries.includes(update.delivery) || text.includes(block)) {
    return file;
  }
  const [whole, open = '', yaml = '', close = ''] = FRONT_MATTER.exec(text) ?? [];
  if (whole === undefined) {
    throw new DeliveryError('refused', 'The file has no front matter any more: it has to begin with a line of three hyphens. Put it right, then retry.');
  }
  const marker = markerOf(update.incident, [...deliveries, update.delivery]);
  const body = text.slice(whole.length);
  const before = MARKER.exec(body);
  // Without the marker, somebody has taken it out: it goes back to the top.
  const [head, rest] = before === null ? ['', body] : [body.slice(0, before.index), body.slice(before.index + before[0].length)];
  const written = `${open}${await frontMatterWith(yaml, update, announced)}${close.endsWith('\n') ? close : `${close}\n`}${head}${marker}\n\n${block}\n\n${rest.trimStart()}`.trimEnd();
  return file.includes('\r\n') ? `${written}\n`.replace(/\n/g, '\r\n') : `${written}\n`;
}

async function frontMatterWith(yaml: string, { at, resolved, severity, affected }: IssueUpdate, announced: Announced): Promise<string> {
  const { default: { isMap, parseDocument } } = await import('yaml');
  const document = parseDocument(yaml);
  if (document.errors.length > 0 || !isMap(document.contents)) {
    throw new DeliveryError('refused', `The front matter of the file cannot be read${document.errors.length === 0 ? '' : ` (${oneLine(document.errors[0]?.message ?? '')})`}. Put it right, then retry.`);
  }
  if (resolved !== announced.resolved && document.get('resolved') !== resolved) {
    document.set('resolved', resolved);
    document.set('resolvedWhen', resolved ? at : '');
  }
  if (severity !== announced.severity) {
    document.set('severity', severity);
  }
  if (affected.join('\n') !== announced.affected?.join('\n')) {
    document.set('affected', document.createNode(affected.map(oneLine)));
  }
  return document.toString({ lineWidth: 0 });
}

function markerOf(incident: string, deliveries: readonly string[]): string {
  return `<!-- incident-runbook: ${[incident, ...deliveries].join(' ')} -->`;
}

function blockOf({ state, text, at }: IssueUpdate): string {
  return `*${literally(oneLine(state))}* - ${literally(text)} {{< track "${at}" >}}`;
}

function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
}

/**
 * Outside text as Markdown that shows just that text: no markup, no HTML, no shortcode of Hugo (two braces), and no
 * comment that could be taken for our marker. Paragraphs and line breaks stay; what is harmless in a word or an
 * address (`_`, `&`) is left alone.
 */
function literally(text: string): string {
  const lines = text.replace(/\r\n?|[\u2028\u2029]/g, '\n').replace(/[^\P{Cc}\n]/gu, ' ').trim().split('\n').map((line) => line.trim()
    .replace(/[\\`*[\]{}~]|(?<!\w)_|_(?!\w)|&(?=#?\w+;)/g, '\\$&')
    // With a backslash it would still be Hugo's sign for the end of the summary, where "!--more--" follows.
    .replace(/</g, '&lt;')
    .replace(/^([-+=#>|])/, '\\$1')
    .replace(/^(\d+)([.)])/, '$1\\$2'));
  return lines.reduce((written, line, index) => {
    const previous = lines[index - 1];
    return written + (index === 0 ? '' : line === '' ? '' : previous === '' ? '\n\n' : '\\\n') + line;
  }, '');
}
