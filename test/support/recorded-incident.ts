/** A whole incident as its timeline was recorded: a P1 with a ticket, a change that was undone and one that worked. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { TimelineEvent } from '../../src/incident/events.ts';
import { type Incident, fold } from '../../src/incident/fold.ts';
import { isTimelineEvent } from '../../src/incident/recognise.ts';

const FILE = new URL('../unit/incident/golden/recorded-incident.jsonl', import.meta.url);

export function recordedEvents(): TimelineEvent[] {
  return readFileSync(FILE, 'utf8').trim().split('\n').map((line) => {
    const event: unknown = JSON.parse(line);
    assert.ok(isTimelineEvent(event), line);
    return event;
  });
}

/** @param more what was recorded after it */
export function recordedIncident(...more: readonly TimelineEvent[]): Incident {
  return fold([...recordedEvents(), ...more]) ?? assert.fail();
}
