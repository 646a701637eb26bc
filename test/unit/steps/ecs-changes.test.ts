/** What the practice environment does not show: services that ECS answers about in other ways. */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Evidence, Level } from '../../../src/incident/evidence.ts';
import { data, refusal, useAwsStub } from '../../support/aws-stub.ts';
import { type TestRunner, buildRunner, runbookWith } from '../../support/build-runner.ts';
import { stepResult } from '../../support/build-events.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';
import { START } from '../../support/clock.ts';
import { useTemporaryFolder } from '../../support/temporary-folder.ts';

const BACKEND = 'healthflow-backend-service';
const WORKER = 'healthflow-worker-service';
const ARN = 'arn:aws:ecs:eu-central-1:123456789012';

function wire(name: string, deployment = 'ecs-svc/1', changes: object = {}): object {
  const taskDefinition = `${ARN}:task-definition/healthflow-backend:1`;
  return {
    serviceName: name, serviceArn: `${ARN}:service/healthflow-production-cluster/${name}`, status: 'ACTIVE', taskDefinition, runningCount: 4, desiredCount: 4, pendingCount: 0,
    deployments: [{ id: deployment, status: 'PRIMARY', rolloutState: 'COMPLETED', taskDefinition, runningCount: 4, desiredCount: 4, pendingCount: 0, failedTasks: 0, createdAt: START / 1000 }],
    ...changes,
  };
}

describe('changes of ECS services that are unlike the practice', function () {
  // The first test loads the SDK.
  this.timeout(20_000);
  const folder = useTemporaryFolder();
  const aws = useAwsStub();

  const world = async (services: Record<string, object>): Promise<TestRunner> => {
    aws.on('GetCallerIdentity', () => data({ Account: '123456789012', Arn: 'arn:aws:iam::123456789012:user/ada' }));
    aws.on('DescribeServices', ({ services: names }) => data({ services: (names as string[]).flatMap((name) => services[name] ?? []), failures: [] }));
    aws.on('DescribeTaskDefinition', () => data({ taskDefinition: { taskDefinitionArn: `${ARN}:task-definition/healthflow-backend:1`, family: 'healthflow-backend', revision: 1, containerDefinitions: [{ name: 'backend', image: `backend@sha256:${'0'.repeat(64)}` }] } }));
    aws.on('DescribeScalableTargets', () => data({ ScalableTargets: [] }));
    const production = bundledRunbook().environments['production']?.aws;
    assert.ok(production);
    return buildRunner(folder(), { aws: aws.session, runbook: runbookWith({ aws: { ...production, services: [BACKEND, WORKER] } }) });
  };
  const writes = () => aws.calls.filter(({ operation }) => operation === 'UpdateService').map(({ input }) => input['service']);
  const saw = async ({ ledger, incident }: TestRunner, step: string, level: Level, facts: Evidence['data']) => {
    const evidence: Evidence = { level, summary: `${step} says ${level}`, markdown: '', data: facts };
    await ledger.append(incident, { type: 'step.finished', result: stepResult(step, { level, summary: evidence.summary, evidence }) });
  };
  const connections = async ({ run }: TestRunner, step: string, inputs = {}) =>
    (await run(step, inputs)).plan?.hazards.filter(({ text }) => /connection/.test(text)).map(({ level, text }) => `${level}: ${text}`).join('\n') ?? '';

  it('stops at the first service that is refused, and says which was restarted and which was not', async () => {
    const services: Record<string, object> = { [BACKEND]: wire(BACKEND), [WORKER]: wire(WORKER) };
    const test = await world(services);
    aws.on('UpdateService', ({ service }) => {
      if (service === WORKER) {
        return refusal('AccessDeniedException', 'not authorized to perform: ecs:UpdateService');
      }
      services[BACKEND] = wire(BACKEND, 'ecs-svc/2');
      return data({ service: services[BACKEND] });
    });
    const result = await test.change('restartDatabaseConnections');
    assert.deepEqual([result.status, result.level], ['failed', 'bad']);
    assert.match(result.summary, /may not do this \(restarting healthflow-worker-service\).*healthflow-backend-service: 4 of 4 new tasks .*; healthflow-worker-service: not made; .* had before/);
    assert.deepEqual(writes(), [BACKEND, WORKER]);
  });

  it('a service whose deployments CodeDeploy makes is scaled, and not restarted', async () => {
    const test = await world({ [BACKEND]: wire(BACKEND, 'ecs-svc/1', { deploymentController: { type: 'CODE_DEPLOY' } }) });
    const restart = await test.run('restartService');
    assert.equal(restart.status, 'refused');
    assert.match(restart.summary, /is deployed by CodeDeploy, and ECS refuses to restart it past that/);
    assert.equal((await test.run('scaleService', { desiredCount: 6 })).status, 'planned');
  });

  for (const [title, service, step, why] of [
    ['a daemon has no number of tasks', wire(BACKEND, 'ecs-svc/1', { schedulingStrategy: 'DAEMON' }), 'scaleService', /is a daemon service/],
    ['a service that is being deleted is left alone', wire(BACKEND, 'ecs-svc/1', { status: 'DRAINING' }), 'restartService', /is DRAINING, so it cannot be changed/],
    ['a service of another account is left alone', wire(BACKEND, 'ecs-svc/1', { serviceArn: 'arn:aws:ecs:eu-central-1:999999999999:service/c/s' }), 'restartService', /belongs to account 999999999999/],
    ['tasks without any limit have nothing to raise', wire(BACKEND), 'raiseMemoryLimit', /has no memory limit/],
  ] as const) {
    it(title, async () => {
      const test = await world({ [BACKEND]: service });
      const result = await test.run(step);
      assert.equal(result.status, 'refused');
      assert.match(result.summary, why);
      assert.deepEqual(writes(), []);
    });
  }

  it('a service that ECS does not know is refused', async () => {
    const test = await world({});
    const result = await test.run('restartService');
    assert.equal(result.status, 'refused');
    assert.match(result.summary, /ECS does not know the service healthflow-backend-service in the cluster healthflow-production-cluster \(MISSING\)/);
  });

  it('a number of tasks that is many times the one of now may be mistyped', async () => {
    const test = await world({ [BACKEND]: wire(BACKEND) });
    const levels = async (desiredCount: number) => (await test.run('scaleService', { desiredCount })).plan?.hazards.filter(({ text }) => /mistyped/.test(text)).map(({ level }) => level);
    assert.deepEqual([await levels(12), await levels(13)], [[], ['warn']]);
  });

  it('says what more tasks do to the connections, by what the incident has seen of the database', async () => {
    const test = await world({ [BACKEND]: wire(BACKEND) });
    assert.match(await connections(test, 'restartService'), /^note: 8 tasks at once instead of 4 during the rollout open more database connections, and this incident has no evidence/);
    await saw(test, 'checkConnectionPool', 'ok', { last: 60, limit: 200 });
    assert.match(await connections(test, 'restartService'), /^note: .* makes about 120, and the limit is 200\. Checked 0 s ago: checkConnectionPool says ok/);
    assert.match(await connections(test, 'scaleService', { desiredCount: 6 }), /^note: 6 tasks instead of 4 open more database connections\. .* about 90,/);
    await saw(test, 'checkConnectionPool', 'warn', { last: 90, limit: 200 });
    assert.match(await connections(test, 'restartService'), /^warn: .* about 180,/);
    await saw(test, 'checkConnectionPool', 'warn', { last: 170, limit: 200 });
    assert.match(await connections(test, 'restartService'), /^danger: .* open more database connections than there are\. .* about 340,/);
    assert.match(await connections(test, 'scaleService', { desiredCount: 5 }), /^danger: 5 tasks instead of 4 .* about 213,/);
    await saw(test, 'checkConnectionPool', 'ok', { last: 60, limit: 200 });
    await saw(test, 'checkDatabaseConnectivity', 'bad', { code: '53300' });
    assert.match(await connections(test, 'restartService'), /^danger: The database was in trouble 0 s ago: checkDatabaseConnectivity says bad\. 8 tasks at once/);
  });

  /** Plans 6 tasks, and applies that in a world in which the service is then like this. */
  const scaled = async (then: object, ended = new AbortController()) => {
    const test = await world({ [BACKEND]: wire(BACKEND) });
    const { plan } = await test.run('scaleService', { desiredCount: 6 });
    aws.on('UpdateService', () => {
      aws.on('DescribeServices', () => data({ services: [wire(BACKEND, 'ecs-svc/1', then)], failures: [] }));
      return data({ service: wire(BACKEND, 'ecs-svc/1', { desiredCount: 6 }) });
    });
    const outlooks: string[] = [];
    test.runner.onProgress(({ outlook }) => {
      if (outlook !== undefined) {
        outlooks.push(`${outlook.state}, ${outlook.portion}: ${outlook.summary}`);
        ended.abort();
      }
    });
    return { outlooks, result: await test.runner.run({ incident: test.incident, step: 'scaleService', approve: plan?.hash }, ended.signal) };
  };

  it('follows a scaled service, and says why its tasks do not start', async () => {
    const event = (message: string, seconds: number) => ({ id: String(seconds), createdAt: START / 1000 + seconds, message: `(service ${BACKEND}) ${message}` });
    const events = [event('was unable to place a task because no instance met all of its requirements.', 60), event('(task abc) failed container health checks.', -60)];
    const { outlooks, result } = await scaled({ desiredCount: 6, runningCount: 5, pendingCount: 1, events });
    assert.equal(outlooks[0], 'underway, 0.5: 5 of 6 tasks run, 1 pending; ECS says: was unable to place a task because no instance met all of its requirements.');
    assert.deepEqual([result.status, writes()], ['cancelled', [BACKEND]]);
  });

  it('sees when somebody takes the tasks away again', async () => {
    const { result } = await scaled({ desiredCount: 4 });
    assert.deepEqual([result.status, result.level], ['failed', 'bad']);
    assert.match(result.summary, /is set to 4 tasks and no longer to 6: somebody, or Application Auto Scaling, has changed it since/);
  });

  it('sees when the deployment of a scaled service fails', async () => {
    const failed = { id: 'ecs-svc/1', status: 'PRIMARY', rolloutState: 'FAILED', rolloutStateReason: 'tasks failed to start.', taskDefinition: 'x/healthflow-backend:1', runningCount: 4, desiredCount: 6, createdAt: START / 1000 };
    const { result } = await scaled({ desiredCount: 6, deployments: [failed] });
    assert.deepEqual([result.status, result.summary], ['failed', '4 of 6 tasks run, and the deployment of healthflow-backend:1 failed (tasks failed to start)']);
  });
});
