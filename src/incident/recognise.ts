/** Tells an event from rubbish: what another program or a hand left in a timeline must not keep the rest from being read. */
import { DELIVERY_SERVICES, SEVERITIES, type TimelineEvent } from './events.ts';

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === 'string';
const flag: Check = (value) => typeof value === 'boolean';
const count: Check = (value) => typeof value === 'number';
const time: Check = (value) => typeof value === 'string' && /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z$/.test(value) && !Number.isNaN(Date.parse(value));
const severity: Check = (value) => (SEVERITIES as readonly unknown[]).includes(value);
const service: Check = (value) => (DELIVERY_SERVICES as readonly unknown[]).includes(value);
const how: Check = (value) => value === 'sent' || value === 'found' || value === 'by hand';
const optional = (check: Check): Check => (value) => value === undefined || check(value);
const listOf = (check: Check): Check => (value) => Array.isArray(value) && value.every(check);
const object = (fields: Readonly<Record<string, Check>> = {}): Check => (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
  && Object.entries(fields).every(([name, check]) => check((value as Readonly<Record<string, unknown>>)[name]));

const CHART = object({
  title: text,
  unit: text,
  series: listOf(object({ label: text, points: listOf(listOf(count)) })),
  limit: optional(object({ label: text, value: count })),
});
const EVIDENCE = object({
  summary: text, level: text, markdown: text, data: object(), charts: optional(listOf(CHART)), links: optional(listOf(object({ title: text, url: text }))),
});
const RESULT = object({ step: text, title: text, section: text, outcome: text, level: text, summary: text, durationMs: count, evidence: optional(EVIDENCE) });

const PLAN = object({
  step: text, title: text, section: text, effect: text, by: text, summary: text, command: text, follow: text, approval: text, hash: text, undoes: optional(text), details: optional(text),
  target: object({ system: text, environment: text, resource: text, account: optional(text), region: optional(text) }),
  differences: listOf(object({ name: text, before: text, after: text })), hazards: listOf(object({ level: text, text })),
  before: object(), after: object(), inputs: object(), undo: object({ possible: flag, how: text }),
});

const HEAD = object({ id: text, incident: text, at: time, recordedAt: time, actor: object({ name: text, kind: text }), type: text });

/** What a type must bring so that the fold, the tree and the documents can rely on it; more is allowed. */
const BODIES: Readonly<Record<TimelineEvent['type'], Check>> = {
  'incident.declared': object({ title: text, environment: text, detectedBy: text, impactStartedAt: optional(time), drill: flag, runbook: object({ name: text, version: text }) }),
  'incident.acknowledged': object(),
  'severity.set': object({ severity, reasons: listOf(text), override: optional(object({ recommended: severity, reason: text })) }),
  'role.assigned': object({ role: text, person: text }),
  'step.finished': object({ result: RESULT, parts: optional(listOf(RESULT)), change: optional(text) }),
  'change.planned': object({ plan: PLAN, origin: text }),
  'change.approved': object({ plan: text, hash: text, until: time }),
  'change.requested': object({ plan: text, hash: text, origin: text }),
  'change.made': object({ plan: text, result: object() }),
  'watch.started': object({ step: text, minutes: count, origin: text }),
  'watch.sampled': object({ watch: text, level: text, reason: text, values: object() }),
  'watch.restarted': object({ watch: text, reason: text }),
  'watch.ended': object({ watch: text, outcome: (value) => value === 'stable' || value === 'stopped' }),
  'finding.documented': object({ text, excerpt: optional(object({ source: text, language: text, startLine: count, endLine: count, text, origin: optional(text), link: optional(text) })) }),
  'update.posted': object({ status: text, impact: text, actions: text, next: text, eta: text, text }),
  'delivery.requested': object({
    delivery: object({ service, call: text, target: text, text, data: object(), step: text, contacts: optional(listOf(text)), after: optional(listOf(text)) }), origin: text,
  }),
  'delivery.attempted': object({ requests: listOf(text), until: time }),
  'delivery.done': object({ request: text, how, result: object(), url: optional(text), note: optional(text) }),
  'delivery.failed': object({ request: text, reason: text, retryAt: optional(time), inDoubt: optional(flag) }),
  'delivery.unknown': object({ request: text, reason: text }),
  'delivery.held': object({ request: text, reason: text }),
  'delivery.retried': object({ request: text }),
  'delivery.discarded': object({ request: text, reason: text }),
  'ticket.linked': object({ repository: text, number: count, url: text }),
  'step.claimed': object({ step: text, origin: text, until: time }),
  'step.released': object({ claim: text }),
  'reminder.snoozed': object({ step: text, until: time }),
  'checklist.marked': object({ checklist: text, item: text, checked: flag, note: optional(text), evidence: optional(text) }),
  'incident.resolved': object({ rootCause: text, resolution: text, scenario: optional(text), cause: optional(text), unproved: optional(listOf(object({ item: text, reason: text }))) }),
  'review.scheduled': object({ uid: text, sequence: count, start: time, end: time, invitees: listOf(text), cancelled: optional(flag) }),
  'review.written': object({ file: text }),
  'followup.seen': object({ delivery: text, state: (value) => value === 'open' || value === 'closed', assignee: text }),
  'incident.imported': object({ url: text, note: text }),
  'incident.closed': object({ reason: text, unproved: optional(listOf(text)) }),
  'incident.reopened': object({ reason: text }),
  'event.amended': object({ amends: text, changes: object({ at: optional(time), text: optional(text), retracted: optional(flag), title: optional(text), impactStartedAt: optional(time) }) }),
};

/** Whether a value can be folded. A type written by a newer version only needs the head that all events share. */
export function isTimelineEvent(value: unknown): value is TimelineEvent {
  if (!HEAD(value)) {
    return false;
  }
  const { type } = value as TimelineEvent;
  return !Object.hasOwn(BODIES, type) || BODIES[type](value);
}
