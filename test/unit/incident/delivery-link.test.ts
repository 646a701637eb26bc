import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Delivery } from '../../../src/incident/deliveries.ts';
import { linkQuestion, resultOfLink } from '../../../src/incident/delivery-link.ts';

type Asked = Pick<Delivery, 'service' | 'call' | 'data'>;

const issue: Asked = { service: 'github', call: 'createIssue', data: {} };
const channel: Asked = { service: 'slack', call: 'createChannel', data: { name: 'incident-20261123' } };
const page: Asked = { service: 'statuspage', call: 'createIncident', data: {} };

describe('the link of what was made by hand', () => {
  it('is asked for where later deliveries need it', () => {
    assert.deepEqual([issue, channel, page].map((asked) => linkQuestion(asked)?.what), ['the issue', 'the channel', 'the incident on the status page']);
    assert.equal(linkQuestion({ service: 'slack', call: 'postMessage' }), undefined);
  });

  it('looks like the example that is given', () => {
    for (const asked of [issue, channel, page]) {
      assert.ok(resultOfLink(asked, linkQuestion(asked)?.example ?? ''), asked.call);
    }
  });

  it('says what the service would have answered', () => {
    assert.deepEqual(resultOfLink(issue, ' https://ghe.acme.example/acme/shop.web/issues/7#issuecomment-1 '), {
      repository: 'acme/shop.web', number: 7, url: 'https://ghe.acme.example/acme/shop.web/issues/7#issuecomment-1', labels: [], assignees: [],
    });
    assert.deepEqual(resultOfLink(channel, 'https://app.slack.com/client/T012/C0ABC'), { channel: 'C0ABC', name: 'incident-20261123', url: 'https://app.slack.com/client/T012/C0ABC' });
    assert.deepEqual(resultOfLink(page, 'https://stspg.io/incidents/k5x'), { id: 'k5x', url: 'https://stspg.io/incidents/k5x' });
  });

  it('is refused when it leads elsewhere', () => {
    for (const link of ['', 'http://github.com/acme/shop/issues/7', 'https://github.com/acme/shop/pull/7', 'https://github.com/acme/shop/issues/new', 'https://github.com/acme/shop/issues/0', 'acme/shop#7', 'https://github.com/acme/shop/issues/7 rm']) {
      assert.equal(resultOfLink(issue, link), undefined, link);
    }
    assert.equal(resultOfLink(channel, 'https://acme.slack.com/archives/incidents'), undefined);
    assert.equal(resultOfLink({ service: 'slack', call: 'postMessage', data: {} }, 'https://acme.slack.com/archives/C0ABC'), undefined);
  });
});
