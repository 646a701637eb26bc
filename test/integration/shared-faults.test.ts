import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { SharedState } from '../../src/ledger/shared/exchange.ts';
import { createClock, type TestClock } from '../support/clock.ts';
import { FAULT_KINDS, type FaultKind } from '../support/fakes/fake-faults.ts';
import { startGitHub } from '../support/fakes/github.ts';
import { useFake } from '../support/fakes/use-fake.ts';
import { type Responder, createResponder, idsOnTicket, settle, shareIncident, view } from '../support/shared-world.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';

const nameOf = (fault: FaultKind): string => [fault.kind, 'body' in fault ? fault.body : '', 'acted' in fault ? `${fault.acted ? 'after' : 'before'} it acted` : ''].filter(Boolean).join(', ');

describe('What is shared when GitHub fails', () => {
  let clock: TestClock = createClock();
  const github = useFake(() => {
    clock = createClock();
    return startGitHub({ clock, limit: 100_000 });
  });
  const folder = useTemporaryFolder();
  let machines = 0;
  const responder = (options: Parameters<typeof createResponder>[4] = {}): Responder =>
    createResponder(github(), clock, folder(), 'Amira', { machine: `machine ${machines += 1}`, timeoutMs: 150, ...options });
  const stateOf = ({ shared }: Responder, incident: string): SharedState => shared.state(incident) ?? assert.fail();

  /** Tries again whenever it is time to, as the loop does. @returns how often it failed */
  async function persist(someone: Responder, incident: string): Promise<number> {
    for (let failures = 0; failures < 12; failures++) {
      if (await someone.sync(incident) && stateOf(someone, incident).pending === 0) {
        return failures;
      }
      const { retryAt } = stateOf(someone, incident);
      clock.advance(Math.max(0, (retryAt ?? clock.now() + 15_000) - clock.now()));
    }
    throw new Error('It never got through');
  }

  for (const operation of ['createComment', 'listComments', 'getIssue', 'addLabels'] as const) {
    for (const fault of FAULT_KINDS) {
      it(`${operation}: ${nameOf(fault)}: each event is on the ticket exactly once`, async () => {
        const amira = responder();
        const { incident, ticket } = await shareIncident(github(), amira);
        await amira.sync(incident);
        clock.advance(15_000);
        await amira.note(incident, 'one');
        await amira.ledger.append(incident, { type: 'severity.set', severity: 'P2', reasons: [] });
        // The ticket changed, so that it is asked for again.
        await responder().threads.postComment(ticket, 'By hand', new AbortController().signal);
        const takeBack = github().fault({ ...fault, operation, times: 2 });
        const failures = await persist(amira, incident);
        takeBack();
        assert.ok(failures >= 1, 'the fault struck');
        clock.advance(15_000);
        await amira.note(incident, 'two');
        assert.equal(await persist(amira, incident), 0);
        const ids = idsOnTicket(github(), ticket);
        assert.deepEqual(ids.toSorted(), [...new Set(ids)].sort(), 'none twice');
        const posted = (await amira.timeline(incident)).filter((event) => event.type !== 'finding.documented' || event.text !== 'By hand');
        assert.deepEqual(ids.toSorted(), posted.map(({ id }) => id).sort(), 'none missing');
        assert.deepEqual(github().state.issues[0]?.labels.filter((label) => label.startsWith('P')), ['P2']);
        assert.partialDeepStrictEqual(stateOf(amira, incident), { reachable: true, pending: 0 });
      });
    }
  }

  it('says what is wrong, since when and what waits, and tries again ever more seldom', async () => {
    const amira = responder();
    const { incident } = await shareIncident(github(), amira);
    await amira.sync(incident);
    clock.advance(60_000);
    const down = clock.now();
    github().fault({ kind: 'server-error', acted: false });
    await amira.note(incident, 'one');
    const waits: number[] = [];
    for (let attempt = 0; attempt < 10; attempt++) {
      assert.equal(await amira.sync(incident), false);
      const { retryAt = 0, since } = stateOf(amira, incident);
      assert.equal(since, down);
      waits.push((retryAt - clock.now()) / 1000);
      const { made } = stateOf(amira, incident).requests;
      assert.equal(await amira.sync(incident), false);
      assert.equal(stateOf(amira, incident).requests.made, made, 'not before it is time');
      clock.advance(retryAt - clock.now());
    }
    assert.deepEqual(waits, [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    assert.partialDeepStrictEqual(stateOf(amira, incident), { reachable: false, pending: 1 });
    assert.match(stateOf(amira, incident).reason ?? '', /500/);
    github().clearFaults();
    assert.equal(await amira.sync(incident), true);
    assert.deepEqual([stateOf(amira, incident).reachable, stateOf(amira, incident).reason, stateOf(amira, incident).pending], [true, undefined, 0]);
  });

  it('waits as long as GitHub asks for, even for somebody who cannot wait', async () => {
    const amira = responder();
    const { incident } = await shareIncident(github(), amira);
    github().fault({ kind: 'rate-limit', retryAfterS: 90, operation: 'getIssue', times: 1 });
    await amira.sync(incident);
    assert.equal((stateOf(amira, incident).retryAt ?? 0) - clock.now(), 90_000);
    const forced = (): Promise<boolean> => amira.shared.sync(incident, new AbortController().signal, { isForced: true });
    assert.equal(await forced(), false);
    clock.advance(90_000);
    assert.equal(await forced(), true);
  });

  it('is not posted twice after a crash between posting and writing it down', async () => {
    const crashing = responder({ machine: 'one', through: (threads) => ({ ...threads, postComment: async (...call) => {
      await threads.postComment(...call);
      throw new Error('The window is gone');
    } }) });
    const { incident, ticket } = await shareIncident(github(), crashing);
    await crashing.sync(incident);
    const next = responder({ machine: 'one' });
    await next.sync(incident);
    clock.advance(61_000);
    await next.note(incident, 'after the crash');
    await settle(incident, next);
    const ids = idsOnTicket(github(), ticket);
    assert.deepEqual(ids.toSorted(), (await next.timeline(incident)).map(({ id }) => id).sort());
  });

  it('is posted by another window when the one whose turn it was is gone', async () => {
    const gone = responder({ machine: 'one', through: (threads) => ({ ...threads, postComment: () => Promise.reject(new Error('The window is gone')) }) });
    const { incident, ticket } = await shareIncident(github(), gone);
    await gone.sync(incident);
    const next = responder({ machine: 'one' });
    assert.equal(await next.sync(incident), true);
    assert.deepEqual([stateOf(next, incident).pending, github().state.comments.length], [1, 0], 'it is still the turn of the first');
    clock.advance(61_000);
    await settle(incident, next);
    assert.equal(idsOnTicket(github(), ticket).length, 2);
  });

  describe('whose copies lag behind one another', () => {
    it('is not posted twice because nothing seems to have changed', async () => {
      let fails = 0;
      const amira = responder({ through: (threads) => ({
        ...threads,
        readIssue: (issue, etag, signal) => (etag === undefined ? threads.readIssue(issue, undefined, signal) : Promise.resolve(undefined)),
        postComment: async (...call) => {
          const posted = await threads.postComment(...call);
          return (fails += 1) === 2 ? Promise.reject(new Error('No answer')) : posted;
        },
      }) });
      const { incident, ticket } = await shareIncident(github(), amira);
      await persist(amira, incident);
      // The list shows what was posted, so that from now on the etag is believed.
      await amira.sync(incident);
      await amira.note(incident, 'one');
      assert.equal(await persist(amira, incident), 1);
      const ids = idsOnTicket(github(), ticket);
      assert.deepEqual(ids, [...new Set(ids)]);
    });

    it('is read again until what was posted here is in the list', async () => {
      let stale = 2;
      const amira = responder({ through: (threads) => ({ ...threads, readComments: async (...call) => {
        const comments = await threads.readComments(...call);
        return comments.length > 0 && (stale -= 1) >= 0 ? [] : comments;
      } }) });
      const { incident } = await shareIncident(github(), amira);
      for (let look = 0; look < 4; look++) {
        await amira.sync(incident);
      }
      const [posted] = github().state.comments;
      assert.ok(posted !== undefined && amira.shared.hasRead(incident, posted.id));
    });

    it('is read again with the next change, when the list left it out', async () => {
      let stale = false;
      const amira = responder();
      const grace = createResponder(github(), clock, folder(), 'Grace', { through: (threads) => ({ ...threads, readComments: async (...call) => {
        const comments = await threads.readComments(...call);
        return stale ? comments.filter(({ body }) => !body.includes('one')) : comments;
      } }) });
      const { incident, ticket } = await shareIncident(github(), amira);
      await amira.sync(incident);
      await grace.open(ticket);
      for (const text of ['one', 'two', 'three']) {
        stale = text !== 'three';
        clock.advance(30_000);
        await amira.note(incident, text);
        await amira.sync(incident);
        await grace.sync(incident);
      }
      assert.deepEqual((await view(grace, incident))?.findings.map(({ text }) => text), ['one', 'two', 'three']);
    });

    it('is seen by others within minutes, even when the change itself was missed', async () => {
      let stale = false;
      const amira = responder();
      const grace = createResponder(github(), clock, folder(), 'Grace', { through: (threads) => ({ ...threads, readComments: async (...call) => {
        const comments = await threads.readComments(...call);
        return stale ? comments.slice(0, -1) : comments;
      } }) });
      const { incident, ticket } = await shareIncident(github(), amira);
      await amira.sync(incident);
      await grace.open(ticket);
      await settle(incident, amira, grace);
      stale = true;
      await amira.note(incident, 'one');
      await amira.sync(incident);
      await grace.sync(incident);
      stale = false;
      for (let look = 0; look < 20; look++) {
        clock.advance(15_000);
        await grace.sync(incident);
      }
      assert.deepEqual((await view(grace, incident))?.findings.map(({ text }) => text), ['one']);
    });
  });

  it('is posted once by several windows of one machine', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.record({ who: fc.nat(2), do: fc.constantFrom('note', 'sync', 'all') }), { minLength: 3, maxLength: 15 }), async (moves) => {
      clock.advance(3_600_000);
      const machine = `shared ${machines += 1}`;
      const windows = Array.from({ length: 3 }, () => responder({ machine, timeoutMs: 5_000 }));
      const [first] = windows;
      assert.ok(first !== undefined);
      const { incident, ticket } = await shareIncident(github(), first);
      for (const { who, do: what } of moves) {
        if (what === 'note') {
          await windows[who]?.note(incident, `From window ${who}`);
        } else {
          await Promise.all((what === 'all' ? windows : windows.slice(who, who + 1)).map(({ sync }) => sync(incident)));
        }
      }
      clock.advance(61_000);
      await settle(incident, ...windows);
      const ids = idsOnTicket(github(), ticket);
      assert.deepEqual(ids.toSorted(), (await first.timeline(incident)).map(({ id }) => id).sort());
    }), { numRuns: 15 });
  }).timeout(60_000);

  it('says so when GitHub is not connected, or to another repository', async () => {
    const amira = responder({ through: (threads) => ({ ...threads, repository: 'acme/other' }) });
    const { incident } = await shareIncident(github(), amira);
    assert.equal(await amira.sync(incident), false);
    assert.match(stateOf(amira, incident).reason ?? '', /The ticket is in acme\/shop, and GitHub is connected to acme\/other\. Connect it to acme\/shop/);
    assert.equal(stateOf(amira, incident).pending, 2);
  });

  it('keeps evidence whole here when the ticket cannot hold it', async () => {
    const [amira, grace] = [responder({ timeoutMs: 5_000 }), createResponder(github(), clock, folder(), 'Grace')];
    const { incident, ticket } = await shareIncident(github(), amira);
    const markdown = 'A line of evidence\n'.repeat(20_000);
    await amira.ledger.append(incident, { type: 'step.finished', result: { step: 'searchErrors', title: 'Search', section: '5.2', outcome: 'done', level: 'bad', summary: 'Many', durationMs: 5, evidence: { summary: 'Many', level: 'bad', markdown, data: {} } } });
    await settle(incident, amira);
    const opened = await grace.open(ticket);
    assert.equal(opened.steps.get('searchErrors')?.evidence?.markdown, '*Too long for the ticket: the whole evidence is on the machine of Amira.*');
    await amira.sync(incident);
    assert.equal((await view(amira, incident))?.steps.get('searchErrors')?.evidence?.markdown, markdown);
  });
});
