/** Timelines for the overview: one in which everything happens, and one of very many events. */
import { mkdir, writeFile } from 'node:fs/promises';
import { iso } from '../../src/incident/clock.ts';
import type { TimelineEvent } from '../../src/incident/events.ts';
import type { Chart, Evidence, Level } from '../../src/incident/evidence.ts';
import { INCIDENT, createEvents, eventId, minute, stepResult } from './build-events.ts';
import { timelineFile } from './build-ledger.ts';
import { ELSEWHERE, scalePlan } from './build-plan.ts';
import { requested } from './build-deliveries.ts';
import { START } from './clock.ts';

/** Minutes from the start to the last event of `wholeStory`. */
export const STORY_MINUTES = 62;

function chart(title: string, unit: string, from: number, to: number, value: (minute: number) => number, limit?: Chart['limit']): Chart {
  return { title, unit, series: [{ label: 'maximum', points: Array.from({ length: to - from + 1 }, (_none, index): [number, number] => [START + (from + index) * 60_000, value(from + index)]) }], ...(limit === undefined ? {} : { limit }) };
}

const pool = (at: number): number => (at < -4 ? 42 : at < 24 ? 98 + (at % 3) : Math.max(45, 100 - (at - 24) * 6));
const cpu = (at: number): number => Math.round(38 + 30 * Math.exp(-((at - 12) ** 2) / 180) + 4 * Math.sin(at));
const errors = (at: number): number => (at < -3 || at > 34 ? 2 + (at & 1) : 180 + 40 * Math.sin(at / 2));

/** What an investigation sees from so many minutes after the start back to half an hour before. */
function metricsAt(at: number): readonly Chart[] {
  return [
    chart('db DatabaseConnections', 'connections', at - 30, at, pool, { label: 'max_connections 100', value: 100 }),
    chart('healthflow-backend-service CPU', '%', at - 30, at, cpu, { label: 'limit 85 %', value: 85 }),
    chart('healthflow-backend-service memory', '%', at - 30, at, (one) => 61 + Math.round(3 * Math.sin(one / 4))),
    chart('Errors per minute', 'per minute', at - 30, at, errors),
  ];
}

function evidence(level: Level, summary: string, data: Evidence['data'] = {}, charts: readonly Chart[] = []): Evidence {
  return { level, summary, markdown: summary, data, ...(charts.length === 0 ? {} : { charts }) };
}

/**
 * A P1 from before it was noticed to a watch that goes on: an investigation with metrics and deployments, a change that
 * was undone and one that helped, messages in every state. From `START`; detected at minute 0.
 */
export function wholeStory(): TimelineEvent[] {
  const { event, declared } = createEvents();
  const done = (request: string, at: number) => event('delivery.done', { request, how: 'sent', result: {} }, { minute: at });
  const investigation = (at: number, level: Level, more: readonly Level[]) => {
    const deployments = { onset: minute(-8), deployments: [{ id: 7, sha: 'f00dcafe12', ref: 'main', environment: 'production', author: 'grace', at: minute(-17), result: 'success', suspect: true }], runs: [] };
    return event('step.finished', {
      result: stepResult('investigate', { title: 'Investigate', level, summary: level === 'bad' ? 'The connection pool is exhausted' : 'All is well but the deployment', evidence: evidence(level, 'Investigation') }),
      parts: [
        stepResult('checkConnectionPool', { title: 'Check the connection pool', level, summary: level === 'bad' ? '100 of 100 connections' : '45 of 100 connections', evidence: evidence(level, 'pool', {}, metricsAt(at).slice(0, 1)) }),
        stepResult('checkCpuMemory', { title: 'Check CPU and memory', level: 'ok', evidence: evidence('ok', 'CPU', {}, metricsAt(at).slice(1)) }),
        stepResult('listDeployments', { title: 'List deployments', level: 'warn', summary: 'One within an hour before the impact began', evidence: evidence('warn', 'Deployments', deployments) }),
        ...more.map((each, index) => stepResult(`check${index}`, { level: each })),
      ],
    }, { minute: at });
  };
  const change = (at: number, plan: ReturnType<typeof scalePlan>, level: Level, minutes: number): TimelineEvent[] => {
    const planned = event('change.planned', { plan, origin: ELSEWHERE }, { minute: at });
    return [
      planned,
      event('change.requested', { plan: planned.id, hash: plan.hash, origin: ELSEWHERE }, { minute: at + 0.5 }),
      event('change.made', { plan: planned.id, result: {} }, { minute: at + 1 }),
      event('step.finished', { result: stepResult(plan.step, { title: plan.title, level, section: '6.1', outcome: 'done', summary: level === 'ok' ? 'All tasks run the new version' : 'Rolled out, and the errors stay' }), change: planned.id }, { minute: at + minutes }),
    ];
  };
  const [slack, phone, lead] = [
    requested(event, {}, 3.5), requested(event, { target: 'DevOps Lead', call: 'phone', step: 'notifyStakeholders', contacts: ['devopsLead'] }, 5), requested(event, { service: 'mail', call: 'send', target: 'Engineering Manager', step: 'notifyStakeholders' }, 20),
  ];
  const first = change(18, scalePlan(), 'warn', 5);
  const undo = change(26, scalePlan({ title: 'Undo: Scale the service', undoes: first[0]?.id ?? '', summary: 'Set 4 tasks again' }), 'ok', 3);
  const helped = change(31, scalePlan({ step: 'restartService', title: 'Restart the service', summary: 'Replace all tasks one by one' }), 'ok', 6);
  const watch = event('watch.started', { step: 'monitorStability', minutes: 30, origin: ELSEWHERE }, { minute: 47 });
  return [
    declared({ title: 'Portals answer 503 for everybody', impactStartedAt: minute(-8) }, { minute: 0 }),
    event('severity.set', { severity: 'P1', reasons: ['All portals are down.'] }, { minute: 1.5 }),
    event('incident.acknowledged', {}, { minute: 2.5 }),
    event('role.assigned', { role: 'incidentCommander', person: 'Amira' }, { minute: 3 }),
    event('ticket.linked', { repository: 'acme/shop', number: 42, url: 'https://github.example/acme/shop/issues/42' }, { minute: 3.2 }),
    slack, done(slack.id, 3.6), event('step.finished', { result: stepResult('notifyTeam', { title: 'Notify the team', section: '4.3' }) }, { minute: 3.8 }),
    phone, event('delivery.held', { request: phone.id, reason: 'A person phones' }, { minute: 5 }),
    investigation(6, 'bad', ['ok', 'ok', 'unknown', 'ok']),
    event('step.finished', { result: stepResult('searchErrors', { title: 'Search the errors', level: 'bad', summary: '412 errors: too many clients already' }) }, { minute: 9 }),
    event('finding.documented', { text: 'The new release opens a connection for each request and never gives it back.' }, { minute: 11 }),
    event('update.posted', { status: 'Investigating', impact: 'Nobody can sign in', actions: 'Looking at the connection pool', next: 'Roll back', eta: 'not known', text: 'Investigating' }, { minute: 14 }),
    ...first, lead, event('delivery.failed', { request: lead.id, reason: 'The mail server refuses the address' }, { minute: 20.5 }),
    ...undo, ...helped,
    event('step.finished', { result: stepResult('verifyMitigation', { title: 'Verify the mitigation', section: '6.2', level: 'ok', summary: 'All five looks are well' }) }, { minute: 40 }),
    investigation(42, 'warn', ['ok', 'ok', 'ok', 'ok']),
    event('update.posted', { status: 'Mitigating', impact: 'None any more', actions: 'Restarted the service', next: 'Watch it', eta: '30 min', text: 'Monitoring' }, { minute: 45 }),
    watch,
    event('watch.sampled', { watch: watch.id, level: 'ok', reason: '', values: { healthMs: 12 } }, { minute: 52 }),
    event('checklist.marked', { checklist: 'confirmResolution', item: 'noUserReports', checked: true, note: 'Support hears nothing' }, { minute: STORY_MINUTES }),
  ];
}

/** The story with its end. */
export function closedStory(): TimelineEvent[] {
  const { event } = createEvents();
  const after = <T extends TimelineEvent>(one: T, index: number): T => ({ ...one, id: eventId(900 + index) });
  const watch = wholeStory().find(({ type }) => type === 'watch.started')?.id ?? '';
  return [...wholeStory(), ...[
    event('watch.ended', { watch, outcome: 'stable' }, { minute: 77 }),
    event('incident.resolved', { rootCause: 'Connections that were never given back', resolution: 'Restarted, then fixed' }, { minute: 79 }),
    event('incident.closed', { reason: 'Stable for half an hour' }, { minute: 84 }),
  ].map(after)];
}

/** An open incident of so many events, one every few seconds, of all kinds. Ends with its newest, at minute `count / 20`. */
export function manyEvents(count: number): TimelineEvent[] {
  const { event, declared } = createEvents();
  const levels: readonly Level[] = ['ok', 'ok', 'ok', 'warn', 'unknown', 'bad'];
  const one = (index: number): TimelineEvent => {
    const at = { minute: index / 20 };
    switch (index % 5) {
      case 0: return event('finding.documented', { text: `Finding ${index}: pool at ${index % 100}` }, at);
      case 1: return requested(event, { target: `#channel-${index % 7}` }, index / 20);
      case 2: return event('severity.set', { severity: index % 2 === 0 ? 'P1' : 'P2', reasons: ['Judged anew'] }, at);
      default: return event('step.finished', { result: stepResult(`check${index % 11}`, { level: levels[index % levels.length] ?? 'ok', summary: `Look ${index}` }) }, at);
    }
  };
  return [
    declared({ title: 'Ten thousand things happen' }), event('severity.set', { severity: 'P1', reasons: ['All is down'] }), event('incident.acknowledged', {}, { minute: 1 }),
    ...Array.from({ length: count - 3 }, (_none, index) => one(index + 30)),
  ];
}

/** The same events at another time, of another incident: every time in them is moved. @param ms what is added */
export function movedBy(events: readonly TimelineEvent[], ms: number, incident: string = INCIDENT): TimelineEvent[] {
  const text = JSON.stringify(events.map((event) => ({ ...event, incident })))
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, (at) => iso(Date.parse(at) + ms))
    .replace(/\b1\d{12}\b/g, (at) => String(Number(at) + ms));
  return JSON.parse(text) as TimelineEvent[];
}

/** Puts a timeline on record as it is. */
export async function writeTimeline(timelines: string, incident: string, events: readonly TimelineEvent[]): Promise<void> {
  await mkdir(timelines, { recursive: true });
  await writeFile(timelineFile(timelines, incident), events.map((event) => `\n${JSON.stringify(event)}\n`).join(''));
}
