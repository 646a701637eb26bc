import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { NewEvent } from '../../../src/incident/events.ts';
import { createRedactor, redactEvent } from '../../../src/incident/redact.ts';
import { escapeMarkdown } from '../../../src/incident/markdown.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';

const redact = createRedactor();

/** Invented, and put together here so that no scanner takes this file for a leak. */
function made(prefix: string, length: number, alphabet = 'aB3dE5fG7hJ9kL2mN4pQ6rS8tU'): string {
  return prefix + Array.from({ length }, (_, index) => alphabet[(index * 7 + length) % alphabet.length]).join('');
}
const hex = (length: number): string => made('', length, '0f1e2d3c4b5a69788796a5b4c3d2e1f0');

const JWT = [made('eyJ', 20), made('eyJ', 40), made('', 43)].join('.');
const AWS_KEY = made('AKIA', 16, 'A3C5E7G2');
const AWS_SECRET = made('', 40, 'wJalr/XUtn+FEMI7K');
const PEM = ['-----BEGIN RSA PRIVATE KEY-----', made('MII', 60), made('', 64), '-----END RSA PRIVATE KEY-----'].join('\n');

/** A line with a secret in it, and the secret. What stays of the line is in the third place where it matters. */
const SECRETS: readonly (readonly [what: string, line: string, secret: string, stays?: RegExp])[] = [
  // GitHub
  ...['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'].map((prefix) => [`GitHub token ${prefix}`, `cloning with ${made(prefix, 36)} failed`, made(prefix, 36), /^cloning with .* failed$/] as const),
  ['GitHub fine-grained token', `token ${made('github_pat_', 82)}`, made('github_pat_', 82)],
  ['GitHub token in a remote', `https://x-access-token:${made('ghs_', 36)}@github.com/healthflow/portal.git`, made('ghs_', 36), /github\.com\/healthflow\/portal\.git/],
  // Slack
  ...['xoxb-', 'xoxp-', 'xoxe-', 'xapp-'].map((prefix) => [`Slack token ${prefix}`, `slack said invalid_auth for ${made(prefix, 40)}`, made(prefix, 40)] as const),
  ['Slack webhook', `POST https://hooks.slack.com/services/${made('T', 9)}/${made('B', 9)}/${made('', 24)} 404`, made('', 24), / 404$/],
  // PagerDuty
  ['PagerDuty routing key', `{"routing_key":"${hex(32)}","event_action":"trigger"}`, hex(32), /"event_action":"trigger"/],
  ['PagerDuty REST key', `Authorization: Token token=${made('u+', 18)}`, made('u+', 18), /^Authorization: Token/],
  // Datadog
  ['Datadog API key in a header', `DD-API-KEY: ${hex(32)}`, hex(32), /^DD-API-KEY: /],
  ['Datadog application key', `dd-application-key: ${hex(40)}`, hex(40)],
  ['Datadog key in the environment', `DD_APP_KEY=${hex(40)} node server.js`, hex(40), /node server\.js$/],
  // Statuspage
  ['Statuspage key', `curl -H "Authorization: OAuth ${made('', 36)}" https://api.statuspage.io/v1/pages`, made('', 36), /api\.statuspage\.io/],
  // What applications call it
  ['private key in JSON', `{"private_key":"${made('', 30)}","id":7}`, made('', 30), /"id":7/],
  ['passphrase', `passphrase=${made('', 20)} tries=2`, made('', 20), /tries=2$/],
  ['credential', `credential: ${made('', 24)}`, made('', 24), /^credential: /],
  ['cookies', `Cookie: session=${made('', 24)}; theme=dark`, made('', 24), /^Cookie: /],
  ['cookie that is set', `"set-cookie": "sid=${made('', 24)}; HttpOnly", "status": 200`, made('', 24), /"status": 200$/],
  // AWS
  ['AWS access key id', `caller ${AWS_KEY} is not authorized`, AWS_KEY, /^caller .* is not authorized$/],
  ['AWS temporary key id', `ASIA${AWS_KEY.slice(4)}`, AWS_KEY.slice(4)],
  ['AWS secret key in a profile', `aws_secret_access_key = ${AWS_SECRET}`, AWS_SECRET],
  ['AWS secret key in JSON', `"SecretAccessKey": "${AWS_SECRET}",`, AWS_SECRET],
  ['AWS session token', `AWS_SESSION_TOKEN=${made('IQoJ', 90)}`, made('IQoJ', 90)],
  // PostgreSQL, Redis, SMTP
  ['PostgreSQL connection string', 'postgres://healthflow:s3cr3t-Pw@db.internal:5432/portal?sslmode=require', 's3cr3t-Pw', /^postgres:\/\/healthflow:.*@db\.internal:5432\/portal\?sslmode=require$/],
  ['PostgreSQL password with an @', 'postgresql://app:p@ss@w0rd@10.0.3.7/portal', 'p@ss@w0rd', /@10\.0\.3\.7\/portal$/],
  ['PostgreSQL password with a slash', 'postgresql://app:p4ss/w0rd@10.0.3.7/portal', 'w0rd'],
  ['libpq keywords', 'host=db.internal user=app password=s3cr3t-Pw dbname=portal', 's3cr3t-Pw', /host=db\.internal user=app .*dbname=portal$/],
  ['libpq keywords, quoted', "host=db.internal password='two words' dbname=portal", 'words', /dbname=portal$/],
  ['PGPASSWORD', 'PGPASSWORD=s3cr3t-Pw psql -h db', 's3cr3t-Pw', /psql -h db$/],
  ['Redis URL without a user', 'rediss://:s3cr3t-Pw@cache.internal:6379/0', 's3cr3t-Pw', /@cache\.internal:6379\/0$/],
  ['SMTP URL', 'smtps://robot:s3cr3t-Pw@smtp.internal:465', 's3cr3t-Pw'],
  // HTTP and general
  ['bearer header', `authorization: Bearer ${made('', 30)}`, made('', 30), /^authorization: Bearer /],
  ['bearer header in JSON', `{"Authorization":"Bearer ${made('', 30)}","host":"a"}`, made('', 30), /"host":"a"/],
  ['basic header', `Authorization: Basic ${Buffer.from('user:pass').toString('base64')}`, Buffer.from('user:pass').toString('base64')],
  ['bearer token in prose', `refused bearer ${made('', 24)}`, made('', 24)],
  ['JWT', `invalid token ${JWT} for user 7`, JWT, / for user 7$/],
  ['private key', `key is ${PEM} end`, made('', 64), / end$/],
  ['private key that is cut off', PEM.slice(0, 120), made('MII', 60)],
  ['password in JSON', '{"user":"a","password":"s3cr3t-Pw","port":1}', 's3cr3t-Pw', /"user":"a".*"port":1/],
  ['password with blanks and commas in JSON', '{"password":"correct, horse; battery","port":1}', 'battery', /"port":1/],
  ['password in JSON inside JSON', String.raw`{"body":"{\"password\":\"s3cr3t-Pw\",\"port\":1}"}`, 's3cr3t-Pw', /port/],
  ['password in a Ruby hash', '{:password => "s3cr3t-Pw", :port => 1}', 's3cr3t-Pw', /port/],
  ['quoted token of an authorization', `Authorization: Token token="${made('', 20)}"`, made('', 20)],
  ['access token in a query', `/callback?access_token=${made('', 30)}&state=1`, made('', 30), /state=1$/],
  ['token in JSON', `{"token":"${made('', 30)}","page":1}`, made('', 30), /"page":1/],
  ['password that begins with a bracket', 'password=[x9]kd', 'x9'],
  ['short password', 'password=abc', 'abc'],
  ['query string', '/login?user=a&api_key=0123456789abcdef&page=2', '0123456789abcdef', /page=2$/],
  ['client secret', `client_secret: ${made('', 24)}`, made('', 24)],
  // Personal data
  ['e-mail address', 'no user mona.ali+rx@mail.healthflow.gov.eg found', 'mona.ali', /^no user .* found$/],
  ['Egyptian national id', 'patient 29805120101234 not found', '29805120101234', /^patient .* not found$/],
  ['Egyptian national id of this century', 'nid=30501018800015;', '30501018800015'],
  ['Egyptian mobile number', 'sms to 01012345678 failed', '01012345678', /^sms to .* failed$/],
  ['Egyptian mobile number, grouped', 'call 0100 123 4567 now', '123 4567'],
  ['Egyptian mobile number, international', 'sms to +201112345678', '1112345678'],
  ['Egyptian mobile number, 0020', 'sms to 00201212345678', '1212345678'],
  ['Cairo landline', 'call +20 2 2345 6789', '2345 6789'],
];

const STAYS: readonly string[] = [
  '2026-11-23T03:07:12.345Z', '2026-11-23T03:07:12+02:00', '2026-11-23 03:07:12 UTC', '20261123030712', '1795402032345', '1795402032',
  '3f2504e0-4f89-41d3-9a0c-0305e82c3301', '01KAQ8ZJ3V9Y1W5T7R2N4M6P8Q', 'INC-20261123-7KQ4', '123456789012',
  'arn:aws:ecs:eu-central-1:123456789012:service/healthflow-production-cluster/healthflow-backend-service',
  'arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/healthflow/0123456789abcdef',
  'healthflow-backend:42', 'v1.12.3-rc.1+build.20261123', '10.0.3.7:5432', '2001:db8::8a2e:370:7334', 'CPUUtilization 87.5 % (peak 99 %)',
  'DatabaseConnections 96 of 100 (Average, Maximum)', 'checkDatabaseConnectivity', 'SQLSTATE 53300', 'sha256:9f86d081884c7d659a2feaa0c55ad015',
  'HTTP 503 after 5000 ms', 'latency 0.000123 s', '+12.5 %', 'https://api.healthflow.gov.eg/health?verbose=1', 'http://127.0.0.1:8080/a@b',
  'heap 1073741824 bytes', 'ERROR: sorry, too many clients already', 'port 5432: connection refused', 'Secret rotation finished', 'tokens: 5', '{"hasPassword":true,"passwordAge":null}', "Unexpected token '<', \"<html>\" is not valid JSON", 'secrets: [ "see below" ]',
  'request took 00123456 us', '/aws/ecs/healthflow-production', 'db.r6g.large', 'src/db/pool.js:17:23', 'The password of the user is wrong',
  'Token is expired. Run aws sso login --profile production', '9805120101234567', 'task 29805120101234567890',
];

describe('createRedactor', () => {
  for (const [what, line, secret, stays] of SECRETS) {
    it(`hides: ${what}`, () => {
      const hidden = redact(line);
      assert.ok(!hidden.includes(secret), hidden);
      assert.match(hidden, /\[redacted: [^\]]+\]/);
      if (stays !== undefined) {
        assert.match(hidden, stays);
      }
    });
  }

  it('hides it as well once the text is escaped for Markdown, and leaves the rest as it was', () => {
    for (const [what, line, secret] of SECRETS) {
      const hidden = redact(escapeMarkdown(line)).replace(/\\([!-/:-@[-`{-~])/g, '$1');
      assert.ok(!hidden.includes(secret), `${what}: ${hidden}`);
      assert.match(hidden, /\[redacted: [^\]]+\]/, what);
    }
    assert.equal(redact(escapeMarkdown('*no* user_1 mona@example.com [x](y)')), '\\*no\\* user\\_1 [redacted: e-mail address] \\[x\\]\\(y\\)');
    const kept = STAYS.map(escapeMarkdown);
    assert.deepEqual(kept.map(redact), kept);
  });

  for (const text of STAYS) {
    it(`keeps: ${text}`, () => {
      assert.equal(redact(text), text);
    });
  }

  it('changes nothing the second time, whatever the text', () => {
    const piece = fc.constantFrom(...SECRETS.flatMap(([, line, secret]) => [line, secret]), ...STAYS, ...SECRETS.map(([, line]) => escapeMarkdown(line)), 'Authorization:', 'password=', 'token: ');
    const separator = fc.constantFrom(' ', '"', "'", ', ', '\n', '\\"', ': ', ' = ');
    fc.assert(fc.property(fc.array(fc.tuple(piece, separator), { maxLength: 5 }), (parts) => {
      const once = redact(parts.flat().join(''));
      assert.equal(redact(once), once);
    }), { numRuns: 3_000 });
  }).timeout(10_000);

  it('is not held up by a line made to hold it up', () => {
    for (const unit of ['a-', 'a.', 'password', 'eyJ-', 'a:', '://', '1 ', '+1', 'x@', '"', '\\"', 'bearer ', '-----BEGIN PRIVATE KEY-----']) {
      const line = unit.repeat(200_000 / unit.length);
      assert.equal(typeof redact(line), 'string');
    }
  }).timeout(10_000);

  it('hides a secret wherever it stands in a value, and keeps the shape of the value', () => {
    const token = made('ghp_', 36);
    const value = { a: [1, null, true, token, { b: `x ${token}` }], [token]: 'key', none: undefined };
    assert.deepEqual(redact(value), {
      a: [1, null, true, '[redacted: GitHub token]', { b: 'x [redacted: GitHub token]' }], '[redacted: GitHub token]': 'key', none: undefined,
    });
  });

  it('hides what stands under a key that names a secret, whatever it looks like', () => {
    const hidden = '[redacted: secret]';
    assert.deepEqual(
      redact({ password: 'x', DB_PASSWORD: 'a b', clientSecret: 'y', 'api-key': 'z', sessionToken: 't', Authorization: 'u', headers: { 'dd-application-key': 'v' } }),
      { password: hidden, DB_PASSWORD: hidden, clientSecret: hidden, 'api-key': hidden, sessionToken: hidden, Authorization: hidden, headers: { 'dd-application-key': hidden } },
    );
    assert.deepEqual(redact({ passwords: ['one', 'two'], secret: { value: 'three' }, pwd: 1234 }), { passwords: [hidden, hidden], secret: { value: hidden }, pwd: hidden });
  });

  it('leaves the value as it was', () => {
    const value = { password: 'x', list: ['mona@example.com'] };
    redact(value);
    assert.deepEqual(value, { password: 'x', list: ['mona@example.com'] });
  });

  it("applies the runbook's own patterns too", () => {
    const own = createRedactor(bundledRunbook().redaction);
    assert.equal(own('order RX-2026-00012345 by 29805120101234'), 'order [redacted: prescription number] by [redacted: national id]');
    assert.equal(own('order RX\\-2026\\-00012345 \\*'), 'order [redacted: prescription number] \\*');
    assert.equal(redact('order RX-2026-00012345'), 'order RX-2026-00012345');
    assert.equal(createRedactor([{ name: 'ward', pattern: 'ward \\p{Lu}\\d' }])('in ward Ä7'), 'in [redacted: ward]');
  });
});

describe('redactEvent', () => {
  it('hides secrets in what is said and keeps who has a role', () => {
    const finding: NewEvent = { type: 'finding.documented', text: 'seen by mona@example.com', excerpt: { source: 'a.env', language: '', startLine: 1, endLine: 1, text: 'PGPASSWORD=s3cr3t-Pw' } };
    assert.deepEqual(redactEvent(finding, redact), {
      ...finding, text: 'seen by [redacted: e-mail address]', excerpt: { source: 'a.env', language: '', startLine: 1, endLine: 1, text: 'PGPASSWORD=[redacted: secret]' },
    });
    const role: NewEvent = { type: 'role.assigned', role: 'scribe', person: 'mona@example.com' };
    assert.equal(redactEvent(role, redact), role);
  });
});
