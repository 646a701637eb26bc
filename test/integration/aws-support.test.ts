/** A case with AWS Support, from the step to the emulated service and back. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeCasesCommand, SupportClient, type CaseDetails } from '@aws-sdk/client-support';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { AwsSession } from '../../src/services/aws/session.ts';
import { supportCalls } from '../../src/services/aws/support.ts';
import { type Practice, startPractice } from '../practice/environment.ts';
import { REGION } from '../practice/resources.ts';
import { NO_AWS } from '../support/aws-stub.ts';
import { type TestRunner, buildRunner, runbookWith } from '../support/build-runner.ts';
import { declaration } from '../support/build-ledger.ts';
import { refused } from '../support/build-post.ts';
import { bundledRunbook } from '../support/bundled-runbook.ts';
import { useEnvironment } from '../support/environment-variables.ts';

describe('AWS Support', function () {
  this.timeout(60_000);
  let dir = '';
  let practice: Practice;
  let support: SupportClient;
  let session: AwsSession;
  let test: TestRunner;
  let folders = 0;
  useEnvironment(() => ({ ...NO_AWS, ...practice.env }));

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'aws-support-'));
    practice = await startPractice({ dir, tickMs: 3_600_000 });
    support = new SupportClient({ endpoint: practice.awsEndpoint, region: 'us-east-1', credentials: { accessKeyId: 'practice', secretAccessKey: 'practice' } });
    session = new AwsSession({ region: REGION, endpoint: practice.awsEndpoint });
  });
  after(async () => {
    support?.destroy();
    session?.dispose();
    await practice?.stop();
    await rm(dir, { recursive: true, force: true });
  });
  beforeEach(async () => {
    test = await build();
    await test.run('assessSeverity', { severity: 'P1', reason: 'All portals are flooded' });
  });
  afterEach(() => { practice.control.clearFaults(); });

  const build = (world: Parameters<typeof buildRunner>[1] = {}): Promise<TestRunner> =>
    buildRunner(join(dir, `timelines-${folders += 1}`), { aws: session, calls: { aws: supportCalls(() => session) }, ...world });
  const cases = async (): Promise<CaseDetails[]> => {
    const { cases: all = [] } = await support.send(new DescribeCasesCommand({ includeResolvedCases: true, includeCommunications: true }));
    return all.filter(({ subject }) => subject?.includes(test.incident) === true);
  };

  it('opens one case that says what is known, as grave as the plan allows', async () => {
    await test.ledger.append(test.incident, { type: 'finding.documented', text: 'Most requests come from 203.0.113.0/24' });
    assert.equal((await test.run('listAlarms')).level, 'bad');
    assert.equal((await test.change('blockAddresses', { addresses: ['203.0.113.7'] })).status, 'done');
    const result = await test.run('contactAwsSupport');
    assert.equal(result.status, 'done', result.summary);
    assert.equal(result.summary, 'A case for AWS Support with severity "urgent"');
    const [opened, ...others] = await cases();
    assert.deepEqual(others, []);
    assert.deepEqual([opened?.serviceCode, opened?.categoryCode], ['distributed-denial-of-service', 'inbound-to-aws']);
    const body = opened?.recentCommunications?.communications?.[0]?.body ?? '';
    for (const said of ['Please help us to mitigate', 'AWS account: 123456789012, region: eu-central-1', 'healthflow-production-cluster', 'web ACL healthflow-production-firewall (REGIONAL)', 'Most requests come from 203.0.113.0/24', 'Severity: P1', 'Block 203.0.113.7/32 by adding it to healthflow-production-blocked (done)', 'Seen:\n- List alarms: ']) {
      assert.ok(body.includes(said), `${said} in ${body}`);
    }
    const { deliveries } = await test.onDisk();
    assert.deepEqual(deliveries.map(({ service, call, state, result: receipt }) => [service, call, state, receipt?.['caseId']]), [['aws', 'createCase', 'done', opened?.caseId]]);
    assert.equal(deliveries[0]?.url, `https://console.aws.amazon.com/support/home#/case/?displayId=${opened?.displayId}`);
    assert.match(body, new RegExp(`Reference: ${deliveries[0]?.id}$`));

    await refused(test.run('contactAwsSupport'), /A support case was opened at .*: https:\/\/console\.aws\.amazon\.com\/support\/home#\/case\/\?displayId=/);
    assert.equal((await cases()).length, 1);
  });

  it('finds the case that an attempt without an answer has opened, among others of the same subject', async () => {
    practice.control.fault({ service: 'support', operation: 'CreateCase', reset: 'after', times: 1 });
    const result = await test.run('contactAwsSupport');
    assert.equal(result.status, 'done');
    const [opened] = await cases();
    const { deliveries } = await test.onDisk();
    const [delivery] = deliveries;
    assert.ok(delivery);
    assert.deepEqual([delivery.state, delivery.inDoubt], ['pending', true]);
    const { createCase } = supportCalls(() => session);
    assert.equal(createCase?.again, 'look');
    const parcel = { delivery, incident: await test.onDisk(), runbook: bundledRunbook() };
    assert.equal((await createCase.find(parcel, new AbortController().signal))?.result['caseId'], opened?.caseId);
    const other = { ...parcel, delivery: { ...delivery, id: 'another-delivery' } };
    assert.equal(await createCase.find(other, new AbortController().signal), undefined);
    assert.equal((await cases()).length, 1);
  });

  it('hands the text over for the console where the support plan has no API', async () => {
    practice.control.fault({ service: 'support', operation: 'DescribeSeverityLevels', error: { code: 'SubscriptionRequiredException', message: 'Amazon Web Services Premium Support Subscription is required to use this service.' } });
    practice.control.clearCalls();
    const result = await test.run('contactAwsSupport');
    assert.deepEqual([result.status, result.level, result.summary], ['done', 'warn', 'A case for AWS Support, to be opened by hand']);
    assert.match(result.evidence?.markdown ?? '', /\[Open the AWS Support console\]\(https:\/\/console\.aws\.amazon\.com\/support\/home#\/case\/create\)/);
    const [delivery] = (await test.onDisk()).deliveries;
    assert.equal(delivery?.state, 'by hand');
    assert.match(delivery?.reason ?? '', /has no API\. A person opens the case at https:\/\/console\.aws/);
    assert.deepEqual(practice.control.calls().filter(({ write }) => write), []);
    await refused(test.run('contactAwsSupport'), /waits for you among the deliveries/);
  });

  it('is refused in another account, while it is composed and while it is sent', async () => {
    const runbook = runbookWith({ aws: { ...aws(), account: '999999999999' } });
    const elsewhere = await build({ runbook });
    await elsewhere.run('assessSeverity', { severity: 'P1', reason: 'Flooded' });
    practice.control.clearCalls();
    await refused(elsewhere.run('contactAwsSupport'), /Your AWS session is in account 123456789012, and the runbook's "production" is account 999999999999\. Nothing was changed/);

    await test.ledger.append(test.incident, { type: 'severity.set', severity: 'P2', reasons: ['Flooded'] });
    const [delivery] = (await test.run('contactAwsSupport').then(() => test.onDisk())).deliveries;
    assert.ok(delivery);
    practice.control.clearCalls();
    const { createCase } = supportCalls(() => session);
    await assert.rejects(async () => createCase?.send({ delivery, incident: await test.onDisk(), runbook }, new AbortController().signal), { name: 'DeliveryError', kind: 'refused', message: /is in account 123456789012/ });
    assert.deepEqual([...new Set(practice.control.calls().map(({ operation }) => operation))], ['GetCallerIdentity']);
  });

  it('is tried again when AWS cannot be asked whose account it is, and waits for a person when the session has expired', async () => {
    practice.control.fault({ service: 'support', operation: 'CreateCase', reset: 'before', times: 1 });
    await test.run('contactAwsSupport');
    const incident = await test.onDisk();
    const [delivery] = incident.deliveries;
    assert.ok(delivery);
    const { createCase } = supportCalls(() => session);
    const send = async (signal = new AbortController().signal): Promise<unknown> => createCase?.send({ delivery, incident, runbook: bundledRunbook() }, signal);
    practice.control.clearCalls();
    await assert.rejects(send(AbortSignal.abort()), { kind: 'not sent' });
    practice.control.fault({ service: 'sts', reset: 'before' });
    await assert.rejects(send(), { kind: 'not sent', message: /could not be reached \(asking who you are\)/ });
    practice.control.clearFaults();
    practice.control.fault({ service: 'sts', error: { code: 'ExpiredTokenException', message: 'The security token included in the request is expired' } });
    await assert.rejects(send(), { kind: 'refused', message: /has expired\. Renew it/ });
    practice.control.clearFaults();
    practice.control.fault({ service: 'support', operation: 'CreateCase', error: { code: 'SubscriptionRequiredException', message: 'Subscribe' } });
    await assert.rejects(send(), { kind: 'refused', message: /has no API\. Open the case by hand: https:/ });
    assert.deepEqual(await cases(), []);
  });

  it('asks for the severity first', async () => {
    const fresh = await build();
    await refused(fresh.run('contactAwsSupport'), /^Assess the severity first/);
  });

  it('opens no case in a drill', async () => {
    const { id } = await test.ledger.declare({ ...declaration(), drill: true });
    await test.ledger.append(id, { type: 'severity.set', severity: 'P1', reasons: ['Flooded'] });
    practice.control.clearCalls();
    const result = await test.runner.run({ incident: id, step: 'contactAwsSupport' }, new AbortController().signal);
    assert.deepEqual([result.status, result.summary], ['done', 'A case for AWS Support, to be opened by hand']);
    assert.deepEqual(practice.control.calls().filter(({ write }) => write), []);
  });
});

function aws(): NonNullable<NonNullable<ReturnType<typeof bundledRunbook>['environments'][string]>['aws']> {
  const found = bundledRunbook().environments['production']?.aws;
  assert.ok(found);
  return found;
}
