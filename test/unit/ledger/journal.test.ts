import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readFileSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'mocha';
import { UserError } from '../../../src/errors.ts';
import { appendRecord, flushDirectory, parseRecords, readRecords } from '../../../src/ledger/journal.ts';
import { useTemporaryFolder } from '../../support/temporary-folder.ts';

interface Note { readonly note: string }

function isNote(value: unknown): value is Note {
  return typeof value === 'object' && value !== null && 'note' in value && typeof value.note === 'string';
}

function notes(content: { readonly records: readonly Note[] }): string[] {
  return content.records.map(({ note }) => note);
}

/** Devices and modes as Linux has them. */
const onLinux = process.platform === 'linux' ? it : it.skip;

describe('a journal', () => {
  const folder = useTemporaryFolder();
  const journal = (): string => path.join(folder(), 'notes.jsonl');

  it('gives back what was appended, in order', async () => {
    for (const note of ['one', 'two\nlines', 'ثلاثة 🔥']) {
      await appendRecord(journal(), { note });
    }
    const content = await readRecords(journal(), isNote);
    assert.deepEqual([notes(content), content.damaged, content.unfinished], [['one', 'two\nlines', 'ثلاثة 🔥'], [], undefined]);
  });

  it('has no records when the file is not there', async () => {
    assert.deepEqual(await readRecords(journal(), isNote), { records: [], damaged: [], cursor: { position: 0, lines: 0 } });
  });

  onLinux('is readable by its owner only', async () => {
    await appendRecord(journal(), { note: 'one' });
    assert.equal(statSync(journal()).mode & 0o777, 0o600);
  });

  it('reads on from where it was', async () => {
    await appendRecord(journal(), { note: 'one' });
    const first = await readRecords(journal(), isNote);
    await appendRecord(journal(), { note: 'two' });
    const second = await readRecords(journal(), isNote, first.cursor);
    assert.deepEqual(notes(second), ['two']);
    assert.deepEqual(notes(await readRecords(journal(), isNote, second.cursor)), []);
  });

  it('begins anew when the file has become shorter', async () => {
    await appendRecord(journal(), { note: 'a long one that goes away' });
    const { cursor } = await readRecords(journal(), isNote);
    writeFileSync(journal(), '{"note":"new"}\n');
    assert.deepEqual(notes(await readRecords(journal(), isNote, cursor)), ['new']);
  });

  it('survives a cut at every byte of its last record', async () => {
    await appendRecord(journal(), { note: 'first' });
    await appendRecord(journal(), { note: 'second' });
    const before = readFileSync(journal());
    await appendRecord(journal(), { note: 'last ünfinished 🔥' });
    const whole = readFileSync(journal());
    for (let size = before.length; size < whole.length; size += 1) {
      writeFileSync(journal(), whole);
      truncateSync(journal(), size);
      const torn = await readRecords(journal(), isNote);
      assert.deepEqual(notes(torn), ['first', 'second'], `cut at ${size}`);
      assert.deepEqual(torn.damaged, [], `cut at ${size}`);
      assert.equal(torn.unfinished !== undefined, size > before.length + 1, `cut at ${size}`);

      await appendRecord(journal(), { note: 'next' });
      const after = await readRecords(journal(), isNote);
      // Cut just before its last newline, the record was there in full, only not confirmed.
      const complete = size === whole.length - 1;
      assert.deepEqual(notes(after), complete ? ['first', 'second', 'last ünfinished 🔥', 'next'] : ['first', 'second', 'next'], `cut at ${size}`);
      assert.equal(after.damaged.length, complete || size <= before.length + 1 ? 0 : 1, `cut at ${size}`);
      assert.deepEqual(notes(await readRecords(journal(), isNote, torn.cursor)), notes(after).slice(2), `cut at ${size}`);
    }
  }).timeout(10_000);

  it('passes over lines that are no records, and says where they are', async () => {
    await appendRecord(journal(), { note: 'one' });
    appendFileSync(journal(), '\n\n  \nnot json\n{"other":1}\n42\nnull\n');
    await appendRecord(journal(), { note: 'two' });
    const content = await readRecords(journal(), isNote);
    assert.deepEqual(notes(content), ['one', 'two']);
    assert.deepEqual(content.damaged, [{ line: 6, text: 'not json' }, { line: 7, text: '{"other":1}' }, { line: 8, text: '42' }, { line: 9, text: 'null' }]);
    const lines = readFileSync(journal(), 'utf8').split('\n');
    assert.deepEqual(content.damaged.map(({ line }) => lines[line - 1]), ['not json', '{"other":1}', '42', 'null']);
  });

  it('counts the lines on over several reads', async () => {
    await appendRecord(journal(), { note: 'one' });
    const { cursor } = await readRecords(journal(), isNote);
    appendFileSync(journal(), 'rubbish\n');
    assert.deepEqual((await readRecords(journal(), isNote, cursor)).damaged, [{ line: 3, text: 'rubbish' }]);
  });

  it('reads binary noise and a line of 5 MB', async () => {
    const noise = Buffer.from(Array.from({ length: 4_000 }, (_, index) => (index * 7919) % 256));
    writeFileSync(journal(), Buffer.concat([noise, Buffer.from('\n'), Buffer.alloc(5_000_000, 'x'), Buffer.from('\n')]));
    await appendRecord(journal(), { note: 'after' });
    assert.deepEqual(notes(await readRecords(journal(), isNote)), ['after']);
  });

  onLinux('says what to do when the disk is full', async () => {
    symlinkSync('/dev/full', journal());
    await assert.rejects(appendRecord(journal(), { note: 'one' }), (error: UserError) =>
      error instanceof UserError && error.message.includes('the disk is full') && error.message.includes('Free some space') && error.message.includes(journal()));
  });

  it('says which file cannot be written or read', async () => {
    mkdirSync(journal());
    await assert.rejects(appendRecord(journal(), { note: 'one' }), (error: UserError) => error instanceof UserError && error.message.includes(journal()));
    await assert.rejects(readRecords(journal(), isNote), (error: UserError) => error instanceof UserError && /could not be read: .*Check that it is a file/.test(error.message));
  });

  it('can make a new name durable', async () => {
    await flushDirectory(folder());
    await assert.rejects(flushDirectory(path.join(folder(), 'missing')), { code: 'ENOENT' });
  });
});

describe('parseRecords', () => {
  it('leaves an unterminated line for later', () => {
    const { records, unfinished, cursor } = parseRecords(Buffer.from('{"note":"ä"}\n{"no'), isNote);
    assert.deepEqual([notes({ records }), unfinished, cursor], [['ä'], '{"no', { position: 14, lines: 1 }]);
  });

  it('finds nothing in nothing', () => {
    assert.deepEqual(parseRecords(Buffer.alloc(0), isNote), { records: [], damaged: [], cursor: { position: 0, lines: 0 } });
  });
});
