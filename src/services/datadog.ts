/** Datadog: what its monitors, synthetic tests and metrics say, and On-Call pages. A monitor cannot be acknowledged through any API. */
import { CancelledError, UserError, messageOf } from '../errors.ts';
import type { Connection } from './connections.ts';
import { CALL_TIMEOUT_MS, type Calls, DeliveryError, textOf } from './courier.ts';
import { type Fields, fieldsIn } from './delivery-data.ts';
import { callJson } from './http-call.ts';

/** States of a monitor that somebody should know of, in Datadog's words. */
export type MonitorState = 'Alert' | 'Warn' | 'No Data';

export interface Monitor {
  readonly id: number;
  readonly name: string;
  readonly state: MonitorState;
  /** What it watches and its threshold, e.g. `avg(last_5m):avg:shop.errors{*} > 5`. */
  readonly query: string;
  /** Epoch ms at which it triggered last; unset when Datadog does not say. */
  readonly since?: number;
}

/** One run of a synthetic API test. */
export interface SyntheticRun {
  /** Epoch ms. */
  readonly at: number;
  /** Where it ran, e.g. `aws:eu-central-1`. */
  readonly location: string;
  /** Unset when Datadog does not say. */
  readonly passed?: boolean;
  /** Whether the test's own alert was on; it takes retries and other locations into account, `passed` does not. */
  readonly alerting: boolean;
}

export interface MetricSeries {
  /** What tells it from the others of the query, e.g. `host:web-1`; `*` when there is nothing to tell. */
  readonly scope: string;
  /** `[epoch ms, value]`, ascending in time. */
  readonly points: readonly (readonly [number, number])[];
}

const SEARCH: Readonly<Record<MonitorState, string>> = { 'Alert': 'status:alert', 'Warn': 'status:warn', 'No Data': 'status:"no data"' };
const PER_PAGE = 100;
/** No team has more monitors in alert than this many pages hold; it keeps an answer that never ends from being read for ever. */
const MAX_PAGES = 100;

/**
 * Monitors in one state, from all pages of `GET /api/v1/monitor/search`.
 *
 * @param query what narrows them further, in the search syntax of Datadog's monitor list; empty for all
 * @throws UserError
 */
export async function monitorsIn(connection: Connection, state: MonitorState, query: string, signal: AbortSignal): Promise<Monitor[]> {
  const found = new Map<number, Monitor>();
  let seen = 0;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const { monitors, total } = await searchMonitors(connection, `${query} ${SEARCH[state]}`.trim(), { page, perPage: PER_PAGE }, signal);
    seen += monitors.length;
    for (const { id, name, status, query: watched, last_triggered_ts: triggered } of monitors) {
      // An OR in the query may let monitors in other states through.
      if (typeof id === 'number' && status === state) {
        found.set(id, { id, state, name: textIn(name), query: textIn(watched), ...(typeof triggered === 'number' ? { since: triggered * 1000 } : {}) });
      }
    }
    // Not `page_count`: the vendor describes it as the number of pages and shows it as the number of monitors.
    if (monitors.length === 0 || seen >= total) {
      break;
    }
  }
  return [...found.values()];
}

/**
 * The latest runs of a synthetic API test, at most 150, the newest first (`GET /api/v1/synthetics/tests/{id}/results`).
 *
 * @throws UserError
 */
export async function syntheticRuns(connection: Connection, publicId: string, signal: AbortSignal): Promise<SyntheticRun[]> {
  const { results } = await read(connection, `/api/v1/synthetics/tests/${encodeURIComponent(publicId)}/results`, {}, signal);
  return listIn(results, 'results of a test')
    .flatMap(({ check_time: at, probe_dc: location, status, result }): SyntheticRun[] => {
      const { passed } = fieldsIn(result);
      return typeof at === 'number' ? [{ at, location: textIn(location), alerting: status === 1, ...(typeof passed === 'boolean' ? { passed } : {}) }] : [];
    })
    .sort((a, b) => b.at - a.at);
}

/**
 * A metric over time (`GET /api/v1/query`). No series, or series without points, is an answer of its own: nothing was reported.
 *
 * @param range epoch ms; Datadog is asked in seconds
 * @throws UserError
 */
export async function queryMetric(connection: Connection, query: string, range: { readonly from: number; readonly to: number }, signal: AbortSignal): Promise<MetricSeries[]> {
  const seconds = (ms: number): string => String(Math.floor(ms / 1000));
  const { status, error, series } = await read(connection, '/api/v1/query', { from: seconds(range.from), to: seconds(range.to), query }, signal);
  // A query that fails while it runs is answered with 200.
  if (status !== 'ok' || (typeof error === 'string' && error !== '')) {
    throw new UserError(`Datadog could not run the query ${query}: ${textIn(error) || textIn(status) || 'it does not say why'}.`);
  }
  return listIn(series, 'series').map(({ scope, pointlist }) => ({
    scope: textIn(scope) || '*',
    points: (Array.isArray(pointlist) ? pointlist as readonly unknown[] : []).filter(isPoint).toSorted(([a], [b]) => a - b),
  }));
}

/**
 * Asks with both keys, and changes nothing.
 *
 * @returns what there is, in a line
 * @throws UserError naming the key that is refused
 */
export async function testDatadog(connection: Connection, signal: AbortSignal): Promise<string> {
  await read(connection, '/api/v1/validate', {}, signal);
  const { total } = await searchMonitors(connection, SEARCH.Alert, { page: 0, perPage: 1 }, signal).catch((error: unknown) => {
    throw isRefused(error) ? new UserError(`The API key is right, the application key is not, or it may not read monitors (monitors_read). ${messageOf(error)}`, { cause: error }) : error;
  });
  const onCall = connection['onCallUrl'] === undefined ? ' There is no On-Call address, so pages are acknowledged by hand.' : '';
  return `Both keys are accepted; ${total} of the monitors ${total === 1 ? 'is' : 'are'} in Alert.${onCall}`;
}

/** @param timeoutMs how long one call may take */
export function datadogCalls(connection: Connection, timeoutMs = CALL_TIMEOUT_MS): Calls {
  return {
    acknowledgePage: {
      again: 'harmless',
      async send(parcel, signal) {
        const page = textOf(parcel, 'page');
        if (!/^[\w-]+$/.test(page)) {
          throw new DeliveryError('refused', `"${page}" is no id of a Datadog On-Call page. It is the last part of the page's address, e.g. 15e74b8b-f865-48d0-bcc5-453323ed2c8f.`);
        }
        const address = connection['onCallUrl'];
        if (address === undefined) {
          throw new DeliveryError('refused', `Datadog is connected without its On-Call address. Connect it again with ${onCallAddress(connection)}, or acknowledge the page in Datadog.`);
        }
        await callJson('Datadog', addressOf(address, `/api/v2/on-call/pages/${page}/acknowledge`), { method: 'POST', headers: keysOf(connection), timeoutMs }, signal);
        return { result: {} };
      },
    },
  };
}

/** Where people look at what the API answers, e.g. `https://app.datadoghq.eu`. */
export function webAddress(connection: Connection | undefined): string {
  const site = siteOf(connection) ?? 'datadoghq.com';
  return `https://${site.split('.').length === 2 ? `app.${site}` : site}`;
}

/** Site → the first part of its On-Call host. */
const ON_CALL_HOSTS: Readonly<Record<string, string>> = {
  'datadoghq.com': 'navy', 'us3.datadoghq.com': 'teal', 'us5.datadoghq.com': 'coral', 'ap1.datadoghq.com': 'saffron', 'ap2.datadoghq.com': 'lava',
  'uk1.datadoghq.com': 'scarlet', 'datadoghq.eu': 'beige',
};

/** Only named, never asked by itself: keys go to the addresses they were given for. */
function onCallAddress(connection: Connection): string {
  const site = siteOf(connection) ?? '';
  const host = ON_CALL_HOSTS[site];
  return host === undefined ? 'the one of your site' : `https://${host}.oncall.${site.split('.').slice(-2).join('.')}`;
}

function siteOf(connection: Connection | undefined): string | undefined {
  const host = URL.canParse(connection?.['url'] ?? '') ? new URL(connection?.['url'] ?? '').hostname : '';
  return /^api\.((?:[a-z0-9-]+\.)?(?:datadoghq\.com|datadoghq\.eu|ddog-gov\.com))$/.exec(host)?.[1];
}

async function searchMonitors(connection: Connection, query: string, { page, perPage }: { page: number; perPage: number }, signal: AbortSignal): Promise<{ monitors: readonly Fields[]; total: number }> {
  const answer = await read(connection, '/api/v1/monitor/search', { query, page: String(page), per_page: String(perPage) }, signal);
  const monitors = listIn(answer['monitors'], 'monitors');
  const { total_count: total } = fieldsIn(answer['metadata']);
  return { monitors, total: typeof total === 'number' ? total : monitors.length };
}

/** @throws UserError, or CancelledError when the signal fired */
async function read(connection: Connection, path: string, parameters: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Fields> {
  const url = addressOf(connection['url'] ?? '', path);
  url.search = new URLSearchParams(parameters).toString();
  try {
    const { body } = await callJson('Datadog', url, { method: 'GET', headers: keysOf(connection) }, signal);
    return fieldsIn(body);
  } catch (error) {
    if (signal.aborted) {
      throw new CancelledError();
    }
    if (!(error instanceof DeliveryError)) {
      throw error;
    }
    const wait = error.retryAfterMs === undefined ? '' : ` Try again in ${Math.ceil(error.retryAfterMs / 1000)} s.`;
    throw new UserError(`${error.message}${wait}`, { cause: error });
  }
}

function isRefused(error: unknown): boolean {
  return error instanceof UserError && error.cause instanceof DeliveryError && error.cause.kind === 'refused';
}

function keysOf(connection: Connection): Readonly<Record<string, string>> {
  return { 'dd-api-key': connection['apiKey'] ?? '', 'dd-application-key': connection['applicationKey'] ?? '' };
}

function addressOf(base: string, path: string): URL {
  return new URL(base.replace(/\/+$/, '') + path);
}

/** An answer without its list says nothing; taken for an empty one it would say that all is well. */
function listIn(value: unknown, name: string): readonly Fields[] {
  if (!Array.isArray(value)) {
    throw new UserError(`Datadog answered without ${name}. Check its API address: something else may have answered.`);
  }
  return value.map(fieldsIn);
}

/** Datadog fills gaps with null. */
function isPoint(value: unknown): value is readonly [number, number] {
  return Array.isArray(value) && typeof value[0] === 'number' && typeof value[1] === 'number';
}

function textIn(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
