import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { durationInWords } from '../../../src/incident/clock.ts';
import { closingDuration, closingFields, fillClosing, splitSubject } from '../../../src/incident/closing-text.ts';
import type { TimelineEvent } from '../../../src/incident/events.ts';
import { type Incident, fold } from '../../../src/incident/fold.ts';
import { escapeMarkdown } from '../../../src/incident/markdown.ts';
import { createEvents, minute } from '../../support/build-events.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';

const { closingComment, resolutionNotice } = bundledRunbook().templates;

/** Detected at 03:00 and over at 04:05, felt since 02:53 unless it is said otherwise. */
function incident(impact: number | null = -7, more: readonly TimelineEvent[] = []): Incident {
  const { declared, event } = createEvents();
  return fold([declared(impact === null ? {} : { impactStartedAt: minute(impact) }), event('incident.resolved', { rootCause: 'The pool was exhausted.', resolution: 'Restarted the service' }, { minute: 65 }), ...more]) ?? assert.fail();
}

describe('A duration in words', () => {
  for (const [ms, words] of [
    [-5, 'less than a minute'], [59_999, 'less than a minute'], [60_000, '1 minute'], [119_999, '1 minute'], [59 * 60_000, '59 minutes'], [3_600_000, '1 hour'],
    [65 * 60_000, '1 hour 5 minutes'], [86_400_000, '1 day'], [2 * 86_400_000 + 3 * 3_600_000 + 60_000, '2 days 3 hours 1 minute'],
  ] as const) {
    it(`of ${ms} ms is ${words}`, () => { assert.equal(durationInWords(ms), words); });
  }
});

describe('The closing comment', () => {
  const fill = (of: Incident): ReturnType<typeof fillClosing> => fillClosing(closingComment?.body ?? '', { ...closingFields(of, 'Portals'), duration: closingDuration(of) });

  it('has root cause, resolution and both durations, to the minute', () => {
    assert.deepEqual(fill(incident()), {
      text: 'Incident resolved. Root cause: The pool was exhausted. Resolution: Restarted the service. Duration: 1 hour 5 minutes from detection to resolution, 1 hour 12 minutes from the start of the impact.',
      missing: [],
    });
  });

  it('says nothing of an impact that is not known, or that would begin after the end', () => {
    assert.match(fill(incident(null)).text, /Duration: 1 hour 5 minutes from detection to resolution\.$/);
    assert.match(fill(incident(70)).text, /Duration: 1 hour 5 minutes from detection to resolution\.$/);
  });

  it('follows corrections', () => {
    const { event } = createEvents();
    const declared = incident().times.detected.event;
    const correction = event('event.amended', { amends: declared, changes: { at: minute(5) } }, { minute: 70 });
    assert.equal(closingDuration(incident(-7, [{ ...correction, id: '01KAQ999999999999999999999' }])), '1 hour from detection to resolution, 1 hour 12 minutes from the start of the impact');
  });

  it('names what is missing before the end', () => {
    const { declared } = createEvents();
    const open = fold([declared()]) ?? assert.fail();
    assert.deepEqual(fill(open).missing, ['root cause', 'resolution', 'duration']);
    assert.equal(closingDuration(open), undefined);
  });
});

describe('The resolution notice', () => {
  it('has every field, and the duration is that between its two times', () => {
    const { text, missing } = fillClosing(resolutionNotice?.body ?? '', closingFields(incident(), 'Digital Prescription Portals'));
    assert.deepEqual(missing, []);
    assert.deepEqual(splitSubject(text), {
      subject: 'Incident Resolved - Portals answer 503',
      body: [
        'The incident affecting Digital Prescription Portals has been resolved.', '',
        'Incident Start: 2026-11-23 02:53:00 UTC', 'Incident End: 2026-11-23 04:05:00 UTC', 'Duration: 1 hour 12 minutes',
        'Root Cause: The pool was exhausted.', 'Resolution: Restarted the service', '',
        'A detailed post-incident review will be conducted and shared within 48 hours.',
      ].join('\n'),
    });
  });

  it('says so when it is not known when it began', () => {
    const { text } = fillClosing(resolutionNotice?.body ?? '', closingFields(incident(null), 'Portals'));
    assert.match(text, /Incident Start: 2026-11-23 03:00:00 UTC \(detected; when it began is not known\)\n.*\nDuration: 1 hour 5 minutes\n/);
  });

  it('has no subject where the template has none', () => {
    assert.deepEqual(splitSubject('It is over.\nSubject: no'), { subject: undefined, body: 'It is over.\nSubject: no' });
  });
});

describe('A template', () => {
  it('is filled by the label before a placeholder, else by its name, and what is no placeholder stays', () => {
    const filled = fillClosing('- [ ] Root Cause: [x-ray]; [Component] and [unknown], see [link](https://a.example) [x]\nEnd: [when]', { 'root cause': 'R', 'component': 'C' });
    assert.deepEqual(filled, { text: '- [ ] Root Cause: R; C and [unknown], see [link](https://a.example) [x]\nEnd: [when]', missing: ['unknown', 'End'] });
  });

  it('takes a value on one line, made harmless where it has to be, and never as a template', () => {
    assert.equal(fillClosing('Root cause: [d].', { 'root cause': 'a\n[resolution]..', 'resolution': 'no' }).text, 'Root cause: a [resolution].');
    assert.equal(fillClosing('Root cause: [d]', { 'root cause': '@team <b>' }, escapeMarkdown).text, 'Root cause: \\@team \\<b\\>');
    assert.deepEqual(fillClosing('Root cause: [d]', { 'root cause': ' ' }).missing, ['root cause']);
  });
});
