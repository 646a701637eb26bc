/** Events of an invented incident: a test says only what it is about. */
import { iso } from '../../src/incident/clock.ts';
import type { Actor, IncidentDeclared, StepResult, TimelineEvent } from '../../src/incident/events.ts';
import { START } from './clock.ts';

export const INCIDENT = 'INC-20261123-7KQ4';
export const PERSON: Actor = { name: 'Amira', kind: 'person' };
export { EXTENSION } from '../../src/incident/event-base.ts';

type Type = TimelineEvent['type'];
type Body<T extends Type> = Omit<Extract<TimelineEvent, { type: T }>, 'id' | 'incident' | 'at' | 'recordedAt' | 'actor' | 'type'>;

interface Head {
  /** Minutes after the start; the time it was written down as well, unless `recorded` says otherwise. */
  readonly minute?: number;
  readonly recorded?: number;
  readonly actor?: Actor;
}

/** ISO 8601 of so many minutes after the start. */
export function minute(minutes: number): string {
  return iso(START + minutes * 60_000);
}

export interface EventBuilder {
  event<T extends Type>(type: T, body: Body<T>, head?: Head): Extract<TimelineEvent, { type: T }>;
  declared(body?: Partial<Body<'incident.declared'>>, head?: Head): IncidentDeclared;
}

/** Ids count up from 1, so that they are the same in every run. */
export function createEvents(): EventBuilder {
  let count = 0;
  const event: EventBuilder['event'] = (type, body, { minute: minutes = 0, recorded = minutes, actor = PERSON } = {}) => {
    count += 1;
    const head = { id: eventId(count), incident: INCIDENT, at: minute(minutes), recordedAt: minute(recorded), actor, type };
    return { ...head, ...body } as Extract<TimelineEvent, { type: typeof type }>;
  };
  return {
    event,
    declared: (body = {}, head = {}) => event('incident.declared', {
      title: 'Portals answer 503', environment: 'production', detectedBy: 'cloudwatch', drill: false,
      runbook: { name: 'HealthFlow Digital Prescription Portals', version: '1.0.0' }, ...body,
    }, head),
  };
}

/** The id of the event with that number, in the form of a ULID. */
export function eventId(number: number): string {
  return `01KAQ${String(number).padStart(21, '0')}`;
}

export function stepResult(step: string, changes: Partial<StepResult> = {}): StepResult {
  return { step, title: `Title of ${step}`, section: '5.1', outcome: 'done', level: 'ok', summary: `${step} is fine`, durationMs: 12, ...changes };
}
