/** A change that two people must want: planned in one window, approved in the other one, over the shared ticket. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { type Event, advance, call, declare, eventually, messageOf, practice, runStep, timeline, withSetting } from '../host/harness.ts';
import { PAIR, me, meet } from './partner.ts';

interface Answer {
  readonly status: string;
  readonly summary: string;
  readonly plan?: { readonly hash: string; readonly approval: string };
}

const TITLE = 'Two people scale the service';

describe(`a change for two people, as ${PAIR[me]} sees it`, function () {
  this.timeout(60_000);
  this.bail(true);
  let folder: string;
  let incident: string;
  let hash = '';

  const writes = async (): Promise<readonly string[]> => (await practice('GET', 'calls') as readonly { readonly write: boolean; readonly service: string; readonly operation: string }[])
    .filter(({ write }) => write).map(({ service, operation }) => `${service} ${operation}`);
  const plan = (desiredCount: number): Thenable<Answer> => call<Answer>('runStep', { incident, step: 'scaleService', inputs: { desiredCount } });
  const apply = (approve: string): Thenable<Answer> => call<Answer>('runStep', { incident, step: 'scaleService', approve });
  const seen = (type: string, holds: (event: Event) => boolean): Promise<readonly Event[]> =>
    eventually(`${type} in the window of ${PAIR[me]}`, () => timeline(incident), (events) => events.some((event) => event.type === type && holds(event)), 40_000);
  const isPlanOf = (wanted: string) => (event: Event): boolean => (event['plan'] as { readonly hash?: string } | undefined)?.hash === wanted;

  /** With a runbook that asks for a second person where the bundled one does not. */
  const strict = <T>(work: () => Promise<T>): Promise<T> => withSetting('file', join(folder, 'strict.runbook.yaml'), work);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'two-people-'));
    const extension = vscode.extensions.getExtension('incident-runbook.incident-runbook');
    assert.ok(extension);
    const bundled = await readFile(join(extension.extensionPath, 'media', 'healthflow.runbook.yaml'), 'utf8');
    const text = bundled.replace(/(\n {4}action: scaleService\n)/, '$1    approval: twoPeople\n');
    assert.notEqual(text, bundled);
    await writeFile(join(folder, 'strict.runbook.yaml'), text);
    await practice('POST', 'rollout', { durationMs: 500 });
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('is planned by one and seen by the other', async () => {
    let ticket = 0;
    if (me === 'ada') {
      incident = await declare(TITLE, { severity: 'P1' });
      assert.equal((await runStep(incident, 'createTicket')).status, 'done');
      ticket = (await eventually('the ticket', () => timeline(incident), (events) => events.some(({ type }) => type === 'ticket.linked'))).find(({ type }) => type === 'ticket.linked')?.['number'] as number;
    }
    const { ada } = await meet('the ticket of two people', { ticket });
    if (me === 'grace') {
      ({ incident } = await call<{ incident: string }>('openShared', { ticket: ada.ticket }));
    } else {
      await practice('DELETE', 'calls');
      const planned = await strict(async () => plan(6));
      assert.deepEqual([planned.status, planned.plan?.approval], ['planned', 'twoPeople'], planned.summary);
      hash = planned.plan?.hash ?? '';
    }
    ({ ada: { hash } } = await meet('the plan', { hash }));
    await seen('change.planned', isPlanOf(hash));
  });

  it('is not made as long as nobody has approved it', async () => {
    if (me === 'ada') {
      const { status, summary } = await strict(async () => apply(hash));
      assert.equal(status, 'refused');
      assert.match(summary, /second person/);
      assert.deepEqual(await writes(), []);
    }
    await meet('nobody has approved', null);
  });

  it('cannot be approved by the one who planned it, nor another plan by anybody', async () => {
    if (me === 'ada') {
      assert.match(await messageOf(call('approveChange', { incident, hash })), /You made this plan on this machine: a second person must approve it/);
      assert.equal((await strict(async () => apply(hash))).status, 'refused');
      assert.deepEqual(await writes(), []);
    } else {
      assert.match(await messageOf(call('approveChange', { incident, hash: 'f'.repeat(64) })), /^No plan with the hash ffffffff/);
    }
    await meet('nobody could', null);
  });

  it('is made once the other one has approved it', async () => {
    if (me === 'grace') {
      const { until } = await call<{ until: string }>('approveChange', { incident, hash });
      assert.ok(Date.parse(until) > Date.now());
    } else {
      await seen('change.approved', (event) => event['hash'] === hash);
      const { status, summary } = await strict(async () => apply(hash));
      assert.equal(status, 'done', summary);
      assert.deepEqual(await writes(), ['ecs UpdateService']);
    }
    const events = await seen('step.finished', (event) => (event['result'] as { readonly step: string }).step === 'scaleService');
    assert.deepEqual(events.filter(({ type }) => type.startsWith('change.')).map(({ type }) => type), ['change.planned', 'change.approved', 'change.requested', 'change.made']);
    await meet('it is made', null);
  });

  it('is not made any more once the approval has expired', async () => {
    if (me === 'ada') {
      await practice('DELETE', 'calls');
      hash = (await strict(async () => plan(8))).plan?.hash ?? '';
    }
    ({ ada: { hash } } = await meet('the second plan', { hash }));
    await seen('change.planned', isPlanOf(hash));
    if (me === 'grace') {
      await call('approveChange', { incident, hash });
    } else {
      await seen('change.approved', (event) => event['hash'] === hash);
      await advance(31);
      try {
        const anew = await strict(async () => plan(8));
        assert.equal(anew.plan?.hash, hash);
        const { status, summary } = await strict(async () => apply(hash));
        assert.deepEqual([status, summary], ['refused', 'The approval has expired. Ask for it again.']);
      } finally {
        await advance(-31);
      }
      assert.deepEqual(await writes(), []);
    }
    await meet('it has expired', null);
  });
});
