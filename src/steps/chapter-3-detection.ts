/** Runbook 3: what tells us that something is wrong. */
import { formatDuration, iso } from '../incident/clock.ts';
import { type Evidence, type Level, worstLevel } from '../incident/evidence.ts';
import type { RunbookEndpoint } from '../runbook/schema.ts';
import type { ProbeResult } from '../services/http.ts';
import type { Endpoints } from '../services/endpoints.ts';
import { plural } from '../text.ts';
import { codeBlock, escapeMarkdown, inlineCode, levelMark, table, utc } from './markdown.ts';
import type { ReadAction } from './step.ts';

const DEFAULT_TIMEOUT_MS = 5_000;
const DEFAULT_SLOW_MS = 1_000;
/** Characters of an answer shown in the evidence. */
const MAX_SHOWN = 4_000;
const CERTIFICATE_WARN_MS = 30 * 24 * 3_600_000;

/** CloudWatch alarms in ALARM, since when and on which metric (runbook 3.1). */
export const listAlarms: ReadAction = {
  kind: 'read',
  async run({ services, environment, clock }, inputs, signal) {
    const { alarmsInAlarm } = await import('../services/aws/cloudwatch.ts');
    const prefix = inputs.optionalText('prefix') ?? '';
    const alarms = await alarmsInAlarm(services.aws(environment), prefix, signal);
    const scope = prefix === '' ? '' : ` among those that begin with ${inlineCode(prefix)}`;
    const now = clock.now();
    return {
      level: alarms.length === 0 ? 'ok' : 'bad',
      summary: alarms.length === 0 ? 'No alarm is in ALARM' : `${plural(alarms.length, 'alarm')} in ALARM: ${alarms.map(({ name }) => name).join(', ')}`,
      markdown: alarms.length === 0
        ? `No CloudWatch alarm is in ALARM${scope}.`
        : table(['Alarm', 'Since', 'Metric', 'Threshold', 'Reason'], alarms.map((alarm) => [
          inlineCode(alarm.name),
          `${utc(alarm.since)} (${formatDuration(now - alarm.since)})`,
          escapeMarkdown(alarm.metric),
          escapeMarkdown(alarm.threshold),
          escapeMarkdown(alarm.reason),
        ])),
      data: {
        alarms: alarms.map((alarm) => ({ name: alarm.name, description: alarm.description, since: iso(alarm.since), metric: alarm.metric, threshold: alarm.threshold, reason: alarm.reason })),
      },
      links: [{ title: 'CloudWatch alarms', url: `https://${environment.data.aws?.region ?? 'us-east-1'}.console.aws.amazon.com/cloudwatch/home#alarmsV2:?~(alarmStateFilter~'ALARM)` }],
    };
  },
};

/** The built-in synthetic check: every endpoint of the runbook, its status, latency and TLS expiry (runbook 3.1). */
export const checkEndpoints: ReadAction = {
  kind: 'read',
  async run({ environment, services, clock }, _inputs, signal) {
    const checks = await probeAll(environment.data.endpoints, services.endpoints, clock.now(), signal);
    const failing = checks.filter((check) => check.level === 'bad' || check.level === 'warn');
    return {
      ...evidenceOf(checks),
      summary: failing.length === 0
        ? `All ${checks.length} endpoints answer`
        : `${failing.length} of ${plural(checks.length, 'endpoint')} in trouble: ${failing.map((check) => `${check.endpoint.name} (${check.verdict})`).join(', ')}`,
    };
  },
};

/** GET health with a time-out; unlike plain `curl`, a 5xx is bad (runbook 5.1). */
export const checkServiceHealth: ReadAction = {
  kind: 'read',
  async run({ environment, services, clock }, _inputs, signal) {
    const endpoints = environment.data.endpoints.filter(({ kind }) => kind === 'health');
    if (endpoints.length === 0) {
      return { level: 'unknown', summary: 'The runbook names no health endpoint', markdown: 'Add an endpoint with `kind: health` to the environment in the runbook.', data: {} };
    }
    const checks = await probeAll(endpoints, services.endpoints, clock.now(), signal);
    return { ...evidenceOf(checks), summary: checks.map((check) => `${check.endpoint.name}: ${check.verdict}`).join('; ') };
  },
};

interface EndpointCheck {
  readonly endpoint: RunbookEndpoint;
  readonly result: ProbeResult;
  readonly level: Level;
  /** A few words: `HTTP 503`, `no answer within 5000 ms`, `ok, 42 ms`. */
  readonly verdict: string;
}

/** Asks every endpoint at once; none keeps another waiting. */
function probeAll(endpoints: readonly RunbookEndpoint[], origins: Endpoints, now: number, signal: AbortSignal): Promise<EndpointCheck[]> {
  return Promise.all(endpoints.map(async (endpoint) => {
    const { probe } = await import('../services/http.ts');
    const result = await probe(origins.resolve(endpoint.url), endpoint.timeoutMs ?? DEFAULT_TIMEOUT_MS, signal);
    return { endpoint, result, ...judge(endpoint, result, now) };
  }));
}

function judge(endpoint: RunbookEndpoint, result: ProbeResult, now: number): { level: Level; verdict: string } {
  if (result.problem !== undefined) {
    return { level: 'bad', verdict: result.problem };
  }
  const status = result.status ?? 0;
  if (status >= 400) {
    const reported = reportedStatus(result.body);
    return { level: 'bad', verdict: `HTTP ${status}${reported === undefined ? '' : `, says ${reported}`}` };
  }
  const reported = endpoint.kind === 'health' ? reportedStatus(result.body) : undefined;
  if (reported !== undefined && !/^(ok|up|pass|healthy|available|serving)$/i.test(reported)) {
    return { level: 'bad', verdict: `HTTP ${status}, but says ${reported}` };
  }
  if (result.certificateExpiresAt !== undefined && result.certificateExpiresAt - now < CERTIFICATE_WARN_MS) {
    return { level: 'warn', verdict: `TLS certificate expires ${utc(result.certificateExpiresAt)}` };
  }
  const slow = endpoint.slowMs ?? DEFAULT_SLOW_MS;
  if (result.latencyMs > slow) {
    return { level: 'warn', verdict: `slow, ${result.latencyMs} ms (over ${slow} ms)` };
  }
  if (status >= 300) {
    return endpoint.kind === 'portal'
      ? { level: 'ok', verdict: `HTTP ${status} (redirect), ${result.latencyMs} ms` }
      : { level: 'warn', verdict: `HTTP ${status} (redirect)` };
  }
  return { level: 'ok', verdict: `ok, ${result.latencyMs} ms` };
}

function evidenceOf(checks: readonly EndpointCheck[]): Omit<Evidence, 'summary'> {
  const bodies = checks.filter(({ endpoint, result }) => endpoint.kind === 'health' && result.body !== '');
  return {
    level: worstLevel(checks.map(({ level }) => level)),
    markdown: [
      table(['Endpoint', 'Result', 'HTTP', 'Latency', 'TLS expires'], checks.map(({ endpoint, result, level, verdict }) => [
        `${escapeMarkdown(endpoint.name)} ${inlineCode(result.url)}`,
        `${levelMark(level)} ${escapeMarkdown(verdict)}`,
        result.status === undefined ? 'none' : String(result.status),
        `${result.latencyMs} ms`,
        result.certificateExpiresAt === undefined ? '–' : utc(result.certificateExpiresAt),
      ])),
      ...bodies.map(({ endpoint, result }) => `**${escapeMarkdown(endpoint.name)}** answered\n\n${prettyBody(result.body)}`),
    ].join('\n\n'),
    data: {
      endpoints: checks.map(({ endpoint, result, level, verdict }) => ({
        name: endpoint.name,
        url: result.url,
        level,
        verdict,
        latencyMs: result.latencyMs,
        ...(result.status === undefined ? {} : { status: result.status }),
        ...(result.certificateExpiresAt === undefined ? {} : { certificateExpiresAt: iso(result.certificateExpiresAt) }),
      })),
    },
  };
}

/** The `status` a JSON health answer reports of itself. */
function reportedStatus(body: string): string | undefined {
  const parsed = parseJson(body);
  return typeof parsed === 'object' && parsed !== null && 'status' in parsed && typeof parsed.status === 'string' ? parsed.status : undefined;
}

function prettyBody(body: string): string {
  const parsed = parseJson(body);
  return parsed === undefined ? codeBlock(body.slice(0, MAX_SHOWN)) : codeBlock(JSON.stringify(parsed, null, 2).slice(0, MAX_SHOWN), 'json');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
