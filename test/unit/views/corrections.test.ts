import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { correctionsOf } from '../../../src/views/corrections.ts';
import { createEvents, minute } from '../../support/build-events.ts';

describe('what a person can correct', () => {
  const { declared, event } = createEvents();
  const offered = (item: Parameters<typeof correctionsOf>[0]) => correctionsOf(item).map(({ value, now, prompt }) => [value, now, prompt !== undefined]);

  it('is the title, the detection and the start of the impact of a declaration, which cannot be retracted', () => {
    assert.deepEqual(offered(declared({ impactStartedAt: minute(-4) })), [['at', minute(0), true], ['impactStartedAt', minute(-4), true], ['title', 'Portals answer 503', true]]);
    assert.equal(correctionsOf(declared()).find(({ value }) => value === 'impactStartedAt')?.description, 'not known');
  });

  it('is the text of a finding, and the time of whatever happened', () => {
    assert.deepEqual(offered(event('finding.documented', { text: 'The pool' })), [['at', minute(0), true], ['text', 'The pool', true], ['retracted', '', false]]);
    assert.deepEqual(offered(event('incident.acknowledged', {}, { minute: 3 })), [['at', minute(3), true], ['retracted', '', false]]);
  });
});
