/** What people wrote into a ticket, taken apart: labelled values, sentences. Everything a person can write comes in here. */
import { unescapeMarkdown } from './markdown.ts';
import { readTime } from './written-time.ts';

/** What a ticket may say in a line of its own, e.g. `Root cause: …`. */
export type Field =
  | 'severity' | 'environment' | 'detectedBy' | 'detected' | 'impactStarted' | 'acknowledged' | 'resolved' | 'duration' | 'rootCause' | 'resolution';

/** How each is called, longer names first where one begins with another. */
const NAMES: Readonly<Record<Field, string>> = {
  severity: '(?:incident )?severity(?: level)?|priority|sev',
  environment: 'environment|env',
  detectedBy: '(?:detected|reported|found|noticed|discovered|raised) (?:by|via|through)|detection (?:source|method)|source',
  detected: '(?:incident )?detect(?:ed|ion)(?: time)?|(?:time of detection|time detected|first alert)',
  impactStarted: '(?:(?:user |customer )?impact|incident|outage|issue|problem)[ -](?:start(?:ed|s)?|began|begin)(?: time)?|start(?:ed)?(?: time)?|began',
  acknowledged: '(?:incident )?ack(?:nowledge(?:d|ment)|ed)?(?: time)?(?: by @?[\\w.-]{1,39})?|time acknowledged',
  resolved: '(?:incident|outage|impact|issue|problem)[ -](?:end(?:ed|s)?|resolved)(?: time)?|end(?:ed)?(?: time)?|resolved|resolution time|time resolved|(?:service )?restored',
  duration: '(?:total |incident |outage )?duration',
  rootCause: 'root[ -]cause(?: analysis)?|cause|rca',
  resolution: 'resolution|how it was resolved|solution|fix(?:ed by)?|resolved by',
};

const FIELDS = Object.keys(NAMES) as Field[];
const ANY = FIELDS.map((field) => `(?<${field}>${NAMES[field]})`).join('|');
/** `at` and `on` only before something with a digit: `Resolved at 03:12`. */
const LABEL = new RegExp(`(?<=^|[.;!?]\\s{1,3}|\\s[-–—|]\\s{1,3})(?:the )?(?:${ANY})(?:\\s{0,2}[:=]|\\s{1,2}[-–—](?=\\s)|\\s(?:at|on)(?=\\s\\S{0,20}\\d)|(?=\\s\\d{4}-))\\s{0,3}`, 'gi');
const HEADING = new RegExp(`^(?:the )?(?:${ANY})\\s?:?$`, 'i');
/** `2026-11-23 03:04 UTC: Incident detected`, as the review's timeline has it. */
const TIMELINE = /^\[?(\d.{9,40}?|[a-z]{3,9}\.? \d.{9,40}?)\]?\s{0,2}[:\-–—|]?\s{1,3}(?:the )?(?:(?:user |customer )?(incident|issue|problem|impact|outage) )?(?:was )?(detected|acknowledged|resolved|began|started)\b/i;
const PLACEHOLDER = /^(?:\[[^\]]*\]|<[^>]*>|tb[cda]|to be (?:confirmed|determined|added)|n\/?a|not (?:known|recorded|available)(?: yet)?|unknown|none|pending|[-–—?_.…\s]*)\.?$/i;
/** A row of a table, a line, or another labelled value. */
const STOPS = /^(?:\||-{3,}|[A-Z][\w -]{0,30}:(?:\s|$))/;
/** Nobody writes more into one value; what is longer is the rest of the ticket. */
const MAX_VALUE = 4_000;

export interface Written {
  readonly field: Field;
  readonly value: string;
}

/** Markdown as its words: without code, quotes of others, hidden comments and emphasis. */
export function plainText(markdown: string): string {
  return unescapeMarkdown(markdown.replace(/\r\n?/g, '\n')
    .replace(/<!--[^]*?(?:-->|$)/g, '')
    .replace(/^ {0,3}(```|~~~)[^]*?(?:^ {0,3}\1|(?![^]))/gm, '')
    .replace(/^ {0,3}>.*$/gm, '')
    .replace(/\*{1,3}|(?<!\w)_{1,3}(?=\S)|(?<=\S)_{1,3}(?!\w)/g, (marks, offset: number, whole: string) => (marks === '*' && /\n\s{0,8}$|^\s{0,8}$/.test(whole.slice(Math.max(0, offset - 9), offset)) ? '-' : '')));
}

/** The labelled values of a plain text, in its order; what was left open (`[description]`, `TBD`) is not among them. */
export function readFields(text: string): Written[] {
  const found: { field: Field; value: string }[] = [];
  let open: { field: Field; value: string } | undefined;
  for (const raw of text.split('\n')) {
    const isHeading = /^\s{0,3}#{1,6}\s/.test(raw);
    const line = lineOf(raw);
    const heading = HEADING.exec(line);
    const labels = heading === null ? [...line.matchAll(LABEL)] : [];
    const told = TIMELINE.exec(line);
    if (told !== null) {
      found.push(...timelineValue(told));
    }
    if (heading !== null) {
      open = { field: fieldIn(heading), value: '' };
      found.push(open);
    } else if (labels.length > 0) {
      labels.forEach((label, index) => {
        open = { field: fieldIn(label), value: line.slice(label.index + label[0].length, labels[index + 1]?.index ?? line.length).trim() };
        found.push(open);
      });
    } else if (isHeading || STOPS.test(line) || (line === '' && open?.value !== '')) {
      open = undefined;
    } else if (open !== undefined && (open.value === '' || open.field === 'rootCause' || open.field === 'resolution') && open.value.length < MAX_VALUE) {
      open.value = `${open.value} ${line}`.trim();
    }
  }
  return found.map(({ field, value }) => ({ field, value: value.replace(/\s+/g, ' ').replace(/(?<!\.)\.$/, '').slice(0, MAX_VALUE).trim() })).filter(({ value }) => !PLACEHOLDER.test(value));
}

/** Without bullets, check boxes, the bars of a table with two columns, and what begins a heading. */
function lineOf(raw: string): string {
  const [, name, value] = /^\s*\|([^|]{1,60})\|([^|]*)\|\s*$/.exec(raw) ?? [];
  return (name === undefined ? raw : `${name.trim()}: ${value?.trim() ?? ''}`).replace(/^\s*(?:#{1,6}\s+|(?:[-*+•]|\d{1,3}[.)])\s+)?(?:\[[ xX]\]\s+)?/, '').trim();
}

function fieldIn({ groups }: RegExpMatchArray): Field {
  return FIELDS.find((field) => groups?.[field] !== undefined) ?? 'resolution';
}

function timelineValue([, time = '', noun = '', verb = '']: RegExpExecArray): Written[] {
  const isStart = /began|started/i.test(verb);
  const field = isStart ? 'impactStarted' as const : ({ detected: 'detected', acknowledged: 'acknowledged', resolved: 'resolved' } as const)[verb.toLowerCase() as 'detected'];
  const read = readTime(time);
  return read !== undefined && 'at' in read && (!isStart || noun !== '') ? [{ field, value: time }] : [];
}

/** Sentences and lines, without bullets. */
export function sentencesOf(text: string): string[] {
  return text.split('\n').flatMap((line) => lineOf(line).split(/(?<=[.!?])\s+/)).filter((sentence) => sentence !== '');
}

const SUBJECT = "(?:hi|hey|ok(?:ay)?|hello)?[\\s,]{0,2}(?:status\\W{1,3})?(?:(?:i|we)(?:'m|'re|'ve|\\sam|\\sare|\\shave)?\\s|(?:i'?ll|we'?ll)\\s|(?:the )?(?:on-?call(?: engineer)?|engineers?|team|dev ?ops(?: lead| team)?)\\s(?:is|are|has|have)\\s)?(?:now |just |still |currently |already |been )?";
const TAKES_IT = new RegExp(`^${SUBJECT}(?:ack(?:ed|nowledged?)?\\b|investigating\\b|looking (?:into|at) (?:it|this)\\b|on it\\b|tak(?:e|ing) (?:it|this|a look)\\b)`, 'i');

/** Whether a sentence says that its writer has taken the incident on. A question does not, and nobody else's doing either. */
export function saysAcknowledged(text: string): boolean {
  return sentencesOf(text.replace(/[’ʼ]/g, "'")).some((sentence) => TAKES_IT.test(sentence) && !sentence.endsWith('?') && !/\b(?:not|nobody|no one|never)\b/i.test(sentence.slice(0, 60)));
}

/** Whether a text says that the incident is over, as the runbook's closing comment does (9.2). */
export function saysResolved(text: string): boolean {
  return sentencesOf(text).some((sentence) => /^(?:the |this )?(?:incident|issue|outage)(?: affecting .{1,120}?)?(?: is| was| has been)?(?: now)? resolved\b(?!\?)/i.test(sentence) && !sentence.endsWith('?'));
}
