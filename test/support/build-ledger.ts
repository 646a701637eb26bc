import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type NewEvent, type TimelineEvent } from '../../src/incident/events.ts';
import { createRedactor, redactEvent } from '../../src/incident/redact.ts';
import { randomIds } from '../../src/ledger/ids.ts';
import { LocalLedger, type LocalLedgerOptions } from '../../src/ledger/local-ledger.ts';
import { PERSON } from './build-events.ts';
import { createClock } from './clock.ts';

/** A ledger as the extension makes it, in the given folder. */
export function buildLedger(directory: string, options: Partial<LocalLedgerOptions> = {}): LocalLedger {
  const redactor = createRedactor();
  return new LocalLedger({
    directory,
    clock: createClock(),
    ids: randomIds(),
    actor: () => PERSON,
    redact: (event) => redactEvent(event, redactor),
    ...options,
  });
}

export function declaration(title = 'Portals answer 503'): Extract<NewEvent, { type: 'incident.declared' }> {
  return {
    type: 'incident.declared', title, environment: 'production', detectedBy: 'cloudwatch', drill: false,
    runbook: { name: 'HealthFlow Digital Prescription Portals', version: '1.0.0' },
  };
}

export function finding(text: string): NewEvent {
  return { type: 'finding.documented', text };
}

export function timelineFile(directory: string, incident: string): string {
  return join(directory, `${incident}.jsonl`);
}

/** The whole records of a file by plain means, so that a reader's mistake cannot hide a writer's. */
export function rawEvents(file: string): TimelineEvent[] {
  return readFileSync(file, 'utf8').split('\n').flatMap((line): TimelineEvent[] => {
    try {
      return [JSON.parse(line) as TimelineEvent];
    } catch {
      return [];
    }
  });
}
