import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'mocha';
import { UserError } from '../../../src/errors.ts';
import { iso } from '../../../src/incident/clock.ts';
import type { Watch } from '../../../src/incident/watches.ts';
import type { LocalLedger } from '../../../src/ledger/local-ledger.ts';
import type { RunResult } from '../../../src/steps/run.ts';
import { EXTENSION, PERSON } from '../../support/build-events.ts';
import { buildLedger, declaration } from '../../support/build-ledger.ts';
import { type Seen, WELL, type WatchBench, type WatchBenchOptions, buildWatching } from '../../support/build-watching.ts';
import { START, type TestClock, createClock } from '../../support/clock.ts';
import { useTemporaryFolder } from '../../support/temporary-folder.ts';

const SPIKE: Seen = { level: 'bad', reason: '40 errors a minute, 2 are usual', values: { errorsPerMinute: 40 } };
const BLIND: Seen = { level: 'unknown', reason: 'AWS cannot be reached', values: {} };
const never = new AbortController().signal;

describe('a stability watch', () => {
  const folder = useTemporaryFolder();
  let clock: TestClock;
  let ledger: LocalLedger;
  let incident: string;

  beforeEach(async () => {
    clock = createClock();
    ledger = buildLedger(folder(), { clock });
    ({ id: incident } = await ledger.declare(declaration()));
  });

  const build = (options: WatchBenchOptions = {}): WatchBench => buildWatching(ledger, incident, clock, options);
  const start = async (bench: WatchBench, inputs: Readonly<Record<string, unknown>> = {}): Promise<string> => {
    const { status, summary, event = '' } = await bench.watching.start(await bench.wish(), inputs);
    assert.equal(status, 'done', summary);
    return event;
  };
  const follow = async (bench: WatchBench, id: string, signal = never): Promise<RunResult | undefined> => bench.watching.follow(await bench.wish(), id, signal);
  const watch = async (): Promise<Watch> => (await ledger.read(incident)).watches[0] ?? assert.fail();
  const minutesSinceStart = (): number => Math.round((clock.now() - START) / 60_000);
  const types = async (): Promise<readonly string[]> => (await ledger.read(incident)).events.map(({ type }) => type).filter((type) => type !== 'delivery.attempted' && type !== 'watch.sampled');

  it('is on the timeline with the time that the runbook asks for, and says until when', async () => {
    const bench = build();
    const { status, summary } = await bench.watching.start(await bench.wish(), {});
    assert.deepEqual([status, summary], ['done', 'Watching until 03:30 UTC, longer when something goes wrong']);
    const { minutes, origin, step, actor } = await watch();
    assert.deepEqual([minutes, origin, step, actor], [30, 'here', 'monitorStability', PERSON]);
  });

  it('looks every minute, and is stable after half an hour of quiet', async () => {
    const bench = build();
    const result = await follow(bench, await start(bench));
    assert.deepEqual([result?.status, result?.level, result?.summary], ['done', 'ok', 'Stable for 30 min: 31 looks']);
    assert.equal(minutesSinceStart(), 30);
    const { samples, outcome } = await watch();
    assert.deepEqual([samples.length, samples[0]?.at, samples[30]?.at, outcome], [31, START, START + 30 * 60_000, 'stable']);
    const { steps, events } = await ledger.read(incident);
    const record = steps.get('monitorStability');
    assert.deepEqual([record?.outcome, record?.summary, record?.section, record?.evidence?.data['samples'], record?.durationMs, record?.actor], ['done', result?.summary, '6.3', 31, 30 * 60_000, EXTENSION]);
    assert.equal(record?.event, result?.event);
    assert.deepEqual(events.filter(({ type }) => type === 'watch.sampled').map(({ actor }) => actor.kind), Array<string>(31).fill('extension'));
    assert.deepEqual(bench.progress.map(({ result: told }) => told?.summary), [result?.summary]);
  });

  it('takes the time that is asked for', async () => {
    const bench = build();
    assert.equal((await follow(bench, await start(bench, { minutes: 2 })))?.summary, 'Stable for 2 min: 3 looks');
    await assert.rejects(start(bench, { minutes: 0 }), UserError);
  });

  it('begins the quiet time anew at a spike, and says so', async () => {
    const bench = build({ see: (look) => (look === 11 ? SPIKE : WELL) });
    const result = await follow(bench, await start(bench));
    assert.equal(result?.summary, 'Stable for 30 min: 30 looks, begun again 1 time');
    assert.equal(result?.level, 'ok', 'what was before the quiet time is over');
    assert.equal(minutesSinceStart(), 40);
    assert.deepEqual((await watch()).restarts, [{ at: START + 10 * 60_000, reason: SPIKE.reason }]);
    assert.deepEqual(await types(), ['incident.declared', 'watch.started', 'watch.restarted', 'step.finished', 'watch.ended']);
  });

  it('tells trouble that lasts once, and counts from its end', async () => {
    const bench = build({ see: (look) => (look <= 5 ? SPIKE : WELL) });
    await follow(bench, await start(bench, { minutes: 10 }));
    assert.equal(minutesSinceStart(), 14);
    assert.deepEqual((await watch()).restarts.length, 1);
  });

  it('tells of each trouble when they are apart', async () => {
    const bench = build({ see: (look) => (look === 2 || look === 4 ? SPIKE : WELL) });
    assert.equal((await follow(bench, await start(bench, { minutes: 3 })))?.summary, 'Stable for 3 min: 3 looks, begun again 2 times');
  });

  it('does not pass by looks that see nothing', async () => {
    const bench = build({ see: (look) => (look >= 3 && look <= 6 ? Promise.reject(new Error('socket hang up')) : WELL) });
    const result = await follow(bench, await start(bench, { minutes: 10 }));
    assert.equal(minutesSinceStart(), 15, 'the last blind look was in minute 5');
    assert.deepEqual((await watch()).restarts, [{ at: START + 4 * 60_000, reason: 'nothing could be seen: socket hang up' }]);
    assert.equal(bench.logged.length, 4);
    assert.equal(result?.summary, 'Stable for 10 min: 10 looks, begun again 1 time');
  });

  it('passes with a warning when a look was not clear', async () => {
    const bench = build({ see: (look) => (look === 2 ? BLIND : look === 4 ? { ...WELL, level: 'warn', reason: 'CPU 85 %' } : WELL) });
    const result = await follow(bench, await start(bench, { minutes: 5 }));
    assert.deepEqual([result?.level, result?.summary], ['warn', 'Stable for 5 min: 6 looks, 2 of them not quite well or not clear']);
  });

  it('begins anew when nobody looked for more than five minutes', async () => {
    const bench = build({ onWait: (waited) => { clock.advance(waited === 3 ? 6 * 60_000 : 0); } });
    await follow(bench, await start(bench, { minutes: 10 }));
    assert.deepEqual((await watch()).restarts, [{ at: START + 9 * 60_000, reason: 'nobody looked for 7 min' }]);
    assert.equal(minutesSinceStart(), 19);
  });

  it('says what is wrong rather than that nobody looked', async () => {
    const bench = build({ see: (look) => (look === 4 ? SPIKE : WELL), onWait: (waited) => { clock.advance(waited === 3 ? 6 * 60_000 : 0); } });
    await follow(bench, await start(bench, { minutes: 10 }));
    assert.deepEqual((await watch()).restarts.map(({ reason }) => reason), [SPIKE.reason]);
  });

  it('goes on as if nothing had been after a shorter absence', async () => {
    const bench = build({ onWait: (waited) => { clock.advance(waited === 3 ? 3 * 60_000 : 0); } });
    await follow(bench, await start(bench, { minutes: 10 }));
    assert.deepEqual([(await watch()).restarts, minutesSinceStart()], [[], 10]);
  });

  it('is not kept waiting by a clock that is put back', async () => {
    const over = new AbortController();
    const bench = build({ see: (look) => {
      if (look === 7) {
        over.abort();
      }
      return WELL;
    }, onWait: (waited) => { clock.advance(waited === 3 ? -3_600_000 : 0); } });
    assert.equal(await follow(bench, await start(bench, { minutes: 5 }), over.signal), undefined);
    assert.deepEqual(bench.waits, Array<number>(7).fill(60_000), 'never longer than from one look to the next');
    assert.deepEqual([(await watch()).samples.length, (await watch()).outcome], [6, undefined], 'the minutes before are not counted twice');
  });

  it('is refused while another one goes on, with how to begin anew', async () => {
    const bench = build();
    await start(bench);
    clock.advance(5 * 60_000);
    const again = await bench.watching.start(await bench.wish(), {});
    assert.deepEqual([again.status, again.summary], ['refused', 'Amira began to watch at 03:00 UTC; it must stay quiet until 03:30 UTC. To begin anew, stop it first.']);
    assert.equal((await ledger.read(incident)).watches.length, 1);
  });

  it('is begun once when two begin it at the same time', async () => {
    const [hers, his] = [build(), build()];
    const wishes = await Promise.all([hers.wish(), his.wish()]);
    const results = [await hers.watching.start(wishes[0], {}), await his.watching.start(wishes[1], {})];
    assert.deepEqual(results.map(({ status }) => status), ['done', 'refused']);
    assert.deepEqual((await ledger.read(incident)).watches.map(({ outcome }) => outcome), [undefined, 'stopped']);
  });

  it('can be begun again once it has ended', async () => {
    const bench = build();
    await follow(bench, await start(bench, { minutes: 1 }));
    await follow(bench, await start(bench, { minutes: 1 }));
    assert.deepEqual((await ledger.read(incident)).watches.map(({ outcome, samples }) => [outcome, samples.length]), [['stable', 2], ['stable', 2]]);
  });

  it('is stopped with what it has seen, and is not passed', async () => {
    const bench = build({ see: (look) => (look === 2 ? SPIKE : WELL), onWait: async (waited) => {
      if (waited === 5) {
        await bench.watching.stop(await bench.wish());
      }
    } });
    assert.equal(await follow(bench, await start(bench)), undefined);
    const { steps, watches, events } = await ledger.read(incident);
    const record = steps.get('monitorStability');
    assert.deepEqual([record?.outcome, record?.level, record?.summary], ['cancelled', 'unknown', 'Stopped after 3 min of quiet, 30 min were asked for, begun again 1 time']);
    assert.deepEqual([watches[0]?.outcome, watches[0]?.samples.length, events.at(-1)?.actor], ['stopped', 5, PERSON]);
    await assert.rejects(async () => bench.watching.stop(await bench.wish()), /Nobody watches INC-.* Start it with the step "Monitor stability"/);
  });

  for (const [what, end] of [
    ['stopped', async (bench: WatchBench) => { await bench.watching.stop(await bench.wish()); }],
    ['ended with the incident', async () => { await ledger.append(incident, { type: 'incident.closed', reason: 'over' }); }],
  ] as const) {
    it(`records nothing of a look during which it was ${what}`, async () => {
      const bench = build({ see: async (look) => {
        if (look === 3) {
          await end(bench);
        }
        return SPIKE;
      } });
      assert.equal(await follow(bench, await start(bench)), undefined);
      assert.equal((await watch()).samples.length, 2);
    });
  }

  it('rests while the incident is closed, and begins anew when it is open again', async () => {
    const bench = build({ onWait: async (waited) => {
      if (waited === 5) {
        await ledger.append(incident, { type: 'incident.closed', reason: 'over' });
      }
    } });
    const id = await start(bench, { minutes: 10 });
    assert.equal(await follow(bench, id), undefined);
    assert.equal((await watch()).outcome, undefined);
    clock.advance(40 * 60_000);
    await ledger.append(incident, { type: 'incident.reopened', reason: 'not over' });
    assert.equal((await follow(build(), id))?.status, 'done');
    assert.deepEqual((await watch()).restarts.map(({ reason }) => reason), ['nobody looked for 41 min']);
  });

  it('is left to another window, and taken over after a reload, without a look too many', async () => {
    const gone = new AbortController();
    const bench = build({ onWait: (waited) => {
      if (waited === 5) {
        gone.abort();
      }
    } });
    const id = await start(bench, { minutes: 10 });
    assert.equal(await follow(bench, id, gone.signal), undefined);
    const next = buildWatching(buildLedger(folder(), { clock }), incident, clock);
    assert.equal((await follow(next, id))?.summary, 'Stable for 10 min: 11 looks');
    assert.equal(minutesSinceStart(), 10);
  });

  it('takes no look that another window is taking', async () => {
    let looks = 0;
    const bench = build({ see: () => {
      looks += 1;
      return WELL;
    } });
    const id = await start(bench, { minutes: 1 });
    await ledger.claimDelivery(incident, id, iso(clock.now() + 30_000));
    await follow(bench, id);
    assert.deepEqual(bench.waits.slice(0, 5), [6_000, 6_000, 6_000, 6_000, 6_000], 'it asks again whether it is its turn');
    assert.equal((await watch()).samples[0]?.at, START + 30_000);
    assert.equal(looks, (await watch()).samples.length);
  });

  it('is followed by two windows with one look a minute and one result', async () => {
    const other = buildWatching(buildLedger(folder(), { clock }), incident, clock);
    const bench = build();
    const id = await start(bench, { minutes: 10 });
    const results = await Promise.all([follow(bench, id), follow(other, id)]);
    assert.equal(results.filter((result) => result !== undefined).length, 1);
    const { events } = await ledger.read(incident);
    assert.equal(events.filter(({ type }) => type === 'step.finished').length, 1);
    const { samples } = await watch();
    assert.ok(samples.every(({ at }, index) => index === 0 || at - (samples[index - 1]?.at ?? 0) >= 54_000), `looks at ${samples.map(({ at }) => (at - START) / 1000).join(', ')} s`);
  });

  it('is followed once by one window', async () => {
    const bench = build();
    const id = await start(bench, { minutes: 1 });
    const [first, second] = await Promise.all([follow(bench, id), follow(bench, id)]);
    assert.deepEqual([first?.status, second], ['done', undefined]);
  });

  it('has one result though a window went between result and end', async () => {
    const bench = build();
    const id = await start(bench, { minutes: 1 });
    const { append } = ledger;
    ledger.append = async (...args) => {
      if (args[1].type === 'watch.ended') {
        throw new Error('The window went');
      }
      return append.apply(ledger, args);
    };
    await assert.rejects(follow(bench, id), /The window went/);
    ledger.append = append;
    clock.advance(60_000);
    const result = await follow(build(), id);
    const { events } = await ledger.read(incident);
    assert.deepEqual(events.filter(({ type }) => type === 'step.finished').map((event) => event.id), [result?.event]);
    assert.equal((await watch()).outcome, 'stable');
  });
});
