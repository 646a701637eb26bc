/** What the composer panel and the extension say to each other. */
import type { CommonCalls, CommonEvents, Nothing } from './panel.ts';

/** The messages, in the order of the tabs; a subject of the panel names one of them. */
export const MESSAGE_KINDS = ['update', 'statusPage', 'users', 'stakeholders', 'resolution'] as const;
export type MessageKind = (typeof MESSAGE_KINDS)[number];

/** Message → step of the runbook that sends it (7.1, 7.2, 7.3, 9.3). */
export const MESSAGE_STEPS: Readonly<Record<MessageKind, string>> = {
  update: 'postUpdate', statusPage: 'updateStatusPage', users: 'notifyUsers', stakeholders: 'notifyStakeholders', resolution: 'sendResolutionNotice',
};

/** The message that a step sends; undefined for steps of which the composer knows nothing. */
export function messageOf(step: string): MessageKind | undefined {
  return MESSAGE_KINDS.find((kind) => MESSAGE_STEPS[kind] === step);
}

/** Field → what stands in it. Only what a person has written; the rest is prefilled by the extension. */
export type Values = Readonly<Record<string, string | boolean>>;
export type Drafts = { readonly [Kind in MessageKind]?: Values };

export type ComposerContract = {
  readonly calls: CommonCalls & {
    /** All that the page shows. */
    readonly load: readonly [Nothing, ComposerModel];
    /** What would be sent, to whom. Refused when there is nothing to send, or not yet. */
    readonly preview: readonly [Draft, Preview];
    /** Sends what the preview of that id showed, and nothing else. */
    readonly send: readonly [Draft & { readonly preview: string }, Sent];
    /** Keeps what is written and not sent. */
    readonly keep: readonly [{ readonly drafts: Drafts }, Nothing];
    /** What a person does about a message that is on its way, or theirs to deliver. */
    readonly deliver: readonly [{ readonly delivery: string; readonly what: DeliveryDeed }, Nothing];
    readonly connect: readonly [{ readonly service: string }, Nothing];
  };
  readonly events: CommonEvents & {
    /** What the page shows has changed. */
    readonly changed: ComposerModel;
  };
};

export type DeliveryDeed = 'copy' | 'done' | 'retry' | 'open';

export interface Draft {
  readonly message: MessageKind;
  readonly values: Values;
}

export interface ComposerModel {
  readonly incident: { readonly id: string; readonly title: string; readonly severity?: string; readonly drill: boolean };
  /** Time by the clock of the extension, epoch ms. */
  readonly now: number;
  readonly messages: readonly Message[];
  /** The newest first, of all messages. */
  readonly history: readonly SentMessage[];
  /** Older ones are on the timeline only. */
  readonly isHistoryCut: boolean;
  readonly drafts: Drafts;
  /** Under way now. */
  readonly sending?: MessageKind;
}

export interface Message {
  readonly kind: MessageKind;
  /** The step as the runbook names it. */
  readonly title: string;
  readonly section: string;
  readonly fields: readonly Field[];
  /** Clocks that sending winds up, the earliest first. */
  readonly clocks: readonly { readonly title: string; /** Epoch ms. */ readonly at: number }[];
  /** When the one after it would be due, if it were sent now, epoch ms. */
  readonly nextAt?: number;
}

interface FieldHead {
  readonly id: string;
  readonly label: string;
  /** What to mind when filling it in. */
  readonly hint?: string;
  /** Where what is prefilled comes from. */
  readonly source?: string;
}

export interface TextField extends FieldHead {
  readonly kind: 'text';
  readonly value: string;
  /** 1 is a single line. */
  readonly lines: number;
  readonly required: boolean;
  readonly placeholder?: string;
}

export interface ChoiceField extends FieldHead {
  readonly kind: 'choice';
  readonly value: string;
  /** `steps`: they follow each other, and are all shown. */
  readonly look: 'list' | 'steps' | 'row';
  readonly options: readonly { readonly id: string; readonly label: string; /** `now`, `due since 14:05`. */ readonly note?: string }[];
}

export interface FlagField extends FieldHead {
  readonly kind: 'flag';
  readonly value: boolean;
}

export type Field = TextField | ChoiceField | FlagField;

export interface Preview {
  /** By which it is sent; without one it cannot be, because something is missing. */
  readonly id?: string;
  /** Ids of fields that are to be written first. */
  readonly missing: readonly string[];
  /** What stands in fields that follow from others, as long as nobody has written there. */
  readonly fills: Values;
  readonly sources: Readonly<Record<string, string>>;
  readonly letters: readonly LetterPreview[];
  readonly notes: readonly string[];
  /** `Record`: nothing goes out by itself. */
  readonly button: 'Send' | 'Record';
}

/** How a message looks where it arrives. */
export const DRESSES = ['slack', 'mail', 'statuspage', 'statusFile', 'ticket', 'inApp', 'social', 'phone', 'plain'] as const;
export type Dress = (typeof DRESSES)[number];

export interface LetterPreview {
  readonly dress: Dress;
  readonly target: string;
  /** As people call it. */
  readonly service: string;
  /** Why a person has to do it; unset when it goes by itself. */
  readonly byHand?: string;
  /** What to connect, so that it goes by itself. */
  readonly connect?: { readonly service: string; readonly title: string };
  readonly text: string;
  /** Subject of a mail, title of an entry. */
  readonly title?: string;
  /** Who gets it, as people call them. */
  readonly to: readonly string[];
  /** How many addresses there are behind it, where it is more than what `to` names. */
  readonly addresses?: number;
  /** Of a status page: what it is at now, and what is marked. */
  readonly stage?: string;
  readonly components?: readonly string[];
  /** It comes with the timeline, by itself and without a letter. */
  readonly withTimeline?: true;
}

export interface Sent {
  readonly summary: string;
  /** Ids of the deliveries. */
  readonly deliveries: readonly string[];
  readonly model: ComposerModel;
}

export interface SentMessage {
  readonly kind: MessageKind;
  /** Epoch ms. */
  readonly at: number;
  readonly by: string;
  readonly summary: string;
  readonly letters: readonly SentLetter[];
}

/** As the states of a delivery. */
export type SentState = 'pending' | 'by hand' | 'done' | 'failed' | 'unknown' | 'discarded';

export interface SentLetter {
  readonly id: string;
  readonly target: string;
  /** As people call it. */
  readonly service: string;
  readonly state: SentState;
  readonly reason?: string;
  readonly text: string;
  /** https only. */
  readonly url?: string;
}
