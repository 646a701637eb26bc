import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { fold, summarize } from '../../../src/incident/fold.ts';
import { byDueDate, followUpsOf } from '../../../src/incident/follow-ups.ts';
import { isShared } from '../../../src/incident/markers.ts';
import type { TimelineEvent } from '../../../src/incident/events.ts';
import { INCIDENT, createEvents, EXTENSION } from '../../support/build-events.ts';
import { requested } from '../../support/build-deliveries.ts';

const TODAY = '2026-11-23';

function world() {
  const { declared, event } = createEvents();
  const events: TimelineEvent[] = [declared()];
  return {
    events,
    open(number: number, data: Readonly<Record<string, string>> = {}, assignees: readonly string[] = []): string {
      const asked = requested(event, { service: 'github', call: 'createFollowUp', target: 'acme/shop', step: 'createActionItems', data: { key: `key ${number}`, action: `Action ${number}`, ...data } });
      events.push(asked, event('delivery.done', { request: asked.id, how: 'sent', result: { repository: 'acme/shop', number, url: `https://github.com/acme/shop/issues/${number}`, labels: [], assignees: [...assignees] } }));
      return asked.id;
    },
    seen(delivery: string, state: 'open' | 'closed', assignee = ''): void {
      events.push(event('followup.seen', { delivery, state, assignee }, { minute: 5, actor: EXTENSION }));
    },
    incident() {
      return fold(events) ?? assert.fail('nothing was declared');
    },
  };
}

describe('follow-ups', () => {
  it('are the issues that were opened, as GitHub was last seen to have them', () => {
    const { open, seen, incident } = world();
    open(1, { owner: '@ada', due: '2026-12-01' }, ['ada']);
    const second = open(2, { owner: 'Amira Hassan', due: '2026-11-22' });
    seen(second, 'open', 'grace');
    const third = open(3);
    seen(third, 'closed');
    assert.deepEqual(followUpsOf(incident(), TODAY).map(({ title: _title, repository: _repository, delivery: _delivery, url: _url, ...rest }) => rest), [
      { incident: INCIDENT, number: 1, text: 'Action 1', owner: 'ada', assignee: 'ada', due: '2026-12-01', state: 'open', overdue: false },
      { incident: INCIDENT, number: 2, text: 'Action 2', owner: 'grace', assignee: 'grace', due: '2026-11-22', state: 'open', overdue: true },
      { incident: INCIDENT, number: 3, text: 'Action 3', owner: '', assignee: '', state: 'closed', overdue: false },
    ]);
  });

  it('name who is meant while GitHub has nobody', () => {
    const { open, incident } = world();
    open(1, { owner: '@mallory' });
    assert.deepEqual(followUpsOf(incident(), TODAY).map(({ owner, assignee }) => [owner, assignee]), [['mallory', '']]);
  });

  it('are overdue from the day after, and never once they are closed', () => {
    const { open, seen, incident } = world();
    const delivery = open(1, { due: TODAY });
    assert.deepEqual([TODAY, '2026-11-24'].map((day) => followUpsOf(incident(), day)[0]?.overdue), [false, true]);
    seen(delivery, 'closed');
    assert.equal(followUpsOf(incident(), '2026-11-24')[0]?.overdue, false);
  });

  it('are counted for the list of incidents while they are open', () => {
    const { open, seen, incident } = world();
    assert.equal(summarize(incident()).followUps, undefined);
    const first = open(1);
    open(2);
    assert.equal(summarize(incident()).followUps, 2);
    seen(first, 'closed');
    assert.equal(summarize(incident()).followUps, 1);
    seen(first, 'open');
    assert.equal(summarize(incident()).followUps, 2);
  });

  it('leave the ticket alone: GitHub tells everybody how they stand', () => {
    const { open, seen, events } = world();
    seen(open(1), 'closed');
    assert.deepEqual(events.filter(({ type }) => type === 'followup.seen').map(isShared), [false]);
  });

  it('stand in the order in which they are due', () => {
    const { open, incident } = world();
    open(1);
    open(2, { due: '2026-12-02' });
    open(3, { due: '2026-12-01' });
    open(4, { due: '2026-12-01' });
    assert.deepEqual(followUpsOf(incident(), TODAY).sort(byDueDate).map(({ number }) => number), [3, 4, 2, 1]);
  });
});
