import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { call, declare, practice, runStep, timeline } from '../host/harness.ts';

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
  });
});
