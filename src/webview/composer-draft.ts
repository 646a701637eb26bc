/** What a person has written in the composer, over what is prefilled. */
import type { Drafts, Field, LetterPreview, Message, MessageKind, Preview, Values } from '../protocol/composer.ts';

export function writtenIn(drafts: Drafts, kind: MessageKind): Values {
  return drafts[kind] ?? {};
}

/** What stands in a field as long as nobody has written there. */
export function suggestionOf(field: Field, preview: Preview | undefined): string | boolean {
  return preview?.fills[field.id] ?? field.value;
}

/** What stands in a field. */
export function valueOf(field: Field, written: Values, preview: Preview | undefined): string | boolean {
  return written[field.id] ?? suggestionOf(field, preview);
}

/** A field that says what is suggested for it counts as not touched, and is refreshed when the timeline moves on. */
export function write(drafts: Drafts, kind: MessageKind, field: Field, value: string | boolean, preview: Preview | undefined): Drafts {
  const { [field.id]: _, ...others } = writtenIn(drafts, kind);
  return withWritten(drafts, kind, value === suggestionOf(field, preview) ? others : { ...others, [field.id]: value });
}

/** @param written nothing in it discards the draft */
export function withWritten(drafts: Drafts, kind: MessageKind, written: Values): Drafts {
  const { [kind]: _, ...rest } = drafts;
  return Object.keys(written).length === 0 ? rest : { ...rest, [kind]: written };
}

/** The tab that an arrow, Home or End leads to, going round. @param rightToLeft where the next one is on the left */
export function tabAfter(key: string, at: number, count: number, rightToLeft: boolean): number | undefined {
  switch (key) {
    case 'Home': return 0;
    case 'End': return count - 1;
    case 'ArrowRight': return (at + (rightToLeft ? -1 : 1) + count) % count;
    case 'ArrowLeft': return (at + (rightToLeft ? 1 : -1) + count) % count;
    default: return undefined;
  }
}

export interface Reach {
  /** Targets of what goes by itself. */
  readonly sent: readonly string[];
  /** Targets of what a person does. */
  readonly byHand: readonly string[];
}

/** Whom a message reaches; what the ticket gets with the timeline is no sending of its own. */
export function reachOf(letters: readonly LetterPreview[]): Reach {
  const counted = letters.filter((letter) => !isWithTimeline(letter));
  const targets = (isHand: boolean): string[] => counted.filter(({ byHand }) => (byHand !== undefined) === isHand).map(({ target }) => target);
  return { sent: targets(false), byHand: targets(true) };
}

export function isWithTimeline({ withTimeline }: LetterPreview): boolean {
  return withTimeline === true;
}

/** The message that is shown first: the one asked for, else the first. */
export function firstTab(messages: readonly Message[], asked: string | undefined): MessageKind {
  return messages.find(({ kind }) => kind === asked)?.kind ?? messages[0]?.kind ?? 'update';
}
