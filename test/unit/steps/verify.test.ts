import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'mocha';
import type { Json } from '../../../src/incident/evidence.ts';
import { fold } from '../../../src/incident/fold.ts';
import { mitigationTimes } from '../../../src/steps/error-rate.ts';
import { data, noReply, refusal, useAwsStub } from '../../support/aws-stub.ts';
import { createEvents, minute, stepResult } from '../../support/build-events.ts';
import { API, type TestRunner, type WorldOptions, buildRunner } from '../../support/build-runner.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';
import { START, createClock } from '../../support/clock.ts';
import { useHttpServers } from '../../support/http-stub.ts';
import { ProgramTasks } from '../../support/program-tasks.ts';
import { useTemporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';

const MINUTE = 60_000;
const TOKEN = `ghp_${'a1B2'.repeat(9)}`;

describe('verifyMitigation', () => {
  const folder = useTemporaryFolder();
  const serve = useHttpServers();
  const aws = useAwsStub();
  /** How many errors were logged, by minutes after the start; each minute has a line that is none as well. */
  const logged = (errors: Readonly<Record<number, number>>): void => {
    aws.on('FilterLogEvents', ({ startTime, endTime, filterPattern }) => {
      const counts = Object.entries(errors).map(([minutes, count]) => ({ at: START + Number(minutes) * MINUTE, count: filterPattern === 'ERROR' ? count : count + 1 }));
      const within = counts.filter(({ at }) => at >= Number(startTime) && at < Number(endTime));
      return data({ events: within.flatMap(({ at, count }) => Array.from({ length: count }, (_, index) => ({ eventId: `${at}/${index}`, timestamp: at, message: 'ERROR x' }))) });
    });
  };
  const clock = createClock();
  const build = async (world: WorldOptions = {}): Promise<TestRunner> => {
    const origin = await serve((_request, response) => { response.end('{"status":"ok"}'); });
    return buildRunner(path.join(folder(), 'ledger'), { aws: aws.session, origins: { [API]: origin }, clock, ...world });
  };
  const at = (minutes: number): void => { clock.advance(START + minutes * MINUTE - clock.now()); };
  const finished = async ({ ledger, incident }: TestRunner, step: string, changes: Parameters<typeof stepResult>[1] = {}): Promise<void> => {
    await ledger.append(incident, { type: 'step.finished', result: stepResult(step, changes) });
  };
  const service = (scripts?: Readonly<Record<string, string>>): ProgramTasks => {
    const workspace = path.join(folder(), 'service');
    mkdirSync(workspace, { recursive: true });
    if (scripts !== undefined) {
      writeFileSync(path.join(workspace, 'package.json'), JSON.stringify({ scripts }));
    }
    return new ProgramTasks(workspace, { graceMs: 50 });
  };
  const smoke = (code: string): Readonly<Record<string, unknown>> => ({ smokeTest: [path.basename(process.execPath), '-e', code] });
  const part = (evidence: { readonly data: Readonly<Record<string, Json>> } | undefined, name: string): Record<string, Json> => evidence?.data[name] as Record<string, Json>;

  it('is ok when all four are', async () => {
    at(0);
    const built = await build({ tasks: service() });
    logged({ 10: 40, 18: 20, 21: 9, 28: 1 });
    at(20);
    await finished(built, 'restartService');
    at(30);
    const { status, level, summary, evidence } = await built.run('verifyMitigation', { ...smoke('console.log("3 of 3 passed")'), userReports: 'none' });
    assert.deepEqual([status, level], ['done', 'ok']);
    assert.match(summary, /^Service health: API health: ok, \d+ ms; Error rate: 0\.2 per min now, 4 per min before; Smoke tests: passed; User reports: no open reports$/);
    assert.match(evidence?.markdown ?? '', /\| Smoke tests \| 🟢\u00a0ok \| passed \|/);
    assert.match(evidence?.markdown ?? '', /It printed:\n\n```\n3 of 3 passed\n```/);
    assert.deepEqual([part(evidence, 'errorRate')['now'], part(evidence, 'errorRate')['before'], part(evidence, 'smokeTest')['exitCode'], evidence?.data['userReports']], [0.2, 4, 0, 'none']);
  });

  const RATES: readonly (readonly [title: string, errors: Readonly<Record<number, number>>, level: string, words: RegExp])[] = [
    ['a tenth is left', { 10: 100, 28: 3 }, 'ok', /^0\.6 per min now, 6\.7 per min before$/],
    ['half is left', { 10: 150, 28: 20 }, 'warn', /^4 per min now, 10 per min before$/],
    ['more than half is left', { 10: 150, 28: 40 }, 'bad', /^8 per min now, 10 per min before$/],
    ['there were none before', { 28: 1 }, 'bad', /^0\.2 per min now, 0 per min before$/],
    ['there are none at all', { 10: 0, 28: 0 }, 'ok', /^0 per min now, 0 per min before$/],
    ['nothing is logged any more', { 10: 100 }, 'unknown', /^no line at all in the logs since 2026-11-23 03:25:00 UTC/],
  ];
  for (const [title, errors, level, words] of RATES) {
    it(`the error rate is ${level} when ${title}`, async () => {
      at(0);
      const built = await build();
      logged(errors);
      at(20);
      await finished(built, 'restartService');
      at(30);
      const { evidence } = await built.run('verifyMitigation', { skipSmokeTest: true, userReports: 'none' });
      assert.equal(part(evidence, 'errorRate')['level'], level);
      assert.equal(evidence?.level, level);
      const row = /\| Error rate \| [^|]* \| (.*?) \|/.exec(evidence?.markdown ?? '')?.[1] ?? '';
      assert.match(row.replaceAll('\\', ''), words);
    });
  }

  it('counts only what came after a mitigation that has just ended', async () => {
    at(0);
    const built = await build();
    logged({ 10: 100, 26: 100, 29: 0 });
    at(27);
    await finished(built, 'restartService');
    at(30);
    assert.equal(part((await built.run('verifyMitigation', { skipSmokeTest: true })).evidence, 'errorRate')['now'], 0);
  });

  it('compares with the last search for errors when no mitigation is recorded', async () => {
    at(30);
    const built = await build();
    logged({ 28: 5 });
    const alone = await built.run('verifyMitigation', { skipSmokeTest: true });
    assert.deepEqual([part(alone.evidence, 'errorRate')['level'], part(alone.evidence, 'errorRate')['before']], ['warn', null]);
    assert.match(alone.summary, /1 per min now, and nothing to hold it against/);
    const search = (facts: Record<string, Json>): Promise<void> => finished(built, 'searchErrors', { evidence: { level: 'bad', summary: '', markdown: '', data: { pattern: 'ERROR', minutes: 60, truncated: false, ...facts } } });
    await search({ total: 300, recent: 100 });
    const against = await built.run('verifyMitigation', { skipSmokeTest: true });
    assert.deepEqual([part(against.evidence, 'errorRate')['level'], part(against.evidence, 'errorRate')['before']], ['ok', 20]);
    await search({ total: 20_000, recent: 0, truncated: true });
    assert.match((await built.run('verifyMitigation', { skipSmokeTest: true })).summary, /at least 333\.3 per min before/);
    await search({ pattern: 'FATAL', total: 1, recent: 1 });
    assert.match((await built.run('verifyMitigation', { skipSmokeTest: true })).summary, /at least 333\.3 per min before/);
  });

  it('names what it cannot tell, and tells the rest', async () => {
    at(30);
    aws.on('FilterLogEvents', () => refusal('AccessDeniedException', 'no logs for you'));
    const { level, summary, evidence } = await (await build()).run('verifyMitigation', {});
    assert.equal(level, 'unknown');
    assert.match(summary, /^Service health: API health: ok, \d+ ms; Unknown: error rate, smoke tests, user reports$/);
    const markdown = (evidence?.markdown ?? '').replaceAll('\\', '');
    assert.match(markdown, /\| Error rate \| ⚪\u00a0unknown \| Profile "[^"]*" may not do this \(reading the log group/);
    assert.match(markdown, /\| Smoke tests \| ⚪\u00a0unknown \| no folder is open, so they were not run\. Open the folder/);
    assert.match(markdown, /\| User reports \| ⚪\u00a0unknown \| nobody has said/);
  });

  it('does not take the silence of one log group for that of all', async () => {
    at(30);
    aws.on('FilterLogEvents', ({ logGroupName, filterPattern }) => (logGroupName === '/gone' ? refusal('ResourceNotFoundException', 'gone') : data({ events: filterPattern === 'ERROR' ? [] : [{ eventId: 'a', timestamp: clock.now(), message: 'INFO' }] })));
    const { evidence } = await (await build()).run('verifyMitigation', { skipSmokeTest: true, userReports: 'none', logGroups: ['/there', '/gone'] });
    assert.equal(part(evidence, 'errorRate')['level'], 'unknown');
    assert.match(evidence?.markdown ?? '', /There is no log group "\/gone"/);
  });

  it('is bad when anything is', async () => {
    at(30);
    logged({ 29: 0 });
    const origin = await serve((_request, response) => { response.writeHead(503).end(); });
    const built = await build({ origins: { [API]: origin }, tasks: service() });
    const { level, summary, evidence } = await built.run('verifyMitigation', { ...smoke(`console.log("1 of 3 failed, ${TOKEN}"); process.exitCode = 2`), userReports: 'some' });
    assert.equal(level, 'bad');
    assert.match(summary, /^Service health: API health: HTTP 503; Smoke tests: failed with exit code 2: 1 of 3 failed, \[redacted: GitHub token\]; User reports: users still report it; Error rate: /);
    assert.deepEqual([part(evidence, 'smokeTest')['level'], part(evidence, 'smokeTest')['exitCode']], ['bad', 2]);
    assert.doesNotMatch(JSON.stringify(evidence), /ghp_/);
  });

  it('says how to set smoke tests that are not there', async () => {
    at(30);
    logged({ 29: 0 });
    const row = async (tasks: ProgramTasks, inputs: Readonly<Record<string, unknown>> = {}): Promise<string> => {
      const { evidence } = await (await build({ tasks })).run('verifyMitigation', inputs);
      assert.equal(part(evidence, 'smokeTest')['level'], 'unknown');
      assert.deepEqual(tasks.started, []);
      return (/\| Smoke tests \| (.*?) \|\n/.exec(evidence?.markdown ?? '')?.[1] ?? '').replaceAll('\\', '');
    };
    assert.match(await row(service()), /no package\.json that can be read in .*Add a script "test:smoke:production" there, or name your smoke tests in the step's input smokeTest/);
    assert.match(await row(service({ test: 'true' })), /has no script "test:smoke:production"/);
    assert.match(await row(service({ test: 'true' }), { smokeTest: ['yarn', 'run', 'toString'] }), /has no script "toString"/);
    assert.match(await row(service(), { smokeTest: ['./smoke.sh'] }), /There is no \.\/smoke\.sh in /);
  });

  it('runs the script of package.json by its own words', async () => {
    at(30);
    logged({ 29: 0 });
    const tasks = service({ 'test:smoke:production': 'echo smoke of production' });
    const { evidence } = await (await build({ tasks })).run('verifyMitigation', {});
    assert.equal(part(evidence, 'smokeTest')['exitCode'], 0, JSON.stringify(evidence?.data));
    assert.deepEqual(tasks.started.map(({ command: [program = '', ...args] }) => [path.basename(program), ...args]), [['npm', 'run', 'test:smoke:production']]);
    assert.match(evidence?.markdown ?? '', /\nsmoke of production\n/);
  });

  it('leaves the smoke tests out when asked to, and says so', async () => {
    at(30);
    logged({ 29: 0 });
    const tasks = service();
    const { level, summary } = await (await build({ tasks })).run('verifyMitigation', { skipSmokeTest: true, userReports: 'none' });
    assert.equal(level, 'ok');
    assert.match(summary, /; Left out: smoke tests$/);
    assert.deepEqual(tasks.started, []);
  });

  it('stops the smoke tests when it is cancelled', async () => {
    at(30);
    logged({ 29: 0 });
    const tasks = service();
    const started: Awaited<ReturnType<ProgramTasks['start']>>[] = [];
    const watched = { folder: () => tasks.folder(), find: () => undefined, start: async (request: Parameters<ProgramTasks['start']>[0]) => {
      const task = await tasks.start(request);
      started.push(task);
      return task;
    } };
    const abort = new AbortController();
    const running = (await build({ tasks: watched })).run('verifyMitigation', smoke('console.log("begun"); setInterval(() => {}, 1000)'), abort.signal);
    await until('the smoke tests', () => started[0]?.output().includes('begun'));
    abort.abort();
    assert.equal((await running).status, 'cancelled');
    assert.deepEqual(await started[0]?.ended, { exitCode: undefined, reason: 'ended by SIGTERM' });
  });

  it('is cancelled while it waits for the logs, and starts nothing then', async () => {
    at(30);
    const abort = new AbortController();
    aws.on('FilterLogEvents', () => { abort.abort(); return noReply; });
    assert.equal((await (await build()).run('verifyMitigation', {}, abort.signal)).status, 'cancelled');
  });

  it('takes no other answer', async () => {
    at(30);
    const { status, summary } = await (await build()).run('verifyMitigation', { userReports: 'few' });
    assert.equal(status, 'failed');
    assert.match(summary, /"userReports" must be one of none, some, unknown/);
  });
});

describe('the times of a mitigation', () => {
  it('are the first that was begun and the last that was done', () => {
    const { declared, event } = createEvents();
    const times = (...more: Parameters<typeof fold>[0]): ReturnType<typeof mitigationTimes> => mitigationTimes(fold([declared(), ...more]) ?? assert.fail(), bundledRunbook());
    const done = (step: string, minutes: number, changes = {}) => event('step.finished', { result: stepResult(step, changes) }, { minute: minutes });
    assert.equal(times(done('checkServiceHealth', 1), done('verifyMitigation', 2), done('monitorStability', 3), done('restartService', 4, { outcome: 'failed' })), undefined);
    assert.deepEqual(times(done('restartService', 5), done('scaleService', 9), done('clearCache', 12, { outcome: 'cancelled' })), { first: Date.parse(minute(5)), last: Date.parse(minute(9)) });
  });
});
