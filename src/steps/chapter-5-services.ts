/** Runbook 5.1 and 5.2: the service, its load and its version. */
import { formatDuration, iso } from '../incident/clock.ts';
import { type Chart, type Level, worstLevel } from '../incident/evidence.ts';
import type { EcsService } from '../services/aws/ecs.ts';
import type { MetricPoint } from '../services/aws/cloudwatch.ts';
import { shortSha } from './github-evidence.ts';
import { codeBlock, escapeMarkdown, inlineCode, levelMark, sparkline, table, utc } from '../incident/markdown.ts';
import type { ReadAction } from './step.ts';
import { type Version, runningVersion } from './running-version.ts';
import { type Expected, type Lag, describeExpected, describeLag, lagData, listLag, viewOnGitHub } from './version-comparison.ts';

/** How recent a service event must be to count as trouble now, ms. */
const RECENT_EVENT_MS = 30 * 60_000;
const TROUBLE = /unhealthy|failed|unable|stopped|deregistered|out of memory|OutOfMemory|insufficient|error/i;

/** ECS events, deployments with rolloutState and task counts; a service that ECS does not know is bad (runbook 5.1). */
export const showServiceEvents: ReadAction = {
  kind: 'read',
  async run({ environment, services, clock }, inputs, signal) {
    const { describeServices } = await import('../services/aws/ecs.ts');
    const cluster = inputs.text('cluster', environment.data.aws?.cluster);
    const names = inputs.list('services', environment.data.aws?.services);
    const shown = inputs.count('events', { min: 1, max: 100, fallback: 10 });
    const { services: found, failures } = await describeServices(services.aws(environment), cluster, names, signal);
    const now = clock.now();
    const judged = found.map((service) => ({ service, ...judgeService(service, now) }));
    const problems = [
      ...failures.map((failure) => `${failure.service}: ${failure.reason} in cluster ${cluster}`),
      ...judged.filter(({ level }) => level !== 'ok').map(({ service, verdict }) => `${service.name}: ${verdict}`),
    ];
    return {
      level: worstLevel([...failures.map((): Level => 'bad'), ...judged.map(({ level }) => level)]),
      summary: problems.length > 0 ? problems.join('; ') : judged.map(({ service, verdict }) => `${service.name}: ${verdict}`).join('; '),
      markdown: [
        ...failures.map((failure) => `${levelMark('bad')} **${escapeMarkdown(failure.service)}**: ECS says ${inlineCode(failure.reason)}. Check the names of cluster and service in the runbook.`),
        ...judged.map(({ service, level, verdict }) => describeService(service, level, verdict, shown)),
      ].join('\n\n'),
      data: {
        cluster,
        failures: failures.map(({ service, reason }) => ({ service, reason })),
        services: judged.map(({ service, level }) => ({
          name: service.name, level, running: service.running, desired: service.desired, pending: service.pending, taskDefinition: service.taskDefinition,
          deployments: service.deployments.map(({ id, status, rolloutState, taskDefinition, createdAt }) => ({ id, status, rolloutState, taskDefinition, createdAt: iso(createdAt) })),
          events: service.events.slice(0, shown).map((event) => ({ at: iso(event.at), message: event.message })),
        })),
      },
    };
  },
};

function judgeService(service: EcsService, now: number): { level: Level; verdict: string } {
  const counts = `${service.running} of ${service.desired} tasks running${service.pending > 0 ? `, ${service.pending} pending` : ''}`;
  const failed = service.deployments.find(({ rolloutState }) => rolloutState === 'FAILED');
  if (failed !== undefined) {
    return { level: 'bad', verdict: `deployment of ${failed.taskDefinition} failed (${failed.rolloutReason || 'no reason given'}), ${counts}` };
  }
  if (service.status !== 'ACTIVE') {
    return { level: 'bad', verdict: `the service is ${service.status}` };
  }
  if (service.running === 0 && service.desired > 0) {
    return { level: 'bad', verdict: counts };
  }
  const trouble = service.events.find((event) => now - event.at < RECENT_EVENT_MS && TROUBLE.test(event.message));
  if (trouble !== undefined) {
    const message = trouble.message.replace(/^\(service [^)]*\)\s*/, '').replace(/\s+/g, ' ');
    return { level: service.running < service.desired ? 'bad' : 'warn', verdict: `${counts}; ${formatDuration(now - trouble.at)} ago: ${message.slice(0, 140)}` };
  }
  const rolling = service.deployments.find(({ rolloutState }) => rolloutState === 'IN_PROGRESS');
  if (rolling !== undefined || service.running < service.desired) {
    return { level: 'warn', verdict: `${rolling === undefined ? '' : `deployment of ${rolling.taskDefinition} in progress, `}${counts}` };
  }
  return { level: 'ok', verdict: counts };
}

/** A service with its deployments and its newest events, Markdown. */
export function describeService(service: EcsService, level: Level, verdict: string, shown: number): string {
  return [
    `### ${escapeMarkdown(service.name)}`,
    `${levelMark(level)} ${escapeMarkdown(verdict)}`,
    table(['Deployment', 'Rollout', 'Task definition', 'Running', 'Desired', 'Pending', 'Failed', 'Since'], service.deployments.map((deployment) => [
      escapeMarkdown(deployment.status),
      escapeMarkdown(deployment.rolloutState || 'not reported'),
      inlineCode(deployment.taskDefinition),
      String(deployment.running), String(deployment.desired), String(deployment.pending), String(deployment.failed),
      utc(deployment.createdAt),
    ])),
    service.events.length === 0
      ? 'ECS reports no events.'
      : table(['Time', 'Event'], service.events.slice(0, shown).map((event) => [utc(event.at), escapeMarkdown(event.message)])),
  ].join('\n\n');
}

/** Both metrics need ClusterName and ServiceName; no datapoints is unknown, never ok (runbook 5.2). */
export const checkCpuMemory: ReadAction = {
  kind: 'read',
  async run({ environment, services, clock }, inputs, signal) {
    const { metricStatistics } = await import('../services/aws/cloudwatch.ts');
    const cluster = inputs.text('cluster', environment.data.aws?.cluster);
    const names = inputs.list('services', environment.data.aws?.services);
    const minutes = inputs.count('minutes', { min: 5, max: 1440, fallback: 60 });
    const period = inputs.count('periodSeconds', { min: 60, max: 3600, fallback: 300 });
    const warn = inputs.count('warnPercent', { min: 1, max: 100, fallback: 80 });
    const bad = inputs.count('badPercent', { min: 1, max: 100, fallback: 95 });
    const aws = services.aws(environment);
    const now = clock.now();
    const readings = await Promise.all(names.flatMap((service) => ['CPUUtilization', 'MemoryUtilization'].map(async (metric) => {
      const points = await metricStatistics(aws, {
        namespace: 'AWS/ECS', metric, dimensions: { ClusterName: cluster, ServiceName: service }, from: now - minutes * 60_000, to: now, period,
      }, signal);
      return { service, metric, points, ...judgeUtilization(points, warn, bad) };
    })));
    return {
      level: worstLevel(readings.map(({ level }) => level)),
      summary: readings.map(({ service, metric, verdict }) => `${names.length > 1 ? `${service} ` : ''}${metric === 'CPUUtilization' ? 'CPU' : 'memory'} ${verdict}`).join(', '),
      markdown: table(['Service', 'Metric', 'Last', `Maximum, ${minutes} min`, 'Trend'], readings.map(({ service, metric, points, level }) => [
        escapeMarkdown(service),
        metric,
        points.length === 0 ? `${levelMark('unknown')} no datapoints` : `${levelMark(level)} ${percent(points.at(-1)?.average)}`,
        percent(highest(points)),
        sparkline(points.map(({ average }) => average), 100),
      ])) + (readings.some(({ points }) => points.length === 0) ? '\n\nNo datapoints: no task is running, or the names of cluster and service in the runbook are wrong.' : ''),
      charts: readings.filter(({ points }) => points.length > 0).map(({ service, metric, points }): Chart => ({
        title: `${service} ${metric}`, unit: '%', series: seriesOf(points), limit: { label: '100 %', value: 100 },
      })),
      data: {
        readings: readings.map(({ service, metric, level, points }) => ({ service, metric, level, last: points.at(-1)?.average ?? null, lastAt: lastAt(points), maximum: highest(points) ?? null })),
      },
    };
  },
};

function judgeUtilization(points: readonly MetricPoint[], warn: number, bad: number): { level: Level; verdict: string } {
  const last = points.at(-1);
  if (last === undefined) {
    return { level: 'unknown', verdict: 'has no datapoints' };
  }
  const level = last.maximum >= bad ? 'bad' : last.maximum >= warn ? 'warn' : 'ok';
  return { level, verdict: `${percent(last.average)} (peak ${percent(last.maximum)})` };
}

/** Average and maximum of a metric as chart series. */
export function seriesOf(points: readonly MetricPoint[]): Chart['series'] {
  return [
    { label: 'maximum', points: points.map(({ at, maximum }) => [at, maximum] as const) },
    { label: 'average', points: points.map(({ at, average }) => [at, average] as const) },
  ];
}

/** When the newest of the points begins, ISO 8601 UTC. */
export function lastAt(points: readonly MetricPoint[]): string | null {
  const last = points.at(-1);
  return last === undefined ? null : iso(last.at);
}

/** The highest maximum among the points. */
export function highest(points: readonly MetricPoint[]): number | undefined {
  return points.length === 0 ? undefined : Math.max(...points.map(({ maximum }) => maximum));
}

function percent(value: number | undefined): string {
  return value === undefined ? '–' : `${value.toFixed(value < 10 ? 1 : 0)} %`;
}

/**
 * The running version against the expected one; with GitHub connected, against the last deployment or the head of the
 * branch where the runbook expects none, and with the commits in between (runbook 5.2).
 * Inputs: expected; deploymentEnvironment, workflow, branch (default: `deployment` of the runbook).
 */
export const compareVersions: ReadAction = {
  kind: 'read',
  async run(context, inputs, signal) {
    const { environment, services, clock } = context;
    const endpoints = environment.data.endpoints.filter(({ kind }) => kind === 'version');
    if (endpoints.length === 0) {
      return { level: 'unknown', summary: 'The runbook names no version endpoint', markdown: 'Add an endpoint with `kind: version` to the environment in the runbook.', data: {} };
    }
    const answers = await Promise.all(endpoints.map(async (endpoint) => ({ endpoint, ...await runningVersion(services.endpoints, endpoint, signal) })));
    const known = answers.flatMap(({ running }) => running ?? []);
    const view = await viewOnGitHub(context, inputs.optionalText('expected') ?? environment.data.expectedVersion, known, inputs, signal);
    const judged = answers.map((answer) => {
      const { running } = answer;
      const lag = running === undefined || (view.expected !== undefined && matches(running, view.expected.ref)) ? undefined : view.lags[known.indexOf(running)];
      return { ...answer, lag, ...judgeVersion(answer.running, view.expected, lag) };
    });
    const { expected, page = '', problem } = view;
    return {
      level: worstLevel(judged.map(({ level }) => level)),
      summary: judged.map(({ endpoint, running, failure, verdict }) => running === undefined ? `${endpoint.name}: ${failure}` : `Running ${running.text}${verdict}`).join('; '),
      markdown: [
        ...judged.flatMap(({ endpoint, running, failure, body, level, lag }) => [
          table(['Endpoint', 'Running', 'Expected', 'Result'], [[
            escapeMarkdown(endpoint.name), running === undefined ? '–' : inlineCode(running.text), expected === undefined ? 'not set' : describeExpected(expected),
            `${levelMark(level)}${failure === undefined ? '' : ` ${escapeMarkdown(failure)}`}`,
          ]]),
          codeBlock(body.slice(0, 2_000)),
          ...(lag === undefined ? [] : [listLag(lag, page, clock.now())]),
        ]),
        ...(problem === undefined ? [] : [`GitHub could not be asked for the commits: ${escapeMarkdown(problem)}`]),
        ...(expected === undefined ? ['Set `expectedVersion` for the environment in the runbook to compare.'] : []),
      ].filter((part) => part !== '').join('\n\n'),
      data: {
        expected: expected?.ref ?? null,
        answers: judged.map(({ endpoint, running, level, lag }) => ({ endpoint: endpoint.name, running: running?.text ?? null, commit: running?.commit ?? null, level, difference: lagData(lag) })),
      },
    };
  },
};

function matches(running: Version, expected: string): boolean {
  const commit = running.commit;
  return running.version === expected || (commit !== undefined && expected.length >= 7 && (commit.startsWith(expected) || expected.startsWith(commit)));
}

function judgeVersion(running: Version | undefined, expected: Expected | undefined, lag: Lag | undefined): { level: Level; verdict: string } {
  if (running === undefined) {
    return { level: 'bad', verdict: '' };
  }
  if (expected === undefined) {
    return { level: 'unknown', verdict: '; the runbook expects no particular version' };
  }
  const { ref, source } = expected;
  const difference = lag === undefined ? '' : describeLag(lag);
  if (matches(running, ref) || (lag !== undefined && difference === '')) {
    return { level: 'ok', verdict: `, as expected${source === undefined ? '' : ` (${source})`}` };
  }
  // A version that is no commit cannot be held against one, unless GitHub knows both.
  const level = source !== undefined && lag === undefined && running.commit === undefined ? 'unknown' : 'warn';
  return { level, verdict: `, expected ${source === undefined ? ref : `${shortSha(ref)} (${source})`}${difference === '' ? '' : `: ${difference}`}` };
}
