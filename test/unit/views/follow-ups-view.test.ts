import '../../support/use-fake-vscode.ts';
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import type { TreeView } from 'vscode';
import type { FollowUp } from '../../../src/incident/follow-ups.ts';
import type { FollowUpNode } from '../../../src/views/follow-up-nodes.ts';
import { INCIDENT } from '../../support/build-events.ts';
import { createClock } from '../../support/clock.ts';

const { FollowUpsView } = await import('../../../src/views/follow-ups-view.ts');
const MINUTE_MS = 60_000;

const OVERDUE: FollowUp = {
  incident: INCIDENT, title: 'Portals answer 503', delivery: 'd1', text: 'Alert', owner: 'ada', assignee: 'ada', due: '2026-11-01', repository: 'acme/shop', number: 1,
  url: 'https://github.com/acme/shop/issues/1', state: 'open', overdue: true,
};

describe('the Follow-ups view while it is open', () => {
  const open: { dispose(): void }[] = [];
  afterEach(() => { open.splice(0).forEach((view) => { view.dispose(); }); });

  function build({ visible = true, trusted = true, followUps = [OVERDUE] }: { visible?: boolean; trusted?: boolean; followUps?: readonly FollowUp[] } = {}) {
    const clock = createClock();
    const treeView: Partial<TreeView<FollowUpNode>> = { onDidChangeVisibility: () => ({ dispose: () => undefined }) };
    Object.assign(treeView, { visible });
    let asked = 0;
    const view = new FollowUpsView({
      clock, treeView: treeView as TreeView<FollowUpNode>,
      api: { list: () => Promise.resolve({ followUps }), refresh: () => { asked += 1; return Promise.resolve({ changed: 0, followUps }); } },
      ledger: { onDidChange: () => ({ dispose: () => undefined }) },
      isTrusted: () => trusted, redraw: () => undefined, onError: (error) => { throw error; },
    });
    open.push(view);
    return { view, clock, treeView, asked: () => asked };
  }

  it('asks GitHub when it is drawn, and then every ten minutes at most', async () => {
    const { view, clock, asked } = build();
    await view.getChildren();
    await view.getChildren();
    assert.equal(asked(), 1);
    clock.advance(10 * MINUTE_MS - 1);
    view.tick();
    assert.equal(asked(), 1);
    clock.advance(1);
    view.tick();
    assert.equal(asked(), 2);
  });

  for (const [what, options] of [['it is hidden', { visible: false }], ['the workspace is not trusted', { trusted: false }], ['there is nothing to ask about', { followUps: [] }]] as const) {
    it(`asks nothing while ${what}`, async () => {
      const { view, asked } = build(options);
      await view.getChildren();
      view.tick();
      assert.equal(asked(), 0);
    });
  }

  it('counts what is overdue', async () => {
    const { view, treeView } = build();
    await view.getChildren();
    assert.deepEqual(treeView.badge, { value: 1, tooltip: '1 follow-up overdue' });
  });
});
