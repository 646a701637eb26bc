import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { connectionLimit, isSmaller, sizeOf } from '../../../src/services/aws/db-classes.ts';
import type { DatabaseInstance, DatabaseParameter } from '../../../src/services/aws/rds.ts';
import { scaleDraft, scaleOutlook } from '../../../src/steps/chapter-6-database.ts';
import { memoryHazard, rangeOf } from '../../../src/steps/chapter-6-database-connections.ts';
import { isInWindow } from '../../../src/steps/database-instance.ts';
import { parameterOutlook, rebootOutlook } from '../../../src/steps/database-outlook.ts';

const NOW = Date.parse('2026-11-23T03:10:00Z'); // a Monday
const FORMULA = 'LEAST({DBInstanceClassMemory/9531392},5000)';

const instance = (change: Partial<DatabaseInstance> = {}): DatabaseInstance => ({
  identifier: 'db', arn: 'arn:aws:rds:eu-central-1:123456789012:db:db', engine: 'postgres', version: '16.4', instanceClass: 'db.r5.xlarge', status: 'available',
  multiAz: true, parameterGroup: 'group', parameterStatus: 'in-sync', pending: [], replicas: [], backupWindow: '01:00-01:30', maintenanceWindow: 'sun:04:00-sun:05:00', ...change,
});
const parameter = (value: string | undefined, source = 'user'): DatabaseParameter => ({ value, source, applyType: 'static', allowed: '6-262143', modifiable: true });

describe('instance classes', () => {
  for (const [name, size] of [
    ['db.r5.large', [2, 16]], ['db.r6g.2xlarge', [8, 64]], ['db.r5.24xlarge', [96, 768]], ['db.r4.xlarge', [4, 30.5]], ['db.m5.4xlarge', [16, 64]], ['db.t3.micro', [2, 1]],
    ['db.t2.micro', [1, 1]], ['db.t4g.2xlarge', [8, 32]], ['db.x2g.large', [2, 32]], ['db.x2iedn.xlarge', [4, 128]], ['db.x1.16xlarge', [64, 976]],
    ['db.m3.large', undefined], ['db.r5.metal', undefined], ['db.serverless', undefined], ['db.q9.large', undefined], ['', undefined],
  ] as const) {
    it(`${name === '' ? 'nothing' : name} ${size === undefined ? 'is not guessed' : `has ${size.join(' vCPU and ')} GiB`}`, () => {
      assert.deepEqual(sizeOf(name), size === undefined ? undefined : { vcpu: size[0], memoryGib: size[1] });
    });
  }

  it('are smaller when they have less of either, and not compared when one is not known', () => {
    assert.deepEqual([
      isSmaller('db.r5.large', 'db.r5.xlarge'), isSmaller('db.m5.2xlarge', 'db.r5.xlarge'), isSmaller('db.m5.xlarge', 'db.r5.xlarge'), isSmaller('db.r5.large', 'db.t3.xlarge'), isSmaller('db.serverless', 'db.r5.large'),
    ], [true, false, true, true, undefined]);
  });

  it('give the limit of the default formula, and none of another', () => {
    const of = (value: string | undefined, engine: string, name: string): unknown => {
      const limit = connectionLimit(value, { engine, parameterGroup: 'group' }, name);
      return limit === undefined ? undefined : [limit.value, limit.computed];
    };
    assert.deepEqual(of('200', 'postgres', 'db.q9.huge'), [200, false]);
    assert.deepEqual(of(undefined, 'postgres', 'db.r5.xlarge'), [3604, true]);
    assert.deepEqual(of(FORMULA, 'postgres', 'db.r5.2xlarge'), [5000, true]);
    assert.deepEqual(of('{DBInstanceClassMemory/12582880}', 'mysql', 'db.m5.large'), [682, true]);
    assert.deepEqual([of('GREATEST({DBInstanceClassMemory/1},5)', 'postgres', 'db.r5.large'), of(undefined, 'mysql', 'db.m5.large'), of(FORMULA, 'postgres', 'db.q9.huge')], [undefined, undefined, undefined]);
  });
});

describe('a window of RDS', () => {
  for (const [window, open] of [
    ['03:00-03:30', true], ['03:10-03:11', true], ['03:11-03:30', false], ['02:40-03:10', false], ['23:45-03:15', true], ['23:45-00:15', false],
    ['mon:03:00-mon:04:00', true], ['tue:03:00-tue:04:00', false], ['sun:23:30-mon:03:30', true], ['sat:23:30-sun:00:30', false], ['', false],
  ] as const) {
    it(`${window === '' ? 'that is not known' : window} is ${open ? 'open' : 'closed'} on Monday at 03:10 UTC`, () => { assert.equal(isInWindow(window, NOW), open); });
  }
});

describe('the plan of a class change', () => {
  const said = (of: DatabaseInstance, wanted = 'db.r5.2xlarge', value: string | undefined = FORMULA): string =>
    scaleDraft(of, wanted, { parameter: parameter(value, 'system'), region: 'eu-central-1', now: NOW }).hazards.map(({ level, text }) => `${level}: ${text}`).join('\n');

  it('says how long the outage is, with and without a standby', () => {
    assert.match(said(instance()), /^danger: An outage: db is Multi-AZ, .* 1 to 2 minutes/);
    assert.match(said(instance({ multiAz: false })), /^danger: An outage: db is in a single zone and has no standby, .* 5 to 15 minutes/);
  });

  it('gives the old and the new limit where the formula gives it', () => {
    const { differences } = scaleDraft(instance(), 'db.r5.2xlarge', { parameter: parameter(FORMULA, 'system'), region: 'eu-central-1', now: NOW });
    assert.deepEqual(differences[1], { name: 'max_connections by the default formula', before: '3604 at most', after: '5000 at most' });
    assert.match(said(instance()), /note: max_connections follows from the memory .* from at most 3604 to at most 5000 by itself/);
    assert.match(said(instance(), 'db.q9.huge'), /note: How max_connections changes with the class is not known here/);
  });

  it('says what else comes with the restart', () => {
    const draft = scaleDraft(instance({
      parameterStatus: 'pending-reboot', pending: [{ name: 'DBInstanceClass', from: 'db.r5.xlarge', to: 'db.r5.4xlarge' }, { name: 'MultiAZ', from: 'false', to: 'true' }],
    }), 'db.r5.2xlarge', { parameter: parameter('200'), region: 'eu-central-1', now: NOW, offered: 'no right' });
    const words = draft.hazards.map(({ text }) => text).join('\n');
    for (const part of ['MultiAZ from false to true', 'The class db.r5.4xlarge waits for the maintenance window; this replaces it', 'changes that wait for a reboot', 'could not be checked: no right']) {
      assert.ok(words.includes(part), `${part} in ${words}`);
    }
    assert.deepEqual(draft.before['pending'], ['MultiAZ: false → true']);
    assert.equal(draft.differences.at(-1)?.after, 'in effect');
  });

  it('warns of an open window and names the replicas', () => {
    const words = said(instance({ backupWindow: '03:00-03:30', maintenanceWindow: 'mon:03:00-mon:04:00', replicas: ['copy'] }));
    assert.match(words, /warn: Its backup window \(03:00-03:30 UTC\) is open now/);
    assert.match(words, /warn: Its maintenance window \(mon:03:00-mon:04:00 UTC\) is open now/);
    assert.match(words, /read replicas \(copy\) keep their class/);
    assert.doesNotMatch(said(instance()), /window/);
  });
});

describe('where a class change stands', () => {
  const bigger = [{ name: 'DBInstanceClass', from: 'db.r5.xlarge', to: 'db.r5.2xlarge' }];
  for (const [what, of, facts, state] of [
    ['available with the new class', { instanceClass: 'db.r5.2xlarge' }, {}, 'done'],
    ['the new class, its storage still optimized', { instanceClass: 'db.r5.2xlarge', status: 'storage-optimization' }, {}, 'done'],
    ['the new class, still modifying', { instanceClass: 'db.r5.2xlarge', status: 'modifying' }, {}, 'underway'],
    ['the new class, which is still pending too', { instanceClass: 'db.r5.2xlarge', pending: bigger }, {}, 'underway'],
    ['modifying', { status: 'modifying', pending: bigger }, {}, 'underway'],
    ['available, the class pending: RDS has not begun', { pending: bigger }, {}, 'underway'],
    ['the same, seen after a crash', { pending: bigger }, { made: false }, 'underway'],
    ['the same, and it was pending before', { pending: bigger }, { made: false, pendingBefore: true }, 'unclear'],
    ['as before', {}, { made: false }, 'not made'],
    ['as before, though RDS had taken it', {}, {}, 'failed'],
    ['another class', { instanceClass: 'db.r5.8xlarge' }, {}, 'unclear'],
    ...['incompatible-parameters', 'storage-full', 'failed', 'insufficient-capacity', 'incompatible-network'].map((status) => [status, { status }, {}, 'failed'] as const),
  ] as const) {
    it(`${what}: ${state}`, () => {
      const outlook = scaleOutlook(instance(of), { was: 'db.r5.xlarge', wanted: 'db.r5.2xlarge', pendingBefore: false, made: true, ...facts });
      assert.equal(outlook.state, state, outlook.summary);
      assert.match(outlook.markdown ?? '', /\| ` db ` \|/);
    });
  }
});

describe('where a change of max_connections stands', () => {
  const before = { value: '200', set: true };
  const after = { parameterGroup: 'group', value: '300', method: 'pending-reboot' };
  for (const [what, of, value, sinceMs, state, change] of [
    ['set, waits for a reboot', { parameterStatus: 'pending-reboot' }, '300', 0, 'done', {}],
    ['set, not noticed yet', {}, '300', 59_999, 'underway', {}],
    ['set, never noticed', {}, '300', 60_000, 'done', {}],
    ['set, seen after a crash', {}, '300', undefined, 'done', {}],
    ['set, being applied', { parameterStatus: 'applying' }, '300', 90_000, 'underway', { method: 'immediate' }],
    ['set, at once', {}, '300', 0, 'done', { method: 'immediate' }],
    ['set, and it could not be applied', { parameterStatus: 'failed-to-apply' }, '300', 0, 'failed', {}],
    ['set, and the instance has another group', { parameterGroup: 'other' }, '300', 0, 'unclear', {}],
    ['as before', {}, '200', undefined, 'not made', {}],
    ['as before, a moment after', {}, '200', 59_999, 'underway', {}],
    ['as before, long after', {}, '200', 60_000, 'failed', {}],
    ['something else', {}, '250', 0, 'unclear', {}],
  ] as const) {
    it(`${what}: ${state}`, () => {
      const outlook = parameterOutlook({ instance: instance(of), parameter: parameter(value), sinceMs, before, after: { ...after, ...change } });
      assert.equal(outlook.state, state, outlook.summary);
    });
  }

  it('taken out again: done, whatever the formula says', () => {
    const back = { before: { value: '300', set: true }, after: { ...after, value: null }, instance: instance({ parameterStatus: 'pending-reboot' }), sinceMs: 0 };
    assert.deepEqual([parameterOutlook({ ...back, parameter: parameter(FORMULA, 'system') }).state, parameterOutlook({ ...back, parameter: parameter('300'), sinceMs: undefined }).state], ['done', 'not made']);
  });

  it('tells the reboot that is still needed, and not as in effect', () => {
    const outlook = parameterOutlook({ instance: instance({ parameterStatus: 'pending-reboot' }), parameter: parameter('300'), sinceMs: 0, before, after });
    assert.match(outlook.summary, /It takes effect after a reboot of db: plan it with the same step and the input reboot: true$/);
  });
});

describe('where a reboot stands', () => {
  for (const [what, of, sinceMs, state] of [
    ['rebooting', { status: 'rebooting', parameterStatus: 'pending-reboot' }, 0, 'underway'],
    ['back, in-sync', {}, 0, 'done'],
    ['back, in-sync, after a crash', {}, undefined, 'done'],
    ['back, applying', { parameterStatus: 'applying' }, 0, 'underway'],
    ['back, and it could not be applied', { parameterStatus: 'failed-to-apply' }, 0, 'failed'],
    ['not begun', { parameterStatus: 'pending-reboot' }, 59_999, 'underway'],
    ['never begun', { parameterStatus: 'pending-reboot' }, 60_000, 'failed'],
    ['as before, after a crash', { parameterStatus: 'pending-reboot' }, undefined, 'not made'],
    ['incompatible', { status: 'incompatible-parameters' }, 0, 'failed'],
  ] as const) {
    it(`${what}: ${state}`, () => {
      const outlook = rebootOutlook({ instance: instance(of), parameter: parameter('300'), sinceMs });
      assert.equal(outlook.state, state, outlook.summary);
    });
  }
});

it('the range of a parameter is what RDS says, or anything', () => {
  assert.deepEqual([rangeOf('6-262143'), rangeOf(''), rangeOf('a,b')], [{ min: 6, max: 262_143 }, { min: 1, max: 8_388_607 }, { min: 1, max: 8_388_607 }]);
});

it('the memory that connections may take is held against that of the class', () => {
  assert.deepEqual([[300, 'db.r5.xlarge'], [1000, 'db.r5.xlarge'], [2000, 'db.r5.xlarge'], [2000, 'db.q9.huge']].map(([count, name]) => memoryHazard(Number(count), String(name)).level), ['note', 'warn', 'danger', 'note']);
});
