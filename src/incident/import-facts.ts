/** What a ticket that people wrote by hand says about its incident. What it does not say is missing, never made up. */
import { DETECTION_SOURCES, type DetectionSource, SEVERITIES, type Severity } from './events.ts';
import { type Field, plainText, readFields, saysAcknowledged, saysResolved, sentencesOf } from './ticket-text.ts';
import { readDuration, readTime } from './written-time.ts';

/** A piece of a ticket: its own text, or a comment. */
export interface PastText {
  /** Login. */
  readonly author: string;
  /** Whether the author may write to the repository: what strangers say is no fact. */
  readonly isBelieved: boolean;
  /** Markdown. */
  readonly text: string;
  /** ISO 8601 UTC. */
  readonly createdAt: string;
  /** ISO 8601 UTC. */
  readonly updatedAt: string;
}

export interface PastTicket extends PastText {
  /** `owner/name`. */
  readonly repository: string;
  readonly number: number;
  readonly url: string;
  readonly title: string;
  readonly labels: readonly string[];
  /** ISO 8601 UTC. */
  readonly closedAt: string;
  /** Login; unset when it is not known. */
  readonly closedBy?: string;
}

/** Something that happened, and who said so. */
export interface Told {
  /** ISO 8601 UTC. */
  readonly at: string;
  readonly by: string;
}

export interface Facts {
  readonly severity?: Severity;
  readonly severityReason: string;
  /** Key of one of the runbook's environments. */
  readonly environment?: string;
  readonly detectedBy?: DetectionSource;
  /** ISO 8601 UTC. */
  readonly detectedAt: string;
  /** ISO 8601 UTC. */
  readonly impactStartedAt?: string;
  readonly acknowledged?: Told;
  readonly resolved?: Told;
  readonly rootCause?: string;
  readonly resolution?: string;
  /** What is written there and cannot be used, each with the reason. */
  readonly unreadable: readonly string[];
  /** How something was worked out that is not written there as it is. */
  readonly worked: readonly string[];
  /** Comments of which all is said by the facts. */
  readonly spent: ReadonlySet<PastText>;
}

/** Minutes are written without their seconds, and clocks differ, ms. */
const TOLERANCE_MS = 60_000;
const TIME_NAMES = { detected: 'detection', impactStarted: 'impact start', acknowledged: 'acknowledgement', resolved: 'end' } as const;

interface Piece extends Told {
  readonly field: Field;
  readonly value: string;
  /** Epoch ms: nothing that is told can be later. */
  readonly until: number;
  readonly source: PastText;
}

/**
 * @param environments keys of the runbook's environments
 * @param comments in their order
 */
export function readFacts(ticket: PastTicket, comments: readonly PastText[], environments: readonly string[]): Facts {
  const unreadable: string[] = [];
  const worked: string[] = [];
  const believed = [ticket, ...comments.filter((comment) => comment.isBelieved)];
  const pieces = believed.flatMap((source): Piece[] => readFields(plainText(source.text)).map((written) => (
    { ...written, source, at: source.createdAt, by: source.author, until: Math.max(Date.parse(source.createdAt), source === ticket ? Date.parse(ticket.closedAt) : Date.parse(source.updatedAt)) })));
  const of = (field: Field): Piece[] => pieces.filter((piece) => fieldOf(piece) === field);
  const timesOf = (field: keyof typeof TIME_NAMES): Told[] => of(field).flatMap((piece) => {
    const read = timeIn(piece);
    if (read !== undefined && 'problem' in read) {
      unreadable.push(`${TIME_NAMES[field]} "${piece.value.slice(0, 60)}": ${read.problem}`);
    }
    return read !== undefined && 'at' in read ? [{ at: read.at, by: piece.by }] : [];
  });
  /** Those that fit between two times; the others are named. */
  const between = (field: keyof typeof TIME_NAMES, from: string | undefined, to: string): Told[] => timesOf(field).filter(({ at }) => {
    const fits = (from === undefined || at >= from) && Date.parse(at) <= Date.parse(to) + TOLERANCE_MS;
    if (!fits) {
      unreadable.push(`${TIME_NAMES[field]} ${at}: it is ${from !== undefined && at < from ? 'before the detection' : field === 'impactStarted' ? 'after the detection' : field === 'detected' ? 'after the ticket was opened' : 'after the ticket was closed'}`);
    }
    return fits;
  }).map((told) => ({ ...told, at: told.at < to ? told.at : to }));

  const detectedAt = between('detected', undefined, ticket.createdAt).at(-1)?.at ?? ticket.createdAt;
  const impactStartedAt = between('impactStarted', undefined, detectedAt).at(-1)?.at;
  const rootCause = of('rootCause').at(-1)?.value;
  const resolution = of('resolution').at(-1)?.value;
  const closing = comments.findLast((comment) => comment.isBelieved && !isBot(comment.author) && saysResolved(plainText(comment.text)));
  const resolved = between('resolved', detectedAt, ticket.closedAt).at(-1) ?? endOf();
  const last = resolved?.at ?? ticket.closedAt;
  // Whoever writes the time down means that time, and not the one of the comment.
  const dated = new Set(of('acknowledged').map(({ source }) => source));
  const taker = comments.find((comment) => comment.isBelieved && !isBot(comment.author) && comment !== closing && !dated.has(comment) && saysAcknowledged(plainText(comment.text)));
  const acknowledged = between('acknowledged', detectedAt, last).sort((a, b) => (a.at < b.at ? -1 : 1))[0]
    ?? (taker !== undefined && taker.createdAt >= detectedAt && taker.createdAt <= last ? { at: taker.createdAt, by: taker.author } : undefined);

  /** Without a written end: as long after the start as the text says, or when the closing comment was written. */
  function endOf(): Told | undefined {
    if (closing === undefined) {
      return undefined;
    }
    const latest = closing.createdAt < ticket.closedAt ? closing.createdAt : ticket.closedAt;
    const end = of('duration').filter(({ source }) => source === closing).map(({ value }) => endAfter(value, detectedAt, impactStartedAt)).at(-1) ?? Number.NaN;
    const fits = end >= Date.parse(detectedAt) && end <= Date.parse(latest) + TOLERANCE_MS;
    worked.push(fits ? 'the end from the written duration' : 'the end from when the closing comment was written');
    const at = fits ? new Date(Math.min(end, Date.parse(latest))).toISOString() : latest;
    return at < detectedAt ? undefined : { at, by: closing.author };
  }

  const severity = severityOf(ticket.labels, of('severity').map(({ value }) => value));
  if (severity.problem !== undefined) {
    unreadable.push(severity.problem);
  }
  const environment = of('environment').flatMap(({ value }) => environments.filter((key) => key.toLowerCase() === value.toLowerCase())).at(-1)
    ?? environments.find((key) => ticket.labels.some((label) => label.toLowerCase() === key.toLowerCase() || label.toLowerCase() === `environment:${key.toLowerCase()}`));
  const detectedBy = sourceOf(of('detectedBy').map(({ value }) => value), `${ticket.title}\n${plainText(ticket.text)}`);
  const spent = new Set<PastText>([
    ...(taker !== undefined && taker.text.length <= 120 ? [taker] : []),
    ...(closing !== undefined && rootCause !== undefined && resolution !== undefined && sentencesOf(plainText(closing.text)).length <= 8 ? [closing] : []),
  ]);
  return {
    severityReason: severity.reason, detectedAt, unreadable, worked, spent,
    ...(severity.severity === undefined ? {} : { severity: severity.severity }),
    ...(environment === undefined ? {} : { environment }), ...(detectedBy === undefined ? {} : { detectedBy }),
    ...(impactStartedAt === undefined ? {} : { impactStartedAt }),
    ...(acknowledged === undefined ? {} : { acknowledged }), ...(resolved === undefined ? {} : { resolved }),
    ...(rootCause === undefined ? {} : { rootCause }), ...(resolution === undefined ? {} : { resolution }),
  };
}

/** Epoch ms so long after the detection, where the text says so as the runbook's closing comment does, else after the impact's start. */
function endAfter(duration: string, detectedAt: string, impactStartedAt: string | undefined): number | undefined {
  const sinceDetection = readDuration(/^(.{1,60}?) from detection\b/i.exec(duration)?.[1] ?? '');
  if (sinceDetection !== undefined) {
    return Date.parse(detectedAt) + sinceDetection;
  }
  const sinceImpact = readDuration(duration.replace(/ from the start of the impact$/i, ''));
  return sinceImpact === undefined || impactStartedAt === undefined ? undefined : Date.parse(impactStartedAt) + sinceImpact;
}

/** GitHub's name for what is no person. */
export function isBot(login: string): boolean {
  return login.endsWith('[bot]');
}

/** The notice (9.3) gives the detection as the start where nobody knows the impact's, and says so. */
function fieldOf({ field, value }: Piece): Field {
  return field === 'impactStarted' && /\(detected\b/i.test(value) ? 'detected' : field;
}

function timeIn({ value, until }: Piece): ReturnType<typeof readTime> {
  const read = readTime(value);
  return read !== undefined && 'at' in read && Date.parse(read.at) > until + TOLERANCE_MS ? { problem: 'it is later than the text itself' } : read;
}

const LEVEL = /^(?:sev(?:erity)?|prio(?:rity)?)?[\s:/_-]{0,3}(p[1-4])(?:[\s:(–-].{0,60})?$/i;

/** The label counts for more than the text; several that differ count for nothing. */
function severityOf(labels: readonly string[], written: readonly string[]): { readonly severity?: Severity; readonly reason: string; readonly problem?: string } {
  const levelsIn = (texts: readonly string[]): Severity[] => [...new Set(texts.flatMap((text) => {
    const level = LEVEL.exec(text.trim())?.[1]?.toUpperCase();
    return SEVERITIES.filter((severity) => severity === level);
  }))];
  const labelled = levelsIn(labels);
  if (labelled.length === 1 && labelled[0] !== undefined) {
    return { severity: labelled[0], reason: 'Label of the ticket.' };
  }
  const said = levelsIn(written.filter((value) => (value.match(/\bp[1-4]\b/gi) ?? []).length === 1)).at(-1);
  return {
    reason: 'Written in the ticket.', ...(said === undefined ? {} : { severity: said }),
    ...(labelled.length > 1 && said === undefined ? { problem: `severity: the labels ${labelled.join(' and ')} contradict each other` } : {}),
  };
}

/** Words that give the source away, the more telling ones first. */
const SOURCE_WORDS: readonly (readonly [RegExp, DetectionSource])[] = [
  [/\bdatadog\b/i, 'datadog'], [/\bcloud ?watch\b/i, 'cloudwatch'], [/\bsynthetics?\b|\buptime (?:check|robot)\b/i, 'synthetic'],
  [/\bsupport (?:ticket|case|request)s?\b|\b(?:customer|user|patient|pharmac(?:y|ist))s? (?:report|complain)/i, 'support ticket'],
  [/\bslack\b/i, 'slack'], [/\be-?mail(?:ed)?\b/i, 'email'], [/\bphone[ds]?\b|\bcall(?:ed)? from\b/i, 'phone'],
  [/\bcode review\b/i, 'code review'], [/\b(?:while|during|in) (?:a |the )?(?:deploy(?:ment|ing)|release)\b/i, 'deployment'], [/\bduring (?:a |the )?test(?:s|ing)?\b/i, 'testing'],
  [/\bmonitoring\b|\balarms?\b|\balerts?\b/i, 'monitoring'],
];
const NOTICED = /\b(?:detect(?:ed|ion)|report(?:ed|s)?|alert(?:ed|s)?|alarms?|notic(?:ed|ing)|raised|paged|discovered|found|complain)/i;

/** From a line that says so, else from a sentence about how it was noticed; undefined when neither tells. */
function sourceOf(lines: readonly string[], text: string): DetectionSource | undefined {
  const named = lines.map((line) => DETECTION_SOURCES.find((source) => source === line.toLowerCase())).find((source) => source !== undefined);
  const candidates = [...lines, ...sentencesOf(text).filter((sentence) => NOTICED.test(sentence))];
  return named ?? candidates.map((line) => SOURCE_WORDS.find(([word]) => word.test(line))?.[1]).find((source) => source !== undefined);
}
