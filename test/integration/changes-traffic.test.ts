/** Runbook 12.3 against the emulated AWS WAF: what is there afterwards is read back with a client of the test's own. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateIPSetCommand, CreateWebACLCommand, GetIPSetCommand, GetWebACLCommand, type IPSet, ListIPSetsCommand, ListWebACLsCommand, type Rule, UpdateIPSetCommand, UpdateWebACLCommand,
  WAFV2Client, type WebACL,
} from '@aws-sdk/client-wafv2';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import type { Runbook } from '../../src/runbook/schema.ts';
import { AwsSession } from '../../src/services/aws/session.ts';
import type { RunResult } from '../../src/steps/run.ts';
import { type Practice, startPractice } from '../practice/environment.ts';
import { BLOCKED_ADDRESSES, BLOCK_RULE, IP_SET, REGION, WEB_ACL } from '../practice/resources.ts';
import { NO_AWS } from '../support/aws-stub.ts';
import { type TestRunner, buildRunner, runbookWith, laterClock } from '../support/build-runner.ts';
import { bundledRunbook } from '../support/bundled-runbook.ts';
import { useEnvironment } from '../support/environment-variables.ts';

const RULE = 'incident-rate-limit';
const SIGNAL = new AbortController().signal;
const VISIBLE = { SampledRequestsEnabled: true, CloudWatchMetricsEnabled: true, MetricName: 'metric' };
const SCOPE = 'REGIONAL' as const;

describe('Changes to the firewall', function () {
  this.timeout(60_000);
  let dir = '';
  let practice: Practice;
  let waf: WAFV2Client;
  let session: AwsSession;
  let seeded: WebACL;
  let test: TestRunner;
  let folders = 0;
  useEnvironment(() => ({ ...NO_AWS, ...practice.env }));

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'changes-traffic-'));
    practice = await startPractice({ dir, tickMs: 3_600_000 });
    waf = new WAFV2Client({ endpoint: practice.awsEndpoint, region: REGION, credentials: { accessKeyId: 'practice', secretAccessKey: 'practice' } });
    session = new AwsSession({ region: REGION, endpoint: practice.awsEndpoint });
    seeded = (await acl()).item;
  });
  after(async () => {
    waf?.destroy();
    session?.dispose();
    await practice?.stop();
    await rm(dir, { recursive: true, force: true });
  });
  beforeEach(async () => {
    test = await build();
    practice.control.clearCalls();
  });
  afterEach(async () => {
    practice.control.clearFaults();
    await setRules(seeded.Rules ?? []);
    await setAddresses(BLOCKED_ADDRESSES);
  });

  const build = (runbook?: Runbook, folder = join(dir, `timelines-${folders += 1}`)): Promise<TestRunner> => buildRunner(folder, { aws: session, clock: { now: () => Date.now() }, ...(runbook === undefined ? {} : { runbook }) });
  const acl = async (name = WEB_ACL): Promise<{ readonly item: WebACL; readonly lock: string | undefined }> => {
    const { WebACLs = [] } = await waf.send(new ListWebACLsCommand({ Scope: SCOPE }));
    const { WebACL: item, LockToken: lock } = await waf.send(new GetWebACLCommand({ Scope: SCOPE, Name: name, Id: WebACLs.find(({ Name }) => Name === name)?.Id }));
    assert.ok(item);
    return { item, lock };
  };
  const setRules = async (rules: readonly Rule[]): Promise<void> => {
    const { item, lock } = await acl();
    await waf.send(new UpdateWebACLCommand({ ...item, Scope: SCOPE, Rules: [...rules], LockToken: lock }));
  };
  const ipSet = async (): Promise<{ readonly item: IPSet; readonly lock: string | undefined }> => {
    const { IPSets = [] } = await waf.send(new ListIPSetsCommand({ Scope: SCOPE }));
    const { IPSet: item, LockToken: lock } = await waf.send(new GetIPSetCommand({ Scope: SCOPE, Name: IP_SET, Id: IPSets.find(({ Name }) => Name === IP_SET)?.Id }));
    assert.ok(item);
    return { item, lock };
  };
  const setAddresses = async (addresses: readonly string[]): Promise<void> => {
    const { item, lock } = await ipSet();
    await waf.send(new UpdateIPSetCommand({ ...item, Scope: SCOPE, Addresses: [...addresses], LockToken: lock }));
  };
  const addresses = async (): Promise<readonly string[]> => [...(await ipSet()).item.Addresses ?? []].sort();
  const writes = (): string[] => practice.control.calls().filter(({ write }) => write).map(({ operation }) => operation);
  const rule = async (): Promise<Rule | undefined> => (await acl()).item.Rules?.find(({ Name }) => Name === RULE);
  const hazards = ({ plan }: RunResult): string => (plan?.hazards ?? []).map(({ level, text }) => `${level}: ${text}`).join('\n');
  const refused = async (step: string, inputs: Readonly<Record<string, unknown>>, message: RegExp): Promise<void> => {
    practice.control.clearCalls();
    const { status, summary } = await test.run(step, inputs);
    assert.equal(status, 'refused', summary);
    assert.match(summary, message);
    assert.deepEqual(writes(), []);
  };
  /** A plan that was asked for, by a window that is gone. */
  const requested = async (step: string, inputs: Readonly<Record<string, unknown>>): Promise<string> => {
    const { plan, change = '' } = await test.run(step, inputs);
    assert.ok(plan);
    await test.ledger.append(test.incident, { type: 'change.requested', plan: change, hash: plan.hash, origin: 'another-window' });
    return change;
  };

  describe('enableRateLimit', () => {
    it('plans by looking only, and names what it found', async () => {
      const planned = await test.run('enableRateLimit');
      assert.equal(planned.status, 'planned', planned.summary);
      assert.deepEqual(writes(), []);
      assert.equal(planned.plan?.target.resource, WEB_ACL);
      assert.match(planned.summary, /2,000 requests of one address in 5 min, blocked/);
      assert.match(hazards(planned), /note: .* protects 1 resource, all of them: loadbalancer\/app\/healthflow-production\//);
      assert.match(hazards(planned), /warn: Everybody behind one address shares the limit of 2,000/);
      assert.match(hazards(planned), /note: To see first whom it would hit/);
      assert.deepEqual(planned.plan?.differences[0], { name: `Rule ${RULE}`, before: 'none', after: '2,000 requests of one address in 5 min, blocked above that, priority 9' });
    });

    it('adds the rule before the others and leaves everything else as it was; undo takes out only the rule', async () => {
      const done = await test.change('enableRateLimit', { limit: 500, windowSeconds: 60 });
      assert.equal(done.status, 'done', done.summary);
      const { item } = await acl();
      assert.deepEqual(item.Rules?.map(({ Name, Priority }) => [Name, Priority]), [[RULE, 9], [BLOCK_RULE, 10]]);
      assert.deepEqual((await rule())?.Statement, { RateBasedStatement: { Limit: 500, EvaluationWindowSec: 60, AggregateKeyType: 'IP' } });
      assert.deepEqual((await rule())?.Action, { Block: {} });
      const { Rules: _rules, ...others } = item;
      const { Rules: _seeded, ...before } = seeded;
      assert.deepEqual(others, before);
      assert.deepEqual(Object.keys(others).sort(), ['ARN', 'AssociationConfig', 'Capacity', 'CaptchaConfig', 'ChallengeConfig', 'CustomResponseBodies', 'DefaultAction', 'Description', 'Id', 'LabelNamespace', 'Name', 'TokenDomains', 'VisibilityConfig']);
      assert.deepEqual(item.Rules?.[1], seeded.Rules?.[0]);

      const later: Rule = { Name: 'added-since', Priority: 3, Action: { Count: {} }, Statement: { GeoMatchStatement: { CountryCodes: ['EG'] } }, VisibilityConfig: VISIBLE };
      await setRules([...item.Rules ?? [], later]);
      const undone = await test.undo(done.event);
      assert.equal(undone.status, 'done', undone.summary);
      const { Rules = [] } = (await acl()).item;
      assert.deepEqual(Rules.map(({ Name }) => Name).sort(), ['added-since', BLOCK_RULE]);
      assert.deepEqual(Rules.find(({ Name }) => Name === 'added-since'), later);
    });

    it('changes the limit of a rule that is there, keeps its other settings, and sets it back', async () => {
      const own: Rule = {
        Name: RULE, Priority: 20, Action: { Block: { CustomResponse: { ResponseCode: 429 } } }, VisibilityConfig: VISIBLE,
        Statement: { RateBasedStatement: { Limit: 10_000, EvaluationWindowSec: 300, AggregateKeyType: 'IP', ScopeDownStatement: { ByteMatchStatement: {
          SearchString: new TextEncoder().encode('/api'), FieldToMatch: { UriPath: {} }, TextTransformations: [{ Priority: 0, Type: 'NONE' }], PositionalConstraint: 'STARTS_WITH',
        } } } },
      };
      await setRules([...seeded.Rules ?? [], own]);
      const saved = await rule();
      const done = await test.change('enableRateLimit', { limit: 1000 });
      assert.equal(done.status, 'done', done.summary);
      assert.deepEqual(await rule(), { ...saved, Statement: { RateBasedStatement: { ...saved?.Statement?.RateBasedStatement, Limit: 1000 } } });
      const undone = await test.undo(done.event);
      assert.equal(undone.status, 'done', undone.summary);
      assert.deepEqual(await rule(), saved);
    });

    it('counts only where that is asked for, and says so', async () => {
      const planned = await test.run('enableRateLimit', { mode: 'count' });
      assert.match(hazards(planned), /warn: In mode "count" nothing is blocked/);
      const done = await test.change('enableRateLimit', { mode: 'count' });
      assert.equal(done.status, 'done', done.summary);
      assert.deepEqual((await rule())?.Action, { Count: {} });
    });

    it('says where the rule goes when there is no room before the others', async () => {
      await setRules((seeded.Rules ?? []).map((one) => ({ ...one, Priority: 0 })));
      const planned = await test.run('enableRateLimit');
      assert.match(hazards(planned), new RegExp(`warn: It is evaluated after ${BLOCK_RULE}, because priority 0 is taken`));
      assert.equal((await test.change('enableRateLimit')).status, 'done');
      assert.equal((await rule())?.Priority, 1);
    });

    it('refuses what AWS WAF would refuse, and a rule of another kind, without any write', async () => {
      await refused('enableRateLimit', { limit: 9 }, /"limit" must be a whole number from 10/);
      await refused('enableRateLimit', { windowSeconds: 90 }, /windows of 60, 120, 300, 600 seconds, not of 90/);
      await refused('enableRateLimit', { name: 'a b' }, /cannot be the name of a rule/);
      await refused('enableRateLimit', { name: BLOCK_RULE }, /is no rule that limits the requests of each address/);
      test = await build(runbookWith({ aws: { ...production(), waf: { scope: 'REGIONAL', webAcl: 'another' } } }));
      await refused('enableRateLimit', {}, /There is no web ACL "another" of scope REGIONAL in eu-central-1/);
      const { waf: _waf, ...without } = production();
      test = await build(runbookWith({ aws: without }));
      await refused('enableRateLimit', {}, /names no web ACL for "production"/);
    });

    it('refuses what is there already, and tells of a web ACL that is attached to nothing', async () => {
      await waf.send(new CreateWebACLCommand({ Name: 'lonely', Scope: SCOPE, DefaultAction: { Allow: {} }, VisibilityConfig: VISIBLE, Rules: [] }));
      test = await build(runbookWith({ aws: { ...production(), waf: { scope: 'REGIONAL', webAcl: 'lonely' } } }));
      assert.match(hazards(await test.run('enableRateLimit')), /danger: lonely is attached to nothing/);
      assert.equal((await test.change('enableRateLimit')).status, 'done');
      await refused('enableRateLimit', {}, /limits to 2,000 requests of one address in 5 min, blocked above that already/);
    });

    it('says what it could not see', async () => {
      const denied = { error: { code: 'WAFInvalidOperationException', message: 'Denied' } };
      practice.control.fault({ service: 'wafv2', operation: 'ListResourcesForWebACL', ...denied });
      practice.control.fault({ service: 'wafv2', operation: 'CheckCapacity', ...denied });
      const planned = await test.run('enableRateLimit');
      assert.match(hazards(planned), /note: What healthflow-production-firewall protects cannot be seen from here/);
      assert.match(hazards(planned), /note: How much capacity the rule takes could not be asked/);
    });

    it('refuses a rule that the web ACL has no room for', async () => {
      practice.control.fault({ service: 'wafv2', operation: 'CheckCapacity', status: 200, headers: { 'content-type': 'application/x-amz-json-1.1' }, body: '{"Capacity":4999}' });
      await refused('enableRateLimit', {}, /has no room for the rule: it uses 3 of 5,000 WCU, and the rule takes 4,999/);
    });

    it('works on the web ACLs of CloudFront in us-east-1', async () => {
      const global = new WAFV2Client({ endpoint: practice.awsEndpoint, region: 'us-east-1', credentials: { accessKeyId: 'practice', secretAccessKey: 'practice' } });
      const { Summary } = await global.send(new CreateWebACLCommand({ Name: 'edge', Scope: 'CLOUDFRONT', DefaultAction: { Allow: {} }, VisibilityConfig: VISIBLE, Rules: [] }));
      test = await build(runbookWith({ aws: { ...production(), waf: { scope: 'CLOUDFRONT', webAcl: 'edge' } } }));
      const done = await test.change('enableRateLimit');
      assert.equal(done.status, 'done', done.summary);
      assert.match(hazards(done), /note: What edge protects cannot be seen/);
      assert.match(done.plan?.command ?? '', /--scope CLOUDFRONT --region us-east-1/);
      const { WebACL } = await global.send(new GetWebACLCommand({ Name: 'edge', Scope: 'CLOUDFRONT', Id: Summary?.Id }));
      global.destroy();
      assert.deepEqual(WebACL?.Rules?.map(({ Name }) => Name), [RULE]);
    });

    for (const [reset, status, there] of [['after', 'done', true], ['before', 'failed', false]] as const) {
      it(`tells the truth when the connection breaks ${reset} the update`, async () => {
        practice.control.fault({ service: 'wafv2', operation: 'UpdateWebACL', reset, times: 1 });
        const result = await test.change('enableRateLimit');
        assert.equal(result.status, status, result.summary);
        assert.equal(await rule() !== undefined, there);
        assert.deepEqual(writes(), ['UpdateWebACL']);
        assert.ok(there || result.summary.startsWith('Nothing was changed.'), result.summary);
      });
    }

    it('tries once more when somebody else was faster, and gives up after that', async () => {
      practice.control.fault({ service: 'wafv2', operation: 'UpdateWebACL', error: { code: 'WAFOptimisticLockException', message: 'Outdated' }, times: 1 });
      assert.equal((await test.change('enableRateLimit')).status, 'done');
      assert.deepEqual(writes(), ['UpdateWebACL', 'UpdateWebACL']);

      practice.control.fault({ service: 'wafv2', operation: 'UpdateWebACL', error: { code: 'WAFOptimisticLockException', message: 'Outdated' } });
      practice.control.clearCalls();
      const result = await test.change('enableRateLimit', { limit: 100 });
      assert.equal(result.status, 'failed');
      assert.match(result.summary, /^Nothing was changed\. Somebody else changes healthflow-production-firewall at this moment: AWS WAF refused the update twice/);
      assert.deepEqual(writes(), ['UpdateWebACL', 'UpdateWebACL']);
    });

    it('is planned anew when the rules have changed since it was shown', async () => {
      const { plan } = await test.run('enableRateLimit');
      await setRules([...seeded.Rules ?? [], { Name: 'other', Priority: 1, Action: { Count: {} }, Statement: { GeoMatchStatement: { CountryCodes: ['EG'] } }, VisibilityConfig: VISIBLE }]);
      practice.control.clearCalls();
      const result = await test.runner.run({ incident: test.incident, step: 'enableRateLimit', approve: plan?.hash }, SIGNAL);
      assert.equal(result.status, 'refused');
      assert.match(result.summary, /since the plan was shown, something has changed \(rules\)/);
      assert.deepEqual(writes(), []);
    });

    for (const wasMade of [true, false]) {
      it(`is found to be ${wasMade ? 'made' : 'not made'} after a crash`, async () => {
        const change = await requested('enableRateLimit', {});
        if (wasMade) {
          await setRules([...seeded.Rules ?? [], { Name: RULE, Priority: 9, Action: { Block: {} }, Statement: { RateBasedStatement: { Limit: 2000, EvaluationWindowSec: 300, AggregateKeyType: 'IP' } }, VisibilityConfig: VISIBLE }]);
        }
        practice.control.clearCalls();
        const other = await buildRunner(join(dir, `timelines-${folders}`), { aws: session, clock: laterClock });
        const result = await other.runner.followUp(test.incident, change, SIGNAL);
        assert.equal(result?.status, wasMade ? 'done' : 'failed');
        assert.match(result?.summary ?? '', wasMade ? /^Looked at again after an interruption: incident-rate-limit: 2,000/ : /interrupted before it was made, and nothing has changed/);
        assert.deepEqual(writes(), []);
      });
    }
  });

  describe('blockAddresses', () => {
    const NEW = ['203.0.113.7', '203.0.113.64/26'];
    const MORE = [...BLOCKED_ADDRESSES, '203.0.113.64/26', '203.0.113.7/32'].sort();

    it('plans by looking only, with the whole list before and after', async () => {
      const planned = await test.run('blockAddresses', { addresses: NEW });
      assert.equal(planned.status, 'planned', planned.summary);
      assert.deepEqual(writes(), []);
      assert.deepEqual(planned.plan?.before['addresses'], [...BLOCKED_ADDRESSES].sort());
      assert.deepEqual([planned.plan?.after['added'], planned.plan?.after['addresses']], [['203.0.113.7/32', '203.0.113.64/26'], MORE]);
      assert.deepEqual(planned.plan?.differences.map(({ before: was, after: is }) => [was, is]), [['2', '4'], ['not in the list', '203.0.113.7/32, 203.0.113.64/26']]);
      assert.doesNotMatch(hazards(planned), /danger/);
    });

    it('adds them, and undo puts back exactly the old list', async () => {
      const done = await test.change('blockAddresses', { addresses: NEW });
      assert.equal(done.status, 'done', done.summary);
      assert.deepEqual(await addresses(), MORE);
      assert.equal((await ipSet()).item.Description, 'Addresses that are locked out');
      const undone = await test.undo(done.event);
      assert.equal(undone.status, 'done', undone.summary);
      assert.deepEqual(await addresses(), [...BLOCKED_ADDRESSES].sort());
      const again = await test.undo(undone.event);
      assert.equal(again.status, 'done', again.summary);
      assert.deepEqual(await addresses(), MORE);
    });

    it('takes back only its own when others have changed the list since, and says so', async () => {
      const done = await test.change('blockAddresses', { addresses: NEW });
      await setAddresses([...MORE.filter((one) => one !== '192.0.2.44/32'), '192.0.2.99/32']);
      const planned = await test.runner.undo({ incident: test.incident, event: done.event ?? '' }, SIGNAL);
      assert.match(hazards(planned), /warn: Others have changed the list since: it holds 4, and held 4 after the change\. Only .* are taken back/);
      const undone = await test.undo(done.event);
      assert.equal(undone.status, 'done', undone.summary);
      assert.deepEqual(await addresses(), ['192.0.2.99/32', '198.51.100.0/28']);
    });

    it('refuses what must not be blocked, without any write', async () => {
      await refused('blockAddresses', {}, /"addresses" must be a list/);
      await refused('blockAddresses', { addresses: ['portal'] }, /"portal" is no IP address/);
      await refused('blockAddresses', { addresses: ['10.1.2.3'] }, /private/);
      await refused('blockAddresses', { addresses: ['203.0.0.0/12'] }, /host|inside a range|wider than \/16/);
      await refused('blockAddresses', { addresses: ['0.0.0.0/0'], allowLarge: true }, /every address there is/);
      await refused('blockAddresses', { addresses: ['2001:db8::1'] }, /holds IPv4 addresses, and 2001:db8::1\/128 is IPv6/);
      await refused('blockAddresses', { addresses: ['192.0.2.44', '198.51.100.3'] }, /holds 192\.0\.2\.44\/32, 198\.51\.100\.3\/32 already/);
      await setAddresses(Array.from({ length: 10_000 }, (_, index) => `198.51.${Math.floor(index / 256)}.${index % 256}/32`));
      await refused('blockAddresses', { addresses: ['203.0.113.7'] }, /would hold 10,001 entries, and an IP set takes 10,000/);
    });

    it('warns when no rule uses the list, and refuses a list that is let through', async () => {
      await setRules([{ Name: 'geo', Priority: 1, Action: { Block: {} }, Statement: { GeoMatchStatement: { CountryCodes: ['AQ'] } }, VisibilityConfig: VISIBLE }]);
      assert.match(hazards(await test.run('blockAddresses', { addresses: NEW })), /danger: No rule of healthflow-production-firewall uses the list healthflow-production-blocked, so nothing is blocked/);
      const statement = seeded.Rules?.[0]?.Statement;
      await setRules([{ Name: 'friends', Priority: 1, Action: { Allow: {} }, Statement: statement, VisibilityConfig: VISIBLE }]);
      await refused('blockAddresses', { addresses: NEW }, /The rule friends of healthflow-production-firewall lets the addresses of healthflow-production-blocked through/);
      await setRules([{ Name: 'watch', Priority: 1, Action: { Count: {} }, Statement: statement, VisibilityConfig: VISIBLE }]);
      assert.match(hazards(await test.run('blockAddresses', { addresses: NEW })), /danger: The rule watch only counts requests: nothing is blocked/);
    });

    it('reads a list of IPv6 addresses that AWS WAF writes out in full', async () => {
      await waf.send(new CreateIPSetCommand({ Name: 'six', Scope: SCOPE, IPAddressVersion: 'IPV6', Addresses: ['2001:0db8:0000:0000:0000:0000:0000:0001/128'] }));
      test = await build(runbookWith({ aws: { ...production(), waf: { scope: 'REGIONAL', webAcl: WEB_ACL, ipSet: 'six' } } }));
      await refused('blockAddresses', { addresses: ['2001:db8::1'] }, /holds 2001:db8::1\/128 already/);
      const done = await test.change('blockAddresses', { addresses: ['2001:DB8:0:1::/64'] });
      assert.equal(done.status, 'done', done.summary);
      assert.match(done.summary, /holds 2 \(1 added, 0 taken out\)/);
    });

    for (const [reset, status, expected] of [['after', 'done', MORE], ['before', 'failed', [...BLOCKED_ADDRESSES].sort()]] as const) {
      it(`tells the truth when the connection breaks ${reset} the update`, async () => {
        practice.control.fault({ service: 'wafv2', operation: 'UpdateIPSet', reset, times: 1 });
        const result = await test.change('blockAddresses', { addresses: NEW });
        assert.equal(result.status, status, result.summary);
        assert.deepEqual(writes(), ['UpdateIPSet']);
        assert.deepEqual(await addresses(), expected);
      });
    }

    it('tries once more when the list was locked by somebody else and is as it was', async () => {
      practice.control.fault({ service: 'wafv2', operation: 'UpdateIPSet', error: { code: 'WAFOptimisticLockException', message: 'Outdated' }, times: 1 });
      assert.equal((await test.change('blockAddresses', { addresses: NEW })).status, 'done');
      assert.deepEqual(writes(), ['UpdateIPSet', 'UpdateIPSet']);
      assert.deepEqual(await addresses(), MORE);
    });

    for (const [made, status] of [[MORE, 'done'], [[...BLOCKED_ADDRESSES], 'failed'], [[...BLOCKED_ADDRESSES, '203.0.113.7/32'], 'failed']] as const) {
      it(`tells after a crash what a list of ${made.length} means`, async () => {
        const change = await requested('blockAddresses', { addresses: NEW });
        await setAddresses(made);
        practice.control.clearCalls();
        const other = await buildRunner(join(dir, `timelines-${folders}`), { aws: session, clock: laterClock });
        const result = await other.runner.followUp(test.incident, change, SIGNAL);
        assert.equal(result?.status, status);
        assert.match(result?.summary ?? '', made.length === 4 ? /holds 4 \(2 added/ : made.length === 2 ? /nothing has changed\. Nothing of it is in the list/ : /Only a part of it is in the list/);
        assert.equal(result?.level, made.length === 4 ? 'ok' : made.length === 2 ? 'bad' : 'unknown');
        assert.deepEqual(writes(), []);
      });
    }
  });
});

function production(): NonNullable<Runbook['environments'][string]['aws']> {
  const { aws } = bundledRunbook().environments['production'] ?? {};
  assert.ok(aws);
  return aws;
}
