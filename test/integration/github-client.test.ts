import assert from 'node:assert/strict';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { describe, it } from 'mocha';
import { DeliveryError } from '../../src/services/courier.ts';
import { GitHubClient, type GitHubClientOptions } from '../../src/services/github/client.ts';
import { GitHubRefusal } from '../../src/services/github/failures.ts';
import { testGitHub } from '../../src/services/github/connection-test.ts';
import { closeServer, originOf, readBody } from '../practice/http-server.ts';
import { createClock, type TestClock } from '../support/clock.ts';
import { startGitHub } from '../support/fakes/github.ts';
import { useFake } from '../support/fakes/use-fake.ts';
import { useHttpServers } from '../support/http-stub.ts';
import { until } from '../support/until.ts';

const never = new AbortController().signal;
const TOKEN = 'gho_invented-push';

/** What a call was refused with. */
async function failureOf(call: Promise<unknown>): Promise<DeliveryError> {
  return call.then(() => assert.fail('It succeeded'), (error: unknown) => error instanceof DeliveryError ? error : assert.fail(error instanceof Error ? error : String(error)));
}

const readIssue = (client: GitHubClient, number: number, signal = never): Promise<unknown> =>
  client.read(`issue ${number}`, (rest, at) => rest.issues.get({ ...at, issue_number: number }), signal);
const comment = (client: GitHubClient, issue: number, body: string, signal = never): Promise<unknown> =>
  client.write(`issue ${issue}`, (rest, at) => rest.issues.createComment({ ...at, issue_number: issue, body }), signal);

describe('The GitHub client', () => {
  let clock: TestClock = createClock();
  const github = useFake(() => {
    clock = createClock();
    return startGitHub({ clock, limit: 100 });
  });
  const serve = useHttpServers();
  const connect = (values: Readonly<Record<string, string>> = {}, options: GitHubClientOptions = {}): GitHubClient =>
    new GitHubClient({ url: github().url, repository: 'acme/shop', token: TOKEN, ...values }, { clock, ...options });

  describe('tries a connection', () => {
    for (const [token, sentence] of [
      [TOKEN, 'Signed in as ada, may push to acme/shop'],
      ['gho_invented-read-only', 'Signed in as mallory, may read acme/shop but not push to it: GitHub will drop the labels and assignees of tickets. Ask for write access, or connect with a token that has it.'],
    ] as const) {
      it(`and changes nothing: ${sentence}`, async () => {
        const before = structuredClone(github().state);
        assert.equal(await testGitHub(connect({ token }), never), sentence);
        assert.deepEqual(github().state, before);
      });
    }

    it('to a repository without labels, where it cannot tell', async () => {
      github().state.labels.length = 0;
      assert.equal(await testGitHub(connect(), never), 'Signed in as ada, may read acme/shop; it has no labels, so whether the token may push shows with the first ticket');
      assert.equal(github().state.labels.length, 0);
    });

    it('to a repository that is not there, and with a wrong token', async () => {
      const missing = await failureOf(testGitHub(connect({ repository: 'acme/shoop' }), never));
      assert.deepEqual([missing.kind, missing.message], ['refused', 'GitHub does not know the issues of acme/shoop, or the token may not see it (404). Check the repository\'s name and that the token has access to it.']);
      const wrong = await failureOf(testGitHub(connect({ token: 'gho_invented-wrong' }), never));
      assert.deepEqual([wrong.kind, wrong.message], ['refused', 'GitHub refused the credentials (401): Bad credentials. Connect GitHub again, then retry.']);
      assert.ok(!JSON.stringify([wrong.message, String(wrong.cause)]).includes('gho_'), 'no token in what is shown');
    });
  });

  it('knows the page for people', () => {
    assert.equal(connect({ url: 'https://api.github.com' }).page, 'https://github.com/acme/shop');
    assert.equal(connect({ url: 'https://git.example.org/api/v3/' }).page, 'https://git.example.org/acme/shop');
    assert.equal(connect({ url: 'https://api.acme.ghe.com' }).page, 'https://acme.ghe.com/acme/shop');
  });

  it('takes an address that ends in a slash', async () => {
    await connect({ url: `${github().url}/` }).read('the user', (rest, { request }) => rest.users.getAuthenticated({ request }), never);
    assert.deepEqual(github().exchanges.map(({ target }) => target), ['/user']);
  });

  describe('when GitHub wants it to slow down', () => {
    it('waits as long as the reset of the hourly limit says', async () => {
      const client = connect();
      await Promise.all(Array.from({ length: 100 }, () => failureOf(readIssue(client, 1))));
      clock.advance(600_000);
      const limited = await failureOf(comment(client, 1, 'one'));
      assert.deepEqual([limited.kind, limited.retryAfterMs, limited.message], ['not sent', 3_000_000, 'GitHub asks to slow down: API rate limit exceeded.']);
    });

    it('waits as long as retry-after says, before anything else', async () => {
      // The hourly limit would say something else.
      const origin = await serve((_request, response) => {
        response.writeHead(403, { 'content-type': 'application/json', 'retry-after': '7', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(clock.now() / 1000 + 3600) }).end('{"message":"No"}');
      });
      const limited = await failureOf(comment(connect({ url: origin }), 1, 'one'));
      assert.deepEqual([limited.kind, limited.retryAfterMs], ['not sent', 7_000]);
    });

    it('takes a limit that is used up for one, whatever it says', async () => {
      const origin = await serve((_request, response) => {
        response.writeHead(403, { 'content-type': 'application/json', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(clock.now() / 1000 + 90) }).end('{"message":"No"}');
      });
      const limited = await failureOf(comment(connect({ url: origin }), 1, 'one'));
      assert.deepEqual([limited.kind, limited.retryAfterMs], ['not sent', 90_000]);
    });

    for (const [title, headers] of [
      ['without saying for how long', {}],
      ['with the reset of another limit that has room', { 'x-ratelimit-remaining': '4000', 'x-ratelimit-reset': '1795410000' }],
    ] as const) {
      it(`waits a minute ${title}`, async () => {
        const origin = await serve((_request, response) => {
          response.writeHead(403, { 'content-type': 'application/json', ...headers }).end(JSON.stringify({ message: 'You have exceeded a secondary rate limit.' }));
        });
        const limited = await failureOf(comment(connect({ url: origin }), 1, 'one'));
        assert.deepEqual([limited.kind, limited.retryAfterMs], ['not sent', 60_000]);
      });
    }

    it('but a 403 for another reason is final', async () => {
      const refused = await failureOf(connect({ token: 'gho_invented-read-only' }).write('issue 1', (rest, at) => rest.issues.addLabels({ ...at, issue_number: 1, labels: ['P1'] }), never));
      assert.deepEqual([refused.kind, refused.message], ['refused', 'GitHub refused the credentials (403): Must have admin rights to Repository. Connect GitHub again, then retry.']);
    });
  });

  describe('never takes the token to another host', () => {
    for (const status of [301, 302, 307, 308]) {
      it(`by a redirect (${status})`, async () => {
        const seen: (IncomingHttpHeaders)[] = [];
        const other = await serve((request, response) => { seen.push(request.headers); response.writeHead(200, { 'content-type': 'application/json' }).end('{}'); });
        const origin = await serve((request, response) => { response.writeHead(status, { location: `${other}${request.url}`, 'content-type': 'application/json' }).end('{"message":"Moved"}'); });
        const client = connect({ url: origin });
        for (const call of [readIssue(client, 1), comment(client, 1, 'one')]) {
          const failure = await failureOf(call);
          assert.deepEqual([failure.kind, failure.message], ['refused', `GitHub says that acme/shop has moved (${status}). Connect GitHub again with the repository's new name, and check the API address.`]);
        }
        assert.deepEqual(seen, []);
      });
    }

    it('by the address of the next page', async () => {
      const seen: string[] = [];
      const other = await serve((request, response) => { seen.push(request.url ?? ''); response.writeHead(200, { 'content-type': 'application/json' }).end('[]'); });
      const asked: string[] = [];
      const origin = await serve((request, response) => {
        asked.push(request.url ?? '');
        response.writeHead(200, { 'content-type': 'application/json', ...(asked.length === 1 ? { link: `<${other}/next>; rel="next"` } : {}) }).end(`[{"name":"page ${asked.length}"}]`);
      });
      const labels = await connect({ url: origin }).readAll('the labels', (rest, at) => rest.issues.listLabelsForRepo({ ...at }), never);
      assert.deepEqual(labels.map(({ name }) => name), ['page 1', 'page 2']);
      assert.deepEqual(asked, ['/repos/acme/shop/labels?page=1&per_page=100', '/repos/acme/shop/labels?page=2&per_page=100']);
      assert.deepEqual(seen, []);
    });
  });

  describe('says whether it can have had its effect', () => {
    const both = async (client: GitHubClient): Promise<readonly (readonly [kind: string, message: string])[]> => {
      const failures = [await failureOf(readIssue(client, 1)), await failureOf(comment(client, 1, 'one'))];
      return failures.map(({ kind, message }) => [kind, message]);
    };

    it('no server', async () => {
      const server = createServer();
      await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
      const url = originOf(server);
      await closeServer(server);
      const [read, write] = await both(connect({ url }));
      assert.deepEqual([read?.[0], write?.[0]], ['not sent', 'not sent']);
      assert.match(write?.[1] ?? '', /^GitHub could not be reached: .*ECONNREFUSED/);
    });

    it('no answer in time', async () => {
      github().fault({ kind: 'time-out', acted: true });
      const answer = 'GitHub did not answer within 0.2 s.';
      assert.deepEqual(await both(connect({}, { timeoutMs: 200 })), [['not sent', answer], ['in doubt', answer]]);
    });

    it('an answer that stops in the middle', async () => {
      const origin = await serve((_request, response) => {
        response.writeHead(201, { 'content-type': 'application/json', 'content-length': '1000' });
        response.write('{"id": 1,');
      });
      const answer = 'GitHub did not answer within 0.2 s.';
      assert.deepEqual(await both(connect({ url: origin }, { timeoutMs: 200 })), [['not sent', answer], ['in doubt', answer]]);
    });

    it('a connection that breaks', async () => {
      github().fault({ kind: 'reset', acted: true });
      assert.deepEqual((await both(connect())).map(([kind]) => kind), ['not sent', 'in doubt']);
    });

    it('a server that fails', async () => {
      github().fault({ kind: 'server-error', acted: false, status: 502 });
      assert.deepEqual(await both(connect()), [['not sent', 'GitHub failed (502): Internal server error.'], ['in doubt', 'GitHub failed (502): Internal server error.']]);
    });

    for (const body of ['truncated-json', 'html'] as const) {
      it(`a success that cannot be read: ${body}`, async () => {
        await connect().write('the issues', (rest, at) => rest.issues.create({ ...at, title: 'One' }), never);
        github().fault({ kind: 'malformed', acted: true, body });
        const answer = 'GitHub\'s answer about issue 1 of acme/shop cannot be read (a proxy on the way?).';
        assert.deepEqual(await both(connect()), [['not sent', answer], ['in doubt', answer]]);
      });
    }

    it('something invalid', async () => {
      const refused = await failureOf(connect().write('the issues', (rest, at) => rest.issues.create({ ...at, title: 'One', assignees: ['nobody'] }), never));
      assert.ok(refused instanceof GitHubRefusal);
      assert.deepEqual([refused.kind, refused.status, refused.codes, refused.message], ['refused', 422, ['invalid'], 'GitHub refused it (422): Validation Failed, assignees invalid nobody.']);
    });
  });

  it('writes one thing at a time, whatever happens to the one before', async () => {
    const waiting: ServerResponse[] = [];
    const bodies: string[] = [];
    const answer = (response: ServerResponse | undefined, status: number): void => { response?.writeHead(status, { 'content-type': 'application/json' }).end('{"id":1}'); };
    const origin = await serve((request, response) => {
      if (request.method === 'GET') {
        return answer(response, 200);
      }
      void readBody(request).then((body) => {
        bodies.push(body.toString());
        waiting.push(response);
      });
    });
    const client = connect({ url: origin });
    const writes = Promise.allSettled(['one', 'two', 'three'].map((body) => comment(client, 1, body)));
    for (const [turn, status] of [500, 201, 201].entries()) {
      await until('a write', () => bodies.length > turn);
      // Reading does not wait, and what had been written at the same time would have arrived by now.
      await readIssue(client, 1);
      assert.equal(bodies.length, turn + 1);
      answer(waiting[turn], status);
    }
    assert.deepEqual((await writes).map(({ status }) => status), ['rejected', 'fulfilled', 'fulfilled']);
    assert.deepEqual(bodies, ['{"body":"one"}', '{"body":"two"}', '{"body":"three"}']);
  });

  it('ends with the signal; what waits for its turn is not sent at all', async () => {
    github().fault({ kind: 'time-out', acted: false });
    const client = connect();
    const stop = new AbortController();
    const calls = [readIssue(client, 1, stop.signal), comment(client, 1, 'one', stop.signal), comment(client, 1, 'two', stop.signal)].map(failureOf);
    // The fake has the request as soon as it is in its list of exchanges.
    await until('the first write', () => github().of('createComment').length > 0);
    stop.abort();
    const failures = await Promise.all(calls);
    assert.deepEqual(failures.map(({ kind }) => kind), ['not sent', 'in doubt', 'not sent']);
    assert.deepEqual(failures.filter(({ message }) => message.includes('did not answer')), [], 'nobody waited for the time-out');
    assert.equal(github().of('createComment').length, 1);
  });
});
