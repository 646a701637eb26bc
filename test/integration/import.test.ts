import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { beforeEach, describe, it } from 'mocha';
import { CancelledError, UserError } from '../../src/errors.ts';
import { type ImportApi, type ImportReport, createImportApi } from '../../src/api/import-api.ts';
import { importedId } from '../../src/incident/import.ts';
import { formatEventMarker } from '../../src/incident/markers.ts';
import { computeMetrics } from '../../src/incident/metrics.ts';
import { createRedactor } from '../../src/incident/redact.ts';
import { SyncLoop } from '../../src/ledger/shared/sync-loop.ts';
import { GitHubClient } from '../../src/services/github/client.ts';
import { githubThreads } from '../../src/services/github/issues.ts';
import { wait } from '../../src/wait.ts';
import { createEvents } from '../support/build-events.ts';
import { buildLedger } from '../support/build-ledger.ts';
import { bundledRunbook } from '../support/bundled-runbook.ts';
import { createClock, START, type TestClock } from '../support/clock.ts';
import { startGitHub } from '../support/fakes/github.ts';
import type { FakeIssue } from '../support/fakes/github-model.ts';
import { useFake } from '../support/fakes/use-fake.ts';
import { REPOSITORY, TOKENS, comment as writeComment, createResponder, setStrangers, settle, shareIncident } from '../support/shared-world.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NEVER = new AbortController().signal;

describe('Importing past incidents', () => {
  let clock: TestClock = createClock();
  const github = useFake(() => {
    clock = createClock();
    return startGitHub({ clock });
  });
  const folder = useTemporaryFolder();
  let id = 0;
  beforeEach(() => {
    id = 900_000;
    github().state.labels.push(...['incident', 'P1', 'P2', 'drill', 'duplicate'].map((name) => ({ id: ++id, name, color: 'ededed', description: null })));
  });

  /** A ticket that was opened and closed so many days ago. */
  const closed = (days: number, changes: Partial<FakeIssue> = {}): FakeIssue => {
    const { state } = github();
    const createdAt = START - days * DAY;
    const issue: FakeIssue = {
      id: ++id, number: state.issues.length + 1, author: 'ada', isPullRequest: false, createdAt, title: `INCIDENT: Number ${state.issues.length + 1}`, body: 'Severity: P2', state: 'closed', stateReason: 'completed',
      labels: ['incident'], assignees: [], closedBy: 'grace', closedAt: createdAt + 2 * HOUR, updatedAt: createdAt + 2 * HOUR, ...changes,
    };
    state.issues.push(issue);
    return issue;
  };
  const comment = ({ number, createdAt }: FakeIssue, body: string, minutes = 5, author = 'grace'): void => {
    github().state.comments.push({ id: ++id, issue: number, author, body, createdAt: createdAt + minutes * 60_000, updatedAt: createdAt + minutes * 60_000 });
  };
  const machine = (name = 'here') => {
    const ledger = buildLedger(`${folder()}/${name}`, { clock });
    const client = new GitHubClient({ url: github().url, repository: REPOSITORY, token: TOKENS.Amira }, { clock });
    const redactor = createRedactor();
    const api: ImportApi = createImportApi({ ledger, clock, outgoing: { threads: () => Promise.resolve(githubThreads(client)) }, runbook: { get: () => Promise.resolve(bundledRunbook()) }, redact: () => redactor });
    return { ledger, api, import: (args: Record<string, unknown> = {}) => api.import(args) };
  };
  const numbers = ({ imported }: ImportReport): number[] => imported.map(({ number }) => number);
  const asked = (): Record<string, number> => Object.fromEntries((['listIssues', 'listComments'] as const).map((operation) => [operation, github().of(operation).length]));
  const onlyRead = (): void => { assert.deepEqual([...new Set(github().exchanges.map(({ method }) => method))].filter((method) => method !== 'GET'), []); };

  it('reads every page and only closed tickets of incidents, writes each down once, and only ever reads', async () => {
    for (let count = 0; count < 250; count++) {
      const issue = closed(300 - count);
      if (count % 5 === 0) {
        comment(issue, 'Acknowledged');
        comment(issue, 'Incident resolved. Root cause: A leak. Resolution: Rolled back. Duration: 30 min.', 40);
      }
    }
    closed(1, { labels: ['P1'] });
    closed(1, { isPullRequest: true });
    closed(1, { state: 'open', stateReason: null, closedAt: null, closedBy: null });
    const { ledger, ...here } = machine();
    const first = await here.import();
    assert.deepEqual(numbers(first), Array.from({ length: 250 }, (_, index) => 250 - index));
    assert.deepEqual([first.known, first.skipped, first.stopped], [0, [], undefined]);
    // Three pages, and the comments of the fifty tickets that have any.
    assert.deepEqual(asked(), { listIssues: 3, listComments: 50 });
    const list = await ledger.list('closed');
    assert.equal(list.length, 250);
    assert.ok(list.every(({ waiting }) => waiting === undefined));
    const metrics = computeMetrics(list, { targets: {} });
    assert.deepEqual([metrics.mtta.n, metrics.mtta.mean, metrics.mttr.n, metrics.mttr.mean], [50, 5 * 60_000, 250, (200 * 2 * HOUR + 50 * 40 * 60_000) / 250]);

    const size = readdirSync(`${folder()}/here`).length;
    assert.deepEqual(await here.import(), { imported: [], known: 250, skipped: [] });
    assert.deepEqual(github().of('listIssues').slice(3).map(({ status }) => status), [304, 304, 304], 'which costs nothing of the limit');
    assert.equal(asked()['listComments'], 50);
    assert.equal(readdirSync(`${folder()}/here`).length, size);
    // Another window, which remembers nothing of it.
    assert.deepEqual((await machine().import()).known, 250);
    assert.equal((await machine().ledger.list()).length, 250);
    onlyRead();
  }).timeout(30_000);

  it('sees a page that came after one that is still the same', async () => {
    for (let count = 0; count < 100; count++) {
      closed(count + 1);
    }
    const here = machine();
    assert.equal((await here.import()).imported.length, 100);
    const older = closed(400);
    assert.deepEqual(numbers(await here.import()), [older.number]);
    assert.deepEqual(github().of('listIssues').map(({ status }) => status), [200, 304, 200]);
  }).timeout(20_000);

  it('stops when GitHub asks to slow down, keeps what it has, and goes on the next time', async () => {
    const [first, second, third] = [closed(3), closed(2), closed(1)];
    comment(first, 'Acknowledged');
    comment(second, 'Acknowledged');
    const here = machine();
    github().fault({ kind: 'rate-limit', retryAfterS: 90, operation: 'listComments', times: 1 });
    const interrupted = await here.import();
    assert.deepEqual(numbers(interrupted), [third.number]);
    assert.match(interrupted.stopped ?? '', /^GitHub asks to slow down.* Import again in 2 min: what is here already is passed over\.$/);
    assert.equal(github().of('listComments').length, 1, 'nothing more is asked');
    const rest = await here.import();
    assert.deepEqual([numbers(rest), rest.known, rest.stopped], [[second.number, first.number], 1, undefined]);
    github().fault({ kind: 'rate-limit', retryAfterS: 30, operation: 'listIssues', times: 1 });
    await assert.rejects(here.import(), (error: unknown) => error instanceof UserError && /^The closed tickets of acme\/shop could not be read: GitHub asks to slow down.* Import again in 1 min\.$/.test(error.message));
    onlyRead();
  });

  it('keeps what was read when somebody cancels', async () => {
    [3, 2, 1].forEach((days) => { comment(closed(days), 'Acknowledged'); });
    const { api, ledger } = machine();
    const abort = new AbortController();
    const looking = api.find({ onFound: async (found) => {
      await api.keep(found);
      abort.abort();
    } }, abort.signal);
    await assert.rejects(looking, CancelledError);
    assert.equal((await ledger.list()).length, 1);
  });

  it('takes a time since when, a limit, and a run that writes nothing', async () => {
    [10, 5, 2].forEach((days) => closed(days));
    // Somebody commented on an old one lately: GitHub lists it, and it was closed long ago all the same.
    closed(30, { updatedAt: START });
    const here = machine();
    const since = new Date(START - 6 * DAY).toISOString();
    assert.deepEqual(numbers(await here.import({ since, dryRun: true })), [3, 2]);
    assert.equal(new URL(github().of('listIssues')[0]?.target ?? '', 'http://x').searchParams.get('since'), since);
    assert.deepEqual(await here.ledger.list(), []);
    assert.deepEqual(numbers(await here.import({ limit: 1 })), [3]);
    assert.deepEqual(numbers(await here.import({ limit: 2 })), [2, 1]);
    await assert.rejects(here.import({ limit: 0 }), /"limit" must be a whole number from 1/);
    await assert.rejects(here.import({ since: 'long ago' }), /"since" must be a time/);
  });

  it('passes over what was no incident of its own, and what is gone meanwhile', async () => {
    closed(4, { stateReason: 'not_planned' });
    closed(3, { stateReason: 'duplicate' });
    closed(2, { labels: ['incident', 'duplicate'] });
    comment(closed(1), 'Acknowledged');
    github().alter('listComments', () => ({ status: 404, body: { message: 'Not Found', documentation_url: 'https://docs.github.com/rest', status: '404' } }));
    const { imported, skipped } = await machine().import();
    assert.deepEqual([imported, skipped.map(({ number, reason }) => `${number} ${reason.slice(0, 27)}`)], [[], ['4 Its comments cannot be read', '3 It was closed as a duplicat', '2 It was closed as a duplicat', '1 It was closed as not planne']]);
  });

  it('hides secrets and personal data, and believes nobody who may not write', async () => {
    const issue = closed(1, { title: 'INCIDENT: Reset for mona@example.com', body: 'Severity: P1\nCall +20 100 123 4567' });
    comment(issue, 'password=hunter22', 5);
    comment(issue, 'Incident resolved. Root cause: Lies. Resolution: More.', 10, 'mallory');
    setStrangers(github(), 'mallory');
    const { ledger, ...here } = machine();
    const { imported: [past] } = await here.import();
    assert.deepEqual([past?.title, past?.severity], ['Reset for [redacted: e-mail address]', 'P1']);
    const incident = await ledger.read(past?.incident ?? '');
    assert.doesNotMatch(JSON.stringify(incident.events), /mona@|123 4567|hunter22|Lies/);
    assert.match(incident.imported?.note ?? '', /1 comment by people who may not write/);
  });

  it('gives two tickets that would have the same id one each, the same ones every time', async () => {
    const createdAt = new Date(START - DAY).toISOString();
    const taken = new Map<string, number>();
    let pair: readonly number[] = [];
    for (let number = 1; pair.length === 0; number++) {
      const short = importedId(REPOSITORY, number, createdAt);
      pair = taken.has(short) ? [taken.get(short) ?? 0, number] : [];
      taken.set(short, number);
    }
    const before = github().state.issues;
    pair.forEach((number) => { Object.assign(closed(1), { number }); });
    assert.equal(before.length, 2);
    const here = machine();
    const { imported } = await here.import();
    assert.equal(new Set(imported.map(({ incident }) => incident)).size, 2);
    assert.deepEqual(imported.map(({ incident }) => incident.length).sort(), ['INC-20261122-0000'.length, 'INC-20261122-00000'.length]);
    assert.deepEqual(await here.import(), { imported: [], known: 2, skipped: [] });
  });

  describe('of tickets that the extension wrote', () => {
    const close = (ticket: number): void => { Object.assign(github().state.issues.find(({ number }) => number === ticket) ?? {}, { state: 'closed', stateReason: 'completed', closedAt: clock.now(), closedBy: 'grace', updatedAt: clock.now() }); };

    it('keeps the id; where it was declared it is known', async () => {
      const amira = createResponder(github(), clock, folder(), 'Amira');
      const { incident, ticket } = await shareIncident(github(), amira);
      await amira.ledger.append(incident, { type: 'severity.set', severity: 'P1', reasons: ['Down'] });
      await amira.note(incident, 'Seen');
      await settle(incident, amira);
      clock.advance(HOUR);
      await writeComment(github(), 'Grace', ticket, 'Incident resolved. Root cause: A leak. Resolution: Rolled back. Duration: 1 h.');
      clock.advance(60_000);
      close(ticket);
      const { ledger, ...grace } = machine('grace');
      const { imported: [past, ...more] } = await grace.import();
      assert.deepEqual([past?.incident, past?.severity, more], [incident, 'P1', []]);
      const read = await ledger.read(incident);
      assert.deepEqual([read.status, read.resolution?.rootCause, read.ticket?.number, read.findings.map(({ text }) => text.slice(0, 8))], ['closed', 'A leak', ticket, ['Seen', 'Incident']]);
      assert.deepEqual([(await grace.import()).known, (await machine('Amira').import()).known], [1, 1]);
    });

    it('does not take a copy, nor what a stranger declares', async () => {
      const amira = createResponder(github(), clock, folder(), 'Amira');
      const { incident, ticket } = await shareIncident(github(), amira);
      const declared = (await amira.ledger.timeline(incident))[0] ?? assert.fail();
      clock.advance(HOUR);
      close(ticket);
      const copy = closed(1, { body: formatEventMarker(declared) });
      const { skipped } = await machine('Amira').import();
      assert.deepEqual(skipped, [{ number: copy.number, reason: `It is a copy: ${incident} is shared in acme/shop#${ticket}.` }]);
      const invented = createEvents().declared({ title: 'Invented' });
      const foreign = closed(2, { author: 'mallory', body: `Severity: P2\n${formatEventMarker({ ...invented, incident: 'INC-20260101-AAAA' })}` });
      setStrangers(github(), 'mallory');
      const past = (await machine('elsewhere').import()).imported.find(({ number }) => number === foreign.number);
      assert.notEqual(past?.incident, 'INC-20260101-AAAA');
      assert.equal(past?.title, foreign.title.replace('INCIDENT: ', ''), 'it is read as any other text');
    });
  });

  it('shares and delivers nothing of them, whatever happens to them later', async () => {
    const issue = closed(0.05);
    comment(issue, 'Acknowledged');
    const amira = createResponder(github(), clock, folder(), 'Amira');
    const { imported: [past] } = await machine('Amira').import();
    const incident = past?.incident ?? '';
    const before = github().exchanges.length;
    let looked = 0;
    const shared = { state: (name: string) => amira.shared.state(name), sync: async (...args: Parameters<typeof amira.shared.sync>) => {
      const same = await amira.shared.sync(...args);
      looked += 1;
      return same;
    } };
    const loop = new SyncLoop({ ledger: amira.ledger, shared, clock, wait, isTrusted: () => true });
    await loop.start();
    const declared = (await amira.ledger.read(incident)).times.detected.event;
    await amira.ledger.append(incident, { type: 'event.amended', amends: declared, changes: { impactStartedAt: new Date(issue.createdAt - 60_000).toISOString() } });
    loop.wake(incident);
    await until('the loop to have looked', () => looked > 0);
    assert.equal(await amira.shared.sync(incident, NEVER, { isForced: true }), false);
    const claim = await amira.claims.claim(incident, 'rollback', 60_000);
    assert.ok(claim.won && claim.coordinated, 'there is nobody to agree with');
    await loop.dispose();
    assert.equal(github().exchanges.length, before, 'GitHub is not even asked');
    const [summary] = await amira.ledger.list('closed');
    assert.deepEqual([summary?.waiting, summary?.impactStartedAt], [undefined, new Date(issue.createdAt - 60_000).toISOString()]);
    onlyRead();
    amira.ledger.dispose();
  });

  it('takes 500 incidents in a few hundred requests', async () => {
    for (let count = 0; count < 500; count++) {
      comment(closed(500 - count), 'Incident resolved. Root cause: A leak. Resolution: Rolled back.', 30);
    }
    const started = performance.now();
    assert.equal((await machine().import()).imported.length, 500);
    console.log(`      500 incidents with comments: ${JSON.stringify(asked())} requests, ${Math.round(performance.now() - started)} ms here`);
    // The last page is full, and says itself that none comes after it.
    assert.deepEqual(asked(), { listIssues: 5, listComments: 500 });
    onlyRead();
  }).timeout(60_000);
});
