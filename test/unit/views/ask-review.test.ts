import '../../support/use-fake-vscode.ts';
import assert from 'node:assert/strict';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import { UserError } from '../../../src/errors.ts';
import { fold } from '../../../src/incident/fold.ts';
import type { LocalLedger } from '../../../src/ledger/local-ledger.ts';
import { buildLedger, declaration } from '../../support/build-ledger.ts';
import { incident as build } from '../../support/build-post.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';
import { createClock } from '../../support/clock.ts';
import { editor } from '../../support/fake-vscode.ts';
import { useTemporaryFolder } from '../../support/temporary-folder.ts';

const PROPOSED = '$(calendar) Mon 2026-11-23, 09:00 to 10:00 (Africa/Cairo), 07:00 to 08:00 UTC';
const OTHER = '$(edit) Another time…';
const CANCEL = '$(trash) Cancel the review';

let asking: typeof import('../../../src/views/ask-review.ts');

function ask({ resolved = true, start = '' } = {}): Promise<Readonly<Record<string, unknown>> | undefined> {
  const { events, event } = build('P1');
  if (resolved) {
    events.push(event('incident.resolved', { rootCause: 'A leak', resolution: 'Rolled back' }));
  }
  if (start !== '') {
    events.push(event('review.scheduled', { uid: 'u', sequence: 0, start, end: new Date(Date.parse(start) + 3_600_000).toISOString(), invitees: [] }));
  }
  return asking.askReview({ incident: fold(events) ?? assert.fail(), runbook: bundledRunbook(), clock: createClock() });
}

describe('what is asked about the review', () => {
  before(async () => { asking = await import('../../../src/views/ask-review.ts'); });
  beforeEach(() => { editor.reset(); });

  it('is whether the proposed time suits', async () => {
    editor.picks = [PROPOSED];
    assert.deepEqual(await ask(), { start: '2026-11-23T07:00:00.000Z' });
    assert.deepEqual(editor.seen, [`Schedule the Review: ${PROPOSED} | ${OTHER}`]);
  });

  it('is another time, as the clock on the wall says it', async () => {
    editor.picks = [OTHER];
    editor.inputs = ['2026-11-24 10:00'];
    assert.deepEqual(await ask(), { start: '2026-11-24 10:00' });
    assert.equal(editor.seen[1], 'Schedule the Review [2026-11-23 09:00]');
  });

  for (const [text, problem] of [['soon', /^Write date and time like 2026-11-24 05:00\.$/], ['2026-11-23 05:00', /^This is in the past\.$/]] as const) {
    it(`is asked again when it is none: ${text}`, async () => {
      editor.picks = [OTHER];
      editor.inputs = [text];
      await assert.rejects(ask(), { message: problem });
    });
  }

  it('is whether to move it or to cancel it, once it is scheduled', async () => {
    editor.picks = [CANCEL];
    assert.deepEqual(await ask({ start: '2026-11-24T08:00:00.000Z' }), { cancel: true });
    assert.deepEqual(editor.seen, [`Schedule the Review: ${PROPOSED} | ${OTHER} | ${CANCEL}`]);
  });

  it('does not propose what it is already', async () => {
    editor.picks = [undefined];
    assert.equal(await ask({ start: '2026-11-23T07:00:00.000Z' }), undefined);
    assert.deepEqual(editor.seen, [`Schedule the Review: ${OTHER} | ${CANCEL}`]);
  });

  it('can be let go', async () => {
    editor.picks = [OTHER];
    editor.inputs = [undefined];
    assert.equal(await ask(), undefined);
  });

  it('is nothing before the incident is over', async () => {
    await assert.rejects(ask({ resolved: false }), { name: 'UserError', message: /not resolved yet/ });
    assert.deepEqual(editor.seen, []);
  });
});

describe('where an invitation is saved', () => {
  const folder = useTemporaryFolder();
  let ledger: LocalLedger;
  let saved: unknown[];

  before(async () => { asking = await import('../../../src/views/ask-review.ts'); });
  beforeEach(() => {
    editor.reset();
    saved = [];
    ledger = buildLedger(folder());
  });
  afterEach(() => { ledger.dispose(); });

  function save(row: { readonly incident?: string } | undefined, scheduled = true): Promise<void> {
    return asking.createInvitationFlow({
      ledger, clock: createClock(),
      api: {
        write: (incident) => (scheduled ? Promise.resolve({ name: `review-${incident}.ics`, text: '' }) : Promise.reject(new UserError('No review is scheduled.'))),
        save: (args) => {
          saved.push(args);
          return Promise.resolve({ file: String(args['file']) });
        },
      },
    }).save(row);
  }

  it('is asked, with a name in the workspace folder', async () => {
    editor.saves = ['/elsewhere/r.ics'];
    await save({ incident: 'INC-1' });
    assert.deepEqual(saved, [{ incident: 'INC-1', file: '/elsewhere/r.ics' }]);
    assert.deepEqual(editor.seen, ['Save the Invitation to the Review of INC-1 [/project/review-INC-1.ics]', '$(check) Saved r.ics']);
  });

  it('is asked only once there is something to save', async () => {
    await assert.rejects(save({ incident: 'INC-1' }, false), { name: 'UserError', message: 'No review is scheduled.' });
    assert.deepEqual(editor.seen, []);
  });

  it('can be let go', async () => {
    editor.saves = [undefined];
    await save({ incident: 'INC-1' });
    assert.deepEqual(saved, []);
  });

  it('is asked for any incident, also for one that is closed', async () => {
    await assert.rejects(save(undefined), { name: 'UserError', message: 'There is no incident yet, and so no review.' });
    const { id } = await ledger.declare(declaration());
    const { title } = await ledger.read(id);
    await ledger.append(id, { type: 'incident.closed', reason: 'Over' });
    editor.picks = [`$(archive) ${title}`];
    editor.saves = ['/elsewhere/r.ics'];
    await save(undefined);
    assert.deepEqual(saved, [{ incident: id, file: '/elsewhere/r.ics' }]);
  });
});
