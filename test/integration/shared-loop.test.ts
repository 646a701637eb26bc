import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { LocalLedger } from '../../src/ledger/local-ledger.ts';
import { SyncLoop } from '../../src/ledger/shared/sync-loop.ts';
import { createClock, type TestClock } from '../support/clock.ts';
import { startGitHub } from '../support/fakes/github.ts';
import { useFake } from '../support/fakes/use-fake.ts';
import { type Responder, TOKENS, createResponder, idsOnTicket, shareIncident, view } from '../support/shared-world.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Time that goes on when everybody sleeps. */
interface Time {
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Lets time pass until then, epoch ms. @param loops how many there are to fall asleep */
  passUntil(end: number, loops: number): Promise<void>;
  /** Epoch ms at which somebody wakes up next. */
  next(): number;
}

function createTime(clock: TestClock): Time {
  const sleepers = new Map<() => void, number>();
  const next = (): number => Math.min(...sleepers.values());
  return {
    next,
    wait: (ms, signal) => new Promise((resolve) => {
      const wake = (): void => {
        sleepers.delete(wake);
        resolve();
      };
      sleepers.set(wake, clock.now() + ms);
      signal.addEventListener('abort', wake, { once: true });
      if (signal.aborted) {
        wake();
      }
    }),
    async passUntil(end, loops) {
      for (;;) {
        await until('everybody to sleep', () => sleepers.size === loops);
        if (next() > end) {
          clock.advance(end - clock.now());
          return;
        }
        clock.advance(Math.max(0, next() - clock.now()));
        [...sleepers].filter(([, at]) => at <= clock.now()).forEach(([wake]) => { wake(); });
      }
    },
  };
}

describe('The loop that keeps windows and their tickets the same', () => {
  let clock: TestClock = createClock();
  let time: Time;
  let loops: SyncLoop[] = [];
  let ledgers: LocalLedger[] = [];
  const github = useFake(() => {
    clock = createClock();
    return startGitHub({ clock });
  });
  const folder = useTemporaryFolder();
  beforeEach(() => {
    time = createTime(clock);
    [loops, ledgers] = [[], []];
  });
  afterEach(async () => {
    await Promise.all(loops.map((loop) => loop.dispose()));
    ledgers.forEach((ledger) => { ledger.dispose(); });
  });

  const start = async ({ ledger, shared }: Responder, isTrusted: () => boolean = () => true): Promise<SyncLoop> => {
    const loop = new SyncLoop({ ledger, shared, clock, wait: time.wait, isTrusted });
    loops.push(loop);
    ledgers.push(ledger);
    await loop.start();
    return loop;
  };
  const responder = (name: 'Amira' | 'Grace'): Responder => createResponder(github(), clock, folder(), name);
  const asked = (name: 'Amira' | 'Grace'): number[] => github().exchanges.filter(({ headers }) => headers.authorization?.endsWith(TOKENS[name]) === true).map(({ status }) => status);

  it('needs few of GitHub\'s 5,000 requests an hour: an active incident', async () => {
    const [amira, grace] = [responder('Amira'), responder('Grace')];
    const { incident, ticket } = await shareIncident(github(), amira);
    await grace.open(ticket);
    await Promise.all([start(amira), start(grace)]);
    await time.passUntil(clock.now() + MINUTE, 2);
    const before = { Amira: asked('Amira').length, Grace: asked('Grace').length };
    const end = clock.now() + HOUR;
    for (let change = 0; clock.now() < end; change++) {
      await amira.note(incident, `Every five minutes something happens: ${change}`);
      await until('the loop to hear of it', () => time.next() <= clock.now() + 1_000);
      await time.passUntil(clock.now() + 5 * MINUTE, 2);
    }
    const [mine, theirs] = (['Amira', 'Grace'] as const).map((name) => asked(name).slice(before[name])) as [number[], number[]];
    const counted = [mine, theirs].map((statuses) => statuses.filter((status) => status !== 304).length);
    console.log(`      an hour of an incident with a change every 5 minutes: ${counted[0]} counted requests by the window that makes them, ${counted[1]} by one that follows (${mine.length} and ${theirs.length} with those that cost nothing)`);
    assert.ok(mine.length >= 240 && theirs.length >= 240, 'every 15 s');
    assert.ok(theirs.length <= 240 + 12 + 12 + 3, `what comes in is no reason to ask again: ${theirs.length}`);
    // A change is one comment, and the ticket and its new comments read by both; and every five minutes a full look.
    assert.ok(counted.every((count) => count !== undefined && count <= 12 * 3 + 12 * 2 + 4), String(counted));
    assert.equal((await view(grace, incident))?.findings.length, 12);
    assert.deepEqual((await view(grace, incident))?.findings, (await view(amira, incident))?.findings);
  }).timeout(60_000);

  it('collects what happens within a second into one comment, and others see it within seconds', async () => {
    const [amira, grace] = [responder('Amira'), responder('Grace')];
    const { incident, ticket } = await shareIncident(github(), amira);
    await grace.open(ticket);
    await Promise.all([start(amira), start(grace)]);
    await time.passUntil(clock.now() + MINUTE, 2);
    const comments = github().state.comments.length;
    const notes = [await amira.note(incident, 'one'), await amira.note(incident, 'two'), await amira.note(incident, 'three')];
    await until('the loop to hear of it', () => time.next() <= clock.now() + 1_000);
    await time.passUntil(clock.now() + 2_000, 2);
    assert.equal(github().state.comments.length, comments + 1);
    await time.passUntil(clock.now() + 15_000, 2);
    assert.deepEqual((await view(grace, incident))?.findings.map(({ event }) => event), notes.map(({ id }) => id));
  });

  it('shares the end of an incident, then leaves it alone', async () => {
    const amira = responder('Amira');
    const { incident, ticket } = await shareIncident(github(), amira);
    await start(amira);
    await time.passUntil(clock.now() + MINUTE, 1);
    const closed = await amira.ledger.append(incident, { type: 'incident.closed', reason: 'Resolved' });
    await until('the loop to hear of it', () => time.next() <= clock.now() + 1_000);
    await time.passUntil(clock.now() + MINUTE, 1);
    assert.ok(idsOnTicket(github(), ticket).includes(closed.id));
    await time.passUntil(clock.now() + HOUR, 1);
    const before = github().exchanges.length;
    await time.passUntil(clock.now() + 10 * MINUTE, 1);
    assert.equal(github().exchanges.length, before);
    const reopened = await amira.ledger.append(incident, { type: 'incident.reopened', reason: 'Not quite' });
    await until('the loop to hear of it', () => time.next() <= clock.now() + 1_000);
    await time.passUntil(clock.now() + 2_000, 1);
    assert.ok(idsOnTicket(github(), ticket).includes(reopened.id));
  });

  it('hears after the end what others add to it, and that they reopen it', async () => {
    const [amira, grace] = [responder('Amira'), responder('Grace')];
    const { incident, ticket } = await shareIncident(github(), amira);
    await grace.open(ticket);
    await Promise.all([start(amira), start(grace)]);
    await time.passUntil(clock.now() + MINUTE, 2);
    const share = async ({ ledger }: Responder, event: Parameters<LocalLedger['append']>[1]): Promise<string> => {
      const { id } = await ledger.append(incident, event);
      await until('the loop to hear of it', () => time.next() <= clock.now() + 1_000);
      await time.passUntil(clock.now() + MINUTE, 2);
      return id;
    };
    await share(amira, { type: 'incident.closed', reason: 'Resolved' });
    await time.passUntil(clock.now() + 30 * MINUTE, 2);
    const note = await share(grace, { type: 'finding.documented', text: 'What I was about to say' });
    assert.deepEqual((await view(amira, incident))?.findings.map(({ event }) => event), [note]);
    await share(grace, { type: 'incident.reopened', reason: 'Not quite' });
    assert.equal((await view(amira, incident))?.status, 'declared');
  });

  it('takes up at its start what an earlier window left, and goes on after an outage', async () => {
    const before = responder('Amira');
    const { incident, ticket } = await shareIncident(github(), before);
    await before.note(incident, 'Left behind');
    github().fault({ kind: 'server-error', acted: false });
    const amira = responder('Amira');
    const loop = await start(amira);
    await time.passUntil(clock.now() + 20 * MINUTE, 1);
    const tried = github().exchanges.length;
    assert.ok(tried >= 8 && tried <= 13, `${tried} tries in twenty minutes`);
    github().clearFaults();
    loop.wake();
    await time.passUntil(clock.now() + 1_000, 1);
    assert.equal(idsOnTicket(github(), ticket).length, 3);
    assert.equal(amira.shared.state(incident)?.reachable, true);
  });

  it('is quiet in a workspace that is not trusted, until it is', async () => {
    const amira = responder('Amira');
    const { incident, ticket } = await shareIncident(github(), amira);
    let trusted = false;
    const loop = await start(amira, () => trusted);
    await time.passUntil(clock.now() + 5 * MINUTE, 1);
    const asks = github().exchanges.length;
    assert.deepEqual([asks, idsOnTicket(github(), ticket).length], [1, 1], 'only what the test itself asked');
    trusted = true;
    loop.wake(incident);
    await time.passUntil(clock.now() + 1_000, 1);
    assert.equal(idsOnTicket(github(), ticket).length, 2);
  });
});
