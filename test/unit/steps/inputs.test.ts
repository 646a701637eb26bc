import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { UserError } from '../../../src/errors.ts';
import { Inputs } from '../../../src/steps/inputs.ts';

const OWNER = 'Step "scaleService"';

function inputs(value?: unknown): Inputs {
  return new Inputs(OWNER, value === undefined ? {} : { a: value });
}

/** What is read, of which value, and how the message goes on after `input "a" must be `. */
const REFUSED: readonly (readonly [read: (given: Inputs) => unknown, value: unknown, message: string])[] = [
  [(given) => given.text('a'), undefined, 'a text that is not empty, it is missing.'],
  [(given) => given.text('a'), null, 'a text that is not empty, it is missing.'],
  [(given) => given.text('a'), '  ', 'a text that is not empty, not "  ".'],
  [(given) => given.text('a'), 7, 'a text that is not empty, not 7.'],
  [(given) => given.optionalText('a'), '', 'a text that is not empty, not "".'],
  [(given) => given.anyText('a'), 7, 'a text, not 7.'],
  [(given) => given.choice('a', ['x', 'y']), 'z', 'one of x, y, not "z".'],
  [(given) => given.choice('a', ['x', 'y']), null, 'one of x, y, not null.'],
  [(given) => given.flag('a'), 'true', 'true or false, not "true".'],
  [(given) => given.time('a'), 'yesterday', 'a time like 2026-11-23T03:00:00Z, not "yesterday".'],
  [(given) => given.time('a'), 1_795_402_032_345, 'a time like 2026-11-23T03:00:00Z, not 1795402032345.'],
  [(given) => given.record('a'), [], 'an object, not [].'],
  [(given) => given.record('a'), 'x', 'an object, not "x".'],
  [(given) => given.count('a', { min: 1, max: 10 }), undefined, 'a whole number from 1 to 10, it is missing.'],
  [(given) => given.count('a', { min: 1, max: 10 }), 0, 'a whole number from 1 to 10, not 0.'],
  [(given) => given.count('a', { min: 1, max: 10 }), 11, 'a whole number from 1 to 10, not 11.'],
  [(given) => given.count('a', { min: 1, max: 10 }), 1.5, 'a whole number from 1 to 10, not 1.5.'],
  [(given) => given.count('a', { min: 1, max: 10 }), '5', 'a whole number from 1 to 10, not "5".'],
  [(given) => given.list('a'), undefined, 'a list of texts with at least one entry, it is missing.'],
  [(given) => given.list('a'), [], 'a list of texts with at least one entry, not [].'],
  [(given) => given.list('a'), ['x', ''], 'a list of texts with at least one entry, not ["x",""].'],
  [(given) => given.list('a'), 'x', 'a list of texts with at least one entry, not "x".'],
];

describe('Inputs', () => {
  for (const [read, value, message] of REFUSED) {
    it(`refuses ${JSON.stringify(value)}: ${message}`, () => {
      assert.throws(() => read(inputs(value)), (error: unknown) => {
        assert.ok(error instanceof UserError);
        assert.equal(error.message, `${OWNER}: input "a" must be ${message}`);
        return true;
      });
    });
  }

  it('gives what was given', () => {
    assert.equal(inputs(' x ').text('a'), ' x ');
    assert.equal(inputs('x').optionalText('a'), 'x');
    assert.deepEqual(['', ' x '].map((value) => inputs(value).anyText('a')), ['', ' x ']);
    assert.equal(inputs('y').choice('a', ['x', 'y']), 'y');
    assert.equal(inputs(true).flag('a'), true);
    assert.equal(inputs('2026-11-23T05:00:00+02:00').time('a'), '2026-11-23T03:00:00.000Z');
    assert.deepEqual(inputs({ b: 1 }).record('a'), { b: 1 });
    assert.deepEqual([1, 10].map((value) => inputs(value).count('a', { min: 1, max: 10 })), [1, 10]);
    assert.deepEqual(inputs(['x', 'y']).list('a'), ['x', 'y']);
  });

  it('falls back on what the step says when nothing was given', () => {
    assert.equal(inputs().text('a', 'z'), 'z');
    assert.equal(inputs().count('a', { min: 1, max: 10, fallback: 3 }), 3);
    assert.deepEqual(inputs().list('a', ['z']), ['z']);
    assert.equal(inputs().anyText('a'), '');
    assert.deepEqual([inputs().optionalText('a'), inputs().choice('a', ['x']), inputs().flag('a'), inputs().time('a'), inputs().record('a')], [undefined, undefined, false, undefined, {}]);
  });
});
