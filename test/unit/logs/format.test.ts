import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { createRedactor } from '../../../src/incident/redact.ts';
import { LONGEST_LINE, cleanText } from '../../../src/logs/clean-text.ts';
import { type LogFormatOptions, createLogFormatter } from '../../../src/logs/format.ts';
import { indentJson } from '../../../src/logs/json-line.ts';
import type { LogEntry } from '../../../src/logs/log-entry.ts';
import { shortGroups, shortStream } from '../../../src/logs/stream-name.ts';

const AT = Date.UTC(2026, 10, 23, 3, 7, 12, 345);
const ESC = '\u001b';
const redact = createRedactor();
const JSON_LINE = '{}';

function entry(message: string, changes: { at?: number; stream?: string; group?: string; late?: true } = {}): LogEntry {
  const { at = AT, stream = 'ecs/backend/4f7d2a90c1b24e8f', group = '/aws/ecs/production', late } = changes;
  return { kind: 'event', id: message, group, stream, at, ingestedAt: at, message, ...(late === undefined ? {} : { late }) };
}

/** The lines of batches, one after the other. */
function lines(batches: readonly (readonly LogEntry[])[], options: Partial<LogFormatOptions> = {}): string[] {
  const formatter = createLogFormatter({ time: 'utc', json: 'compact', redact, ...options });
  return batches.flatMap((batch) => formatter.format(batch)).flatMap(({ text }) => text.split('\n'));
}

/** A message alone, without its date and time. */
function shown(message: string, options: Partial<LogFormatOptions> = {}): string {
  return lines([[entry(message)]], options).slice(1).join('\n').replace('03:07:12.345Z 4f7d2a90 ', '');
}

describe('the format of the log stream', () => {
  it("begins a line with the event's own time and its task, under the date", () => {
    assert.deepEqual(lines([[entry('ERROR [http] down')]]), ['── 2026-11-23 ──', '03:07:12.345Z 4f7d2a90 ERROR [http] down']);
  });

  it('shows the date whenever it changes, in the chosen zone', () => {
    const batch = [entry('a', { at: Date.UTC(2026, 10, 23, 21, 59, 59, 7) }), entry('b', { at: Date.UTC(2026, 10, 23, 22, 0, 0) })];
    assert.deepEqual(lines([batch, [entry('c', { at: Date.UTC(2026, 10, 23, 22, 0, 1) })]], { time: 'local', offsetAt: () => 120 }), [
      '── 2026-11-23 ──', '23:59:59.007+02:00 4f7d2a90 a', '── 2026-11-24 ──', '00:00:00.000+02:00 4f7d2a90 b', '00:00:01.000+02:00 4f7d2a90 c',
    ]);
  });

  it('writes milliseconds with three digits, and the zone of Greenwich with its sign', () => {
    const batch = [0, 9, 10, 99, 100].map((ms) => entry('a', { at: Date.UTC(2026, 10, 23, 12, 0, 0, ms) }));
    assert.deepEqual(lines([batch], { time: 'local', offsetAt: () => 0 }).slice(1), ['000', '009', '010', '099', '100'].map((ms) => `12:00:00.${ms}+00:00 4f7d2a90 a`));
  });

  it('follows the clocks when they are put back, also in a zone of half an hour', () => {
    const change = Date.UTC(2026, 9, 25, 1);
    assert.deepEqual(lines([[entry('a', { at: change - 1 }), entry('b', { at: change })]], { time: 'local', offsetAt: (at) => (at < change ? -150 : -210) }).slice(1), [
      '22:29:59.999-02:30 4f7d2a90 a', '21:30:00.000-03:30 4f7d2a90 b',
    ]);
  });

  it('does not repeat the time that the message begins with, unless it is another', () => {
    assert.equal(shown('2026-11-23T03:07:12.345Z INFO x'), 'INFO x');
    assert.equal(shown('2026-11-23 03:07:12,900 INFO x'), 'INFO x');
    assert.equal(shown('[2026-11-23T05:07:12+02:00] INFO x'), 'INFO x');
    assert.equal(shown('2026-11-23T03:07:14.000Z INFO x'), '2026-11-23T03:07:14.000Z INFO x');
    assert.equal(shown('2026-11-23 is no time'), '2026-11-23 is no time');
  });

  it('names the group when there are several, by what tells it from the others', () => {
    const batch = [entry('a', { group: '/aws/ecs/one' }), entry('b', { group: '/aws/ecs/two' })];
    assert.deepEqual(lines([batch], { groups: ['/aws/ecs/one', '/aws/ecs/two'] }).slice(1), ['03:07:12.345Z one/4f7d2a90 a', '03:07:12.345Z two/4f7d2a90 b']);
    assert.deepEqual([...shortGroups(['/a/api', '/b/api', '/c/web']).values()], ['a/api', 'b/api', 'web']);
    assert.deepEqual(['2026/11/23/[$LATEST]58419525dade4d17', 'backend-7d9f8b-x2k4z', 'web', ''].map(shortStream), ['58419525', '7d9f8b-x2k4z', 'web', '-']);
  });

  it('marks what came late, what the stream says, and deployments', () => {
    assert.deepEqual(lines([[entry('a', { late: true }), { kind: 'note', at: AT, text: 'gap of 12 s, backfilled' }, { kind: 'marker', key: 'k', at: AT, text: 'backend: rollout completed', late: true }]]).slice(1), [
      '03:07:12.345Z 4f7d2a90 (late) a', '── 03:07:12.345Z gap of 12 s, backfilled ──', '── 03:07:12.345Z ▲ (late) backend: rollout completed ──',
    ]);
  });

  it('takes out colours, links and movements, and shows what could deceive', () => {
    assert.equal(shown(`${ESC}[1;31mERROR${ESC}[0m ${ESC}]8;;https://example.com${ESC}\\here${ESC}]8;;${ESC}\\ ${ESC}[2K${ESC}[1Adone${ESC}(B`), 'ERROR here done');
    assert.equal(shown(`a${ESC}]0;never ended\nnext`), 'a\n    next');
    assert.equal(shown('a\0b\u202Ecod\u2069\u2028\u007f'), 'a␀b<U+202E>cod<U+2069><U+2028>␡');
    assert.equal(shown('10 %\r20 %\r\ndone\r\n'), '10 %\n    20 %\n    done');
    assert.equal(shown('عربي tab\there'), 'عربي tab\there');
  });

  it('cuts a line that is too long and says how much is missing', () => {
    const text = shown(`${'x'.repeat(LONGEST_LINE + 5)}\nshort`);
    assert.ok(text.endsWith('x… [5 more characters]\n    short'));
    assert.ok(shown(`${'x'.repeat(LONGEST_LINE - 1)}😀`).endsWith('x… [2 more characters]'));
  });

  it('redacts what colours had parted and what JSON had escaped', () => {
    assert.doesNotMatch(shown(`mona${ESC}[1m@example${ESC}[0m.com`), /example/);
    assert.equal(shown('{"msg":"m","db":{"password":12345},"to":"mona\\u0040example.com"}'), 'm  db={"password":"[redacted: secret]"} to=[redacted: e-mail address]');
    assert.doesNotMatch(indentJson({ message: '{"db":{"password":"hunter2"},"n":12345678901234567890}', at: AT }, redact) ?? '', /hunter2/);
  });

  it('leaves no control character, whatever comes', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.doesNotMatch(cleanText(text), /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]/);
    }));
  });
});

describe('a line of JSON', () => {
  it('is its level, its message and the other fields', () => {
    assert.equal(shown('{"time":"2026-11-23T03:07:12.345Z","level":"info","message":"request completed","status":200,"path":"/v1/x","ua":"a b","ok":true,"none":null,"tags":["a"]}'),
      'INFO request completed  status=200 path=/v1/x ua="a b" ok=true none=null tags=["a"]');
    assert.equal(shown(`{"level":50,"time":${AT},"pid":7,"msg":"down"}`), 'ERROR down  pid=7');
    assert.equal(shown('{"levelname":"warning","event":"slow"}'), 'WARN slow');
    assert.equal(shown('{"a":1,"time":"2020-01-01T00:00:00Z"}'), 'a=1 time=2020-01-01T00:00:00Z');
    assert.equal(shown('{}'), '{}');
  });

  it('keeps the digits of long ids', () => {
    assert.equal(shown('{"msg":"m","order":12345678901234567890}'), 'm  order=12345678901234567890');
  });

  it('unfolds the stack of an error', () => {
    const stack = 'Error: down\\n    at f (/app/a.js:1:2)';
    for (const json of [`{"level":"error","msg":"m","stack":"${stack}"}`, `{"level":"error","msg":"m","err":{"stack":"${stack}"}}`, '{"level":"error","msg":"m","error":{"stack":["Error: down","    at f (/app/a.js:1:2)"]}}']) {
      assert.equal(shown(json), 'ERROR m\n    Error: down\n        at f (/app/a.js:1:2)');
    }
    assert.equal(shown('{"msg":"m","exception":"none"}'), 'm  exception=none');
  });

  it('is pretty on demand', () => {
    assert.equal(shown('{"level":"info","msg":"m","a":{"b":1}}', { json: 'pretty' }), 'INFO m\n    {\n      "a": {\n        "b": 1\n      }\n    }');
  });

  it('that is broken, or nested without end, is text', () => {
    assert.equal(shown('{"level":"info"'), '{"level":"info"');
    const deep = `${'{"a":'.repeat(3_000)}1${'}'.repeat(3_000)}`;
    assert.ok(shown(deep).startsWith('a={"a":') || shown(deep) === deep);
  });
});

describe('a trace that was sent line by line', () => {
  const other = { stream: 'ecs/backend/99999999aaaaaaaa' };
  const ms = (after: number) => ({ at: AT + after });

  it('stands under its head, whatever came in between', () => {
    assert.deepEqual(lines([[entry('Error: down'), entry('other', other), entry('    at f (/app/a.js:1:2)', ms(1)), entry('Caused by: x', ms(2)), entry('\t... 3 more', ms(3)), entry('INFO next', ms(4))]]).slice(1), [
      '03:07:12.345Z 4f7d2a90 Error: down', '        at f (/app/a.js:1:2)', '    Caused by: x', '    \t... 3 more', '03:07:12.345Z 99999999 other', '03:07:12.349Z 4f7d2a90 INFO next',
    ]);
  });

  it('goes on with a mark in the next batch', () => {
    assert.deepEqual(lines([[entry('Error: down'), entry('other', other)], [entry('    at f', ms(5)), entry('    at g', ms(6))]]).slice(1), [
      '03:07:12.345Z 4f7d2a90 Error: down', '03:07:12.345Z 99999999 other', '03:07:12.350Z 4f7d2a90 ↳     at f', '        at g',
    ]);
  });

  it('of Python ends with its error, of Go has calls without an indent', () => {
    const python = ['ERROR failed', 'Traceback (most recent call last):', '  File "/app/a.py", line 3, in f', '    g()', 'ValueError: bad', 'Done'];
    assert.deepEqual(lines([python.map((text) => entry(text))]).map((line) => /^\d/.test(line)), [false, true, false, false, false, false, true]);
    const go = ['panic: nil', '', 'goroutine 1 [running]:', 'main.(*Server).handle(0xc000)', '\t/app/main.go:12 +0x1d', 'exit status 2', 'started'];
    assert.deepEqual(lines([go.map((text) => entry(text))]).map((line) => /^\d/.test(line)), [false, true, false, false, false, false, false, true]);
  });

  it('does not take what comes later', () => {
    assert.equal(lines([[entry('head'), entry('  indented', ms(1_500))]]).length, 3);
  });

  it('neither loses nor doubles anything', () => {
    const texts = fc.constantFrom('Error: x', '    at f (a.js:1:1)', 'Caused by: y', 'goroutine 1 [running]:', 'main.f(0x1)', 'plain', JSON_LINE, '}', 'Traceback (most recent call last):', 'E: x', 'two\n  lines');
    const events = fc.array(fc.record({ text: texts, stream: fc.constantFrom('a', 'b', 'c'), at: fc.integer({ min: 0, max: 5_000 }) }), { maxLength: 60 });
    fc.assert(fc.property(events, fc.integer({ min: 1, max: 20 }), (all, size) => {
      const entries = all.map(({ text, stream, at }, index) => entry(text === JSON_LINE ? `{"msg":"#${index}#"}` : `${text} #${index}#`, { stream, at }));
      const formatter = createLogFormatter({ time: 'utc', json: 'compact', redact });
      const blocks = Array.from({ length: Math.ceil(entries.length / size) }, (_, batch) => formatter.format(entries.slice(batch * size, (batch + 1) * size))).flat();
      const marksOf = (stream: string): string[] => blocks.filter(({ message }) => message?.stream === stream).flatMap(({ text }) => text.match(/#\d+#/g) ?? []);
      for (const stream of ['a', 'b', 'c']) {
        assert.deepEqual(marksOf(stream), all.flatMap((event, index) => (event.stream === stream ? [`#${index}#`] : [])));
      }
      let line = 0;
      for (const block of blocks) {
        assert.equal(block.line, line);
        line += block.text.split('\n').length;
      }
    }));
  });
});
