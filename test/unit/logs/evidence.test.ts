import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { excerptMarkdown } from '../../../src/incident/excerpt.ts';
import { evidenceEvent, originOfMessages } from '../../../src/logs/evidence.ts';
import type { ShownMessage } from '../../../src/logs/log-entry.ts';
import { cloudWatchLink, gitHubLink } from '../../../src/logs/permalinks.ts';
import { START } from '../../support/clock.ts';

const SELECTED = { text: '\n  ERROR: too many clients\n    at pool.js:17\n', origin: '/aws/a, stream s', source: 'Incident Logs', language: 'log', startLine: 4, endLine: 6 };

function excerptOf(event: ReturnType<typeof evidenceEvent>) {
  return event.type === 'finding.documented' ? event.excerpt ?? assert.fail() : assert.fail();
}

describe('evidence', () => {
  it('is headed by its first line and stands at the time of its first event', () => {
    const event = evidenceEvent({ ...SELECTED, at: START, link: 'https://x.example/' });
    assert.deepEqual(event, {
      type: 'finding.documented', at: new Date(START).toISOString(), text: 'ERROR: too many clients',
      excerpt: { source: 'Incident Logs', language: 'log', startLine: 4, endLine: 6, text: '\n  ERROR: too many clients\n    at pool.js:17', origin: '/aws/a, stream s', link: 'https://x.example/' },
    });
    assert.equal('at' in evidenceEvent(SELECTED), false);
  });

  it('says how much was left out', () => {
    assert.match(excerptOf(evidenceEvent({ ...SELECTED, text: Array.from({ length: 205 }, (_, index) => `line ${index}`).join('\r\n') })).text, /\nline 199\n… 5 more lines$/);
    assert.equal(excerptOf(evidenceEvent({ ...SELECTED, text: 'x'.repeat(50_000) })).text.length, 20_000);
  });

  it('is shown with its origin, which leads to its link', () => {
    assert.deepEqual(excerptMarkdown(excerptOf(evidenceEvent({ ...SELECTED, text: 'a', link: 'https://x.example/y' }))), ['[` /aws/a, stream s `](https://x.example/y)', '```log\na\n```']);
    assert.deepEqual(excerptMarkdown({ source: 'a.ts', language: 'ts', startLine: 2, endLine: 3, text: '' }), ['` a.ts:2–3 `']);
  });
});

describe('the origin of log messages', () => {
  const message = (changes: Partial<ShownMessage>): ShownMessage => ({ at: START, group: '/aws/ecs/a', stream: 'ecs/b/1', text: 'x', line: 0, lines: 1, ...changes });

  it('is one stream and its time', () => {
    assert.deepEqual(originOfMessages([message({ at: START + 5 }), message({})], 'eu-central-1'), {
      origin: '/aws/ecs/a, stream ecs/b/1', at: START,
      link: `https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#logsV2:log-groups/log-group/$252Faws$252Fecs$252Fa/log-events/ecs$252Fb$252F1$3Fstart$3D${START}$26end$3D${START + 6}`,
    });
  });

  it('is the group where there are several streams, and has no link over several groups', () => {
    assert.match(originOfMessages([message({}), message({ stream: 's2' })], 'eu-central-1')?.link ?? '', /\/log-events\$3Fstart/);
    const both = originOfMessages([message({}), message({ group: '/b', stream: 's2' })], 'eu-central-1');
    assert.deepEqual(both, { origin: '/aws/ecs/a, /b, streams ecs/b/1, s2', at: START });
    assert.equal(originOfMessages([message({})], undefined)?.link, undefined);
    assert.equal(originOfMessages([], 'eu-central-1'), undefined);
  });

  it('names three of many', () => {
    assert.match(originOfMessages(Array.from({ length: 9 }, (_, index) => message({ stream: `s${index}` })), undefined)?.origin ?? '', /streams s0, s1, s2 and 6 more$/);
  });
});

describe('links for good', () => {
  it('to CloudWatch escape what the console reads itself', () => {
    const link = cloudWatchLink({ region: 'us-gov-west-1', group: 'a b$[x]', from: 1, to: 2 });
    assert.match(link, /^https:\/\/us-gov-west-1\.console\.amazonaws-us-gov\.com\//);
    assert.match(link, /log-group\/a\$2520b\$2524\$255Bx\$255D\/log-events\$3Fstart\$3D1\$26end\$3D2$/);
    assert.match(cloudWatchLink({ region: 'cn-north-1', group: 'g', from: 1, to: 2 }), /console\.amazonaws\.cn/);
  });

  it('to GitHub are made of every form of its address, without what is secret in it', () => {
    const at = { commit: 'abc', path: 'src/a b#.ts', startLine: 3, endLine: 5 };
    const expected = 'https://github.com/acme/shop/blob/abc/src/a%20b%23.ts#L3-L5';
    for (const remote of ['git@github.com:acme/shop.git', 'https://github.com/acme/shop', 'https://mona:ghp_secret@github.com/acme/shop.git', 'ssh://git@github.com:22/acme/shop.git']) {
      assert.equal(gitHubLink(remote, at), expected, remote);
    }
    assert.equal(gitHubLink('https://github.acme.example/team/x.git', { ...at, endLine: 3 }), 'https://github.acme.example/team/x/blob/abc/src/a%20b%23.ts#L3');
  });

  it('to elsewhere are none', () => {
    for (const remote of ['https://gitlab.com/acme/shop.git', '/srv/git/shop.git', 'git@bitbucket.org:acme/shop.git', 'https://notgithub.com/a/b', 'https://github.com/a', '']) {
      assert.equal(gitHubLink(remote, { commit: 'abc', path: 'a', startLine: 1, endLine: 1 }), undefined, remote);
    }
  });
});
