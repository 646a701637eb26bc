import '../../support/use-fake-vscode.ts';
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'mocha';
import type { NewEvent, TimelineEvent } from '../../../src/incident/events.ts';
import { fold } from '../../../src/incident/fold.ts';
import type { Ledger } from '../../../src/ledger/ledger.ts';
import type { Node } from '../../../src/views/nodes.ts';
import { INCIDENT, createEvents, stepResult } from '../../support/build-events.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';
import { START } from '../../support/clock.ts';
import { editor } from '../../support/fake-vscode.ts';

const { askResolution, closingQuestion, markBox } = await import('../../../src/views/ask-closure.ts');

const CLOCK = { now: () => START + 45 * 60_000 };
const BOX: Node = { kind: 'box', key: 'k', label: 'Services are stable', mark: 'todo', incident: INCIDENT, checklist: 'confirmResolution', item: 'servicesStable' };

function timeline(): TimelineEvent[] {
  const { declared, event } = createEvents();
  return [declared(), event('severity.set', { severity: 'P1', reasons: [] }), event('finding.documented', { text: 'The pool' }, { minute: 2 }), event('step.finished', { result: stepResult('verifyMitigation') }, { minute: 30 })];
}

const question = (events = timeline()) => ({ incident: fold(events) ?? assert.fail(), runbook: bundledRunbook(), clock: CLOCK });

describe('A box that is ticked', () => {
  const recorded: NewEvent[] = [];
  const ledger = { append: (_incident: string, event: NewEvent) => {
    recorded.push(event);
    return Promise.resolve(event);
  } } as unknown as Ledger;
  beforeEach(() => {
    editor.reset();
    recorded.length = 0;
  });

  it('asks for what it rests on and records it', async () => {
    editor.inputs = [' I watched it '];
    await markBox(ledger, BOX, true);
    assert.deepEqual(recorded, [{ type: 'checklist.marked', checklist: 'confirmResolution', item: 'servicesStable', checked: true, note: 'I watched it' }]);
    assert.deepEqual(editor.seen, ['Services are stable []']);
  });

  it('stays as it was when nobody says why, and when it is no box', async () => {
    editor.inputs = [undefined];
    await markBox(ledger, BOX, true);
    await markBox(ledger, { kind: 'step', key: 'k', label: 'x', mark: 'todo', incident: INCIDENT }, true);
    assert.deepEqual(recorded, []);
  });

  it('is unticked without a question', async () => {
    await markBox(ledger, BOX, false);
    assert.deepEqual([recorded, editor.seen], [[{ type: 'checklist.marked', checklist: 'confirmResolution', item: 'servicesStable', checked: false }], []]);
  });
});

describe('Confirming the resolution', () => {
  beforeEach(() => { editor.reset(); });

  it('shows the boxes, asks what it was with what the timeline suggests, and a reason for each open box', async () => {
    editor.picks = ['$(arrow-right) Go on', 'Memory leak'];
    editor.inputs = ['The pool', 'Restarted', 'It is day', 'No access', 'None in Slack', 'The resolution notice goes out next'];
    assert.deepEqual(await askResolution(question()), {
      rootCause: 'The pool', resolution: 'Restarted', scenario: 'memoryLeak',
      reasons: { servicesStable: 'It is day', metricsNormal: 'No access', noUserReports: 'None in Slack', stakeholdersNotified: 'The resolution notice goes out next' },
    });
    assert.match(editor.seen[0] ?? '', /^Confirm the resolution \(1\/4\): .*\$\(pass\) Root cause identified \| \$\(pass\) Issue is fully resolved \| \$\(circle-large-outline\) Services are stable/);
    assert.deepEqual(editor.seen.filter((text) => text.includes('[')), [
      'Confirm the resolution (2/4) [The pool]', 'Confirm the resolution (3/4) []', 'Services are stable []', 'Monitoring shows normal metrics []', 'No user reports of ongoing issues []',
      'All stakeholders notified of resolution [The resolution notice goes out next]',
    ]);
  });

  it('takes another name for the cause, or none', async () => {
    for (const [choice, inputs, kind] of [['$(tag) Something else…', ['expired token'], { cause: 'expired token' }], ['$(circle-slash) Not known', [], {}]] as const) {
      editor.reset();
      editor.picks = ['$(arrow-right) Go on', choice];
      editor.inputs = ['a', 'b', ...inputs, '1', '2', '3', '4'];
      const { reasons: _reasons, ...answer } = await askResolution(question()) ?? assert.fail();
      assert.deepEqual(answer, { rootCause: 'a', resolution: 'b', ...kind });
    }
  });

  it('runs what would prove an open box instead', async () => {
    editor.picks = ['$(circle-large-outline) Services are stable'];
    assert.equal(await askResolution(question()), undefined);
    assert.deepEqual(editor.executed.map(({ command, argument }) => [command, (argument as unknown as { step: string }).step]), [['incidentRunbook.runStep', 'monitorStability']]);
  });

  it('is let go at any question', async () => {
    const answers = ['a', 'b', '1', '2', '3', '4'];
    for (let count = 0; count < answers.length; count += 1) {
      editor.reset();
      editor.picks = ['$(arrow-right) Go on', '$(circle-slash) Not known'];
      editor.inputs = [...answers.slice(0, count), undefined];
      assert.equal(await askResolution(question()), undefined);
    }
    editor.picks = [undefined];
    assert.equal(await askResolution(question()), undefined);
  });
});

describe('Closing without confirming', () => {
  it('says what nothing proves', () => {
    const { incident, runbook } = question();
    assert.match(closingQuestion(incident, runbook, CLOCK.now()), /^Nothing proves: Services are stable, Monitoring shows normal metrics, .*\. Why close it all the same\?/);
    assert.match(closingQuestion(incident, undefined, CLOCK.now()), /^How was it resolved\?/);
  });
});
