/** What the checks record in the situations of runbook 12, worded and laid out as they do: taken from the practice environment and shortened. */
import assert from 'node:assert/strict';
import type { StepResult, TimelineEvent } from '../../src/incident/events.ts';
import type { Json, Level } from '../../src/incident/evidence.ts';
import { type Incident, fold } from '../../src/incident/fold.ts';
import { createEvents, stepResult } from './build-events.ts';

/** A check that was carried out. */
export function check(step: string, level: Level, summary: string, markdown = '', data: { readonly [key: string]: Json } = {}): StepResult {
  return stepResult(step, { level, summary, evidence: { level, summary, markdown, data } });
}

const EVENTS = (...messages: readonly string[]): string => ['| Time | Event |', '| --- | --- |', ...messages.map((message) => `| 2026-11-23 02:51:06 UTC | \\(service healthflow\\-backend\\-service\\) ${message} |`)].join('\n');

/** All is well, an hour after a deployment. */
export const HEALTHY: readonly StepResult[] = [
  check('listAlarms', 'ok', 'No alarm is in ALARM'),
  check('checkEndpoints', 'ok', 'All 5 endpoints answer', '| API health ` https://api.healthflow.gov.eg/health ` | 🟢\u00a0ok ok, 503 ms | 200 | 503 ms | 2027-03-01 00:00:00 UTC |'),
  check('checkServiceHealth', 'ok', 'API health: ok, 503 ms', '```json\n{\n  "status": "ok",\n  "slowQueries": 0\n}\n```', { endpoints: [{ name: 'API health', latencyMs: 503, status: 200 }] }),
  check('showServiceEvents', 'ok', 'healthflow-backend-service: 4 of 4 tasks running', EVENTS('has reached a steady state.', 'has stopped 4 running tasks\\: \\(task 636c9808\\) \\(task 44b960a0\\).')),
  check('checkDatabaseConnectivity', 'ok', 'Connected in 52 ms, 6 of 20 connections in use', '', { code: 'ok', used: 6, limit: 20 }),
  check('checkConnectionPool', 'ok', '64 of 200 connections (32 %)', '', { last: 64, limit: 200, percent: 32 }),
  check('searchErrors', 'ok', 'No ERROR in 60 min', 'No line matches ` ERROR ` in the last 60 min.', { total: 0, recent: 0, groups: [] }),
  check('checkCpuMemory', 'ok', 'CPU 34 % (peak 35 %), memory 57 % (peak 58 %)', '| backend | MemoryUtilization | 🟢\u00a0ok 57 % | 98 % | ▄▇▄ |'),
];

/** The database's connections have run out. */
export const EXHAUSTED: readonly StepResult[] = [
  check('checkServiceHealth', 'bad', 'API health: HTTP 503, says unhealthy', '```json\n{ "error": "sorry, too many clients already" }\n```', { endpoints: [{ status: 503, verdict: 'HTTP 503, says unhealthy' }] }),
  check('checkDatabaseConnectivity', 'bad', 'every connection slot is taken (sorry, too many clients already) [SQLSTATE 53300, too many connections]', '', { code: '53300' }),
  check('checkConnectionPool', 'bad', '200 of 200 connections (100 %)', '', { last: 200, limit: 200, percent: 100 }),
  check('searchErrors', 'bad', '250 lines with ERROR in 11 shapes, 50 in the last 5 min; most often: ERROR [http] requestId=<id> FATAL: sorry, too many clients already (×93)',
    '| 93 | ` ERROR [http] requestId=<id> FATAL: sorry, too many clients already ` |\n| 53 | ` ERROR [http] requestId=<id> Error: timeout exceeded when trying to connect ` |'),
  check('listAlarms', 'bad', '2 alarms in ALARM: healthflow-production-db-connections-high, healthflow-production-api-5xx', '', { alarms: [{ metric: 'AWS/ApplicationELB HTTPCode_Target_5XX_Count' }] }),
  check('checkEndpoints', 'bad', '3 of 5 endpoints in trouble: API health (HTTP 503, says unhealthy), Patient portal (HTTP 502), Pharmacy portal (slow, 1810 ms (over 1000 ms))'),
  check('showServiceEvents', 'warn', 'healthflow-backend-service: 4 of 4 tasks running; 3 min ago: (task 692e1194) (port 8080) is unhealthy in (target-group', EVENTS('has stopped 1 running tasks\\: \\(task e069b0fa\\).')),
  check('checkCpuMemory', 'warn', 'CPU 72 % (peak 73 %), memory 80 % (peak 82 %)', '| backend | MemoryUtilization | 🟠\u00a0warn 80 % | 82 % | ▆▆▇ |'),
];

/** Memory grows until the tasks are killed. */
export const LEAKING: readonly StepResult[] = [
  ...HEALTHY.filter(({ step }) => !['searchErrors', 'showServiceEvents', 'checkCpuMemory'].includes(step)),
  check('searchErrors', 'bad', '12 lines with ERROR in 1 shape, 2 in the last 5 min; most often: ERROR [process] exited (×12)', '', {
    groups: [{ sample: 'ERROR [process] exited\nFATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory' }],
  }),
  check('showServiceEvents', 'warn', 'healthflow-backend-service: 4 of 4 tasks running; 1 min ago: (task 692e1194) stopped', EVENTS('\\(task 692e1194\\) stopped\\: OutOfMemoryError\\: container killed, exit code\\: 137')),
  check('checkCpuMemory', 'bad', 'CPU 41 % (peak 60 %), memory 93 % (peak 97 %)'),
];

/** The API's certificate has expired over night. */
export const EXPIRED: readonly StepResult[] = [
  ...HEALTHY.filter(({ step }) => !['checkEndpoints', 'checkServiceHealth'].includes(step)),
  check('checkEndpoints', 'bad', '2 of 5 endpoints in trouble: API health (the TLS certificate has expired), API version (the TLS certificate has expired)'),
  check('checkServiceHealth', 'bad', 'API health: the TLS certificate has expired'),
];

/** Far more requests than usual. */
export const FLOODED: readonly StepResult[] = [
  ...HEALTHY.filter(({ step }) => !['listAlarms', 'checkEndpoints', 'checkServiceHealth'].includes(step)),
  check('listAlarms', 'bad', '1 alarm in ALARM: healthflow-production-requests', '| ` healthflow-production-requests ` | AWS/ApplicationELB RequestCount |'),
  check('checkEndpoints', 'warn', '1 of 5 endpoints in trouble: Patient portal (slow, 4810 ms (over 1000 ms))'),
  check('checkServiceHealth', 'bad', 'API health: HTTP 503'),
];

/** An incident that grows event by event; every step of it returns the id of the event. */
export function timeline() {
  const { declared, event } = createEvents();
  const events: TimelineEvent[] = [declared()];
  const add = (added: TimelineEvent): string => {
    events.push(added);
    return added.id;
  };
  return {
    events,
    incident: (): Incident => fold(events) ?? assert.fail(),
    investigated: (parts: readonly StepResult[], at: number) => add(event('step.finished', { result: stepResult('investigate', { level: 'bad', summary: parts.map(({ summary }) => summary).join('; ') }), parts }, { minute: at })),
    ran: (result: StepResult, at: number) => add(event('step.finished', { result }, { minute: at })),
    did: (step: string, at: number, outcome: StepResult['outcome'] = 'done') => add(event('step.finished', { result: stepResult(step, { outcome }) }, { minute: at })),
    found: (text: string, at: number) => add(event('finding.documented', { text }, { minute: at })),
    amended: (amends: string, changes: { retracted?: boolean; at?: string }, at: number) => add(event('event.amended', { amends, changes }, { minute: at })),
    closed: (at: number) => add(event('incident.closed', { reason: 'x' }, { minute: at })),
  };
}
