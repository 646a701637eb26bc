import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'mocha';
import type { IssueThreads, ListedBefore } from '../../src/ledger/issue-thread.ts';
import { DeliveryError } from '../../src/services/courier.ts';
import { GitHubClient } from '../../src/services/github/client.ts';
import { githubThreads } from '../../src/services/github/issues.ts';
import { createClock, START, type TestClock } from '../support/clock.ts';
import { ask } from '../support/fakes/ask.ts';
import { startGitHub } from '../support/fakes/github.ts';
import { useFake } from '../support/fakes/use-fake.ts';
import { useHttpServers } from '../support/http-stub.ts';

const never = new AbortController().signal;
const TOKEN = 'gho_invented-push';
const TIME = '2026-11-23T03:00:00Z';

/** Every page of the closed tickets. */
async function listClosed(threads: IssueThreads, known: ListedBefore = new Map()): Promise<unknown[]> {
  const pages: unknown[] = [];
  for await (const page of threads.closedIncidents({ known }, never)) {
    pages.push(page);
  }
  return pages;
}

for (const basePath of ['', '/api/v3']) {
  describe(`Tickets on ${basePath === '' ? 'github.com' : 'a GitHub Enterprise Server'}`, () => {
    let clock: TestClock = createClock();
    const github = useFake(() => {
      clock = createClock();
      return startGitHub({ clock, basePath });
    });
    const serve = useHttpServers();
    let threads: IssueThreads;
    const connect = (token = TOKEN): IssueThreads => githubThreads(new GitHubClient({ url: github().url, repository: 'acme/shop', token }, { clock }));
    /** Requests of the hourly limit that are used up, as GitHub counts them. */
    const used = async (): Promise<unknown> => {
      const { body } = await ask('GET', `${github().url}/rate_limit`, { headers: { authorization: `token ${TOKEN}` } });
      return (body as { readonly resources: { readonly core: { readonly used: unknown } } }).resources.core.used;
    };
    const open = async (title: string, labels: readonly string[] = ['incident']): Promise<void> => {
      await ask('POST', `${github().url}/repos/acme/shop/issues`, { headers: { authorization: `Bearer ${TOKEN}` }, json: { title, labels, body: `about ${title}` } });
    };
    beforeEach(() => { threads = connect(); });

    it('belong to a repository', () => {
      assert.equal(threads.repository, 'acme/shop');
    });

    it('are read once; as long as nothing changes, reading again costs nothing', async () => {
      await open('Portals answer 503', ['incident', 'P1']);
      const first = await threads.readIssue(1, undefined, never);
      assert.deepEqual(first?.issue, {
        number: 1, url: 'https://github.com/acme/shop/issues/1', title: 'Portals answer 503', body: 'about Portals answer 503', state: 'open',
        labels: ['incident', 'P1'], updatedAt: TIME, author: 'ada', association: 'MEMBER',
      });
      const [before] = [await used()];
      assert.equal(await threads.readIssue(1, first.etag, never), undefined);
      assert.equal(await threads.readIssue(1, first.etag, never), undefined);
      assert.deepEqual(github().of('getIssue').map(({ status }) => status), [200, 304, 304]);
      // One more: the question about the limits itself, which the fake counts.
      assert.equal(await used(), Number(before) + 1);
      clock.advance(60_000);
      await threads.postComment(1, 'news', never);
      const changed = await threads.readIssue(1, first.etag, never);
      assert.equal(changed?.issue.updatedAt, '2026-11-23T03:01:00Z');
      assert.notEqual(changed.etag, first.etag);
    });

    it('are commented on, and all comments are read, however many there are', async () => {
      await open('One');
      const { state } = github();
      state.comments.push(...Array.from({ length: 230 }, (_, index) => ({ id: 50_000 + index, issue: 1, author: 'grace', body: `comment ${index}`, createdAt: START + index * 1000, updatedAt: START + index * 1000 })));
      const all = await threads.readComments(1, undefined, never);
      assert.deepEqual(all.map(({ body }) => body), state.comments.map(({ body }) => body));
      assert.equal(github().of('listComments').length, 3);
      assert.deepEqual(all[0], {
        id: 50_000, body: 'comment 0', author: 'grace', association: 'MEMBER', createdAt: TIME, updatedAt: TIME, url: 'https://github.com/acme/shop/issues/1#issuecomment-50000',
      });
      assert.deepEqual((await threads.readComments(1, '2026-11-23T03:03:48.000Z', never)).map(({ body }) => body), ['comment 228', 'comment 229']);
      const posted = await threads.postComment(1, 'the last', never);
      assert.deepEqual([posted.body, posted.author, posted.createdAt], ['the last', 'ada', TIME]);
      assert.deepEqual((await threads.readComments(1, undefined, never)).find(({ id }) => id === posted.id), posted);
    });

    it('are labelled; a label that is not there is as good as removed', async () => {
      await open('One', ['incident', 'P2']);
      await threads.setLabels(1, ['P1'], ['P2', 'P3'], never);
      assert.deepEqual(github().state.issues[0]?.labels, ['incident', 'P1']);
      assert.equal(github().state.labels.find(({ name }) => name === 'P1')?.color, 'b60205');
      await threads.setLabels(1, [], [], never);
      assert.equal(github().of('addLabels').length, 1);
    });

    it('that are open incidents are listed, without pull requests', async () => {
      await open('One');
      await open('Two', ['bug']);
      github().openPullRequest('Three', ['incident']);
      await open('Four');
      await open('Five');
      Object.assign(github().state.issues[3] ?? {}, { state: 'closed' });
      assert.deepEqual((await threads.listIncidents(never)).map(({ title }) => title), ['Five', 'One']);
      const [issue] = github().state.issues;
      assert.ok(issue !== undefined);
      github().state.issues.push(...Array.from({ length: 130 }, (_, index) => ({ ...issue, number: 6 + index })));
      assert.equal((await threads.listIncidents(never)).length, 132);
    });

    it('that were closed are listed page by page, with when, why and by whom', async () => {
      await open('One');
      await open('Two');
      github().openPullRequest('Three', ['incident']);
      for (const index of [0, 2]) {
        Object.assign(github().state.issues[index] ?? {}, { state: 'closed', stateReason: 'completed', closedAt: START + 60_000, closedBy: 'grace' });
      }
      const known: ListedBefore = new Map();
      const all = await listClosed(threads, known);
      assert.deepEqual(all, [[{
        number: 1, url: 'https://github.com/acme/shop/issues/1', title: 'One', body: 'about One', state: 'closed', labels: ['incident'], updatedAt: TIME, author: 'ada', association: 'MEMBER',
        createdAt: TIME, closedAt: '2026-11-23T03:01:00Z', closedBy: 'grace', reason: 'completed', comments: 0,
      }]]);
      assert.deepEqual(await listClosed(threads, known), all);
      assert.deepEqual(github().of('listIssues').map(({ status }) => status), [200, 304]);
    });

    describe('that cannot be had', () => {
      const CALLS: Readonly<Record<string, (threads: IssueThreads) => Promise<unknown>>> = {
        readIssue: (tickets) => tickets.readIssue(1, 'W/"old"', never), readComments: (tickets) => tickets.readComments(1, undefined, never),
        listIncidents: (tickets) => tickets.listIncidents(never), closedIncidents: (tickets) => listClosed(tickets), postComment: (tickets) => tickets.postComment(1, 'one', never), setLabels: (tickets) => tickets.setLabels(1, ['bug'], [], never),
      };
      const kindOf = (call: Promise<unknown>): Promise<string> => call.then(() => 'none', (error: unknown) => error instanceof DeliveryError ? error.kind : String(error));

      for (const [name, call] of Object.entries(CALLS)) {
        it(`${name} says why`, async () => {
          const writes = name === 'postComment';
          const doubt = writes ? 'in doubt' : 'not sent';
          await open('One');
          github().fault({ kind: 'malformed', acted: true, body: 'html', times: 1 });
          assert.equal(await kindOf(call(threads)), doubt);
          github().fault({ kind: 'server-error', acted: false, times: 1 });
          assert.equal(await kindOf(call(threads)), doubt);
          github().fault({ kind: 'rate-limit', retryAfterS: 3, times: 1 });
          assert.equal(await kindOf(call(threads)), 'not sent');
          assert.equal(await kindOf(call(connect('gho_invented-unknown'))), 'refused');
          assert.equal(await kindOf(call(threads)), 'none');
        });
      }

      it('is in doubt when the answer is no comment', async () => {
        const origin = await serve((_request, response) => { response.writeHead(200, { 'content-type': 'application/json' }).end('{"message":"Hello"}'); });
        const elsewhere = githubThreads(new GitHubClient({ url: origin, repository: 'acme/shop', token: TOKEN }));
        assert.deepEqual([await kindOf(elsewhere.postComment(1, 'one', never)), await kindOf(elsewhere.readIssue(1, undefined, never)), await kindOf(elsewhere.readComments(1, undefined, never))], ['in doubt', 'not sent', 'not sent']);
      });

      it('names the ticket that does not exist', async () => {
        await assert.rejects(threads.readIssue(7, undefined, never), /^DeliveryError: GitHub does not know issue 7 of acme\/shop, or the token may not see it \(404\)\./);
      });

      it('does not label without push access', async () => {
        await open('One');
        assert.equal(await kindOf(connect('gho_invented-read-only').setLabels(1, ['bug'], [], never)), 'refused');
      });
    });
  });
}
