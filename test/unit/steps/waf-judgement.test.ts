import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createRedactor } from '../../../src/incident/redact.ts';
import { type JsonObject, type Plan, isIntact, planHash } from '../../../src/incident/plan.ts';
import type { Rule, Statement } from '../../../src/services/aws/waf.ts';
import { lettingThrough, placeFor, protectionHazard, rateRuleOf, rateWords, rulesWith, useHazards, usesOf } from '../../../src/steps/waf-judgement.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';

const SET = 'arn:aws:wafv2:eu-central-1:123456789012:regional/ipset/blocked/0a1b2c3d-1111-2222-3333-444455556666';
const VISIBLE = { SampledRequestsEnabled: true, CloudWatchMetricsEnabled: true, MetricName: 'metric' };
const rule = (name: string, priority: number, statement: Statement = {}, action: NonNullable<Rule['Action']> = { Block: {} }): Rule => ({ Name: name, Priority: priority, Statement: statement, Action: action, VisibilityConfig: VISIBLE });
const uses: Statement = { IPSetReferenceStatement: { ARN: SET } };
const egypt: Statement = { GeoMatchStatement: { CountryCodes: ['EG'] } };

describe('The rules of a web ACL', () => {
  it('leave a place for a new one before them, or the first free one', () => {
    assert.deepEqual(placeFor([]), { priority: 0, behind: [] });
    assert.deepEqual(placeFor([rule('b', 7), rule('a', 5)]), { priority: 4, behind: [] });
    assert.deepEqual(placeFor([rule('c', 3), rule('a', 0), rule('b', 1)]), { priority: 2, behind: ['a', 'b'] });
  });

  it('that limit each address are told from others', () => {
    assert.equal(rateRuleOf(rule('geo', 1, egypt)), undefined);
    assert.equal(rateRuleOf(rule('by header', 1, { RateBasedStatement: { AggregateKeyType: 'CUSTOM_KEYS', Limit: 100 } })), undefined);
    assert.deepEqual(rateRuleOf(rule('rate', 4, { RateBasedStatement: { AggregateKeyType: 'IP', Limit: 100 } })), { limit: 100, windowSeconds: 300, priority: 4, action: { Block: {} } });
    assert.equal(rateWords({ limit: 12_000, windowSeconds: 60, priority: 0, action: { Captcha: {} } }), '12,000 requests of one address in 1 min, asked for a CAPTCHA above that');
  });

  it('stay as they are around the one that changes', () => {
    const [first, last] = [rule('first', 1, egypt), rule('last', 9, uses)];
    const wanted = { limit: 50, windowSeconds: 120, priority: 5, action: { Count: {} } };
    const added = rulesWith([last, first], 'limit', wanted);
    assert.deepEqual(added.map(({ Name }) => Name), ['first', 'limit', 'last']);
    assert.equal(added[0], first);
    assert.equal(added[2], last);
    const scoped = rule('limit', 5, { RateBasedStatement: { AggregateKeyType: 'IP', Limit: 1, ScopeDownStatement: egypt } });
    assert.deepEqual(rulesWith([scoped], 'limit', wanted)[0]?.Statement, { RateBasedStatement: { AggregateKeyType: 'IP', Limit: 50, EvaluationWindowSec: 120, ScopeDownStatement: egypt } });
    assert.deepEqual(rulesWith(added, 'limit', null), [first, last]);
  });

  it('use a list alone, among other conditions, or turned round', () => {
    const rules = [
      rule('alone', 1, uses), rule('with others', 2, { AndStatement: { Statements: [egypt, { OrStatement: { Statements: [uses, egypt] } }] } }), rule('all but', 3, { NotStatement: { Statement: uses } }),
      rule('limited', 4, { RateBasedStatement: { AggregateKeyType: 'IP', Limit: 10, ScopeDownStatement: uses } }, { Count: {} }), rule('other', 5, egypt),
    ];
    assert.deepEqual(usesOf(rules, SET), [
      { rule: 'alone', action: 'Block', alone: true, negated: false }, { rule: 'with others', action: 'Block', alone: false, negated: false },
      { rule: 'all but', action: 'Block', alone: false, negated: true }, { rule: 'limited', action: 'Count', alone: false, negated: false },
    ]);
    assert.deepEqual(usesOf(rules, `${SET}-other`), []);
  });

  it('that let those in the list through are found', () => {
    const through = (statement: Statement, action: NonNullable<Rule['Action']>): string | undefined => lettingThrough(usesOf([rule('one', 1, statement, action)], SET))?.rule;
    assert.equal(through(uses, { Allow: {} }), 'one');
    assert.equal(through({ NotStatement: { Statement: uses } }, { Block: {} }), 'one');
    assert.equal(through({ NotStatement: { Statement: uses } }, { Allow: {} }), undefined);
    assert.equal(through({ NotStatement: { Statement: { NotStatement: { Statement: uses } } } }, { Block: {} }), undefined);
    assert.equal(through(uses, { Block: {} }), undefined);
  });

  it('make blocking work, or not', () => {
    const levels = (...rules: Rule[]): string[] => useHazards(usesOf(rules, SET), 'acl', 'list').map(({ level }) => level);
    assert.deepEqual(levels(), ['danger']);
    assert.deepEqual(levels(rule('block', 1, uses)), []);
    assert.deepEqual(levels(rule('watch', 1, uses, { Count: {} })), ['danger']);
    assert.deepEqual(levels(rule('watch', 1, uses, { Count: {} }), rule('block', 2, uses)), []);
    assert.deepEqual(levels(rule('some', 1, { AndStatement: { Statements: [uses, egypt] } })), ['warn']);
  });

  it('protect what the web ACL is attached to, if anything', () => {
    assert.equal(protectionHazard('acl', undefined).level, 'note');
    assert.equal(protectionHazard('acl', []).level, 'danger');
    assert.match(protectionHazard('acl', ['arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/x/1']).text, /protects 1 resource, all of them: loadbalancer\/app\/x\/1\./);
  });
});

describe('A plan for the firewall', () => {
  const redact = createRedactor(bundledRunbook().redaction);
  const planOf = (inputs: JsonObject, before: JsonObject, after: JsonObject): Plan => {
    const plan: Omit<Plan, 'hash'> = {
      step: 'blockAddresses', title: 'Block addresses', section: '12.3', effect: 'change', by: 'arn:aws:sts::123456789012:assumed-role/oncall/ada', approval: 'confirm',
      target: { system: 'AWS WAF', environment: 'production', resource: 'healthflow-production-blocked', account: '123456789012', region: 'eu-central-1' },
      summary: 'Block', differences: [], hazards: [], undo: { possible: true, how: 'It goes back.' }, follow: 'The list.',
      command: `aws wafv2 update-ip-set --id 0a1b2c3d-1111-2222-3333-444455556666 --addresses file://addresses.json --lock-token "$LOCK"`, inputs, before, after,
    };
    return { ...plan, hash: planHash(plan) };
  };
  // Every octet and many groups, so that whatever looks like a number of some kind comes up.
  const lists: Readonly<Record<string, readonly string[]>> = {
    'IPv4 addresses': Array.from({ length: 256 }, (_, index) => `${index}.${255 - index}.${(index * 7) % 256}.${(index * 13) % 256}/32`),
    'IPv4 ranges': Array.from({ length: 224 }, (_, index) => `${index}.1${index % 10}.0.0/16`),
    'IPv6 addresses': Array.from({ length: 256 }, (_, index) => `2001:db8:${index.toString(16)}:${(index * 257).toString(16)}:1234:5678:9012:${(10_000 + index * 37).toString(10).slice(0, 4)}/128`),
    'IPv6 addresses in decimal digits': Array.from({ length: 100 }, (_, index) => `2001:${String(1000 + index)}:1020:0130:1234:5678:9012:${String(3000 + index)}/128`),
  };

  for (const [kind, addresses] of Object.entries(lists)) {
    it(`is recorded as it is with ${kind}`, () => {
      const plan = planOf({ addresses: [...addresses] }, { ipSet: '01012345-6789-4012-8345-678901234567', addresses: [...addresses] }, { ipSet: { scope: 'REGIONAL', name: 'blocked', id: '01012345-6789-4012-8345-678901234567' }, added: [...addresses], removed: [], addresses: [...addresses] });
      assert.deepEqual(redact(plan), plan);
      assert.ok(isIntact(redact(plan)));
    });
  }

  it('is recorded as it is with ARNs, rules and a command', () => {
    const plan = planOf({ limit: 2_000_000_000, windowSeconds: 300 }, { webAcl: SET, rules: [{ name: 'block-addresses', priority: 10 }], rule: null }, { webAcl: { scope: 'REGIONAL', name: 'acl', id: '00201012-3456-4789-8012-345678901234' }, name: 'incident-rate-limit', rule: { limit: 2000, windowSeconds: 300, priority: 9, action: { Block: { CustomResponse: { ResponseCode: 403 } } } } });
    assert.deepEqual(redact(plan), plan);
    assert.ok(isIntact(redact(plan)));
  });
});
