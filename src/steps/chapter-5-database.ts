/** Runbook 5.2, database connection issues. */
import { formatDuration } from '../incident/clock.ts';
import { type Chart, type Json, type Level, worstLevel } from '../incident/evidence.ts';
import type { ConnectionHolders } from '../services/postgres.ts';
import { TOO_MANY_CONNECTIONS } from '../services/postgres-codes.ts';
import { highest, lastAt, seriesOf } from './chapter-5-services.ts';
import { escapeMarkdown, inlineCode, levelMark, sparkline, table, utc } from '../incident/markdown.ts';
import type { ReadAction } from './step.ts';

/** Share of max_connections from which the pool counts as exhausted, percent. */
const EXHAUSTED_PERCENT = 95;

/**
 * `SELECT 1` with time-outs, and who holds the connections (runbook 5.2, 12.1). "Too many connections" is what the check
 * is for, not a failure of it.
 */
export const checkDatabaseConnectivity: ReadAction = {
  kind: 'read',
  async run({ environment, services }, inputs, signal) {
    const connectMs = inputs.count('connectTimeoutMs', { min: 100, max: 60_000, fallback: 5_000 });
    const statementMs = inputs.count('statementTimeoutMs', { min: 100, max: 60_000, fallback: 5_000 });
    const connectionString = await services.databaseUrl(environment.key);
    if (connectionString === undefined) {
      return {
        level: 'unknown',
        summary: 'No database connection is set, so it was not tried',
        markdown: 'Run **Incident: Set Database Connection** once; the connection string is kept in the secret storage. `DATABASE_URL` in the environment serves as well.',
        data: {},
      };
    }
    const { checkConnectivity } = await import('../services/postgres.ts');
    const result = await checkConnectivity(connectionString, { connectMs, statementMs }, signal);
    const usage = result.connections;
    const nearlyFull = usage !== undefined && usage.used >= usage.limit * (EXHAUSTED_PERCENT / 100);
    const level: Level = result.code !== 'ok' ? 'bad' : nearlyFull ? 'warn' : 'ok';
    const name = result.code === TOO_MANY_CONNECTIONS ? `SQLSTATE ${TOO_MANY_CONNECTIONS}, too many connections` : result.code;
    return {
      level,
      summary: result.problem === undefined
        ? `Connected in ${result.latencyMs} ms${usage === undefined ? '' : `, ${usage.used} of ${usage.limit} connections in use`}`
        : `${result.problem} [${name}]`,
      markdown: [
        table(['Database', 'Result', 'Latency', 'Connections'], [[
          inlineCode(result.target),
          `${levelMark(level)} ${escapeMarkdown(result.problem ?? 'answers SELECT 1')}`,
          `${result.latencyMs} ms`,
          usage === undefined ? '–' : `${usage.used} of ${usage.limit}`,
        ]]),
        ...(result.code === TOO_MANY_CONNECTIONS ? ['The server answers but has no free slot: see scenario 12.1, connection pool exhaustion.', unreadable(result.problem ?? '')] : []),
        ...(result.holders === undefined ? [] : holdersMarkdown(result.holders)),
      ].join('\n\n'),
      data: {
        code: result.code, target: result.target, latencyMs: result.latencyMs, ...(usage === undefined ? {} : { used: usage.used, limit: usage.limit }),
        ...(result.holders === undefined ? {} : { holders: holdersData(result.holders) }),
      },
    };
  },
};

/** Why nobody can say who holds the connections, from the words of the refusal. */
function unreadable(problem: string): string {
  const who = 'Who holds the connections cannot be read now: this check gets no connection either. It is read as soon as one is free; restarting the application services frees some.';
  if (/reserved/i.test(problem)) {
    return `${who} The last slots are reserved (superuser\\_reserved\\_connections, reserved\\_connections): a superuser, or a member of pg\\_use\\_reserved\\_connections, can still connect and look at pg\\_stat\\_activity.`;
  }
  return /for (role|database)/i.test(problem) ? `${who} The limit is that of the role or of the database, not of the server: another role can still connect and look at pg\\_stat\\_activity.` : who;
}

function holdersMarkdown({ groups, unlisted, hidden, problem }: ConnectionHolders): readonly string[] {
  if (problem !== undefined) {
    return [`Who holds the connections could not be read: ${escapeMarkdown(problem)}.`];
  }
  if (groups.length === 0) {
    return ['Nobody else holds a connection.'];
  }
  return [
    '**Who holds the connections** (without this check)',
    table(['Application', 'User', 'State', 'Connections', 'Longest idle in transaction'], groups.map(({ application, user, state, count, idleInTransactionS }) => [
      application === '' ? 'not named' : inlineCode(application),
      user === '' ? '–' : inlineCode(user),
      state === undefined ? 'not visible' : state === '' ? '–' : escapeMarkdown(state),
      String(count),
      idleInTransactionS === undefined ? '–' : formatDuration(idleInTransactionS * 1000),
    ])),
    ...(unlisted === 0 ? [] : [`${unlisted} more in smaller groups.`]),
    ...(hidden === 0 ? [] : [`The state of ${hidden} of them is not visible to the role of this connection: it sees its own only. GRANT pg\\_read\\_all\\_stats (or pg\\_monitor) to it to see all.`]),
  ];
}

function holdersData({ groups, unlisted, hidden, problem }: ConnectionHolders): Json {
  return problem !== undefined ? { problem } : {
    groups: groups.map(({ application, user, state, count, idleInTransactionS }) => ({ application, user, state: state ?? null, count, idleInTransactionSeconds: idleInTransactionS ?? null })),
    unlisted, hidden,
  };
}

/** RDS DatabaseConnections held against max_connections (runbook 5.2; two statistics, not "Average,Maximum"). */
export const checkConnectionPool: ReadAction = {
  kind: 'read',
  async run({ environment, services, clock }, inputs, signal) {
    const [{ metricStatistics }, { describeInstance, maxConnections }] = await Promise.all([import('../services/aws/cloudwatch.ts'), import('../services/aws/rds.ts')]);
    const identifier = inputs.text('instance', environment.data.aws?.databaseInstance);
    const minutes = inputs.count('minutes', { min: 5, max: 1440, fallback: 60 });
    const period = inputs.count('periodSeconds', { min: 60, max: 3600, fallback: 300 });
    const warn = inputs.count('warnPercent', { min: 1, max: 100, fallback: 80 });
    const aws = services.aws(environment);
    const now = clock.now();
    const [instance, points] = await Promise.all([
      describeInstance(aws, identifier, signal),
      metricStatistics(aws, { namespace: 'AWS/RDS', metric: 'DatabaseConnections', dimensions: { DBInstanceIdentifier: identifier }, from: now - minutes * 60_000, to: now, period }, signal),
    ]);
    const limit = await maxConnections(aws, instance, signal);
    const last = points.at(-1);
    const share = last === undefined || limit === undefined ? undefined : (last.maximum / limit.value) * 100;
    const poolLevel: Level = share === undefined ? 'unknown' : share >= EXHAUSTED_PERCENT ? 'bad' : share >= warn ? 'warn' : 'ok';
    const level = instance.status === 'available' ? poolLevel : worstLevel([poolLevel, 'warn']);
    const state = instance.status === 'available' ? '' : `; the instance is ${instance.status}`;
    const chart: Chart = {
      title: `${identifier} DatabaseConnections`, unit: 'connections', series: seriesOf(points),
      ...(limit === undefined ? {} : { limit: { label: `max_connections ${limit.value}`, value: limit.value } }),
    };
    return {
      level,
      summary: last === undefined
        ? `No datapoints for ${identifier} in the last ${minutes} min${state}`
        : `${Math.round(last.maximum)} ${limit === undefined ? 'connections, the limit is not known' : `of ${limit.value} connections (${Math.round(share ?? 0)} %)`}${state}`,
      markdown: [
        table(['Instance', 'Class', 'State', 'Now', `Maximum, ${minutes} min`, 'max\\_connections', 'Trend'], [[
          inlineCode(identifier), escapeMarkdown(instance.instanceClass), escapeMarkdown(instance.status),
          last === undefined ? `${levelMark('unknown')} no datapoints` : `${levelMark(level)} ${Math.round(last.average)} average, ${Math.round(last.maximum)} maximum`,
          String(Math.round(highest(points) ?? 0)),
          limit === undefined ? 'not known' : `${limit.value} (${escapeMarkdown(limit.source)})`,
          sparkline(points.map(({ maximum }) => maximum), limit?.value),
        ]]),
        ...(last === undefined ? ['No datapoints: the instance may be stopped, or its name in the runbook is wrong.'] : [`Latest point ${utc(last.at)}, one every ${period} s.`]),
      ].join('\n\n'),
      charts: points.length === 0 ? [] : [chart],
      data: {
        instance: identifier, instanceClass: instance.instanceClass, status: instance.status,
        last: last?.maximum ?? null, lastAt: lastAt(points), maximum: highest(points) ?? null, limit: limit?.value ?? null, percent: share === undefined ? null : Math.round(share),
      },
    };
  },
};
