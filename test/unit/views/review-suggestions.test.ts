import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { fold } from '../../../src/incident/fold.ts';
import { type SuggestionInput, reviewSuggestions } from '../../../src/views/review-suggestions.ts';
import { createEvents } from '../../support/build-events.ts';
import { withContacts } from '../../support/build-post.ts';
import { START } from '../../support/clock.ts';

const { declared, event } = createEvents();
const EVENTS = [
  declared(), event('severity.set', { severity: 'P2', reasons: ['Half of the portals'] }, { minute: 1 }),
  event('role.assigned', { role: 'incidentCommander', person: 'Amira' }, { minute: 2 }), event('role.assigned', { role: 'technicalLead', person: '@grace' }, { minute: 2 }),
  event('finding.documented', { text: 'The *pool* is exhausted <b>' }, { minute: 12 }), event('step.claimed', { step: 'notifyTeam', origin: 'me', until: '2026-11-23T03:20:00.000Z' }, { minute: 13 }),
];
const INPUT: SuggestionInput = { incident: fold(EVENTS), runbook: withContacts({ devopsLead: { github: 'grace' }, techLead: { github: 'linus' } }), now: START };

const texts = (before: string, input = INPUT): string[] => reviewSuggestions(before, input).map(({ text }) => text);

describe('suggestions in a review', () => {
  it('are the events of the incident at the beginning of a point and where a time is begun', () => {
    const expected = ['Incident declared: Portals answer 503 (detected by cloudwatch)', 'Severity P2: Half of the portals', 'Role Incident Commander: Amira', 'Role Technical Lead: @grace', 'Finding: The *pool* is exhausted <b>'];
    const shown = texts('- ').map((text) => text.replace(/^\d\d:\d\d UTC: /, '').replaceAll('\\', ''));
    assert.deepEqual(shown, expected);
    assert.ok(texts('- ').every((text) => /^0\d:\d\d UTC: /.test(text)), texts('- ').join('\n'));
    for (const before of ['- 03', '* 03:', 'Then, at 12:', '  - 3']) {
      assert.equal(texts(before).length, expected.length, before);
    }
    assert.match(texts('- ').at(-1) ?? '', /\\\*pool\\\*.*\\<b\\>/, 'what others wrote stays text');
  });

  it('replace what was begun', () => {
    assert.deepEqual(['- 03:1', 'Then 12:', '- Owner: @gr'].map((before) => reviewSuggestions(before, INPUT)[0]?.from), [2, 5, 9]);
  });

  it('name the day where the incident lasted longer than one', () => {
    const incident = fold([...EVENTS, event('incident.closed', { reason: 'Over' }, { minute: 24 * 60 })]);
    assert.match(texts('- ', { ...INPUT, incident }).at(-1) ?? '', /^2026-11-24 \d\d:\d\d UTC: Incident closed/);
  });

  it('are owners: who holds a role, and the contacts with a login, each once', () => {
    assert.deepEqual(reviewSuggestions('- [ ] Alert - **Owner:** ', INPUT).map(({ text, detail }) => [text, detail]), [['Amira', 'Incident Commander'], ['@grace', 'Technical Lead'], ['@linus', 'Tech Lead']]);
  });

  it('are severities, that of the incident first', () => {
    assert.deepEqual(texts('- **Severity:** '), ['P2', 'P1', 'P3', 'P4']);
  });

  it('are due dates in one, two and four weeks or so', () => {
    assert.deepEqual(texts('- [ ] Alert - Owner: @ada - Due: 2026-'), ['2026-11-30', '2026-12-07', '2026-12-23']);
  });

  it('are none anywhere else, and none of an incident that is not here', () => {
    for (const before of ['', 'Some text', '- [ ] ', '## Root Cause', 'Ratio 3:2 of', '- Owner: @ada and ']) {
      assert.deepEqual(texts(before), [], before);
    }
    assert.deepEqual(texts('- ', { incident: undefined, runbook: undefined, now: START }), []);
  });
});
