import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { type StepAnswer, call, declare, eventually, messageOf, runStep, timeline, withSetting } from './harness.ts';

const EXTENSION = 'incident-runbook.incident-runbook';

describe('the commands as an API', () => {
  it('registers exactly what package.json contributes', async () => {
    const extension = vscode.extensions.getExtension(EXTENSION);
    assert.ok(extension, 'the extension is not there');
    await extension.activate();
    const contributed = (extension.packageJSON as { contributes: { commands: { command: string }[] } }).contributes.commands.map(({ command }) => command);
    // Every view brings commands of its own, such as the one that focuses it.
    const registered = (await vscode.commands.getCommands(true)).filter((id) => /^incidentRunbook\.(?!(incidents|deliveries|connections|followUps)\.)/.test(id));
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
    const told = events.filter(({ type }) => !type.startsWith('delivery.'));
    assert.deepEqual(told.map(({ type }) => type), ['incident.declared', 'incident.acknowledged', 'step.finished', 'severity.set', 'finding.documented', 'incident.closed']);
    assert.equal(events.find(({ type }) => type === 'incident.closed')?.at, closed.at);
    assert.deepEqual((told[4]?.['excerpt'] as { source: string }).source, 'src/db/pool.js');

    assert.equal((await runStep(incident, 'checkServiceHealth')).status, 'refused');
    await call('reopen', { incident, reason: 'It came back' });
    assert.equal((await runStep(incident, 'compareVersions')).status, 'done');
    await call('close', { incident, reason: 'Over' });
    const { incidents } = await call<{ incidents: { id: string }[] }>('list', { status: 'closed' });
    assert.ok(incidents.some(({ id }) => id === incident));
  });

  it('writes an update with the template, posts it, and leaves it to a person as long as nothing is connected', async () => {
    const incident = await declare('Slow prescriptions', { severity: 'P1' });
    const fields = { status: 'Investigating', impact: 'Slow', actions: 'Looked at the pool', next: 'Restart', eta: '1 hour' };
    type Update = { deliveries: { target: string; state: string; text: string; reason?: string }[] };
    const { deliveries } = await call<Update>('postUpdate', { incident, ...fields });
    assert.deepEqual(deliveries.map(({ target, state }) => [target, state]), [['#incidents', 'done']]);
    assert.match(deliveries[0]?.text ?? '', /^Incident Update - .*\nStatus: Investigating\nImpact: Slow\n[\s\S]*\nNext update: \d{4}-/);
    const alone = await withSetting('practice', '', async () => call<Update>('postUpdate', { incident, ...fields, impact: 'Down' }));
    assert.deepEqual(alone.deliveries.map(({ target, state, reason }) => [target, state, reason]), [['#incidents', 'by hand', 'Slack is not connected.']]);
    assert.equal((await timeline(incident)).filter(({ type }) => type === 'update.posted').length, 2);
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
    const done = await call<StepAnswer>('recordByHand', { incident, step: 'restartService', note: 'Restarted from the console' });
    assert.deepEqual([done.status, done.summary], ['done', 'By hand: Restarted from the console']);
    assert.match(await messageOf(call('recordByHand', { incident, step: 'restartService' })), /input "note" must be a text that is not empty/);
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
