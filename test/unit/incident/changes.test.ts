import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { type Change, foldChanges, validApprovals } from '../../../src/incident/changes.ts';
import type { TimelineEvent } from '../../../src/incident/events.ts';
import { canonical, isIntact, planHash } from '../../../src/incident/plan.ts';
import { createRedactor, redactEvent } from '../../../src/incident/redact.ts';
import { createEvents, minute, stepResult } from '../../support/build-events.ts';
import { scalePlan } from '../../support/build-plan.ts';
import { START } from '../../support/clock.ts';

describe('the hash of a plan', () => {
  it('is the same for the same wish in the same world, whoever plans it and however it is put into words', () => {
    const other = scalePlan({ by: 'arn:aws:iam::123456789012:user/grace', summary: 'Six!', hazards: [], title: 'Other', approval: 'twoPeople', command: '' });
    assert.equal(other.hash, scalePlan().hash);
  });

  for (const [what, changes] of [
    ['the step', { step: 'restartService' }],
    ['the resource', { target: { ...scalePlan().target, resource: 'other' } }],
    ['the account', { target: { ...scalePlan().target, account: '210987654321' } }],
    ['the region', { target: { ...scalePlan().target, region: 'eu-west-1' } }],
    ['the environment', { target: { ...scalePlan().target, environment: 'staging' } }],
    ['the inputs', { inputs: { desiredCount: 7 } }],
    ['what is there now', { before: { desiredCount: 5 } }],
    ['what is to be there', { after: { desiredCount: 60 } }],
    ['what it takes back', { undoes: 'x' }],
  ] as const) {
    it(`is another one when ${what} is`, () => {
      assert.notEqual(scalePlan(changes).hash, scalePlan().hash);
    });
  }

  it('tells whether a plan is as it was made', () => {
    const plan = scalePlan();
    assert.equal(isIntact(plan), true);
    assert.equal(isIntact({ ...plan, before: { desiredCount: 3 } }), false);
  });

  it('survives being recorded, unless something in the plan had to be hidden', () => {
    const { event } = createEvents();
    const recorded = (plan: ReturnType<typeof scalePlan>): boolean => isIntact(redactEvent(event('change.planned', { plan, origin: 'o' }), createRedactor()).plan);
    assert.equal(recorded(scalePlan({ before: { arn: 'arn:aws:acm:eu-central-1:123456789012:certificate/12345678-1234-1234-1234-123456789012', addresses: ['41.33.120.0/24', '10.20.30.40/32', '2001:db8::/32'] } })), true);
    assert.equal(recorded(scalePlan({ before: { owner: 'ada@example.com' } })), false);
  });

  it('does not depend on the order of the keys', () => {
    fc.assert(fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const turned = Object.fromEntries(Object.entries(value).reverse());
      assert.equal(canonical(turned), canonical(value));
      assert.deepEqual(JSON.parse(canonical(value)), JSON.parse(JSON.stringify(value)));
    }));
  });

  it('is that of the same plan read back from JSON', () => {
    const plan = scalePlan();
    assert.equal(planHash(JSON.parse(JSON.stringify(plan)) as typeof plan), plan.hash);
  });
});

describe('foldChanges', () => {
  const { event } = createEvents();
  const plan = scalePlan();
  const planned = event('change.planned', { plan, origin: 'here' }, { minute: 1 });
  const requested = event('change.requested', { plan: planned.id, hash: plan.hash, origin: 'here' }, { minute: 2 });
  const made = event('change.made', { plan: planned.id, result: { deployment: 'd' } }, { minute: 3 });
  const ended = (changes: Parameters<typeof stepResult>[1] = {}, at = 4): TimelineEvent => event('step.finished', { result: stepResult('scaleService', changes), change: planned.id }, { minute: at });
  const only = (...events: readonly TimelineEvent[]): Change => {
    const [change] = foldChanges(events);
    assert.ok(change);
    return change;
  };

  for (const [state, events] of [
    ['planned', [planned]],
    ['applying', [planned, requested]],
    ['following', [planned, requested, made]],
    ['done', [planned, requested, made, ended()]],
    ['failed', [planned, requested, made, ended({ outcome: 'failed', level: 'bad' })]],
    ['unclear', [planned, requested, ended({ outcome: 'failed', level: 'unknown' })]],
    ['left', [planned, requested, made, ended({ outcome: 'cancelled', level: 'warn' })]],
    ['done', [planned, requested, made, ended({ outcome: 'cancelled', level: 'warn' }), ended({}, 6)]],
  ] as const) {
    it(`is ${state} after ${events.map(({ type }) => type).join(', ')}`, () => {
      assert.equal(only(...events).state, state);
    });
  }

  it('says who asked for it, and what was answered', () => {
    const change = only(planned, requested, made, ended());
    assert.deepEqual(change.request, { event: requested.id, at: minute(2), actor: requested.actor, origin: 'here' });
    assert.deepEqual(change.made, { at: minute(3), result: { deployment: 'd' } });
    assert.deepEqual([change.end?.outcome, change.end?.at], ['done', minute(4)]);
  });

  it('is undone once the way back is done, not before', () => {
    const back = event('change.planned', { plan: scalePlan({ undoes: planned.id }), origin: 'here' }, { minute: 5 });
    const begun = event('change.requested', { plan: back.id, hash: 'h', origin: 'here' }, { minute: 6 });
    const arrived = event('step.finished', { result: stepResult('scaleService'), change: back.id }, { minute: 7 });
    const until = [planned, requested, made, ended(), back, begun];
    assert.deepEqual(foldChanges(until).map(({ state }) => state), ['done', 'applying']);
    assert.deepEqual(foldChanges([...until, arrived]).map(({ state, undoneBy }) => [state, undoneBy]), [['undone', back.id], ['done', undefined]]);
  });

  it('stays done when the way back failed', () => {
    const back = event('change.planned', { plan: scalePlan({ undoes: planned.id }), origin: 'here' }, { minute: 5 });
    const failed = event('step.finished', { result: stepResult('scaleService', { outcome: 'failed', level: 'bad' }), change: back.id }, { minute: 7 });
    assert.equal(foldChanges([planned, requested, made, ended(), back, failed])[0]?.state, 'done');
  });

  it('passes over what names no plan', () => {
    assert.deepEqual(foldChanges([requested, made, ended()]), []);
  });

  describe('approvals', () => {
    const until = minute(31);
    const approved = event('change.approved', { plan: planned.id, hash: plan.hash, until }, { minute: 2, actor: { name: 'Grace', kind: 'person' } });
    const onTicket = (of: TimelineEvent, author: string, at = 2): TimelineEvent => event('delivery.done', { request: `ticket/${of.id}`, how: 'found', result: { comment: 1, index: 0, author } }, { minute: at });
    const valid = (at: number, ...events: readonly TimelineEvent[]): readonly string[] => validApprovals(only(planned, ...events), START + at * 60_000).map(({ actor }) => actor.name);

    it('count when another account has put them on the ticket', () => {
      assert.deepEqual(valid(3, approved, onTicket(planned, 'ada'), onTicket(approved, 'grace')), ['Grace']);
    });
    it('do not count of the account that planned', () => {
      assert.deepEqual(valid(3, approved, onTicket(planned, 'ada'), onTicket(approved, 'ada')), []);
    });
    it('do not count before both are on the ticket', () => {
      assert.deepEqual(valid(3, approved, onTicket(planned, 'ada')), []);
      assert.deepEqual(valid(3, approved, onTicket(approved, 'grace')), []);
    });
    it('run out, by the clock of the ticket, however long they say that they hold', () => {
      const long = event('change.approved', { plan: planned.id, hash: plan.hash, until: minute(10_000) }, { minute: 2 });
      const events = [long, onTicket(planned, 'ada'), onTicket(long, 'grace')];
      assert.equal(valid(31, ...events).length, 1);
      assert.equal(valid(32, ...events).length, 0);
    });
    it('run out when they say so, if that is sooner', () => {
      const short = event('change.approved', { plan: planned.id, hash: plan.hash, until: minute(5) }, { minute: 2 });
      const events = [short, onTicket(planned, 'ada'), onTicket(short, 'grace')];
      assert.deepEqual([valid(4, ...events).length, valid(5, ...events).length], [1, 0]);
    });
    it('are of every plan with the same hash, and of no other', () => {
      const again = event('change.planned', { plan: scalePlan({ by: 'somebody else' }), origin: 'here' }, { minute: 6 });
      const other = event('change.planned', { plan: scalePlan({ after: { desiredCount: 9 } }), origin: 'here' }, { minute: 6 });
      assert.deepEqual(foldChanges([planned, again, other, approved]).map(({ approvals }) => approvals.length), [1, 1, 0]);
    });
  });
});
