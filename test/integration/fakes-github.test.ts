import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'mocha';
import { createClock, START, type TestClock } from '../support/clock.ts';
import { type Answered, ask, fieldsOf } from '../support/fakes/ask.ts';
import { startGitHub } from '../support/fakes/github.ts';
import { specsAvailable } from '../support/fakes/openapi.ts';
import { useFake } from '../support/fakes/use-fake.ts';

describe('The fake of GitHub', () => {
  let clock: TestClock = createClock();
  const github = useFake(() => {
    clock = createClock();
    return startGitHub({ clock });
  });
  const call = (method: string, path: string, json?: unknown, { token = 'gho_invented-push', headers = {} } = {}): Promise<Answered> =>
    ask(method, `${github().url}${path}`, { headers: { authorization: `Bearer ${token}`, ...headers }, ...(json === undefined ? {} : { json }) });
  const issues = '/repos/acme/shop/issues';
  const readOnly = { token: 'gho_invented-read-only' };

  it('validates against the vendor\'s description, or says that it does not', () => {
    assert.equal(github().validation, specsAvailable ? 'active' : 'skipped');
  });

  it('creates, reads, changes and closes an issue', async () => {
    const created = await call('POST', issues, { title: 'Checkout fails', body: '<!-- incident:1 -->', labels: ['Bug', 'incident'], assignees: ['ada'] });
    assert.equal(created.status, 201);
    assert.partialDeepStrictEqual(created.body, { number: 1, state: 'open', labels: [{ name: 'bug' }, { name: 'incident' }], assignees: [{ login: 'ada' }], created_at: '2026-11-23T03:00:00Z' });
    clock.advance(60_000);
    const closed = await call('PATCH', `${issues}/1`, { state: 'closed', state_reason: 'completed' });
    assert.partialDeepStrictEqual(closed.body, { state: 'closed', state_reason: 'completed', closed_at: '2026-11-23T03:01:00Z', closed_by: { login: 'ada' } });
    assert.partialDeepStrictEqual((await call('PATCH', `${issues}/1`, { state: 'open', title: 'Again' })).body, { state: 'open', state_reason: 'reopened', title: 'Again' });
    assert.partialDeepStrictEqual((await call('GET', `${issues}/1`)).body, { title: 'Again', body: '<!-- incident:1 -->' });
    assert.equal((await call('GET', `${issues}/2`)).status, 404);
    assert.equal((await call('GET', '/repos/acme/other/issues')).status, 404);
  });

  it('lists by label, state and time of change, pull requests among the issues', async () => {
    await call('POST', issues, { title: 'One', labels: ['incident'] });
    const pull = github().openPullRequest('Fix', ['incident']);
    clock.advance(60_000);
    await call('POST', issues, { title: 'Three' });
    await call('PATCH', `${issues}/1`, { state: 'closed' });
    const numbers = async (query: string): Promise<unknown[]> => fieldsOf((await call('GET', `${issues}${query}`)).body, 'number');
    assert.deepEqual(await numbers(''), [3, pull]);
    assert.deepEqual(await numbers('?labels=incident&state=all'), [pull, 1]);
    assert.deepEqual(await numbers('?state=all&since=2026-11-23T03:00:30Z&sort=updated&direction=asc'), [1, 3]);
    assert.partialDeepStrictEqual((await call('GET', `${issues}/${pull}`)).body, { pull_request: { merged_at: null } });
    const first = await call('GET', `${issues}?state=all&per_page=2`);
    const next = /<(.+)>; rel="next"/.exec(first.headers.get('link') ?? '')?.[1] ?? '';
    assert.deepEqual(fieldsOf((await ask('GET', next, { headers: { authorization: 'Bearer gho_invented-push' } })).body, 'number'), [1]);
  });

  it('orders comments by id and finds the new ones by time', async () => {
    await call('POST', issues, { title: 'One' });
    await call('POST', `${issues}/1/comments`, { body: 'first' });
    clock.advance(60_000);
    await call('POST', `${issues}/1/comments`, { body: 'second' }, { token: 'gho_invented-second-push' });
    const [first, second] = github().state.comments;
    assert.ok(first !== undefined && second !== undefined && first.id < second.id);
    const all = (await call('GET', `${issues}/1/comments`)).body;
    assert.deepEqual(fieldsOf(all, 'body'), ['first', 'second']);
    assert.partialDeepStrictEqual(all, [{ user: { login: 'ada' } }, { user: { login: 'grace' } }]);
    assert.deepEqual(fieldsOf((await call('GET', `${issues}/1/comments?since=2026-11-23T03:01:00Z`)).body, 'body'), ['second']);
    await call('PATCH', `${issues}/comments/${first.id}`, { body: 'first, corrected' });
    assert.partialDeepStrictEqual((await call('GET', `${issues}/comments/${first.id}`)).body, { body: 'first, corrected', updated_at: '2026-11-23T03:01:00Z' });
    assert.partialDeepStrictEqual((await call('GET', `${issues}/1`)).body, { comments: 2 });
  });

  it('refuses a label that exists and knows who can be assigned', async () => {
    assert.equal((await call('POST', '/repos/acme/shop/labels', { name: 'incident', color: 'b60205' })).status, 201);
    const again = await call('POST', '/repos/acme/shop/labels', { name: 'Incident' });
    assert.equal(again.status, 422);
    assert.partialDeepStrictEqual(again.body, { errors: [{ code: 'already_exists', field: 'name' }] });
    assert.equal((await call('GET', '/repos/acme/shop/assignees/grace')).status, 204);
    assert.equal((await call('GET', '/repos/acme/shop/assignees/nobody')).status, 404);
    await call('POST', issues, { title: 'One', labels: ['incident'] });
    assert.deepEqual(fieldsOf((await call('POST', `${issues}/1/labels`, { labels: ['sev1'] })).body, 'name'), ['incident', 'sev1']);
    assert.deepEqual(fieldsOf((await call('DELETE', `${issues}/1/labels/incident`)).body, 'name'), ['sev1']);
    assert.deepEqual(fieldsOf((await call('PUT', `${issues}/1/labels`, { labels: ['sev2'] })).body, 'name'), ['sev2']);
    assert.partialDeepStrictEqual((await call('POST', `${issues}/1/assignees`, { assignees: ['grace', 'nobody'] })).body, { assignees: [{ login: 'grace' }] });
    assert.equal((await call('POST', issues, { title: 'Two', assignees: ['nobody'] })).status, 422);
  });

  it('drops labels and assignees in silence without push access', async () => {
    const created = await call('POST', issues, { title: 'One', labels: ['incident'], assignees: ['ada'] }, readOnly);
    assert.equal(created.status, 201);
    assert.partialDeepStrictEqual(created.body, { user: { login: 'mallory' } });
    const [issue] = github().state.issues;
    assert.deepEqual([issue?.labels, issue?.assignees], [[], []]);
    assert.equal((await call('POST', '/repos/acme/shop/labels', { name: 'x' }, readOnly)).status, 404);
    assert.equal((await call('POST', `${issues}/1/labels`, { labels: ['x'] }, readOnly)).status, 403);
    assert.equal((await call('GET', issues, undefined, { token: 'wrong' })).status, 401);
  });

  it('answers an unchanged list with 304, which does not count', async () => {
    const first = await call('GET', issues);
    const etag = first.headers.get('etag') ?? '';
    assert.equal(first.headers.get('x-ratelimit-remaining'), '4999');
    const second = await call('GET', issues, undefined, { headers: { 'if-none-match': etag } });
    assert.deepEqual([second.status, second.text, second.headers.get('x-ratelimit-remaining')], [304, '', '4999']);
    await call('POST', issues, { title: 'One' });
    const third = await call('GET', issues, undefined, { headers: { 'if-none-match': etag } });
    assert.deepEqual([third.status, third.headers.get('x-ratelimit-remaining')], [200, '4997']);
    assert.equal(third.headers.get('x-ratelimit-reset'), String(START / 1000 + 3600));
  });

  it('refuses more than 80 new things a minute', async () => {
    const statuses = [];
    for (let count = 0; count < 81; count++) {
      statuses.push((await call('POST', '/repos/acme/shop/labels', { name: `label-${count}` })).status);
    }
    assert.deepEqual([statuses.slice(0, 80).every((status) => status === 201), statuses[80]], [true, 403]);
    clock.advance(60_001);
    assert.equal((await call('POST', '/repos/acme/shop/labels', { name: 'later' })).status, 201);
  });

  describe('after a release', () => {
    beforeEach(() => {
      const { state } = github();
      const commit = (sha: string, message: string): typeof state.commits[number] =>
        ({ sha, message, author: 'ada', at: START, files: [{ filename: 'src/pay.ts', additions: 3, deletions: 1 }] });
      state.commits.push(commit('aaaaaaa1', 'one'), commit('bbbbbbb2', 'two'), commit('ccccccc3', 'three'));
      Object.assign(state.refs, { 'v1': 'aaaaaaa1', 'main': 'ccccccc3' });
      state.runs.push({ id: 51, name: 'Deploy', sha: 'ccccccc3', branch: 'main', event: 'push', status: 'completed', conclusion: 'failure', at: START, jobs: [{ name: 'test', conclusion: 'failure' }] });
      state.deployments.push({ id: 71, sha: 'ccccccc3', ref: 'main', environment: 'production', creator: 'ada', at: START });
    });

    it('tells runs, jobs, deployments and the commits between', async () => {
      const repository = '/repos/acme/shop';
      assert.partialDeepStrictEqual((await call('GET', `${repository}/actions/runs?branch=main&status=failure`)).body, { total_count: 1, workflow_runs: [{ id: 51, conclusion: 'failure' }] });
      assert.partialDeepStrictEqual((await call('GET', `${repository}/actions/runs?branch=other`)).body, { total_count: 0 });
      assert.partialDeepStrictEqual((await call('GET', `${repository}/actions/runs/51`)).body, { head_commit: { message: 'three' } });
      assert.partialDeepStrictEqual((await call('GET', `${repository}/actions/runs/51/jobs`)).body, { jobs: [{ name: 'test', conclusion: 'failure' }] });
      assert.partialDeepStrictEqual((await call('GET', `${repository}/deployments?environment=production`)).body, [{ id: 71, sha: 'ccccccc3' }]);
      assert.partialDeepStrictEqual((await call('GET', `${repository}/compare/v1...main`)).body, { status: 'ahead', ahead_by: 2, commits: [{ sha: 'bbbbbbb2' }, { sha: 'ccccccc3' }] });
      assert.equal((await call('GET', `${repository}/compare/v1...nowhere`)).status, 404);
      assert.partialDeepStrictEqual((await call('GET', `${repository}/commits`)).body, [{ sha: 'ccccccc3' }]);
      assert.partialDeepStrictEqual((await call('GET', '/user')).body, { login: 'ada' });
      assert.partialDeepStrictEqual((await call('GET', '/rate_limit')).body, { resources: { core: { limit: 5000 } } });
    });
  });
});
