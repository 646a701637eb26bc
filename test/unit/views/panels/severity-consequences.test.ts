import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Severity, TimelineEvent } from '../../../../src/incident/events.ts';
import { assumeSeverity } from '../../../../src/incident/assume.ts';
import { fold } from '../../../../src/incident/fold.ts';
import type { Notified } from '../../../../src/protocol/severity.ts';
import { notifyTeam } from '../../../../src/steps/chapter-4-respond.ts';
import { clockChanges, judgementOf } from '../../../../src/views/panels/severity-consequences.ts';
import type { Runbook } from '../../../../src/runbook/schema.ts';
import type { ConnectableService } from '../../../../src/services/connections.ts';
import { stepResult } from '../../../support/build-events.ts';
import { BY_DAY, compose, incident, withContacts } from '../../../support/build-post.ts';
import { bundledRunbook } from '../../../support/bundled-runbook.ts';
import { START } from '../../../support/clock.ts';

const RUNBOOK = bundledRunbook();
const MILD = { unavailable: 'no', affected: 'none', security: 'no', workaround: 'yes', businessImpact: 'low' };

function folded(events: readonly TimelineEvent[]) {
  const found = fold(events);
  assert.ok(found);
  return found;
}

/** What becomes of the clocks, as `change kind contact @ minutes after the start`. */
function clocks(events: readonly TimelineEvent[], severity: Severity, minute: number, answers: Readonly<Record<string, string>> = MILD): string[] {
  return clockChanges(folded(events), { severity, answers }, RUNBOOK, START + minute * 60_000)
    .map(({ change, kind, contact, at, was, everyMinutes }) => [
      `${change} ${kind}${contact === undefined ? '' : ` ${contact}`} @ ${(at - START) / 60_000}`,
      ...(was === undefined ? [] : [`was ${(was - START) / 60_000}`]), ...(everyMinutes === undefined ? [] : [`every ${everyMinutes}`]),
    ].join(', '));
}

describe('the clocks that an assessment would start', () => {
  it('are all new while there is no severity; those of detection count from there', () => {
    assert.deepEqual(clocks(incident().events, 'P1', 4), [
      'starts stakeholder Product Owner @ 4, every 60', 'starts update @ 19, every 15', 'starts warRoom @ 30', 'starts stakeholder Executive Team @ 34, every 60', 'starts escalation @ 60',
    ]);
    assert.deepEqual(clocks(incident().events, 'P4', 4), ['starts update @ 64, every 60']);
  });

  it('move, start and stop when the severity changes; a graver one calls for escalation', () => {
    const { events } = incident('P3');
    assert.deepEqual(clocks(events, 'P1', 10), [
      'starts stakeholder Product Owner @ 10, every 60', 'starts escalation @ 10', 'moves update @ 25, was 60, every 15', 'starts warRoom @ 30', 'starts stakeholder Executive Team @ 40, every 60',
    ]);
    const [, escalation] = clockChanges(folded(events), { severity: 'P1', answers: MILD }, RUNBOOK, START + 600_000);
    assert.equal(escalation?.why, 'Severity increases (from P3 to P1)');
    assert.deepEqual(clocks(incident('P1').events, 'P2', 10), [
      'moves update @ 40, was 15, every 30', 'moves stakeholder Product Owner @ 40, was 0, every 120', 'moves escalation @ 240, was 60',
      'stops stakeholder Executive Team @ 30', 'stops warRoom @ 30',
    ]);
  });

  it('run on when the level stays', () => {
    assert.deepEqual(clocks(incident('P3').events, 'P3', 10), ['stays update @ 60, every 60']);
  });

  it('call for escalation when the new answers name a security concern', () => {
    const { events } = incident('P1');
    assert.ok(clocks(events, 'P1', 10, { ...MILD, security: 'yes' }).includes('moves escalation @ 10, was 60'));
  });

  it('are none once it is resolved, and none are recorded by looking', () => {
    const { events, event } = incident('P2');
    events.push(event('incident.resolved', { resolution: 'r', rootCause: 'c' }, { minute: 5 }));
    assert.deepEqual(clocks(events, 'P1', 10), []);
    const before = folded(incident('P3').events);
    assert.equal(assumeSeverity(before, { severity: 'P1', answers: MILD }, START + 1).severity, 'P1');
    assert.deepEqual([before.severity, before.events.length], ['P3', 2]);
  });

  it('come last of what is recorded in the same millisecond', () => {
    assert.equal(assumeSeverity(folded(incident('P3').events), { severity: 'P4', answers: {} }, START).severity, 'P4');
  });
});

describe('whom an assessment would bring in', () => {
  /** As the panel asks it: composed for the level that would be set. */
  async function notified(severity: Severity, { connected = [], minute = 0, runbook = RUNBOOK }: { readonly connected?: readonly ConnectableService[]; readonly minute?: number; readonly runbook?: Runbook } = {}): Promise<string[]> {
    const { events, event } = incident();
    events.push(event('severity.set', { severity, reasons: [] }));
    const post = await compose(notifyTeam, 'notifyTeam', events, { connected, minute, runbook });
    const judgement = judgementOf(MILD, severity, { incident: folded(events), runbook, now: START + minute * 60_000, post, connected: new Set(connected) });
    return judgement.notified.map(lineOf);
  }

  function lineOf({ name, kind, ways, away }: Notified): string {
    return `${kind} ${name}: ${(ways ?? []).map(({ way, isByHand }) => `${way}${isByHand ? ' by hand' : ''}`).join(', ')}${away === undefined ? '' : `, away until ${away.until === undefined ? '?' : (away.until - START) / 60_000}`}`;
  }

  it('says by which way, and who is not there at night', async () => {
    assert.deepEqual(await notified('P1', { connected: ['slack', 'pagerduty', 'mail'] }), [
      'channel #incidents: slack', 'person On-Call Engineer: slack, pagerduty', 'person DevOps Lead: slack, away until 240', 'person Tech Lead: slack, away until 240',
    ]);
  });

  it('names who stands in for somebody who is not there', async () => {
    const runbook = withContacts({ techLead: { availability: 'always' } });
    assert.equal((await notified('P2', { connected: ['slack'], runbook })).at(-1), 'standIn Tech Lead: slack');
  });

  it('says what a person has to do where nothing is connected', async () => {
    assert.deepEqual((await notified('P2', { minute: BY_DAY })).slice(0, 2), ['channel #incidents: slack by hand', 'person On-Call Engineer: slack by hand']);
    assert.deepEqual(await notified('P4', { connected: ['slack'] }), ['channel #digital-prescription-portals: slack']);
  });

  it('names the people of the runbook where nobody can say how they are reached', () => {
    const { notified: told } = judgementOf(MILD, 'P2', { incident: folded(incident().events), runbook: RUNBOOK, now: START, post: undefined, connected: new Set() });
    assert.deepEqual(told.map(({ name, kind, ways }) => [name, kind, kind === 'person' ? ways : undefined]), [['#incidents', 'channel', undefined], ['On-Call Engineer', 'person', undefined], ['DevOps Lead', 'person', undefined]]);
  });
});

describe('what the answers come to', () => {
  const judge = (answers: Readonly<Record<string, string>>, level?: Severity) => judgementOf(answers, level, { incident: folded(incident().events), runbook: RUNBOOK, now: START, post: undefined, connected: new Set() });

  it('parts what holds from what only may: a question is open', () => {
    const { recommended, reasons, open } = judge({ unavailable: 'no', security: 'yes' });
    assert.deepEqual([recommended, open], ['P1', ['affected', 'workaround', 'businessImpact']]);
    assert.deepEqual(reasons.map(({ text, isOpen }) => `${isOpen ? 'perhaps' : 'surely'} ${text.slice(0, 20)}`), ['surely Data or systems are ', 'perhaps Most users cannot is']);
  });

  it('says in which question the doubt lies', () => {
    assert.deepEqual(judge({ ...MILD, affected: 'unsure' }).doubtful, ['How many users are affected?']);
  });

  it('is the mildest level with its reason where no rule holds', () => {
    assert.deepEqual(judge(MILD).reasons, [{ text: 'A minor issue, or one with a workaround.', isOpen: false }]);
  });

  it('follows the level that is chosen instead', () => {
    const { recommended, level, clocks: changes } = judge(MILD, 'P2');
    assert.deepEqual([recommended, level, changes.map(({ kind }) => kind)], ['P4', 'P2', ['update', 'stakeholder', 'escalation']]);
  });

  it('says that it is resolved', () => {
    const { events, event } = incident('P2');
    events.push(event('step.finished', { result: stepResult('verifyMitigation') }, { minute: 3 }), event('incident.resolved', { resolution: 'r', rootCause: 'c' }, { minute: 5 }));
    assert.equal(judgementOf(MILD, undefined, { incident: folded(events), runbook: RUNBOOK, now: START + 600_000, post: undefined, connected: new Set() }).isResolved, true);
  });
});
