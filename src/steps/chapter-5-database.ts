/** Runbook 5.2, database connection issues. */
import { type Chart, type Level, worstLevel } from '../incident/evidence.ts';
import { TOO_MANY_CONNECTIONS } from '../services/postgres-codes.ts';
import { highest, seriesOf } from './chapter-5-services.ts';
import { escapeMarkdown, inlineCode, levelMark, sparkline, table, utc } from '../incident/markdown.ts';
import type { ReadAction } from './step.ts';

/** Share of max_connections from which the pool counts as exhausted, percent. */
const EXHAUSTED_PERCENT = 95;

/** `SELECT 1` with time-outs; "too many connections" is what the check is for, not a failure of it (runbook 5.2). */
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
        ...(result.code === TOO_MANY_CONNECTIONS ? ['The server answers but has no free slot: see scenario 12.1, connection pool exhaustion.'] : []),
      ].join('\n\n'),
      data: { code: result.code, target: result.target, latencyMs: result.latencyMs, ...(usage === undefined ? {} : { used: usage.used, limit: usage.limit }) },
    };
  },
};

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
        last: last?.maximum ?? null, maximum: highest(points) ?? null, limit: limit?.value ?? null, percent: share === undefined ? null : Math.round(share),
      },
    };
  },
};
