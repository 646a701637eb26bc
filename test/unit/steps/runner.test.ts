import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import { UserError } from '../../../src/errors.ts';
import { automatedActions, isAutomated, loadAction } from '../../../src/steps/catalog.ts';
import { rawEvents, timelineFile } from '../../support/build-ledger.ts';
import { API, buildRunner, runbookWith } from '../../support/build-runner.ts';
import { MANUAL, runbookWithManualStep } from '../../support/manual-step.ts';
import { useHttpServers } from '../../support/http-stub.ts';
import { useTemporaryFolder } from '../../support/temporary-folder.ts';

const never = new AbortController().signal;

function says(...parts: readonly string[]): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof UserError, String(error));
    assert.deepEqual(parts.filter((part) => !error.message.includes(part)), [], error.message);
    return true;
  };
}

describe('StepRunner', () => {
  const folder = useTemporaryFolder();
  const serve = useHttpServers();

  it('has the result on the disk when it returns', async () => {
    const api = await serve((_request, response) => { response.writeHead(503).end(); });
    const { run, incident } = await buildRunner(folder(), { origins: { [API]: api } });
    const result = await run('checkServiceHealth');
    const last = rawEvents(timelineFile(folder(), incident)).at(-1);
    assert.ok(last?.type === 'step.finished');
    assert.deepEqual([last.id, last.result.step, last.result.level, last.result.summary, last.result.outcome], [result.event, 'checkServiceHealth', 'bad', result.summary, 'done']);
    assert.deepEqual(last.result.evidence, result.evidence);
    assert.deepEqual([result.status, result.level], ['done', 'bad']);
  });

  it('tells when a step begins and when it ends, until nobody listens', async () => {
    const { run, runner, progress, results } = await buildRunner(folder());
    let told = 0;
    const subscription = runner.onProgress(() => { told += 1; });
    await run('checkDatabaseConnectivity');
    subscription.dispose();
    await run('checkDatabaseConnectivity');
    assert.deepEqual(progress, ['checkDatabaseConnectivity', 'checkDatabaseConnectivity: unknown', 'checkDatabaseConnectivity', 'checkDatabaseConnectivity: unknown']);
    assert.equal(told, 2);
    assert.equal(results[0]?.durationMs, 0);
  });

  it('hides secrets in evidence, summaries and messages, and what the runbook hides', async () => {
    const api = await serve((_request, response) => { response.end('{"status":"down: RX-2026-00012345","password":"hunter2hunter2"}'); });
    const { run, onDisk, results } = await buildRunner(folder(), { origins: { [API]: api }, databaseUrl: 'mysql://app:hunter2hunter2@db/portal' });
    const returned = [await run('checkServiceHealth'), await run('checkDatabaseConnectivity'), await run('checkServiceHealth', { note: 'x' })];
    assert.doesNotMatch(JSON.stringify([returned, results, (await onDisk()).events]), /hunter2|00012345/);
    assert.match(returned[0]?.summary ?? '', /says down: \[redacted: prescription number\]/);
  });

  it('records a step that failed with what to do, and logs the cause', async () => {
    const { run, onDisk, logged } = await buildRunner(folder());
    const result = await run('checkDatabaseConnectivity', { connectTimeoutMs: 1 });
    assert.deepEqual([result.status, result.level], ['failed', 'unknown']);
    assert.equal(result.summary, 'Step "checkDatabaseConnectivity": input "connectTimeoutMs" must be a whole number from 100 to 60000, not 1.');
    assert.deepEqual((await onDisk()).steps.get('checkDatabaseConnectivity')?.outcome, 'failed');
    assert.match(logged[0] ?? '', /^checkDatabaseConnectivity failed: Step/);
  });

  it('records a step that broke, without pretending to know why', async () => {
    const { run, onDisk } = await buildRunner(folder(), { logStreams: { start: () => Promise.reject(new TypeError('x is not a function')) } });
    const result = await run('tailLogs');
    assert.deepEqual([result.status, result.summary], ['failed', 'The step failed unexpectedly: x is not a function. See the log, then run it again.']);
    assert.equal((await onDisk()).steps.get('tailLogs')?.level, 'unknown');
  });

  it('records a step that was cancelled, while it ran or before', async () => {
    const abort = new AbortController();
    const api = await serve(() => { abort.abort(); });
    const { run, onDisk, logged } = await buildRunner(folder(), { origins: { [API]: api } });
    assert.deepEqual((await run('checkServiceHealth', {}, abort.signal)).status, 'cancelled');
    assert.deepEqual((await run('checkDatabaseConnectivity', {}, abort.signal)).status, 'cancelled');
    const { steps } = await onDisk();
    assert.deepEqual([steps.get('checkServiceHealth')?.outcome, steps.get('checkDatabaseConnectivity')?.outcome], ['cancelled', 'cancelled']);
    assert.deepEqual(logged, []);
  });

  it('takes the inputs of the caller before those of the runbook, and these before its own', async () => {
    const streams: unknown[] = [];
    const { run } = await buildRunner(folder(), { logStreams: { start: ({ groups, pattern, from, incident }) => { streams.push([groups, pattern, from, incident]); return Promise.resolve({ shown: 0, errors: 0 }); } } });
    const { summary } = await run('tailLogs', { sinceMinutes: 5, pattern: 'ERROR' });
    assert.match(summary, /0 lines since 5 min/);
    assert.deepEqual((streams[0] as unknown[]).slice(0, 2), [['/aws/ecs/healthflow-production'], 'ERROR']);
  });

  it('checks before anything is declared, and records nothing then', async () => {
    const { runner, onDisk } = await buildRunner(folder(), { runbook: runbookWith({ endpoints: [] }) });
    const result = await runner.run({ step: 'checkServiceHealth' }, never);
    assert.deepEqual([result.status, result.event, result.level], ['done', undefined, 'unknown']);
    assert.equal((await onDisk()).events.length, 1);
    await assert.rejects(runner.run({ step: 'acknowledge' }, never), says('needs an incident', 'Declare one first'));
  });

  it('runs nothing in Restricted Mode', async () => {
    const { run, onDisk, progress } = await buildRunner(folder(), { trusted: false });
    for (const step of ['investigate', 'acknowledge', 'checkServiceHealth', 'rollback', 'nonsense']) {
      const { status, summary } = await run(step, { note: 'x' });
      assert.equal(status, 'refused');
      assert.match(summary, /Restricted Mode.*Workspaces: Manage Workspace Trust/);
    }
    assert.equal((await onDisk()).events.length, 1);
    assert.deepEqual(progress, []);
  });

  it('runs nothing in a closed incident', async () => {
    const { run, ledger, incident, onDisk } = await buildRunner(folder());
    await ledger.append(incident, { type: 'incident.closed', reason: 'over' });
    for (const step of ['investigate', 'acknowledge', 'checkServiceHealth', 'rollback']) {
      const { status, summary } = await run(step, { note: 'x' });
      assert.deepEqual([status, summary.startsWith(`${incident} is closed. Reopen it to run "`)], ['refused', true]);
    }
    assert.equal((await onDisk()).events.length, 2);
  });

  it('names the steps and incidents that there are when it knows one not', async () => {
    const { run, runner, incident } = await buildRunner(folder());
    await assert.rejects(run('restartEverything'), says('The runbook has no step "restartEverything"', 'checkServiceHealth'));
    await assert.rejects(runner.run({ incident: 'INC-20260101-NONE', step: 'acknowledge' }, never), says('no incident "INC-20260101-NONE"', incident));
  });

  it('fails when the result cannot be recorded', async () => {
    const { run, incident } = await buildRunner(folder(), { runbook: runbookWith({ endpoints: [] }) });
    rmSync(timelineFile(folder(), incident));
    writeFileSync(timelineFile(folder(), incident), 'rubbish\n');
    await assert.rejects(run('checkServiceHealth'), says(incident));
  });
});

describe('a step that is done by hand', () => {
  const folder = useTemporaryFolder();

  it('is refused with what to do, and recorded with a note', async () => {
    const { run, onDisk } = await buildRunner(folder(), { runbook: runbookWithManualStep() });
    const refused = await run(MANUAL.id);
    assert.equal(refused.status, 'refused');
    assert.match(refused.summary, /\(6\.1\) is done by hand[^]*"note" to record it/);
    assert.equal((await onDisk()).events.length, 1);

    const { status, level, event, summary } = await run(MANUAL.id, { note: ' Back on v1.2 ' });
    const record = (await onDisk()).steps.get(MANUAL.id);
    assert.deepEqual([status, level, summary], ['done', 'ok', 'By hand: Back on v1.2']);
    assert.deepEqual([record?.event, record?.evidence?.data, record?.evidence?.markdown], [event, { byHand: true }, 'Back on v1.2']);
  });

  it('shows the command of the runbook where there is one', async () => {
    const { run } = await buildRunner(folder(), { runbook: runbookWithManualStep() });
    assert.ok((await run(MANUAL.id)).summary.includes(MANUAL.runbookCommand));
  });

  it('can be an automated one as well, with the note kept harmless and without secrets', async () => {
    const { runner, incident, onDisk } = await buildRunner(folder());
    await runner.recordByHand(incident, 'checkServiceHealth', '<b>curl</b> with password=hunter2hunter2');
    const record = (await onDisk()).steps.get('checkServiceHealth');
    assert.equal(record?.summary, 'By hand: <b>curl</b> with password=[redacted: secret]');
    assert.match(record?.evidence?.markdown ?? '', /^\\<b\\>curl/);
    assert.doesNotMatch(record?.evidence?.markdown ?? '', /hunter2/);
    await assert.rejects(runner.recordByHand(incident, 'nonsense', 'x'), says('The runbook has no step "nonsense"'));
    await assert.rejects(runner.recordByHand('INC-20260101-NONE', 'rollback', 'x'), says('There is no incident'));
  });
});

describe('the catalog', () => {
  it('loads every action it names', async () => {
    for (const action of automatedActions()) {
      assert.ok(['read', 'record', 'post', 'change', 'watch', 'investigate'].includes((await loadAction(action))?.kind ?? ''), action);
      assert.equal(isAutomated(action), true);
    }
  });

  it('knows nothing else', () => {
    for (const action of [MANUAL.action, 'toString', '__proto__', '']) {
      assert.deepEqual([isAutomated(action), loadAction(action)], [false, undefined], action);
    }
  });
});
