/** A change to a world of the tests' own: a number that a plan sets, with whatever can go wrong on the way. */
import { UserError } from '../../src/errors.ts';
import type { JsonObject, Plan } from '../../src/incident/plan.ts';
import { environmentByKey, stepById } from '../../src/runbook/query.ts';
import type { Runbook } from '../../src/runbook/schema.ts';
import { Changing } from '../../src/steps/changing.ts';
import type { Outgoing } from '../../src/steps/posting.ts';
import type { RunProgress } from '../../src/steps/run.ts';
import type { ChangeAction, ChangeContext, Outlook, Services } from '../../src/steps/step.ts';
import type { LocalLedger } from '../../src/ledger/local-ledger.ts';
import { iso } from '../../src/incident/clock.ts';
import { createRedactor } from '../../src/incident/redact.ts';
import { bundledRunbook } from './bundled-runbook.ts';
import type { TestClock } from './clock.ts';

/** What the change acts on. */
export interface NumberWorld {
  value: number;
  /** Values that were written, one after the other. */
  readonly writes: number[];
  /** Looks that it takes after a write until the world has settled. */
  looks: number;
  /** What the next write does instead of going through. */
  fault?: 'lost' | 'answer lost' | undefined;
  /** What is said instead of what is seen. */
  outlook?: Outlook | undefined;
  /** Called with every look. */
  onLook?: (() => void) | undefined;
}

export function numberWorld(value = 4): NumberWorld {
  return { value, writes: [], looks: 0 };
}

/** Sets the number to the input `to`; the way back is what it was. */
export function setNumber(world: NumberWorld, changes: Partial<ChangeAction> = {}): ChangeAction {
  const draft = (to: number) => ({
    system: 'The tests', resource: 'number', summary: `Set ${to} instead of ${world.value}`,
    differences: [{ name: 'Number', before: String(world.value), after: String(to) }],
    before: { value: world.value }, after: { value: to }, command: `set ${to}`, hazards: [],
    undo: { possible: true, how: `Sets ${world.value} again.` }, follow: 'Until it has settled.',
  });
  return {
    kind: 'change', effect: 'change', system: 'workspace',
    plan: (_context, inputs) => {
      const to = inputs.count('to', { min: 0, max: 100 });
      return to < world.value ? Promise.reject(new UserError(`${to} is less than ${world.value}.`)) : Promise.resolve(draft(to));
    },
    planUndo: (_context, change) => Promise.resolve(draft(Number(change.plan.before['value']))),
    apply: (_context, { after }: Plan): Promise<JsonObject> => {
      const { fault } = world;
      world.fault = undefined;
      if (fault === 'lost') {
        return Promise.reject(new UserError('The server could not be reached.'));
      }
      world.value = Number(after['value']);
      world.writes.push(world.value);
      return fault === undefined ? Promise.resolve({ written: world.value }) : Promise.reject(new Error('The answer was lost'));
    },
    look: (_context, { after, before }) => {
      world.onLook?.();
      if (world.outlook !== undefined) {
        return Promise.resolve(world.outlook);
      }
      if (world.value !== after['value']) {
        return Promise.resolve({ state: 'not made', summary: world.value === before['value'] ? 'It is as it was.' : 'It is something else.' });
      }
      world.looks -= 1;
      return Promise.resolve(world.looks >= 0 ? { state: 'underway', summary: `${world.looks} looks left`, portion: 0.5 } : { state: 'done', summary: `It is ${world.value}`, data: { value: world.value } });
    },
    ...changes,
  };
}

export interface ChangeBench {
  readonly changing: Changing;
  readonly progress: readonly RunProgress[];
  /** With the incident as it is on disk. */
  context(step?: Partial<Runbook['steps'][number]>): Promise<ChangeContext>;
}

/** @param origin of the installation; another one is another person's machine */
export function buildChanging(ledger: LocalLedger, incident: string, clock: TestClock, origin = 'here'): ChangeBench {
  const progress: RunProgress[] = [];
  const outgoing: Outgoing = {
    origin: () => Promise.resolve(origin),
    settle: () => Promise.resolve(),
    claim: async ({ id }, step) => {
      const { event, won } = await ledger.claimStep(id, { step, origin, until: iso(clock.now() + 60_000) });
      return won ? { won, release: async () => { await ledger.append(id, { type: 'step.released', claim: event.id }); } } : { won, by: 'Another window' };
    },
  };
  const changing = new Changing({
    ledger, outgoing, clock, log: () => undefined, redact: () => createRedactor(), tell: (told) => { progress.push(told); },
    // The world's time: a look costs two seconds.
    wait: (ms) => {
      clock.advance(ms);
      return Promise.resolve();
    },
  });
  const nowhere = (): never => { throw new Error('This change asks nothing outside'); };
  const services: Services = {
    get endpoints(): never { return nowhere(); },
    aws: nowhere, databaseUrl: nowhere, redisUrl: nowhere, logStreams: { start: nowhere }, tasks: { folder: nowhere, start: nowhere, find: nowhere }, connections: { get: nowhere },
  };
  return {
    changing, progress,
    context: async (changes = {}) => {
      const runbook = bundledRunbook();
      const step = stepById(runbook, 'scaleService');
      if (step === undefined) {
        throw new Error('The bundled runbook has no step scaleService');
      }
      return { incident: await ledger.read(incident), step: { ...step, ...changes }, runbook, environment: environmentByKey(runbook), services, clock };
    },
  };
}
