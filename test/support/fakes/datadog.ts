import type { Clock } from '../../../src/incident/clock.ts';
import type { Correction } from './description-document.ts';
import { api, type ApiSource, type Fake, type FakeRequest, type Reply, type Route, startFake } from './fake-server.ts';

export type DatadogOperation = 'validate' | 'listMonitors' | 'searchMonitors' | 'getMonitor' | 'createEvent' | 'query' | 'syntheticsResults' | 'acknowledgePage';

export type MonitorStatus = 'Alert' | 'Warn' | 'No Data' | 'OK';

export interface DatadogMonitor {
  readonly id: number;
  readonly name: string;
  readonly query: string;
  readonly tags: readonly string[];
  /** Epoch ms; undefined when it never was in alert. */
  readonly triggeredAt: number | undefined;
  status: MonitorStatus;
}

export interface DatadogState {
  readonly monitors: DatadogMonitor[];
  /** Points are epoch ms and value, oldest first; null is a gap. */
  readonly series: { readonly metric: string; readonly scope: string; readonly points: readonly (readonly [number, number | null])[] }[];
  readonly events: { readonly id: number; readonly title: string; readonly text: string; readonly tags: readonly string[] }[];
  /** By the public id of the test; newest first. */
  readonly synthetics: Record<string, SyntheticResult[]>;
  /** Of On-Call. */
  readonly pages: { readonly id: string; status: 'triggered' | 'acknowledged' | 'resolved' }[];
}

export interface SyntheticResult {
  readonly id: string;
  /** Epoch ms. */
  readonly at: number;
  readonly passed: boolean;
  /** Whether the alert of the test is on; as `passed` has it when absent. */
  readonly alerting?: boolean;
  readonly location: string;
}

export const DATADOG_KEYS = { api: 'invented-api-key', application: 'invented-application-key' } as const;

export interface DatadogFake extends Fake<DatadogOperation> {
  /** In the place of `https://api.<site>`. */
  readonly url: string;
  /** In the place of `https://navy.oncall.datadoghq.com`. */
  readonly onCallUrl: string;
  readonly state: DatadogState;
}

/** These know the organisation by the API key alone. */
const API_KEY_ONLY = ['/api/v1/events', '/api/v1/validate'];

/** Of a run of a synthetic test, ms. */
const TIMINGS = { dns: 4.5, tcp: 11, ssl: 23, handshake: 23, redirect: 0, wait: 71.5, firstByte: 71.5, download: 10.5, total: 120.5 };

const REFUSED = { $ref: '#/components/schemas/APIErrorResponse' };

/** The description at hand is of v1 alone; On-Call is v2, on a host of its own. From the vendor's documentation and its client. */
const ACKNOWLEDGE_PAGE: Correction = {
  op: 'add', pointer: '/paths/~1api~1v2~1on-call~1pages~1{page_id}~1acknowledge', reason: 'On-Call is left out of the description of v1.',
  value: {
    post: {
      parameters: [{ name: 'page_id', in: 'path', required: true, schema: { type: 'string', format: 'uuid' } }],
      responses: { 202: { description: 'Accepted' }, 404: { description: 'Not found', content: { 'application/json': { schema: REFUSED } } }, 429: { $ref: '#/components/responses/TooManyRequestsResponse' } },
    },
  },
};

const DATADOG_API: ApiSource = {
  name: 'datadog-v1', corrections: [ACKNOWLEDGE_PAGE],
  commonResponses: {
    403: { reason: 'A wrong key is refused at events too, where it is not described.', schema: REFUSED },
  },
};

/** A stateful Datadog: monitors, metrics, events and the results of synthetic tests (v1), and acknowledging On-Call pages (v2). */
export async function startDatadog({ clock }: { readonly clock: Clock }): Promise<DatadogFake> {
  const state: DatadogState = { monitors: [], series: [], events: [], synthetics: {}, pages: [] };
  const description = api(DATADOG_API, '');
  const route = (on: string, handle: Route['handle']): Route => ({ api: description, on, handle });

  const searchMonitors = ({ query }: FakeRequest): Reply => {
    const [page, perPage] = [Number(query.get('page') ?? 0), Number(query.get('per_page') ?? 30)];
    const found = state.monitors.filter((monitor) => isFound(monitor, query.get('query') ?? ''));
    const counts = [...new Set(found.map(({ status }) => status))].map((name) => ({ name, count: found.filter(({ status }) => status === name).length }));
    return {
      status: 200, body: {
        monitors: found.slice(page * perPage, (page + 1) * perPage).map(({ id, name, query: expression, tags, status, triggeredAt }) => ({
          id, name, query: expression, tags, status, type: 'metric alert', classification: 'metric', creator: { email: 'ada@example.com', handle: 'ada@example.com', name: 'ada' },
          last_triggered_ts: triggeredAt === undefined ? null : Math.floor(triggeredAt / 1000), metrics: [], notifications: [], org_id: 1, quality_issues: [], scopes: ['*'],
        })),
        metadata: { page, per_page: perPage, page_count: Math.ceil(found.length / perPage), total_count: found.length },
        counts: { status: counts, muted: [], tag: [], type: [] },
      },
    };
  };

  const runQuery = ({ query }: FakeRequest): Reply => {
    const text = query.get('query') ?? '';
    const [from, to] = [Number(query.get('from')) * 1000, Number(query.get('to')) * 1000];
    if (!/\w+:[\w.]+\{[^}]*\}/.test(text)) {
      return { status: 400, body: { errors: [`Error parsing query: unable to parse ${text}`] } };
    }
    const series = state.series.filter(({ metric }) => text.includes(`:${metric}{`)).map(({ metric, scope, points }) => {
      const pointlist = points.filter(([at]) => at >= from && at <= to);
      return {
        metric, display_name: metric, scope, expression: text, pointlist, start: from, end: to, interval: 60, length: pointlist.length, query_index: 0,
        tag_set: [], aggr: 'avg', unit: [null, null],
      };
    });
    return { status: 200, body: { status: 'ok', res_type: 'time_series', query: text, from_date: from, to_date: to, series, group_by: [], message: '' } };
  };

  const fake = await startFake<DatadogOperation>({
    name: 'Datadog', clock,
    routes: {
      validate: route('GET /api/v1/validate', () => ({ status: 200, body: { valid: true } })),
      listMonitors: route('GET /api/v1/monitor', () => ({ status: 200, body: state.monitors.map(monitorJson) })),
      searchMonitors: route('GET /api/v1/monitor/search', searchMonitors),
      getMonitor: route('GET /api/v1/monitor/{monitor_id}', ({ parameters }) => {
        const monitor = state.monitors.find(({ id }) => String(id) === parameters.monitor_id);
        return monitor === undefined ? { status: 404, body: { errors: ['Monitor not found'] } } : { status: 200, body: monitorJson(monitor) };
      }),
      createEvent: route('POST /api/v1/events', ({ body }) => {
        const { title, text, tags = [] } = body as { title: string; text: string; tags?: readonly string[] };
        const id = 5001 + state.events.length;
        state.events.push({ id, title, text, tags });
        return { status: 202, body: { status: 'ok', event: { id, id_str: String(id), title, text, tags, date_happened: Math.floor(clock.now() / 1000), url: `https://app.datadoghq.com/event/event?id=${id}` } } };
      }),
      query: route('GET /api/v1/query', runQuery),
      syntheticsResults: route('GET /api/v1/synthetics/tests/{public_id}/results', ({ parameters }) => {
        const results = state.synthetics[parameters.public_id ?? ''];
        return results === undefined ? { status: 404, body: { errors: ['Synthetics test not found'] } } : {
          status: 200, body: {
            last_timestamp_fetched: results[0]?.at ?? 0,
            results: results.map(({ id, at, passed, alerting = !passed, location }) => ({ result_id: id, check_time: at, probe_dc: location, status: alerting ? 1 : 0, result: { passed, timings: TIMINGS } })),
          },
        };
      }),
      acknowledgePage: route('POST /api/v2/on-call/pages/{page_id}/acknowledge', ({ parameters }) => {
        const page = state.pages.find(({ id }) => id === parameters.page_id);
        if (page?.status === 'triggered') {
          page.status = 'acknowledged';
        }
        return page === undefined ? { status: 404, body: { errors: ['Page not found'] } } : { status: 202 };
      }),
    },
    guard: ({ headers, url }) => headers['dd-api-key'] === DATADOG_KEYS.api && (API_KEY_ONLY.includes(url.pathname) || headers['dd-application-key'] === DATADOG_KEYS.application)
      ? undefined : { status: 403, body: { errors: ['Forbidden'] } },
    rateLimited: (retryAfterS) => ({
      status: 429, body: { errors: ['Rate limit of 100 requests in 60 seconds reached.'] },
      // Datadog tells the seconds until the limit starts anew here, not the time of day as GitHub does.
      headers: { 'retry-after': String(retryAfterS), 'x-ratelimit-limit': '100', 'x-ratelimit-period': '60', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(retryAfterS) },
    }),
  });
  return { ...fake, url: fake.origin, onCallUrl: fake.origin, state };
}

function monitorJson({ id, name, query, tags, status }: DatadogMonitor): object {
  return { id, name, query, tags, type: 'metric alert', overall_state: status, message: '', options: {} };
}

/** `status:alert`, `tag:"env:prod"` and words of the name; all of them have to fit. */
function isFound({ name, status, tags }: DatadogMonitor, search: string): boolean {
  return (search.match(/(?:[^\s"]|"[^"]*")+/g) ?? []).every((term) => {
    const [, key, value = ''] = /^(\w+):(.*)$/.exec(term) ?? [];
    const text = (key === undefined ? term : value).replaceAll('"', '').toLowerCase();
    return key === 'status' ? status.toLowerCase() === text : key === 'tag' ? tags.includes(text) : name.toLowerCase().includes(text);
  });
}
