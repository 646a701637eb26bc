import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { type Event, type StepAnswer, advance, call, declare, eventually, messageOf, practice, runStep, timeline } from './harness.ts';

interface Result {
  readonly step: string;
  readonly outcome: string;
  readonly level: string;
  readonly summary: string;
  readonly evidence?: { readonly markdown: string; readonly charts?: readonly { readonly title: string }[] };
}

describe('a stability watch', function () {
  this.timeout(120_000);
  let incident: string;
  /** Minutes that the extension's clock is ahead. */
  let ahead = 0;

  const eventsOf = async (type: string): Promise<readonly Event[]> => (await timeline(incident)).filter((event) => event.type === type);
  const results = async (): Promise<readonly Result[]> => (await eventsOf('step.finished')).map(({ result }) => result as Result).filter(({ step }) => step === 'monitorStability');
  const looks = (atLeast: number): Promise<readonly Event[]> => eventually(`look ${atLeast}`, () => eventsOf('watch.sampled'), (seen) => seen.length >= atLeast);
  /** Minute by minute, with the look of each: whoever skips minutes has not looked. */
  const pass = async (minutes: number): Promise<void> => {
    for (let minute = 0; minute < minutes; minute += 1) {
      const before = (await eventsOf('watch.sampled')).length;
      await advance(1);
      ahead += 1;
      await looks(before + 1);
    }
  };
  const start = async (inputs: Record<string, unknown> = {}): Promise<void> => {
    const before = (await eventsOf('watch.sampled')).length;
    const { status, summary } = await runStep(incident, 'monitorStability', inputs);
    assert.equal(status, 'done', summary);
    await looks(before + 1);
  };

  before(async () => {
    await practice('POST', 'state', { state: 'healthy' });
    incident = await declare('The portals were down');
  });
  after(async () => {
    await call('close', { incident, reason: 'The test is over' });
    await practice('POST', 'state', { state: 'exhausted' });
    await advance(-ahead);
  });

  it('is stable after half an hour without a spike', async () => {
    await start();
    await pass(29);
    assert.deepEqual(await results(), []);
    await pass(1);
    const [result] = await eventually('the result', results, (seen) => seen.length > 0);
    assert.deepEqual([result?.outcome, result?.summary.startsWith('Stable for 30 min: 31 looks')], ['done', true], result?.summary);
    assert.deepEqual(await eventsOf('watch.restarted'), []);
    assert.equal(result?.evidence?.charts?.[0]?.title, 'Health check');
  });

  it('begins anew at a spike, which is on the timeline', async () => {
    await start({ minutes: 3 });
    await pass(2);
    await practice('POST', 'state', { state: 'exhausted' });
    await pass(1);
    const [restarted] = await eventually('the new beginning', () => eventsOf('watch.restarted'), (seen) => seen.length > 0);
    assert.match(String(restarted?.['reason']), /HTTP 503/);
    assert.equal((await results()).length, 1, 'three minutes have passed, but not in quiet');
    await practice('POST', 'state', { state: 'healthy' });
    await pass(3);
    const [, result] = await eventually('the result', results, (seen) => seen.length > 1);
    assert.match(result?.summary ?? '', /^Stable for 3 min: 3 looks.*, begun again 1 time$/);
  });

  it('is refused while another one goes on, and stopped', async () => {
    await start();
    const again = await runStep(incident, 'monitorStability').then(({ summary }) => summary, (error: unknown) => String(error));
    assert.match(again, /began to watch at \d\d:\d\d UTC; it must stay quiet until \d\d:\d\d UTC\. To begin anew, stop it first\./);
    await pass(2);
    const { status, summary } = await call<StepAnswer>('stopWatch', { incident });
    assert.deepEqual([status, summary], ['cancelled', 'Stopped after 2 min of quiet, 30 min were asked for']);
    assert.deepEqual((await eventsOf('watch.ended')).map(({ outcome }) => outcome), ['stable', 'stable', 'stopped']);
    assert.match(await messageOf(call('stopWatch', { incident })), /Nobody watches the stability of INC-.* at this moment\. Start a watch with the step monitorStability\./);
  });
});
