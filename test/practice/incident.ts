import type { Clock } from '../../src/incident/clock.ts';
import { putLogs, putMetrics, setAlarms, type AwsClients, type LogEntry } from './aws-writer.ts';
import type { LogJournal } from './log-journal.ts';
import type { LogLines } from './log-lines.ts';
import { STORY, type IncidentModel, type PracticeState } from './model.ts';
import type { Random } from './random.ts';
import type { ServiceRollouts } from './rollouts.ts';
import { TARGET_GROUP_ARN } from './resources.ts';

const MINUTE_MS = 60_000;
const METRIC_HISTORY_MINUTES = 180;
const LOG_HISTORY_MINUTES = 70;
/** A healthy service repeats its steady-state event now and then; really every 6 h. */
const TICKS_PER_STEADY_EVENT = 24;

export interface IncidentOptions {
  readonly clock: Clock;
  readonly clients: AwsClients;
  readonly journal: LogJournal;
  readonly model: IncidentModel;
  readonly lines: LogLines;
  readonly random: Random;
  readonly service: ServiceRollouts;
  readonly alarmsSince: Map<string, number>;
}

export interface Incident {
  /** Metrics, log lines, alarms and service events of the time before the start. */
  writeHistory(): Promise<void>;
  /** One more step: the datapoints, log lines and events of now. */
  tick(): Promise<void>;
  /** Turns the incident on or off from now on. */
  change(state: PracticeState): Promise<void>;
}

export function createIncident(options: IncidentOptions): Incident {
  const { clock, clients, model, lines, random, service } = options;
  const writer = { clients, journal: options.journal, known: new Set<string>() };
  let lastTick = clock.now();
  let ticks = 0;

  const task = (): string => {
    const [first = 'none', ...others] = service.tasks;
    return random.pick([first, ...others]);
  };
  const entry = (at: number, message: string): LogEntry => ({ at, task: task(), message });
  /** What the service logs in a stretch of time (epoch ms). */
  const logsBetween = (from: number, to: number): LogEntry[] => {
    const load = model.load((from + to) / 2);
    const failing = load >= 1;
    const minutes = (to - from) / MINUTE_MS;
    const many = (perMinute: number): number[] => {
      const expected = perMinute * minutes;
      const count = Math.floor(expected) + (random.next() < expected % 1 ? 1 : 0);
      return Array.from({ length: count }, () => random.whole(from, Math.max(from, to - 1)));
    };
    return [
      ...many(failing ? 3 : 6).map((at) => entry(at, lines.info(at))),
      ...many(failing ? 10 : 0).map((at) => entry(at, lines.error(at))),
      ...many(load > 0.6 ? 0.8 : 0).map((at) => entry(at, lines.warn(at))),
    ];
  };

  /** The deployment with which the story begins. */
  const deploymentHistory = (now: number): void => {
    const ago = (minutes: number): number => now - minutes * MINUTE_MS;
    const deployed = STORY.deployedMinutesAgo;
    const count = service.tasks.length;
    const old = Array.from({ length: count }, () => `(task ${random.hex(32)})`);
    service.note(`has started ${count} tasks: ${service.tasks.map((id) => `(task ${id})`).join(' ')}.`, ago(deployed));
    service.note(`registered ${count} targets in (target-group ${TARGET_GROUP_ARN})`, ago(deployed - 1));
    service.note(`deregistered ${count} targets in (target-group ${TARGET_GROUP_ARN})`, ago(deployed - 2));
    service.note(`has begun draining connections on ${count} tasks.`, ago(deployed - 2));
    service.note(`has stopped ${count} running tasks: ${old.join(' ')}.`, ago(deployed - 3));
    service.note(`(deployment ${service.deployments[0]?.id ?? ''}) deployment completed.`, ago(deployed - 4));
    service.note('has reached a steady state.', ago(deployed - 4));
  };
  /** Every ten minutes of exhaustion a task is replaced, in the three steps of `churn`. */
  const churns = (minutesAgo: number): boolean =>
    model.state === 'exhausted' && minutesAgo >= 3 && minutesAgo < STORY.exhaustedMinutesAgo - 1
    && (STORY.exhaustedMinutesAgo - 2 - minutesAgo) % 10 < 3;

  return {
    async writeHistory() {
      const now = clock.now();
      lastTick = now;
      deploymentHistory(now);
      const minute = Math.floor(now / MINUTE_MS) * MINUTE_MS;
      const times = Array.from({ length: METRIC_HISTORY_MINUTES }, (_, index) => minute - index * MINUTE_MS);
      const logs: LogEntry[] = [];
      for (let minutesAgo = LOG_HISTORY_MINUTES; minutesAgo >= 1; minutesAgo--) {
        const from = now - minutesAgo * MINUTE_MS;
        if (churns(minutesAgo)) {
          service.churn(from);
        }
        logs.push(...logsBetween(from, from + MINUTE_MS));
      }
      await Promise.all([
        putMetrics(clients, model, times, 1),
        putLogs(writer, logs),
        setAlarms(clients, model, now, options.alarmsSince),
      ]);
    },
    async tick() {
      const now = clock.now();
      const from = lastTick;
      lastTick = now;
      ticks++;
      service.advance(now);
      if (model.state === 'exhausted') {
        service.churn(now);
      } else if (ticks % TICKS_PER_STEADY_EVENT === 0) {
        service.note('has reached a steady state.', now);
      }
      await Promise.all([
        putMetrics(clients, model, [now], (now - from) / MINUTE_MS),
        putLogs(writer, atLeastOne(logsBetween(from, now), () =>
          entry(now, model.state === 'exhausted' ? lines.error(now) : lines.info(now)))),
      ]);
    },
    async change(state) {
      const now = clock.now();
      model.change(state, now);
      await Promise.all([setAlarms(clients, model, now, options.alarmsSince), putMetrics(clients, model, [now], 0)]);
    },
  };
}

/** Every tick has something to show. */
function atLeastOne(entries: readonly LogEntry[], make: () => LogEntry): readonly LogEntry[] {
  return entries.length > 0 ? entries : [make()];
}
