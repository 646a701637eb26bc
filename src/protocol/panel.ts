/** What every panel has in common. */
import type { Language } from '../l10n.ts';
import type { Contract } from './channel.ts';

export const PANEL_KINDS = ['severity', 'composer', 'overview', 'metrics'] as const;
export type PanelKind = (typeof PANEL_KINDS)[number];

/** Type of the webview in VS Code, by which a panel is restored after a reload. */
export function viewTypeOf(kind: PanelKind): string {
  return `incidentRunbook.${kind}`;
}

/** What a panel is about. It stands in the page's state, so that a reload opens the same. */
export interface Subject {
  /** Id of an incident; of all panels but the metrics. */
  readonly incident?: string;
  /** Which message the composer begins with: an id of `MessageKind`. */
  readonly message?: string;
  /** Whom it goes to: id of a contact. */
  readonly contact?: string;
}

/** What the page finds in its document when it starts. */
export interface PageData {
  readonly subject: Subject;
  /** Since when it is asked for while nobody saw the page, epoch ms; 0 for never. */
  readonly asked: number;
  readonly language: Language;
  /** Where texts run from right to left. */
  readonly direction: 'ltr' | 'rtl';
}

/** Of a call that takes or gives nothing. */
export type Nothing = Readonly<Record<string, never>>;

/** Calls of every panel. */
export type CommonCalls = {
  /** Does what the button of a failure offers. */
  readonly act: readonly [{ readonly id: string }, Nothing];
  /** Opens something of the incident in the editor: the evidence of an event, its timeline, another panel. */
  readonly open: readonly [OpenTarget, Nothing];
};

export type OpenTarget =
  | { readonly what: 'timeline' | 'overview' | 'severity' | 'composer' | 'deliveries' | 'runbook'; readonly incident?: string; readonly message?: string }
  | { readonly what: 'event'; readonly incident: string; readonly event: string };

export type CommonEvents = {
  /** The panel is to show something else of its kind: the same panel was asked for with another subject. */
  readonly subject: Subject;
};

/** What every panel speaks, and more of its own. */
export interface PanelContract extends Contract {
  readonly calls: CommonCalls & Contract['calls'];
  readonly events: CommonEvents & Contract['events'];
}
