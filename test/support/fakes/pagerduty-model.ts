/** What the fake of PagerDuty remembers of its one account. Times are epoch ms. */
export interface PagerDutyUser {
  readonly id: string;
  readonly name: string;
  readonly email: string;
}

export interface PagerDutyService {
  readonly id: string;
  readonly name: string;
  readonly routingKey: string;
  readonly escalationPolicy: string;
  /** What that policy is called; absent: as in emptyPagerDuty. */
  readonly policyName?: string;
}

export interface PagerDutyIncident {
  readonly id: string;
  readonly number: number;
  /** The deduplication key of the event that opened it. */
  readonly key: string;
  readonly service: PagerDutyService;
  readonly urgency: 'high' | 'low';
  readonly createdAt: number;
  readonly assignees: PagerDutyUser[];
  readonly acknowledgements: { readonly at: number; readonly by: PagerDutyUser | undefined }[];
  readonly notes: { readonly id: string; readonly content: string; readonly by: PagerDutyUser; readonly at: number }[];
  readonly statusUpdates: string[];
  /** Events with its key since it opened, the first included. */
  triggers: number;
  title: string;
  status: 'triggered' | 'acknowledged' | 'resolved';
  changedAt: number;
  resolvedAt: number | undefined;
}

export interface PagerDutyOncall {
  readonly user: PagerDutyUser;
  readonly escalationPolicy: string;
  /** What that policy is called; absent: as in emptyPagerDuty. */
  readonly policyName?: string;
  readonly level: number;
}

export interface PagerDutyState {
  readonly users: PagerDutyUser[];
  readonly services: PagerDutyService[];
  readonly escalationPolicies: { readonly id: string; readonly name: string }[];
  readonly oncalls: PagerDutyOncall[];
  readonly incidents: PagerDutyIncident[];
  readonly changes: string[];
}

export const PAGERDUTY_TOKEN = 'invented-rest-token';
export const PAGERDUTY_ROUTING_KEY = '0123456789abcdef0123456789abcdef';

const API = 'https://api.pagerduty.com';
const WEB = 'https://acme.pagerduty.com';

const POLICY_NAME = 'Shop on-call';

export function emptyPagerDuty(): PagerDutyState {
  const users = ['ada', 'grace'].map((name, index) => ({ id: `PUSER0${index + 1}`, name, email: `${name}@example.com` }));
  return {
    users, incidents: [], changes: [],
    services: [{ id: 'PSERV01', name: 'Shop', routingKey: PAGERDUTY_ROUTING_KEY, escalationPolicy: 'PPOLI01' }],
    escalationPolicies: [{ id: 'PPOLI01', name: POLICY_NAME }],
    oncalls: users.map((user, index) => ({ user, escalationPolicy: 'PPOLI01', level: index + 1 })),
  };
}

const reference = (type: string, folder: string, id: string, summary: string): object =>
  ({ id, type: `${type}_reference`, summary, self: `${API}/${folder}/${id}`, html_url: `${WEB}/${folder}/${id}` });

export const userReference = ({ id, name }: PagerDutyUser): object => reference('user', 'users', id, name);

const at = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

export function incidentJson(incident: PagerDutyIncident): object {
  const { id, number, key, service, title, status, createdAt, changedAt, resolvedAt, urgency } = incident;
  return {
    id, type: 'incident', summary: `[#${number}] ${title}`, self: `${API}/incidents/${id}`, html_url: `${WEB}/incidents/${id}`,
    incident_number: number, title, status, incident_key: key, urgency, created_at: at(createdAt), updated_at: at(changedAt), last_status_change_at: at(changedAt),
    ...(resolvedAt === undefined ? {} : { resolved_at: at(resolvedAt) }), service: reference('service', 'services', service.id, service.name),
    assigned_via: 'escalation_policy', assignments: incident.assignees.map((user) => ({ at: at(createdAt), assignee: userReference(user) })),
    acknowledgements: incident.acknowledgements.map((one) => ({
      at: at(one.at), acknowledger: one.by === undefined ? reference('service', 'services', service.id, service.name) : userReference(one.by),
    })),
    alert_counts: { all: incident.triggers, triggered: status === 'resolved' ? 0 : incident.triggers, resolved: status === 'resolved' ? incident.triggers : 0 },
    escalation_policy: reference('escalation_policy', 'escalation_policies', service.escalationPolicy, service.policyName ?? POLICY_NAME), teams: [], pending_actions: [],
    is_mergeable: true, incident_type: { name: 'incident_default' },
  };
}

export function noteJson({ id, content, by, at: ms }: PagerDutyIncident['notes'][number]): object {
  return { id, content, user: userReference(by), channel: { summary: 'The PagerDuty website or APIs' }, created_at: at(ms) };
}

export function oncallJson({ user, escalationPolicy, policyName = POLICY_NAME, level }: PagerDutyOncall): object {
  return {
    escalation_policy: reference('escalation_policy', 'escalation_policies', escalationPolicy, policyName), escalation_level: level,
    user: userReference(user), schedule: reference('schedule', 'schedules', 'PSCHE01', 'Shop primary'), start: '2026-11-20T00:00:00Z', end: '2026-11-27T00:00:00Z',
  };
}

export function policyJson({ id, name }: PagerDutyState['escalationPolicies'][number], oncalls: readonly PagerDutyOncall[]): object {
  return {
    id, type: 'escalation_policy', summary: name, name, self: `${API}/escalation_policies/${id}`, html_url: `${WEB}/escalation_policies/${id}`,
    num_loops: 1, services: [], teams: [], on_call_handoff_notifications: 'if_has_services',
    escalation_rules: oncalls.filter(({ escalationPolicy }) => escalationPolicy === id).map(({ user, level }) =>
      ({ id: `PRULE0${level}`, escalation_delay_in_minutes: 10, targets: [userReference(user)] })),
  };
}
