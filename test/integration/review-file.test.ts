import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, it } from 'mocha';
import { incidentOf } from '../../src/incident/review/merge.ts';
import { DeliveryError, type Parcel, type Receipt } from '../../src/services/courier.ts';
import { stampOf } from '../../src/services/replace-file.ts';
import { reviewFileCalls } from '../../src/services/review-file.ts';
import { INCIDENT } from '../support/build-events.ts';
import { type ParcelBuilder, buildParcels } from '../support/build-parcel.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';

const FILE = 'docs/incidents/2026-11-23-portals-answer-503.md';

describe('the review document through its service', () => {
  const temporary = useTemporaryFolder();
  const folder = (): string => path.join(temporary(), 'site');
  const place = (file = FILE): string => path.join(folder(), ...file.split('/'));
  const text = (file = FILE): string => readFileSync(place(file), 'utf8');
  let builder: ParcelBuilder;
  let unsaved: string[];

  beforeEach(() => {
    mkdirSync(folder());
    builder = buildParcels();
    unsaved = [];
  });

  function ask(file = FILE, data: Readonly<Record<string, string | string[]>> = {}): Parcel {
    return builder.parcel(builder.ask({ service: 'workspace', call: 'writeReview', step: 'createReview', data: { file, folder: 'site', gapMinutes: 15, ...data } }));
  }

  function write(parcel = ask(), where: { readonly folder: string | undefined } = { folder: folder() }): Promise<Receipt> {
    const call = reviewFileCalls({ ...where, isUnsaved: (file) => unsaved.includes(file) })['writeReview'];
    assert.equal(call?.again, 'harmless');
    return call.send(parcel, new AbortController().signal);
  }

  const refused = (message: RegExp) => (error: unknown): boolean => error instanceof DeliveryError && error.kind === 'refused' && message.test(error.message);

  it('is written with the folders that lead to it', async () => {
    assert.deepEqual((await write()).result, { file: FILE, kept: [], newer: [] });
    assert.equal(incidentOf(text()), INCIDENT);
    assert.match(text(), /^# Post-Incident Review - 2026-11-23$/m);
    assert.deepEqual(readdirSync(path.dirname(place())), [path.basename(FILE)], 'and nothing is left beside it');
  });

  it('is not touched when it would say the same', async () => {
    await write();
    const before = await stampOf(place());
    await write();
    assert.equal(await stampOf(place()), before);
  });

  it('keeps what people wrote, takes over what is new, and says what it kept', async () => {
    await write();
    writeFileSync(place(), text().replace('*Not stated yet.*', 'A report without an index.').replace('<!-- Your own points go here. -->', '- We were quick.'));
    builder.add((event) => event('incident.resolved', { rootCause: 'The pool', resolution: 'Restarted' }, { minute: 30 }));
    const { result, note } = await write();
    assert.deepEqual(result, { file: FILE, kept: ['root-cause'], newer: ['root-cause'] });
    assert.match(note ?? '', /root-cause/);
    assert.match(text(), /A report without an index\./);
    assert.match(text(), /- We were quick\./);
    assert.match(text(), /- 03:30 UTC: Incident resolved/);
    assert.doesNotMatch(text(), /still open/);
    assert.deepEqual((await write(ask(FILE, { replace: ['root-cause'] }))).result, { file: FILE, kept: [], newer: [] });
    assert.doesNotMatch(text(), /A report without an index\./);
    assert.match(text(), /- We were quick\./);
  });

  it('is not written over changes that are not saved', async () => {
    await write();
    const before = text();
    unsaved = [place()];
    await assert.rejects(write(), refused(/Save it first/));
    assert.equal(text(), before);
  });

  it('never replaces a file that is no review of ours', async () => {
    mkdirSync(path.dirname(place()), { recursive: true });
    writeFileSync(place(), '# My notes\n');
    await assert.rejects(write(), refused(/is there already and is no review/));
    assert.equal(text(), '# My notes\n');
  });

  it('is found again by its path when its mark was deleted', async () => {
    await write();
    const without = text().replace(/<!-- incident-runbook:review .*\n/, '');
    writeFileSync(place(), without);
    await assert.rejects(write(), refused(/is no review/));
    builder.add((event) => event('review.written', { file: FILE }, { minute: 30 }));
    await write();
    assert.equal(incidentOf(text()), INCIDENT);
  });

  it('stands beside the review of another incident of that name', async () => {
    await write();
    writeFileSync(place(), text().replaceAll(INCIDENT, 'INC-20261123-AAAA'));
    const other = text();
    const beside = FILE.replace('.md', '-7kq4.md');
    assert.equal((await write()).result['file'], beside);
    assert.equal(text(), other);
    assert.equal(incidentOf(text(beside)), INCIDENT);
  });

  for (const file of ['../out.md', 'docs/../../out.md', '/tmp/out.md', 'C:/out.md', 'docs\\..\\out.md', 'docs//out.md', 'docs/out.sh', '.git/config']) {
    it(`is not written to ${file}`, async () => { await assert.rejects(write(ask(file)), refused(/no Markdown file inside the workspace/)); });
  }

  it('does not follow a folder or a file that leads out of the workspace', async () => {
    mkdirSync(path.join(temporary(), 'elsewhere'));
    symlinkSync(path.join(temporary(), 'elsewhere'), path.join(folder(), 'docs'));
    await assert.rejects(write(), refused(/leads out of the workspace/));
    assert.deepEqual(readdirSync(path.join(temporary(), 'elsewhere')), [], 'and makes no folder there');
    writeFileSync(path.join(temporary(), 'elsewhere', 'target.md'), '');
    symlinkSync(path.join(temporary(), 'elsewhere', 'target.md'), path.join(folder(), 'link.md'));
    await assert.rejects(write(ask('link.md')), refused(/leads out of the workspace/));
    assert.equal(readFileSync(path.join(temporary(), 'elsewhere', 'target.md'), 'utf8'), '');
  });

  it('follows a link that stays inside', async () => {
    mkdirSync(path.join(folder(), 'handbook'));
    symlinkSync('handbook', path.join(folder(), 'docs'));
    await write();
    assert.ok(existsSync(path.join(folder(), 'handbook', 'incidents', path.basename(FILE))));
  });

  it('needs the folder it was asked for: another window has another one', async () => {
    await assert.rejects(write(ask(), { folder: undefined }), refused(/No folder is open/));
    const parcel = ask(FILE, { folder: 'another' });
    await assert.rejects(write(parcel), (error: unknown) => error instanceof DeliveryError && error.kind === 'not sent' && error.message.includes('"another"'));
  });

  it('says so when a folder on the way is a file', async () => {
    writeFileSync(path.join(folder(), 'docs'), '');
    await assert.rejects(write(), refused(/a file stands where a folder is needed/));
  });
});
