import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'mocha';
import type { ReceivedMail } from '../support/fakes/smtp.ts';
import { type Delivery, type StepAnswer, call, declare, mendServices, messageOf, runStep, service, timeline, violations, withSetting } from './harness.ts';

type Posted = StepAnswer & { readonly deliveries?: readonly Delivery[] };

/** A property of the one event in a calendar file; long lines are put together first. */
function property(file: string, name: string): string | undefined {
  return new RegExp(`^${name}(?:;[^:]*)?:(.*)\\r$`, 'm').exec(file.replaceAll('\r\n ', ''))?.[1];
}

describe('scheduling the review in the extension host', function () {
  this.timeout(60_000);
  let incident: string;
  let folder: string;

  /** Invitations that came for this incident, as the mail server has them. */
  const invitations = async (): Promise<readonly { readonly subject: string; readonly to: readonly string[]; readonly file: string }[]> => (await service<readonly ReceivedMail[]>('mail'))
    .filter(({ subject }) => subject.includes(incident))
    .flatMap(({ subject, to, attachments }) => attachments.filter(({ filename }) => filename === 'invite.ics').map(({ text }) => ({ subject, to, file: text })));

  before(async () => {
    await mendServices();
    folder = mkdtempSync(path.join(os.tmpdir(), 'incident-runbook-'));
    incident = await declare('Portals; all, of them — البوابات', { severity: 'P1' });
  });
  after(async () => {
    rmSync(folder, { recursive: true, force: true });
    assert.deepEqual(await violations(), []);
  });

  const schedule = async (inputs: Record<string, unknown> = {}): Promise<Posted> => {
    const answer = await runStep(incident, 'scheduleReview', inputs) as Posted;
    assert.deepEqual([answer.status, answer.deliveries?.map(({ state }) => state)], ['done', ['done']], answer.summary);
    return answer;
  };

  it('waits for the end of the incident', async () => {
    assert.match(await messageOf(runStep(incident, 'scheduleReview')), /is not resolved yet, and its review comes after/);
    assert.match(await messageOf(call('saveInvitation', { incident })), /No review of .* is scheduled/);
  });

  it('invites by mail, after the incident is closed', async () => {
    await call('close', { incident, reason: 'It is over' });
    const { summary } = await schedule();
    assert.match(summary, /^Review on \w{3} \d{4}-\d{2}-\d{2}, /);
    const [first, ...others] = await invitations();
    assert.deepEqual(others, []);
    assert.deepEqual(first?.to, ['devops-lead@healthflow.gov.eg', 'tech-lead@healthflow.gov.eg', 'product@healthflow.gov.eg']);
    assert.deepEqual(['METHOD', 'UID', 'SEQUENCE', 'STATUS'].map((name) => property(first.file, name)), ['REQUEST', `review-${incident}@incident-runbook`, '0', 'CONFIRMED']);
    assert.match(property(first.file, 'SUMMARY') ?? '', /Portals\\; all\\, of them — البوابات/);
  });

  it('moves it as the same entry', async () => {
    const start = new Date(Math.ceil(Date.now() / 86_400_000) * 86_400_000 + 9 * 3_600_000).toISOString();
    await schedule({ start });
    const [first, second] = await invitations();
    assert.deepEqual(['UID', 'SEQUENCE', 'METHOD'].map((name) => property(second?.file ?? '', name)), [property(first?.file ?? '', 'UID'), '1', 'REQUEST']);
    assert.equal(property(second?.file ?? '', 'DTSTART'), start.replace(/[-:]|\.000/g, ''));
    assert.match(second?.subject ?? '', /^Updated: /);
    assert.match(await messageOf(runStep(incident, 'scheduleReview', { start })), /is then already/);
    assert.match(await messageOf(runStep(incident, 'scheduleReview', { start: '2020-01-01T10:00:00Z' })), /cannot be in the past/);
  });

  it('saves it as a file', async () => {
    const file = path.join(folder, 'review.ics');
    assert.deepEqual(await call('saveInvitation', { incident, file }), { file });
    const saved = readFileSync(file, 'utf8');
    assert.deepEqual(['METHOD', 'SEQUENCE'].map((name) => property(saved, name)), ['REQUEST', '1']);
  });

  it('takes it back from those who have it', async () => {
    await schedule({ cancel: true });
    const last = (await invitations()).at(-1);
    assert.deepEqual(['METHOD', 'STATUS', 'SEQUENCE'].map((name) => property(last?.file ?? '', name)), ['CANCEL', 'CANCELLED', '2']);
  });

  it('is done by hand without mail, and the file shows the meeting', async () => {
    await withSetting('practice', '', async () => {
      const { status, level, deliveries } = await runStep(incident, 'scheduleReview') as Posted;
      assert.deepEqual([status, level, deliveries?.map(({ state }) => state)], ['done', 'warn', ['by hand']]);
      const file = path.join(folder, 'by-hand.ics');
      await call('saveInvitation', { incident, file });
      const saved = readFileSync(file, 'utf8');
      assert.deepEqual(['METHOD', 'SEQUENCE', 'ATTENDEE'].map((name) => property(saved, name)), ['PUBLISH', '3', undefined]);
    });
    assert.equal((await invitations()).length, 3);
  });

  it('leaves no address on the timeline', async () => {
    const events = await timeline(incident);
    assert.deepEqual(events.filter(({ type }) => type === 'review.scheduled').map(({ sequence, cancelled }) => [sequence, cancelled]), [[0, undefined], [1, undefined], [2, true], [3, undefined]]);
    assert.doesNotMatch(JSON.stringify(events), /healthflow\.gov\.eg/);
  });
});
