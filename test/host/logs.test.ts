import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { call, declare, eventually, practice, runStep } from './harness.ts';

function channelText(): string {
  return vscode.workspace.textDocuments.filter(({ uri }) => uri.scheme === 'output' && uri.path.includes('Incident Logs')).map((document) => document.getText()).join('\n');
}

describe('the log stream', () => {
  it('shows the last hour, then what arrives, redacted, until it is stopped', async function () {
    this.timeout(60_000);
    const incident = await declare('Logs');
    const answer = await runStep(incident, 'tailLogs');
    assert.equal(answer.status, 'done');
    const shown = Number(answer.evidence?.data['shown']);
    assert.ok(shown > 300, `only ${shown} lines of the last hour`);
    const text = await eventually('The history in the channel', channelText, (seen) => seen.includes('too many clients already'));
    assert.match(text, /^── \d{4}-\d{2}-\d{2} ──\n/);
    assert.match(text, /^\d{2}:\d{2}:\d{2}\.\d{3}Z \w{8} ERROR \[/m);
    assert.doesNotMatch(text, /RX-\d{4}-\d{8}/);

    const before = text.length;
    await practice('POST', 'tick');
    await eventually('New lines in the channel', channelText, (seen) => seen.length > before);

    await call('close', { incident, reason: 'Done' });
    await eventually('The end of the stream', channelText, (seen) => seen.includes(' stream ended ──'));
  });

  it('shows no line twice', () => {
    const lines = channelText().split('\n').filter((line) => /^\d{2}:.*requestId=/.test(line));
    assert.ok(lines.length > 50, `only ${lines.length} request lines`);
    assert.equal(new Set(lines).size, lines.length);
  });
});
