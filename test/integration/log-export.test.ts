import assert from 'node:assert/strict';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { CancelledError, UserError } from '../../src/errors.ts';
import { type ExportQuery, exportLogs, partialOf, unfinishedExport } from '../../src/logs/export.ts';
import { data, refusal, useAwsStub } from '../support/aws-stub.ts';
import { START } from '../support/clock.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';

const GROUPS = ['/a', '/b'];
const QUERY: ExportQuery = { environment: 'production', groups: GROUPS, pattern: '', from: START, to: START + 1_000, format: 'ndjson' };

interface Stored {
  readonly eventId: string;
  readonly timestamp: number;
}

describe('the export of logs', () => {
  const folder = useTemporaryFolder();
  const aws = useAwsStub();
  const file = (): string => path.join(folder(), 'out.ndjson');

  /** @param failAt calls from now on until one is refused */
  function serve(stored: Readonly<Record<string, readonly Stored[]>>, pageSize: number, failAt = Number.POSITIVE_INFINITY): void {
    let calls = 0;
    aws.on('FilterLogEvents', ({ logGroupName, startTime, endTime, nextToken }) => {
      calls += 1;
      if (calls === failAt) {
        return refusal('AccessDeniedException', 'The session is over.');
      }
      const start = Number(nextToken ?? 0);
      const found = (stored[String(logGroupName)] ?? []).filter(({ timestamp }) => timestamp >= Number(startTime) && timestamp < Number(endTime));
      return data({ events: found.slice(start, start + pageSize).map((event) => ({ ...event, message: event.eventId })), ...(start + pageSize < found.length ? { nextToken: String(start + pageSize) } : {}) });
    });
  }

  function run(signal = new AbortController().signal, onProgress: () => void = () => undefined, query = QUERY) {
    return exportLogs(query, file(), { aws: aws.session, onProgress, lineOf: ({ id, at }) => JSON.stringify([id, at]) }, signal);
  }

  function written(): readonly (readonly [id: string, at: number])[] {
    return readFileSync(file(), 'utf8').trimEnd().split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as [string, number]);
  }

  const times = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 60 });
  const numbered = (group: string, offsets: readonly number[]): Stored[] => offsets.toSorted((a, b) => a - b).map((offset, index) => ({ eventId: `${group}${index}`, timestamp: START + offset }));

  it('holds every event once, in order, wherever it was cut off', async function () {
    this.timeout(120_000);
    await fc.assert(fc.asyncProperty(times, times, fc.integer({ min: 1, max: 9 }), fc.array(fc.record({ how: fc.constantFrom('refused', 'cancelled', 'killed'), after: fc.integer({ min: 1, max: 6 }) }), { maxLength: 4 }), async (one, other, pageSize, cuts) => {
      const stored = { '/a': numbered('a', one), '/b': numbered('b', other) };
      for (const { how, after } of cuts) {
        const abort = new AbortController();
        let seen = 0;
        serve(stored, pageSize, how === 'refused' ? after : undefined);
        await run(abort.signal, () => {
          seen += 1;
          if (how !== 'refused' && seen === after) {
            abort.abort();
          }
        }).catch((error: unknown) => { assert.ok(error instanceof UserError || error instanceof CancelledError, String(error)); });
        if (how === 'killed' && existsSync(partialOf(file()))) {
          appendFileSync(partialOf(file()), '["half a li');
        }
      }
      serve(stored, pageSize);
      const { events } = await run();
      const all = [...stored['/a'], ...stored['/b']];
      assert.deepEqual(written().map(([id]) => id).sort(), all.map(({ eventId }) => eventId).sort());
      assert.deepEqual(written().map(([, at]) => at), all.map(({ timestamp }) => timestamp).sort((a, b) => a - b));
      assert.equal(events, all.length);
      assert.equal(existsSync(partialOf(file())) || existsSync(`${partialOf(file())}.json`), false);
    }), { numRuns: 40 });
  });

  it('goes on where it stood and says so', async () => {
    const stored = { '/a': numbered('a', [0, 10, 20, 30]), '/b': [] };
    serve(stored, 1, 4);
    await assert.rejects(run(), UserError);
    const state = await unfinishedExport(file()) ?? assert.fail();
    assert.ok(state.events > 0 && state.events < 4, String(state.events));
    serve(stored, 1);
    assert.deepEqual(await run(), { file: file(), events: 4, resumed: true });
    assert.equal(aws.calls.findLast(({ input }) => input['nextToken'] === undefined)?.input['startTime'], state.at);
  });

  it('begins anew for another query, and for a state that nobody can read', async () => {
    const stored = { '/a': numbered('a', [0, 10, 20]), '/b': [] };
    serve(stored, 1, 4);
    await assert.rejects(run(), UserError);
    serve(stored, 5);
    assert.equal((await run(undefined, undefined, { ...QUERY, pattern: 'x' })).resumed, false);
    assert.equal(written().length, 3);
    writeFileSync(`${partialOf(file())}.json`, '{"bytes":');
    writeFileSync(partialOf(file()), 'old');
    assert.deepEqual(await run(), { file: file(), events: 3, resumed: false });
  });

  it('says what to do when the file cannot be written', async () => {
    serve({}, 1);
    await assert.rejects(exportLogs(QUERY, path.join(folder(), 'no', 'such.log'), { aws: aws.session, onProgress: () => undefined, lineOf: () => '' }, new AbortController().signal), /cannot be written.*export to the same file again/);
  });
});
