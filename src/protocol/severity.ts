/** What the severity panel and the extension say to each other. */
import type { CommonCalls, CommonEvents, Nothing } from './panel.ts';

/** As in the domain, whose types lead to those of Node, which a page does not have. */
export type Severity = 'P1' | 'P2' | 'P3' | 'P4';

/** Steps that the panel offers once a severity is recorded. */
export const NEXT_STEPS = ['notifyTeam', 'createTicket'] as const;
export type NextStep = (typeof NEXT_STEPS)[number];

/** Question id → option id. */
export type Answers = Readonly<Record<string, string>>;

/** What a person has answered and not recorded. */
export interface SeverityDraft {
  readonly answers: Answers;
  /** Chosen instead of the recommended one. */
  readonly level?: Severity;
  /** Why; it is kept while they look at another level. */
  readonly reason: string;
}

export type SeverityContract = {
  readonly calls: CommonCalls & {
    /** All that the page shows. */
    readonly load: readonly [Nothing, SeverityModel];
    /** What the answers come to, and what would follow; records nothing. */
    readonly judge: readonly [Pick<SeverityDraft, 'answers' | 'level'>, Judgement];
    /** Keeps what was answered until it is recorded; nothing of it without a draft. */
    readonly keep: readonly [{ readonly draft?: SeverityDraft }, Nothing];
    /**
     * Refused when the severity is not the one that the page showed: `seen` is the id of its event, empty for none; and
     * when another level would be recorded than the page showed (`shown`).
     */
    readonly record: readonly [SeverityDraft & { readonly seen: string; readonly shown: Severity }, { readonly event: string }];
    /** Retracts the assessment; refused when it is not the last one any more. */
    readonly takeBack: readonly [{ readonly event: string }, Nothing];
    /** Asks about a next step as its command does; answers at once. */
    readonly run: readonly [{ readonly step: NextStep }, Nothing];
  };
  readonly events: CommonEvents & {
    /** What the page shows has changed. */
    readonly changed: SeverityModel;
  };
};

/** All times are epoch ms. */
export interface SeverityModel {
  /** By the extension's clock. */
  readonly now: number;
  readonly incident: string;
  /** For people. */
  readonly title: string;
  readonly drill: boolean;
  /** Why nothing can be recorded. */
  readonly blocked?: 'closed' | 'restricted';
  readonly closedAt?: number;
  /** Unset while it is not assessed. */
  readonly current?: CurrentSeverity;
  readonly questions: readonly {
    readonly id: string;
    readonly text: string;
    readonly hint?: string;
    readonly options: readonly { readonly id: string; readonly label: string }[];
  }[];
  /** From the gravest on. */
  readonly levels: readonly LevelRow[];
  readonly draft?: SeverityDraft;
  /** What comes after it, and when it was done for this severity. */
  readonly next: readonly { readonly step: NextStep; readonly doneAt?: number }[];
  /** `acme/shop#12`, where the incident is shared: what is recorded is written there too. */
  readonly ticket?: string;
}

export interface CurrentSeverity {
  /** Id of the event that set it. */
  readonly event: string;
  readonly severity: Severity;
  readonly at: number;
  readonly by: string;
  readonly reasons: readonly string[];
  /** Of an assessment by the questions. */
  readonly answers?: Answers;
  /** What the rules had recommended, where somebody chose another level. */
  readonly recommended?: Severity;
  /** What it would be again without this assessment. */
  readonly former?: Severity;
}

/** A level of the runbook's table (2.1), and whom it brings in (4.4, 7.1, 7.3). */
export interface LevelRow {
  readonly severity: Severity;
  readonly impact: string;
  readonly example: string;
  readonly responseMinutes: number;
  readonly updateEveryMinutes: number;
  readonly channels: readonly string[];
  readonly contacts: readonly string[];
  readonly page: boolean;
  readonly assign: boolean;
  readonly stakeholders: readonly { readonly title: string; readonly withinMinutes: number; readonly everyMinutes?: number }[];
  /** Ways users are told; empty where they are not. */
  readonly users: readonly string[];
}

export interface Judgement {
  readonly recommended: Severity;
  /** Why, in the runbook's words; `isOpen`: only as long as a question is not answered. */
  readonly reasons: readonly { readonly text: string; readonly isOpen: boolean }[];
  /** Texts of the questions answered with doubt, where the graver answer counts. */
  readonly doubtful: readonly string[];
  /** Ids of the questions not answered. */
  readonly open: readonly string[];
  /** What would be recorded. */
  readonly level: Severity;
  readonly notified: readonly Notified[];
  readonly clocks: readonly ClockChange[];
  /** Whether it is resolved already: then no clock runs. */
  readonly isResolved: boolean;
}

export type NotifiedWay = 'slack' | 'pagerduty' | 'mail' | 'phone';

/** A channel or a person that "Notify the team" reaches. */
export interface Notified {
  readonly name: string;
  readonly kind: 'channel' | 'person' | 'standIn';
  /** `isByHand`: its service is not connected, or a person calls. Unset where nobody can say. */
  readonly ways?: readonly { readonly way: NotifiedWay; readonly isByHand: boolean }[];
  /** Cannot be reached now; from when on, where that is known. */
  readonly away?: { readonly until?: number };
}

/** What becomes of a clock. `moves`: it runs already and rings at another time. */
export interface ClockChange {
  readonly kind: 'update' | 'stakeholder' | 'warRoom' | 'escalation';
  readonly change: 'starts' | 'moves' | 'stays' | 'stops';
  /** Whom it is about, of a stakeholder. */
  readonly contact?: string;
  /** When it rings; of one that stops, when it would have. */
  readonly at: number;
  /** When it would have rung, of one that moves. */
  readonly was?: number;
  /** After that again and again. */
  readonly everyMinutes?: number;
  /** Why it is to be escalated. */
  readonly why?: string;
}
