import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { LogFormatOptions } from '../../../src/logs/format.ts';
import type { LogEntry } from '../../../src/logs/log-entry.ts';
import { type Change, ShownLines } from '../../../src/logs/shown-lines.ts';

const OPTIONS: LogFormatOptions = { time: 'utc', json: 'compact', redact: (value) => value };
const AT = Date.UTC(2026, 10, 23, 3, 7, 12);
const event = (message: string, at = AT): LogEntry => ({ kind: 'event', event: { id: message, group: 'g', stream: 's', at, ingestedAt: at, message } });

/** The document that the changes make. */
function apply(document: string, { kind, text }: Change): string {
  return kind === 'append' ? document + text : text;
}

describe('the lines of the channel', () => {
  it('lets the oldest go when there are too many, says so, and keeps the date', () => {
    const lines = new ShownLines(OPTIONS, 10);
    let document = '';
    for (let index = 0; index < 11; index += 1) {
      document = apply(document, lines.add([event(`m${index}`)]));
    }
    const [left, date, first] = document.split('\n');
    assert.equal(left, '── 4 older lines have left this channel; Export Logs has them ──');
    assert.equal(date, '── 2026-11-23 ──');
    assert.equal(first, '03:07:12.000Z s m3');
    assert.ok(document.endsWith('m10\n'));
  });

  it('knows where each message stands, whatever has left or was drawn anew', () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.array(fc.constantFrom('one', 'two\nlines', '{"msg":"m","a":1}', 'x\n  y\n  z'), { minLength: 1, maxLength: 5 }) },
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
          const change = lines.add(each.map((text) => event(`${text.replace('"m"', `"n${count}"`)}${text.startsWith('{') ? '' : ` n${count}`}`, AT + (count++ >> 2) * 86_400_000)));
          document = apply(document, change);
          change.messages.forEach(({ line, text }) => { told.set(line, /n\d+\b/.exec(text)?.[0] ?? ''); });
        }
        const rows = document.split('\n');
        for (const message of lines.messages) {
          const at = message.line - lines.firstLine;
          assert.equal(rows.slice(at, at + message.lines).join('\n'), message.text);
          assert.equal(lines.at(message.line + message.lines - 1)?.message, message);
        }
        for (const [line, name] of told) {
          const at = lines.documentLine(line);
          assert.ok(at === undefined || rows.slice(at, at + 8).some((row) => row.includes(name)), `${name} is not at ${at}`);
        }
      }
    }));
  });
});
