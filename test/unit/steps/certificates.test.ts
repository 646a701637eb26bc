import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { CancelledError, UserError } from '../../../src/errors.ts';
import { iso } from '../../../src/incident/clock.ts';
import type { Evidence } from '../../../src/incident/evidence.ts';
import type { RunbookEndpoint } from '../../../src/runbook/schema.ts';
import type { OcspAnswer } from '../../../src/services/ocsp.ts';
import type { SeenCertificate, SeenTls, TlsSighting, TlsTarget } from '../../../src/services/tls.ts';
import { certificateCheck } from '../../../src/steps/chapter-12-certificates.ts';
import { API } from '../../support/build-runner.ts';
import { START } from '../../support/clock.ts';
import { renderMarkdown } from '../../support/render-markdown.ts';
import { type EndpointWorld, runRead } from '../../support/run-read.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const HEALTH: RunbookEndpoint = { name: 'API health', url: `${API}/health`, kind: 'health' };
const portal = (host: string): RunbookEndpoint => ({ name: host, url: `https://${host}/`, kind: 'portal' });

function certificate(left: number, changes: Partial<SeenCertificate> = {}): SeenCertificate {
  return { subject: 'api.healthflow.gov.eg', issuer: 'Amazon RSA 2048 M02', validFrom: START - 300 * DAY, validTo: START + left * DAY, ...changes };
}

const issuer = (left: number, changes: Partial<SeenCertificate> = {}): SeenCertificate => certificate(left, { subject: 'Amazon RSA 2048 M02', issuer: 'Amazon Root CA 1', ...changes });

function sight(chain: SeenTls['chain'], changes: Partial<SeenTls> = {}): SeenTls {
  return { outcome: 'seen', chain, names: ['api.healthflow.gov.eg', '*.api.healthflow.gov.eg'], distrust: [], protocol: 'TLSv1.3', ...changes };
}

/** Runs the step where each host is seen as given, by its name. */
function check(sightings: Readonly<Record<string, TlsSighting>>, world: Partial<EndpointWorld> = {}): Promise<Evidence> {
  const action = certificateCheck(({ name }) => {
    const sighting = sightings[name];
    return sighting === undefined ? Promise.reject(new Error(`Nobody expected a look at ${name}`)) : Promise.resolve(sighting);
  });
  return runRead(action, 'checkCertificate', { endpoints: Object.keys(sightings).map(portal), ...world });
}

const days = (count: number, ms: number): number => count + ms / DAY;

/** How the API's certificate is seen, and what the check makes of it. */
const CASES: readonly (readonly [title: string, sighting: TlsSighting, level: string, summary: string])[] = [
  ['valid for long', sight([certificate(54.5), issuer(900)]), 'ok', 'api.healthflow.gov.eg is trusted and expires in 54 days'],
  ['15 days left', sight([certificate(15)]), 'ok', 'api.healthflow.gov.eg is trusted and expires in 15 days'],
  ['just less than 15 days left', sight([certificate(days(15, -1))]), 'warn', 'api.healthflow.gov.eg expires in 14 days'],
  ['4 days left', sight([certificate(4)]), 'warn', 'api.healthflow.gov.eg expires in 4 days'],
  ['just less than 4 days left', sight([certificate(days(4, -1))]), 'bad', 'api.healthflow.gov.eg expires in 3 days'],
  ['one day left', sight([certificate(1)]), 'bad', 'api.healthflow.gov.eg expires in 1 day'],
  ['hours left', sight([certificate(0.25)]), 'bad', 'api.healthflow.gov.eg expires in 6 h 00 min'],
  ['expires this moment', sight([certificate(0)]), 'bad', 'api.healthflow.gov.eg expired 0 s ago'],
  ['expired', sight([certificate(-2)], { distrust: ['expired'] }), 'bad', 'api.healthflow.gov.eg expired 2 d 0 h ago'],
  ['expired by this machine\'s clock only', sight([certificate(20)], { distrust: ['expired'] }), 'bad', 'api.healthflow.gov.eg has expired by the time of this machine'],
  ['not yet valid', sight([certificate(20, { validFrom: START + DAY })], { distrust: ['notYetValid'] }), 'bad', 'api.healthflow.gov.eg is not valid before 2026-11-24 03:00:00 UTC'],
  ['not yet valid by the injected clock only', sight([certificate(20, { validFrom: START + DAY })]), 'bad', 'api.healthflow.gov.eg is not valid before 2026-11-24 03:00:00 UTC'],
  ['not yet valid by this machine\'s clock only', sight([certificate(20)], { distrust: ['notYetValid'] }), 'bad', 'api.healthflow.gov.eg is not valid yet by the time of this machine'],
  ['an issuer not yet valid', sight([certificate(20), issuer(90, { validFrom: START + DAY })], { distrust: ['notYetValid'] }), 'bad', 'api.healthflow.gov.eg depends on the certificate of Amazon RSA 2048 M02, which is not valid before 2026-11-24 03:00:00 UTC'],
  ['an issuer that expires first', sight([certificate(54), issuer(2)]), 'bad', 'api.healthflow.gov.eg depends on the certificate of Amazon RSA 2048 M02, which expires in 2 days'],
  ['an issuer that expired', sight([certificate(54), issuer(-1)], { distrust: ['expired'] }), 'bad', 'api.healthflow.gov.eg depends on the certificate of Amazon RSA 2048 M02, which expired 1 d 0 h ago'],
  ['an expired issuer that is not needed', sight([certificate(54), issuer(-1)]), 'warn', 'api.healthflow.gov.eg expires in 54 days, sends a certificate of Amazon RSA 2048 M02 that expired 1 d 0 h ago, which older clients may refuse'],
  ['an expired issuer that is not needed, for another host', sight([certificate(54), issuer(-1)], { distrust: ['wrongHost'], names: ['b.example'] }), 'bad', 'api.healthflow.gov.eg has a certificate for another host (b.example, not api.healthflow.gov.eg)'],
  ['self-signed', sight([certificate(54)], { distrust: ['selfSigned'] }), 'bad', 'api.healthflow.gov.eg is self-signed'],
  ['self-signed and expired', sight([certificate(-1)], { distrust: ['expired', 'selfSigned'] }), 'bad', 'api.healthflow.gov.eg expired 1 d 0 h ago, is self-signed'],
  ['another host', sight([certificate(54)], { distrust: ['wrongHost'], names: ['a.example', 'b.example', 'c.example', 'd.example', 'e.example'] }), 'bad', 'api.healthflow.gov.eg has a certificate for another host (a.example, b.example, c.example and 2 more, not api.healthflow.gov.eg)'],
  ['another host by its subject', sight([certificate(54, { subject: 'old.example' })], { distrust: ['wrongHost'], names: [] }), 'bad', 'api.healthflow.gov.eg has a certificate for another host (old.example, not api.healthflow.gov.eg)'],
  ['an unknown issuer', sight([certificate(54), issuer(900)], { distrust: ['unknownIssuer'] }), 'bad', 'api.healthflow.gov.eg has an unknown issuer (Amazon Root CA 1)'],
  ['an incomplete chain', sight([certificate(54)], { distrust: ['incompleteChain'] }), 'bad', 'api.healthflow.gov.eg has an incomplete chain (the certificate of its issuer Amazon RSA 2048 M02 is neither sent nor known here)'],
  ['distrusted for something rare', sight([certificate(54)], { distrust: ['other'], code: 'INVALID_CA' }), 'bad', 'api.healthflow.gov.eg is not trusted (INVALID_CA)'],
  ['revoked, says the stapled answer', sight([certificate(54)], { stapled: { status: 'revoked', thisUpdate: START, revokedAt: START - HOUR } }), 'bad', 'api.healthflow.gov.eg was revoked on 2026-11-23 02:00:00 UTC'],
  ['no TLS there', { outcome: 'refused', problem: 'does not speak TLS' }, 'bad', 'api.healthflow.gov.eg does not speak TLS'],
  ['unreachable', { outcome: 'unreachable', problem: 'no TLS answer within 5000 ms' }, 'unknown', 'api.healthflow.gov.eg could not be asked: no TLS answer within 5000 ms'],
];

/** A stapled answer, and how it is shown: never as more than what somebody says. */
const STAPLED: readonly (readonly [answer: OcspAnswer | undefined, shown: string, data: string])[] = [
  [undefined, 'not stapled', 'not stapled'],
  [{ status: 'good', thisUpdate: START - DAY, nextUpdate: START + DAY }, 'stapled, says good until 2026-11-24 03:00:00 UTC', 'good'],
  [{ status: 'good', thisUpdate: START - DAY }, 'stapled, says good', 'good'],
  [{ status: 'good', thisUpdate: START - DAY, nextUpdate: START }, 'stapled, says good, but out of date since 2026-11-23 03:00:00 UTC', 'good'],
  [{ status: 'unknown', thisUpdate: START - DAY }, 'stapled, says unknown', 'unknown'],
  [{ status: 'error', reason: 'tryLater' }, 'stapled, but the responder answered tryLater', 'error'],
  [{ status: 'otherCertificate' }, 'stapled, but about another certificate', 'otherCertificate'],
  [{ status: 'unreadable' }, 'stapled, but cannot be read', 'unreadable'],
];

describe('checkCertificate', () => {
  for (const [title, sighting, level, summary] of CASES) {
    it(`${title}: ${level}`, async () => {
      const evidence = await check({ 'api.healthflow.gov.eg': sighting });
      assert.deepEqual([evidence.level, evidence.summary], [level, summary]);
    });
  }

  for (const [stapled, shown, data] of STAPLED) {
    it(`shows OCSP as "${shown}"`, async () => {
      const evidence = await check({ 'api.healthflow.gov.eg': sight([certificate(54)], stapled === undefined ? {} : { stapled }) });
      const rows = renderMarkdown(evidence.markdown).match(/<td>[^<]*<\/td>\s*<\/tr>/g);
      assert.equal(rows?.[0]?.replace(/<[^>]*>/g, '').trim(), shown);
      assert.deepEqual([evidence.level, endpoints(evidence)[0]?.['ocspStapling']], ['ok', data]);
    });
  }

  it('names the worst first: what fails, what will fail, what nobody knows', async () => {
    const { level, summary, markdown } = await check({
      'fine.example': sight([certificate(100)]),
      'soon.example': sight([certificate(10)]),
      'away.example': { outcome: 'unreachable', problem: 'away.example:443 refused the connection' },
      'sooner.example': sight([certificate(3)]),
      'self.example': sight([certificate(54)], { distrust: ['selfSigned'] }),
      'expired.example': sight([certificate(-1)], { distrust: ['expired'] }),
    });
    assert.deepEqual([level, summary], ['bad', 'expired.example expired 1 d 0 h ago; self.example is self-signed; sooner.example expires in 3 days; '
      + 'soon.example expires in 10 days; away.example could not be asked: away.example:443 refused the connection']);
    const order = [...markdown.matchAll(/^\| ` (\w+)\.example `/gm)].map(([, name]) => name);
    assert.deepEqual(order, ['expired', 'self', 'sooner', 'soon', 'away', 'fine']);
  });

  it('says which of several is the first to expire when all are well', async () => {
    const { level, summary } = await check({ 'a.example': sight([certificate(100)]), 'b.example': sight([certificate(54)]) });
    assert.deepEqual([level, summary], ['ok', 'All 2 certificates are trusted, the first expires in 54 days (b.example)']);
  });

  it('takes the days from its inputs, and refuses what is none', async () => {
    const seen = { 'a.example': sight([certificate(20)]) };
    assert.equal((await check(seen, { inputs: { warnDays: 20 } })).level, 'warn');
    assert.equal((await check(seen, { inputs: { warnDays: 19, badDays: 20 } })).level, 'bad');
    await assert.rejects(check(seen, { inputs: { warnDays: -1 } }), UserError);
    await assert.rejects(check(seen, { inputs: { badDays: 'three' } }), UserError);
  });

  it('lists what is asked over plain http as without TLS, which is no finding beside others', async () => {
    const plain: RunbookEndpoint = { name: 'Internal', url: 'http://internal.example/', kind: 'api' };
    const { level, summary, markdown, data } = await check({ 'api.healthflow.gov.eg': sight([certificate(54)]) }, { endpoints: [plain, HEALTH] });
    assert.deepEqual([level, summary], ['ok', 'api.healthflow.gov.eg is trusted and expires in 54 days; 1 host without TLS']);
    assert.match(markdown, /^\| ` internal\.example ` Internal \| no TLS \| –/m);
    assert.deepEqual((data['endpoints'] as unknown[])[1], { host: 'internal.example', endpoints: ['Internal'], verdict: 'has no TLS', outcome: 'noTls' });
    const alone = await check({}, { endpoints: [plain] });
    assert.deepEqual([alone.level, alone.summary], ['unknown', 'No certificate to check: 1 host without TLS']);
  });

  it('is unknown where the settings replace https by http, and without endpoints', async () => {
    const replaced = await check({}, { endpoints: [HEALTH], origins: { [API]: 'http://127.0.0.1:8080' } });
    assert.deepEqual([replaced.level, replaced.summary], ['unknown', 'api.healthflow.gov.eg is asked at http://127.0.0.1:8080, where there is no TLS']);
    const none = await check({}, { endpoints: [] });
    assert.deepEqual([none.level, none.summary], ['unknown', 'The runbook names no endpoint']);
  });

  it('looks once at each name and address, all at the same time, with the longest time-out', async () => {
    const targets: TlsTarget[] = [];
    let release = (): void => undefined;
    const all = new Promise<void>((resolve) => { release = resolve; });
    const action = certificateCheck(async (target) => {
      targets.push(target);
      if (targets.length === 4) {
        release();
      }
      await all;
      return sight([certificate(54)]);
    });
    const evidence = await runRead(action, 'checkCertificate', {
      endpoints: [HEALTH, { ...HEALTH, name: 'API version', url: `${API}/version`, timeoutMs: 9_000 }, { ...HEALTH, name: 'Explicit port', url: `${API}:443/` },
        { ...HEALTH, url: 'https://API.healthflow.gov.eg:8443/' }, { ...HEALTH, url: 'https://[::1]:9443/x', timeoutMs: 200 }, portal('portal.example')],
      origins: { 'https://portal.example': 'https://127.0.0.1:7443' },
    });
    assert.deepEqual(targets, [
      { host: 'api.healthflow.gov.eg', port: 443, name: 'api.healthflow.gov.eg', timeoutMs: 9_000 },
      { host: 'api.healthflow.gov.eg', port: 8443, name: 'api.healthflow.gov.eg', timeoutMs: 5_000 },
      { host: '::1', port: 9443, name: '::1', timeoutMs: 200 },
      // Through a tunnel the name stays that of the runbook.
      { host: '127.0.0.1', port: 7443, name: 'portal.example', timeoutMs: 5_000 },
    ]);
    assert.deepEqual(endpoints(evidence).map(({ host, endpoints: names, askedAt }) => [host, names, askedAt]), [
      ['api.healthflow.gov.eg', ['API health', 'API version', 'Explicit port'], undefined],
      ['api.healthflow.gov.eg:8443', ['API health'], undefined],
      ['[::1]:9443', ['API health'], undefined],
      ['portal.example', ['portal.example'], 'https://127.0.0.1:7443'],
    ]);
  });

  it('shows certificate and chain, and gives them as data', async () => {
    const evidence = await check({ 'api.healthflow.gov.eg': sight([certificate(54), issuer(20.5)]) }, { endpoints: [HEALTH] });
    const [endpoint] = endpoints(evidence);
    const leaf = { subject: 'api.healthflow.gov.eg', issuer: 'Amazon RSA 2048 M02', validFrom: iso(START - 300 * DAY), validTo: iso(START + 54 * DAY), daysLeft: 54 };
    assert.deepEqual(endpoint, {
      host: 'api.healthflow.gov.eg', endpoints: ['API health'], outcome: 'seen', level: 'ok',
      verdict: 'depends on the certificate of Amazon RSA 2048 M02, which expires in 20 days',
      ...leaf,
      alternativeNames: ['api.healthflow.gov.eg', '*.api.healthflow.gov.eg'],
      earliestExpiry: iso(START + 20.5 * DAY), daysToEarliestExpiry: 20,
      trusted: true, distrust: [],
      chain: [leaf, { ...leaf, subject: 'Amazon RSA 2048 M02', issuer: 'Amazon Root CA 1', validTo: iso(START + 20.5 * DAY), daysLeft: 20 }],
      protocol: 'TLSv1.3', ocspStapling: 'not stapled',
    });
    const text = renderMarkdown(evidence.markdown).replace(/<[^>]*>/g, '|').replace(/[|\s]*\|[|\s]*/g, '|');
    assert.match(text, /\|api\.healthflow\.gov\.eg\|Amazon RSA 2048 M02\|2026-01-27 03:00:00 UTC\|2027-01-16 03:00:00 UTC\|54\|TLSv1\.3\|not stapled\|/);
    assert.match(text, /\|For api\.healthflow\.gov\.eg, \*\.api\.healthflow\.gov\.eg\.\|/);
    assert.match(text, /\|Amazon RSA 2048 M02\|Amazon Root CA 1\|2026-12-13 15:00:00 UTC\|20\|/);
  });

  it('draws what a certificate says as text, whatever it says', async () => {
    const hostile = '<img src=x onerror=alert(1)> | [click](https://evil.example) ` **x**';
    const { markdown } = await check({
      'a.example': sight([certificate(54, { subject: hostile, issuer: hostile })], { names: [hostile], distrust: ['unknownIssuer', 'wrongHost'], protocol: hostile, stapled: { status: 'error', reason: hostile } }),
    });
    const html = renderMarkdown(markdown);
    assert.doesNotMatch(html, /<img|<a |<strong>/);
    // Every row keeps the columns of its table.
    assert.deepEqual([...html.matchAll(/<tr>([\s\S]*?)<\/tr>/g)].map(([, row]) => row?.match(/<t[hd]/g)?.length), [9, 9, 4, 4]);
  });

  it('is cancelled with the looks', async () => {
    const abort = new AbortController();
    const action = certificateCheck((_target, signal) => new Promise((_resolve, reject) => { signal.addEventListener('abort', () => { reject(new CancelledError()); }); }));
    const running = runRead(action, 'checkCertificate', { endpoints: [HEALTH], signal: abort.signal });
    abort.abort();
    await assert.rejects(running, CancelledError);
  });
});

function endpoints({ data }: Evidence): readonly Record<string, unknown>[] {
  return data['endpoints'] as readonly Record<string, unknown>[];
}
