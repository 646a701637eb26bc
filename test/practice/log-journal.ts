import type { Clock } from '../../src/incident/clock.ts';
import { createRandom } from './random.ts';

/** A log event as CloudWatch Logs keeps it. */
export interface JournalEvent {
  /** Counted from 0 in the order of arrival; the event id is made of it. */
  readonly place: number;
  readonly group: string;
  readonly stream: string;
  /** Epoch ms. */
  readonly timestamp: number;
  /** Epoch ms; before it, nobody sees the event. */
  readonly ingestionTime: number;
  readonly message: string;
}

/** Events written from now on that CloudWatch shows late, to FilterLogEvents and to Live Tail alike. */
export interface LateEvents {
  /** Of the events, 0 to 1. */
  readonly share: number;
  readonly delayMs: number;
}

/**
 * Every event written into the emulated CloudWatch Logs. Live Tail needs to hear of them, and moto neither sorts them
 * nor shows any of them late.
 */
export interface LogJournal {
  /** Notes what has been accepted. */
  add(group: string, stream: string, events: readonly { readonly timestamp: number; readonly message: string }[]): void;
  /** Events of a group are on their way; the function given back says whether they were accepted. */
  expect(group: string): (accepted: boolean) => void;
  /** Undefined for a group that nothing was written into. By timestamp, equal ones in the order of arrival. */
  group(name: string): readonly JournalEvent[] | undefined;
  /** In the order of arrival, from a place on. */
  since(place: number): readonly JournalEvent[];
  /** Where the next event will stand. */
  readonly end: number;
  late(behaviour: LateEvents | undefined): void;
}

export function createLogJournal(clock: Clock): LogJournal {
  const all: JournalEvent[] = [];
  const groups = new Map<string, { events: JournalEvent[]; sorted: boolean }>();
  let late: LateEvents | undefined;

  const ingestionTime = (place: number): number =>
    clock.now() + (late !== undefined && chance(place, 'late') < late.share ? late.delayMs : 0);

  return {
    add(name, stream, events) {
      const group = groups.get(name) ?? { events: [], sorted: true };
      groups.set(name, group);
      for (const { timestamp, message } of events) {
        const event = { place: all.length, group: name, stream, timestamp, ingestionTime: ingestionTime(all.length), message };
        group.sorted &&= timestamp >= (group.events.at(-1)?.timestamp ?? 0);
        all.push(event);
        group.events.push(event);
      }
    },
    expect(name) {
      const isNew = !groups.has(name);
      if (isNew) {
        groups.set(name, { events: [], sorted: true });
      }
      return (accepted) => {
        if (isNew && !accepted && groups.get(name)?.events.length === 0) {
          groups.delete(name);
        }
      };
    },
    group(name) {
      const group = groups.get(name);
      if (group !== undefined && !group.sorted) {
        group.events.sort((one, other) => one.timestamp - other.timestamp || one.place - other.place);
        group.sorted = true;
      }
      return group?.events;
    },
    since: (place) => all.slice(place),
    get end() { return all.length; },
    late(behaviour) {
      late = behaviour;
    },
  };
}

/** In [0, 1); the same for the same event and question in every run. */
export function chance(place: number, question: 'late' | 'dropped' | 'delayed' | 'sampled'): number {
  return createRandom(place * 31 + question.length * 7_919).next();
}
