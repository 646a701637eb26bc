import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Hazard } from '../../../src/incident/plan.ts';
import type { EcsService } from '../../../src/services/aws/ecs.ts';
import type { TaskDefinition } from '../../../src/services/aws/ecs-changes.ts';
import { rolloutHazards, scalingHazards, sorted, tasksAtLeast, tasksAtMost } from '../../../src/steps/ecs-hazards.ts';
import { START } from '../../support/clock.ts';
import { ecsDeployment, ecsService, taskDefinition } from '../../support/ecs-service.ts';

const container = (image: string): TaskDefinition['containers'][number] => ({ name: 'backend', image, memory: undefined, memoryReservation: undefined, heap: undefined });
const DIGEST = `sha256:${'a'.repeat(64)}`;

const SERVICES: readonly (readonly [title: string, service: Partial<EcsService>, level: Hazard['level'], text: RegExp])[] = [
  ['all old tasks stay', {}, 'note', /^All 4 tasks of healthflow-backend-service stay until new ones are healthy; at most 8 run at once during the rollout \(minimum healthy 100 %, maximum 200 %\)\.$/],
  ['half of them may serve', { minimumHealthyPercent: 50, maximumPercent: 150 }, 'warn', /^During the rollout as few as 2 of 4 tasks of \S+ may serve, and at most 6 run \(minimum healthy 50 %, maximum 150 %\)\.$/],
  ['it cannot move', { desired: 1, running: 1, minimumHealthyPercent: 100, maximumPercent: 150 }, 'danger', /can neither stop an old task nor start a new one: of 1 task at least 1 must run/],
  ['all new tasks at once', { strategy: 'BLUE_GREEN' }, 'note', /deploys by BLUE_GREEN: all 4 new tasks start beside the 4 old ones, 8 at most/],
  ['a rollout is under way', { deployments: [ecsDeployment({ rolloutState: 'IN_PROGRESS', running: 1, taskDefinition: 'healthflow-backend:2', createdAt: START - 180_000 }), ecsDeployment({ id: 'ecs-svc/0', status: 'ACTIVE' })] }, 'warn', /^A rollout of healthflow-backend:2 is under way on \S+ since 3 min: 1 of 4 of its tasks run\./],
  ['the last deployment failed', { deployments: [ecsDeployment({ rolloutState: 'FAILED', rolloutReason: 'tasks failed to start' })] }, 'warn', /^The last deployment of \S+, of healthflow-backend:1, failed \(tasks failed to start\)/],
  ['too few tasks run', { running: 1 }, 'warn', /^Only 1 of 4 tasks of \S+ run now/],
  ['the circuit breaker goes back', { desired: 10 }, 'note', /is on, with rollback: after 5 failed tasks ECS goes back to the last completed deployment by itself/],
  ['the circuit breaker gives up', { desired: 2, circuitBreaker: { enabled: true, rollback: false } }, 'note', /is on, without rollback: after 3 failed tasks ECS gives up/],
  ['there is no circuit breaker', { circuitBreaker: { enabled: false, rollback: false } }, 'warn', /is off: if new tasks fail, ECS tries again without end/],
];

describe('hazards of replacing the tasks of a service', () => {
  for (const [title, changes, level, text] of SERVICES) {
    it(`${level}: ${title}`, () => {
      const hazards = rolloutHazards(ecsService(changes), taskDefinition(), START);
      assert.deepEqual(hazards.filter((hazard) => text.test(hazard.text)).map((hazard) => hazard.level), [level], JSON.stringify(hazards, null, 1));
    });
  }

  it('there is nothing to warn of where the image is fixed and the service is well', () => {
    assert.deepEqual(rolloutHazards(ecsService(), taskDefinition(), START).filter(({ level }) => level !== 'note'), []);
  });

  for (const [image, text] of [
    ['123456789012.dkr.ecr.eu-central-1.amazonaws.com/healthflow-backend:2.14.1', /^The image healthflow-backend:2\.14\.1 is named by a tag and not by a digest/],
    ['localhost:5000/team/backend:latest', /^The image team\/backend:latest is whatever was pushed last/],
    ['registry.example/backend', /^The image backend has no tag, which means "latest", and is whatever was pushed last/],
    ['library/redis:7', /^The image library\/redis:7 is named by a tag/],
  ] as const) {
    it(`warns that ${image} may be other code by now`, () => {
      const warnings = rolloutHazards(ecsService(), taskDefinition({ containers: [container(image), container(image), container(`fixed@${DIGEST}`)] }), START).filter(({ level }) => level === 'warn');
      assert.equal(warnings.length, 1);
      assert.match(warnings[0]?.text ?? '', text);
    });
  }

  it('counts as ECS does: most rounded down, least rounded up', () => {
    const service = ecsService({ desired: 3, minimumHealthyPercent: 50, maximumPercent: 150 });
    assert.deepEqual([tasksAtLeast(service), tasksAtMost(service)], [2, 4]);
  });
});

describe('hazards of Application Auto Scaling', () => {
  const target = { min: 2, max: 6, scaleInSuspended: false };
  for (const [title, wanted, of, level, text] of [
    ['above its maximum', 8, target, 'danger', /between 2 and 6 tasks: 8 is above its maximum of 6/],
    ['at its maximum', 6, target, 'note', /between 2 and 6 tasks: when the load falls, it may take tasks away again/],
    ['below its minimum', 1, target, 'danger', /1 is below its minimum of 2/],
    ['told not to take tasks away', 6, { ...target, scaleInSuspended: true }, 'note', /is told not to take tasks away/],
    ['not there', 8, undefined, 'note', /does not manage this service/],
  ] as const) {
    it(`${level}: ${title}`, () => {
      const [hazard, ...others] = scalingHazards(wanted, of);
      assert.deepEqual([hazard?.level, others], [level, []]);
      assert.match(hazard?.text ?? '', text);
    });
  }
});

it('the gravest hazard is read first', () => {
  const hazards = (['note', 'danger', 'warn'] as const).map((level) => ({ level, text: level }));
  assert.deepEqual(sorted(hazards).map(({ level }) => level), ['danger', 'warn', 'note']);
});
