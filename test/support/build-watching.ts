/** A watch over a world of the tests' own: what each look sees is said beforehand, and time passes only by waiting. */
import type { LocalLedger } from '../../src/ledger/local-ledger.ts';
import { environmentByKey, stepById } from '../../src/runbook/query.ts';
import type { RunProgress } from '../../src/steps/run.ts';
import type { Services, WatchAction } from '../../src/steps/step.ts';
import { type WatchWish, Watching } from '../../src/steps/watching.ts';
import { bundledRunbook } from './bundled-runbook.ts';
import type { TestClock } from './clock.ts';

export type Seen = Awaited<ReturnType<WatchAction['sample']>>;

export const WELL: Seen = { level: 'ok', reason: '', values: { healthMs: 12 } };

export interface WatchBench {
  readonly watching: Watching;
  readonly progress: readonly RunProgress[];
  readonly logged: readonly string[];
  /** How long was waited, ms, one after the other. */
  readonly waits: readonly number[];
  /** With the incident as it is on disk. */
  wish(): Promise<WatchWish>;
}

export interface WatchBenchOptions {
  /** What a look sees; the number of the look counts from 1. */
  readonly see?: (look: number) => Seen | Promise<Seen>;
  /** Called before the clock is moved by a wait. */
  readonly onWait?: (waited: number) => void | Promise<void>;
  readonly origin?: string;
}

/** Looks are a minute apart. */
export function buildWatching(ledger: LocalLedger, incident: string, clock: TestClock, { see = () => WELL, onWait = () => undefined, origin = 'here' }: WatchBenchOptions = {}): WatchBench {
  const [progress, logged, waits]: [RunProgress[], string[], number[]] = [[], [], []];
  let looks = 0;
  const action: WatchAction = {
    kind: 'watch', everyMs: 60_000,
    sample: async () => {
      looks += 1;
      return see(looks);
    },
    conclude: ({ samples }) => ({ markdown: `${samples.length} looks`, data: { samples: samples.length } }),
  };
  const watching = new Watching({
    ledger, clock, origin: () => Promise.resolve(origin),
    log: (message) => { logged.push(message); },
    tell: (told) => { progress.push(told); },
    wait: async (ms) => {
      await onWait(waits.push(ms));
      clock.advance(ms);
    },
  });
  const nowhere = (): never => { throw new Error('This watch asks nothing outside'); };
  const services: Services = {
    get endpoints(): never { return nowhere(); },
    aws: nowhere, databaseUrl: nowhere, redisUrl: nowhere, logStreams: { start: nowhere }, tasks: { folder: nowhere, start: nowhere, find: nowhere }, connections: { get: nowhere },
  };
  return {
    watching, progress, logged, waits,
    wish: async () => {
      const runbook = bundledRunbook();
      const step = stepById(runbook, 'monitorStability');
      if (step === undefined) {
        throw new Error('The bundled runbook has no step monitorStability');
      }
      return { action, context: { incident: await ledger.read(incident), step, runbook, environment: environmentByKey(runbook), services, clock } };
    },
  };
}
