import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { LogFormatOptions } from '../../../src/logs/format.ts';
import type { LogEntry } from '../../../src/logs/log-entry.ts';
import { type Change, ShownLines } from '../../../src/logs/shown-lines.ts';

const OPTIONS: LogFormatOptions = { time: 'utc', json: 'compact', redact: (value) => value };
const AT = Date.UTC(2026, 10, 23, 3, 7, 12);
const event = (message: string, at = AT): LogEntry => ({ kind: 'event', id: message, group: 'g', stream: 's', at, ingestedAt: at, message });

/** The document that the changes make. */
function apply(document: string, { kind, text }: Change): string {
  return kind === 'append' ? document + text : text;
}

function addTo(lines: ShownLines, entries: readonly LogEntry[]): Change {
  lines.add(entries);
  return lines.draw() ?? assert.fail('Nothing to draw');
}

describe('the lines of the channel', () => {
  it('lets the oldest go when there are too many, says so, and keeps the date', () => {
    const lines = new ShownLines(OPTIONS, 10);
    let document = '';
    for (let index = 0; index < 11; index += 1) {
      document = apply(document, addTo(lines, [event(`m${index}`)]));
    }
    const [left, date, first] = document.split('\n');
    assert.equal(left, '── 5 older messages have left this channel; Export Logs has them ──');
    assert.equal(date, '── 2026-11-23 ──');
    assert.equal(first, '03:07:12.000Z s m5');
    assert.ok(document.endsWith('m10\n'));
  });

  it('formats nothing that leaves as soon as it comes, and counts it', () => {
    const redacted: unknown[] = [];
    const lines = new ShownLines({ ...OPTIONS, redact: (value) => { redacted.push(value); return value; } }, 10);
    addTo(lines, [event('before')]);
    redacted.length = 0;
    const burst = Array.from({ length: 40 }, (_, index) => event(`m${index}`));
    const { kind, text } = addTo(lines, burst);
    assert.deepEqual(redacted, ['m35', 'm36', 'm37', 'm38', 'm39']);
    assert.equal(kind, 'replace');
    assert.equal(text, `── 36 older messages have left this channel; Export Logs has them ──\n── 2026-11-23 ──\n${[35, 36, 37, 38, 39].map((index) => `03:07:12.000Z s m${index}\n`).join('')}`);
  });

  it('is behind until what came was drawn', () => {
    const lines = new ShownLines(OPTIONS, 10);
    lines.add([event('one')]);
    assert.equal(lines.isBehind, false);
    lines.add(Array.from({ length: 6 }, (_, index) => event(`m${index}`)));
    assert.equal(lines.isBehind, true);
    lines.draw();
    assert.equal(lines.isBehind, false);
    assert.equal(lines.draw(), undefined);
  });

  it('tells of traces that left as soon as they came, unless nobody counts them any more', () => {
    const lines = new ShownLines(OPTIONS, 10, () => AT);
    const old = event('TypeError: too old\n    at f (/app/a.js:1:2)', AT);
    const trace = event('TypeError: no\n    at f (/app/a.js:1:2)', AT + 1);
    const [head, frame] = [event('RangeError: sent line by line', AT + 2), event('    at g (/app/b.js:3:4)', AT + 2)];
    const plain = Array.from({ length: 20 }, (_, index) => event(`m${index}`, AT + 3));
    const { messages } = addTo(lines, [old, trace, head, frame, ...plain]);
    assert.deepEqual(messages.slice(0, 2).map(({ text }) => text), [
      '03:07:12.001Z s TypeError: no\n        at f (/app/a.js:1:2)',
      '03:07:12.002Z s RangeError: sent line by line\n        at g (/app/b.js:3:4)',
    ]);
    assert.deepEqual(messages.slice(0, 2).map(({ line }) => lines.documentLine(line)), [undefined, undefined]);
    assert.equal(messages[2]?.text, '03:07:12.003Z s m15');
  });

  it('knows where each message stands, whatever has left or was drawn anew', () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.array(fc.constantFrom('one', 'two\nlines', '{"msg":"m","a":1}', 'x\n  y\n  z'), { minLength: 1, maxLength: 40 }) },
      { weight: 1, arbitrary: fc.constantFrom('compact' as const, 'pretty' as const) },
    );
    fc.assert(fc.property(fc.array(step, { maxLength: 25 }), fc.integer({ min: 8, max: 30 }), (steps, maximum) => {
      const lines = new ShownLines(OPTIONS, maximum);
      const told = new Map<number, string>();
      let [document, count] = ['', 0];
      for (const each of steps) {
        if (typeof each === 'string') {
          document = lines.redraw({ ...OPTIONS, json: each }, maximum);
        } else {
          // A day each: dates have lines too.
          const change = addTo(lines, each.map((text) => event(`${text.replace('"m"', `"n${count}"`)}${text.startsWith('{') ? '' : ` n${count}`}`, AT + (count++ >> 2) * 86_400_000)));
          document = apply(document, change);
          change.messages.forEach(({ line, text }) => { told.set(line, /n\d+\b/.exec(text)?.[0] ?? ''); });
        }
        const rows = document.split('\n');
        rows.slice(0, -1).forEach((row, at) => {
          const block = lines.at(lines.firstLine + at);
          // Only what the channel says of itself at its beginning belongs to no block.
          assert.ok(block !== undefined || (at < 2 && row.startsWith('── ')), `${at}: ${row}`);
          if (block !== undefined) {
            const first = block.line - lines.firstLine;
            assert.equal(rows.slice(first, first + block.lines).join('\n'), block.text);
          }
        });
        for (const [line, name] of told) {
          const at = lines.documentLine(line);
          assert.ok(at === undefined || rows.slice(at, at + 8).some((row) => row.includes(name)), `${name} is not at ${at}`);
        }
      }
    }));
  });
});
