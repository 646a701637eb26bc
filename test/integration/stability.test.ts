import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import type { Watch } from '../../src/incident/watches.ts';
import { AwsSession } from '../../src/services/aws/session.ts';
import type { RunResult } from '../../src/steps/run.ts';
import { type Practice, startPractice } from '../practice/environment.ts';
import { accessDenied } from '../practice/faults.ts';
import { REGION } from '../practice/resources.ts';
import { NO_AWS } from '../support/aws-stub.ts';
import { type TestRunner, buildRunner } from '../support/build-runner.ts';
import { useEnvironment } from '../support/environment-variables.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';

const MINUTE_MS = 60_000;

describe('monitorStability', function () {
  this.timeout(60_000);
  const folder = useTemporaryFolder();
  let dir: string;
  let practice: Practice;
  let session: AwsSession;
  let ahead = 0;
  const clock = { now: (): number => Date.now() + ahead };

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'stability-'));
    // Time passes by moving the clock; the tick by itself would never come.
    practice = await startPractice({ dir, clock, tickMs: 3_600_000, state: 'healthy' });
  });
  useEnvironment(() => ({ ...NO_AWS, ...practice.env }), 'suite');
  beforeEach(async () => {
    practice.control.clearFaults();
    await practice.control.state('healthy');
    session = new AwsSession({ region: REGION, endpoint: practice.awsEndpoint });
  });
  afterEach(() => { session.dispose(); });
  after(async () => {
    await practice?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  /** Time passes by waiting, and the practised systems report for it; `change` is called with the number of the wait. */
  async function begin(minutes: number, change: (waited: number) => unknown = () => undefined): Promise<TestRunner & { readonly watch: string }> {
    let waited = 0;
    const world = await buildRunner(folder(), {
      aws: session, clock, origins: practice.origins,
      wait: async (ms) => {
        waited += 1;
        await change(waited);
        ahead += ms;
        await practice.control.tick();
      },
    });
    const { status, summary, event = '' } = await world.run('monitorStability', { minutes });
    assert.equal(status, 'done', summary);
    return { ...world, watch: event };
  }
  const follow = ({ runner, incident, watch }: Awaited<ReturnType<typeof begin>>, signal = new AbortController().signal): Promise<RunResult | undefined> => runner.followUp(incident, watch, signal);
  const watchOf = async ({ onDisk }: TestRunner): Promise<Watch> => (await onDisk()).watches[0] ?? assert.fail();

  it('passes over a system that is well, with a value of each part', async () => {
    const world = await begin(8);
    const result = await follow(world);
    const { samples, restarts } = await watchOf(world);
    assert.deepEqual([result?.status, result?.level, result?.summary], ['done', 'ok', 'Stable for 8 min: 9 looks'], JSON.stringify(samples, undefined, 1));
    assert.deepEqual(restarts, []);
    const last = samples.at(-1)?.values ?? {};
    assert.deepEqual(Object.keys(last).sort(), ['connections', 'cpuPercent', 'errorsPerMinute', 'healthMs', 'memoryPercent']);
    assert.ok((last['connections'] ?? 0) > 50 && (last['cpuPercent'] ?? 0) > 20 && (last['memoryPercent'] ?? 0) > 40, JSON.stringify(last));
    assert.deepEqual(result?.evidence?.charts?.map(({ title }) => title), ['Health check', 'Errors', 'CPU', 'Memory', 'Database connections']);
  });

  it('never passes over one that is exhausted', async () => {
    await practice.control.state('exhausted');
    const over = new AbortController();
    const world = await begin(3, (waited) => {
      if (waited === 7) {
        over.abort();
      }
    });
    assert.equal(await follow(world, over.signal), undefined);
    const { samples, restarts, quietSince, outcome } = await watchOf(world);
    assert.deepEqual(samples.map(({ level }) => level), Array<string>(7).fill('bad'));
    assert.equal(quietSince - (samples.at(-1)?.at ?? 0) < MINUTE_MS, true);
    assert.deepEqual([restarts.length, outcome], [1, undefined]);
    assert.match(restarts[0]?.reason ?? '', /HTTP 503/);
    assert.ok((samples.at(-1)?.values['errorsPerMinute'] ?? 0) > 5, JSON.stringify(samples.at(-1)));
  });

  it('begins anew at a relapse, and passes once that is over', async () => {
    const world = await begin(6, async (waited) => {
      await (waited === 3 ? practice.control.state('exhausted') : waited === 5 ? practice.control.state('healthy') : undefined);
    });
    const result = await follow(world);
    assert.match(result?.summary ?? '', /^Stable for 6 min: \d+ looks, .*begun again 1 time$/);
    const { samples, restarts } = await watchOf(world);
    assert.equal(restarts.length, 1);
    const bad = samples.flatMap(({ level }, index) => (level === 'bad' ? [index] : []));
    assert.equal(bad[0], 3, 'the look after the relapse');
    assert.ok((bad.at(-1) ?? 0) >= 4 && (bad.at(-1) ?? 0) <= 7, `metrics and logs lag behind by minutes, not by more: ${bad.join(', ')}`);
    assert.ok(samples.length - 1 - (bad.at(-1) ?? 0) >= 6, 'six minutes of quiet after the last of it');
  });

  it('counts nothing of before the mitigation', async () => {
    await practice.control.state('exhausted');
    ahead += 3 * MINUTE_MS;
    await practice.control.tick();
    await practice.control.state('healthy');
    // What was logged and measured until now is of before.
    ahead += 1_000;
    const world = await begin(6);
    const result = await follow(world);
    assert.equal(result?.status, 'done');
    assert.deepEqual((await watchOf(world)).restarts, []);
  });

  it('goes on without AWS, and says at the end that not all was seen', async () => {
    practice.control.fault(accessDenied({ service: 'cloudwatch' }));
    const world = await begin(7);
    const result = await follow(world);
    assert.deepEqual([result?.status, result?.level], ['done', 'warn']);
    assert.match(result?.summary ?? '', /^Stable for 7 min: 8 looks, \d of them not quite well or not clear$/);
  });
});
