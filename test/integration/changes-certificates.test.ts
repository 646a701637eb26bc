/** Runbook 12.4 against the practice environment: another certificate, and the listener that presents it. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ACMClient, DeleteCertificateCommand, DescribeCertificateCommand, ListCertificatesCommand, RequestCertificateCommand } from '@aws-sdk/client-acm';
import {
  AddListenerCertificatesCommand, DescribeListenerCertificatesCommand, DescribeListenersCommand, DescribeLoadBalancersCommand, ElasticLoadBalancingV2Client, ModifyListenerCommand,
  RemoveListenerCertificatesCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { after, before, beforeEach, describe, it } from 'mocha';
import { isIntact } from '../../src/incident/plan.ts';
import { createRedactor } from '../../src/incident/redact.ts';
import { requestCertificate } from '../../src/services/aws/acm.ts';
import { AwsSession } from '../../src/services/aws/session.ts';
import type { RunResult } from '../../src/steps/run.ts';
import { startPractice, type Practice } from '../practice/environment.ts';
import { accessDenied } from '../practice/faults.ts';
import { ACCOUNT, BALANCER, REGION } from '../practice/resources.ts';
import { CERTIFICATE_NAMES } from '../practice/seed-certificates.ts';
import { NO_AWS } from '../support/aws-stub.ts';
import { type TestRunner, buildRunner, runbookWith, laterClock } from '../support/build-runner.ts';
import { bundledRunbook } from '../support/bundled-runbook.ts';
import { useEnvironment } from '../support/environment-variables.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';
import { untilSeen } from '../support/until-seen.ts';

const DAY_MS = 86_400_000;
const clock = { now: () => Date.now() };
const [API = '', ...PORTALS] = CERTIFICATE_NAMES;

describe('certificate changes', function () {
  this.timeout(30_000);
  const folder = useTemporaryFolder();
  useEnvironment({ ...NO_AWS, AWS_ACCESS_KEY_ID: 'practice', AWS_SECRET_ACCESS_KEY: 'practice', AWS_REGION: REGION });
  let practiceFolder: string;
  let practice: Practice;
  let acm: ACMClient;
  let elbv2: ElasticLoadBalancingV2Client;
  let session: AwsSession;
  let balancerArn = '';
  let listenerArn = '';
  /** The certificate that is there from the start. */
  let old = '';
  let test: TestRunner;

  before(async function () {
    this.timeout(60_000);
    practiceFolder = await mkdtemp(join(tmpdir(), 'practice-'));
    practice = await startPractice({ dir: practiceFolder, clock, tickMs: 3_600_000 });
    const options = { endpoint: practice.awsEndpoint, region: REGION, credentials: { accessKeyId: 'practice', secretAccessKey: 'practice' } };
    acm = new ACMClient(options);
    elbv2 = new ElasticLoadBalancingV2Client(options);
    const { LoadBalancers } = await elbv2.send(new DescribeLoadBalancersCommand({ Names: [BALANCER] }));
    balancerArn = LoadBalancers?.[0]?.LoadBalancerArn ?? '';
    const { Listeners = [] } = await elbv2.send(new DescribeListenersCommand({ LoadBalancerArn: balancerArn }));
    listenerArn = Listeners.find(({ Port }) => Port === 443)?.ListenerArn ?? '';
    old = await presented() ?? '';
  });
  after(async () => {
    acm?.destroy();
    elbv2?.destroy();
    await practice?.stop();
    await rm(practiceFolder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    practice.control.clearFaults();
    await elbv2.send(new ModifyListenerCommand({ ListenerArn: listenerArn, Certificates: [{ CertificateArn: old }] }));
    await elbv2.send(new RemoveListenerCertificatesCommand({ ListenerArn: listenerArn, Certificates: (await extras()).map((CertificateArn) => ({ CertificateArn })) }));
    for (const arn of await certificates()) {
      practice.control.certificates.tell(arn, { inUseBy: [] });
      await (arn === old ? undefined : acm.send(new DeleteCertificateCommand({ CertificateArn: arn })));
    }
    practice.control.certificates.tell(old, { status: 'ISSUED', type: 'AMAZON_ISSUED', createdAt: clock.now() - 390 * DAY_MS, notAfter: clock.now() + 5 * DAY_MS, renewal: 'FAILED', keyAlgorithm: 'RSA_2048' });
    session = new AwsSession({ region: REGION, endpoint: practice.awsEndpoint });
    test = await buildRunner(folder(), { aws: session, clock });
    practice.control.clearCalls();
  });

  const presented = async (): Promise<string | undefined> => {
    const { Listeners } = await elbv2.send(new DescribeListenersCommand({ ListenerArns: [listenerArn] }));
    assert.equal(Listeners?.[0]?.Certificates?.length, 1);
    return Listeners[0]?.Certificates?.[0]?.CertificateArn;
  };
  const extras = async (): Promise<string[]> => {
    const { Certificates = [] } = await elbv2.send(new DescribeListenerCertificatesCommand({ ListenerArn: listenerArn }));
    return Certificates.filter(({ IsDefault }) => IsDefault !== true).map(({ CertificateArn }) => CertificateArn ?? '');
  };
  const certificates = async (): Promise<string[]> => {
    const { CertificateSummaryList = [] } = await acm.send(new ListCertificatesCommand({}));
    return CertificateSummaryList.map(({ CertificateArn }) => CertificateArn ?? '');
  };
  const added = async (): Promise<string[]> => (await certificates()).filter((arn) => arn !== old);
  const detail = async (arn: string) => (await acm.send(new DescribeCertificateCommand({ CertificateArn: arn }))).Certificate;
  const writes = (): string[] => practice.control.calls().filter(({ write }) => write).map(({ operation }) => operation).filter((operation) => operation !== 'GetCallerIdentity');
  /** Another certificate that the API's names are on, issued already. */
  const issued = async (names: readonly string[] = CERTIFICATE_NAMES, left = 300 * DAY_MS): Promise<string> => {
    const { CertificateArn: arn = '' } = await acm.send(new RequestCertificateCommand({ DomainName: names[0], SubjectAlternativeNames: [...names], ValidationMethod: 'DNS' }));
    practice.control.certificates.issue(arn);
    practice.control.certificates.tell(arn, { notAfter: clock.now() + left });
    practice.control.clearCalls();
    return arn;
  };
  const refused = async (step: string, inputs: Readonly<Record<string, unknown>>, why: RegExp, run = test): Promise<void> => {
    const { status, summary } = await run.run(step, inputs);
    assert.equal(status, 'refused', summary);
    assert.match(summary, why);
    assert.deepEqual(writes(), []);
  };
  const hazards = ({ plan }: RunResult): string => (plan?.hazards ?? []).map(({ level, text }) => `${level}: ${text}`).join('\n');
  /** Requests the new certificate and stops watching at the first look. */
  const request = (): Promise<RunResult> => test.change('renewCertificate', {}, untilSeen(test.runner));
  /** As a window leaves it that ends right after it wrote down that it would begin. @returns id of the change */
  const crashedBefore = async (step: string, inputs: Readonly<Record<string, unknown>> = {}): Promise<string> => {
    const { plan, change = '' } = await test.run(step, inputs);
    await test.ledger.append(test.incident, { type: 'change.requested', plan: change, hash: plan?.hash ?? '', origin: 'gone' });
    return change;
  };
  const followUp = async (change: string): Promise<RunResult | undefined> => {
    const { runner } = await buildRunner(folder(), { aws: session, clock: laterClock });
    return runner.followUp(test.incident, change, untilSeen(runner));
  };

  describe('renewCertificate', () => {
    it('requests one for the same names, shows the CNAMEs, and follows it until it is issued', async () => {
      const outlooks: string[] = [];
      test.runner.onProgress(({ outlook }) => {
        outlooks.push(...(outlook === undefined ? [] : [outlook.state]));
        if (outlook?.state === 'underway') {
          practice.control.certificates.issue();
        }
      });
      const result = await test.change('renewCertificate');
      assert.equal(result.status, 'done', result.summary);
      assert.deepEqual(outlooks, ['underway', 'done']);
      const [arn = ''] = await added();
      const made = await detail(arn);
      assert.deepEqual([made?.DomainName, [...made?.SubjectAlternativeNames ?? []].sort(), made?.KeyAlgorithm], [API, [...CERTIFICATE_NAMES].sort(), 'RSA_2048']);
      assert.match(result.summary, new RegExp(`^${arn} is issued for .*Next: updateListener`));
      assert.deepEqual(writes(), ['RequestCertificate']);
      assert.equal(await presented(), old);
    });

    it('says which CNAMEs to set at once, in the summary and for every name in the table', async () => {
      const result = await request();
      assert.match(result.summary, /0 of 4 names validated\. ACM has not said yet which CNAMEs to set/);
      const [arn = ''] = await added();
      const again = await followUp(result.change ?? '');
      assert.equal(again?.status, 'cancelled');
      const records = (await detail(arn))?.DomainValidationOptions?.map(({ ResourceRecord }) => ResourceRecord) ?? [];
      assert.equal(records.length, 4);
      assert.match(again?.summary ?? '', /Set these 4 CNAMEs: _\w+\.\S+ → _\w+\.\S+;.*and 1 more in the table \(0 of 4 names validated\)/);
      for (const record of records) {
        assert.ok(again?.evidence?.markdown?.includes(record?.Name ?? '?') && again.evidence.markdown.includes(record?.Value ?? '?'), record?.Name);
      }
      practice.control.certificates.tell(arn, { validated: CERTIFICATE_NAMES.slice(0, 3) });
      const last = await followUp(result.change ?? '');
      assert.match(last?.summary ?? '', /Set this CNAME: _\w+\.\S+ → _\w+\.\S+aws \(3 of 4 names validated\)/);
    });

    it('finds what was requested when the answer is lost, and requests it once', async () => {
      practice.control.fault({ service: 'acm', operation: 'RequestCertificate', reset: 'after', times: 1 });
      const lost = await request();
      const [arn = '', ...more] = await added();
      assert.deepEqual([lost.status, more, writes()], ['cancelled', [], ['RequestCertificate']]);
      assert.equal(lost.evidence?.data?.['certificate'], arn);
    });

    it('says that nothing was requested when the call did not come through', async () => {
      practice.control.fault({ service: 'acm', operation: 'RequestCertificate', reset: 'before', times: 1 });
      const result = await test.change('renewCertificate');
      assert.deepEqual([result.status, result.level, writes()], ['failed', 'bad', ['RequestCertificate']]);
      assert.match(result.summary, /^Nothing was changed\./);
      assert.deepEqual(await added(), []);
    });

    it('makes one certificate of two calls for the same plan', async () => {
      const [one, two] = [await test.run('renewCertificate'), await test.run('renewCertificate')];
      assert.equal(one.plan?.hash, two.plan?.hash);
      const wish = { domain: API, names: CERTIFICATE_NAMES, keyAlgorithm: 'RSA_2048', idempotency: String(one.plan?.after['idempotency']) };
      assert.equal(await requestCertificate(session, wish), await requestCertificate(session, wish));
    });

    it('tells after a crash whether it was requested', async () => {
      const change = await crashedBefore('renewCertificate');
      const without = await followUp(change);
      assert.deepEqual([without?.status, writes()], ['failed', []]);
      assert.match(without?.summary ?? '', /interrupted before it was made, and nothing has changed/);

      const second = await crashedBefore('renewCertificate');
      const { plan } = (await test.onDisk()).changes.find(({ id }) => id === second) ?? {};
      await acm.send(new RequestCertificateCommand({ DomainName: API, SubjectAlternativeNames: [...CERTIFICATE_NAMES], ValidationMethod: 'DNS', IdempotencyToken: String(plan?.after['idempotency']) }));
      const [arn = ''] = await added();
      practice.control.certificates.issue(arn);
      const seen = await followUp(second);
      assert.equal(seen?.status, 'done', seen?.summary);
      assert.ok(seen.summary.includes(arn));
      assert.deepEqual(writes(), ['RequestCertificate']);
    });

    it('fails with ACM\'s reason', async () => {
      for (const [facts, why] of [
        [{ status: 'FAILED', failure: 'CAA_ERROR' }, /a CAA record of the domain forbids Amazon/],
        [{ status: 'VALIDATION_TIMED_OUT' }, /not found in the public DNS within 72 hours/],
      ] as const) {
        const result = await request();
        const [arn = ''] = await added();
        practice.control.certificates.tell(arn, facts);
        const end = await followUp(result.change ?? '');
        assert.deepEqual([end?.status, end?.level], ['failed', 'bad']);
        assert.match(end?.summary ?? '', why);
        await acm.send(new DeleteCertificateCommand({ CertificateArn: arn }));
      }
    });

    it('is undone by deleting what was requested, unless something uses it', async () => {
      const { change = '' } = await request();
      const [arn = ''] = await added();
      assert.deepEqual(await (await fetch(`${practice.awsEndpoint}/_practice/certificates/issue`, { method: 'POST' })).json(), [arn]);
      assert.equal((await followUp(change))?.status, 'done');
      await elbv2.send(new ModifyListenerCommand({ ListenerArn: listenerArn, Certificates: [{ CertificateArn: arn }] }));
      practice.control.clearCalls();
      const inUse = await test.runner.undo({ incident: test.incident, event: change }, new AbortController().signal);
      assert.equal(inUse.status, 'refused');
      assert.match(inUse.summary, new RegExp(`${arn} is in use by ${balancerArn}.*Undo updateListener first`));
      assert.deepEqual(writes(), []);

      await elbv2.send(new ModifyListenerCommand({ ListenerArn: listenerArn, Certificates: [{ CertificateArn: old }] }));
      practice.control.clearCalls();
      const undone = await test.undo(change);
      assert.equal(undone.status, 'done', undone.summary);
      assert.deepEqual([await certificates(), writes()], [[old], ['DeleteCertificate']]);
      // ACM would give the deleted one again for the same token.
      const again = await test.run('renewCertificate');
      assert.notEqual(again.plan?.after['idempotency'], (await test.onDisk()).changes.find(({ id }) => id === change)?.plan.after['idempotency']);
    });

    it('says first that ACM\'s own renewal only lacks a CNAME, with the record', async () => {
      practice.control.certificates.tell(old, { renewal: 'PENDING_VALIDATION' });
      const planned = await test.run('renewCertificate');
      const [first] = planned.plan?.hazards ?? [];
      assert.equal(first?.level, 'warn');
      assert.match(first?.text ?? '', /^ACM is renewing the certificate in place and waits for DNS\. Set these 4 CNAMEs: _\w+\.\S+ → _\w+\./);
    });

    it('names what is wrong with the certificate in place', async () => {
      practice.control.certificates.tell(old, { status: 'EXPIRED', notAfter: clock.now() - 7_200_000 });
      assert.match((await test.run('renewCertificate')).summary, /the one in place expired 2 h 00 min ago/);
      practice.control.certificates.tell(old, { type: 'IMPORTED', keyAlgorithm: 'RSA_4096', inUseBy: ['arn:aws:cloudfront::123456789012:distribution/E1ABC'] });
      const planned = await test.run('renewCertificate');
      assert.match(hazards(planned), /note: The certificate in place was imported/);
      assert.match(hazards(planned), /warn: ACM issues no RSA_4096 keys, so it is RSA_2048/);
      assert.match(hazards(planned), /warn: CloudFront uses the certificate in place .*us-east-1/);
      assert.match(hazards(planned), /note: A CAA record/);
      assert.equal(planned.plan?.after['keyAlgorithm'], 'RSA_2048');
      assert.doesNotMatch(hazards(planned), /does not present this certificate/);
    });

    it('refuses a second request while the first waits for its CNAMEs, and another environment\'s host', async () => {
      await request();
      const [arn = ''] = await added();
      await detail(arn);
      practice.control.clearCalls();
      await refused('renewCertificate', {}, /was requested \d+ s ago and waits for validation .*Set these 4 CNAMEs: _/);
      await refused('renewCertificate', { domain: 'api.staging.example.org' }, /"api\.staging\.example\.org" is no host of an https endpoint of "production": api\.healthflow\.gov\.eg/);
    });

    it('says which permission is missing', async () => {
      practice.control.fault(accessDenied({ service: 'acm', operation: 'ListCertificates' }));
      await refused('renewCertificate', {}, /may not do this \(listing the certificates\)/);
    });
  });

  describe('updateListener', () => {
    it('sets the newest certificate for the domain, keeps those chosen by SNI, and sets the old one back', async () => {
      const first = await issued();
      const sni = await issued([PORTALS[0] ?? '']);
      await elbv2.send(new AddListenerCertificatesCommand({ ListenerArn: listenerArn, Certificates: [{ CertificateArn: sni }] }));
      const wanted = await issued();
      practice.control.certificates.tell(first, { createdAt: clock.now() - DAY_MS });
      const result = await test.change('updateListener');
      assert.equal(result.status, 'done', result.summary);
      assert.match(result.summary, /checkCertificate/);
      assert.deepEqual([await presented(), await extras(), writes()], [wanted, [sni], ['ModifyListener']]);
      assert.deepEqual(result.plan?.before, { listener: listenerArn, certificate: old });
      assert.match(hazards(result), /note: Certificates chosen by SNI stay: arn:/);

      practice.control.clearCalls();
      const undone = await test.undo(result.event);
      assert.equal(undone.status, 'done', undone.summary);
      assert.deepEqual([await presented(), await extras(), writes()], [old, [sni], ['ModifyListener']]);
    });

    it('warns before it sets back a certificate that has expired meanwhile', async () => {
      const wanted = await issued();
      const result = await test.change('updateListener', { certificate: wanted });
      practice.control.certificates.tell(old, { status: 'EXPIRED', notAfter: clock.now() - 60_000 });
      const undo = await test.runner.undo({ incident: test.incident, event: result.event ?? '' }, new AbortController().signal);
      assert.equal(undo.plan?.hazards[0]?.level, 'danger');
      assert.match(undo.plan?.hazards[0]?.text ?? '', /The old certificate expired 1 min ago/);
    });

    it('does not set back over what somebody else has set', async () => {
      const wanted = await issued();
      const result = await test.change('updateListener', { certificate: wanted });
      const other = await issued();
      await elbv2.send(new ModifyListenerCommand({ ListenerArn: listenerArn, Certificates: [{ CertificateArn: other }] }));
      practice.control.clearCalls();
      const undo = await test.runner.undo({ incident: test.incident, event: result.event ?? '' }, new AbortController().signal);
      assert.equal(undo.status, 'refused');
      assert.ok(undo.summary.includes(`another certificate now (${other})`), undo.summary);
      assert.deepEqual([await presented(), writes()], [other, []]);
    });

    it('refuses what people would be turned away with', async () => {
      await refused('updateListener', {}, /ACM has no issued certificate for api\.healthflow\.gov\.eg besides the one in place\. Request one with renewCertificate/);
      const narrow = await issued([API]);
      await refused('updateListener', {}, new RegExp(`No issued certificate is for all of .*${narrow} is only for api`));
      await refused('updateListener', { certificate: narrow }, new RegExp(`is not for ${PORTALS.join(', ')}, only for ${API}`));
      const expired = await issued(CERTIFICATE_NAMES, -60_000);
      await refused('updateListener', { certificate: expired }, /expired 1 min ago, so it was not set/);
      await refused('updateListener', { certificate: old }, /has the certificate .* already/);
    });

    it('refuses a certificate that is not issued, with the CNAMEs it waits for', async () => {
      const { CertificateArn: arn = '' } = await acm.send(new RequestCertificateCommand({ DomainName: API, SubjectAlternativeNames: [...CERTIFICATE_NAMES], ValidationMethod: 'DNS' }));
      await detail(arn);
      practice.control.clearCalls();
      await refused('updateListener', {}, new RegExp(`The new certificate ${arn} is not issued yet.*Set these 4 CNAMEs: _`));
      await refused('updateListener', { certificate: arn }, /is pending validation, not issued, so it was not set\. Set these 4 CNAMEs: _/);
    });

    it('refuses certificates of another region, account or service, and listeners without TLS', async () => {
      const uuid = 'certificate/11111111-2222-3333-4444-555555555555';
      await refused('updateListener', { certificate: `arn:aws:acm:us-east-1:${ACCOUNT}:${uuid}` }, /is in us-east-1, and a load balancer in eu-central-1 takes only/);
      await refused('updateListener', { certificate: `arn:aws:acm:${REGION}:999999999999:${uuid}` }, /belongs to account 999999999999/);
      await refused('updateListener', { certificate: `arn:aws:iam::${ACCOUNT}:server-certificate/x` }, /is not the ARN of a certificate in ACM/);
      await refused('updateListener', { certificate: `arn:aws:acm:${REGION}:${ACCOUNT}:${uuid}` }, /There is no certificate arn:.* in eu-central-1/);
      await refused('updateListener', { port: 80 }, /speaks HTTP, which needs no certificate/);
      await refused('updateListener', { port: 8443 }, /no listener on port 8443, only on 80 \(HTTP\), 443 \(HTTPS\)/);
      const { production } = bundledRunbook().environments;
      assert.ok(production?.aws);
      const { loadBalancer: _none, ...without } = production.aws;
      for (const [aws, why] of [[without, /names no load balancer for "production"/], [{ ...without, loadBalancer: 'elsewhere' }, /There is no load balancer "elsewhere" in eu-central-1/]] as const) {
        await refused('updateListener', {}, why, await buildRunner(folder(), { aws: session, clock, runbook: runbookWith({ aws }) }));
      }
    });

    it('tells from the listener what became of a call without an answer, and makes it once', async () => {
      const wanted = await issued();
      practice.control.fault({ service: 'elbv2', operation: 'ModifyListener', reset: 'before', times: 1 });
      const before = await test.change('updateListener', { certificate: wanted });
      assert.deepEqual([before.status, await presented(), writes()], ['failed', old, ['ModifyListener']]);
      assert.match(before.summary, /^Nothing was changed\./);
      practice.control.clearCalls();
      practice.control.fault({ service: 'elbv2', operation: 'ModifyListener', reset: 'after', times: 1 });
      const result = await test.change('updateListener', { certificate: wanted });
      assert.deepEqual([result.status, await presented(), writes()], ['done', wanted, ['ModifyListener']], result.summary);
    });

    it('tells after a crash what is there: the old, the new, or a third certificate', async () => {
      const [wanted, third] = [await issued(), await issued()];
      const set = (arn: string) => elbv2.send(new ModifyListenerCommand({ ListenerArn: listenerArn, Certificates: [{ CertificateArn: arn }] }));
      for (const [there, status, why] of [
        [old, 'failed', /nothing has changed/], [wanted, 'done', /Looked at again after an interruption/], [third, 'failed', /a third certificate .*somebody else/],
      ] as const) {
        await set(old);
        const change = await crashedBefore('updateListener', { certificate: wanted });
        await set(there);
        practice.control.clearCalls();
        const end = await followUp(change);
        assert.equal(end?.status, status, end?.summary);
        assert.match(end.summary, why);
        assert.deepEqual(writes(), []);
      }
    });

    it('does not apply a plan when another certificate was set meanwhile', async () => {
      const [wanted, third] = [await issued(), await issued()];
      const planned = await test.run('updateListener', { certificate: wanted });
      await elbv2.send(new ModifyListenerCommand({ ListenerArn: listenerArn, Certificates: [{ CertificateArn: third }] }));
      practice.control.clearCalls();
      const result = await test.runner.run({ incident: test.incident, step: 'updateListener', inputs: { certificate: wanted }, approve: planned.plan?.hash }, new AbortController().signal);
      assert.equal(result.status, 'refused');
      assert.match(result.summary, /something has changed \(certificate\)/);
      assert.deepEqual([await presented(), writes()], [third, []]);
    });
  });

  it('plans survive redaction, whatever account and certificate they name', async () => {
    const wanted = await issued();
    const redact = createRedactor(bundledRunbook().redaction);
    for (const [step, inputs] of [['renewCertificate', {}], ['updateListener', { certificate: wanted }]] as const) {
      const { plan } = await test.run(step, inputs);
      assert.ok(plan);
      assert.ok(isIntact(redact(plan)), step);
      assert.equal(JSON.stringify(redact(plan)), JSON.stringify(plan), step);
    }
  });
});
