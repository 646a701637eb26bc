/** Incidents that are on record when a window opens: on this machine, and on the ticket of somebody else. */
import { statSync } from 'node:fs';
import { systemClock } from '../../src/incident/clock.ts';
import type { Incident } from '../../src/incident/fold.ts';
import { createRedactor, redactEvent } from '../../src/incident/redact.ts';
import { createOutgoing } from '../../src/outgoing-parts.ts';
import type { Practice } from '../practice/environment.ts';
import { buildLedger, declaration, timelineFile } from './build-ledger.ts';
import { bundledRunbook } from './bundled-runbook.ts';
import { until } from './until.ts';

/**
 * Records a P1 whose severity was set so long ago: the clocks of its severity have run since then.
 *
 * @param timelines folder of the timelines; created when missing
 * @param ageMs ms
 */
export async function recordIncident(timelines: string, title: string, ageMs: number): Promise<Incident> {
  const ledger = buildLedger(timelines, { clock: { now: () => systemClock.now() - ageMs } });
  const { id } = await ledger.declare(declaration(title));
  await ledger.append(id, { type: 'severity.set', severity: 'P1', reasons: ['All portals are down.'] });
  return ledger.read(id);
}

/**
 * Another responder, on a machine of their own, declares an incident, takes its command and opens a ticket for it.
 *
 * @param directory folder of their timelines
 * @param login who may push in the practice's repository
 */
export async function shareIncident(practice: Practice, directory: string, { login, name, title }: { readonly login: string; readonly name: string; readonly title: string }): Promise<Incident> {
  const ledger = buildLedger(directory, { clock: systemClock, actor: () => ({ name, kind: 'person' }) });
  const redactor = createRedactor();
  const connections = practice.control.services.connections(login);
  const outgoing = createOutgoing({
    ledger, directory, clock: systemClock, redact: (event) => redactEvent(event, redactor), runbook: () => Promise.resolve(bundledRunbook()),
    connections: { get: (service) => Promise.resolve(connections[service]) },
    isTrusted: () => true, folder: () => undefined, onChange: () => undefined, onStranger: () => undefined, log: () => undefined,
  });
  try {
    await outgoing.start();
    const { id } = await ledger.declare(declaration(title));
    await ledger.append(id, { type: 'severity.set', severity: 'P1', reasons: ['All portals are down.'] });
    await ledger.append(id, { type: 'role.assigned', role: 'incidentCommander', person: name });
    const request = await ledger.append(id, {
      type: 'delivery.requested', origin: await outgoing.origin(), delivery: {
        service: 'github', call: 'createIssue', target: 'the repository', text: `${title} (${id})`, step: 'createTicket',
        data: { title: `INCIDENT: ${title}`, labels: ['incident', 'P1'], assignees: [] },
      },
    });
    const limit = AbortSignal.timeout(20_000);
    await outgoing.settle(id, [request.id], limit);
    await until('the timeline to be on the ticket', () => outgoing.shared.sync(id, limit, { isForced: true }), 20_000);
    return await ledger.read(id);
  } finally {
    outgoing.dispose();
  }
}

/**
 * Waits until nothing has been recorded for a second. Everything that is recorded redraws the trees, and while VS Code
 * draws them it neither knows which row a button belongs to nor keeps what is expanded.
 */
export async function atRest(timelines: string, incident: string): Promise<void> {
  const file = timelineFile(timelines, incident);
  await until('the timeline to rest', () => Date.now() - statSync(file).mtimeMs > 1_000, 30_000);
}
