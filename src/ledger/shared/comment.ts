/** Comments on the ticket: what a person reads, and below it, hidden, the events themselves. */
import type { StepResult, TimelineEvent } from '../../incident/events.ts';
import { formatEventMarker } from '../../incident/markers.ts';
import { type FindEvent, shorten, tell } from './narrative.ts';

/** GitHub's limit, in characters. */
export const MAX_COMMENT = 65_536;
/** So much of a comment is left to what a person reads, however large the events are. */
const MIN_TEXT = 4_000;

export interface Comment {
  readonly body: string;
  /** Events that it holds. */
  readonly events: readonly TimelineEvent[];
}

/**
 * The events as comments, in their order and as few as they fit into. An event that is too large for one is shortened:
 * first what a person reads of it, then what the machine reads. Its id stays, so whoever has it whole keeps it whole.
 *
 * @param events as they may leave the machine
 * @param find an event of the timeline by its id
 */
export function formatComments(events: readonly TimelineEvent[], find: FindEvent): Comment[] {
  const comments: Comment[] = [];
  let batch: TimelineEvent[] = [];
  let length = 0;
  const close = (): void => {
    if (batch.length > 0) {
      comments.push({ body: formatComment(batch, find), events: batch });
    }
    [batch, length] = [[], 0];
  };
  for (const event of events) {
    // Told alone an event takes at least as much as among others.
    const size = tell([event], find).length + formatEventMarker(event).length + 4;
    if (length + size > MAX_COMMENT) {
      close();
    }
    batch.push(event);
    length += size;
  }
  close();
  return comments;
}

function formatComment(events: readonly TimelineEvent[], find: FindEvent): string {
  const kept = events.length === 1 ? events.map((event) => reduce(event, MAX_COMMENT - MIN_TEXT)) : events;
  const markers = kept.map(formatEventMarker).join('\n');
  const names = [...new Set(events.map(({ actor }) => actor.name))].join(', ');
  const text = shorten(tell(events, find), MAX_COMMENT - markers.length - 2, `*Shortened: the whole is on the timeline of ${names.slice(0, 200)}.*`);
  return `${text}\n\n${markers}`;
}

/** What is left out first, and how much of what remains: characters of a text, items of a list. */
const STAGES = [[Infinity, Infinity], [8_000, Infinity], [1_000, 200], [200, 20], [100, 5]] as const;

/** An event whose marker has at most so many characters. */
function reduce(event: TimelineEvent, length: number): TimelineEvent {
  if (formatEventMarker(event).length <= length) {
    return event;
  }
  const where = `*Too long for the ticket: the whole evidence is on the machine of ${event.actor.name}.*`;
  const slim = event.type === 'step.finished' ? { ...event, result: withoutEvidence(event.result, where), ...(event.parts === undefined ? {} : { parts: event.parts.map((part) => withoutEvidence(part, where)) }) } : event;
  let reduced: TimelineEvent = slim;
  for (const [characters, items] of STAGES) {
    reduced = cut(slim, characters, items, ` … (shortened: the whole is on the machine of ${event.actor.name.slice(0, 50)})`);
    if (formatEventMarker(reduced).length <= length) {
      break;
    }
  }
  return reduced;
}

function withoutEvidence(result: StepResult, where: string): StepResult {
  if (result.evidence === undefined) {
    return result;
  }
  const { summary, level, links } = result.evidence;
  return { ...result, evidence: { summary, level, markdown: where, data: {}, ...(links === undefined ? {} : { links }) } };
}

/** The same shape with long texts and lists cut. */
function cut<T>(value: T, characters: number, items: number, ending: string): T {
  const shorter = (part: unknown): unknown => {
    if (typeof part === 'string') {
      return part.length > characters ? part.slice(0, characters).replace(/[\uD800-\uDBFF]$/, '') + ending : part;
    }
    if (Array.isArray(part)) {
      return part.slice(0, items).map(shorter);
    }
    return typeof part === 'object' && part !== null ? Object.fromEntries(Object.entries(part).map(([key, inner]) => [key, shorter(inner)])) : part;
  };
  return shorter(value) as T;
}
