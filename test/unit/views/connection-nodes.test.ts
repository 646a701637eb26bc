import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { ConnectionEntry } from '../../../src/connection-store.ts';
import { connectionNodes, connectionPlace } from '../../../src/views/connection-nodes.ts';
import { renderMarkdown } from '../../support/render-markdown.ts';

function entry(changes: Partial<ConnectionEntry> = {}): ConnectionEntry {
  return { service: 'github', title: 'GitHub', use: 'Tickets', state: 'not connected', fields: {}, ...changes };
}

describe('the Connections view', () => {
  const fields = { url: 'https://api.github.com', repository: 'acme/shop' };

  it('says whether a service is connected and where to, and offers menus accordingly', () => {
    const nodes = connectionNodes([
      entry(),
      entry({ state: 'connected', fields }),
      entry({ state: 'practice', fields: { ...fields, url: 'http://127.0.0.1:5000' } }),
      entry({ state: 'signed out', fields, problem: 'VS Code is not signed in to GitHub.' }),
      entry({ problem: 'This workspace is in Restricted Mode.' }),
    ]);
    assert.deepEqual(nodes.map(({ label, description, mark, context }) => [label, description, mark, context]), [
      ['GitHub', 'Tickets', 'not connected', 'connection.disconnected'],
      ['GitHub', 'acme/shop on api.github.com', 'connected', 'connection.connected'],
      ['GitHub', 'practice environment · acme/shop on 127.0.0.1:5000', 'practice', 'connection.practice'],
      ['GitHub', 'signed out · acme/shop on api.github.com', 'signed out', 'connection.signedOut'],
      ['GitHub', 'This workspace is in Restricted Mode.', 'bad', 'connection.disconnected'],
    ]);
    assert.match(nodes[3]?.tooltip ?? '', /not signed in/);
    assert.deepEqual(new Set(nodes.map(({ click, service }) => `${click} ${service}`)), new Set(['incidentRunbook.connect github']));
  });

  it('names the host of an address and not its path, which may be a secret of a webhook', () => {
    assert.equal(connectionPlace('webhook', { url: 'https://hooks.example.com/T0/B0/verysecret' }), 'hooks.example.com');
    assert.equal(connectionPlace('statuspage', { url: 'https://api.statuspage.io/v1', page: 'abc' }), 'abc on api.statuspage.io');
    assert.equal(connectionPlace('mail', { host: 'smtp.example.com', port: '587', from: 'incidents@example.com' }), 'smtp.example.com, from incidents@example.com');
    assert.equal(connectionPlace('slack', {}), '');
  });

  it('does not give it away in the tooltip either', () => {
    const [node] = connectionNodes([entry({ service: 'webhook', state: 'connected', fields: { url: 'https://hooks.example.com/T0/B0/verysecret' } })]);
    assert.match(node?.tooltip ?? '', /hooks\.example\.com/);
    assert.doesNotMatch(node?.tooltip ?? '', /verysecret/);
  });

  it('makes outside text harmless', () => {
    const [node] = connectionNodes([entry({ state: 'connected', fields: { repository: '` <script>alert(1)</script> [x](command:a)' }, problem: '[x](command:a) <b>' })]);
    assert.doesNotMatch(renderMarkdown(node?.tooltip ?? ''), /<script|href="command:|<b>/);
  });
});
