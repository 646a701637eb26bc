import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import { call, declare, eventually, messageOf, practice, runStep, timeline } from '../host/harness.ts';

describe('Restricted Mode', () => {
  it('is what this suite runs in', () => {
    assert.equal(vscode.workspace.isTrusted, false);
  });

  it('reads and records timelines and runs no step', async () => {
    const incident = await declare('Restricted');
    await practice('DELETE', 'calls');
    for (const step of [
      'investigate', 'checkServiceHealth', 'tailLogs', 'acknowledge', 'restartService', 'scaleService', 'scaleDatabase', 'raiseDatabaseConnections', 'restartDatabaseConnections',
      'clearCache', 'rollback', 'verifyMitigation', 'monitorStability', 'raiseMemoryLimit', 'enableRateLimit', 'blockAddresses', 'contactAwsSupport', 'renewCertificate', 'updateListener',
    ]) {
      const answer = await runStep(incident, step);
      assert.equal(answer.status, 'refused', step);
      assert.match(answer.summary, /Restricted Mode.*Manage Workspace Trust/);
    }
    assert.deepEqual((await timeline(incident)).map(({ type }) => type), ['incident.declared']);
    assert.deepEqual(await practice('GET', 'calls'), []);
    assert.deepEqual(vscode.tasks.taskExecutions, []);
    const { incidents } = await call<{ incidents: { id: string }[] }>('list', {});
    assert.ok(incidents.some(({ id }) => id === incident));
    await call('close', { incident, reason: 'Done' });
  });

  it('reads no logs, runs no git, and still takes evidence', async () => {
    const incident = await declare('Restricted logs');
    await practice('DELETE', 'calls');
    const file = path.join(os.tmpdir(), `incident-runbook-restricted-${process.pid}.log`);
    const from = new Date(Date.now() - 3_600_000).toISOString();
    assert.match(await messageOf(call('exportLogs', { from, file })), /Restricted Mode/);
    assert.equal(existsSync(file), false);
    assert.deepEqual(await practice('GET', 'calls'), []);
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
    assert.match(await messageOf(call('openFrame', { folder, path: 'src/db/pool.js', line: 1, commit: 'a'.repeat(40) })), /no place in the files of this workspace/);
    const editor = await vscode.window.showTextDocument(vscode.Uri.file(path.join(folder, 'src', 'db', 'pool.js')));
    editor.selection = new vscode.Selection(0, 0, 1, 0);
    await vscode.commands.executeCommand('incidentRunbook.addEvidence');
    const found = await eventually('The evidence', () => timeline(incident), (seen) => seen.length === 2);
    // Which commit it is of only git would know.
    assert.equal((found[1]?.['excerpt'] as { readonly origin: string }).origin, 'src/db/pool.js:1');
  });
});
