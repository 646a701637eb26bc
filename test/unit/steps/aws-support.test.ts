import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { levelFor, topicOf } from '../../../src/steps/chapter-12-support.ts';

describe('A case with AWS Support', () => {
  it('is as grave as the incident, or the next lower level that the plan has', () => {
    const business = ['low', 'normal', 'high', 'urgent'];
    assert.deepEqual((['P1', 'P2', 'P3', 'P4'] as const).map((severity) => levelFor(severity, business)), ['urgent', 'high', 'normal', 'low']);
    assert.equal(levelFor('P1', [...business, 'critical']), 'critical');
    assert.equal(levelFor('P1', ['low', 'normal']), 'normal');
    assert.equal(levelFor('P4', ['normal', 'high']), 'normal');
  });

  it('goes to the topic for attacks, which is found by its name', () => {
    const attacks = { code: 'ddos-code', name: 'Distributed Denial of Service (DDoS)', categories: [{ code: 'out', name: 'Outbound' }, { code: 'in', name: 'Inbound to AWS' }] };
    const other = { code: 'ec2', name: 'EC2', categories: [{ code: 'x', name: 'Inbound' }] };
    assert.deepEqual(topicOf({ levels: [], services: [other, attacks] }), { service: 'ddos-code', category: 'in', isGeneral: false });
    assert.deepEqual(topicOf({ levels: [], services: [{ ...attacks, categories: attacks.categories.slice(0, 1) }] }), { service: 'ddos-code', category: 'out', isGeneral: false });
    assert.deepEqual(topicOf({ levels: [], services: [other] }), { service: 'general-info', category: 'using-aws', isGeneral: true });
    assert.equal(topicOf(undefined).isGeneral, false);
  });
});
