import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { platformError, SlackRefusal } from '../../../src/services/slack/refusals.ts';
import { channelName, escapeAndCut, escapeText } from '../../../src/services/slack/text.ts';

describe('Text for Slack', () => {
  it('from outside commands nothing', () => {
    assert.equal(escapeText('a < b && c > d'), 'a &lt; b &amp;&amp; c &gt; d');
    for (const command of ['<!channel>', '<!here|here>', '<!everyone>', '<@U00000001>', '<!subteam^S00000001>', '<https://evil.example|https://good.example>', '&lt;!channel&gt;']) {
      assert.doesNotMatch(escapeText(command), /[<>]|&(?!amp;|lt;|gt;)/, command);
    }
    assert.equal(escapeText('&lt;!channel&gt;'), '&amp;lt;!channel&amp;gt;', 'what was escaped before stays what was written');
  });

  it('is cut to what Slack takes, escapes counted and whole', () => {
    assert.equal(escapeAndCut('x'.repeat(250), 250), 'x'.repeat(250));
    assert.equal(escapeAndCut('x'.repeat(251), 250), `${'x'.repeat(249)}…`);
    assert.equal(escapeAndCut('<<<<', 10), '&lt;&lt;…');
    assert.equal(escapeAndCut('<<', 8), '&lt;&lt;');
    assert.equal(escapeAndCut('ab cd', 4), 'ab…');
    assert.equal(escapeAndCut('🔥🔥🔥', 5), '🔥🔥…', 'no half of a character');
  });
});

describe('The name of a channel', () => {
  it('is lower case, without what Slack does not take', () => {
    assert.equal(channelName('incident-20261123'), 'incident-20261123');
    assert.equal(channelName('#War Room: Zahlung & Versand!'), 'war-room-zahlung-versand');
    assert.equal(channelName('Éclair_Übung'), 'eclair_ubung');
    assert.equal(channelName('…'), 'incident');
  });

  it('has a number when the name is taken, and never more than 80 characters', () => {
    assert.equal(channelName('incident-20261123', 2), 'incident-20261123-2');
    const long = `incident-${'x'.repeat(90)}`;
    assert.deepEqual([channelName(long).length, channelName(long, 20).length], [80, 80]);
    assert.match(channelName(long, 20), /x-20$/);
    assert.equal(channelName(`${'x'.repeat(76)}-yyyy`, 12), `${'x'.repeat(76)}-12`, 'no two hyphens');
  });
});

describe('A failure that Slack names', () => {
  const kindOf = (code: string): string => platformError({ code }, '#incidents').kind;

  it('is a refusal with its code, unless Slack cannot say or wants to be asked later', () => {
    for (const code of ['not_in_channel', 'channel_not_found', 'is_archived', 'missing_scope', 'invalid_auth', 'token_revoked', 'restricted_action', 'msg_too_long', 'some_new_code']) {
      const refusal = platformError({ code }, '#incidents');
      assert.ok(refusal instanceof SlackRefusal);
      assert.deepEqual([refusal.kind, refusal.code], ['refused', code]);
    }
    assert.deepEqual(['internal_error', 'fatal_error', 'service_unavailable'].map(kindOf), ['in doubt', 'in doubt', 'in doubt']);
    assert.deepEqual(['ratelimited', 'rate_limited', 'request_timeout', 'team_added_to_org'].map(kindOf), ['not sent', 'not sent', 'not sent', 'not sent']);
    assert.equal(platformError({ code: 'ratelimited', retryAfterMs: 30_000 }, '').retryAfterMs, 30_000);
    assert.equal(kindOf('toString'), 'refused');
  });

  it('says what puts it right', () => {
    const words = (code: string, needed?: string): string => platformError({ code, needed }, '#incidents').message;
    assert.match(words('not_in_channel'), /^The app is not in #incidents\. Invite it there with "\/invite @"/);
    assert.match(words('channel_not_found'), /no channel #incidents\. Create it/);
    assert.match(words('is_archived'), /^#incidents is archived\. Unarchive it/);
    assert.match(words('missing_scope', 'chat:write'), /lacks the scope chat:write\. Add it under "OAuth & Permissions"/);
    assert.match(words('missing_scope'), /lacks the scope that this needs/);
    assert.match(words('invalid_auth'), /Connect Slack again/);
    assert.match(words('token_revoked'), /Connect Slack again/);
    assert.match(words('restricted_action'), /Ask a workspace admin/);
    assert.match(words('msg_too_long'), /Shorten it/);
    assert.match(words('some_new_code'), /\(some_new_code\)\. Look the code up at https:\/\/docs\.slack\.dev/);
  });
});
