/** What the overview panel and the extension say to each other. Times are epoch ms. */
import type { Chart, Level } from '../incident/evidence.ts';
import type { CommonCalls, CommonEvents, Nothing } from './panel.ts';

export type { Chart, Level };

/** How a message stands: the states of a delivery. */
export type DeliveryState = 'pending' | 'by hand' | 'done' | 'failed' | 'unknown' | 'discarded';

export type OverviewContract = {
  readonly calls: CommonCalls & {
    /** All that the page shows. */
    readonly load: readonly [Nothing, OverviewModel];
    /** Runs what is next, or due by a clock: only what the incident itself asks for at this moment. It goes on in the workbench. */
    readonly run: readonly [{ readonly id: string }, Nothing];
    /** Asks who has a role. */
    readonly assign: readonly [{ readonly role: string }, Nothing];
    /** Lets a clock keep quiet. @returns until when */
    readonly snooze: readonly [{ readonly clock: string; readonly minutes: number }, { readonly until: number }];
    /** Opens the ticket in the browser. */
    readonly openTicket: readonly [Nothing, Nothing];
  };
  readonly events: CommonEvents & {
    /** What the page shows has changed. */
    readonly changed: OverviewChange;
  };
};

export interface OverviewModel extends OverviewStanding {
  /** Every event that people are told of, in timeline order. */
  readonly marks: readonly Mark[];
  readonly charts: readonly OverviewChart[];
}

/** What is new since the page was told last. */
export interface OverviewChange {
  /** What the page must have for this to fit; a page that has something else loads anew. */
  readonly after: number;
  readonly standing: OverviewStanding;
  /** The marks from this place on; those before it are as they were. */
  readonly from: number;
  readonly marks: readonly Mark[];
  /** Unset: as they were. */
  readonly charts?: readonly OverviewChart[];
}

export const STANDINGS = ['declared', 'acknowledged', 'mitigated', 'resolved', 'closed'] as const;
export type Standing = (typeof STANDINGS)[number];

/** How the incident stands, without its events. */
export interface OverviewStanding {
  /** Counts what the page was told. */
  readonly version: number;
  /** The extension's clock. */
  readonly now: number;
  readonly incident: string;
  readonly title: string;
  /** `P1` to `P4`; unset until it was assessed. */
  readonly severity?: string;
  readonly standing: Standing;
  readonly environment: string;
  readonly drill: boolean;
  readonly imported: boolean;
  readonly ticket?: { readonly name: string };
  /** Since when it runs, and until when it ran. */
  readonly began: number;
  readonly ended?: number;
  readonly intervals: readonly Interval[];
  /** What to do next, the most urgent first; at most three. */
  readonly next: readonly OverviewAction[];
  /** Id of the action that investigates, while it is asked for. */
  readonly investigate?: string;
  readonly clocks: readonly OverviewClock[];
  readonly roles: readonly OverviewRole[];
  readonly closure?: { readonly held: number; readonly total: number; readonly open: readonly string[] };
  /** Deliveries that only a person can bring forward. */
  readonly forPerson: readonly { readonly id: string; readonly target: string; readonly state: DeliveryState; readonly reason?: string }[];
  /** Deliveries on their way. */
  readonly onTheWay: number;
  readonly watches: readonly OverviewWatch[];
  readonly spans: readonly Span[];
}

/** A duration of the metrics (runbook 11), and the one from detection to mitigation. */
export interface Interval {
  readonly kind: 'detected' | 'acknowledged' | 'mitigated' | 'resolved';
  /** Unset: not known. */
  readonly from?: number;
  /** Unset: it has not come, or nobody recorded it. */
  readonly to?: number;
  /** ms. */
  readonly target?: number;
}

export interface OverviewAction {
  readonly id: string;
  readonly title: string;
  readonly reason: string;
  readonly urgent: boolean;
}

export interface OverviewClock {
  readonly id: string;
  readonly title: string;
  readonly at: number;
  readonly snoozedUntil?: number;
}

export interface OverviewRole {
  readonly id: string;
  readonly title: string;
  readonly duty: string;
  readonly person?: string;
}

export interface OverviewWatch {
  readonly event: string;
  readonly minutes: number;
  readonly stableAt: number;
  readonly looks: number;
  readonly restarts: number;
  readonly level?: Level;
}

export const LANES = ['phases', 'steps', 'changes', 'messages', 'notes'] as const;
export type Lane = (typeof LANES)[number];

/** An event on the time axis. */
export interface Mark {
  /** Of its event. */
  readonly id: string;
  readonly at: number;
  readonly lane: Lane;
  readonly title: string;
  readonly detail: string;
  readonly by: string;
  /** Of a step's result. */
  readonly level?: Level;
  /** Of a delivery: how it stands by now. */
  readonly state?: DeliveryState;
  /** An update, which is more than a message to somebody. */
  readonly isUpdate?: true;
  /** Levels of the checks that a step ran. */
  readonly parts?: readonly Level[];
  /** In the list only: the picture shows it as part of something else. */
  readonly isListed?: true;
}

/** Something that lasted. */
export interface Span {
  readonly id: string;
  /** What it opens. */
  readonly event?: string;
  readonly kind: 'phase' | 'change' | 'deployment' | 'watch';
  readonly from: number;
  /** Unset: it goes on. */
  readonly to?: number;
  /** Of a phase an id of PHASES. */
  readonly title: string;
  readonly detail: string;
  readonly level?: Level;
  readonly isUndone?: true;
  /** Deployed shortly before the impact began. */
  readonly isSuspect?: true;
}

export const PHASES = ['undetected', 'unacknowledged', 'unmitigated', 'unresolved', 'unclosed'] as const;
export type Phase = (typeof PHASES)[number];

/** A metric of the evidence, all looks at it in one. */
export interface OverviewChart extends Chart {
  /** The last evidence that holds it. */
  readonly event: string;
  readonly seenAt: number;
}
