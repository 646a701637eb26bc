import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'mocha';
import type { Json } from '../../src/incident/evidence.ts';
import { type Calls, DeliveryError, type FailureKind, type Parcel } from '../../src/services/courier.ts';
import { githubCalls } from '../../src/services/github/calls.ts';
import { GitHubClient } from '../../src/services/github/client.ts';
import { deliveryMarker } from '../../src/services/github/issue-body.ts';
import { buildParcels } from '../support/build-parcel.ts';
import { createClock, START } from '../support/clock.ts';
import { startGitHub } from '../support/fakes/github.ts';
import type { FakeIssue } from '../support/fakes/github-model.ts';
import { useFake } from '../support/fakes/use-fake.ts';
import { openIssue } from '../support/shared-world.ts';

const never = new AbortController().signal;
const TEXT = 'Incident resolved. Root cause: the pool. Resolution: restart. Duration: 1 hour.';

async function failed(work: Promise<unknown>, kind: FailureKind, message: RegExp): Promise<void> {
  await assert.rejects(work, (error: unknown) => {
    assert.ok(error instanceof DeliveryError, String(error));
    assert.match(error.message, message);
    assert.equal(error.kind, kind);
    return true;
  });
}

describe('Closing a ticket on GitHub', () => {
  const github = useFake(() => startGitHub({ clock: createClock() }));
  let number = 0;
  const calls = (token = 'gho_invented-push', repository = 'acme/shop'): Calls => githubCalls(new GitHubClient({ url: github().url, repository, token }, { clock: createClock() }));
  const parcel = (call: string, data: Readonly<Record<string, Json>> = {}, text = TEXT): Parcel => {
    const parcels = buildParcels();
    return parcels.parcel(parcels.ask({ service: 'github', call, target: `acme/shop#${number}`, text, step: 'closeTicket', data: { repository: 'acme/shop', number, ...data } }));
  };
  const send = (call: string, asked = parcel(call), as = calls()): ReturnType<Calls[string]['send']> => as[call]?.send(asked, never) ?? assert.fail(`There is no call ${call}`);
  const find = async (asked: Parcel): Promise<unknown> => {
    const { comment } = calls();
    return comment?.again === 'look' ? comment.find(asked, never) : assert.fail('A comment cannot be looked for');
  };
  const issue = (): FakeIssue => github().state.issues.find((candidate) => candidate.number === number) ?? assert.fail('There is no issue');
  beforeEach(async () => { number = await openIssue(github(), 'Amira', 'Details'); });

  it('comments with the text and a hidden mark by which the comment is found again', async () => {
    const asked = parcel('comment');
    assert.equal(await find(asked), undefined);
    const receipt = await send('comment', asked);
    const [comment] = github().state.comments;
    assert.deepEqual([comment?.issue, comment?.body], [number, `${TEXT}\n\n${deliveryMarker(asked.delivery.id)}`]);
    assert.deepEqual(receipt, { result: { repository: 'acme/shop', number, comment: comment?.id, url: receipt.url }, url: receipt.url });
    assert.match(receipt.url ?? '', /^https:\/\/github\.com\/acme\/shop\/issues\/\d+#issuecomment-\d+$/);
    assert.deepEqual(await find(asked), receipt);
  });

  it('finds the comment behind two hundred newer ones, and although the clock here is an hour ahead', async () => {
    const asked = parcel('comment');
    await send('comment', asked);
    const { comments } = github().state;
    const [comment] = comments;
    assert.ok(comment !== undefined);
    Object.assign(comment, { createdAt: START - 3_600_000, updatedAt: START - 3_600_000 });
    comments.unshift(...Array.from({ length: 205 }, (_, index) => ({ ...comment, id: comment.id + 1000 + index, body: 'another' })));
    assert.notEqual(await find(asked), undefined);
    assert.equal(github().of('listComments').length, 3);
  });

  it('comments with as much as GitHub takes, and with nothing that passes for a mark', async () => {
    const other = parcel('comment');
    const { note } = await send('comment', parcel('comment', {}, `${deliveryMarker('01ABC')} ${'🔥'.repeat(40_000)}`));
    const body = github().state.comments[0]?.body ?? '';
    assert.equal(note, 'The text was longer than GitHub takes, so it was shortened.');
    assert.deepEqual([body.length <= 65_536, body.includes(deliveryMarker('01ABC')), body.includes(deliveryMarker(other.delivery.id))], [true, false, true]);
  });

  it('closes the issue as completed and reads it back; doing it again changes nothing', async () => {
    const receipt = await send('closeIssue');
    assert.deepEqual([issue().state, issue().stateReason], ['closed', 'completed']);
    assert.deepEqual(receipt, { result: { repository: 'acme/shop', number, state: 'closed', reason: 'completed', url: `https://github.com/acme/shop/issues/${number}` }, url: `https://github.com/acme/shop/issues/${number}` });
    assert.deepEqual(await send('closeIssue'), receipt);
    assert.equal(github().of('getIssue').length, 2);
  });

  it('is closed even when reading it back fails', async () => {
    github().fault({ kind: 'server-error', acted: false, operation: 'getIssue' });
    assert.equal((await send('closeIssue')).result['state'], 'closed');
  });

  it('says what somebody else closed it as', async () => {
    Object.assign(issue(), { state: 'closed', stateReason: 'not_planned' });
    const { result, note } = await send('closeIssue');
    assert.deepEqual([result['reason'], note], ['not_planned', 'It had been closed already as not planned, and GitHub keeps that.']);
  });

  it('is not taken for closed when GitHub leaves it open, and is in doubt when it shows it open', async () => {
    const opened = (reply: { readonly body?: unknown }): object => ({ ...reply, body: { ...(reply.body as object), state: 'open', state_reason: null } });
    github().alter('updateIssue', (reply) => ({ ...reply, ...opened(reply) }));
    await failed(send('closeIssue'), 'refused', /left issue \d+ of acme\/shop open\. Close it there, or retry\.$/);
  });

  it('is in doubt when GitHub says that it is closed and shows it open', async () => {
    github().alter('getIssue', (reply) => ({ ...reply, body: { ...(reply.body as object), state: 'open', state_reason: null } }));
    await failed(send('closeIssue'), 'in doubt', /says that it has closed issue \d+ of acme\/shop, and shows it open/);
  });

  it('is refused to a token that may only read, and for an issue that is not there', async () => {
    await failed(send('closeIssue', undefined, calls('gho_invented-read-only')), 'refused', /403/);
    await failed(send('comment', parcel('comment', { number: 99 })), 'refused', /does not know issue 99 of acme\/shop/);
  });

  it('asks nothing of another repository than the connected one, and nothing without a number', async () => {
    const before = github().exchanges.length;
    await failed(send('comment', undefined, calls(undefined, 'acme/other')), 'refused', /^The ticket is in acme\/shop, and GitHub is connected to acme\/other\. Connect GitHub to the ticket's repository/);
    await failed(send('closeIssue', parcel('closeIssue', { number: 'seven' })), 'refused', /has no "number" of an issue/);
    assert.equal(github().exchanges.length, before);
    assert.equal((await send('closeIssue', parcel('closeIssue', { repository: 'Acme/Shop' }))).result['state'], 'closed', 'names of repositories are not case-sensitive');
  });
});
