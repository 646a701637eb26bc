import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { call, declare, eventually, messageOf, runStep, timeline } from './harness.ts';

const EXTENSION = 'incident-runbook.incident-runbook';

describe('the commands as an API', () => {
  it('registers exactly what package.json contributes', async () => {
    const extension = vscode.extensions.getExtension(EXTENSION);
    assert.ok(extension, 'the extension is not there');
    await extension.activate();
    const contributed = (extension.packageJSON as { contributes: { commands: { command: string }[] } }).contributes.commands.map(({ command }) => command);
    const registered = (await vscode.commands.getCommands(true)).filter((id) => id.startsWith('incidentRunbook.') && !id.startsWith('incidentRunbook.incidents.'));
    assert.deepEqual(registered.sort(), [...contributed].sort());
  });

  it('carries one incident from declaration to closure', async () => {
    const impactStartedAt = new Date(Date.now() - 600_000).toISOString();
    const incident = await declare('Prescriptions are slow', { detectedBy: 'phone', impactStartedAt, drill: true });
    assert.match(incident, /^INC-\d{8}-[0-9A-Z]{4}$/);

    const { at } = await call<{ at: string }>('acknowledge', { incident });
    assert.deepEqual(await call('acknowledge', { incident }), { at }, 'acknowledging twice changes nothing');

    const assessed = await call<{ severity: string; reasons: string[] }>('assessSeverity', {
      incident, answers: { unavailable: 'yes', affected: 'many', security: 'no', workaround: 'no', businessImpact: 'high' },
    });
    assert.equal(assessed.severity, 'P1');
    assert.ok(assessed.reasons.length > 0);

    const finding = await runStep(incident, 'documentFinding', { text: 'Database connections are at maximum capacity', file: 'src/db/pool.js', startLine: 3, endLine: 5, selection: 'const leak = true;' });
    assert.equal(finding.status, 'done');

    const open = await call<{ incidents: { id: string; status: string; severity: string; drill: boolean }[] }>('list', { status: 'open' });
    const listed = open.incidents.find(({ id }) => id === incident);
    assert.deepEqual({ status: listed?.status, severity: listed?.severity, drill: listed?.drill }, { status: 'acknowledged', severity: 'P1', drill: true });

    const closed = await call<{ at: string }>('close', { incident, reason: 'The pool was restarted' });
    const events = await timeline(incident);
    assert.deepEqual(events.map(({ type }) => type), ['incident.declared', 'incident.acknowledged', 'severity.set', 'finding.documented', 'incident.closed']);
    assert.equal(events.at(-1)?.at, closed.at);
    assert.deepEqual((events[3]?.['excerpt'] as { source: string }).source, 'src/db/pool.js');

    assert.equal((await runStep(incident, 'checkServiceHealth')).status, 'refused');
    await call('reopen', { incident, reason: 'It came back' });
    assert.equal((await runStep(incident, 'compareVersions')).status, 'done');
    await call('close', { incident, reason: 'Over' });
    const { incidents } = await call<{ incidents: { id: string }[] }>('list', { status: 'closed' });
    assert.ok(incidents.some(({ id }) => id === incident));
  });

  it('writes an update with the template, and says where it belongs as long as nothing is connected', async () => {
    const incident = await declare('Slow prescriptions', { severity: 'P1' });
    const fields = { status: 'Investigating', impact: 'Slow', actions: 'Looked at the pool', next: 'Restart', eta: '1 hour' };
    const { deliveries } = await call<{ deliveries: { target: string; state: string; text: string }[] }>('postUpdate', { incident, ...fields });
    assert.deepEqual(deliveries.map(({ target, state }) => [target, state]), [['#incidents', 'by hand']]);
    assert.match(deliveries[0]?.text ?? '', /^Incident Update - .*\nStatus: Investigating\nImpact: Slow\n[\s\S]*\nNext update: \d{4}-/);
    assert.equal((await timeline(incident)).at(-1)?.type, 'update.posted');
    assert.match(await messageOf(call('postUpdate', { incident, ...fields, status: 'Fine' })), /Investigating, Mitigating, Resolved/);
    assert.match(await messageOf(call('postUpdate', { incident, ...fields, next: '' })), /"next" must be a text/);
  });

  it('corrects an event by another one', async () => {
    const incident = await declare('Times to correct');
    await call('acknowledge', { incident });
    const acknowledged = (await timeline(incident)).find(({ type }) => type === 'incident.acknowledged');
    assert.ok(acknowledged);
    const at = new Date(Date.parse(acknowledged.at) - 60_000).toISOString();
    await call('amend', { incident, event: acknowledged.id, at });
    assert.equal((await timeline(incident)).find(({ id }) => id === acknowledged.id)?.at, at);
    await call('amend', { incident, event: acknowledged.id, retracted: true });
    assert.equal((await timeline(incident)).some(({ id }) => id === acknowledged.id), false);
  });

  it('overrides a severity only with a reason', async () => {
    const incident = await declare('Override');
    const answers = { unavailable: 'no', affected: 'none', security: 'no', workaround: 'yes', businessImpact: 'low' };
    assert.match(await messageOf(call('assessSeverity', { incident, answers, override: 'P1' })), /overrideReason/);
    assert.deepEqual(await call('assessSeverity', { incident, answers, override: 'P1', overrideReason: 'The minister is watching' }), { severity: 'P1', reasons: ['The minister is watching'] });
  });

  it('runs the checks of chapter 3 before anything is declared, and records nothing', async () => {
    const before = (await call<{ incidents: unknown[] }>('list', {})).incidents.length;
    const answer = await runStep(undefined, 'listAlarms');
    assert.equal(answer.status, 'done');
    const alarms = answer.evidence?.data['alarms'] as { name: string; since: string }[];
    assert.ok(alarms.some(({ name }) => name === 'healthflow-production-db-connections-high'));
    assert.ok(alarms.every(({ since }) => Date.parse(since) <= Date.now()));
    assert.equal(answer.event, undefined);
    assert.equal((await call<{ incidents: unknown[] }>('list', {})).incidents.length, before);
  });

  it('records a step done by hand', async () => {
    const incident = await declare('By hand');
    const refused = await runStep(incident, 'restartService');
    assert.equal(refused.status, 'refused');
    assert.match(refused.summary, /update-service/);
    const done = await runStep(incident, 'restartService', { note: 'Restarted from the console' });
    assert.equal(done.status, 'done');
    assert.match(JSON.stringify(await timeline(incident)), /Restarted from the console/);
  });

  it('opens timeline and evidence as documents that follow the timeline', async () => {
    const incident = await declare('Documents <script>alert(1)</script>');
    const uri = vscode.Uri.from({ scheme: 'incident-runbook', path: `/${incident}/Timeline ${incident}.md` });
    const document = await vscode.workspace.openTextDocument(uri);
    assert.doesNotMatch(document.getText(), /(?<!\\)<script/);
    await runStep(incident, 'documentFinding', { text: 'Seen in the document' });
    await eventually('The finding in the open document', () => document.getText(), (text) => text.includes('Seen in the document'));
  });
});
