import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { fold } from '../../../src/incident/fold.ts';
import type { UpdateFields } from '../../../src/incident/update-fields.ts';
import { draftUpdate, writeUpdate } from '../../../src/incident/update.ts';
import { createEvents, minute, stepResult } from '../../support/build-events.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';

const FIELDS: UpdateFields = {
  status: 'Mitigating', impact: 'Prescriptions open slowly', actions: 'Restarted the service', next: 'Watch the pool', eta: '30 minutes',
};
const TEMPLATE = bundledRunbook().templates['update']?.body ?? '';

describe('writeUpdate', () => {
  it("fills the runbook's template and says when the next one comes", () => {
    assert.equal(writeUpdate(TEMPLATE, FIELDS, '2026-11-23T03:10:42.000Z', '2026-11-23T03:25:42.000Z'), [
      'Incident Update - 2026-11-23 03:10 UTC',
      'Status: Mitigating',
      'Impact: Prescriptions open slowly',
      'Actions Taken: Restarted the service',
      'Next Steps: Watch the pool',
      'ETA: 30 minutes',
      'Next update: 2026-11-23 03:25 UTC',
    ].join('\n'));
  });

  it('announces no next update once it is resolved, or when no clock runs', () => {
    for (const text of [writeUpdate(TEMPLATE, { ...FIELDS, status: 'Resolved' }, minute(0), minute(15)), writeUpdate(TEMPLATE, FIELDS, minute(0), undefined)]) {
      assert.doesNotMatch(text, /Next update/);
    }
  });

  it('leaves placeholders it does not know, and fills in nothing twice', () => {
    assert.equal(writeUpdate('[Region] [Description of current impact]', { ...FIELDS, impact: '[Timestamp] $& $1' }, minute(0), undefined), '[Region] [Timestamp] $& $1');
  });
});

describe('draftUpdate', () => {
  const { declared, event } = createEvents();
  const before = [
    declared(),
    event('step.finished', { result: stepResult('checkConnectionPool', { title: 'Check the connection pool', summary: '200 of 200 connections' }) }, { minute: 1 }),
    event('step.finished', { result: stepResult('searchErrors', { title: 'Search errors', outcome: 'failed', summary: 'No session' }) }, { minute: 2 }),
    event('finding.documented', { text: 'The pool leaks' }, { minute: 3 }),
  ];
  const draft = (events: Parameters<typeof fold>[0]): UpdateFields => {
    const incident = fold(events);
    assert.ok(incident);
    return draftUpdate(incident);
  };

  it('names what has been done and found so far, not what failed', () => {
    assert.deepEqual(draft(before), {
      status: 'Investigating', impact: 'Portals answer 503', next: '', eta: 'Not known yet',
      actions: 'Check the connection pool (200 of 200 connections); The pool leaks',
    });
  });

  it('goes on from the last update', () => {
    const updated = [...before, event('update.posted', { ...FIELDS, text: 'whole' }, { minute: 4 }), event('finding.documented', { text: 'Fixed in pool.js' }, { minute: 5 })];
    assert.deepEqual(draft(updated), { ...FIELDS, actions: 'Fixed in pool.js' });
  });

  it('names the last five of many', () => {
    const many = Array.from({ length: 9 }, (_, index) => event('finding.documented', { text: `finding ${index}` }, { minute: 6 + index }));
    assert.equal(draft([...before, ...many]).actions, 'finding 4; finding 5; finding 6; finding 7; finding 8');
  });
});
