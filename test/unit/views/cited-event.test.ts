import '../../support/use-fake-vscode.ts';
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'mocha';
import type * as vscode from 'vscode';
import type { TimelineEvent } from '../../../src/incident/events.ts';
import { type Incident, fold } from '../../../src/incident/fold.ts';
import { citations, editorLink } from '../../../src/incident/review/citations.ts';
import { draftReview } from '../../../src/incident/review/draft.ts';
import { requested } from '../../support/build-deliveries.ts';
import { INCIDENT, createEvents, eventId, stepResult } from '../../support/build-events.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';
import { editor } from '../../support/fake-vscode.ts';

const { openCitedEvent } = await import('../../../src/views/cited-event.ts');

describe('a link of a review into the editor', () => {
  const { declared, event } = createEvents();
  const finished = event('step.finished', { result: stepResult('searchErrors', { title: 'Search errors' }) }, { minute: 2 });
  const asked = requested(event, {}, 3);
  const found = event('finding.documented', { text: 'x' }, { minute: 4 });
  const events: readonly TimelineEvent[] = [declared(), finished, asked, found];
  const incident: Incident = fold(events) ?? assert.fail();
  let opened: string[];

  const note = (what: string) => (...args: readonly string[]): Promise<void> => {
    opened.push([what, ...args].join(' '));
    return Promise.resolve();
  };
  const open = (url: string): Promise<void> => {
    const { pathname: path, search } = new URL(url);
    return openCitedEvent({ path, query: search.slice(1) } as vscode.Uri, {
      ledger: { read: (id) => (id === INCIDENT ? Promise.resolve(incident) : Promise.reject(new Error('There is no incident'))) },
      documents: { openEvidence: note('evidence'), openPlan: note('plan'), openDelivery: note('delivery'), openTimeline: note('timeline') },
    });
  };

  beforeEach(() => {
    editor.reset();
    opened = [];
  });

  it('opens the evidence, the delivery, or the timeline that holds the event', async () => {
    for (const { id } of [finished, asked, found]) {
      await open(editorLink(INCIDENT, id));
    }
    assert.deepEqual(opened, [`evidence ${INCIDENT} ${finished.id} searchErrors Search errors`, `delivery ${INCIDENT} ${asked.id} #incidents`, `timeline ${INCIDENT}`]);
  });

  it('opens the timeline for an event that is not there any more', async () => {
    await open(editorLink(INCIDENT, eventId(999)));
    assert.deepEqual(opened, [`timeline ${INCIDENT}`]);
  });

  it('opens something for every citation of a review', async () => {
    const cited = citations(draftReview(incident, bundledRunbook()));
    assert.ok(cited.length > 3);
    for (const { url } of cited) {
      await open(url);
    }
    assert.equal(opened.length, cited.length);
  });

  it('says where to find an incident that is not on this machine', async () => {
    editor.buttons = [undefined, 'Open shared incident'];
    await open(editorLink('INC-20261123-AAAA', found.id));
    assert.deepEqual(editor.executed, []);
    await open(editorLink('INC-20261123-AAAA', found.id));
    assert.deepEqual(editor.executed.map(({ command }) => command), ['incidentRunbook.openShared']);
    assert.match(editor.seen[0] ?? '', /INC-20261123-AAAA is not on this machine/);
  });

  it('leads nowhere else', async () => {
    for (const url of ['vscode://incident-runbook.incident-runbook/run?incident=a&event=b', 'vscode://incident-runbook.incident-runbook/event?incident=a']) {
      await open(url);
    }
    assert.deepEqual([opened, editor.executed], [[], []]);
    assert.match(editor.seen.join('\n'), /leads to nothing/);
  });
});
