import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Incident } from '../../../src/incident/fold.ts';
import type { Plan } from '../../../src/incident/plan.ts';
import { type ChangesInput, approvalNodes, changeNodes, stepChange } from '../../../src/views/change-nodes.ts';
import { type ChangeOffer, OFFERS, type Seen } from '../../../src/views/change-offers.ts';
import { LiveChanges } from '../../../src/views/live-changes.ts';
import { COMMANDS } from '../../../src/manifest.ts';
import type { Node } from '../../../src/views/nodes.ts';
import { type ChangeTimeline, ELSEWHERE, GRACE, HERE, changeTimeline, destructivePlan, scalePlan } from '../../support/build-plan.ts';
import { INCIDENT } from '../../support/build-events.ts';
import { START } from '../../support/clock.ts';
import { renderMarkdown } from '../../support/render-markdown.ts';

const NOT_SEEN: Seen = { followed: false, stoppable: false };

function input(minutes: number, changes: { readonly origin?: string; readonly seen?: Seen } = {}): ChangesInput {
  return { now: START + minutes * 60_000, origin: changes.origin ?? HERE, seen: () => changes.seen ?? NOT_SEEN };
}

function rows(incident: Incident, seen: ChangesInput): readonly Node[] {
  const [group] = changeNodes(incident, seen);
  return (group?.children?.() ?? []) as readonly Node[];
}

function drawn(timeline: ChangeTimeline, seen: ChangesInput): string[] {
  return rows(timeline.incident(), seen).map(({ label, description, mark }) => `${label} | ${description ?? ''} | ${mark}`);
}

/** What its buttons would be. */
function offered({ context = '' }: Node): string {
  return context.split('.').slice(2).join(' ');
}

/** A change that was planned, asked for and made. */
function underWay(plan: Plan = scalePlan(), head: { readonly actor?: typeof GRACE; readonly origin?: string } = {}): { timeline: ChangeTimeline; id: string } {
  const timeline = changeTimeline();
  const id = timeline.planned(plan, { ...head, minute: 2 });
  timeline.requested(id, { ...head, minute: 3 });
  timeline.made(id, { ...head, minute: 3 });
  return { timeline, id };
}

describe('the rows of changes', () => {
  it('are not there while nothing was planned', () => {
    assert.deepEqual(changeNodes(changeTimeline().incident(), input(1)), []);
  });

  it('have the newest first, in a group that counts them', () => {
    const { timeline } = underWay();
    timeline.planned(destructivePlan(), { minute: 4 });
    const [group] = changeNodes(timeline.incident(), input(5));
    assert.deepEqual([group?.label, group?.description, group?.expanded, group?.key], ['Changes', '2 · 1 under way', true, `${INCIDENT}/changes`]);
    assert.deepEqual(drawn(timeline, input(5)), [
      'Scale the database instance | 03:04 UTC · planned, apply until 03:09 UTC | planned',
      'Scale the service | 03:03 UTC · Amira applies it since 03:03 UTC | waiting',
    ]);
  });

  it('leave out a plan for which there is a newer one, and one that nobody wanted for half an hour', () => {
    const timeline = changeTimeline();
    timeline.planned(scalePlan(), { minute: 2 });
    timeline.planned(scalePlan({ summary: 'Set 8 tasks instead of 4', inputs: { desiredCount: 8 } }), { minute: 3 });
    timeline.planned(destructivePlan(), { minute: 10 });
    assert.deepEqual(drawn(timeline, input(33)).map((row) => row.split(' | ')[0]), ['Scale the database instance', 'Scale the service']);
    assert.match(rows(timeline.incident(), input(33))[1]?.tooltip ?? '', /Set 8 tasks/);
    assert.deepEqual(drawn(timeline, input(34)).map((row) => row.split(' | ')[0]), ['Scale the database instance']);
    assert.deepEqual(drawn(timeline, input(41)), []);
  });

  it('leave out a plan to undo once it is undone', () => {
    const { timeline, id } = underWay();
    timeline.ended(id, 'done', '6 of 6 tasks run', { minute: 5 });
    const back = timeline.planned(scalePlan({ title: 'Undo: Scale the service', undoes: id }), { minute: 6 });
    timeline.requested(back, { minute: 6 });
    timeline.ended(back, 'done', '4 of 4 tasks run', { minute: 8 });
    timeline.planned(scalePlan({ title: 'Undo: Scale the service', undoes: id }), { minute: 9 });
    assert.deepEqual(drawn(timeline, input(9)), [
      'Undo: Scale the service | 03:08 UTC · 4 of 4 tasks run | ok',
      'Scale the service | 03:05 UTC · undone. It had ended: 6 of 6 tasks run | undone',
    ]);
  });

  it('say live how far it is, and offer to stop watching what a person watches', () => {
    const { timeline } = underWay();
    const live = input(4, { seen: { followed: true, stoppable: true, outlook: { state: 'underway', summary: '2 of 4 new tasks run' } } });
    assert.deepEqual(drawn(timeline, live), ['Scale the service | 03:03 UTC · 2 of 4 new tasks run | running']);
    const [row] = rows(timeline.incident(), live);
    assert.equal(row === undefined ? '' : offered(row), 'stop');
    const [byItself] = rows(timeline.incident(), input(4, { seen: { followed: true, stoppable: false } }));
    assert.deepEqual([byItself?.description, byItself && offered(byItself)], ['03:03 UTC · made, looking what becomes of it', '']);
  });

  it('say who makes a change that is not followed here, and offer to look', () => {
    const { timeline } = underWay(scalePlan(), { actor: GRACE, origin: ELSEWHERE });
    const [row] = rows(timeline.incident(), input(9));
    assert.deepEqual([row?.description, row?.mark, row && offered(row)], ['03:03 UTC · Grace applies it since 03:03 UTC', 'waiting', 'look']);
  });

  const ends: readonly (readonly [string, 'done' | 'failed' | 'cancelled', 'unknown' | undefined, Plan, string, string, string])[] = [
    ['done', 'done', undefined, scalePlan(), '03:05 UTC · as it is', 'ok', 'undo evidence'],
    ['done without a way back', 'done', undefined, destructivePlan(), '03:05 UTC · as it is', 'ok', 'evidence'],
    ['failed', 'failed', undefined, scalePlan(), '03:05 UTC · failed: as it is', 'bad', 'undo evidence'],
    ['left', 'cancelled', undefined, scalePlan(), '03:05 UTC · as it is', 'warn', 'look record undo evidence'],
    ['unclear', 'failed', 'unknown', scalePlan(), '03:05 UTC · not known what became of it: as it is', 'doubt', 'look record evidence'],
  ];
  for (const [name, outcome, level, plan, description, mark, offers] of ends) {
    it(`show one that is ${name}`, () => {
      const { timeline, id } = underWay(plan);
      timeline.ended(id, outcome, 'as it is', { minute: 5, ...(level === undefined ? {} : { level }) });
      const [row] = rows(timeline.incident(), input(60));
      assert.deepEqual([row?.description, row?.mark, row && offered(row)], [description, mark, offers]);
      assert.equal(row?.event, timeline.change(id).end?.event);
      assert.deepEqual([row?.click, row?.change], ['incidentRunbook.openPlan', id]);
    });
  }

  it('offer what is planned to be applied while it is fresh, and then only to plan anew', () => {
    const timeline = changeTimeline();
    timeline.planned(scalePlan(), { minute: 2 });
    const at = (minutes: number): readonly [string, string] => {
      const [row] = rows(timeline.incident(), input(minutes));
      return [row?.description ?? '', row === undefined ? '' : offered(row)];
    };
    assert.deepEqual(at(7), ['03:02 UTC · planned, apply until 03:07 UTC', 'apply planAnew']);
    assert.deepEqual(at(8), ['03:02 UTC · planned, too old to be applied', 'planAnew']);
  });

  it('hold nothing that a tooltip would carry out', () => {
    const hostile = '[x](command:workbench.action.quit) <script>alert(1)</script> `a` | *b*';
    const timeline = changeTimeline();
    timeline.planned(scalePlan({ title: hostile, summary: hostile, differences: [{ name: hostile, before: hostile, after: hostile }] }), { minute: 2 });
    assert.doesNotMatch(renderMarkdown(rows(timeline.incident(), input(3))[0]?.tooltip ?? ''), /<script|<a |<code/);
  });
});

describe('a plan that needs a second person', () => {
  function asked(): { timeline: ChangeTimeline; id: string } {
    const timeline = changeTimeline();
    const id = timeline.planned(scalePlan({ approval: 'twoPeople' }), { minute: 2, actor: GRACE, origin: ELSEWHERE });
    timeline.onTicket(id, 'grace', 2);
    return { timeline, id };
  }

  it('is asked of others as the most urgent, until half an hour has passed', () => {
    const { timeline, id } = asked();
    const [next] = approvalNodes(timeline.incident(), input(12));
    assert.deepEqual([next?.label, next?.description, next?.mark, next?.context, next?.change], ['Grace asks for a second person: Scale the service', 'Set 6 tasks instead of 4', 'urgent', 'next.approve', id]);
    const [row] = rows(timeline.incident(), input(12));
    assert.deepEqual([row?.label, row?.mark, row && offered(row)], ['Grace asks for a second person: Scale the service', 'urgent', 'approve planAnew']);
    assert.deepEqual(approvalNodes(timeline.incident(), input(33)), []);
  });

  it('waits where it was made, and can be applied by nobody', () => {
    const { timeline } = asked();
    assert.deepEqual(approvalNodes(timeline.incident(), input(3, { origin: ELSEWHERE })), []);
    const [row] = rows(timeline.incident(), input(3, { origin: ELSEWHERE }));
    assert.deepEqual([row?.label, row?.description, row && offered(row)], ['Scale the service', '03:02 UTC · planned, waits for a second person', 'planAnew']);
  });

  it('can be applied once it is approved, and asks nobody any more', () => {
    const { timeline, id } = asked();
    timeline.approved(id, { minute: 3 });
    assert.deepEqual(approvalNodes(timeline.incident(), input(4)), []);
    const [row] = rows(timeline.incident(), input(4, { origin: ELSEWHERE }));
    assert.deepEqual([row?.description, row && offered(row)], ['03:02 UTC · planned, approved by Amira, apply until 03:07 UTC', 'apply planAnew']);
  });

  it('is not approved by whoever made it', () => {
    const { timeline, id } = asked();
    timeline.approved(id, { minute: 3, actor: GRACE });
    const [row] = rows(timeline.incident(), input(4, { origin: ELSEWHERE }));
    assert.deepEqual([row?.description, row && offered(row)], ['03:02 UTC · planned, waits for a second person: its own author approved it', 'planAnew']);
    assert.deepEqual(approvalNodes(timeline.incident(), input(4)).map(({ mark }) => mark), ['urgent']);
  });
});

describe('the row of a step', () => {
  it('says that it is planned, while the plan is fresh', () => {
    const timeline = changeTimeline();
    timeline.planned(scalePlan(), { minute: 2 });
    assert.deepEqual(stepChange(timeline.incident(), 'scaleService', input(3)), { mark: 'planned', description: 'planned 03:02 UTC' });
    assert.equal(stepChange(timeline.incident(), 'scaleService', input(8)), undefined);
    assert.equal(stepChange(timeline.incident(), 'restartService', input(3)), undefined);
  });

  it('says that it is under way, and leaves the end to its result', () => {
    const { timeline, id } = underWay();
    assert.deepEqual(stepChange(timeline.incident(), 'scaleService', input(4)), { mark: 'waiting', description: 'under way · Amira applies it since 03:03 UTC' });
    const followed = input(4, { seen: { followed: true, stoppable: true, outlook: { state: 'underway', summary: '2 of 4 new tasks run' } } });
    assert.deepEqual(stepChange(timeline.incident(), 'scaleService', followed), { mark: 'running', description: 'under way · 2 of 4 new tasks run' });
    timeline.ended(id, 'done', '6 of 6 tasks run', { minute: 5 });
    assert.equal(stepChange(timeline.incident(), 'scaleService', input(6)), undefined);
  });
});

describe('what is offered', () => {
  it('names the environment, and says undo where that is what is applied', () => {
    const timeline = changeTimeline();
    const [change, back] = [timeline.planned(scalePlan()), timeline.planned(scalePlan({ undoes: 'something' }))].map((id) => timeline.change(id));
    assert.deepEqual([change, back].map((each) => each && OFFERS.apply.title(each)), ['Apply to production…', 'Undo in production…']);
  });

  it('has a command of the extension each', () => {
    const known: readonly string[] = COMMANDS.map(({ id }) => id);
    assert.deepEqual((Object.keys(OFFERS) as ChangeOffer[]).filter((offer) => !known.includes(OFFERS[offer].command)), []);
  });
});

describe('the changes that a window follows', () => {
  it('are known from when they begin until their result', () => {
    const live = new LiveChanges();
    let told = 0;
    const listening = live.onDidChange(() => { told += 1; });
    const progress = { incident: INCIDENT, step: 'scaleService', change: 'a' };
    live.onProgress(progress);
    assert.deepEqual(live.seen('a'), { followed: false, stoppable: false, outlook: undefined });
    const abort = new AbortController();
    live.begin('a', abort);
    assert.deepEqual(live.seen('a'), { followed: true, stoppable: true, outlook: undefined });
    const outlook = { state: 'underway', summary: '1 of 2' } as const;
    live.onProgress({ ...progress, outlook });
    assert.deepEqual(live.seen('a'), { followed: true, stoppable: true, outlook });
    live.stop('a');
    assert.equal(abort.signal.aborted, true);
    live.onProgress({ ...progress, result: { step: 'scaleService', title: '', section: '', outcome: 'cancelled', level: 'warn', summary: '', durationMs: 0 } });
    assert.equal(live.seen('a').followed, false);
    assert.equal(told, 4);
    listening.dispose();
  });

  it('can be followed by nobody who could stop it: what another window left behind', () => {
    const live = new LiveChanges();
    live.onProgress({ incident: INCIDENT, step: 'scaleService', change: 'a', outlook: { state: 'underway', summary: '1 of 2' } });
    assert.deepEqual([live.seen('a').followed, live.seen('a').stoppable], [true, false]);
  });
});
