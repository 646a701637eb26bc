import type { Clock } from '../../../src/incident/clock.ts';
import type { Correction } from './description-document.ts';
import { type Api, api, type ApiSource, type Fake, type FakeRequest, type Reply, type Route, startFake } from './fake-server.ts';
import {
  emptyPagerDuty, incidentJson, noteJson, oncallJson, PAGERDUTY_TOKEN, type PagerDutyIncident, type PagerDutyState, type PagerDutyUser, policyJson, userReference,
} from './pagerduty-model.ts';

export type PagerDutyOperation =
  | 'enqueue' | 'enqueueChange' | 'listIncidents' | 'createIncident' | 'updateIncidents' | 'getIncident' | 'updateIncident' | 'addNote'
  | 'addStatusUpdate' | 'listOncalls' | 'listEscalationPolicies';

export interface PagerDutyOptions {
  readonly clock: Clock;
}

export interface PagerDutyFake extends Fake<PagerDutyOperation> {
  /** Base URL of Events v2, with `/v2`. */
  readonly eventsUrl: string;
  readonly restUrl: string;
  readonly state: PagerDutyState;
}

/** The longest deduplication key that the Events API takes, characters. */
const MAX_DEDUP_KEY = 255;

const EVENT_CORRECTIONS: readonly Correction[] = ['~1enqueue', '~1change~1enqueue'].flatMap((path) => ['400', '429'].map((status): Correction => ({
  op: 'replace', pointer: `/paths/${path}/post/responses/${status}`, value: { $ref: '#/components/responses/Error' },
  reason: 'Described without a body, but answers like the other errors.',
})));

const REST_CORRECTIONS: readonly Correction[] = [{
  op: 'add', pointer: '/paths/~1incidents~1{id}/put/responses/400', value: { $ref: '#/components/responses/ArgumentError' },
  reason: 'An unknown From is refused here as everywhere.',
}];

const EVENTS_API: ApiSource = { name: 'pagerduty-events', corrections: EVENT_CORRECTIONS };
const REST_API: ApiSource = { name: 'pagerduty-rest', corrections: REST_CORRECTIONS };

type Change = Partial<Pick<PagerDutyIncident, 'title' | 'status'>>;

/** A stateful PagerDuty: Events v2 below `/v2` and the REST interface on the same port, with one set of incidents. */
export async function startPagerDuty({ clock }: PagerDutyOptions): Promise<PagerDutyFake> {
  const state = emptyPagerDuty();
  const events = api(EVENTS_API, '/v2');
  const rest = api(REST_API, '');
  let generated = 0;

  const open = (content: Pick<PagerDutyIncident, 'key' | 'service' | 'title' | 'urgency'>): PagerDutyIncident => {
    const number = state.incidents.length + 1;
    const incident: PagerDutyIncident = {
      id: `PINC${String(number).padStart(3, '0')}`, number, status: 'triggered', createdAt: clock.now(), changedAt: clock.now(), resolvedAt: undefined,
      triggers: 1, acknowledgements: [], notes: [], statusUpdates: [],
      assignees: state.oncalls.filter(({ level, escalationPolicy }) => level === 1 && escalationPolicy === content.service.escalationPolicy).map(({ user }) => user), ...content,
    };
    state.incidents.push(incident);
    return incident;
  };

  /** @param by undefined for an event. A resolved incident stays as it is. */
  const change = (incident: PagerDutyIncident, { title, status }: Change, by: PagerDutyUser | undefined): void => {
    incident.title = title ?? incident.title;
    if (status === undefined || status === incident.status || incident.status === 'resolved') {
      return;
    }
    Object.assign(incident, { status, changedAt: clock.now(), resolvedAt: status === 'resolved' ? clock.now() : undefined });
    if (status === 'acknowledged') {
      incident.acknowledgements.push({ at: clock.now(), by });
    }
  };

  const enqueue = ({ body }: FakeRequest): Reply => {
    const service = state.services.find(({ routingKey }) => routingKey === body.routing_key);
    const { event_action: action, dedup_key: given } = body;
    const payload = body.payload as { summary: string; severity: string } | undefined;
    const errors = [
      ...(service === undefined ? ['Invalid routing key'] : []),
      ...(action === 'trigger' && payload === undefined ? ["'payload' is missing or blank"] : []),
      ...(action !== 'trigger' && given === undefined ? ["'dedup_key' is missing or blank"] : []),
      ...(String(given ?? '').length > MAX_DEDUP_KEY ? ["'dedup_key' is too long (maximum is 255 characters)"] : []),
    ];
    if (service === undefined || errors.length > 0) {
      return { status: 400, body: { status: 'invalid event', message: 'Event object is invalid', errors } };
    }
    const key = given === undefined ? `generated-${++generated}` : String(given);
    const current = state.incidents.find((incident) => incident.key === key && incident.service === service && incident.status !== 'resolved');
    if (action === 'trigger' && payload !== undefined) {
      if (current === undefined) {
        open({ key, service, title: payload.summary, urgency: ['critical', 'error'].includes(payload.severity) ? 'high' : 'low' });
      } else {
        current.triggers++;
      }
    } else if (current !== undefined) {
      change(current, { status: action === 'resolve' ? 'resolved' : 'acknowledged' }, undefined);
    }
    // An event about nothing is accepted all the same.
    return { status: 202, body: { status: 'success', message: 'Event processed', dedup_key: key } };
  };

  const requester = (request: FakeRequest): PagerDutyUser | undefined => state.users.find(({ email }) => email === request.headers.from);
  const asUser = (request: FakeRequest, act: (user: PagerDutyUser) => Reply): Reply => {
    const user = requester(request);
    return user === undefined ? refusal(400, 2001, 'Invalid Input Provided', ['Requester User Not Found']) : act(user);
  };
  const withIncident = ({ parameters }: FakeRequest, act: (incident: PagerDutyIncident) => Reply): Reply => {
    const incident = state.incidents.find(({ id }) => id === parameters.id);
    return incident === undefined ? refusal(404, 2100, 'Not Found') : act(incident);
  };
  const paged = (request: FakeRequest, name: string, items: readonly object[]): Reply => {
    const [offset, limit] = [Number(request.query.get('offset') ?? 0), Math.min(100, Number(request.query.get('limit') ?? 25))];
    return { status: 200, body: { [name]: items.slice(offset, offset + limit), offset, limit, more: items.length > offset + limit, total: null } };
  };
  const matches = (request: FakeRequest, name: string, value: string): boolean => !request.query.has(name) || request.query.getAll(name).includes(value);

  const createIncident = (request: FakeRequest): Reply => asUser(request, () => {
    const { title, service: { id }, incident_key: key, urgency = 'high' } = request.body.incident as
      { title: string; service: { id: string }; incident_key?: string; urgency?: 'high' | 'low' };
    const service = state.services.find((candidate) => candidate.id === id);
    if (service === undefined) {
      return refusal(400, 2001, 'Invalid Input Provided', ['Service Not Found']);
    }
    if (state.incidents.some((incident) => incident.key === key && incident.status !== 'resolved')) {
      return refusal(400, 2001, 'Invalid Input Provided', ['Open incident with matching dedup key already exists on this service']);
    }
    return { status: 201, body: { incident: incidentJson(open({ key: key ?? `generated-${++generated}`, service, title, urgency })) } };
  });

  const updateIncidents = (request: FakeRequest): Reply => asUser(request, (user) => {
    const wanted = request.body.incidents as readonly (Change & { id: string })[];
    const found = wanted.map((item) => ({ item, incident: state.incidents.find(({ id }) => id === item.id) }));
    const missing = found.filter(({ incident }) => incident === undefined);
    if (missing.length > 0) {
      return refusal(400, 2001, 'Invalid Input Provided', missing.map(({ item }) => `Incident Not Found: ${item.id}`));
    }
    const incidents = found.flatMap(({ item, incident }) => incident === undefined ? [] : [{ item, incident }]);
    incidents.forEach(({ item, incident }) => { change(incident, item, user); });
    return paged(request, 'incidents', incidents.map(({ incident }) => incidentJson(incident)));
  });

  const route = (of: Api, on: string, handle: Route['handle']): Route => ({ api: of, on, handle });
  const fake = await startFake<PagerDutyOperation>({
    name: 'PagerDuty', clock,
    routes: {
      enqueue: route(events, 'POST /enqueue', enqueue),
      enqueueChange: route(events, 'POST /change/enqueue', ({ body }) => {
        state.changes.push((body.payload as { summary: string }).summary);
        return { status: 202, body: { status: 'success', message: 'Change event processed' } };
      }),
      listIncidents: route(rest, 'GET /incidents', (request) => paged(request, 'incidents', state.incidents.filter((incident) =>
        matches(request, 'statuses[]', incident.status) && matches(request, 'incident_key', incident.key) && matches(request, 'service_ids[]', incident.service.id)).map(incidentJson))),
      createIncident: route(rest, 'POST /incidents', createIncident),
      updateIncidents: route(rest, 'PUT /incidents', updateIncidents),
      getIncident: route(rest, 'GET /incidents/{id}', (request) => withIncident(request, (incident) => ({ status: 200, body: { incident: incidentJson(incident) } }))),
      updateIncident: route(rest, 'PUT /incidents/{id}', (request) => asUser(request, (user) => withIncident(request, (incident) => {
        change(incident, request.body.incident as Change, user);
        return { status: 200, body: { incident: incidentJson(incident) } };
      }))),
      addNote: route(rest, 'POST /incidents/{id}/notes', (request) => asUser(request, (by) => withIncident(request, (incident) => {
        const note = { id: `PNOTE${incident.number}${incident.notes.length + 1}`, content: (request.body.note as { content: string }).content, by, at: clock.now() };
        incident.notes.push(note);
        return { status: 200, body: { note: noteJson(note) } };
      }))),
      addStatusUpdate: route(rest, 'POST /incidents/{id}/status_updates', (request) => asUser(request, (user) => withIncident(request, (incident) => {
        const message = String(request.body.message);
        incident.statusUpdates.push(message);
        return { status: 200, body: { status_update: { id: `PSTAT${incident.statusUpdates.length}`, message, created_at: new Date(clock.now()).toISOString(), sender: userReference(user) } } };
      }))),
      listOncalls: route(rest, 'GET /oncalls', (request) => paged(request, 'oncalls', state.oncalls.filter(({ escalationPolicy, user }) =>
        matches(request, 'escalation_policy_ids[]', escalationPolicy) && matches(request, 'user_ids[]', user.id)).map(oncallJson))),
      listEscalationPolicies: route(rest, 'GET /escalation_policies', (request) => paged(request, 'escalation_policies', state.escalationPolicies
        .filter(({ name }) => name.toLowerCase().includes((request.query.get('query') ?? '').toLowerCase())).map((policy) => policyJson(policy, state.oncalls)))),
    },
    guard: (request) => request.url.pathname.startsWith('/v2/') || request.headers.authorization === `Token token=${PAGERDUTY_TOKEN}`
      ? undefined : refusal(401, 2006, 'Unauthorized'),
    rateLimited: (retryAfterS, operation) => operation === 'enqueue' || operation === 'enqueueChange'
      ? { status: 429, headers: { 'retry-after': String(retryAfterS) }, body: { status: 'throttle exceeded', message: 'Too many events for this routing key' } }
      : { ...refusal(429, 2020, 'Rate Limit Exceeded'), headers: { 'retry-after': String(retryAfterS), 'ratelimit-remaining': '0', 'ratelimit-reset': String(retryAfterS) } },
  });
  return { ...fake, eventsUrl: `${fake.origin}/v2`, restUrl: fake.origin, state };
}

function refusal(status: number, code: number, message: string, errors: readonly string[] = []): Reply {
  return { status, body: { error: { code, message, errors } } };
}
