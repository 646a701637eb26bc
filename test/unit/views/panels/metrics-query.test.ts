import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { iso } from '../../../../src/incident/clock.ts';
import { queryIn, windowBefore, windowOf } from '../../../../src/views/panels/metrics-query.ts';
import { START } from '../../../support/clock.ts';

const DAY = 86_400_000;

describe('which incidents the metrics panel is of', () => {
  it('is taken from what was kept as far as it can be, and is the last 90 days otherwise', () => {
    const whole = { period: 'own', from: '2026-10-01', to: '2026-10-31', environment: 'staging', severity: 'P2' };
    assert.deepEqual(queryIn(whole), whole);
    assert.deepEqual(queryIn({ period: 'century', from: '2026-13-45', to: 'x', environment: '', severity: 'P9', more: 1 }), { period: '90d' });
    for (const nothing of [undefined, null, 'all', 7, []]) {
      assert.deepEqual(queryIn(nothing), { period: '90d' });
    }
  });

  it('is a time in UTC; of own dates both days count', () => {
    assert.deepEqual(windowOf({ period: '30d', from: '2020-01-01' }, START), { since: iso(START - 30 * DAY) });
    assert.deepEqual(windowOf({ period: '12m' }, START), { since: iso(START - 365 * DAY) });
    assert.deepEqual(windowOf({ period: 'all', environment: 'staging', severity: 'P1' }, START), { environment: 'staging', severity: 'P1' });
    assert.deepEqual(windowOf({ period: 'own', from: '2026-10-01', to: '2026-10-31' }, START), { since: '2026-10-01T00:00:00.000Z', until: '2026-11-01T00:00:00.000Z' });
    assert.deepEqual(windowOf({ period: 'own', to: '2026-10-31' }, START), { until: '2026-11-01T00:00:00.000Z' });
  });

  it('is compared with the time as long before it, where it has a beginning', () => {
    assert.deepEqual(windowBefore({ since: iso(START - 30 * DAY), severity: 'P1' }, START), { window: { since: iso(START - 60 * DAY), until: iso(START - 30 * DAY), severity: 'P1' }, days: 30 });
    assert.deepEqual(windowBefore({ since: '2026-10-01T00:00:00.000Z', until: '2026-10-02T00:00:00.000Z' }, START), { window: { since: '2026-09-30T00:00:00.000Z', until: '2026-10-01T00:00:00.000Z' }, days: 1 });
    assert.equal(windowBefore({ until: iso(START) }, START), undefined);
    assert.equal(windowBefore({ since: iso(START + DAY) }, START), undefined);
  });
});
