import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { FollowUp } from '../../../src/incident/follow-ups.ts';
import { followUpNodes } from '../../../src/views/follow-up-nodes.ts';
import { INCIDENT } from '../../support/build-events.ts';
import { START } from '../../support/clock.ts';
import { renderMarkdown } from '../../support/render-markdown.ts';

const DAY_MS = 86_400_000;

function followUp(number: number, change: Partial<FollowUp> = {}): FollowUp {
  return { incident: INCIDENT, title: 'Portals answer 503', delivery: `d${number}`, text: `Action ${number}`, owner: 'ada', assignee: 'ada', repository: 'acme/shop', number, url: `https://github.com/acme/shop/issues/${number}`, state: 'open', overdue: false, ...change };
}

describe('the Follow-ups view', () => {
  it('has the overdue ones first, with a mark and since when', () => {
    const nodes = followUpNodes([
      followUp(1), followUp(2, { due: '2026-12-01' }), followUp(3, { due: '2026-11-20', overdue: true, owner: '' }), followUp(4, { state: 'closed' }), followUp(5, { due: '2026-11-19', overdue: true }),
    ], Date.parse('2026-11-23T03:00:00Z'));
    assert.deepEqual(nodes.map(({ mark, label, description }) => [mark, label, description]), [
      ['overdue', 'Action 5', 'overdue by 3 d 3 h · ada · #5 · Portals answer 503'],
      ['overdue', 'Action 3', 'overdue by 2 d 3 h · nobody · #3 · Portals answer 503'],
      ['follow-up', 'Action 2', 'due 2026-12-01 · ada · #2 · Portals answer 503'],
      ['follow-up', 'Action 1', 'no due date · ada · #1 · Portals answer 503'],
    ]);
  });

  it('opens the issue of the delivery that a row stands for', () => {
    assert.deepEqual(followUpNodes([followUp(1)], START).map(({ click, incident, delivery }) => [click, incident, delivery]), [['incidentRunbook.openDeliveryLink', INCIDENT, 'd1']]);
  });

  it('shows what others wrote as text', () => {
    const [node] = followUpNodes([followUp(1, { text: '[x](command:workbench.action.quit) <script>', due: '2026-11-01', overdue: true })], START + DAY_MS);
    const html = renderMarkdown(node?.tooltip ?? '');
    assert.doesNotMatch(html, /href="command|<script/);
    assert.match(html, /command:workbench/);
  });
});
