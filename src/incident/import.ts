/**
 * A closed ticket as the timeline of its incident, so that the metrics begin with history (runbook 11). Everything is
 * derived from the ticket, ids too: to import it once more adds nothing.
 */
import { iso } from './clock.ts';
import { derivedId, lettersOf } from './derived-id.ts';
import { EXTENSION } from './event-base.ts';
import type { Actor, DetectionSource, NewEvent, Severity, TimelineEvent } from './events.ts';
import { type Incident, fold } from './fold.ts';
import { type Facts, type PastText, type PastTicket, isBot, readFacts } from './import-facts.ts';
import { MARK } from './markers.ts';

export interface PastComment extends PastText {
  readonly id: number;
}

/** What a ticket does not say is taken from here, and said to be a guess. */
export interface ImportDefaults {
  /** Keys of the runbook's environments, the default first; at least one. */
  readonly environments: readonly string[];
  /** Ids of the runbook's scenarios. */
  readonly scenarios: readonly string[];
  readonly runbook: { readonly name: string; readonly version: string };
  /** When it is imported, epoch ms. */
  readonly now: number;
}

export interface ImportedIncident {
  readonly incident: string;
  readonly number: number;
  readonly title: string;
  readonly severity?: Severity;
  /** What the metrics and the review would need and the ticket does not say. */
  readonly missing: readonly string[];
  readonly events: readonly TimelineEvent[];
}

const UNKNOWN = 'Not recorded in the ticket';
const GUESSED_SOURCE: DetectionSource = 'monitoring';
/** Who closed a ticket of which GitHub does not say it. */
const SOMEBODY: Actor = { name: 'somebody on GitHub', kind: 'person' };

/**
 * The id of the incident that a ticket tells of.
 *
 * @param createdAt of the ticket, ISO 8601 UTC
 * @param length of its last part; longer when a shorter one is taken
 */
export function importedId(repository: string, number: number, createdAt: string, length = 4): string {
  return `INC-${createdAt.slice(0, 10).replaceAll('-', '')}-${lettersOf(`${repository.toLowerCase()}#${number}`, length)}`;
}

/**
 * @param recorded what the extension wrote into the ticket, of which only what it lacks is added; empty for a ticket
 *   that was written by hand
 * @param written the comments, in their order
 */
export function importTicket(incident: string, closed: PastTicket, written: readonly PastComment[], recorded: readonly TimelineEvent[], defaults: ImportDefaults): ImportedIncident {
  const ticket = { ...inMilliseconds(closed), closedAt: wholeTime(closed.closedAt < closed.createdAt ? closed.createdAt : closed.closedAt) };
  const comments = written.map(inMilliseconds);
  const facts = readFacts(ticket, comments.filter(({ text }) => !text.includes(MARK)), defaults.environments);
  const add = makeEvent(incident, ticket);
  const isByHand = recorded.length === 0;
  const base = isByHand ? [declarationOf(ticket, facts, defaults, add), ...findingsOf(ticket, comments, facts, add)] : recorded;
  const before = fold(base);
  const tags = tagsOf(ticket.labels, defaults.scenarios);
  const hasResolution = facts.resolved ?? facts.rootCause ?? facts.resolution ?? tags.cause ?? tags.scenario;
  const closer: Actor = ticket.closedBy === undefined ? SOMEBODY : actorOf(ticket.closedBy);
  const { severity, acknowledged, resolved = { at: ticket.closedAt, by: closer.name } } = facts;
  const isOpen = before?.status !== 'closed';
  const events = [
    ...base,
    ...(severity === undefined || before?.severity !== undefined ? [] : [add('severity', facts.detectedAt, actorOf(ticket.author), { type: 'severity.set', severity, reasons: [facts.severityReason] })]),
    ...(acknowledged === undefined || before?.times.acknowledged !== undefined ? [] : [add('acknowledged', acknowledged.at, actorOf(acknowledged.by), { type: 'incident.acknowledged' })]),
    ...(hasResolution === undefined || before?.times.resolved !== undefined ? [] : [add('resolved', resolved.at, facts.resolved === undefined ? closer : actorOf(resolved.by), {
      type: 'incident.resolved', rootCause: facts.rootCause ?? UNKNOWN, resolution: facts.resolution ?? UNKNOWN, ...tags,
    })]),
    ...(isOpen ? [add('closed', ticket.closedAt, closer, { type: 'incident.closed', reason: 'The ticket was closed on GitHub.' })] : []),
    ...(before?.ticket !== undefined ? [] : [add('ticket', ticket.createdAt, EXTENSION, { type: 'ticket.linked', repository: ticket.repository, number: ticket.number, url: ticket.url })]),
    // What nobody saw the end of is not sent from here, years later.
    ...(before?.deliveries ?? []).filter(({ state }) => state === 'pending' || state === 'unknown')
      .map(({ id }) => add(`discarded/${id}`, iso(defaults.now), EXTENSION, { type: 'delivery.discarded', request: id, reason: 'The incident was imported after it had ended: nothing is sent any more.' })),
  ];
  const folded = fold(events);
  const missing = folded === undefined ? [] : missingIn(folded, facts.resolved !== undefined || before?.resolution !== undefined);
  const note = noteOf(ticket, comments, facts, missing, isByHand, folded?.environment ?? '');
  return {
    incident, number: ticket.number, title: folded?.title ?? ticket.title, missing,
    ...(folded?.severity === undefined ? {} : { severity: folded.severity }),
    events: [...events, add('imported', iso(defaults.now), EXTENSION, { type: 'incident.imported', url: ticket.url, note })],
  };
}

/** GitHub's times have whole seconds, and times are compared as texts. */
function inMilliseconds<T extends PastText>(text: T): T {
  return { ...text, createdAt: wholeTime(text.createdAt), updatedAt: wholeTime(text.updatedAt) };
}

function wholeTime(at: string): string {
  return new Date(at).toISOString();
}

type Add = <E extends NewEvent>(name: string, at: string, actor: Actor, event: E) => TimelineEvent;

/** @returns makes an event whose id depends on the ticket and the name alone */
function makeEvent(incident: string, { repository, number, createdAt }: PastTicket): Add {
  const origin = `import/${repository.toLowerCase()}#${number}`;
  return (name, at, actor, event) => {
    return { ...event, id: derivedId(`${origin}/${name}`, Date.parse(createdAt)), incident, at, recordedAt: at, actor };
  };
}

function declarationOf(ticket: PastTicket, facts: Facts, { environments, runbook }: ImportDefaults, add: Add): TimelineEvent {
  return add('declared', facts.detectedAt, actorOf(ticket.author), {
    type: 'incident.declared', title: titleOf(ticket), environment: facts.environment ?? environments[0] ?? '', detectedBy: facts.detectedBy ?? GUESSED_SOURCE,
    drill: ticket.labels.some((label) => label.toLowerCase() === 'drill') || /^\W{0,3}drill\b/i.test(titleOf(ticket)), runbook,
    ...(facts.impactStartedAt === undefined ? {} : { impactStartedAt: facts.impactStartedAt }),
  });
}

/** Without `INCIDENT: ` before it, which the runbook puts there (4.3). */
function titleOf({ title, repository, number }: PastTicket): string {
  const bare = title.replace(/^\s*\[?incident\]?\s*(?:[:\-–—|]\s*|\s)(?=\S)/i, '').trim();
  return bare === '' ? `${repository}#${number}` : bare;
}

/** What was written into the ticket, its own text first; of people who are believed. */
function findingsOf(ticket: PastTicket, comments: readonly PastComment[], { spent }: Facts, add: Add): TimelineEvent[] {
  const texts = [{ ...ticket, name: 'text' }, ...comments.filter((comment) => comment.isBelieved && !spent.has(comment) && !comment.text.includes(MARK)).map((comment) => ({ ...comment, name: `comment/${comment.id}` }))];
  return texts.map(({ text, ...rest }) => ({ ...rest, text: text.replace(/<!--[^]*?(?:-->|$)/g, '').replace(/\r\n?/g, '\n').trim() })).filter(({ text }) => text !== '')
    .map(({ author, createdAt, name, text }) => add(name, createdAt, actorOf(author), { type: 'finding.documented', text }));
}

/** `cause:full disk`, `scenario:highErrorRate`. */
function tagsOf(labels: readonly string[], scenarios: readonly string[]): { readonly cause?: string; readonly scenario?: string } {
  const tag = (name: string): string | undefined => labels.map((label) => new RegExp(`^${name}\\s?:\\s?(\\S.*)$`, 'i').exec(label)?.[1]?.trim()).find((value) => value !== undefined);
  const [cause, named] = [tag('cause'), tag('scenario')];
  const scenario = scenarios.find((id) => id.toLowerCase() === named?.toLowerCase());
  return { ...(cause === undefined ? {} : { cause }), ...(scenario === undefined ? {} : { scenario }) };
}

/** @param hasEnd whether somebody said when it was over, and not only closed it */
function missingIn({ severity, times, resolution }: Incident, hasEnd: boolean): string[] {
  return [
    ...(severity === undefined ? ['severity'] : []),
    ...(times.impactStarted === undefined ? ['impact start'] : []),
    ...(times.acknowledged === undefined ? ['acknowledgement'] : []),
    ...(hasEnd ? [] : ['end of the incident (its closing counts)']),
    ...(resolution === undefined || resolution.rootCause === UNKNOWN ? ['root cause'] : []),
    ...(resolution === undefined || resolution.resolution === UNKNOWN ? ['resolution'] : []),
  ];
}

function noteOf(ticket: PastTicket, comments: readonly PastComment[], facts: Facts, missing: readonly string[], isByHand: boolean, environment: string): string {
  const guesses = isByHand ? [
    ...(facts.detectedBy === undefined ? [`detected by ${GUESSED_SOURCE}`] : [`detected by ${facts.detectedBy}, from the words`]),
    ...(facts.environment === undefined ? [`environment ${environment}`] : []),
    ...(facts.detectedAt === ticket.createdAt ? ['detected when the ticket was opened'] : []),
  ] : [];
  const strangers = comments.filter(({ isBelieved }) => !isBelieved).length;
  const sentence = (begin: string, parts: readonly string[]): string[] => (parts.length === 0 ? [] : [`${begin}: ${parts.join('; ')}.`]);
  return [
    `Read from ${ticket.repository}#${ticket.number}${isByHand ? '' : ', which Incident Runbook wrote'}.`,
    ...sentence('Guessed', guesses),
    ...sentence('Worked out', facts.worked),
    ...sentence('Not in the ticket', missing),
    ...sentence('Not readable', facts.unreadable),
    ...(ticket.closedBy === undefined ? ['GitHub did not say who closed it.'] : []),
    ...(strangers === 0 ? [] : [`${strangers} comment${strangers === 1 ? '' : 's'} by people who may not write to the repository ${strangers === 1 ? 'was' : 'were'} left out.`]),
  ].join(' ');
}

function actorOf(login: string): Actor {
  return { name: login, kind: isBot(login) ? 'extension' : 'person' };
}
