import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { BUILT_IN_RULES, createRedactor, type RedactionRule } from '../../../src/incident/redact.ts';

const ESCAPED = /\\[!-/:-@[-`{-~]|[^]/g;

/** What the redactor has to come to, by trying every pattern on every text. */
function slow(text: string): string {
  const escaped = /\\[!-/:-@[-`{-~]/.test(text);
  let written: string[] = (escaped ? text.match(ESCAPED) : text.split('')) ?? [];
  for (const { name, pattern } of BUILT_IN_RULES) {
    const plain = written.map((character) => character.slice(-1)).join('');
    const parts: string[] = [];
    let end = 0;
    for (const match of plain.matchAll(pattern)) {
      parts.push(...written.slice(end, match.index + (match.groups?.['stays']?.length ?? 0)), ...`[redacted: ${name}]`);
      end = match.index + match[0].length;
    }
    written = [...parts, ...written.slice(end)];
  }
  return written.join('');
}

/** Something that each rule hides, put together so that no scanner takes it for a leak. */
const FOUND: Readonly<Record<string, readonly string[]>> = {
  'private key': [['-----BEGIN', ' RSA PRIVATE', ' KEY-----\nMIIabc\n-----END', ' RSA PRIVATE', ' KEY-----'].join('')],
  password: ['postgresql://app:S3cret@db.internal/x', 'REDIS://app:a/b@cache'],
  authorization: ['AUTHORIZATION: Basic abcdefgh'],
  'bearer token': ['BeArEr abcdefghijkl1234'],
  'GitHub token': [`${'github'}_pat_${'a1B2_'.repeat(8)}`, `${'ghp'}_${'a1B2'.repeat(9)}`],
  'Slack token': [`${'xoxb'}-12345678-abcdefgh`, `${'xapp'}-1-ABCDEFGH`],
  'Slack webhook': [`https://hooks.slack${'.com'}/services/T0/B0/abc`],
  'AWS key id': [`${'AKIA'}${'A3C5'.repeat(4)}`, `${'ASIA'}${'A3C5'.repeat(4)}`],
  token: [`${'eyJ'}hbGciOiJIUzI1NiJ9.${'abcdefgh'.repeat(2)}.sig`],
  secret: ['PASSWORD=hunter22', 'pwd: x1', '{"client_secret":"abc"}', 'api_key=abc', 'accessToken=>abc', '{\\"token\\":\\"abc\\"}', 'Passphrase=abc', 'passcode: 1234', 'private-key: abc', 'CREDENTIALS=abc'],
  cookie: ['Cookie: sid=abc', 'set-cookie: sid=abc; HttpOnly'],
  'e-mail address': ['mona@example.com'],
  'national id': ['28901150112345'],
  'phone number': ['+20 100 123 4567', '0020 1001234567', '01001234567', '011 12345678', '01212345678', '01512345678'],
};
const OTHERS = ['GET /v1 200', ' ', '\n', '\\', '\\@', '"', 'İ', 'K', 'ſ', '00', '+', 'key', 'token', '://', '2026-11-23T03:07:12.345Z'];

describe('what the redaction rules need', () => {
  const text = fc.array(fc.oneof(fc.constantFrom(...Object.values(FOUND).flat(), ...OTHERS), fc.string({ maxLength: 6 })), { maxLength: 8 })
    .chain((parts) => fc.constantFrom(...['', ' ', '\n'].map((between) => parts.join(between))))
    .chain((joined) => fc.constantFrom(joined, joined.toUpperCase(), joined.toLowerCase()));

  it('never keeps one from what it would have found', () => {
    const redact = createRedactor();
    fc.assert(fc.property(text, (line) => { assert.equal(redact(line), slow(line)); }), { numRuns: 5_000 });
  });

  for (const rule of BUILT_IN_RULES) {
    it(`is there in what is found of ${rule.name} ${rule.pattern.source.slice(0, 20)}`, () => {
      const found = (FOUND[rule.name] ?? []).filter((line) => line.search(rule.pattern) !== -1);
      assert.ok(found.length > 0, 'No sample of this rule');
      assert.deepEqual(found.filter((line) => !hasNeeds(rule, line)), []);
    });
  }
});

const hasNeeds = ({ needs }: RedactionRule, line: string): boolean => needs?.some((part) => line.toLowerCase().includes(part)) !== false;
