import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import ICAL from 'ical.js';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { UserError } from '../../../src/errors.ts';
import type { ReviewScheduled } from '../../../src/incident/closing-events.ts';
import { type InvitationApi, createInvitationApi } from '../../../src/api/invitation-api.ts';
import type { LocalLedger } from '../../../src/ledger/local-ledger.ts';
import { buildLedger, declaration } from '../../support/build-ledger.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';
import { useTemporaryFolder } from '../../support/temporary-folder.ts';

const REVIEW = { uid: 'review-1@incident-runbook', sequence: 0, start: '2026-11-24T08:00:00.000Z', end: '2026-11-24T09:00:00.000Z', invitees: ['Amira', 'DevOps Lead', 'Product Owner'] };

describe('saving the invitation to the review', () => {
  const timelines = useTemporaryFolder();
  const workspace = useTemporaryFolder();
  let ledger: LocalLedger;
  let incident: string;

  beforeEach(async () => {
    ledger = buildLedger(timelines());
    ({ id: incident } = await ledger.declare(declaration()));
  });
  afterEach(() => { ledger.dispose(); });

  function api({ from, folder = workspace() }: { readonly from?: string; readonly folder?: string | null } = {}): InvitationApi {
    return createInvitationApi({
      ledger, runbook: () => Promise.resolve(bundledRunbook()), folder: () => folder ?? undefined,
      connections: { get: () => Promise.resolve(from === undefined ? undefined : { from }) },
    });
  }

  async function schedule(change: Partial<Pick<ReviewScheduled, 'sequence' | 'start' | 'cancelled'>> = {}): Promise<void> {
    await ledger.append(incident, { type: 'review.scheduled', ...REVIEW, ...change });
  }

  function read(file: string) {
    const calendar = new ICAL.Component(ICAL.parse(readFileSync(file, 'utf8')) as unknown[]);
    const component = calendar.getFirstSubcomponent('vevent') ?? assert.fail();
    const { uid, sequence, startDate, description } = new ICAL.Event(component);
    return {
      method: calendar.getFirstPropertyValue('method'), uid, sequence, start: startDate.toJSDate().toISOString(), description,
      organizer: component.getFirstPropertyValue('organizer'), attendees: component.getAllProperties('attendee').map((property) => property.getFirstValue()),
    };
  }

  it('writes a meeting that nobody is invited to yet where there is nobody to invite, and names whom to invite', async () => {
    await schedule();
    const { file } = await api().save({ incident });
    assert.equal(file, path.join(workspace(), `review-${incident}.ics`));
    const { description, ...entry } = read(file);
    assert.deepEqual(entry, { method: 'PUBLISH', uid: REVIEW.uid, sequence: 0, start: REVIEW.start, organizer: null, attendees: [] });
    assert.match(description, /Invited: Amira, DevOps Lead, Product Owner\nPlease pass it on, there is no address of: Amira\n/);
  });

  it('writes what would be mailed, once there is a sender', async () => {
    await schedule();
    const { description: _description, ...entry } = read((await api({ from: 'incidents@example.com' }).save({ incident, file: 'a.ics' })).file);
    assert.deepEqual(entry, {
      method: 'REQUEST', uid: REVIEW.uid, sequence: 0, start: REVIEW.start, organizer: 'mailto:incidents@example.com',
      attendees: ['mailto:devops-lead@healthflow.gov.eg', 'mailto:product@healthflow.gov.eg'],
    });
  });

  it('writes the last version, in the place of the one before', async () => {
    await schedule();
    await api().save({ incident });
    await schedule({ sequence: 1, start: '2026-11-24T08:30:00.000Z' });
    const { sequence, start } = read((await api().save({ incident })).file);
    assert.deepEqual([sequence, start, readdirSync(workspace())], [1, '2026-11-24T08:30:00.000Z', [`review-${incident}.ics`]]);
    await schedule({ sequence: 2, cancelled: true });
    const cancelled = read((await api().save({ incident })).file);
    assert.deepEqual([cancelled.method, cancelled.sequence], ['CANCEL', 2]);
  });

  const refusals: readonly (readonly [string, () => Promise<unknown>, RegExp])[] = [
    ['without a review', () => api().save({ incident }), /^No review of .* is scheduled, so there is no invitation to save\.$/],
    ['without a folder', async () => { await schedule(); return api({ folder: null }).save({ incident }); }, /No folder is open to save the invitation in\. Give "file" as an absolute path/],
    ['in a folder that there is not', async () => { await schedule(); return api().save({ incident, file: 'nowhere/a.ics' }); }, /could not be saved as .*nowhere.*ENOENT.*Choose another place\.$/],
    ['from a sender that is none', async () => { await schedule(); return api({ from: 'nobody@' }).save({ incident }); }, /The invitation cannot be written/],
  ];
  for (const [what, save, message] of refusals) {
    it(`is refused ${what}`, async () => {
      await assert.rejects(save(), (error: unknown) => {
        assert.ok(error instanceof UserError, String(error));
        assert.match(error.message, message);
        return true;
      });
      assert.deepEqual(readdirSync(workspace()), []);
    });
  }
});
