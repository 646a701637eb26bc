import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { type Needing, createNeedFinder } from '../../../src/incident/redaction-needs.ts';

describe('what a redaction rule needs', () => {
  it('is never overlooked, whatever stands around it and in whatever case', () => {
    const needs = fc.string({ unit: fc.constantFrom(...'abz019@+:/-_ '), minLength: 1, maxLength: 6 });
    fc.assert(fc.property(fc.array(needs, { minLength: 1, maxLength: 40 }), fc.nat(), fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), fc.boolean(), (all, index, before, after, upper) => {
      const finder = createNeedFinder<Needing>([...all.map((need) => ({ needs: [need] })), {}]);
      const rule = finder.rules[index % finder.rules.length];
      assert.ok(rule);
      const need = rule.rule.needs?.[0] ?? '';
      assert.notEqual(finder.possible(before + (upper ? need.toUpperCase() : need) + after) & rule.bit, 0);
    }));
  });

  it('is not seen where none of it stands', () => {
    const [rule] = createNeedFinder([{ needs: ['token'] }]).rules;
    assert.equal(createNeedFinder([{ needs: ['token'] }]).possible('GET /v1/dispensing 200') & (rule?.bit ?? 0), 0);
  });
});
