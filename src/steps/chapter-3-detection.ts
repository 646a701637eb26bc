/** Runbook 3: what tells us that something is wrong. */
import { UserError } from '../errors.ts';
import { formatDuration, iso } from '../incident/clock.ts';
import { type Evidence, type Level, worstLevel } from '../incident/evidence.ts';
import type { RunbookEndpoint } from '../runbook/schema.ts';
import type { ProbeResult } from '../services/http.ts';
import type { Endpoints } from '../services/endpoints.ts';
import { plural } from '../text.ts';
import { type AlarmSource, type Failure, type FoundAlarm, describeFailure, listAll } from './alarm-sources.ts';
import { codeBlock, escapeMarkdown, inlineCode, levelMark, table, utc } from '../incident/markdown.ts';
import type { ReadAction } from './step.ts';

const DEFAULT_TIMEOUT_MS = 5_000;
const DEFAULT_SLOW_MS = 1_000;
/** Characters of an answer shown in the evidence. */
const MAX_SHOWN = 4_000;
const CERTIFICATE_WARN_MS = 30 * 24 * 3_600_000;

/**
 * CloudWatch alarms in ALARM and, where Datadog is connected, its monitors in Alert or Warn and its failing synthetic
 * tests, the newest first, since when and on what (runbook 3.1).
 */
export const listAlarms: ReadAction = {
  kind: 'read',
  async run(context, inputs, signal) {
    const outcomes = await listAll(context, inputs.optionalText('prefix') ?? '', signal);
    const listings = outcomes.filter((outcome) => 'alarms' in outcome);
    const failures = outcomes.filter((outcome) => 'error' in outcome);
    if (listings.every(({ verdict }) => verdict === undefined)) {
      throw nothingKnown(failures);
    }
    const alarms = listings.flatMap((listing) => listing.alarms).sort((a, b) => (b.since ?? 0) - (a.since ?? 0));
    const gaps = [...listings.flatMap((listing) => listing.gaps ?? []), ...failures.map(describeFailure)];
    // What is wrong comes before what is not.
    const verdicts = listings.toSorted((a, b) => Number(b.alarms.length > 0) - Number(a.alarms.length > 0)).flatMap(({ verdict }) => verdict ?? []);
    return {
      level: worstLevel([...alarms.map(({ level }) => level), ...gaps.map((): Level => 'unknown'), 'ok']),
      summary: upperFirst([...verdicts, ...gaps].join('; ')),
      markdown: [
        ...(alarms.length === 0 ? [] : [alarmTable(alarms, context.clock.now())]),
        ...listings.flatMap((listing) => listing.notes ?? []),
        ...gaps.map((gap) => `${levelMark('unknown')} ${escapeMarkdown(upperFirst(gap))}.`),
      ].join('\n\n'),
      data: {
        alarms: alarms.map(({ source, name, description, since, metric, threshold, reason, level }) => ({ source, name, description, since: since === undefined ? null : iso(since), metric, threshold, reason, level })),
        gaps,
      },
      links: listings.flatMap((listing) => listing.links ?? []),
    };
  },
};

function nothingKnown(failures: readonly Failure[]): unknown {
  const [first, ...others] = failures;
  if (first === undefined) {
    return new UserError('There is nothing to ask for alarms. Name the AWS resources of the environment in the runbook, or connect Datadog.');
  }
  return others.length === 0 ? first.error : new UserError(failures.map((failure) => `${describeFailure(failure)}.`).join(' '), { cause: first.error });
}

const SOURCES: Readonly<Record<AlarmSource, string>> = { cloudwatch: 'CloudWatch', datadog: 'Datadog', synthetic: 'Datadog synthetic' };

function alarmTable(alarms: readonly FoundAlarm[], now: number): string {
  return table(['Alarm', 'Source', 'Since', 'Metric', 'Threshold', 'Reason'], alarms.map(({ source, name, since, metric, threshold, reason, level }) => [
    inlineCode(name),
    `${levelMark(level)} ${SOURCES[source]}`,
    since === undefined ? 'not known' : `${utc(since)} (${formatDuration(now - since)})`,
    escapeMarkdown(metric),
    escapeMarkdown(threshold),
    escapeMarkdown(reason),
  ]));
}

/** The built-in synthetic check: every endpoint of the runbook, its status, latency and TLS expiry (runbook 3.1). */
export const checkEndpoints: ReadAction = {
  kind: 'read',
  async run({ environment, services, clock }, _inputs, signal) {
    const checks = await probeAll(environment.data.endpoints, services.endpoints, clock.now(), signal);
    const failing = checks.filter((check) => check.level === 'bad' || check.level === 'warn');
    return {
      ...evidenceOf(checks),
      summary: failing.length === 0
        ? checks.length === 1 ? `${checks[0]?.endpoint.name ?? ''} answers` : `All ${checks.length} endpoints answer`
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

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
