import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { ecsMarkers, releaseMarkers, rolloutMarkers, tagOf, together } from '../../../src/logs/deploy-markers.ts';
import type { WorkflowRun } from '../../../src/services/github/reads.ts';
import { data, refusal, useAwsStub } from '../../support/aws-stub.ts';
import { START } from '../../support/clock.ts';
import { ecsDeployment, ecsService } from '../../support/ecs-service.ts';

const MINUTE = 60_000;
const BEGUN = START - 10 * MINUTE;
const VERSION = (): string => '2.14.1';
const texts = (markers: readonly { readonly text: string }[]): string[] => markers.map(({ text }) => text);

function rollout(changes: Parameters<typeof ecsDeployment>[0] = {}) {
  return ecsDeployment({ id: 'ecs-svc/7', taskDefinition: 'healthflow-backend:7', rolloutState: 'IN_PROGRESS', createdAt: BEGUN, ...changes });
}

describe('the markers of ECS rollouts', () => {
  it('say when a rollout began, and its version', () => {
    assert.deepEqual(rolloutMarkers(ecsService({ deployments: [rollout()] }), VERSION), [
      { key: 'ecs-svc/7 began', at: BEGUN, text: 'healthflow-backend-service: rollout of healthflow-backend:7 (2.14.1) began' },
    ]);
  });

  it('say when it was completed, by the event, the steady state or the last change', () => {
    const done = rollout({ rolloutState: 'COMPLETED', updatedAt: BEGUN + 9 * MINUTE });
    const steady = { at: BEGUN + 3 * MINUTE, message: '(service x) has reached a steady state.' };
    const later = { at: BEGUN + 8 * MINUTE, message: '(service x) has reached a steady state.' };
    const told = { at: BEGUN + 2 * MINUTE, message: '(service x) (deployment ecs-svc/7) deployment completed.' };
    const ends = [[later, steady, told], [later, steady], []].map((events) => texts(rolloutMarkers(ecsService({ deployments: [done], events }), () => undefined))[1]);
    assert.deepEqual(ends, [2, 3, 9].map((minutes) => `healthflow-backend-service: rollout of healthflow-backend:7 completed after ${minutes} min`));
  });

  it('say why one failed, and what ECS goes back to', () => {
    const markers = rolloutMarkers(ecsService({
      deployments: [
        ecsDeployment({ id: 'ecs-svc/8', taskDefinition: 'healthflow-backend:6', rolloutState: 'COMPLETED', createdAt: BEGUN + 3 * MINUTE, updatedAt: BEGUN + 4 * MINUTE, rolloutReason: 'ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/6.' }),
        rollout({ rolloutState: 'FAILED', rolloutReason: 'ECS deployment circuit breaker: tasks failed to start.' }),
      ],
      events: [{ at: BEGUN + 3 * MINUTE, message: '(service x) (deployment ecs-svc/7) deployment failed: tasks failed to start.' }],
    }), () => undefined);
    assert.deepEqual(texts(markers), [
      'healthflow-backend-service: rollback to healthflow-backend:6 began',
      'healthflow-backend-service: rollback to healthflow-backend:6 completed after 1 min',
      'healthflow-backend-service: rollout of healthflow-backend:7 began',
      'healthflow-backend-service: rollout of healthflow-backend:7 failed after 3 min: tasks failed to start',
    ]);
  });

  it('name one that ECS lists no more by its id', () => {
    const events = [{ at: START, message: '(service x) (deployment ecs-svc/5) deployment completed.' }];
    assert.deepEqual(rolloutMarkers(ecsService({ deployments: [], events }), VERSION), [{ key: 'ecs-svc/5 completed', at: START, text: 'healthflow-backend-service: rollout ecs-svc/5 completed' }]);
  });

  it('take the version from the tag of the image', () => {
    assert.deepEqual(['r.example:5000/backend:2.14.1', 'r.example:5000/backend', 'backend@sha256:ab', 'backend:1@sha256:ab'].map(tagOf), ['2.14.1', undefined, undefined, undefined]);
  });
});

describe('the markers of GitHub', () => {
  const run: WorkflowRun = {
    id: 17, number: 3, name: 'Deploy', file: 'deploy.yml', branch: 'main', sha: 'abcdef1234567', event: 'push', result: 'timed_out', outcome: 'failure',
    title: 'x', author: 'mona', startedAt: BEGUN, endedAt: BEGUN + 2 * MINUTE, url: 'https://github.example/run',
  };

  it('are its deployments, and how their run ended', () => {
    const deployment = { id: 1, sha: 'abcdef1234567', ref: 'main', environment: 'production', author: 'mona', createdAt: BEGUN, run };
    assert.deepEqual(texts(releaseMarkers([deployment], [run])), [
      'GitHub: deployment of abcdef1 to production by mona began', 'GitHub: deployment of abcdef1 to production by mona ended after 2 min: timed out',
    ]);
  });

  it('are workflow runs where there is no deployment; one that runs has no end', () => {
    const { endedAt: _ended, ...running } = run;
    assert.deepEqual(texts(releaseMarkers([], [running])), ['GitHub: Deploy #3 (abcdef1 by mona) began']);
  });
});

describe('the source of markers', () => {
  const aws = useAwsStub();
  const signal = new AbortController().signal;

  function answerWith(...services: readonly object[]): void {
    aws.on('DescribeServices', () => data({ services }));
    aws.on('DescribeTaskDefinition', () => data({ taskDefinition: { taskDefinitionArn: 'a/healthflow-backend:7', containerDefinitions: [{ image: 'r/healthflow-backend:2.14.1' }] } }));
  }

  const service = (name: string) => ({
    serviceName: name,
    deployments: [
      { id: 'ecs-svc/7', status: 'PRIMARY', rolloutState: 'IN_PROGRESS', taskDefinition: 'a/healthflow-backend:7', createdAt: BEGUN / 1000 },
      { id: 'ecs-svc/6', status: 'ACTIVE', rolloutState: 'COMPLETED', taskDefinition: 'a/healthflow-backend:6', createdAt: (START - 60 * MINUTE) / 1000, updatedAt: (START - 58 * MINUTE) / 1000 },
    ],
  });

  it('gives those of the window, and asks for each version once', async () => {
    answerWith(service('backend'));
    const source = together({ ECS: ecsMarkers(aws.session, 'c', ['backend']) });
    assert.deepEqual(texts(await source(START - 30 * MINUTE, START, signal)), ['backend: rollout of healthflow-backend:7 (2.14.1) began']);
    await source(START - 30 * MINUTE, START, signal);
    assert.equal(aws.calls.filter(({ operation }) => operation === 'DescribeTaskDefinition').length, 1);
  });

  it('describes ten services at a time', async () => {
    answerWith();
    await ecsMarkers(aws.session, 'c', Array.from({ length: 23 }, (_, index) => `s${index}`))(0, START, signal);
    assert.deepEqual(aws.calls.map(({ input }) => (input['services'] as readonly string[]).length).sort((one, other) => other - one), [10, 10, 3]);
  });

  it('says once what cannot be read, beside what can', async () => {
    aws.on('DescribeServices', () => refusal('AccessDeniedException', 'not you', 400));
    const source = together({ ECS: ecsMarkers(aws.session, 'c', ['backend']), GitHub: () => Promise.resolve([{ key: 'k', at: START - 1, text: 'GitHub: Deploy' }]) });
    const [release, problem] = await source(0, START, signal);
    assert.equal(release?.text, 'GitHub: Deploy');
    assert.match(problem?.text ?? '', /^ECS cannot be read: /);
    assert.equal((await source(0, START, signal))[1]?.key, problem?.key);
  });
});
