/** All that the composer shows, from the timeline and the runbook. No vscode here. */
import { dueSteps } from '../../incident/clocks.ts';
import type { Incident } from '../../incident/fold.ts';
import { type ComposerModel, type Drafts, MESSAGE_KINDS, MESSAGE_STEPS, type Message, type MessageKind, type Values } from '../../protocol/composer.ts';
import { stepById } from '../../runbook/query.ts';
import type { Runbook } from '../../runbook/schema.ts';
import { clockRules } from '../../runbook/targets.ts';
import { type Writing, fieldsOf } from './composer-fields.ts';
import { historyOf } from './composer-history.ts';

const MINUTE_MS = 60_000;

export interface Composition {
  readonly incident: Incident;
  readonly runbook: Runbook;
  /** Epoch ms. */
  readonly now: number;
  readonly toStatuspage: boolean;
  readonly contact?: string | undefined;
  readonly drafts: Drafts;
  readonly sending?: MessageKind | undefined;
}

export function writingOf({ incident, runbook, now, toStatuspage, contact }: Omit<Composition, 'drafts' | 'sending'>): Writing {
  return { incident, runbook, now, toStatuspage, contact, due: dueSteps(incident, clockRules(runbook)) };
}

export function composerModel(composition: Composition): ComposerModel {
  const { incident, runbook, now, drafts, sending } = composition;
  const { id, title, severity, drill } = incident;
  const writing = writingOf(composition);
  const messages = MESSAGE_KINDS.flatMap((kind): Message[] => {
    const step = stepById(runbook, MESSAGE_STEPS[kind]);
    if (step === undefined) {
      return [];
    }
    const clocks = writing.due.filter((due) => due.step === step.id).map((due) => ({ title: due.title, at: due.at }));
    const every = kind === 'update' && severity !== undefined && clocks.length > 0 ? runbook.severities[severity].updateEveryMinutes : undefined;
    return [{ kind, title: step.title, section: step.section, fields: fieldsOf(kind, writing), clocks, ...(every === undefined ? {} : { nextAt: now + every * MINUTE_MS }) }];
  });
  return {
    incident: { id, title, drill, ...(severity === undefined ? {} : { severity }) },
    now, messages, drafts, ...historyOf(incident), ...(sending === undefined ? {} : { sending }),
  };
}

/** What an earlier window kept, as far as it can be read: storage may hold anything. */
export function draftsIn(kept: unknown): Drafts {
  const found = isRecord(kept) ? kept : {};
  return Object.fromEntries(MESSAGE_KINDS.flatMap((kind): [MessageKind, Values][] => {
    const values = found[kind];
    if (!isRecord(values)) {
      return [];
    }
    const written = Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string | boolean] => typeof entry[1] === 'string' || typeof entry[1] === 'boolean'));
    return Object.keys(written).length === 0 ? [] : [[kind, written]];
  }));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
