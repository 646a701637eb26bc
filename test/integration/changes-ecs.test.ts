/** Runbook 6.1 and 12.2 against the practice environment: restart, scale, and more memory for a service. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateServiceCommand, DeregisterTaskDefinitionCommand, DescribeServicesCommand, DescribeTaskDefinitionCommand, ECSClient, ListTaskDefinitionsCommand, UpdateServiceCommand,
  type Service, type UpdateServiceCommandInput,
} from '@aws-sdk/client-ecs';
import { after, before, beforeEach, describe, it } from 'mocha';
import { systemClock } from '../../src/incident/clock.ts';
import { isIntact, type Hazard } from '../../src/incident/plan.ts';
import { createRedactor } from '../../src/incident/redact.ts';
import { installationId } from '../../src/ledger/installation.ts';
import { AwsSession } from '../../src/services/aws/session.ts';
import type { RunResult } from '../../src/steps/run.ts';
import { startPractice, type Practice } from '../practice/environment.ts';
import { accessDenied, throttling } from '../practice/faults.ts';
import { CLUSTER, REGION, SERVICE, TASK_FAMILY } from '../practice/resources.ts';
import { NO_AWS } from '../support/aws-stub.ts';
import { type TestRunner, buildRunner, runbookWith, laterClock } from '../support/build-runner.ts';
import { bundledRunbook } from '../support/bundled-runbook.ts';
import { useEnvironment } from '../support/environment-variables.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';

const WORKER = 'healthflow-worker-service';
const FIRST = `${TASK_FAMILY}:1`;

describe('changes of ECS services', function () {
  this.timeout(30_000);
  const folder = useTemporaryFolder();
  useEnvironment({ ...NO_AWS, AWS_ACCESS_KEY_ID: 'practice', AWS_SECRET_ACCESS_KEY: 'practice', AWS_REGION: REGION });
  let practiceFolder: string;
  let practice: Practice;
  let ecs: ECSClient;
  let session: AwsSession;
  let test: TestRunner;

  before(async function () {
    this.timeout(60_000);
    practiceFolder = await mkdtemp(join(tmpdir(), 'practice-'));
    practice = await startPractice({ dir: practiceFolder, tickMs: 3_600_000, restartHeals: false, rolloutMs: 1 });
    ecs = new ECSClient({ endpoint: practice.awsEndpoint, region: REGION, credentials: { accessKeyId: 'practice', secretAccessKey: 'practice' } });
    await ecs.send(new CreateServiceCommand({ cluster: CLUSTER, serviceName: WORKER, taskDefinition: TASK_FAMILY, desiredCount: 2, launchType: 'FARGATE' }));
  });
  after(async () => {
    ecs?.destroy();
    await practice?.stop();
    await rm(practiceFolder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    practice.control.clearFaults();
    // So short that it has ended at the first look, and yet after the answer to the call.
    practice.control.rollout({ durationMs: 1, outcome: 'completed' });
    // A failed rollout of the test before leaves a service without tasks.
    await outside({ desiredCount: 4, taskDefinition: FIRST, forceNewDeployment: true });
    session = new AwsSession({ region: REGION, endpoint: practice.awsEndpoint });
    test = await buildRunner(folder(), { aws: session, clock: systemClock });
    practice.control.clearCalls();
  });

  /** What somebody else does, or a call of which nothing was written down. */
  const outside = (update: Omit<UpdateServiceCommandInput, 'service'>) => ecs.send(new UpdateServiceCommand({ cluster: CLUSTER, service: SERVICE, ...update }));
  const serviceNow = async (name = SERVICE): Promise<Service> => {
    const { services } = await ecs.send(new DescribeServicesCommand({ cluster: CLUSTER, services: [name] }));
    assert.ok(services?.[0]);
    return services[0];
  };
  const stateNow = async () => {
    const { desiredCount, runningCount, taskDefinition } = await serviceNow();
    return { desired: desiredCount, running: runningCount, taskDefinition: taskDefinition?.split('/').at(-1) };
  };
  const deploymentNow = async (name = SERVICE): Promise<string | undefined> => (await serviceNow(name)).deployments?.[0]?.id;
  const writes = (): string[] => practice.control.calls().filter(({ write, service }) => write && service !== 'sts').map(({ operation }) => operation);
  const planned = async (step: string, inputs?: Readonly<Record<string, unknown>>) => {
    const result = await test.run(step, inputs);
    assert.equal(result.status, 'planned', result.summary);
    assert.ok(result.plan);
    return { ...result, plan: result.plan };
  };
  const texts = (hazards: readonly Hazard[], level: Hazard['level']): string => hazards.filter((hazard) => hazard.level === level).map(({ text }) => text).join('\n');
  /** As a window that ended between the request and the record of what was made. */
  const crashed = async (step: string, inputs: Readonly<Record<string, unknown>>, made: () => Promise<unknown>): Promise<RunResult | undefined> => {
    const { plan, event } = await planned(step, inputs);
    await test.ledger.append(test.incident, { type: 'change.requested', plan: event ?? '', hash: plan.hash, origin: await installationId(folder()) });
    await made();
    practice.control.clearCalls();
    const { runner } = await buildRunner(folder(), { aws: session, clock: laterClock });
    return runner.followUp(test.incident, event ?? '', new AbortController().signal);
  };

  describe('restartService', () => {
    it('only looks while it plans, and says what may go wrong', async () => {
      const { plan } = await planned('restartService');
      assert.deepEqual(writes(), []);
      assert.match(texts(plan.hazards, 'warn'), /healthflow-backend:2\.14\.1 is named by a tag and not by a digest/);
      assert.match(texts(plan.hazards, 'note'), /at most 8 run at once during the rollout \(minimum healthy 100 %, maximum 200 %\)/);
      assert.match(texts(plan.hazards, 'note'), /circuit breaker .* is on, without rollback: after 3 failed tasks ECS gives up/);
      assert.equal(plan.undo.possible, false);
      assert.match(plan.undo.how, /^No undo/);
      assert.equal(plan.command, `aws ecs update-service \\\n  --region ${REGION} \\\n  --cluster ${CLUSTER} \\\n  --service ${SERVICE} \\\n  --force-new-deployment`);
      assert.ok(isIntact(createRedactor(bundledRunbook().redaction)(plan)), 'redaction takes nothing that apply needs');
    });

    it('is a danger when the incident has seen that the database has no connections left', async () => {
      const seen = await test.run('checkConnectionPool');
      assert.equal(seen.level, 'bad', seen.summary);
      const { plan } = await planned('restartService');
      assert.match(texts(plan.hazards, 'danger'), /of 200 connections .*8 tasks at once instead of 4 during the rollout can raise its connections to 2 times as many/);
    });

    it('starts one new deployment of the same task definition and cannot be undone', async () => {
      const before = await deploymentNow();
      const result = await test.change('restartService');
      assert.deepEqual([result.status, result.level, result.summary], ['done', 'ok', `4 of 4 new tasks of ${FIRST} run, no old ones are left`]);
      assert.notEqual(await deploymentNow(), before);
      assert.deepEqual(await stateNow(), { desired: 4, running: 4, taskDefinition: FIRST });
      assert.deepEqual(writes(), ['UpdateService']);
      await assert.rejects(test.undo(result.event), /cannot be undone: No undo/);
    });

    it('shows how far the rollout is', async () => {
      practice.control.rollout({ durationMs: 1_500 });
      const outlooks: string[] = [];
      test.runner.onProgress(({ outlook }) => { outlooks.push(...(outlook === undefined ? [] : [outlook.summary])); });
      assert.equal((await test.change('restartService')).status, 'done');
      assert.equal(outlooks[0], '0 of 4 new tasks run, 4 old ones left');
    });

    for (const [outcome, summary] of [
      ['failed', /^The new deployment failed \(ECS deployment circuit breaker: tasks failed to start\)\. .* has 4 of 4 tasks running, 0 of them new; ECS says: .*failed/],
      ['rolledBack', /^The new deployment failed\. ECS has taken it back: .* has 4 of 4 tasks running/],
    ] as const) {
      it(`sees that it ${outcome === 'failed' ? 'failed' : 'was rolled back'}`, async () => {
        practice.control.rollout({ outcome, durationMs: 1_500 }); // Longer than the call takes: its answer shows the deployment that fails.
        const result = await test.change('restartService');
        assert.deepEqual([result.status, result.level], ['failed', 'bad']);
        assert.match(result.summary, summary);
        assert.equal((await stateNow()).running, 4);
      });
    }

    it('is not applied when somebody else has deployed since the plan', async () => {
      const { plan } = await planned('restartService');
      await outside({ forceNewDeployment: true });
      practice.control.clearCalls();
      const result = await test.runner.run({ incident: test.incident, step: 'restartService', approve: plan.hash }, new AbortController().signal);
      assert.equal(result.status, 'refused');
      assert.match(result.summary, /since the plan was shown, something has changed/);
      assert.deepEqual(writes(), []);
    });

    for (const [title, inputs, why] of [
      ['another cluster', { cluster: 'staging-cluster' }, /"staging-cluster" is not that of "production", which is healthflow-production-cluster/],
      ['a service that is not of the environment', { service: WORKER }, /"healthflow-worker-service" is no service of "production"/],
    ] as const) {
      it(`is refused for ${title}`, async () => {
        const result = await test.run('restartService', inputs);
        assert.equal(result.status, 'refused');
        assert.match(result.summary, why);
        assert.deepEqual(writes(), []);
      });
    }

    it('is refused for a service without tasks', async () => {
      await outside({ desiredCount: 0 });
      practice.control.clearCalls();
      const result = await test.run('restartService');
      assert.deepEqual([result.status, writes()], ['refused', []]);
      assert.match(result.summary, /set to 0 tasks, so there is nothing to restart/);
    });

    it('finds the restart whose answer was lost, and does not repeat it', async () => {
      practice.control.fault({ service: 'ecs', operation: 'UpdateService', times: 1, reset: 'after' });
      const before = await deploymentNow();
      const result = await test.change('restartService');
      assert.equal(result.status, 'done', result.summary);
      assert.notEqual(await deploymentNow(), before);
      assert.deepEqual(writes(), ['UpdateService']);
    });

    it('says that nothing was changed when the call never arrived', async () => {
      practice.control.fault({ service: 'ecs', operation: 'UpdateService', times: 1, reset: 'before' });
      const before = await deploymentNow();
      const result = await test.change('restartService');
      assert.equal(result.status, 'failed');
      assert.match(result.summary, /^Nothing was changed\. .*could not be reached \(restarting healthflow-backend-service\)/);
      assert.equal(await deploymentNow(), before);
      assert.deepEqual(writes(), ['UpdateService']);
    });

    it('tells after a crash whether it was made', async () => {
      const not = await crashed('restartService', {}, () => Promise.resolve());
      assert.deepEqual([not?.status, writes()], ['failed', []]);
      assert.match(not?.summary ?? '', /interrupted before it was made, and nothing has changed/);

      const made = await crashed('restartService', {}, () => outside({ forceNewDeployment: true }));
      assert.equal(made?.status, 'done', made?.summary);
      assert.match(made?.summary ?? '', /^Looked at again after an interruption: 4 of 4 new tasks/);

      practice.control.rollout({ outcome: 'rolledBack' });
      const back = await crashed('restartService', {}, () => outside({ forceNewDeployment: true }));
      assert.equal(back?.status, 'failed', back?.summary);
      assert.deepEqual(writes(), []);
    });
  });

  it('restartDatabaseConnections restarts every application service, and nothing but that', async () => {
    const { aws } = bundledRunbook().environments['production'] ?? {};
    assert.ok(aws);
    test = await buildRunner(folder(), { aws: session, clock: systemClock, runbook: runbookWith({ aws: { ...aws, services: [SERVICE, WORKER] } }) });
    const before = await Promise.all([deploymentNow(), deploymentNow(WORKER)]);
    practice.control.clearCalls();
    const result = await test.change('restartDatabaseConnections');
    assert.equal(result.status, 'done', result.summary);
    assert.match(result.summary, /healthflow-backend-service: 4 of 4 new tasks .*; healthflow-worker-service: 2 of 2 new tasks/);
    assert.match(texts(result.plan?.hazards ?? [], 'note'), /12 tasks at once instead of 6 during the rollout open more database connections, and this incident has no evidence/);
    const now = await Promise.all([deploymentNow(), deploymentNow(WORKER)]);
    assert.deepEqual(now.map((deployment, index) => deployment === before[index]), [false, false]);
    assert.deepEqual(writes(), ['UpdateService', 'UpdateService']);
  });

  describe('scaleService', () => {
    it('sets the number of tasks, and undo the one before', async () => {
      const result = await test.change('scaleService', { desiredCount: 6 });
      assert.deepEqual([result.status, result.summary], ['done', '6 of 6 tasks run']);
      assert.deepEqual(await stateNow(), { desired: 6, running: 6, taskDefinition: FIRST });
      assert.equal(texts(result.plan?.hazards ?? [], 'danger'), '');
      const undone = await test.undo(result.event);
      assert.equal(undone.status, 'done', undone.summary);
      assert.match(texts(undone.plan?.hazards ?? [], 'warn'), /takes 2 tasks away/);
      assert.deepEqual(await stateNow(), { desired: 4, running: 4, taskDefinition: FIRST });
      assert.deepEqual(writes(), ['UpdateService', 'UpdateService']);
      assert.equal((await test.onDisk()).changes[0]?.state, 'undone');
    });

    it('warns of Application Auto Scaling, which takes 8 tasks back to 6', async () => {
      const { plan } = await planned('scaleService', { desiredCount: 8 });
      assert.match(texts(plan.hazards, 'danger'), /between 2 and 6 tasks: 8 is above its maximum of 6/);
      assert.match(texts((await planned('scaleService', { desiredCount: 6 })).plan.hazards, 'note'), /between 2 and 6 tasks: when the load falls/);
      assert.deepEqual(writes(), []);
    });

    it('can be planned by who may not ask Application Auto Scaling, and says so', async () => {
      practice.control.fault(accessDenied({ operation: 'DescribeScalableTargets' }));
      const { plan } = await planned('scaleService', { desiredCount: 6 });
      assert.match(texts(plan.hazards, 'warn'), /Application Auto Scaling will take this back could not be seen: .*may not do this/);
    });

    for (const [wanted, why] of [[2, /2 would take 2 away\. This step never scales down\. Ask for more than 4/], [4, /is set to 4 tasks already/]] as const) {
      it(`refuses ${wanted} tasks when there are 4`, async () => {
        const result = await test.run('scaleService', { desiredCount: wanted });
        assert.equal(result.status, 'refused');
        assert.match(result.summary, why);
        assert.deepEqual(writes(), []);
      });
    }

    it('says before an undo that somebody else has scaled since', async () => {
      const { event } = await test.change('scaleService', { desiredCount: 6 });
      await outside({ desiredCount: 7 });
      const undone = await test.undo(event);
      assert.match(texts(undone.plan?.hazards ?? [], 'danger'), /is set to 7 tasks, not to the 6 that the change left/);
      assert.deepEqual(await stateNow(), { desired: 4, running: 4, taskDefinition: FIRST });
    });

    it('has nothing to undo when somebody else has set the old number', async () => {
      const { event } = await test.change('scaleService', { desiredCount: 6 });
      await outside({ desiredCount: 4 });
      practice.control.clearCalls();
      const undo = await test.runner.undo({ incident: test.incident, event: event ?? '' }, new AbortController().signal);
      assert.deepEqual([undo.status, writes()], ['refused', []]);
      assert.match(undo.summary, /set to 4 tasks again already/);
    });

    it('is made once, whether or not the answer arrives', async () => {
      practice.control.fault({ service: 'ecs', operation: 'UpdateService', times: 1, reset: 'after' });
      const lost = await test.change('scaleService', { desiredCount: 5 });
      assert.deepEqual([lost.status, writes()], ['done', ['UpdateService']]);
      practice.control.clearCalls();
      practice.control.fault(throttling({ service: 'ecs', operation: 'UpdateService' }));
      const throttled = await test.change('scaleService', { desiredCount: 6 });
      assert.deepEqual([throttled.status, writes()], ['failed', ['UpdateService']]);
      assert.match(throttled.summary, /^Nothing was changed\. .*throttles requests/);
      assert.equal((await stateNow()).desired, 5);
    });

    it('tells after a crash whether it was made', async () => {
      assert.match((await crashed('scaleService', { desiredCount: 5 }, () => Promise.resolve()))?.summary ?? '', /still set to 4 tasks/);
      assert.match((await crashed('scaleService', { desiredCount: 5 }, () => outside({ desiredCount: 5 })))?.summary ?? '', /5 of 5 tasks run/);
      const other = await crashed('scaleService', { desiredCount: 6 }, () => outside({ desiredCount: 3 }));
      assert.deepEqual([other?.status, other?.level], ['failed', 'unknown']);
      assert.match(other?.summary ?? '', /set to 3 tasks, neither to the 5 of before nor to the 6 asked for/);
    });
  });

  describe('raiseMemoryLimit', () => {
    const definition = (name: string) => ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition: name, include: ['TAGS'] }));
    const revisions = async (): Promise<string[]> => {
      const { taskDefinitionArns = [] } = await ecs.send(new ListTaskDefinitionsCommand({ familyPrefix: TASK_FAMILY, status: 'ACTIVE' }));
      return taskDefinitionArns.map((arn) => arn.split('/').at(-1) ?? '');
    };
    beforeEach(async () => {
      for (const revision of await revisions()) {
        await (revision === FIRST ? undefined : ecs.send(new DeregisterTaskDefinitionCommand({ taskDefinition: revision })));
      }
      practice.control.clearCalls();
    });

    it('moves the service to a revision that differs in its memory only, and undo moves it back', async () => {
      const result = await test.change('raiseMemoryLimit');
      assert.equal(result.status, 'done', result.summary);
      const [, raised = ''] = await revisions();
      assert.deepEqual(await stateNow(), { desired: 4, running: 4, taskDefinition: raised });
      const [{ taskDefinition: old, tags: oldTags }, { taskDefinition: now, tags }] = await Promise.all([definition(FIRST), definition(raised)]);
      assert.deepEqual([now?.memory, now?.cpu, now?.containerDefinitions?.[0]?.memoryReservation], ['3072', '1024', 2304]);
      const unchanged = (one: typeof now) => ({ ...one, memory: 0, revision: 0, taskDefinitionArn: '', registeredAt: 0, containerDefinitions: one?.containerDefinitions?.map((container) => ({ ...container, memoryReservation: 0 })) });
      assert.deepEqual(unchanged(now), unchanged(old));
      assert.deepEqual(tags, oldTags);
      assert.equal(tags?.length, 1);
      assert.deepEqual(writes(), ['RegisterTaskDefinition', 'UpdateService']);

      const undone = await test.undo(result.event);
      assert.equal(undone.status, 'done', undone.summary);
      assert.deepEqual(await stateNow(), { desired: 4, running: 4, taskDefinition: FIRST });
      assert.equal(texts(undone.plan?.hazards ?? [], 'danger'), '');
    });

    it('shows each limit, the heap that the program limits itself, and the way back', async () => {
      const { plan } = await planned('raiseMemoryLimit', { memory: 16384 });
      assert.deepEqual(plan.differences.map(({ before, after }) => `${before} → ${after}`), [
        `${FIRST} → a new revision of ${TASK_FAMILY}`, '2048 MiB → 16384 MiB', '1 vCPU → 2 vCPU', '1536 MiB → 12288 MiB',
      ]);
      assert.match(texts(plan.hazards, 'warn'), /limits its own heap \(--max-old-space-size=1536\)/);
      assert.match(plan.undo.how, /back to healthflow-backend:1/);
      assert.match(plan.command, /\.memory = "16384"[^]*register-task-definition[^]*update-service/);
      assert.ok(isIntact(createRedactor(bundledRunbook().redaction)(plan)), 'redaction takes nothing that apply needs');
      assert.deepEqual(writes(), []);
    });

    for (const [memory, why] of [[1024, /has 2048 MiB of memory already, and this step never lowers it/], [2048, /2048 MiB is the same/], [3000, /offers no tasks with 3000 MiB of memory\. Ask for 3072 MiB/]] as const) {
      it(`refuses ${memory} MiB`, async () => {
        const result = await test.run('raiseMemoryLimit', { memory });
        assert.deepEqual([result.status, writes()], ['refused', []]);
        assert.match(result.summary, why);
      });
    }

    it('leaves the revision and says so when the service cannot be moved', async () => {
      practice.control.fault({ service: 'ecs', operation: 'UpdateService', error: { code: 'InvalidParameterException', message: 'No' } });
      const result = await test.change('raiseMemoryLimit');
      const [, raised = ''] = await revisions();
      assert.equal(result.status, 'failed');
      assert.match(result.summary, new RegExp(`^${raised} was registered, but ${SERVICE} could not be moved to it\\. .*The new revision ${raised} was registered and is left`));
      assert.deepEqual(writes(), ['RegisterTaskDefinition', 'UpdateService']);
      assert.equal((await stateNow()).taskDefinition, FIRST);
    });

    it('does not register twice when an answer is lost, nor move twice', async () => {
      practice.control.fault({ service: 'ecs', operation: 'RegisterTaskDefinition', times: 1, reset: 'after' });
      const unmoved = await test.change('raiseMemoryLimit');
      assert.deepEqual([unmoved.status, writes()], ['failed', ['RegisterTaskDefinition']]);
      assert.match(unmoved.summary, /was registered and is left/);
      practice.control.clearCalls();
      practice.control.fault({ service: 'ecs', operation: 'UpdateService', times: 1, reset: 'after' });
      const moved = await test.change('raiseMemoryLimit', { memory: 4096 });
      assert.deepEqual([moved.status, writes()], ['done', ['RegisterTaskDefinition', 'UpdateService']], moved.summary);
      practice.control.fault({ service: 'ecs', operation: 'RegisterTaskDefinition', times: 1, reset: 'before' });
      const before = await revisions();
      const nothing = await test.change('raiseMemoryLimit');
      assert.match(nothing.summary, /^Nothing was changed/);
      assert.deepEqual(await revisions(), before);
    });

    it('sees a rollback, after which there is nothing to undo', async () => {
      practice.control.rollout({ outcome: 'rolledBack', durationMs: 1_500 }); // Longer than the call takes, as above.
      const result = await test.change('raiseMemoryLimit');
      assert.deepEqual([result.status, result.level], ['failed', 'bad'], result.summary);
      assert.equal((await stateNow()).taskDefinition, FIRST);
      const undo = await test.runner.undo({ incident: test.incident, event: result.event ?? '' }, new AbortController().signal);
      assert.equal(undo.status, 'refused');
      assert.match(undo.summary, /runs healthflow-backend:1 already/);
    });

    it('says before an undo that somebody else has deployed since', async () => {
      const { event } = await test.change('raiseMemoryLimit');
      await test.change('raiseMemoryLimit', { memory: 8192 });
      const undo = await test.runner.undo({ incident: test.incident, event: event ?? '' }, new AbortController().signal);
      assert.match(texts(undo.plan?.hazards ?? [], 'danger'), /which is not what the change left \(healthflow-backend:\d+\): somebody has deployed since/);
    });

    it('tells after a crash whether the service was moved', async () => {
      const not = await crashed('raiseMemoryLimit', {}, () => Promise.resolve());
      assert.match(not?.summary ?? '', /interrupted before it was made, and nothing has changed/);
      const foreign = await crashed('raiseMemoryLimit', {}, () => outside({ forceNewDeployment: true }));
      assert.deepEqual([foreign?.status, foreign?.level], ['failed', 'unknown'], foreign?.summary);
      assert.deepEqual(writes(), []);
    });
  });
});
