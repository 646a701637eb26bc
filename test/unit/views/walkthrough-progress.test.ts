import '../../support/use-fake-vscode.ts';
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import { UserError } from '../../../src/errors.ts';
import type { NewEvent } from '../../../src/incident/events.ts';
import type { LocalLedger } from '../../../src/ledger/local-ledger.ts';
import type { WalkthroughProgress } from '../../../src/views/walkthrough-progress.ts';
import { buildLedger, declaration } from '../../support/build-ledger.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';
import { EventEmitter, editor } from '../../support/fake-vscode.ts';
import { until } from '../../support/until.ts';

/** What the five questions come to. */
const ASSESSED: NewEvent = { type: 'severity.set', severity: 'P1', reasons: ['Nothing works.'], answers: { serviceDown: 'yes' } };
const step = (id: string) => (
  { type: 'step.finished', result: { step: id, title: id, section: '5', outcome: 'done', level: 'ok', summary: 'It is done.', durationMs: 1 } } as const
);

describe('what the steps of the walkthrough are done by', () => {
  let module: typeof import('../../../src/views/walkthrough-progress.ts');
  let folder: string;
  let ledger: LocalLedger;
  let progress: WalkthroughProgress | undefined;
  let own: string | undefined;
  let faulty: boolean;
  let kept: Map<string, unknown>;
  const changed = new EventEmitter<undefined>();
  const failures: unknown[] = [];

  before(async () => { module = await import('../../../src/views/walkthrough-progress.ts'); });
  beforeEach(async () => {
    editor.reset();
    folder = await mkdtemp(path.join(os.tmpdir(), 'progress-'));
    ledger = buildLedger(folder);
    [own, faulty, kept] = [undefined, false, new Map()];
    failures.length = 0;
  });
  afterEach(async () => {
    progress?.dispose();
    ledger.dispose();
    await rm(folder, { recursive: true, force: true });
    assert.deepEqual(failures, []);
  });

  async function start(): Promise<WalkthroughProgress> {
    progress = new module.WalkthroughProgress({
      ledger,
      runbook: () => (faulty ? Promise.reject(new UserError('The runbook has a problem.')) : Promise.resolve(bundledRunbook())),
      ownFile: () => own,
      onRunbookChange: (listener) => changed.event(listener),
      memento: { get: <T>(key: string, fallback?: T) => (kept.get(key) ?? fallback) as T, update: (key: string, value: unknown) => { kept.set(key, value); return Promise.resolve(); } },
      onError: (error) => { failures.push(error); },
    });
    await progress.start();
    return progress;
  }
  const context = (name: string): unknown => editor.contexts.get(`incidentRunbook.${name}`);
  const stages = (): string[] => [...editor.contexts].flatMap(([key, value]) => (key.startsWith('incidentRunbook.practice.') && value === true ? [key.replace(/.*\./, '')] : []));

  it('is nothing, to begin with', async () => {
    await start();
    assert.deepEqual([context('ownRunbook'), context('keptRunbook'), stages()], [false, false, []]);
  });

  it('is a runbook of the team that can be used, and no longer one that cannot', async () => {
    [own, faulty] = ['/project/incident.runbook.yaml', true];
    await start();
    assert.equal(context('ownRunbook'), false);
    faulty = false;
    changed.fire(undefined);
    await until('the mended runbook', () => context('ownRunbook') === true);
    faulty = true;
    changed.fire(undefined);
    await until('the broken runbook', () => context('ownRunbook') === false);
  });

  it('is the bundled runbook once somebody keeps it, in the next session as well', async () => {
    await (await start()).keepBundled();
    assert.deepEqual([context('ownRunbook'), context('keptRunbook')], [false, true]);
    progress?.dispose();
    editor.contexts.clear();
    await start();
    assert.equal(context('keptRunbook'), true);
  });

  it('is each stage of a drill, as its timeline grows', async () => {
    await start();
    const { id } = await ledger.declare({ ...declaration('Practice'), drill: true });
    await until('the declaration', () => stages().join() === 'declared');
    // A severity that was chosen answers no question.
    await ledger.append(id, { type: 'severity.set', severity: 'P1', reasons: ['Chosen when the incident was declared.'] });
    await ledger.append(id, step('investigate'));
    await until('the investigation', () => stages().join() === 'declared,investigated');
    await ledger.append(id, ASSESSED);
    await until('the assessment', () => stages().join() === 'declared,investigated,assessed');
    await ledger.append(id, { type: 'incident.closed', reason: 'Practised.' });
    await until('the end', () => stages().join() === 'declared,investigated,assessed,closed');
  });

  it('is what was practised before the window opened', async () => {
    const { id } = await ledger.declare({ ...declaration('Practice'), drill: true });
    await ledger.append(id, ASSESSED);
    await ledger.append(id, { type: 'incident.closed', reason: 'Practised.' });
    await start();
    assert.deepEqual(stages(), ['declared', 'assessed', 'closed']);
  });

  it('is no real incident', async () => {
    const { id } = await ledger.declare(declaration('Portals are down'));
    await ledger.append(id, step('investigate'));
    await start();
    await ledger.append(id, { type: 'incident.closed', reason: 'Over.' });
    await until('the end of it', async () => (await ledger.list('closed')).length === 1);
    assert.deepEqual(stages(), []);
  });
});
