import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { SweepPlan } from '../../../src/logs/sweep-plan.ts';

const NOW = 1_000_000_000;

describe('SweepPlan', () => {
  it('looks back ten seconds each time, a minute now and then, and a quarter of an hour every minute', () => {
    const plan = new SweepPlan(NOW);
    const depths = [];
    for (let now = NOW + 2_000; now <= NOW + 62_000; now += 10_000) {
      const from = plan.from(now);
      depths.push((now - from) / 1_000);
      plan.swept(now, from, 3, 0, false);
    }
    assert.deepEqual(depths, [12, 60, 60, 60, 60, 60, 900]);
  });

  it('reads everything since the last time that it could read at all', () => {
    const plan = new SweepPlan(NOW);
    assert.equal(plan.from(NOW + 3_600_000), NOW - 900_000);
    const later = new SweepPlan(NOW, NOW - 5_000);
    assert.equal(later.from(NOW + 3_600_000), NOW - 5_000);
  });

  it('looks back less far, and asks less often, where very much is written', () => {
    const plan = new SweepPlan(NOW);
    let now = NOW;
    for (let round = 0; round < 200; round += 1) {
      now += Math.max(1_000, plan.delay);
      const from = plan.from(now);
      plan.swept(now, from, (now - from) * 5, 1_000, false);
    }
    assert.ok(plan.reach <= 10_001 && plan.reach >= 10_000, String(plan.reach));
    assert.ok(now - plan.from(now + 1) <= 20_002, 'a sweep reads no more than it has to');
    assert.ok(plan.delay > 1_000, String(plan.delay));
    assert.ok(plan.floor > now - 20_001, 'what is not asked for again is forgotten');
  });

  it('asks less often beside Live Tail', () => {
    const plan = new SweepPlan(NOW);
    plan.swept(NOW + 1_000, NOW - 9_000, 5, 5, true);
    assert.equal(plan.delay, 5_000);
    plan.swept(NOW + 2_000, NOW - 8_000, 5, 5, false);
    assert.equal(plan.delay, 1_000);
  });
});
