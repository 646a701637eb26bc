import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, it } from 'mocha';
import { UserError, messageOf } from '../../../src/errors.ts';
import type { LocalLedger } from '../../../src/ledger/local-ledger.ts';
import { EXTENSION, PERSON, minute } from '../../support/build-events.ts';
import { buildLedger, declaration, finding, rawEvents, timelineFile } from '../../support/build-ledger.ts';
import { START, createClock } from '../../support/clock.ts';
import { useTemporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';

function userError(...parts: readonly (string | RegExp)[]): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof UserError, String(error));
    for (const part of parts) {
      assert.ok(typeof part === 'string' ? error.message.includes(part) : part.test(error.message), `${error.message} lacks ${part}`);
    }
    return true;
  };
}

describe('LocalLedger', () => {
  const folder = useTemporaryFolder();
  const open: LocalLedger[] = [];
  const ledgerIn = (directory: string, ...rest: readonly Parameters<typeof buildLedger>[1][]): LocalLedger => {
    const ledger = buildLedger(directory, ...rest);
    open.push(ledger);
    return ledger;
  };
  afterEach(() => { open.splice(0).forEach((ledger) => { ledger.dispose(); }); });

  it('has what it returned on the disk', async () => {
    const ledger = ledgerIn(folder());
    const { id } = await ledger.declare(declaration());
    const stored = await ledger.append(id, finding('The pool is too small'));
    assert.deepEqual(rawEvents(timelineFile(folder(), id)).map(({ type, at, actor }) => [type, at, actor]), [
      ['incident.declared', minute(0), PERSON], ['finding.documented', minute(0), PERSON],
    ]);
    assert.deepEqual(rawEvents(timelineFile(folder(), id)).at(-1), stored);
    assert.match(id, /^INC-20261123-[0-9A-HJKMNP-TV-Z]{4}$/);
  });

  it('makes the folder when it is not there', async () => {
    const directory = path.join(folder(), 'deep', 'down');
    assert.deepEqual(await ledgerIn(directory).list(), []);
    const { id } = await ledgerIn(directory).declare(declaration());
    assert.ok(existsSync(timelineFile(directory, id)));
  });

  it('keeps when something happened apart from when it was written down', async () => {
    const clock = createClock();
    const ledger = ledgerIn(folder(), { clock });
    const { id } = await ledger.declare(declaration());
    clock.advance(600_000);
    const event = await ledger.append(id, { ...finding('earlier'), at: minute(-5) }, EXTENSION);
    assert.deepEqual([event.at, event.recordedAt, event.actor], [minute(-5), minute(10), EXTENSION]);
    assert.deepEqual((await ledger.read(id)).events.map(({ type }) => type), ['finding.documented', 'incident.declared']);
  });

  it('tells two incidents declared with the same id apart', async () => {
    const given = ['INC-20261123-AAAA', 'INC-20261123-AAAA', 'INC-20261123-BBBB'];
    let count = 0;
    const ids = { event: () => `event${count += 1}`, incident: () => given.shift() ?? 'INC-20261123-CCCC' };
    const first = await ledgerIn(folder(), { ids }).declare(declaration('first'));
    const second = await ledgerIn(folder(), { ids }).declare(declaration('second'));
    assert.deepEqual([first.id, first.title, second.id, second.title], ['INC-20261123-AAAA', 'first', 'INC-20261123-BBBB', 'second']);
  });

  it('hides secrets and personal data before anything is on the disk', async () => {
    const ledger = ledgerIn(folder());
    const secrets = ['hunter2hunter2', '29805120101234', 'mona@example.com', '01012345678'];
    const { id } = await ledger.declare(declaration(`Login of ${secrets[2]} fails`));
    await ledger.append(id, { type: 'finding.documented', text: `patient ${secrets[1]}`, excerpt: { source: '.env', language: '', startLine: 1, endLine: 1, text: `DATABASE_URL=postgres://app:${secrets[0]}@db/portal` } });
    await ledger.append(id, { type: 'incident.closed', reason: `called ${secrets[3]}` });
    await ledger.append(id, { type: 'incident.reopened', reason: `password=${secrets[0]}` });
    for (const name of readdirSync(folder())) {
      const bytes = readFileSync(path.join(folder(), name), 'utf8');
      assert.deepEqual(secrets.filter((secret) => bytes.includes(secret)), [], name);
    }
    assert.match((await ledger.read(id)).findings[0]?.excerpt?.text ?? '', /postgres:\/\/app:\[redacted: password\]@db\/portal/);
  });

  describe('asked for an incident that it does not have', () => {
    it('says so, and names those it has', async () => {
      const ledger = ledgerIn(folder());
      await assert.rejects(ledger.read('INC-20261123-NONE'), userError('There is no incident "INC-20261123-NONE"', 'declare one first'));
      const { id } = await ledger.declare(declaration());
      await assert.rejects(ledger.append('INC-20261123-NONE', finding('x')), userError('There is no incident "INC-20261123-NONE"', `Known: ${id}.`));
      assert.equal(existsSync(timelineFile(folder(), 'INC-20261123-NONE')), false);
    });

    it('never leaves its folder', async () => {
      const directory = path.join(folder(), 'ledger');
      const ledger = ledgerIn(directory);
      const { id } = await ledger.declare(declaration());
      writeFileSync(path.join(folder(), `${id}.jsonl`), readFileSync(timelineFile(directory, id)));
      for (const name of [`../${id}`, `..\\${id}`, `${id}/../${id}`, path.join(folder(), id), '..', '', `${id}\0`, 'closed.index']) {
        await assert.rejects(ledger.read(name), userError('There is no incident'), name);
        await assert.rejects(ledger.append(name, finding('x')), userError('There is no incident'), name);
      }
      assert.deepEqual(readdirSync(folder()).sort(), ['ledger', `${id}.jsonl`].sort());
      assert.equal(rawEvents(path.join(folder(), `${id}.jsonl`)).length, 1);
    });
  });

  describe('with a damaged timeline', () => {
    it('reads on after a cut at every byte of the last record, and appends', async () => {
      const writer = ledgerIn(folder());
      const { id } = await writer.declare(declaration());
      await writer.append(id, finding('kept'));
      const file = timelineFile(folder(), id);
      const before = readFileSync(file);
      await writer.append(id, finding('torn é🔥'));
      const whole = readFileSync(file);
      for (let size = before.length; size <= whole.length; size += 1) {
        writeFileSync(file, whole.subarray(0, size));
        const ledger = buildLedger(folder());
        const texts = (await ledger.read(id)).findings.map(({ text }) => text);
        assert.deepEqual(texts, size === whole.length ? ['kept', 'torn é🔥'] : ['kept'], `cut at ${size}`);
        const { id: next } = await ledger.append(id, finding('next'));
        for (const reader of [ledger, buildLedger(folder())]) {
          const { events } = await reader.read(id);
          assert.equal(events.filter((event) => event.id === next).length, 1, `cut at ${size}`);
          assert.equal(new Set(events.map((event) => event.id)).size, events.length, `cut at ${size}`);
        }
      }
    }).timeout(10_000);

    it('keeps each damaged line aside once, and tells of it once', async () => {
      const { id } = await ledgerIn(folder()).declare(declaration());
      const file = timelineFile(folder(), id);
      const rubbish = ['{"id":"01', 'not json', '{"type":"incident.acknowledged"}', '[]'];
      appendFileSync(file, `\n${rubbish.join('\n\n')}\n`);
      const told: [string, number, string][] = [];
      const onDamage = (name: string, { line, text }: { line: number; text: string }): void => { told.push([name, line, text]); };
      for (let round = 0; round < 3; round += 1) {
        const ledger = ledgerIn(folder(), { onDamage });
        await ledger.read(id);
        await ledger.append(id, finding(`round ${round}`));
        await ledger.read(id);
      }
      assert.deepEqual(told, rubbish.map((text, index) => [file, 4 + 2 * index, text]));
      assert.equal(readFileSync(path.join(folder(), `${id}.damaged`), 'utf8'), `${rubbish.join('\n')}\n`);
      assert.equal((await ledgerIn(folder()).read(id)).findings.length, 3);
      assert.deepEqual((await ledgerIn(folder()).list()).map((incident) => incident.id), [id]);
    });

    it('reads past binary noise, a line of 5 MB and events without a body', async () => {
      const ledger = ledgerIn(folder());
      const { id } = await ledger.declare(declaration());
      const file = timelineFile(folder(), id);
      const { type: _type, ...head } = rawEvents(file)[0] ?? assert.fail();
      appendFileSync(file, Buffer.from([0, 255, 10, 13, 10, 128, 0, 10]));
      appendFileSync(file, `${'y'.repeat(5_000_000)}\n`);
      for (const type of ['step.finished', 'event.amended', 'incident.declared', 'severity.set']) {
        appendFileSync(file, `${JSON.stringify({ ...head, id: type, type, title: undefined })}\n`);
      }
      await ledger.append(id, finding('after'));
      for (const reader of [ledger, ledgerIn(folder())]) {
        assert.deepEqual((await reader.read(id)).events.map(({ type }) => type), ['incident.declared', 'finding.documented']);
      }
    });

    it('says that nothing in it declares the incident', async () => {
      const ledger = ledgerIn(folder());
      const { id } = await ledger.declare(declaration());
      writeFileSync(timelineFile(folder(), id), 'gone\n');
      const other = ledgerIn(folder());
      await assert.rejects(other.read(id), userError(`The timeline of ${id}`, 'holds no declaration', `${id}.damaged`));
      await assert.rejects(other.append(id, finding('x')), userError('holds no declaration'));
      assert.deepEqual(await other.list(), []);
    });

    it('lists the others when a folder stands in the place of one, and tells of it once', async () => {
      const told: string[] = [];
      const ledger = ledgerIn(folder(), { onUnreadable: (incident, error) => { told.push(`${incident}: ${messageOf(error)}`); } });
      const { id } = await ledger.declare(declaration());
      mkdirSync(timelineFile(folder(), 'INC-20261123-DIRS'));
      writeFileSync(timelineFile(folder(), 'INC-20261123-NONE'), '');
      for (let round = 0; round < 2; round += 1) {
        assert.deepEqual((await ledger.list()).map((incident) => incident.id), [id]);
      }
      assert.equal(told.length, 1, 'an empty file is one that is being declared');
      assert.match(told[0] ?? '', /^INC-20261123-DIRS: .*could not be read/);
      await assert.rejects(ledger.read('INC-20261123-DIRS'), userError('could not be read', 'INC-20261123-DIRS.jsonl'));
      await assert.rejects(ledger.append('INC-20261123-DIRS', finding('x')), userError('could not be read'));
    });

    it('takes an incident that is being declared for no damage', async () => {
      const told: string[] = [];
      const writer = ledgerIn(folder());
      const reader = ledgerIn(folder(), { onUnreadable: (incident) => { told.push(incident); } });
      let declaring = true;
      const declarations = (async () => {
        for (let count = 0; count < 200; count += 1) {
          await writer.declare(declaration());
        }
        declaring = false;
      })();
      while (declaring) {
        await reader.list();
      }
      await declarations;
      assert.deepEqual(told, []);
      assert.equal((await reader.list()).length, 200);
    });

    it('follows a file that another program made shorter', async () => {
      const ledger = ledgerIn(folder());
      const { id } = await ledger.declare(declaration());
      const file = timelineFile(folder(), id);
      const declared = readFileSync(file);
      await ledger.append(id, finding('gone'));
      writeFileSync(file, declared);
      assert.deepEqual((await ledger.read(id)).findings, []);
      rmSync(file);
      await assert.rejects(ledger.read(id), userError('There is no incident'));
    });
  });

  describe('where nothing can be written', () => {
    it('says that the folder cannot be made', async () => {
      const file = path.join(folder(), 'file');
      writeFileSync(file, '');
      const ledger = ledgerIn(path.join(file, 'ledger'));
      await assert.rejects(ledger.declare(declaration()), userError(path.join(file, 'ledger'), 'could not be made', 'Check its permissions'));
      await assert.rejects(ledger.list(), userError('could not be listed'));
    });

    it('says that the incident could not be recorded, and leaves no trace of it', async () => {
      const directory = path.join(folder(), 'ledger');
      const ledger = ledgerIn(directory);
      await ledger.declare(declaration());
      rmSync(directory, { recursive: true });
      writeFileSync(directory, '');
      await assert.rejects(ledger.declare(declaration()), userError(directory, 'could not be recorded', 'declare again'));
    });

    it('watches all the same, and ends', async () => {
      const file = path.join(folder(), 'file');
      writeFileSync(file, '');
      const ledger = ledgerIn(path.join(file, 'ledger'));
      ledger.onDidChange(() => assert.fail()).dispose();
      await assert.rejects(ledger.declare(declaration()), userError('could not be made'));
    });
  });

  describe('two windows', () => {
    it('that append at once both see everything, in the same order', async () => {
      const [a, b] = [ledgerIn(folder()), ledgerIn(folder())];
      const { id } = await a.declare(declaration());
      const appended = await Promise.all(Array.from({ length: 200 }, (_, index) => [a.append(id, finding(`a${index}`)), b.append(id, finding(`b${index}`))]).flat());
      const [seenByA, seenByB] = await Promise.all([a.read(id), b.read(id)]);
      assert.deepEqual(seenByA.events, seenByB.events);
      assert.deepEqual(new Set(seenByA.findings.map(({ event }) => event)), new Set(appended.map((event) => event.id)));
      assert.equal(seenByA.events.length, 401);
    }).timeout(10_000);

    it('tell each other of changes', async () => {
      const [a, b] = [ledgerIn(folder()), ledgerIn(folder())];
      const { id } = await a.declare(declaration());
      const told = new Set<string>();
      const subscription = b.onDidChange((incident) => told.add(incident));
      // The watcher starts in the background; until it does, a change goes unseen.
      await until('the other window to be told', async () => { await a.append(id, finding('x')); return told.has(id); });
      const second = await a.declare(declaration());
      await until('the second incident', () => told.has(second.id));
      subscription.dispose();
      told.clear();
      await a.append(id, finding('y'));
      const heard = new Set<string>();
      b.onDidChange((incident) => heard.add(incident));
      await until('another listener', async () => { await a.append(id, finding('z')); return heard.has(id); });
      assert.equal(told.size, 0);
    });

    it('tell their own listeners at once', async () => {
      const ledger = ledgerIn(folder());
      const told: string[] = [];
      ledger.onDidChange((incident) => told.push(incident));
      const { id } = await ledger.declare(declaration());
      assert.equal(told[0], id);
    });
  });

  it('lists open incidents first, then closed ones, each the newest first', async () => {
    const clock = createClock(START);
    const ledger = ledgerIn(folder(), { clock });
    const ids: string[] = [];
    for (const title of ['a', 'b', 'c', 'd']) {
      clock.advance(60_000);
      ids.push((await ledger.declare(declaration(title))).id);
    }
    for (const index of [0, 2]) {
      await ledger.append(ids[index] ?? '', { type: 'incident.closed', reason: 'over' });
    }
    const titles = async (status?: 'open' | 'closed'): Promise<string[]> => (await ledger.list(status)).map(({ title }) => title);
    assert.deepEqual([await titles(), await titles('open'), await titles('closed')], [['d', 'b', 'c', 'a'], ['d', 'b'], ['c', 'a']]);
  });
});
