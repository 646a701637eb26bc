import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'mocha';
import { UserError } from '../../../src/errors.ts';
import type { Json } from '../../../src/incident/evidence.ts';
import type { Plan } from '../../../src/incident/plan.ts';
import type { Tasks } from '../../../src/services/tasks.ts';
import { type TestRunner, buildRunner } from '../../support/build-runner.ts';
import { stepResult } from '../../support/build-events.ts';
import { ProgramTasks } from '../../support/program-tasks.ts';
import { useTemporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';

const TOKEN = `ghp_${'a1B2'.repeat(9)}`;
const { signal: never } = new AbortController();

describe('rollback', function () {
  if (process.platform === 'win32') {
    this.pending = true;
  }
  const temporary = useTemporaryFolder();
  const script = (): string => path.join(temporary(), 'service', 'scripts', 'emergency-rollback.sh');
  const write = (body: string): void => {
    mkdirSync(path.dirname(script()), { recursive: true });
    writeFileSync(script(), `#!/bin/sh\n${body}\n`);
    chmodSync(script(), 0o755);
  };
  const git = (...args: readonly string[]): string => execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', ...args], { cwd: path.join(temporary(), 'service'), encoding: 'utf8', stdio: 'pipe' });
  const open = async (tasks: Tasks = new ProgramTasks(path.join(temporary(), 'service'))): Promise<TestRunner & { apply(hash: string | undefined, signal?: AbortSignal): ReturnType<TestRunner['run']>; plan(inputs?: Readonly<Record<string, unknown>>): Promise<Plan> }> => {
    const built = await buildRunner(path.join(temporary(), 'ledger'), { tasks });
    const apply = (hash: string | undefined, signal = never): ReturnType<TestRunner['run']> => built.runner.run({ incident: built.incident, step: 'rollback', approve: hash }, signal);
    return { ...built, apply, plan: async (inputs) => {
      const { status, plan, summary } = await built.run('rollback', inputs);
      assert.equal(status, 'planned', summary);
      return plan ?? assert.fail();
    } };
  };
  const hazards = ({ hazards: found }: Plan): string => found.map(({ level, text }) => `${level}: ${text}`).join('\n');

  it('shows what would run, from what to what, and that there is no way back', async () => {
    write(`# PGPASSWORD=hunter2hunter2\n${Array.from({ length: 70 }, (_, index) => `echo line ${index}`).join('\n')}`);
    const tasks = new ProgramTasks(path.join(temporary(), 'service'));
    const plan = await (await open(tasks)).plan();
    assert.equal(plan.summary, 'Roll production back by running ./scripts/emergency-rollback.sh production');
    assert.equal(plan.command, './scripts/emergency-rollback.sh production');
    assert.deepEqual(plan.after, { command: [script(), 'production'], folder: path.join(temporary(), 'service') });
    assert.deepEqual([plan.before['program'], plan.before['head'], plan.before['dirty']], [script(), null, false]);
    assert.match(String(plan.before['sha256']), /^[0-9a-f]{64}$/);
    assert.deepEqual(plan.undo, { possible: false, how: 'No undo by itself: roll forward by deploying again.' });
    assert.match(plan.details ?? '', /The first 60 of 72 lines; read the rest[^]*```sh\n#!\/bin\/sh\n# PGPASSWORD=\[redacted: secret\]\n[^]*echo line 57\n```$/);
    assert.match(hazards(plan), /warn: Database migrations do not go back[^]*note: Git knows no commit here[^]*note: Which version runs now is not on the timeline/);
    assert.deepEqual(tasks.started, []);
  });

  it('says what runs and what was deployed before it, where an earlier step has seen it', async () => {
    write('true');
    const { ledger, incident, plan } = await open();
    const [newest, failed, older] = ['c'.repeat(40), 'b'.repeat(40), 'a'.repeat(40)];
    const seen = (step: string, data: Record<string, Json>): Promise<unknown> => ledger.append(incident, { type: 'step.finished', result: stepResult(step, { evidence: { level: 'ok', summary: '', markdown: '', data } }) });
    await seen('listDeployments', { deployments: [newest, failed, older].map((sha, index) => ({ sha, at: `2026-11-23T0${2 - index}:00:00.000Z`, result: sha === failed ? 'failure' : 'success' })) });
    assert.match((await plan()).differences[0]?.after ?? '', /deployed before: aaaaaaa, 3 h 00 min ago$/);
    await seen('compareVersions', { answers: [{ running: '2.14.1 @ aaaaaaaaaaaa', commit: older }] });
    const known = await plan();
    assert.deepEqual(known.differences[0], { name: 'Version', before: '2.14.1 @ aaaaaaaaaaaa', after: 'what the script chooses' });
    assert.match(hazards(known), /Which version was deployed before is not on the timeline/);
    assert.doesNotMatch(hazards(known), /Which version runs now/);
  });

  it('knows the commit, changes that are not committed, and how far the checkout is behind', async () => {
    write('true');
    git('init', '--quiet', '--initial-branch=main');
    git('add', '.');
    git('commit', '--quiet', '--message=one');
    const head = git('rev-parse', 'HEAD').trim();
    const { plan } = await open();
    const clean = await plan();
    assert.deepEqual([clean.before['head'], clean.before['dirty']], [head, false]);
    assert.match(hazards(clean), /note: The checkout at [0-9a-f]{7} follows no branch of a remote/);
    assert.match(clean.differences[1]?.after ?? '', new RegExp(`at commit ${head.slice(0, 7)}$`));

    git('clone', '--quiet', '--bare', '.', path.join(temporary(), 'origin'));
    git('remote', 'add', 'origin', path.join(temporary(), 'origin'));
    git('fetch', '--quiet');
    git('branch', '--quiet', '--set-upstream-to=origin/main');
    assert.match(hazards(await plan()), /note: The checkout is as new as origin\/main was/);
    git('commit', '--quiet', '--allow-empty', '--message=two');
    git('push', '--quiet');
    git('reset', '--quiet', '--hard', 'HEAD~1');
    assert.match(hazards(await plan()), /warn: The checkout is 1 commit behind origin\/main as last fetched/);

    appendFileSync(script(), 'echo more\n');
    const dirty = await plan();
    assert.deepEqual([dirty.before['head'], dirty.before['dirty']], [head, true]);
    assert.match(hazards(dirty), /warn: \.\/scripts\/emergency-rollback\.sh is not as it was committed/);
  });

  it('is refused without a folder, a program or a name', async () => {
    write('true');
    const summary = async (inputs: Readonly<Record<string, unknown>>, tasks?: Tasks): Promise<string> => {
      const { run } = await open(tasks);
      const answer = await run('rollback', inputs);
      assert.equal(answer.status, 'refused');
      return answer.summary;
    };
    assert.match(await summary({}, new ProgramTasks(undefined)), /^No folder is open.*Open the folder/);
    assert.match(await summary({ command: ['./scripts/other.sh'] }), /^There is no \.\/scripts\/other\.sh/);
    assert.match(await summary({ command: [' '] }), /names no program/);
    assert.match(await summary({ command: [] }), /"command" must be a list of texts/);
    assert.match(await summary({ command: './scripts/emergency-rollback.sh' }), /"command" must be a list of texts/);
    assert.match(await summary({ command: ['../x.sh'] }), /is not in the workspace folder/);
    chmodSync(script(), 0o644);
    assert.match(await summary({}), /"chmod \+x /);
  });

  it('runs exactly what was shown, and keeps its output without secrets', async () => {
    write(`echo "Rolling back $1"; echo "using ${TOKEN}"; printf '\\033[32mdone with ${TOKEN}\\033[0m\\n'`);
    const tasks = new ProgramTasks(path.join(temporary(), 'service'));
    const { change, onDisk } = await open(tasks);
    const { status, level, summary } = await change('rollback');
    assert.deepEqual([status, level], ['done', 'ok']);
    assert.match(summary, /^The script ended well \(exit code 0\) after 0 s: done with \[redacted: GitHub token\]$/);
    assert.deepEqual(tasks.started.map(({ command, cwd }) => [command, cwd]), [[[script(), 'production'], path.join(temporary(), 'service')]]);
    const incident = await onDisk();
    const record = incident.steps.get('rollback');
    assert.match(record?.evidence?.markdown ?? '', /It printed:\n\n```\nRolling back production\n/);
    assert.equal(record?.evidence?.data['exitCode'], 0);
    assert.deepEqual(incident.changes.map(({ state }) => state), ['done']);
    assert.doesNotMatch(JSON.stringify(incident.events), /ghp_|\\u001b/);
  });

  it('is not run when the script has changed since it was shown', async () => {
    write('echo one');
    const tasks = new ProgramTasks(path.join(temporary(), 'service'));
    const { plan, apply } = await open(tasks);
    const { hash } = await plan();
    write('echo two');
    const refused = await apply(hash);
    assert.equal(refused.status, 'refused');
    assert.match(refused.summary, /since the plan was shown, something has changed \(sha256\)\. This is a new plan: Roll production back/);
    assert.deepEqual(tasks.started, []);
    assert.match((await apply(refused.plan?.hash)).summary, /: two$/);
  });

  it('fails with the exit code and the last lines', async () => {
    write('i=0; while [ $i -lt 300 ]; do echo "step $i"; i=$((i+1)); done; echo "cannot reach the cluster" >&2; exit 7');
    const { change } = await open();
    const { status, level, summary, evidence } = await change('rollback');
    assert.deepEqual([status, level], ['failed', 'bad']);
    assert.match(summary, /^The script failed with exit code 7 after 0 s\. What it had done by then stays: /);
    assert.equal(evidence?.data['exitCode'], 7);
    assert.match(evidence?.markdown ?? '', /The last 200 lines it printed:\n\n```\n/);
    assert.match(evidence?.markdown ?? '', /cannot reach the cluster/);
    assert.doesNotMatch(evidence?.markdown ?? '', /step 50\n/);
  });

  it('fails when somebody ends it', async () => {
    write('echo $$; exec sleep 600');
    const tasks = new ProgramTasks(path.join(temporary(), 'service'));
    const { plan, apply } = await open(tasks);
    const { hash } = await plan();
    const running = apply(hash);
    await until('the script', () => tasks.find(hash)?.output().includes('\n'));
    tasks.find(hash)?.stop();
    const { status, summary } = await running;
    assert.equal(status, 'failed');
    assert.match(summary, /^The script was ended by SIGTERM after 0 s\. What it had done by then stays/);
  });

  it('fails when it cannot be started', async () => {
    write('true');
    writeFileSync(script(), '#!/nope/interpreter\n');
    const { status, summary } = await (await open()).change('rollback');
    assert.equal(status, 'failed');
    assert.match(summary, /^The script could not be started: ".*emergency-rollback\.sh", the interpreter its first line names, or the folder/);
  });

  it('says that nothing ran when it may not', async () => {
    write('true');
    const { change } = await open({ folder: () => path.join(temporary(), 'service'), start: () => Promise.reject(new UserError('Restricted Mode.')), find: () => undefined });
    const { status, summary } = await change('rollback');
    assert.deepEqual([status, summary], ['failed', 'Nothing was run. Restricted Mode.']);
  });

  it('is unclear after a reload: nobody saw it end', async () => {
    write('exec sleep 600');
    const tasks = new ProgramTasks(path.join(temporary(), 'service'));
    const { plan, apply, incident, onDisk } = await open(tasks);
    const { hash } = await plan();
    const abort = new AbortController();
    const left = apply(hash, abort.signal);
    await until('the script', () => tasks.find(hash));
    abort.abort();
    assert.equal((await left).status, 'cancelled');
    const [change] = (await onDisk()).changes;
    const reloaded = await buildRunner(path.join(temporary(), 'ledger'), { tasks: new ProgramTasks(path.join(temporary(), 'service')) });
    const seen = await reloaded.runner.followUp(incident, change?.id ?? '', never);
    assert.deepEqual([seen?.status, seen?.level], ['failed', 'unknown']);
    assert.match(seen?.summary ?? '', /^The script was started at 03:00:00 UTC, and nobody saw it end\. Look at the terminal/);
    tasks.find(hash)?.stop();
    await tasks.find(hash)?.ended;
  });

  it('is unclear after a crash: it may have been started', async () => {
    write('true');
    const { plan, ledger, incident, onDisk } = await open();
    const { hash } = await plan();
    const [{ id } = assert.fail()] = (await onDisk()).changes;
    await ledger.append(incident, { type: 'change.requested', plan: id, hash, origin: 'gone' });
    const tasks = new ProgramTasks(path.join(temporary(), 'service'));
    const seen = await (await buildRunner(path.join(temporary(), 'ledger'), { tasks })).runner.followUp(incident, id, never);
    assert.deepEqual([seen?.status, seen?.level, tasks.started], ['failed', 'unknown', []]);
    assert.match(seen?.summary ?? '', /^It is not known whether the script was started, and nobody saw it end/);
  });

  it('is not taken for an earlier run of the same plan', async () => {
    write('echo well');
    const tasks = new ProgramTasks(path.join(temporary(), 'service'));
    const { plan, apply, ledger, runner, incident, onDisk } = await open(tasks);
    const { hash } = await plan();
    assert.equal((await apply(hash)).status, 'done');
    assert.equal((await plan()).hash, hash);
    const { id } = (await onDisk()).changes.at(-1) ?? assert.fail();
    await ledger.append(incident, { type: 'change.requested', plan: id, hash, origin: 'gone' });
    assert.equal((await runner.followUp(incident, id, never))?.level, 'unknown');
    await ledger.append(incident, { type: 'change.made', plan: id, result: { pid: 1, startedAt: '2026-11-23T03:00:00.000Z' } });
    assert.equal((await runner.followUp(incident, id, never))?.level, 'unknown');
  });
});
