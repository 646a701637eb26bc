import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { foldChanges, validApprovals } from '../../../src/incident/changes.ts';
import { mergeTimelines } from '../../../src/incident/events.ts';
import { formatEventMarker } from '../../../src/incident/markers.ts';
import { readThread } from '../../../src/ledger/shared/thread.ts';
import { createEvents, minute } from '../../support/build-events.ts';
import { scalePlan } from '../../support/build-plan.ts';
import { START } from '../../support/clock.ts';

describe('an approval on the ticket', () => {
  it('does not count when a stranger has put it there first', () => {
    const { event } = createEvents();
    const plan = scalePlan({ approval: 'twoPeople' });
    const planned = event('change.planned', { plan, origin: 'here' }, { minute: 1 });
    const approved = event('change.approved', { plan: planned.id, hash: plan.hash, until: minute(31) }, { minute: 2 });
    const comment = (id: number, author: string, association: string, body: string) => ({ id, author, association, body, createdAt: minute(2), updatedAt: minute(2), url: `https://x/${id}` });
    const comments = [comment(1, 'ada', 'MEMBER', formatEventMarker(planned)), comment(2, 'ada-at-home', 'NONE', formatEventMarker(approved)), comment(3, 'ada', 'MEMBER', formatEventMarker(approved))];
    const issue = { ...comment(0, 'ada', 'MEMBER', ''), number: 1, state: 'open', labels: [], title: '' };
    const { events, receipts } = readThread(planned.incident, issue as never, comments as never, (e) => e);
    const seen = new Set<string>();
    const fresh = [...events, ...receipts].filter(({ id }) => !seen.has(id) && seen.add(id));
    const [change] = foldChanges(mergeTimelines([], fresh));
    assert.ok(change);
    assert.deepEqual(validApprovals(change, START + 5 * 60_000), []);
  });
});
