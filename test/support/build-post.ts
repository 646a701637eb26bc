/** What a step that reaches people would send, without sending it: composed from a timeline and a list of what is connected. */
import assert from 'node:assert/strict';
import { UserError } from '../../src/errors.ts';
import type { Severity, TimelineEvent } from '../../src/incident/events.ts';
import { fold } from '../../src/incident/fold.ts';
import { createRedactor } from '../../src/incident/redact.ts';
import { environmentByKey, stepById } from '../../src/runbook/query.ts';
import { resolveInputs } from '../../src/runbook/resolve.ts';
import type { Runbook, RunbookContact } from '../../src/runbook/schema.ts';
import type { ConnectableService, Connection } from '../../src/services/connections.ts';
import { Endpoints } from '../../src/services/endpoints.ts';
import { Inputs } from '../../src/steps/inputs.ts';
import type { Letter, Post, PostAction } from '../../src/steps/step.ts';
import { type EventBuilder, INCIDENT, createEvents } from './build-events.ts';
import { bundledRunbook } from './bundled-runbook.ts';
import { START } from './clock.ts';

/** Minutes after the start, which is at night: then the business hours of the bundled runbook have begun. */
export const BY_DAY = 5 * 60;

export interface PostWorld {
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly runbook?: Runbook;
  readonly connected?: readonly ConnectableService[];
  readonly connections?: Readonly<Partial<Record<ConnectableService, Connection>>>;
  /** Minutes after the start at which the step is run. */
  readonly minute?: number;
  /** Of the workspace. */
  readonly folder?: string;
}

/** An invented incident that is declared and, where a severity is given, assessed; events are added at the end. */
export function incident(severity?: Severity, declared: Parameters<EventBuilder['declared']>[0] = {}): { readonly events: TimelineEvent[]; readonly event: EventBuilder['event'] } {
  const builder = createEvents();
  const events: TimelineEvent[] = [builder.declared(declared)];
  if (severity !== undefined) {
    events.push(builder.event('severity.set', { severity, reasons: ['The service is completely unavailable.'] }));
  }
  return { events, event: builder.event };
}

/** That the step is refused, with this message for the person. */
export async function refused(work: Promise<unknown>, message: string | RegExp): Promise<void> {
  await assert.rejects(work, (error: unknown) => {
    assert.ok(error instanceof UserError, String(error));
    if (typeof message === 'string') {
      assert.equal(error.message, message);
    } else {
      assert.match(error.message, message);
    }
    return true;
  });
}

/**
 * @param step id in the runbook
 * @returns what the action composes, after looking at what holds of every post
 */
export async function compose(action: PostAction, step: string, events: readonly TimelineEvent[], { inputs = {}, runbook = bundledRunbook(), connected = [], connections = {}, minute = 0, folder }: PostWorld = {}): Promise<Post> {
  const folded = fold(events);
  const found = stepById(runbook, step);
  assert.ok(folded && found);
  const environment = environmentByKey(runbook, folded.environment);
  const nowhere = (): never => { throw new Error('A step that composes asks nothing of this service'); };
  const all: PostWorld['connections'] = { ...Object.fromEntries(connected.map((service) => [service, {}])), ...connections };
  const post = await action.compose({
    incident: folded, runbook, environment, step: found, clock: { now: () => START + minute * 60_000 },
    services: {
      endpoints: new Endpoints({}), aws: nowhere, databaseUrl: nowhere, redisUrl: nowhere, tasks: { folder: () => folder, start: nowhere, find: nowhere }, logStreams: { start: nowhere },
      connections: { get: (service) => Promise.resolve(all[service]) },
    },
  }, new Inputs(`Step "${step}"`, { ...resolveInputs(found, environment), ...inputs }), new AbortController().signal);
  post.letters.forEach((letter, place) => { checkLetter(letter, place, runbook); });
  return post;
}

/** A letter in a line: `slack.postMessage #incidents`. */
export function lineOf({ service, call, target, byHand }: Letter): string {
  return `${service}.${call} ${target}${byHand === undefined ? '' : ' (by hand)'}`;
}

/** The bundled runbook with some fields of its contacts changed; undefined takes a field away. */
export function withContacts(changes: Readonly<Record<string, { readonly [Field in keyof RunbookContact]?: RunbookContact[Field] | undefined }>>, runbook = bundledRunbook()): Runbook {
  const contacts = Object.fromEntries(Object.entries(runbook.contacts).map(([id, contact]) => {
    const changed = Object.fromEntries(Object.entries({ ...contact, ...changes[id] }).filter(([, value]) => value !== undefined));
    return [id, changed as unknown as RunbookContact];
  }));
  return { ...runbook, contacts };
}

/** What holds of every letter, whatever it says. */
function checkLetter({ text, data, contacts = [], after = [], target }: Letter, place: number, runbook: Runbook): void {
  assert.ok(text.includes(INCIDENT), `${target}: the text names the incident: ${text}`);
  assert.ok(after.every((before) => before < place), `${target} follows what comes before it`);
  assert.deepEqual(contacts.filter((id) => !Object.hasOwn(runbook.contacts, id)), [], `${target} names contacts of the runbook`);
  assert.doesNotMatch(JSON.stringify(data), /@[\w-]+\.\w/, `${target}: no address in the data`);
  const redact = createRedactor(runbook.redaction);
  assert.deepEqual(redact({ text, data }), { text, data }, `${target}: recording it loses nothing`);
}
