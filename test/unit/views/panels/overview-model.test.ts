import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { TimelineEvent } from '../../../../src/incident/events.ts';
import { fold } from '../../../../src/incident/fold.ts';
import { isTold } from '../../../../src/incident/told.ts';
import type { OverviewModel } from '../../../../src/protocol/overview.ts';
import { chartsOf } from '../../../../src/views/panels/overview-charts.ts';
import { marksOf, phasesOf } from '../../../../src/views/panels/overview-marks.ts';
import { actionsOf, changeBetween, overviewModel } from '../../../../src/views/panels/overview-model.ts';
import { createEvents, minute, stepResult } from '../../../support/build-events.ts';
import { bundledRunbook } from '../../../support/bundled-runbook.ts';
import { START } from '../../../support/clock.ts';
import { STORY_MINUTES, closedStory, manyEvents, wholeStory } from '../../../support/overview-incident.ts';
import { recordedIncident } from '../../../support/recorded-incident.ts';

const MINUTE = 60_000;

function modelOf(events: readonly TimelineEvent[], minutes = STORY_MINUTES + 1, version = 1): OverviewModel {
  return overviewModel({ incident: fold(events) ?? assert.fail(), runbook: bundledRunbook(), now: START + minutes * MINUTE, version });
}

/** As the page does. */
function applied(before: OverviewModel, after: OverviewModel): OverviewModel {
  const { standing, from, marks, charts } = changeBetween(before, after);
  return { ...standing, marks: [...before.marks.slice(0, from), ...marks], charts: charts ?? before.charts };
}

describe('how an incident stands', () => {
  const story = modelOf(wholeStory());

  it('is told with its durations against the targets of its severity', () => {
    assert.deepEqual([story.standing, story.severity, story.environment, story.ticket?.name], ['mitigated', 'P1', 'HealthFlow production', 'acme/shop#42']);
    assert.deepEqual(story.intervals.map(({ kind, from, to, target }) => [kind, from !== undefined && to !== undefined ? (to - from) / MINUTE : undefined, target === undefined ? undefined : target / MINUTE]), [
      ['detected', 8, 5], ['acknowledged', 2.5, 2], ['mitigated', 37, undefined], ['resolved', undefined, 60],
    ]);
  });

  it('names the first three of what is next, and lets only what is asked for be run', () => {
    assert.equal(story.next.length, 3);
    const allowed = actionsOf(fold(wholeStory()) ?? assert.fail(), bundledRunbook(), story.now);
    [...story.next, ...story.clocks].forEach(({ id }) => { assert.ok(allowed.has(id), id); });
    assert.equal(allowed.get('rollBackDeployment'), undefined);
    assert.deepEqual(allowed.get('notifyStakeholders/productOwner')?.inputs, { contact: 'productOwner' });
  });

  it('counts what is open: boxes, messages for a person, watches', () => {
    assert.deepEqual([story.closure?.held, story.closure?.total, story.closure?.open.length], [4, 6, 2]);
    assert.deepEqual(story.forPerson.map(({ target, state }) => [target, state]), [['DevOps Lead', 'by hand'], ['Engineering Manager', 'failed']]);
    assert.deepEqual(story.watches.map(({ looks, restarts, level }) => [looks, restarts, level]), [[1, 0, 'ok']]);
    assert.deepEqual(story.roles.filter(({ person }) => person !== undefined).map(({ title, person }) => [title, person]), [['Incident Commander', 'Amira']]);
  });

  it('holds still once it is closed', () => {
    const closed = modelOf(closedStory(), 500);
    assert.deepEqual([closed.standing, closed.clocks.length, closed.closure, closed.watches.length], ['closed', 0, undefined, 0]);
    assert.equal(closed.ended, START + 79 * MINUTE);
    assert.ok(closed.spans.every(({ to }) => to !== undefined), 'nothing goes on');
  });

  it('can be told without a runbook: nothing has a target and nothing is due', () => {
    const model = overviewModel({ incident: recordedIncident(), runbook: undefined, now: START, version: 1 });
    assert.deepEqual([model.next, model.clocks, model.closure], [[], [], undefined]);
    assert.ok(model.intervals.every(({ target }) => target === undefined));
  });
});

describe('the timeline as a picture', () => {
  it('has every event that people are told of, and draws once what belongs together', () => {
    const incident = fold(wholeStory()) ?? assert.fail();
    const marks = marksOf(incident);
    assert.deepEqual(marks.map(({ id }) => id), incident.events.filter(isTold).map(({ id }) => id));
    const drawn = marks.filter(({ isListed }) => isListed !== true);
    assert.deepEqual([...new Set(drawn.map(({ lane }) => lane))].sort(), ['messages', 'notes', 'phases', 'steps']);
    assert.deepEqual(drawn.filter(({ state }) => state !== undefined).map(({ title, state }) => [title, state]), [['To #incidents', 'done'], ['To DevOps Lead', 'by hand'], ['To Engineering Manager', 'failed']]);
    assert.deepEqual(drawn.find(({ parts }) => parts !== undefined)?.parts, ['bad', 'ok', 'warn', 'ok', 'ok', 'unknown', 'ok']);
  });

  it('has bars from asked for to settled, the undone one marked, and what was deployed', () => {
    const { spans } = modelOf(wholeStory());
    const of = (kind: string) => spans.filter((span) => span.kind === kind).map(({ title, from, to, level, isUndone }) => [title, (from - START) / MINUTE, to === undefined ? undefined : (to - START) / MINUTE, level, isUndone]);
    assert.deepEqual(of('change'), [
      ['Scale the service', 18.5, 23, 'warn', true], ['Undo: Scale the service', 26.5, 29, 'ok', undefined], ['Restart the service', 31.5, 37, 'ok', undefined],
    ]);
    assert.deepEqual(of('deployment'), [['Deployment f00dcaf to production', -17, -17, 'ok', undefined]]);
    assert.equal(spans.find(({ kind }) => kind === 'deployment')?.isSuspect, true);
    assert.deepEqual(of('watch'), [['Stability watch', 47, undefined, 'ok', undefined]]);
    assert.deepEqual(of('phase').map(([title, from, to]) => [title, from, to]), [['undetected', -8, 0], ['unacknowledged', 0, 2.5], ['unmitigated', 2.5, 37], ['unresolved', 37, undefined]]);
  });

  it('leaves out phases whose times are out of order, and none overlaps another', () => {
    const at = (minutes: number) => ({ at: minute(minutes), event: String(minutes), corrected: true });
    const phases = phasesOf({ times: { detected: at(10), impactStarted: at(0), acknowledged: at(5), resolved: at(30), closed: at(40) } });
    phases.forEach(({ from, to = Number.POSITIVE_INFINITY }, index) => { assert.ok(from < to && to <= (phases[index + 1]?.from ?? Number.POSITIVE_INFINITY)); });
    assert.deepEqual(phases.map(({ title }) => title), ['undetected', 'unmitigated', 'unclosed']);
    const verifiedLater = phasesOf({ times: { detected: at(0), acknowledged: at(2), resolved: at(30), mitigated: at(60) } });
    assert.deepEqual(verifiedLater.map(({ title, from, to }) => [title, (from - START) / MINUTE, to === undefined ? undefined : (to - START) / MINUTE]), [['unacknowledged', 0, 2], ['unmitigated', 2, 30], ['unclosed', 30, undefined]]);
  });
});

describe('the metrics of the evidence', () => {
  it('go on as one line over several looks, a time that was seen twice as it was seen last', () => {
    const { event, declared } = createEvents();
    const look = (at: number, points: readonly (readonly [number, number])[], limit: number) => event('step.finished', {
      result: stepResult('investigate'),
      parts: [stepResult('checkConnectionPool', { evidence: { level: 'ok', summary: '', markdown: '', data: {}, charts: [{ title: 'pool', unit: 'connections', limit: { label: `max ${limit}`, value: limit }, series: [{ label: 'maximum', points }] }] } })],
    }, { minute: at });
    const [chart, ...others] = chartsOf([declared(), look(5, [[1, 10], [2, 20]], 100), look(9, [[2, 25], [3, 30]], 120)]);
    assert.deepEqual(others, []);
    assert.deepEqual(chart?.series, [{ label: 'maximum', points: [[1, 10], [2, 25], [3, 30]] }]);
    assert.deepEqual([chart?.limit?.value, chart?.seenAt], [120, START + 9 * MINUTE]);
  });

  it('keep their peaks when there are more points than a screen has pixels', () => {
    const { event } = createEvents();
    const points = Array.from({ length: 20_000 }, (_none, index): [number, number] => [index, index === 12_345 ? 999 : index % 7]);
    const [chart] = chartsOf([event('step.finished', { result: stepResult('x', { evidence: { level: 'ok', summary: '', markdown: '', data: {}, charts: [{ title: 'cpu', unit: '%', series: [{ label: 'a', points }] }] } }) })]);
    const shown = chart?.series[0]?.points ?? [];
    assert.ok(shown.length <= 1_500);
    assert.deepEqual(shown.find(([, value]) => value === 999), [12_345, 999]);
  });
});

describe('what the page is told', () => {
  it('is only what is new', () => {
    const before = modelOf(manyEvents(10_000));
    const { event } = createEvents();
    const added = { ...event('finding.documented', { text: 'The disk is full' }, { minute: 10_000 }), id: '01ZZZZZZZZZZZZZZZZZZZZZZZZ' };
    const after = modelOf([...manyEvents(10_000), added], 10_001, 2);
    const change = changeBetween(before, after);
    assert.deepEqual([change.after, change.from, change.marks.map(({ id }) => id), change.charts], [1, 10_000, [added.id], undefined]);
  });

  it('makes the same of what was told before, whatever has changed', () => {
    const all = wholeStory();
    const { event } = createEvents();
    const inBetween = { ...event('finding.documented', { text: 'Seen late' }, { minute: 10 }), id: '01ZZZZZZZZZZZZZZZZZZZZZZZZ' };
    const steps = [all.slice(0, 1), all.slice(0, 7), all.slice(0, 12), all, [...all, inBetween], closedStory(), all];
    let page = modelOf(steps[0] ?? []);
    steps.forEach((events, index) => {
      const next = modelOf(events, STORY_MINUTES + index, index + 2);
      page = applied(page, next);
      assert.deepEqual(page, next, `step ${index}`);
    });
  });
});
