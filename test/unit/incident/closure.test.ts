import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type ClosureBox, closureBoxes, describeBox, draftResolution, draftRootCause } from '../../../src/incident/closure.ts';
import { isRecent } from '../../../src/incident/closing-guide.ts';
import type { StepResult, TimelineEvent } from '../../../src/incident/events.ts';
import { type Incident, fold } from '../../../src/incident/fold.ts';
import { type NextAction, nextActions } from '../../../src/incident/guide.ts';
import { clockRules, closureRules, guideTargets } from '../../../src/runbook/targets.ts';
import { dueSteps } from '../../../src/incident/clocks.ts';
import { scalePlan } from '../../support/build-plan.ts';
import { requested } from '../../support/build-deliveries.ts';
import { type EventBuilder, createEvents, minute, stepResult } from '../../support/build-events.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';
import { START } from '../../support/clock.ts';

const RULES = closureRules(bundledRunbook());
const BY_HAND = { evidence: { summary: '', level: 'ok', markdown: '', data: { byHand: true } } } as const;

/** A P1 on which events are added in the order of the minutes in which they happened. */
class Story {
  readonly #builder: EventBuilder = createEvents();
  readonly events: TimelineEvent[];

  constructor(severity: 'P1' | 'P3' = 'P1') {
    this.events = [this.#builder.declared(), this.#builder.event('severity.set', { severity, reasons: [] })];
  }

  add(...make: Parameters<EventBuilder['event']>): TimelineEvent {
    const event = this.#builder.event(...make);
    this.events.push(event);
    return event;
  }

  step(step: string, at: number, changes: Partial<StepResult> = {}): TimelineEvent {
    return this.add('step.finished', { result: stepResult(step, { title: step, ...changes }) }, { minute: at });
  }

  mark(item: string, checked: boolean, at: number, note?: string): TimelineEvent {
    return this.add('checklist.marked', { checklist: 'confirmResolution', item, checked, ...(note === undefined ? {} : { note }) }, { minute: at });
  }

  /** A change to production that was made from one minute to the next; without an end it is under way. */
  change(at: number, end?: number): void {
    const plan = this.add('change.planned', { plan: scalePlan(), origin: 'here' }, { minute: at });
    this.add('change.requested', { plan: plan.id, hash: scalePlan().hash, origin: 'here' }, { minute: at });
    if (end !== undefined) {
      this.add('step.finished', { change: plan.id, result: stepResult('restartService') }, { minute: end });
    }
  }

  /** A watch that begins and passes. */
  watched(from: number, to: number, level: 'ok' | 'warn' = 'ok'): void {
    const watch = this.add('watch.started', { step: 'monitorStability', minutes: 30, origin: 'here' }, { minute: from });
    this.step('monitorStability', to, { level, evidence: { summary: '', level, markdown: '', data: { watch: watch.id, outcome: 'stable' } } });
    this.add('watch.ended', { watch: watch.id, outcome: 'stable' }, { minute: to });
  }

  /** Somebody is told by that step. */
  told(step: string, contacts: readonly string[], at: number, isDone = true): void {
    const request = requested(this.#builder.event, { service: 'mail', call: 'send', target: 'Product Owner', step, contacts }, at);
    this.events.push(request);
    if (isDone) {
      this.add('delivery.done', { request: request.id, how: 'sent', result: {} }, { minute: at });
    }
  }

  get incident(): Incident {
    return fold(this.events) ?? assert.fail();
  }

  boxes(now: number): ClosureBox[] {
    return closureBoxes(this.incident, RULES, START + now * 60_000);
  }

  box(id: string, now: number): ClosureBox {
    return this.boxes(now).find((box) => box.id === id) ?? assert.fail(`There is no box ${id}`);
  }

  says(id: string, now: number): string {
    const box = this.box(id, now);
    return `${box.state}: ${describeBox(box, START + now * 60_000)}`;
  }

  next(now: number): NextAction[] {
    return nextActions(this.incident, guideTargets(bundledRunbook()), START + now * 60_000);
  }
}

describe('The boxes of the closing checklist', () => {
  it('are open in the beginning, each with what would prove it', () => {
    const boxes = new Story().boxes(1);
    assert.deepEqual(boxes.map(({ id, state, request }) => [id, state, request?.step]), [
      ['rootCauseIdentified', 'open', 'documentFinding'], ['issueResolved', 'open', 'verifyMitigation'], ['servicesStable', 'open', 'monitorStability'],
      ['metricsNormal', 'open', 'checkCpuMemory'], ['noUserReports', 'open', undefined], ['stakeholdersNotified', 'open', 'sendResolutionNotice'],
    ]);
    assert.deepEqual(boxes.map(({ request }) => request?.text), [
      'Run "Document a finding": what was it?', 'Run "Verify the mitigation"', 'Run "Monitor stability"', 'Run "Check CPU and memory"',
      'Ask support and the users’ channels, then tick it', 'Nobody has been told that it is over: run "Send the resolution notice"',
    ]);
  });

  it('are proved by evidence after the last change, with the event that holds it', () => {
    const story = new Story();
    const finding = story.add('finding.documented', { text: 'The pool was exhausted' }, { minute: 2 });
    story.change(5, 8);
    const verified = story.step('verifyMitigation', 10);
    story.watched(10, 40);
    const metrics = story.step('checkCpuMemory', 41);
    story.told('notifyStakeholders', ['productOwner', 'executiveTeam'], 42);
    assert.deepEqual(story.boxes(45).map(({ state, by }) => [state, by?.event]).slice(0, 4), [
      ['proved', finding.id], ['proved', verified.id], ['proved', story.events.findLast((event) => event.type === 'step.finished' && event.result.step === 'monitorStability')?.id], ['proved', metrics.id],
    ]);
    assert.equal(story.says('servicesStable', 45), 'proved: proved by Monitor stability, 03:40 UTC');
    assert.equal(story.says('rootCauseIdentified', 45), 'proved: proved by a finding of Amira, 03:02 UTC');
    assert.equal(story.says('stakeholdersNotified', 45), 'proved: proved by Notify stakeholders, 03:42 UTC');
    assert.equal(story.box('noUserReports', 45).state, 'open');
  });

  it('are open again after another change, but for the root cause, and nothing proves them while it is under way', () => {
    const story = new Story();
    story.add('finding.documented', { text: 'The pool' }, { minute: 2 });
    story.step('verifyMitigation', 10);
    story.watched(10, 40);
    story.mark('noUserReports', true, 41, 'Support says so');
    assert.deepEqual(story.boxes(42).filter(({ state }) => state !== 'open').map(({ id }) => id), ['rootCauseIdentified', 'issueResolved', 'servicesStable', 'noUserReports']);
    story.change(43);
    story.step('verifyMitigation', 44);
    assert.deepEqual(story.boxes(45).filter(({ state }) => state !== 'open').map(({ id }) => id), ['rootCauseIdentified']);
    assert.match(story.says('issueResolved', 45), /^open: ".+" is still under way$/);
    const after = new Story();
    after.step('verifyMitigation', 10);
    after.change(11, 20);
    assert.match(after.says('issueResolved', 25), /^open: Seen at 03:10 UTC, before ".+" ended: run "Verify the mitigation"$/);
    after.step('verifyMitigation', 21);
    assert.equal(after.box('issueResolved', 25).state, 'proved');
  });

  it('are not proved by a watch that began before the last change ended', () => {
    const story = new Story();
    story.watched(10, 45);
    story.change(11, 20);
    assert.deepEqual(story.boxes(50).filter(({ state }) => state === 'proved'), []);
    assert.match(story.says('servicesStable', 50), /The watch began before|Seen at/);
  });

  it('are open again when it is reopened, for then it was not over', () => {
    const story = new Story();
    story.add('finding.documented', { text: 'The pool' }, { minute: 2 });
    story.step('verifyMitigation', 10);
    story.add('incident.closed', { reason: 'over' }, { minute: 11 });
    story.add('incident.reopened', { reason: 'not over' }, { minute: 12 });
    assert.deepEqual(story.boxes(13).filter(({ state }) => state !== 'open').map(({ id }) => id), ['rootCauseIdentified']);
    assert.equal(story.says('issueResolved', 13), 'open: Seen at 03:10 UTC, before it was reopened: run "Verify the mitigation"');
  });

  it('take a mitigation by hand for a change as well', () => {
    const story = new Story();
    story.step('verifyMitigation', 10);
    story.step('scaleDatabase', 12, BY_HAND);
    assert.equal(story.box('issueResolved', 15).state, 'open');
  });

  it('are proved by metrics of the last half hour only', () => {
    const story = new Story();
    story.step('checkCpuMemory', 10);
    assert.equal(story.box('metricsNormal', 40).state, 'proved');
    assert.equal(story.says('metricsNormal', 41), 'open: The last look is 31 min old: run "Check CPU and memory"');
    assert.equal(new Story().box('metricsNormal', 41).request?.text, 'Run "Check CPU and memory"');
  });

  it('are not proved by what failed, and not any more by what was ok before it was bad', () => {
    const story = new Story();
    story.step('checkCpuMemory', 9, { outcome: 'failed', level: 'unknown' });
    assert.equal(story.box('metricsNormal', 10).state, 'open');
    story.step('checkCpuMemory', 10);
    story.step('checkCpuMemory', 11, { level: 'warn', summary: 'CPU 92 %' });
    assert.equal(story.says('metricsNormal', 12), 'open: It ended warn at 03:11 UTC (CPU 92 %): run "Check CPU and memory"');
    story.step('checkCpuMemory', 12, { outcome: 'failed', level: 'unknown' });
    assert.match(story.says('metricsNormal', 13), /ended warn/);
  });

  it('say that it is a person’s word where a person says so, and take it back', () => {
    const story = new Story();
    story.mark('noUserReports', true, 10, 'Nobody wrote for an hour');
    assert.equal(story.says('noUserReports', 12), 'confirmed: confirmed by Amira, 03:10 UTC: Nobody wrote for an hour');
    story.step('monitorStability', 11, { ...BY_HAND, summary: 'By hand: watched the dashboard' });
    assert.equal(story.says('servicesStable', 12), 'confirmed: confirmed by Amira, 03:11 UTC: By hand: watched the dashboard');
    story.mark('noUserReports', false, 13);
    assert.equal(story.box('noUserReports', 14).state, 'open');
  });

  it('are open when a person unticks what was proved, until there is newer evidence', () => {
    const story = new Story();
    story.step('verifyMitigation', 10);
    story.mark('issueResolved', false, 12);
    assert.equal(story.says('issueResolved', 13), 'open: Amira took it back at 03:12 UTC');
    story.step('verifyMitigation', 14);
    assert.equal(story.box('issueResolved', 15).state, 'proved');
  });

  it('are not proved by a word to stakeholders while it went on, nor to some of them', () => {
    const story = new Story();
    story.step('verifyMitigation', 5);
    story.told('notifyStakeholders', ['productOwner', 'executiveTeam'], 9);
    story.watched(10, 40);
    assert.equal(story.says('stakeholdersNotified', 41), 'open: Nobody has been told that it is over: run "Send the resolution notice"');
    story.told('sendResolutionNotice', ['productOwner'], 42);
    assert.equal(story.says('stakeholdersNotified', 43), 'open: Executive Team has not been told that it is over: run "Send the resolution notice"');
    story.told('sendResolutionNotice', ['executiveTeam'], 44, false);
    assert.equal(story.says('stakeholdersNotified', 45), 'open: The word to Product Owner is on its way: see the deliveries');
    story.told('sendResolutionNotice', ['executiveTeam'], 46);
    assert.equal(story.box('stakeholdersNotified', 47).state, 'proved');
  });

  it('need one delivery where the runbook names no stakeholders', () => {
    const story = new Story('P3');
    assert.equal(story.box('stakeholdersNotified', 1).state, 'open');
    story.told('sendResolutionNotice', [], 2);
    assert.equal(story.box('stakeholdersNotified', 3).state, 'proved');
  });
});

describe('What it was and what ended it', () => {
  it('is drafted from the last finding and from what was changed and not undone', () => {
    const story = new Story();
    assert.deepEqual([draftRootCause(story.incident), draftResolution(story.incident, RULES.mitigations)], [undefined, undefined]);
    story.add('finding.documented', { text: 'first' }, { minute: 1 });
    story.add('finding.documented', { text: 'The pool was exhausted' }, { minute: 2 });
    story.change(3, 5);
    story.step('scaleDatabase', 6, { ...BY_HAND, title: 'Scale the database', summary: 'By hand: in the console' });
    const { title, target } = scalePlan();
    assert.equal(draftRootCause(story.incident), 'The pool was exhausted');
    assert.equal(draftResolution(story.incident, RULES.mitigations), `${title} (${target.resource}); Scale the database: in the console`);
    story.add('incident.resolved', { rootCause: 'A leak', resolution: 'Restart' }, { minute: 50 });
    assert.deepEqual([draftRootCause(story.incident), draftResolution(story.incident, RULES.mitigations)], ['A leak', 'Restart']);
  });
});

describe('What to do once it is over', () => {
  const stable = (): Story => {
    const story = new Story();
    story.add('incident.acknowledged', {}, { minute: 1 });
    story.change(5, 8);
    story.step('verifyMitigation', 10);
    return story;
  };
  const steps = (story: Story, now: number): string[] => story.next(now).map(({ step }) => step);

  it('is to confirm it as soon as it is stable', () => {
    const story = stable();
    assert.ok(!steps(story, 11).includes('confirmResolution'));
    story.watched(10, 40);
    const action = story.next(41).find(({ step }) => step === 'confirmResolution');
    assert.match(action?.reason ?? '', /^2 of 6 boxes hold; open: Root cause identified, Monitoring shows normal metrics/);
  });

  it('is then to tell everybody, close the ticket and plan the review, and nothing else', () => {
    const story = stable();
    story.watched(10, 40);
    story.add('incident.resolved', { rootCause: 'A leak', resolution: 'Restart' }, { minute: 50 });
    assert.deepEqual(steps(story, 100), ['sendResolutionNotice', 'closeTicket', 'scheduleReview', 'createReview']);
    assert.deepEqual(dueSteps(story.incident, clockRules(bundledRunbook())), [], 'no update is due any more');
    story.step('sendResolutionNotice', 51);
    story.add('incident.closed', { reason: 'over' }, { minute: 52 });
    assert.deepEqual(steps(story, 100), ['scheduleReview', 'createReview']);
    story.add('review.scheduled', { uid: 'u', sequence: 0, start: minute(200), end: minute(260), invitees: [] }, { minute: 53 });
    story.add('review.written', { file: 'review.md' }, { minute: 54 });
    assert.deepEqual(steps(story, 100), []);
  });

  it('is asked for two weeks', () => {
    const story = stable();
    story.add('incident.closed', { reason: 'over' }, { minute: 52 });
    const days = (count: number): number => 52 + count * 24 * 60;
    assert.deepEqual(steps(story, days(14)), ['scheduleReview', 'createReview']);
    assert.deepEqual(steps(story, days(15)), []);
    assert.deepEqual([isRecent(undefined, 0), isRecent(minute(0), START + 14 * 86_400_000), isRecent(minute(0), START + 14 * 86_400_001)], [true, true, false]);
  });
});
