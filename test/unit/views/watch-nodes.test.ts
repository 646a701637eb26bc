import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { TimelineEvent } from '../../../src/incident/events.ts';
import { type Incident, fold } from '../../../src/incident/fold.ts';
import { COMMANDS } from '../../../src/manifest.ts';
import { stepWatch, watchNodes } from '../../../src/views/watch-nodes.ts';
import { createEvents } from '../../support/build-events.ts';
import { START } from '../../support/clock.ts';
import { renderMarkdown } from '../../support/render-markdown.ts';

const now = (minute: number): number => START + minute * 60_000;

/** An incident with a watch since its beginning, and what became of it; a look is `[minute, level, reason]`. */
function watched(looks: readonly (readonly [minute: number, level: 'ok' | 'warn' | 'bad', reason: string])[] = [], more: (watch: string, events: ReturnType<typeof createEvents>) => readonly TimelineEvent[] = () => []): Incident {
  const events = createEvents();
  const declared = events.declared();
  const started = events.event('watch.started', { step: 'monitorStability', minutes: 30, origin: 'here' });
  const sampled = looks.map(([minute, level, reason]) => events.event('watch.sampled', { watch: started.id, level, reason, values: { healthMs: 12, errorsPerMinute: 1.5, connections: null } }, { minute }));
  return fold([declared, started, ...sampled, ...more(started.id, events)]) ?? assert.fail();
}

describe('the row of a stability watch', () => {
  it('is not there while nobody watches, nor when it has ended, nor of a closed incident', () => {
    assert.deepEqual(watchNodes(fold([createEvents().declared()]) ?? assert.fail(), now(1)), []);
    assert.deepEqual(watchNodes(watched([], (watch, { event }) => [event('watch.ended', { watch, outcome: 'stable' })]), now(31)), []);
    assert.deepEqual(watchNodes(watched([], (_watch, { event }) => [event('incident.closed', { reason: 'over' })]), now(1)), []);
  });

  it('says how long it has been quiet, with a bar for each look', () => {
    const [row] = watchNodes(watched([[0, 'ok', ''], [6, 'ok', ''], [12, 'ok', '']]), now(12.5));
    assert.deepEqual([row?.label, row?.description, row?.mark], ['Stability: 12 of 30 min quiet', '▁▁▁', 'waiting']);
  });

  it('begins again at a spike, and says what is wrong', () => {
    const incident = watched([[0, 'ok', ''], [1, 'bad', 'API health: HTTP 503']], (watch, { event }) => [event('watch.restarted', { watch, reason: 'API health: HTTP 503' }, { minute: 1 })]);
    const [row] = watchNodes(incident, now(1.5));
    assert.deepEqual([row?.label, row?.description, row?.mark], ['Stability: 0 of 30 min quiet', '▁█ API health: HTTP 503', 'bad']);
    assert.match(row?.tooltip ?? '', /Stable at 03:31 UTC if nothing goes wrong until then/);
    assert.match(row?.tooltip ?? '', /Begun again at 03:01 UTC: API health\\: HTTP 503/);
  });

  it('does not take the time since the last look for quiet', () => {
    assert.equal(watchNodes(watched([[0, 'ok', ''], [3, 'ok', '']]), now(40))[0]?.label, 'Stability: 3 of 30 min quiet');
  });

  it("knows no looks of another machine's, and counts by the clock", () => {
    const [row] = watchNodes(watched(), now(12.5));
    assert.deepEqual([row?.label, row?.description], ['Stability: 12 of 30 min quiet', 'no look yet']);
  });

  it('has the values of the last look in its tooltip, as text', () => {
    const [row] = watchNodes(watched([[0, 'warn', '[x](command:workbench.action.quit) <script>']]), now(1));
    const html = renderMarkdown(row?.tooltip ?? '');
    assert.doesNotMatch(html, /<script|href="command:/);
    assert.match(html, /<td>Errors<\/td>\s*<td>1\.5 per minute<\/td>/);
    assert.match(html, /<td>Database connections<\/td>\s*<td>not known<\/td>/);
  });

  it('can be stopped from its row', () => {
    const context = watchNodes(watched(), now(1))[0]?.context ?? '';
    const inline = COMMANDS.flatMap((command) => (command.id === 'incidentRunbook.stopWatch' ? [...command.menus] : [])).find(({ group }) => group.startsWith('inline'));
    const pattern = /viewItem =~ \/(.+)\/$/.exec(inline?.when ?? '')?.[1] ?? assert.fail();
    assert.match(context, new RegExp(pattern));
    assert.doesNotMatch('step.automated', new RegExp(pattern));
  });

  it("is told by the step's own row as well", () => {
    const incident = watched([[0, 'ok', ''], [12, 'ok', '']]);
    assert.deepEqual(stepWatch(incident, 'monitorStability', now(12)), { mark: 'running', description: 'watching… 12 of 30 min quiet' });
    assert.equal(stepWatch(incident, 'verifyMitigation', now(12)), undefined);
    assert.equal(stepWatch(watched([], (watch, { event }) => [event('watch.ended', { watch, outcome: 'stopped' })]), 'monitorStability', now(12)), undefined);
  });
});
