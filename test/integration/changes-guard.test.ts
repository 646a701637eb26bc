/** Who may change what: every change of AWS is refused, and writes nothing, when anything about it is not as the runbook says. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ACMClient, RequestCertificateCommand } from '@aws-sdk/client-acm';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { PLAN_FRESH_MS } from '../../src/incident/plan.ts';
import { AwsSession } from '../../src/services/aws/session.ts';
import { automatedActions, loadAction } from '../../src/steps/catalog.ts';
import type { RunResult } from '../../src/steps/run.ts';
import { type Practice, startPractice } from '../practice/environment.ts';
import { ACCOUNT, REGION } from '../practice/resources.ts';
import { CERTIFICATE_NAMES } from '../practice/seed-certificates.ts';
import { type TestRunner, type WorldOptions, buildRunner } from '../support/build-runner.ts';
import { bundledRunbook } from '../support/bundled-runbook.ts';
import { type TestClock, createClock } from '../support/clock.ts';
import { useEnvironment } from '../support/environment-variables.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';

/** What a step needs beyond the runbook to be planned. */
const INPUTS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  blockAddresses: { addresses: ['198.51.101.7'] },
};

/** The runbook of somebody whose production is elsewhere. */
function elsewhere(changes: { readonly account?: string; readonly region?: string }): NonNullable<WorldOptions['runbook']> {
  const runbook = bundledRunbook();
  const { production } = runbook.environments;
  assert.ok(production?.aws);
  const { account: _account, ...aws } = production.aws;
  return { ...runbook, environments: { production: { ...production, aws: { ...aws, ...changes } } } };
}

describe('the guard of changes', function () {
  this.timeout(60_000);
  const folder = useTemporaryFolder();
  useEnvironment({ AWS_ACCESS_KEY_ID: 'practice', AWS_SECRET_ACCESS_KEY: 'practice', AWS_SESSION_TOKEN: undefined, AWS_PROFILE: undefined, AWS_REGION: REGION, AWS_DEFAULT_REGION: undefined, AWS_EC2_METADATA_DISABLED: 'true' }, 'suite');
  let dir: string;
  let practice: Practice;
  let sessions: AwsSession[];
  let clock: TestClock;
  let steps: readonly string[];

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'changes-guard-'));
    practice = await startPractice({ dir, tickMs: 3_600_000, rolloutMs: 1 });
    // So that there is one that the listener could be moved to.
    const acm = new ACMClient({ endpoint: practice.awsEndpoint, region: REGION });
    const { CertificateArn } = await acm.send(new RequestCertificateCommand({ DomainName: CERTIFICATE_NAMES[0], SubjectAlternativeNames: [...CERTIFICATE_NAMES], ValidationMethod: 'DNS' }));
    practice.control.certificates.issue(CertificateArn);
    acm.destroy();
    const actions = await Promise.all(automatedActions().map(async (name) => [name, await loadAction(name)] as const));
    steps = actions.flatMap(([name, action]) => (action?.kind === 'change' && action.system === 'aws' ? [name] : []));
  });
  after(async () => {
    await practice?.stop();
    await rm(dir, { recursive: true, force: true });
  });
  beforeEach(() => {
    sessions = [];
    clock = createClock(Date.now());
    practice.control.clearCalls();
  });
  afterEach(() => {
    sessions.forEach((session) => { session.dispose(); });
  });

  const runner = (world: WorldOptions = {}): Promise<TestRunner> => {
    const aws = new AwsSession({ region: world.runbook?.environments['production']?.aws?.region ?? REGION, endpoint: practice.awsEndpoint });
    sessions.push(aws);
    return buildRunner(folder(), { aws, clock, ...world });
  };
  const plan = ({ run }: TestRunner, step: string): Promise<RunResult> => run(step, INPUTS[step] ?? {});
  const apply = ({ runner: steps_, incident }: TestRunner, step: string, approve: string | undefined): Promise<RunResult> =>
    steps_.run({ incident, step, inputs: INPUTS[step], approve }, new AbortController().signal);
  const writes = (): readonly string[] => practice.control.calls().filter(({ write }) => write).map(({ service, operation }) => `${service} ${operation}`);

  /** That a step refuses to be planned, for the reason, and has changed nothing. */
  async function refused(world: WorldOptions, reason: RegExp): Promise<void> {
    const bench = await runner(world);
    for (const step of steps) {
      const result = await plan(bench, step);
      assert.equal(result.status, 'refused', `${step}: ${result.summary}`);
      assert.match(result.summary, reason, step);
    }
    assert.deepEqual(writes(), []);
    assert.deepEqual((await bench.onDisk()).changes, []);
  }

  it('covers every change of AWS', () => {
    assert.deepEqual([...steps].sort(), [
      'blockAddresses', 'enableRateLimit', 'raiseDatabaseConnections', 'raiseMemoryLimit', 'renewCertificate', 'restartDatabaseConnections', 'restartService',
      'scaleDatabase', 'scaleService', 'updateListener',
    ]);
  });

  it('refuses when the caller is in another account', () => refused({ runbook: elsewhere({ account: '210987654321' }) },
    new RegExp(`^Your AWS session is in account ${ACCOUNT}, and the runbook's "production" is account 210987654321\\. Nothing was changed\\.`)));

  it('refuses when the runbook names no account', () => refused({ runbook: elsewhere({}) }, /^The runbook names no AWS account for "production", so nothing is changed there\./));

  it('refuses when the caller works in another region', () => refused({ runbook: elsewhere({ account: ACCOUNT, region: 'eu-west-1' }) },
    new RegExp(`^Your AWS session works in ${REGION}, and the runbook's "production" is in eu-west-1\\. Nothing was changed\\.`)));

  it('refuses in Restricted Mode', () => refused({ trusted: false }, /^This workspace is in Restricted Mode/));

  it('refuses a resource of another environment', async () => {
    const bench = await runner();
    for (const [step, inputs] of [
      ['restartService', { cluster: 'staging-cluster' }], ['scaleService', { service: 'other-service' }], ['restartDatabaseConnections', { services: ['other-service'] }],
      ['scaleDatabase', { instance: 'staging-db' }], ['raiseDatabaseConnections', { instance: 'staging-db' }], ['raiseMemoryLimit', { service: 'other-service' }],
    ] as const) {
      const result = await bench.run(step, inputs);
      assert.equal(result.status, 'refused', `${step}: ${result.summary}`);
      assert.match(result.summary, /staging|other-service/, step);
    }
    assert.deepEqual(writes(), []);
  });

  describe('of a plan that was shown', () => {
    /** Plans every step that can be planned here as things are, and has each of them refused. */
    async function allRefused(bench: TestRunner, change: (step: string) => Promise<RunResult>, reason: RegExp): Promise<void> {
      for (const step of steps) {
        const result = await change(step);
        assert.equal(result.status, 'refused', `${step}: ${result.summary}`);
        assert.match(result.summary, reason, step);
      }
      assert.deepEqual(writes(), []);
      assert.ok((await bench.onDisk()).changes.every(({ state }) => state === 'planned'));
    }
    const planned = async (bench: TestRunner, step: string): Promise<string | undefined> => {
      const result = await plan(bench, step);
      assert.equal(result.status, 'planned', `${step}: ${result.summary}`);
      return result.plan?.hash;
    };

    it('refuses another hash', async () => {
      const bench = await runner();
      await allRefused(bench, async (step) => {
        const hash = await planned(bench, step);
        return apply(bench, step, [...hash ?? ''].reverse().join(''));
      }, /^No plan of "\w+" with the hash/);
    });

    it('refuses the hash of another step', async () => {
      const bench = await runner();
      const hash = await planned(bench, 'restartService');
      const result = await apply(bench, 'scaleService', hash);
      assert.deepEqual([result.status, writes()], ['refused', []]);
    });

    it('refuses a plan that is older than five minutes', async () => {
      const bench = await runner();
      await allRefused(bench, async (step) => {
        const hash = await planned(bench, step);
        clock.advance(PLAN_FRESH_MS + 1_000);
        return apply(bench, step, hash);
      }, /^The plan is 5 min old, so it was not applied/);
    });

    it('refuses when the caller has moved to another region meanwhile', async () => {
      const bench = await runner();
      await allRefused(bench, async (step) => {
        const hash = await planned(bench, step);
        process.env['AWS_REGION'] = 'us-east-1';
        try {
          return await apply(bench, step, hash);
        } finally {
          process.env['AWS_REGION'] = REGION;
        }
      }, /works in us-east-1/);
    });
  });
});
