/** Which certificate is for whom, which one to take, and what is said about it (runbook 12.4). */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Hazard } from '../../../src/incident/plan.ts';
import { createRedactor } from '../../../src/incident/redact.ts';
import type { Certificate, Validation } from '../../../src/services/aws/acm.ts';
import type { Listener } from '../../../src/services/aws/elb.ts';
import {
  type Found, algorithmFor, currentOf, domainOf, hostsOf, idempotencyOf, isDnsName, isFor, judgeRequest, openRecords, requestHazards,
} from '../../../src/steps/certificate-judgement.ts';
import { Inputs } from '../../../src/steps/inputs.ts';
import { type Place, chooseCertificate, listenerHazards, neededHosts, refuseUnfit } from '../../../src/steps/listener-judgement.ts';
import { START } from '../../support/clock.ts';

const DAY_MS = 86_400_000;
const API = 'api.example.org';
const PORTAL = 'portal.example.org';
const arnOf = (name: string): string => `arn:aws:acm:eu-central-1:123456789012:certificate/${name}`;

function certificate(name: string, changes: Partial<Certificate> = {}): Certificate {
  return {
    arn: arnOf(name), domain: API, names: [API, PORTAL], status: 'ISSUED', type: 'AMAZON_ISSUED', keyAlgorithm: 'RSA_2048',
    notAfter: START + 300 * DAY_MS, createdAt: START - DAY_MS, inUseBy: [], renewable: true, validations: [], failure: '', ...changes,
  };
}

const proof = (name: string, status: string, label = name): Validation => ({ name, status, method: 'DNS', record: { name: `_a.${label}.`, value: `_b.${label}.acm-validations.aws.` } });
const environment = (...urls: readonly string[]) => ({
  key: 'production', data: { title: 'Production', section: '5', endpoints: urls.map((url) => ({ name: url, url, kind: url.endsWith('/health') ? 'health' as const : 'portal' as const })) },
});
const said = (hazards: readonly Hazard[], level?: Hazard['level']): string => hazards.filter((hazard) => level === undefined || hazard.level === level).map(({ text }) => text).join('\n');

describe('certificates of ACM', () => {
  it('knows the names a host may have: a wildcard stands for one label', () => {
    const cases: readonly (readonly [string, string, boolean])[] = [
      [API, API, true], ['API.example.org', API, true], ['*.example.org', API, true], ['*.example.org', 'example.org', false],
      ['*.example.org', 'a.b.example.org', false], ['example.org', API, false], ['*.org', 'example.org', true], ['*', 'localhost', false],
    ];
    for (const [name, host, expected] of cases) {
      assert.equal(isFor([name], host), expected, `${name} for ${host}`);
    }
  });

  it('takes the hosts of https endpoints, health first, and no addresses', () => {
    const found = environment('https://portal.example.org/', 'http://plain.example.org/', 'https://10.0.0.1/', 'https://[::1]/', 'https://api.example.org:8443/health', 'https://api.example.org/');
    assert.deepEqual(hostsOf(found), [API, PORTAL]);
    assert.equal(domainOf(found, new Inputs('Test', {})), API);
    assert.equal(domainOf(found, new Inputs('Test', { domain: 'Portal.example.org' })), PORTAL);
    assert.throws(() => domainOf(found, new Inputs('Test', { domain: 'api.staging.example.org' })), /no host of an https endpoint of "production": api\.example\.org, portal\.example\.org/);
    assert.throws(() => domainOf(environment('http://api.example.org/health'), new Inputs('Test', {})), /names no https endpoint for "production"/);
    assert.deepEqual(['*.example.org', 'example.org', '10.0.0.1', 'localhost', 'HealthFlow', 'a b.org', '*.*.org'].filter(isDnsName), ['*.example.org', 'example.org']);
  });

  it('takes for the one in place what is presented, then what is used, then what lives longest', () => {
    const [short, long, pending] = [certificate('short', { notAfter: START + DAY_MS }), certificate('long'), certificate('pending', { status: 'PENDING_VALIDATION' })];
    const used = certificate('used', { notAfter: START, inUseBy: ['arn:x'] });
    assert.equal(currentOf([pending, used, long, short], [arnOf('none'), arnOf('short')]), short);
    assert.equal(currentOf([pending, long, used, short], [arnOf('pending')]), used);
    assert.equal(currentOf([pending, short, long], []), long);
    assert.equal(currentOf([pending], [arnOf('pending')]), undefined);
  });

  it('asks for the key that is there, if ACM issues such', () => {
    const keys = ['RSA_2048', 'EC_prime256v1', 'EC_secp384r1', 'EC_secp521r1', 'RSA_1024', 'RSA_4096', ''];
    assert.deepEqual(keys.map((keyAlgorithm) => algorithmFor(certificate('x', { keyAlgorithm }))), ['RSA_2048', 'EC_prime256v1', 'EC_secp384r1', 'EC_secp384r1', 'RSA_2048', 'RSA_2048', 'RSA_2048']);
  });

  it('names a request so that redaction leaves it alone, the same for the same wish', () => {
    const redact = createRedactor();
    const tokens = Array.from({ length: 500 }, (_, index) => idempotencyOf({ index }));
    assert.ok(tokens.every((token) => /^[a-p]{32}$/.test(token) && redact(token) === token));
    assert.equal(new Set(tokens).size, 500);
    assert.equal(idempotencyOf({ a: 1, b: [2] }), idempotencyOf({ b: [2], a: 1 }));
  });

  it('shows a CNAME once for a domain and its wildcard, and none that is set', () => {
    const records = openRecords([proof('example.org', 'PENDING_VALIDATION'), proof('*.example.org', 'PENDING_VALIDATION', 'example.org'), proof(API, 'SUCCESS'), { name: PORTAL, status: 'PENDING_VALIDATION', method: 'DNS' }]);
    assert.deepEqual(records, [{ name: '_a.example.org.', value: '_b.example.org.acm-validations.aws.' }]);
  });

  it('tells where a request stands', () => {
    const pending = (validations: readonly Validation[]) => judgeRequest(certificate('new', { status: 'PENDING_VALIDATION', validations }), START);
    const one = pending([proof(API, 'SUCCESS'), proof(PORTAL, 'PENDING_VALIDATION')]);
    assert.deepEqual([one.state, one.portion, one.summary], ['underway', 0.5, `Set this CNAME: _a.${PORTAL} → _b.${PORTAL}.acm-validations.aws (1 of 2 names validated)`]);
    assert.ok(one.markdown?.includes(`\` _a.${PORTAL}. \` | \` _b.${PORTAL}.acm-validations.aws. \``), one.markdown);
    assert.match(pending([]).summary, /ACM has not said yet which CNAMEs to set/);
    assert.match(pending([proof(API, 'SUCCESS'), proof(PORTAL, 'SUCCESS')]).summary, /2 of 2 names validated\. ACM is issuing it/);
    assert.deepEqual(judgeRequest(certificate('new'), START).state, 'done');
    for (const [status, why] of [['FAILED', /gives no reason/], ['VALIDATION_TIMED_OUT', /72 hours/], ['REVOKED', /is revoked/], ['INACTIVE', /is inactive/]] as const) {
      const { state, summary } = judgeRequest(certificate('new', { status }), START);
      assert.equal(state, 'failed');
      assert.match(summary, why);
    }
  });

  describe('what to know before a request', () => {
    const found = (changes: Partial<Found> = {}): Found => {
      const current = certificate('old', { notAfter: START + 5 * DAY_MS, inUseBy: ['arn:lb'] });
      return { domain: API, hosts: [API, PORTAL], current, known: [current], names: current.names, balancer: { arn: 'arn:lb', name: 'front', presented: [current.arn] }, region: 'eu-central-1', now: START, ...changes };
    };
    const old = (changes: Partial<Certificate>): Partial<Found> => ({ current: certificate('old', { notAfter: START + 5 * DAY_MS, ...changes }) });

    it('warns of nothing when everything is as it should be', () => {
      assert.equal(said(requestHazards(found()), 'warn'), '');
    });

    const CASES: readonly (readonly [title: string, changes: Partial<Found>, level: Hazard['level'], expected: RegExp])[] = [
      ['ACM waits for a CNAME', old({ renewal: { status: 'PENDING_VALIDATION', reason: '', validations: [proof(API, 'SUCCESS'), proof(PORTAL, 'PENDING_VALIDATION')] } }), 'warn', /^ACM is renewing the certificate in place and waits for DNS\. Set this CNAME: _a\.portal/],
      ['ACM renews by itself', old({ renewal: { status: 'PENDING_AUTO_RENEWAL', reason: '', validations: [] } }), 'warn', /waits for nothing/],
      ['ACM could not renew', old({ renewal: { status: 'FAILED', reason: 'CAA_ERROR', validations: [] } }), 'note', /could not renew .*CAA record/],
      ['there is much time', old({ notAfter: START + 200 * DAY_MS }), 'warn', /expires in 200 days, and ACM renews it by itself/],
      ['it has expired', old({ notAfter: START - DAY_MS, renewal: { status: 'PENDING_VALIDATION', reason: '', validations: [] } }), 'note', /expired 1 d 0 h ago: ACM renews none that has expired/],
      ['it is of a private authority', old({ type: 'PRIVATE' }), 'warn', /private authority/],
      ['there is none', { current: undefined }, 'warn', /ACM has no certificate for api\.example\.org in eu-central-1/],
      ['one is issued already', { known: [certificate('spare'), certificate('old')] }, 'warn', /spare is issued already.*updateListener/],
      ['the listener presents another', { balancer: { arn: 'arn:lb', name: 'front', presented: [arnOf('other')] } }, 'warn', /listener of front does not present this certificate but .*other/],
      ['no load balancer is named', { balancer: undefined }, 'note', /names no load balancer/],
      ['a host is left out', { hosts: [API, PORTAL, 'doctor.example.org'] }, 'warn', /not for doctor\.example\.org/],
      ['an address is left out', { ...old({ names: [API, PORTAL, '10.0.0.1'] }) }, 'warn', /left out: 10\.0\.0\.1/],
      ['there are many names', { names: Array.from({ length: 11 }, (_, index) => `n${index}.example.org`), hosts: [] }, 'warn', /11 names are more than the 10/],
      ['there is a wildcard', { names: [API, PORTAL, '*.example.org'] }, 'note', /A wildcard is for one label/],
    ];
    for (const [title, changes, level, expected] of CASES) {
      it(`says that ${title}`, () => {
        assert.match(said(requestHazards(found(changes)), level), expected);
      });
    }
  });

  describe('what a listener would present', () => {
    const listener: Listener = { arn: 'arn:listener', port: 443, protocol: 'HTTPS', policy: 'Policy', certificate: arnOf('old') };
    const place = (changes: Partial<Place> = {}): Place => ({
      balancer: 'front', listener, others: [], old: certificate('old', { notAfter: START + DAY_MS }), extra: [], domain: API, hosts: [API, PORTAL, 'doctor.example.org'], now: START, ...changes,
    });

    it('needs the hosts that the old one is for, but not those with a certificate of their own', () => {
      assert.deepEqual(neededHosts(place()), [API, PORTAL]);
      assert.deepEqual(neededHosts(place({ old: undefined })), [API]);
      assert.deepEqual(neededHosts(place({ extra: [certificate('sni', { names: [PORTAL] })] })), [API]);
      assert.deepEqual(neededHosts(place({ extra: [certificate('sni', { names: [PORTAL], notAfter: START - 1 })] })), [API, PORTAL]);
    });

    it('takes the newest that fits', () => {
      const known = [certificate('pending', { status: 'PENDING_VALIDATION' }), certificate('narrow', { names: [API] }), certificate('expired', { notAfter: START }), certificate('new'), certificate('older'), certificate('old')];
      assert.equal(chooseCertificate(place(), known).arn, arnOf('new'));
    });

    it('refuses what expires this moment, and takes what expires in the next', () => {
      assert.throws(() => { refuseUnfit(place(), certificate('new', { notAfter: START })); }, /expired 0 s ago, so it was not set/);
      refuseUnfit(place(), certificate('new', { notAfter: START + 1 }));
      assert.throws(() => { refuseUnfit(place(), certificate('new', { status: 'REVOKED' })); }, /is revoked, not issued.*renewCertificate/);
    });

    const other = (port: number, name: string): Listener => ({ ...listener, arn: `arn:${port}`, port, certificate: arnOf(name) });
    const CASES: readonly (readonly [title: string, changes: Partial<Place>, wanted: Partial<Certificate>, level: Hazard['level'], expected: RegExp])[] = [
      ['it has few days itself', {}, { notAfter: START + 14 * DAY_MS }, 'warn', /expires in 14 days itself/],
      ['it has many days', {}, {}, 'note', /^The new certificate expires in 300 days/],
      ['an expired one is chosen before it', { extra: [certificate('sni', { names: ['*.example.org'], notAfter: START - DAY_MS })] }, {}, 'warn', /sni is chosen by SNI before the default one for api.*expired 1 d 0 h ago/],
      ['a host is not covered by either', {}, {}, 'warn', /is not for doctor\.example\.org, nor is the old one/],
      ['the old one stays elsewhere', { others: [other(8443, 'old')] }, {}, 'warn', /stays on port 8443 of front: run this again/],
      ['another listener has its own', { others: [other(9443, 'own'), { arn: 'x', port: 80, protocol: 'HTTP', policy: '' }] }, {}, 'note', /have certificates of their own, which stay: port 9443: .*own\.$/m],
      ['the old one is not in ACM', { old: undefined }, {}, 'warn', /is not in ACM of this region/],
      ['no cipher fits the key', { ciphers: ['ECDHE-RSA-AES128-GCM-SHA256'] }, { keyAlgorithm: 'EC_prime256v1' }, 'warn', /Policy has no cipher for EC_prime256v1 keys/],
      ['the key changes', { ciphers: ['ECDHE-ECDSA-AES128-GCM-SHA256'] }, { keyAlgorithm: 'EC_prime256v1' }, 'note', /changes from RSA_2048 to EC_prime256v1/],
    ];
    for (const [title, changes, wanted, level, expected] of CASES) {
      it(`says that ${title}`, () => {
        assert.match(said(listenerHazards(place(changes), certificate('new', wanted)), level), expected);
      });
    }

    it('warns of nothing when everything is as it should be', () => {
      for (const ciphers of [['ECDHE-RSA-AES128-GCM-SHA256'], ['TLS_AES_128_GCM_SHA256']]) {
        assert.equal(said(listenerHazards(place({ hosts: [API, PORTAL], ciphers }), certificate('new')), 'warn'), '');
      }
    });
  });
});
