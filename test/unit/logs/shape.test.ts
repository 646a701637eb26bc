import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { groupByShape, messageShape } from '../../../src/logs/shape.ts';

const ESC = '\u001b';

/** Lines as services write them, and the shape of each. */
const SHAPES: readonly (readonly [line: string, shape: string])[] = [
  ['ERROR connection refused', 'ERROR connection refused'],
  ['2026-11-23T03:07:12.345Z ERROR connection refused', 'ERROR connection refused'],
  ['2026-11-23 03:07:12,345 ERROR connection refused', 'ERROR connection refused'],
  ['[2026-11-23T03:07:12+02:00] ERROR connection refused', 'ERROR connection refused'],
  ['ERROR: sorry, too many clients already', 'ERROR: sorry, too many clients already'],
  ['ERROR pool exhausted: 10 of 10 connections in use, 37 waiting', 'ERROR pool exhausted: <n> of <n> connections in use, <n> waiting'],
  ['ERROR timeout after 30000ms', 'ERROR timeout after <n>ms'],
  ['ERROR timeout after 500ms', 'ERROR timeout after <n>ms'],
  ['ERROR heap 1073741824 of 2147483648 bytes', 'ERROR heap <n> of <n> bytes'],
  ['ERROR order 20261123-000471 rejected', 'ERROR order <id> rejected'],
  ['ERROR timeout after 1.5 s', 'ERROR timeout after <n> s'],
  ['ERROR request 3f2504e0-4f89-41d3-9a0c-0305e82c3301 failed', 'ERROR request <id> failed'],
  ['ERROR request 3F2504E0-4F89-41D3-9A0C-0305E82C3301 failed', 'ERROR request <id> failed'],
  ['ERROR connect ECONNREFUSED 10.0.3.7:5432', 'ERROR connect ECONNREFUSED <address>'],
  ['ERROR peer 10.0.3.7 reset', 'ERROR peer <address> reset'],
  ['ERROR token issued 2026-11-23T03:07:12Z expired', 'ERROR token issued <time> expired'],
  ['ERROR commit 9f86d08 not found', 'ERROR commit <id> not found'],
  ['ERROR digest 9f86d081884c7d659a2feaa0c55ad015', 'ERROR digest <id>'],
  ['ERROR task 01KAQ8ZJ3V9Y1W5T7R2N4M6P8Q stopped', 'ERROR task <id> stopped'],
  ['ERROR prescription RX-2026-00012345 rejected', 'ERROR prescription <id> rejected'],
  ['ERROR user user_123456 not found', 'ERROR user <id> not found'],
  ['ERROR GET /prescriptions/4711 500 in 812 ms', 'ERROR GET /prescriptions/<n> <n> in <n> ms'],
  ['ERROR relation "prescriptions_2026_11" does not exist', 'ERROR relation "…" does not exist'],
  ['ERROR   several \t blanks', 'ERROR several blanks'],
  [`${ESC}[31mERROR${ESC}[39m red`, 'ERROR red'],
  [`${ESC}[1;31;40mERROR${ESC}[0m bold`, 'ERROR bold'],
  ['\n\nERROR after empty lines', 'ERROR after empty lines'],
  ['Error: write EPIPE\n    at Socket._write (node:net:959:20)\n    at db/pool.js:17:23', 'Error: write EPIPE'],
  ['Traceback (most recent call last):\n  File "app.py", line 3\nValueError: x', 'Traceback (most recent call last):'],
  ['{"level":"error","message":"pool exhausted: 10 of 10","requestId":"abc"}', 'ERROR pool exhausted: <n> of <n>'],
  ['{"severity":"FATAL","msg":"heap out of memory"}', 'FATAL heap out of memory'],
  ['{"error":"ECONNRESET","time":1795402032345}', 'ECONNRESET'],
  ['{"level":50,"msg":"pino counts levels"}', 'pino counts levels'],
  ['{"level":"error","code":7}', '{"…":"…","…":<n>}'],
  ['{"level":"error","message":"cut off', '{"…":"…","…":"cut off'],
  ['{"message":{"nested":true}}', '{"…":{"…":true}}'],
  ['FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory', 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory'],
  ['[4711:0x7f9c8c000] 12345 ms: Mark-sweep 2048.1 (2083.3) -> 2047.9 MB', '[<n>:<id>] <n> ms: Mark-sweep <n> (<n>) -> <n> MB'],
  ['', ''],
  ['   ', ''],
];

describe('messageShape', () => {
  for (const [line, shape] of SHAPES) {
    it(JSON.stringify(line).slice(0, 90), () => { assert.equal(messageShape(line), shape); });
  }

  it('is at most 200 characters', () => {
    assert.equal(messageShape(`ERROR ${'word '.repeat(100)}`).length, 200);
  });

  it('is the same for lines that differ in their values only', () => {
    fc.assert(fc.property(fc.nat(), fc.nat(), fc.uuid(), fc.uuid(), fc.ipV4(), fc.ipV4(), (n, m, a, b, x, y) => {
      assert.equal(messageShape(`ERROR ${n} of ${a} at ${x}`), messageShape(`ERROR ${m} of ${b} at ${y}`));
    }));
  });

  it('is not held up by a line made to hold it up', () => {
    for (const unit of ['a-', '1-', '"', '{"a":', 'f0', 'AA-1']) {
      assert.ok(messageShape(unit.repeat(500_000 / unit.length)).length <= 200);
    }
  });

  it('takes any text', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('a', 'Z', '7', '-', '_', '.', ':', ' ', '\n', '"', '{', '}', '\\', '\u001b', '[', 'é', '🔥'), maxLength: 300 }), (text) => {
      assert.ok(messageShape(text).length <= 200);
      assert.doesNotMatch(messageShape(text), /\n/);
    }));
  });
});

describe('groupByShape', () => {
  const line = (at: number, message: string, stream = 'a') => ({ at, message, stream });

  it('counts, the most frequent first, with the newest line of each whole', () => {
    const groups = groupByShape([
      line(30, 'ERROR timeout after 3 ms', 'b'), line(10, 'ERROR timeout after 1 ms'), line(20, 'ERROR timeout after 2 ms'), line(5, 'ERROR other'),
    ]);
    assert.deepEqual(groups, [
      { shape: 'ERROR timeout after <n> ms', count: 3, firstAt: 10, lastAt: 30, sample: 'ERROR timeout after 3 ms', streams: 2 },
      { shape: 'ERROR other', count: 1, firstAt: 5, lastAt: 5, sample: 'ERROR other', streams: 1 },
    ]);
  });

  it('puts what happened last first among equals, and keeps the lines of a stack trace', () => {
    const trace = 'Error: x\n  at y';
    assert.deepEqual(groupByShape([line(1, 'old'), line(2, trace)]).map(({ sample }) => sample), [trace, 'old']);
    assert.deepEqual(groupByShape([]), []);
  });
});
