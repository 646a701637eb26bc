import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { covers, normalised, parseAddresses, parseRange, readAddresses } from '../../../src/steps/addresses.ts';

const texts = (text: string, allowLarge = false): readonly string[] => parseAddresses(text, allowLarge).ranges.map((range) => range.text);
const problem = (text: string, allowLarge = false): string => {
  const { problems, ranges } = parseAddresses(text, allowLarge);
  assert.deepEqual([problems.length, ranges], [1, []], text);
  return problems[0] ?? '';
};

describe('Addresses to block', () => {
  it('are read however they are separated, each once, with their length', () => {
    assert.deepEqual(texts('203.0.113.7, 203.0.113.7/32\n198.51.100.0/24;2001:db8::1  2001:0DB8::/48'), ['203.0.113.7/32', '198.51.100.0/24', '2001:db8::1/128', '2001:db8::/48']);
    assert.deepEqual(parseAddresses('203.0.113.7').problems, []);
  });

  it('keep their problems apart, a sentence each', () => {
    const { ranges, problems } = readAddresses(['203.0.113.7', 'portal', '10.0.0.1']);
    assert.deepEqual([ranges.map(({ text }) => text), problems.length], [['203.0.113.7/32'], 2]);
    problems.forEach((sentence) => { assert.match(sentence, /^.{20,250}\.$/); });
  });

  for (const [text, expected] of [
    ['1.2.3', /no IP address/], ['1.2.3.4.5', /no IP address/], ['256.1.1.1', /no IP address/], ['01.2.3.4', /no IP address/], ['1.2.3.4/', /no IP address/], ['1.2.3.4/24/8', /no IP address/],
    ['1.2.3.4/-1', /no IP address/], ['fe80::1%eth0', /no IP address/], ['1.2.3.4/33', /length of 33; IPv4 has 32 bits/], ['2001:db8::/129', /length of 129; IPv6 has 128 bits/],
    ['8.8.8.8/24', /Write 8\.8\.8\.0\/24 for the whole range, or 8\.8\.8\.8 for the one address/], ['', /Name at least one address/], ['0.0.0.0/0', /every address there is/], ['::/0', /every address there is/],
    ['8.0.0.0/15', /wider than \/16/], ['2001::/31', /wider than \/32/],
    ['10.1.2.3', /10\.0\.0\.0\/8 \(private\)/], ['172.31.255.255', /private/], ['192.168.1.0/24', /private/], ['127.0.0.1', /loopback/], ['169.254.169.254', /link-local/], ['100.64.0.9', /shared by carriers/],
    ['224.0.0.1', /multicast/], ['255.255.255.255', /reserved/], ['0.0.0.1', /this network/], ['::1', /not routed/], ['fd00::1', /not routed/], ['fe80::1', /not routed/], ['ff02::1', /not routed/], ['::ffff:8.8.8.8', /not routed/],
  ] as const) {
    it(`refuse ${text === '' ? 'nothing at all' : text}`, () => { assert.match(problem(text), expected); });
  }

  it('may be wide when that is meant, but never hold what is private', () => {
    assert.deepEqual(texts('8.0.0.0/15 2001:db0::/28', true), ['8.0.0.0/15', '2001:db0::/28']);
    assert.deepEqual(texts('8.8.0.0/16'), ['8.8.0.0/16']);
    assert.match(problem('8.0.0.0/5', true), /10\.0\.0\.0\/8/);
    assert.match(problem('0.0.0.0/0', true), /every address/);
  });

  it('just outside what is reserved are taken', () => {
    assert.deepEqual(texts('172.15.255.255 172.32.0.0 9.255.255.255 11.0.0.0 100.128.0.0 223.255.255.255'), ['172.15.255.255/32', '172.32.0.0/32', '9.255.255.255/32', '11.0.0.0/32', '100.128.0.0/32', '223.255.255.255/32']);
  });

  it('of one list are the same however they are written', () => {
    assert.equal(normalised('2001:0db8:0000:0000:0000:0000:0000:0001/128'), '2001:db8::1/128');
    assert.equal(normalised('2001:db8:0:0:1:0:0:0/80'), '2001:db8:0:0:1::/80');
    assert.equal(normalised('2001:db8::192.0.2.1/128'), '2001:db8::c000:201/128');
    assert.equal(normalised('what is this'), 'what is this');
  });

  it('cover those inside them, of the same family', () => {
    const range = (text: string) => {
      const found = parseRange(text);
      assert.ok(typeof found !== 'string', text);
      return found;
    };
    assert.ok(covers(range('198.51.100.0/24'), range('198.51.100.255')));
    assert.ok(!covers(range('198.51.100.0/24'), range('198.51.101.0')));
    assert.ok(!covers(range('198.51.100.0/24'), range('198.51.0.0/16')));
    assert.ok(covers(range('2001:db8::/48'), range('2001:db8:0:ffff::/64')));
    assert.ok(!covers(range('2001:db8::/32'), range('198.51.100.0/24')));
  });
});
