import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { ClaimResult } from '../../src/ledger/shared/claims.ts';
import { stepResult } from '../support/build-events.ts';
import { declaration } from '../support/build-ledger.ts';
import { createClock, type TestClock } from '../support/clock.ts';
import { FAULT_KINDS } from '../support/fakes/fake-faults.ts';
import { startGitHub } from '../support/fakes/github.ts';
import { useFake } from '../support/fakes/use-fake.ts';
import { type Person, type Responder, createResponder, setStrangers, settle, shareIncident, view } from '../support/shared-world.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';

const STEP = 'restartService';
const LEASE_MS = 120_000;

type Won = Extract<ClaimResult, { readonly won: true }>;

function won(result: ClaimResult | undefined): Won {
  assert.ok(result?.won === true, JSON.stringify(result));
  return result;
}

describe('A step that must not run twice', () => {
  let clock: TestClock = createClock();
  const github = useFake(() => {
    clock = createClock();
    return startGitHub({ clock, limit: 100_000 });
  });
  const folder = useTemporaryFolder();
  let rounds = 0;
  const world = (): ((name: Person, options?: Parameters<typeof createResponder>[4]) => Responder) => {
    rounds += 1;
    const root = `${folder()}/${rounds}`;
    clock.advance(3_600_000);
    return (name, options) => createResponder(github(), clock, root, name, options);
  };
  const claim = ({ claims }: Responder, incident: string): Promise<ClaimResult> => claims.claim(incident, STEP, LEASE_MS);

  it('is won by exactly one of two responders, and the other hears by whom', async () => {
    for (let round = 0; round < 12; round++) {
      const create = world();
      const [amira, grace] = [create('Amira'), create('Grace')];
      const { incident, ticket } = await shareIncident(github(), amira);
      await amira.sync(incident);
      await grace.open(ticket);
      const both = round % 2 === 0 ? [amira, grace] : [grace, amira];
      const results = await Promise.all(both.map((responder) => claim(responder, incident)));
      const winner = results.findIndex((result) => result.won);
      const name = both[winner]?.name;
      const loser = results[1 - winner];
      assert.deepEqual(results.map((result) => result.won).sort(), [false, true], `round ${round}`);
      assert.equal(won(results[winner]).coordinated, true);
      assert.partialDeepStrictEqual(loser, { won: false, by: name });
      await settle(incident, amira, grace);
      assert.equal((await view(amira, incident))?.claims.get(STEP)?.actor.name, name);
      await won(results[winner]).release();
      await settle(incident, amira, grace);
      assert.equal((await view(grace, incident))?.claims.size, 0);
    }
  }).timeout(60_000);

  it('is won by at most one at a time of several windows on several machines', async () => {
    const turns = fc.array(fc.record({ who: fc.subarray([0, 1, 2, 3], { minLength: 1 }), releases: fc.boolean() }), { minLength: 1, maxLength: 5 });
    await fc.assert(fc.asyncProperty(turns, async (list) => {
      const create = world();
      const windows = [create('Amira'), create('Amira'), create('Grace'), create('Grace')];
      const [first, , third] = windows;
      assert.ok(first !== undefined && third !== undefined);
      const { incident, ticket } = await shareIncident(github(), first);
      await first.sync(incident);
      await third.open(ticket);
      let holder: Won | undefined;
      for (const { who, releases } of list) {
        const results = await Promise.all(windows.filter((_, index) => who.includes(index)).map((window) => claim(window, incident)));
        const winners = results.filter((result) => result.won);
        assert.ok(winners.length <= (holder === undefined ? 1 : 0), `${winners.length} won while ${holder === undefined ? 'nobody' : 'somebody'} held it`);
        assert.ok(holder !== undefined || winners.length === 1, 'somebody gets a free step');
        holder ??= winners[0];
        if (releases && holder !== undefined) {
          await holder.release();
          holder = undefined;
          await settle(incident, ...windows);
        }
      }
    }), { numRuns: 10 });
  }).timeout(60_000);

  it('is free again after its release, and after the time of one who disappeared', async () => {
    const create = world();
    const [amira, grace] = [create('Amira'), create('Grace')];
    const { incident, ticket } = await shareIncident(github(), amira);
    await amira.sync(incident);
    await grace.open(ticket);
    const first = won(await claim(amira, incident));
    assert.partialDeepStrictEqual(await claim(grace, incident), { won: false, by: 'Amira' });
    await first.release();
    await amira.sync(incident);
    const second = won(await claim(grace, incident));
    await amira.sync(incident);
    await second.release();
    await grace.sync(incident);
    assert.equal((await view(amira, incident))?.claims.get(STEP)?.actor.name, 'Grace', 'not heard of the release yet');
    won(await claim(amira, incident));
    clock.advance(LEASE_MS);
    assert.equal(won(await claim(grace, incident)).coordinated, true);
  });

  it('is not won by somebody who asked for it before another one ended it, until they have seen that', async () => {
    const create = world();
    let meanwhile: (() => Promise<void>) | undefined;
    const amira = create('Amira');
    const grace = create('Grace', { through: (threads) => ({ ...threads, readIssue: async (...call) => {
      const work = meanwhile;
      meanwhile = undefined;
      await work?.();
      return threads.readIssue(...call);
    } }) });
    const { incident, ticket } = await shareIncident(github(), amira);
    await amira.sync(incident);
    await grace.open(ticket);
    for (const result of [stepResult(STEP), stepResult('another step')]) {
      meanwhile = async () => {
        const turn = won(await claim(amira, incident));
        await amira.ledger.append(incident, { type: 'step.finished', result });
        await turn.release();
        await amira.sync(incident);
      };
      const late = await claim(grace, incident);
      if (result.step === STEP) {
        assert.partialDeepStrictEqual(late, { won: false, by: 'Amira' });
        assert.ok((await view(grace, incident))?.steps.has(STEP));
      } else {
        await won(late).release();
      }
    }
    await settle(incident, amira, grace);
    assert.equal((await view(amira, incident))?.claims.size, 0);
    const again = (await view(amira, incident))?.steps.get(STEP)?.event ?? assert.fail();
    await amira.ledger.append(incident, { type: 'event.amended', amends: again, changes: { retracted: true } });
    await settle(incident, amira, grace);
    assert.equal(won(await claim(grace, incident)).coordinated, true, 'neither what was seen nor what was taken back stands in the way');
  });

  it('knows what was there before it, though the list of comments lags behind', async () => {
    let stale = 0;
    const create = world();
    const amira = create('Amira', { through: (threads) => ({ ...threads, readComments: async (...call) => {
      const comments = await threads.readComments(...call);
      return (stale -= 1) >= 0 ? comments.slice(0, -2) : comments;
    } }) });
    const grace = create('Grace');
    const { incident, ticket } = await shareIncident(github(), amira);
    await settle(incident, amira);
    await grace.open(ticket);
    await settle(incident, amira, grace);
    won(await claim(grace, incident));
    stale = 2;
    assert.partialDeepStrictEqual(await claim(amira, incident), { won: false, by: 'Grace' });
  });

  it('is won by one of the windows of a machine when there is no ticket', async () => {
    const create = world();
    const windows = Array.from({ length: 4 }, () => create('Amira'));
    const { id } = await windows[0]?.ledger.declare(declaration()) ?? assert.fail();
    const results = await Promise.all(windows.map((window) => claim(window, id)));
    const winners = results.filter((result) => result.won);
    assert.equal(winners.length, 1);
    assert.equal(won(winners[0]).coordinated, true);
    await won(winners[0]).release();
    won(await claim(windows[1] ?? assert.fail(), id));
    assert.equal(github().exchanges.length, 0);
  });

  for (const fault of FAULT_KINDS) {
    it(`goes on without the others when GitHub fails (${fault.kind}${'acted' in fault ? `, acted: ${fault.acted}` : ''}), and says so`, async () => {
      const create = world();
      const amira = create('Amira', { claimTimeoutMs: 400, timeoutMs: 60_000 });
      const { incident } = await shareIncident(github(), amira);
      await amira.sync(incident);
      const takeBack = github().fault(fault);
      const result = won(await claim(amira, incident));
      assert.equal(result.coordinated, false);
      assert.match(result.note ?? '', /^The other responders could not be asked whether they are at it as well\. ./);
      takeBack();
      await result.release();
      clock.advance(300_000);
      await settle(incident, amira);
      assert.equal(won(await claim(amira, incident)).coordinated, true);
    });
  }

  it('that somebody is known to be at stays theirs when GitHub cannot be asked', async () => {
    const create = world();
    const [amira, grace] = [create('Amira'), create('Grace', { claimTimeoutMs: 400 })];
    const { incident, ticket } = await shareIncident(github(), amira);
    won(await claim(amira, incident));
    await grace.open(ticket);
    github().fault({ kind: 'reset', acted: false });
    assert.partialDeepStrictEqual(await claim(grace, incident), { won: false, by: 'Amira' });
  });

  it('is not taken by somebody who may not write to the repository, and they hear of it', async () => {
    const create = world();
    const [amira, mallory] = [create('Amira'), create('Mallory')];
    const { incident, ticket } = await shareIncident(github(), amira);
    await amira.sync(incident);
    setStrangers(github(), 'mallory');
    await mallory.open(ticket);
    const result = won(await claim(mallory, incident));
    assert.equal(result.coordinated, false);
    assert.match(result.note ?? '', /mallory may not write to acme\/shop/);
    assert.equal(won(await claim(amira, incident)).coordinated, true);
    assert.deepEqual(amira.strangers, ['mallory']);
  });
});
