import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Pace } from '../../../src/logs/pace.ts';

describe('the pace of drawing', () => {
  let now: number;
  let takes: number;
  let done: number[];
  let pace: Pace;
  const pass = (ms: number): void => {
    now += ms;
    mock.timers.tick(ms);
  };

  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout'] });
    [now, takes, done] = [0, 0, []];
    pace = new Pace(() => {
      done.push(now);
      now += takes;
    }, () => now);
  });

  afterEach(() => {
    pace.dispose();
    mock.timers.reset();
  });

  it('draws at once what comes first, and together what comes within half a second', () => {
    pace.ask();
    pass(10);
    pace.ask();
    pace.ask();
    pass(489);
    assert.deepEqual(done, [0]);
    pass(1);
    assert.deepEqual(done, [0, 500]);
    pass(5_000);
    assert.deepEqual(done, [0, 500]);
    pace.ask();
    assert.deepEqual(done, [0, 500, 5_500]);
  });

  it('pauses nine times as long as it took, a second at most', () => {
    takes = 80;
    pace.ask();
    pace.ask();
    pass(719);
    assert.deepEqual(done, [0]);
    pass(1);
    assert.deepEqual(done, [0, 800]);
    takes = 400;
    pace.run();
    pace.ask();
    pass(999);
    assert.equal(done.length, 3);
    pass(1);
    assert.equal(done.length, 4);
  });

  it('leaves a burst for a second, and draws sooner again when it is over', () => {
    pace.ask();
    pace.ask(true);
    pass(999);
    assert.deepEqual(done, [0]);
    pass(1);
    assert.deepEqual(done, [0, 1_000]);
    pace.ask(true);
    pass(300);
    pace.ask();
    pass(200);
    assert.deepEqual(done, [0, 1_000]);
    pass(500);
    assert.deepEqual(done, [0, 1_000, 2_000]);
  });

  it('draws nothing more once it is disposed of', () => {
    pace.ask();
    pace.ask();
    pace.dispose();
    pass(5_000);
    assert.deepEqual(done, [0]);
  });
});
