import type { Clock } from '../../../src/incident/clock.ts';
import { api, type ApiSource, type Fake, type FakeRequest, type Reply, type Route, startFake } from './fake-server.ts';
import type { CommonResponse } from './openapi.ts';

export type StatuspageOperation = 'listIncidents' | 'createIncident' | 'updateIncident' | 'getIncident' | 'unresolvedIncidents' | 'listComponents' | 'updateComponent';

export type StatuspageStatus = 'investigating' | 'identified' | 'monitoring' | 'resolved';
export type ComponentStatus = 'operational' | 'under_maintenance' | 'degraded_performance' | 'partial_outage' | 'major_outage';

export interface StatuspageComponent {
  readonly id: string;
  readonly name: string;
  status: ComponentStatus;
}

export interface StatuspageIncident {
  readonly id: string;
  readonly createdAt: number;
  readonly componentIds: string[];
  /** Newest first. */
  readonly updates: { readonly status: StatuspageStatus; readonly body: string; readonly at: number; readonly delivered: boolean }[];
  name: string;
  status: StatuspageStatus;
  impact: string;
  updatedAt: number;
  resolvedAt: number | undefined;
  metadata: object;
}

export interface StatuspageState {
  readonly components: StatuspageComponent[];
  readonly incidents: StatuspageIncident[];
  /** Updates that were mailed to subscribers. */
  delivered: number;
}

export const STATUSPAGE_KEY = 'invented-statuspage-key';
export const STATUSPAGE_PAGE = 'page0000001';

/** One request in this time, ms. */
const INTERVAL_MS = 1000;

export interface StatuspageFake extends Fake<StatuspageOperation> {
  /** With `/v1`. */
  readonly url: string;
  readonly state: StatuspageState;
}

const ERROR = { $ref: '#/components/schemas/ErrorEntity' };

const COMMON_RESPONSES: Readonly<Record<string, CommonResponse>> = {
  401: { schema: ERROR, reason: 'A key can be revoked at any time.' },
  404: { schema: ERROR, reason: 'Pages, incidents and components that do not exist.' },
  420: { schema: ERROR, reason: 'The limit is described in words, outside the operations.' },
  422: { schema: ERROR, reason: 'A component that does not belong to the page.' },
  429: { schema: ERROR, reason: 'The limit is described in words, outside the operations.' },
};

const STATUSPAGE_API: ApiSource = {
  name: 'statuspage',
  commonResponses: COMMON_RESPONSES,
  corrections: [{
    op: 'replace', pointer: '/components/schemas/postPagesPageIdIncidents_incident_components',
    value: { type: 'object', additionalProperties: { $ref: '#/components/schemas/Component/properties/status' } },
    reason: 'Its only field is called component_id and stands for the ids of components.',
  }],
};

interface IncidentInput {
  readonly name?: string;
  readonly status?: StatuspageStatus;
  readonly impact_override?: string;
  readonly body?: string;
  readonly component_ids?: readonly string[];
  readonly components?: Readonly<Record<string, ComponentStatus>>;
  readonly deliver_notifications?: boolean;
  readonly metadata?: object;
}

/** A stateful Statuspage with one page, which takes one request a second by the given clock. */
export async function startStatuspage({ clock }: { readonly clock: Clock }): Promise<StatuspageFake> {
  const state: StatuspageState = {
    components: [{ id: 'comp00000001', name: 'Shop', status: 'operational' }, { id: 'comp00000002', name: 'Checkout', status: 'operational' }],
    incidents: [], delivered: 0,
  };
  let lastRequestAt = Number.NEGATIVE_INFINITY;
  const description = api(STATUSPAGE_API, '/v1');
  const route = (on: string, handle: Route['handle']): Route => ({ api: description, on: on.replace(' /', ' /pages/{page_id}/'), handle });

  const componentJson = ({ id, name, status }: StatuspageComponent): object =>
    ({ id, page_id: STATUSPAGE_PAGE, name, status, group: false, position: 1, showcase: true, only_show_if_degraded: false });
  const incidentJson = (incident: StatuspageIncident): object => ({
    id: incident.id, page_id: STATUSPAGE_PAGE, name: incident.name, status: incident.status, impact: incident.impact,
    impact_override: incident.impact, metadata: incident.metadata, shortlink: `https://stspg.io/${incident.id}`,
    created_at: new Date(incident.createdAt).toISOString(), updated_at: new Date(incident.updatedAt).toISOString(),
    ...(incident.resolvedAt === undefined ? {} : { resolved_at: new Date(incident.resolvedAt).toISOString() }),
    components: state.components.filter(({ id }) => incident.componentIds.includes(id)).map(componentJson),
    incident_updates: incident.updates.map(({ status, body, at, delivered }, index) => ({
      id: `${incident.id}-${incident.updates.length - index}`, incident_id: incident.id, status, body, deliver_notifications: delivered,
      created_at: new Date(at).toISOString(), updated_at: new Date(at).toISOString(), display_at: new Date(at).toISOString(),
    })),
  });

  const isUnknown = (id: string): boolean => !state.components.some((component) => component.id === id);
  const apply = (incident: StatuspageIncident, input: IncidentInput): void => {
    const now = clock.now();
    const status = input.status ?? incident.status;
    if (input.status !== undefined || input.body !== undefined) {
      // Left out, it means yes: subscribers get mail.
      const delivered = input.deliver_notifications ?? true;
      incident.updates.unshift({ status, body: input.body ?? '', at: now, delivered });
      state.delivered += delivered ? 1 : 0;
    }
    Object.assign(incident, {
      name: input.name ?? incident.name, status, impact: input.impact_override ?? incident.impact, metadata: input.metadata ?? incident.metadata,
      updatedAt: now, resolvedAt: status === 'resolved' ? incident.resolvedAt ?? now : undefined,
    });
    incident.componentIds.splice(0, input.component_ids === undefined ? 0 : Number.POSITIVE_INFINITY, ...(input.component_ids ?? []));
    for (const component of state.components) {
      component.status = input.components?.[component.id] ?? component.status;
    }
  };
  const checked = (request: FakeRequest, act: (input: IncidentInput) => Reply): Reply => {
    const input = (request.body.incident ?? {}) as IncidentInput;
    const unknown = [...(input.component_ids ?? []), ...Object.keys(input.components ?? {})].filter(isUnknown);
    return unknown.length > 0 ? refusal(422, `Component ids not found: ${unknown.join(', ')}`) : act(input);
  };
  const withIncident = ({ parameters }: FakeRequest, act: (incident: StatuspageIncident) => Reply): Reply => {
    const incident = state.incidents.find(({ id }) => id === parameters.incident_id);
    return incident === undefined ? refusal(404, 'Record not found') : act(incident);
  };

  const fake = await startFake<StatuspageOperation>({
    name: 'Statuspage', clock,
    routes: {
      listIncidents: route('GET /incidents', ({ query }) =>
        ({ status: 200, body: state.incidents.toReversed().filter(({ name }) => name.includes(query.get('q') ?? '')).map(incidentJson) })),
      unresolvedIncidents: route('GET /incidents/unresolved', () => ({ status: 200, body: state.incidents.toReversed().filter(({ status }) => status !== 'resolved').map(incidentJson) })),
      getIncident: route('GET /incidents/{incident_id}', (request) => withIncident(request, (incident) => ({ status: 200, body: incidentJson(incident) }))),
      createIncident: route('POST /incidents', (request) => checked(request, (input) => {
        const incident: StatuspageIncident = {
          id: `inc${String(state.incidents.length + 1).padStart(9, '0')}`, createdAt: clock.now(), updatedAt: clock.now(), resolvedAt: undefined, componentIds: [], updates: [],
          name: '', status: 'investigating', impact: 'none', metadata: {},
        };
        state.incidents.push(incident);
        apply(incident, { status: 'investigating', ...input });
        return { status: 201, body: incidentJson(incident) };
      })),
      updateIncident: route('PATCH /incidents/{incident_id}', (request) => withIncident(request, (incident) => checked(request, (input) => {
        apply(incident, input);
        return { status: 200, body: incidentJson(incident) };
      }))),
      listComponents: route('GET /components', () => ({ status: 200, body: state.components.map(componentJson) })),
      updateComponent: route('PATCH /components/{component_id}', ({ parameters, body }) => {
        const component = state.components.find(({ id }) => id === parameters.component_id);
        if (component === undefined) {
          return refusal(404, 'Record not found');
        }
        component.status = (body.component as { status?: ComponentStatus } | undefined)?.status ?? component.status;
        return { status: 200, body: componentJson(component) };
      }),
    },
    guard: ({ headers, parameters }) => {
      if (clock.now() - lastRequestAt < INTERVAL_MS) {
        return refusal(420, 'You have exceeded the limit of 1 request per second');
      }
      lastRequestAt = clock.now();
      return headers.authorization !== `OAuth ${STATUSPAGE_KEY}` ? refusal(401, 'Could not authenticate')
        : parameters.page_id === STATUSPAGE_PAGE ? undefined : refusal(404, 'Record not found');
    },
    rateLimited: (retryAfterS) => ({ ...refusal(429, 'Too many requests'), headers: { 'retry-after': String(retryAfterS) } }),
  });
  return { ...fake, url: `${fake.origin}/v1`, state };
}

function refusal(status: number, message: string): Reply {
  return { status, body: { message } };
}
