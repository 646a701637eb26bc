import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, it } from 'mocha';
import type { Call, Parcel } from '../../src/services/courier.ts';
import { statusFileCalls } from '../../src/services/status-files.ts';
import { readMarker } from '../../src/services/status-page-text.ts';
import { INCIDENT, minute } from '../support/build-events.ts';
import { buildParcels, type ParcelBuilder } from '../support/build-parcel.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';

describe('the status page in files through its service', () => {
  const folder = useTemporaryFolder();
  const idle = (): AbortSignal => new AbortController().signal;
  const site = (): string => path.join(folder(), 'site');
  const issues = (): string => path.join(site(), 'content', 'issues');
  const NAME = '2026-11-23-problems-with-the-portals.md';

  beforeEach(() => { mkdirSync(issues(), { recursive: true }); });

  function call(where: { readonly folder: string | undefined } = { folder: site() }): Call {
    const found = statusFileCalls(where.folder)['writeStatusPage'];
    assert.ok(found !== undefined);
    return found;
  }

  function ask(builder: ParcelBuilder, state: string, change: Readonly<Record<string, string | boolean | string[]>> = {}, at = 5): string {
    const data = { stage: state.toLowerCase(), title: 'Problems with the portals', state, severity: 'down', affected: ['Portals'], resolved: false, ...change };
    return builder.ask({ service: 'workspace', call: 'writeStatusPage', text: `${state}: we will tell you more.`, data }, at);
  }

  async function write(builder: ParcelBuilder, id: string): Promise<string> {
    const { result } = await call().send(builder.parcel(id), idle());
    builder.done(id, result);
    return String(result['file']);
  }

  const first = (): Parcel => {
    const builder = buildParcels();
    return builder.parcel(ask(builder, 'Investigating'));
  };

  const text = (name = NAME): string => readFileSync(path.join(issues(), name), 'utf8');

  describe('the status page in the workspace', () => {
    it('is one file for an incident, named after the day it began, through all its stages', async () => {
      const builder = buildParcels(undefined, { impactStartedAt: '2026-11-22T23:50:00.000Z' });
      const files = [await write(builder, ask(builder, 'Investigating')), await write(builder, ask(builder, 'Monitoring', { title: 'Sign-in fails' }, 20)), await write(builder, ask(builder, 'Resolved', { resolved: true }, 65))];
      const name = '2026-11-22-problems-with-the-portals.md';
      assert.deepEqual(files, Array.from({ length: 3 }, () => `content/issues/${name}`));
      assert.deepEqual(readdirSync(issues()), [name]);
      assert.deepEqual([...text(name).matchAll(/^\*(\w+)\* - /gm)].map(([, state]) => state), ['Resolved', 'Monitoring', 'Investigating']);
      assert.match(text(name), new RegExp(`^title: Problems with the portals\\ndate: 2026-11-22T23:50:00\\.000Z\\nresolved: true\\nresolvedWhen: "${minute(65)}"\\n`, 'm'));
    });

    it('is written once for a delivery, however often that is sent, also after a change by hand', async () => {
      const builder = buildParcels();
      const id = ask(builder, 'Investigating');
      assert.equal(call().again, 'harmless');
      await call().send(builder.parcel(id), idle());
      writeFileSync(path.join(issues(), NAME), text().replace('we will tell you more', 'we are very sorry'));
      const [before, { mtimeMs }] = [text(), statSync(path.join(issues(), NAME))];
      await call().send(builder.parcel(id), idle());
      assert.deepEqual([text(), statSync(path.join(issues(), NAME)).mtimeMs, readdirSync(issues())], [before, mtimeMs, [NAME]]);
    });

    it('leaves severity and components as they were corrected by hand', async () => {
      const builder = buildParcels();
      await write(builder, ask(builder, 'Investigating'));
      writeFileSync(path.join(issues(), NAME), text().replace('severity: down', 'severity: notice').replace('- Portals', '- Sign-in'));
      await write(builder, ask(builder, 'Monitoring', {}, 20));
      assert.match(text(), /severity: notice\naffected:\n {2}- Sign-in\n/);
      await write(builder, ask(builder, 'Monitoring', { severity: 'disrupted' }, 30));
      assert.match(text(), /severity: disrupted\naffected:\n {2}- Sign-in\n/);
    });

    it('is found again where it was renamed, and where its marker was taken out', async () => {
      const builder = buildParcels();
      await write(builder, ask(builder, 'Investigating'));
      writeFileSync(path.join(issues(), 'sign-in.md'), text());
      rmSync(path.join(issues(), NAME));
      assert.equal(await write(builder, ask(builder, 'Monitoring', {}, 20)), 'content/issues/sign-in.md');
      writeFileSync(path.join(issues(), 'sign-in.md'), text('sign-in.md').replace(/<!--.*-->/, ''));
      assert.equal(await write(builder, ask(builder, 'Monitoring', {}, 30)), 'content/issues/sign-in.md');
      assert.deepEqual([readdirSync(issues()), readMarker(text('sign-in.md'))?.incident], [['sign-in.md'], INCIDENT]);
    });

    it('writes over no file of anybody else', async () => {
      writeFileSync(path.join(issues(), NAME), 'Written by hand');
      writeFileSync(path.join(issues(), '2026-11-23-problems-with-the-portals-2.md'), '<!-- incident-runbook: INC-20261123-AAAA x -->');
      writeFileSync(path.join(issues(), 'notes.txt'), `<!-- incident-runbook: ${INCIDENT} x -->`);
      const { result } = await call().send(first(), idle());
      assert.equal(result['file'], 'content/issues/2026-11-23-problems-with-the-portals-3.md');
      assert.equal(text(), 'Written by hand');
    });

    it('keeps the permissions of the file, and leaves nothing beside it', async () => {
      const builder = buildParcels();
      await write(builder, ask(builder, 'Investigating'));
      chmodSync(path.join(issues(), NAME), 0o640);
      await write(builder, ask(builder, 'Monitoring', {}, 20));
      assert.deepEqual([statSync(path.join(issues(), NAME)).mode & 0o777, readdirSync(issues())], [0o640, [NAME]]);
    });

    it('names the file that cannot be read any more, and leaves it as it is', async () => {
      const builder = buildParcels();
      await write(builder, ask(builder, 'Investigating'));
      const spoilt = text().replace('title: ', 'title: [');
      writeFileSync(path.join(issues(), NAME), spoilt);
      await assert.rejects(call().send(builder.parcel(ask(builder, 'Monitoring', {}, 20)), idle()), { kind: 'refused', message: /^content\/issues\/2026-11-23-problems-with-the-portals\.md: The front matter .* Put it right/ });
      assert.deepEqual([text(), readdirSync(issues())], [spoilt, [NAME]]);
    });

    it('is not written when it was cancelled', async () => {
      await assert.rejects(call().send(first(), AbortSignal.abort()), { kind: 'not sent' });
      assert.deepEqual(readdirSync(issues()), []);
    });

    for (const [field, value] of [['severity', 'P1'], ['state', 7], ['title', 7]] as const) {
      it(`is refused with the ${field} ${value}`, async () => {
        const builder = buildParcels();
        await assert.rejects(call().send(builder.parcel(ask(builder, 'Investigating', { [field]: value as string })), idle()), { kind: 'refused', message: new RegExp(`no "${field}"`) });
      });
    }
  });

  describe('a workspace without a status page', () => {
    it('says how to make one', async () => {
      const elsewhere = path.join(folder(), 'elsewhere');
      mkdirSync(elsewhere);
      await assert.rejects(call({ folder: elsewhere }).send(first(), idle()), { kind: 'refused', message: /no folder content\/issues.*mkdir -p content\/issues.*or connect Statuspage/ });
      assert.deepEqual(readdirSync(elsewhere), []);
    });

    it('is refused without a folder, and where the folder of the issues is a file', async () => {
      await assert.rejects(call({ folder: undefined }).send(first(), idle()), { kind: 'refused', message: /No folder is open/ });
      rmSync(issues(), { recursive: true });
      writeFileSync(issues(), '');
      await assert.rejects(call().send(first(), idle()), { kind: 'refused', message: /is no folder/ });
    });
  });

  describe('a link in the workspace', () => {
    const outside = (): string => path.join(folder(), 'outside');
    beforeEach(() => { mkdirSync(path.join(outside(), 'issues'), { recursive: true }); });

    for (const [what, link, target] of [['the folder of the issues', 'content/issues', 'outside/issues'], ['the folder above it', 'content', 'outside']] as const) {
      it(`leads nothing out of it: ${what}`, async () => {
        rmSync(path.join(site(), 'content'), { recursive: true });
        mkdirSync(path.dirname(path.join(site(), link)), { recursive: true });
        symlinkSync(path.join(folder(), target), path.join(site(), link), 'dir');
        await assert.rejects(call().send(first(), idle()), { kind: 'refused', message: /leads out of the workspace/ });
        assert.deepEqual(readdirSync(path.join(outside(), 'issues')), []);
      });
    }

    it('is no file of the page, even when it is called like one and has its marker', async () => {
      const builder = buildParcels();
      const id = ask(builder, 'Investigating');
      const secret = path.join(outside(), 'secret.md');
      writeFileSync(secret, `---\ntitle: x\n---\n<!-- incident-runbook: ${INCIDENT} -->\n`);
      symlinkSync(secret, path.join(issues(), NAME));
      builder.done(id, { file: `content/issues/${NAME}` });
      const { result } = await call().send(builder.parcel(ask(builder, 'Monitoring', {}, 20)), idle());
      assert.equal(result['file'], 'content/issues/2026-11-23-problems-with-the-portals-2.md');
      assert.doesNotMatch(readFileSync(secret, 'utf8'), /Monitoring/);
    });

    it('cannot be had by a name out of the timeline', async () => {
      const builder = buildParcels();
      builder.done(ask(builder, 'Investigating'), { file: '../outside/secret.md' });
      writeFileSync(path.join(outside(), 'secret.md'), '---\ntitle: x\n---\n');
      const { result } = await call().send(builder.parcel(ask(builder, 'Monitoring', {}, 20)), idle());
      assert.equal(result['file'], `content/issues/${NAME}`);
      assert.equal(readFileSync(path.join(outside(), 'secret.md'), 'utf8'), '---\ntitle: x\n---\n');
    });

    it('may lead to the workspace as a whole', async () => {
      const link = path.join(folder(), 'link');
      symlinkSync(site(), link, 'dir');
      await call({ folder: link }).send(first(), idle());
      assert.ok(existsSync(path.join(issues(), NAME)));
    });
  });
});
