import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Letter } from '../../../src/steps/step.ts';
import { previewPost } from '../../../src/views/post-preview.ts';

const MESSAGE: Letter = { service: 'slack', call: 'postMessage', target: '#incidents', text: 'Portals answer 503', data: { channel: '#incidents' } };
const TICKET: Letter = { service: 'github', call: 'createIssue', target: 'acme/shop', text: 'Detected by \\`cloud\\-watch\\`', data: { title: 'INCIDENT: Portals', labels: ['incident', 'P1'], assignees: [] } };
const MAIL: Letter = { service: 'mail', call: 'send', target: 'Product Owner', text: 'We look into it.', data: { to: ['productOwner'], subject: 'P1 Portals answer 503' } };
const CALL: Letter = { service: 'workspace', call: 'phone', target: 'Executive Team', text: 'Say that it is a P1', data: { contact: 'executiveTeam' }, byHand: 'A person calls' };

const preview = (letters: readonly Letter[], missing: readonly string[] = [], notes: readonly string[] = []) => previewPost({ events: [], summary: '', letters, notes }, new Map(missing.map((service) => [service, `${service} is not connected.`])));

describe('what is shown before it is sent', () => {
  it('says to whom and by which way, with the title, the labels or the subject before the text', () => {
    assert.equal(preview([MESSAGE, TICKET, MAIL], [], ['On\\-Call Engineer is away.']).detail, [
      'On-Call Engineer is away.', '',
      '#incidents, through Slack', 'Portals answer 503', '',
      'acme/shop, through GitHub', 'Title: INCIDENT: Portals', 'Labels: incident, P1', 'Detected by `cloud-watch`', '',
      'Product Owner, through Mail', 'Subject: P1 Portals answer 503', 'We look into it.',
    ].join('\n'));
  });

  it('is sent as long as one of it goes by itself, and else only recorded', () => {
    assert.deepEqual([[MESSAGE, CALL], [CALL], [CALL, MESSAGE]].map((letters, place) => preview(letters, place === 2 ? ['slack'] : []).button), ['Send', 'Record', 'Record']);
    assert.match(preview([CALL, MESSAGE], ['slack']).detail, /^Executive Team, by hand: A person calls\n[^]*#incidents, by hand: slack is not connected\.\n/);
  });

  it('fits on a screen', () => {
    const long = { ...MESSAGE, text: 'x'.repeat(5_000) };
    assert.ok(preview([long]).detail.endsWith(`\n${'x'.repeat(1_500)}…`));
    assert.ok(preview(Array.from({ length: 30 }, () => long)).detail.endsWith(`\n${'x'.repeat(150)}…`));
  });
});
