import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'mocha';
import type { Outlook } from '../../../src/steps/step.ts';
import type { Sight } from '../../../src/views/change-offers.ts';
import { confirmation, planDocument, progressBar } from '../../../src/views/plan-document.ts';
import { type ChangeTimeline, ELSEWHERE, GRACE, HERE, changeTimeline, destructivePlan, scalePlan } from '../../support/build-plan.ts';
import { START } from '../../support/clock.ts';
import { assertGolden } from '../../support/golden.ts';
import { renderMarkdown } from '../../support/render-markdown.ts';

const HOSTILE = '</script><script>alert(1)</script> [x](command:workbench.action.quit) ![y](https://evil.example/p.png) ``` | `code` <b>\n\n# heading\n- item\n```\n';

function sight(minutes: number, seen: Partial<Sight> = {}): Sight {
  return { now: START + minutes * 60_000, origin: HERE, followed: false, stoppable: false, ...seen };
}

function shown(timeline: ChangeTimeline, id: string, seen: Sight): string {
  return planDocument(timeline.change(id), seen, timeline.incident().changes);
}

function golden(name: string, actual: string): void {
  assertGolden(fileURLToPath(new URL(`golden/plan-${name}.md`, import.meta.url)), actual);
}

describe('the document of a plan', () => {
  it('says who does what to what, and until when it may be applied', () => {
    const timeline = changeTimeline();
    golden('fresh', shown(timeline, timeline.planned(scalePlan(), { minute: 2 }), sight(4)));
  });

  it('says first that there is no way back, and puts long values one below the other', () => {
    const timeline = changeTimeline();
    golden('destructive', shown(timeline, timeline.planned(destructivePlan(), { minute: 2 }), sight(3)));
  });

  it('says how far it is while it is followed', () => {
    const timeline = changeTimeline();
    const id = timeline.planned(scalePlan(), { minute: 2 });
    timeline.requested(id, { minute: 3 });
    timeline.made(id, { minute: 3 });
    const outlook: Outlook = { state: 'underway', summary: '1 of 2 new tasks run', portion: 0.5 };
    golden('following', shown(timeline, id, sight(4, { followed: true, stoppable: true, outlook })));
  });

  it('says how it ended, and that it was taken back', () => {
    const timeline = changeTimeline();
    const id = timeline.planned(scalePlan(), { minute: 2 });
    timeline.requested(id, { minute: 3 });
    timeline.made(id, { minute: 3 });
    timeline.ended(id, 'done', '6 of 6 tasks run', { minute: 6 });
    const back = timeline.planned(scalePlan({ title: 'Undo: Scale the service', summary: 'Set 4 tasks instead of 6', undoes: id }), { minute: 8 });
    assert.match(shown(timeline, back, sight(8)), /Takes back\s+Scale the service, made 03:03 UTC/);
    timeline.requested(back, { minute: 9 });
    timeline.ended(back, 'done', '4 of 4 tasks run', { minute: 11 });
    golden('undone', shown(timeline, id, sight(12)));
  });

  const line = (text: string): string => text.split('\n\n').find((part) => /^Nothing has been changed|^It /.test(part)) ?? '';

  it('is too old after five minutes, and says what to do', () => {
    const timeline = changeTimeline();
    const id = timeline.planned(scalePlan(), { minute: 2 });
    assert.equal(line(shown(timeline, id, sight(7))), 'Nothing has been changed. It may be applied until 03:07 UTC.');
    assert.equal(line(shown(timeline, id, { ...sight(7), now: sight(7).now + 1 })), 'Nothing has been changed. It could be applied until 03:07 UTC; now it is too old. Plan it anew.');
  });

  it('asks for a second person, tells that person, and takes the approval once it counts', () => {
    const timeline = changeTimeline();
    const id = timeline.planned(scalePlan({ approval: 'twoPeople' }), { minute: 2, actor: GRACE, origin: ELSEWHERE });
    timeline.onTicket(id, 'grace', 2);
    assert.match(line(shown(timeline, id, sight(3, { origin: ELSEWHERE }))), /It waits for a second person/);
    assert.match(line(shown(timeline, id, sight(3))), /Grace asks you to look at it and to approve exactly this plan/);
    timeline.approved(id, { minute: 3 });
    assert.equal(line(shown(timeline, id, sight(4))), 'Nothing has been changed. Amira has approved it; that holds until 03:33 UTC. It may be applied until 03:07 UTC.');
  });

  it('does not count an approval by its own author', () => {
    const timeline = changeTimeline();
    const id = timeline.planned(scalePlan({ approval: 'twoPeople' }), { minute: 2 });
    timeline.onTicket(id, 'amira', 2);
    timeline.approved(id, { minute: 3 });
    assert.match(line(shown(timeline, id, sight(4))), /It counts once a second person's approval is on the ticket/);
  });

  it('says of a change that nobody watches, or that somebody else makes, what is known', () => {
    const timeline = changeTimeline();
    const id = timeline.planned(scalePlan(), { minute: 2, actor: GRACE, origin: ELSEWHERE });
    timeline.requested(id, { minute: 3, actor: GRACE, origin: ELSEWHERE });
    assert.match(shown(timeline, id, sight(4)), /Grace applies it since 03:03 UTC\. It is not watched from here\./);
    timeline.ended(id, 'failed', 'The answer was lost', { minute: 5, level: 'unknown' });
    assert.match(shown(timeline, id, sight(6)), /It is not known what became of it\. Look again/);
  });

  it('holds nothing that a preview would carry out, whatever a service answers', () => {
    const timeline = changeTimeline();
    const plan = scalePlan({
      title: HOSTILE, summary: HOSTILE, command: HOSTILE, by: HOSTILE, follow: HOSTILE, hazards: [{ level: 'danger', text: HOSTILE }], undo: { possible: false, how: HOSTILE },
      differences: [{ name: HOSTILE, before: HOSTILE, after: HOSTILE }], target: { system: HOSTILE, environment: 'production', resource: HOSTILE },
    });
    const id = timeline.planned(plan, { minute: 2 });
    timeline.requested(id, { minute: 3 });
    timeline.ended(id, 'failed', HOSTILE, { minute: 4 });
    const html = renderMarkdown(shown(timeline, id, sight(5)));
    assert.doesNotMatch(html, /<(script|img|b)\b|<a /);
    assert.equal((html.match(/<h1/g) ?? []).length, 1);
  });
});

describe('the question before a change', () => {
  it('names the environment, the target, the difference, the dangers and the way back', () => {
    const timeline = changeTimeline();
    assert.deepEqual(confirmation(timeline.change(timeline.planned(scalePlan()))), {
      message: 'Apply to production?',
      detail: [
        'Set 6 tasks instead of 4\nAmazon ECS: healthflow-production-cluster/healthflow-backend-service',
        'Account 123456789012, eu-central-1, as arn:aws:sts::123456789012:assumed-role/responder/amira',
        'Desired tasks: 4 → 6\nConnections at most: 40 → 60',
        'DANGER: The database takes 50 connections, and 6 tasks open 60.\nWarning: Auto scaling holds the service between 2 and 5 tasks.',
        'Undo: Sets 4 tasks again.',
      ].join('\n\n'),
      button: 'Apply',
    });
  });

  it('begins with it when there is no way back', () => {
    const timeline = changeTimeline();
    assert.match(confirmation(timeline.change(timeline.planned(destructivePlan()))).detail, /^No undo: going back is another outage of minutes\.\n\nChange the class/);
  });

  it('says of everything without a way back that there is none, and says it once', () => {
    const [said, unsaid, longer] = ['No undo: it is gone.', 'What is gone is gone.', 'No undo of an undo: run the step again.'].map((how) => {
      const timeline = changeTimeline();
      const change = timeline.change(timeline.planned(scalePlan({ undo: { possible: false, how } })));
      return [confirmation(change).detail.split('\n')[0], planDocument(change, sight(1)).split('\n')[2]];
    });
    assert.deepEqual(said, ['No undo: it is gone.', '> **NO UNDO:** it is gone.']);
    assert.deepEqual(unsaid, ['No undo. What is gone is gone.', '> **NO UNDO.** What is gone is gone.']);
    assert.deepEqual(longer, ['No undo of an undo: run the step again.', '> **NO UNDO** of an undo: run the step again.']);
  });

  it('asks to undo when that is what it does', () => {
    const timeline = changeTimeline();
    const { message, button } = confirmation(timeline.change(timeline.planned(scalePlan({ undoes: 'something' }))));
    assert.deepEqual([message, button], ['Undo in production?', 'Undo']);
  });
});

describe('the bar of a progress', () => {
  it('is empty, half and full, and never more than that', () => {
    assert.deepEqual([-1, 0, 0.5, 0.999, 1, 7].map(progressBar), [
      '░░░░░░░░░░░░░░░░░░░░   0 %', '░░░░░░░░░░░░░░░░░░░░   0 %', '██████████░░░░░░░░░░  50 %', '███████████████████░  99 %', '████████████████████ 100 %', '████████████████████ 100 %',
    ]);
  });
});
