import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { LOG_GROUP } from '../practice/resources.ts';
import { call, declare, eventually, logs, practice, runStep } from './harness.ts';

/** What the channel holds of the last stream; other tests have streamed before. */
function channelText(): string {
  const text = vscode.workspace.textDocuments.find(({ uri }) => uri.scheme === 'output' && uri.path.endsWith('Incident Logs'))?.getText() ?? '';
  return text.slice(Math.max(0, text.lastIndexOf(' since 20')));
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

  it('shows every line once when Live Tail drops a third, brings some late, is cut, and CloudWatch throttles', async function () {
    this.timeout(120_000);
    const written: string[] = [];
    await logs('CreateLogStream', { logGroupName: LOG_GROUP, logStreamName: 'faulty/one' });
    const incident = await declare('Logs that do not come as they should');
    await practice('POST', 'live-tail', { drop: 0.3, delayedShare: 0.2, delayMs: 10_000, cutAfterMs: 9_000 });
    await practice('POST', 'late-events', { share: 0.2, delayMs: 10_000 });
    try {
      await runStep(incident, 'tailLogs', { sinceMinutes: 1, pattern: '"faulty line"' });
      await eventually('Live Tail', channelText, (seen) => /following by Live Tail ──/.test(seen));
      for (let round = 0; round < 3; round += 1) {
        const lines = Array.from({ length: 50 }, (_, index) => `faulty line ${round}.${index} end`);
        await logs('PutLogEvents', { logGroupName: LOG_GROUP, logStreamName: 'faulty/one', logEvents: lines.map((message) => ({ timestamp: Date.now(), message })) });
        written.push(...lines);
        await eventually(`Something of round ${round}`, channelText, (seen) => seen.includes(`faulty line ${round}.`));
        await practice('POST', 'faults', { service: 'logs', operation: 'FilterLogEvents', times: 4, error: { code: 'ThrottlingException', message: 'Rate exceeded' } });
      }
      const shown = (): string[] => [...channelText().matchAll(/faulty line \d+\.\d+ end/g)].map(([line]) => line);
      await eventually('Every line', shown, (seen) => new Set(seen).size === written.length, 60_000);
      assert.deepEqual(shown().sort(), written.sort());
      const text = await eventually('What the stream says of itself', channelText, (seen) => /session renewed ──/.test(seen), 30_000);
      assert.match(text, /throttled, next try in \d+ s ──/);
      assert.match(text, /Live Tail is interrupted, polling meanwhile, next try in 1 s ──/);
    } finally {
      await practice('DELETE', 'live-tail');
      await practice('DELETE', 'late-events');
      await practice('DELETE', 'faults');
      await call('close', { incident, reason: 'Done' });
    }
  });

  it('rests and goes on', async function () {
    this.timeout(60_000);
    const incident = await declare('Logs that rest');
    await runStep(incident, 'tailLogs', { sinceMinutes: 1, pattern: '"resting line"' });
    await vscode.commands.executeCommand('incidentRunbook.pauseLogStream');
    await eventually('That it rests', channelText, (seen) => seen.trimEnd().endsWith(' paused ──'));
    await logs('PutLogEvents', { logGroupName: LOG_GROUP, logStreamName: 'faulty/one', logEvents: [{ timestamp: Date.now(), message: 'resting line' }] });
    await vscode.commands.executeCommand('incidentRunbook.resumeLogStream');
    await eventually('What came meanwhile', channelText, (seen) => /resumed ──[^]* resting line\n/.test(seen));
    await vscode.commands.executeCommand('incidentRunbook.stopLogStream');
    await eventually('The end of the stream', channelText, (seen) => seen.trimEnd().endsWith(' stream ended ──'));
    await call('close', { incident, reason: 'Done' });
  });
});
