import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Level } from '../../../src/incident/evidence.ts';
import type { TimelineEvent } from '../../../src/incident/events.ts';
import { type Watch, foldWatches, levelLine, quietSamples, runningWatch, stableAt } from '../../../src/incident/watches.ts';
import { type EventBuilder, createEvents } from '../../support/build-events.ts';
import { START } from '../../support/clock.ts';

/** Minutes after the start. */
const minutes = (at: number): number => (at - START) / 60_000;

/** A watch of 30 minutes with a look every minute; `-` is one that saw nothing at all. */
function watched(looks: readonly (Level | '-')[], more: (events: EventBuilder, watch: string) => readonly TimelineEvent[] = () => []): Watch {
  const events = createEvents();
  const started = events.event('watch.started', { step: 'monitorStability', minutes: 30, origin: 'here' });
  const sampled = looks.map((look, index) => events.event('watch.sampled', {
    watch: started.id, level: look === '-' ? 'unknown' : look, reason: look === 'ok' ? '' : `because ${look}`, values: look === '-' ? { healthMs: null } : { healthMs: 12 },
  }, { minute: index + 1 }));
  return foldWatches([started, ...sampled, ...more(events, started.id)])[0] ?? assert.fail();
}

describe('the fold of watches', () => {
  it('is quiet since it began, and stable when it has been for as long as it is asked for', () => {
    const watch = watched(['ok', 'warn', 'unknown']);
    assert.deepEqual([minutes(watch.startedAt), minutes(watch.quietSince), minutes(stableAt(watch))], [0, 0, 30]);
    assert.deepEqual(watch.samples.map(({ at, level, reason }) => [minutes(at), level, reason]), [[1, 'ok', ''], [2, 'warn', 'because warn'], [3, 'unknown', 'because unknown']]);
    assert.equal(watch.outcome, undefined);
  });

  for (const [what, looks, since] of [
    ['something was wrong', ['ok', 'bad', 'ok', 'ok'], 2],
    ['it goes on being wrong, the last time', ['bad', 'bad', 'bad', 'ok'], 3],
    ['nothing could be seen for three looks', ['ok', '-', '-', '-', 'ok'], 4],
    ['nothing can be seen any more', ['-', '-', '-', '-', '-'], 5],
  ] as const) {
    it(`begins the quiet time anew when ${what}`, () => {
      assert.equal(minutes(watched(looks).quietSince), since);
    });
  }

  for (const [what, looks] of [
    ['two looks in a row that see nothing', ['ok', '-', '-', 'ok', '-', '-']],
    ['looks that see some things and not others', ['unknown', 'unknown', 'unknown', 'unknown']],
    ['what is to be minded', ['warn', 'warn', 'warn']],
  ] as const) {
    it(`stays quiet for ${what}`, () => {
      assert.equal(minutes(watched(looks).quietSince), 0);
    });
  }

  it('stays quiet for looks that are well without a number', () => {
    const { event } = createEvents();
    const started = event('watch.started', { step: 'monitorStability', minutes: 30, origin: 'here' });
    const looks = [1, 2, 3].map((at) => event('watch.sampled', { watch: started.id, level: 'ok', reason: '', values: {} }, { minute: at }));
    assert.equal(minutes(foldWatches([started, ...looks])[0]?.quietSince ?? assert.fail()), 0);
  });

  it("knows of another machine's watch what is told of it", () => {
    const watch = watched([], (events, id) => [events.event('watch.restarted', { watch: id, reason: '40 errors a minute' }, { minute: 7 })]);
    assert.deepEqual([watch.samples, minutes(watch.quietSince), watch.restarts.map(({ at, reason }) => [minutes(at), reason])], [[], 7, [[7, '40 errors a minute']]]);
  });

  it('counts the looks of the quiet time only', () => {
    assert.deepEqual(quietSamples(watched(['ok', 'bad', 'ok', 'warn'])).map(({ level }) => level), ['ok', 'warn']);
    assert.deepEqual(quietSamples(watched(['ok', 'warn'])).map(({ level }) => level), ['ok', 'warn']);
    assert.deepEqual(quietSamples(watched(['ok', 'bad'])), []);
  });

  it('keeps the watches of an incident apart, and says which goes on', () => {
    const { event } = createEvents();
    const [first, second] = [event('watch.started', { step: 'monitorStability', minutes: 30, origin: 'here' }), event('watch.started', { step: 'monitorStability', minutes: 5, origin: 'there' }, { minute: 9 })];
    const watches = foldWatches([
      first, event('watch.sampled', { watch: first.id, level: 'bad', reason: 'x', values: {} }, { minute: 3 }), event('watch.ended', { watch: first.id, outcome: 'stopped' }, { minute: 8 }),
      second, event('watch.sampled', { watch: second.id, level: 'ok', reason: '', values: {} }, { minute: 10 }),
    ]);
    assert.deepEqual(watches.map(({ minutes: asked, outcome, samples, quietSince }) => [asked, outcome, samples.length, minutes(quietSince)]), [[30, 'stopped', 1, 3], [5, undefined, 1, 9]]);
    assert.equal(runningWatch({ watches })?.id, second.id);
    assert.equal(runningWatch({ watches }, 'another'), undefined);
  });

  it('draws a bar for each look', () => {
    assert.equal(levelLine(watched(['ok', 'unknown', 'warn', 'bad', 'ok']).samples), '▁▂▄█▁');
  });
});
