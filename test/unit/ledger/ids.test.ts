import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { randomIds } from '../../../src/ledger/ids.ts';
import { START } from '../../support/clock.ts';

describe('randomIds', () => {
  it('gives events ids that sort by their making, also within a millisecond and when the clock goes back', () => {
    const ids = randomIds();
    const made = [...Array.from({ length: 500 }, () => ids.event(START)), ids.event(START + 1), ids.event(START - 60_000), ids.event(START + 2)];
    assert.deepEqual(made, made.toSorted());
    assert.equal(new Set(made).size, made.length);
    assert.match(made[0] ?? '', /^[0-9A-HJKMNP-TV-Z]{26}$/);
  });

  it('gives incidents ids for the UTC date, short enough to say on the phone', () => {
    const ids = randomIds();
    const made = Array.from({ length: 100 }, () => ids.incident(Date.UTC(2026, 10, 23, 23, 59)));
    assert.deepEqual(made.filter((id) => !/^INC-20261123-[0-9A-HJKMNP-TV-Z]{4}$/.test(id)), []);
    assert.ok(new Set(made).size > 90);
  });
});
