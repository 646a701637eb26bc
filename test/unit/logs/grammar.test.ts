/** The colours of the channel: the grammar as VS Code reads it, over what the formatter writes. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { before, describe, it } from 'mocha';
import type { IGrammar } from 'vscode-textmate';
import { createRedactor } from '../../../src/incident/redact.ts';
import { createLogFormatter } from '../../../src/logs/format.ts';
import type { LogEntry } from '../../../src/logs/log-entry.ts';
import { CORPUS } from './frames-corpus.ts';

const require = createRequire(import.meta.url);
const textmate = require('vscode-textmate') as typeof import('vscode-textmate');
const oniguruma = require('vscode-oniguruma') as typeof import('vscode-oniguruma');
const GRAMMAR = path.resolve(import.meta.dirname, '../../../media/incident-log.tmLanguage.json');
const AT = Date.UTC(2026, 10, 23, 3, 7, 12, 345);

describe('the grammar of the log channel', () => {
  let grammar: IGrammar;

  before(async () => {
    await oniguruma.loadWASM(readFileSync(require.resolve('vscode-oniguruma/release/onig.wasm')));
    const registry = new textmate.Registry({
      onigLib: Promise.resolve({ createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns), createOnigString: (text) => new oniguruma.OnigString(text) }),
      loadGrammar: () => Promise.resolve(textmate.parseRawGrammar(readFileSync(GRAMMAR, 'utf8'), GRAMMAR)),
    });
    grammar = await registry.loadGrammar('text.incident-log') ?? assert.fail('no grammar');
  });

  /** `scope: words` of what is coloured, without the language's own scope. */
  function colours(text: string): string[] {
    let stack = textmate.INITIAL;
    return text.split('\n').flatMap((line) => {
      const { tokens, ruleStack } = grammar.tokenizeLine(line, stack);
      stack = ruleStack;
      return tokens.flatMap(({ scopes, startIndex, endIndex }) => {
        const scope = scopes.slice(1).at(-1);
        return scope === undefined ? [] : [`${scope.replace('.incident-log', '')}: ${line.slice(startIndex, endIndex)}`];
      });
    });
  }

  /** A message as the channel shows it, without its time and task. */
  function coloursOf(message: string, changes: { late?: true; json?: 'pretty' } = {}): string[] {
    const { late, json = 'compact' } = changes;
    const entry: LogEntry = { kind: 'event', id: '1', group: 'g', stream: 'ecs/backend/4f7d2a90c1b24e8f', at: AT, ingestedAt: AT, message, ...(late === undefined ? {} : { late }) };
    const [, block] = createLogFormatter({ time: 'utc', json, redact: createRedactor() }).format([entry]);
    const [time, task, ...others] = colours(block?.text ?? '');
    assert.deepEqual([time, task], ['comment.line.time: 03:07:12.345Z', 'entity.name.type.task: 4f7d2a90']);
    return others;
  }

  it('tells levels, keys, strings, numbers, ids and errors apart', () => {
    assert.deepEqual(coloursOf('{"level":"warn","message":"slow","path":"/a b","ms":120,"ok":true,"requestId":"8f14e45f-ceea-467f-9d9a-0242ac120002"}'), [
      'token.warn-token: WARN', 'variable.other.key: path', 'string.quoted.double: "/a b"', 'variable.other.key: ms', 'constant.numeric: 120',
      'variable.other.key: ok', 'constant.language: true', 'variable.other.key: requestId', 'constant.other.option.request-id: 8f14e45f-ceea-467f-9d9a-0242ac120002',
    ]);
    assert.deepEqual(coloursOf('ERROR [http] java.lang.IllegalStateException: TypeError, 503 after 2.5s'), [
      'token.error-token: ERROR', 'entity.name.type.error: java.lang.IllegalStateException', 'entity.name.type.error: TypeError', 'constant.numeric: 503', 'constant.numeric: 2.5s',
    ]);
  });

  it('takes a level for one only where it stands for itself', () => {
    for (const message of ['open ERROR.md', 'GET /a/ERROR/b', 'on-ERROR-resume', 'MY_ERROR', 'see https://x.test/INFO?q=ERROR', 'ERROR_CODE']) {
      assert.deepEqual(coloursOf(message).filter((colour) => colour.startsWith('token.')), [], message);
    }
    for (const message of ['[ERROR] no', 'level=ERROR', 'ERROR: no', 'no ERROR.', '(ERROR)']) {
      assert.deepEqual(coloursOf(message).filter((colour) => colour.startsWith('token.')), ['token.error-token: ERROR'], message);
    }
  });

  it('colours JSON of several lines', () => {
    assert.deepEqual(coloursOf('{"a":{"level":"ERROR","n":-1,"said":"a \\"word\\""}}', { json: 'pretty' }), [
      'variable.other.key: "a"', 'variable.other.key: "level"', 'token.error-token: "ERROR"', 'variable.other.key: "n"', 'constant.numeric: -1',
      'variable.other.key: "said"', 'string.quoted.double: "a \\"word\\""',
    ]);
  });

  it('says what is late and what goes on', () => {
    assert.deepEqual(coloursOf('INFO x', { late: true }), ['keyword.other.late: (late)', 'token.info-token: INFO']);
    assert.deepEqual(colours('03:07:12.345+02:00 4f7d2a90 (late) ↳     at f (/app/a.js:1:2)').slice(2), [
      'keyword.other.late: (late)', 'keyword.other.continues: ↳', 'entity.name.function.frame: f', 'string.unquoted.place: /app/a.js:1:2',
    ]);
  });

  it('tells the date, notes and deployments from messages', () => {
    assert.deepEqual(colours('── 2026-11-23 ──'), ['comment.line.note: ── 2026-11-23 ──']);
    assert.deepEqual(colours('── 03:07:12.345Z throttled, next try in 4 s ──'), ['comment.line.note: ── 03:07:12.345Z throttled, next try in 4 s ──']);
    assert.ok(colours('── 03:07:12.345Z ▲ backend: rollout of backend:7 completed ──').includes('markup.heading.deployment: ▲ backend: rollout of backend:7 completed'));
  });

  it('opens a trace on the first line of a message as on any other', () => {
    for (const opener of ['Traceback (most recent call last):', 'goroutine 1 [running]:', 'panic:', 'Caused by:']) {
      for (const message of [opener, `ERROR no\n${opener}`]) {
        assert.ok(coloursOf(message).includes(`keyword.control.trace: ${opener}`), message);
      }
    }
    assert.deepEqual(coloursOf('x\ncreated by net/http.(*Server).Serve in goroutine 18').slice(0, 2), ['keyword.control.trace: created by', 'entity.name.function.frame: net/http.(*Server).Serve']);
  });

  it('marks the place of every frame that is a link, of each language', () => {
    for (const { name, text, frames } of CORPUS.filter((shape) => !/JSON|Lambda|^not a frame|could not be parsed|exception group|came alone/.test(shape.name))) {
      const places = coloursOf(`failed\n${text}`).filter((colour) => colour.startsWith('string.unquoted.place'));
      for (const frame of frames) {
        const [, file = '', line = ''] = /([^/ ]+?):(\d+)(?::\d+)?$/.exec(frame) ?? [];
        const ours = places.filter((place) => place.replaceAll('%20', ' ').includes(file) && new RegExp(`\\b${line}\\b`).test(place));
        assert.ok(ours.length > 0, `${name}: ${frame} is not among ${places.join(' | ')}`);
      }
    }
  });
});
