import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { EcsService, ServiceDeployment } from '../../../src/services/aws/ecs.ts';
import { type Awaited, judgeRollout, together } from '../../../src/steps/ecs-rollout.ts';
import { START } from '../../support/clock.ts';
import { ecsDeployment, ecsService } from '../../support/ecs-service.ts';

const BEFORE = 'ecs-svc/1';
const NEW = 'ecs-svc/2';
const old = (changes: Partial<ServiceDeployment> = {}) => ecsDeployment({ id: BEFORE, status: 'ACTIVE', ...changes });
const fresh = (changes: Partial<ServiceDeployment> = {}) => ecsDeployment({ id: NEW, rolloutState: 'IN_PROGRESS', createdAt: START, ...changes });
const event = (message: string, at = START + 1) => ({ at, message: `(service healthflow-backend-service) ${message}` });
const ROLLBACK = 'ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/1.';

const KNOWN: Partial<Awaited> = { deployment: NEW };
const CRASHED: Partial<Awaited> = { since: START };

const CASES: readonly (readonly [title: string, service: Partial<EcsService>, awaited: Partial<Awaited>, state: string, summary: string | RegExp])[] = [
  ['new tasks start', { running: 6, deployments: [fresh({ running: 2, pending: 2 }), old()] }, KNOWN, 'underway', '2 of 4 new tasks run, 4 old ones left'],
  ['one old task is left', { deployments: [fresh(), old({ running: 1 })] }, KNOWN, 'underway', '4 of 4 new tasks run, 1 old one left'],
  ['new tasks fail and start again', { deployments: [fresh({ running: 0, failed: 3 }), old()], events: [event('(task abc) failed container health checks.')] }, KNOWN, 'underway', '0 of 4 new tasks run, 4 old ones left, 3 failed to start; ECS says: (task abc) failed container health checks.'],
  ['trouble before the deployment says nothing about it', { deployments: [fresh(), old()], events: [event('(task abc) failed container health checks.', START - 1)] }, KNOWN, 'underway', '4 of 4 new tasks run, 4 old ones left'],
  ['tasks that stop are part of a rollout', { deployments: [fresh(), old({ running: 2 })], events: [event('has stopped 2 running tasks: (task abc) (task def).')] }, KNOWN, 'underway', '4 of 4 new tasks run, 2 old ones left'],
  ['it is complete', { deployments: [fresh({ rolloutState: 'COMPLETED' })] }, KNOWN, 'done', '4 of 4 new tasks of healthflow-backend:1 run, no old ones are left'],
  ['it is complete where ECS reports no rollout state', { deployments: [fresh({ rolloutState: '' })] }, KNOWN, 'done', /^4 of 4 new tasks/],
  ['old tasks drain where ECS reports no rollout state', { deployments: [fresh({ rolloutState: '' }), old()] }, KNOWN, 'underway', /4 old ones left$/],
  ['it failed', { deployments: [fresh({ rolloutState: 'FAILED', rolloutReason: 'tasks failed to start.', running: 0 }), old()] }, KNOWN, 'failed', 'The new deployment failed (tasks failed to start). healthflow-backend-service has 4 of 4 tasks running, 0 of them new'],
  [
    'the circuit breaker goes back',
    { deployments: [ecsDeployment({ id: 'ecs-svc/3', rolloutState: 'IN_PROGRESS', rolloutReason: ROLLBACK, running: 3 }), fresh({ status: 'ACTIVE', rolloutState: 'FAILED', rolloutReason: 'tasks failed to start.', running: 0 })] },
    KNOWN, 'failed', 'The new deployment failed (tasks failed to start). ECS goes back to healthflow-backend:1 by itself: 3 of 4 tasks run',
  ],
  ['it went back to a deployment of its own, and the failed one is gone', { deployments: [ecsDeployment({ id: 'ecs-svc/3', rolloutReason: ROLLBACK })] }, KNOWN, 'failed', 'The new deployment failed. ECS goes back to healthflow-backend:1 by itself: 4 of 4 tasks run'],
  ['it went back to the old deployment', { deployments: [old({ status: 'PRIMARY', rolloutReason: ROLLBACK })] }, KNOWN, 'failed', /^The new deployment failed\. ECS goes back to/],
  ['only an event tells of the rollback', { deployments: [ecsDeployment({ id: 'ecs-svc/3' })], events: [event(`(deployment ${NEW}) deployment failed: tasks failed to start.`)] }, KNOWN, 'failed', 'The new deployment failed. ECS has taken it back: healthflow-backend-service has 4 of 4 tasks running'],
  ['an event of another deployment says nothing about it', { deployments: [fresh({ rolloutState: 'COMPLETED' })], events: [event('(deployment ecs-svc/0) deployment failed: tasks failed to start.')] }, KNOWN, 'done', /^4 of 4/],
  ['ECS shows the state of before for some seconds', { deployments: [old({ status: 'PRIMARY' })] }, KNOWN, 'underway', /does not show the new deployment yet/],
  ['a later deployment of the same revision has taken its place', { deployments: [fresh({ id: 'ecs-svc/3', running: 1, createdAt: START + 9 }), fresh({ status: 'ACTIVE' })] }, KNOWN, 'underway', '1 of 4 new tasks run, 4 old ones left'],
  ['somebody has deployed another revision', { deployments: [fresh({ id: 'ecs-svc/3', taskDefinition: 'healthflow-backend:9' }), fresh({ status: 'ACTIVE' })] }, KNOWN, 'unclear', /^Another deployment, of healthflow-backend:9, has taken the place of this one: somebody else/],
  ['nothing was made before a crash', { deployments: [old({ status: 'PRIMARY' })] }, CRASHED, 'not made', /still has the deployment of healthflow-backend:1 it had before, with 4 of 4 tasks running$/],
  ['an older rollback is not this one', { deployments: [old({ status: 'PRIMARY', rolloutReason: ROLLBACK })], events: [event('(deployment ecs-svc/0) deployment failed: x', START - 1)] }, CRASHED, 'not made', /still has/],
  ['it was made before a crash', { deployments: [fresh({ running: 1 }), old()] }, CRASHED, 'underway', '1 of 4 new tasks run, 4 old ones left'],
  ['it was made and rolled back during a crash', { deployments: [old({ status: 'PRIMARY' })], events: [event(`(deployment ${NEW}) deployment failed: tasks failed to start.`)] }, CRASHED, 'failed', /has taken it back/],
  ['somebody else deployed during a crash', { deployments: [fresh({ taskDefinition: 'healthflow-backend:9' })] }, CRASHED, 'unclear', /of healthflow-backend:9/],
];

describe('the rollout of a deployment', () => {
  for (const [title, changes, awaited, state, summary] of CASES) {
    it(`${title}: ${state}`, () => {
      const outlook = judgeRollout(ecsService(changes), { before: BEFORE, taskDefinition: 'healthflow-backend:1', ...awaited });
      assert.equal(outlook.state, state, outlook.summary);
      assert[typeof summary === 'string' ? 'equal' : 'match'](outlook.summary, summary as string & RegExp);
    });
  }

  it('comes nearer to the end with every new task, and reaches it when the old ones are gone', () => {
    const portions = [[0, 4], [2, 4], [4, 4], [4, 0]].map(([now = 0, before = 0]) =>
      judgeRollout(ecsService({ deployments: [fresh({ running: now }), old({ running: before })] }), { before: BEFORE, taskDefinition: 'healthflow-backend:1', deployment: NEW }).portion ?? -1);
    assert.deepEqual(portions, portions.toSorted((a, b) => a - b));
    assert.ok(portions[0] === 0 && (portions.at(-1) ?? 1) < 1, portions.join(' '));
  });
});

describe('the rollouts of several services', () => {
  const part = (name: string, state: 'underway' | 'done' | 'failed' | 'not made' | 'unclear') => ({ name, outlook: { state, summary: state } });
  for (const [states, expected] of [
    [['done', 'done'], 'done'],
    [['done', 'underway'], 'underway'],
    [['failed', 'underway'], 'underway'],
    [['failed', 'done'], 'failed'],
    [['not made', 'not made'], 'not made'],
    [['done', 'not made'], 'failed'],
    [['done', 'unclear'], 'unclear'],
  ] as const) {
    it(`${states.join(' and ')}: ${expected}`, () => {
      const outlook = together(states.map((state, index) => part(`service-${index}`, state)));
      assert.equal(outlook.state, expected);
      assert.match(outlook.summary, /^service-0: .*; service-1: /);
    });
  }
});
