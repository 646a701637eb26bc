/**
 * Every outgoing call under every fault, through the real ledger, outbox and couriers: afterwards what was asked for is
 * there once, or a person is asked because nobody else can tell. Never twice, never lost, never waiting for ever.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { after, before, describe, it } from 'mocha';
import { DELIVERY_SERVICES, type DeliveryService } from '../../src/incident/events.ts';
import type { Runbook } from '../../src/runbook/schema.ts';
import { supportCalls } from '../../src/services/aws/support.ts';
import type { Calls } from '../../src/services/courier.ts';
import { Couriers } from '../../src/services/couriers.ts';
import { NO_AWS } from '../support/aws-stub.ts';
import { bundledRunbook } from '../support/bundled-runbook.ts';
import { FaultWorld, type Job, type Progress } from '../support/delivery-faults.ts';
import { type Lookup, OUTGOING, type OutgoingCall, TICKET_COMMENT, nameOf, outgoing } from '../support/delivery-faults-calls.ts';
import { type Cell, OutcomeTable } from '../support/delivery-faults-table.ts';
import { createTogether } from '../support/delivery-faults-together.ts';
import { useEnvironment } from '../support/environment-variables.ts';
import { FAULT_KINDS, type FaultKind } from '../support/fakes/fake-faults.ts';
import { outDirectory } from '../support/paths.ts';
import { until } from '../support/until.ts';

/** A row of the table: a delivery, or the comment in which events are shared. */
interface Row extends Pick<OutgoingCall, 'service' | 'call' | 'operation' | 'again'> {
  readonly lookups?: readonly Lookup[];
  readonly shares: boolean;
  readonly ask: (world: FaultWorld) => Promise<Job>;
}

const ROWS: readonly Row[] = [
  ...OUTGOING.map((call): Row => ({ ...call, shares: false, ask: (world) => world.ask(call) })),
  { ...TICKET_COMMENT, again: 'look', shares: true, ask: (world) => world.askForComment() },
];

type Windows = Parameters<Job['attempt']>[0];

/** It is said no, and that does not change by itself. */
const REFUSAL = '403';
/** Longer than nobody else tries, ms. */
const LEASE_IS_OVER_MS = 61_000;
/** Tests of a row that run at the same time. */
const AT_ONCE = 4;
const ROW_TIMEOUT_MS = 120_000;
/** For what should happen by itself, however busy the machine is, ms. */
const DEADLINE_MS = 30_000;

const FAULT_COLUMNS = FAULT_KINDS.map((fault) => columnOf(fault));
const outcomes = new OutcomeTable('call', ROWS.map((row) => nameOf(row)), ['no fault', ...FAULT_COLUMNS, 'killed before', 'killed after', REFUSAL]);
const lookups = new OutcomeTable('call, and what is asked before it is sent again', ROWS.flatMap((row) => (row.lookups ?? []).map((lookup) => lookupName(row, lookup))), [...FAULT_COLUMNS, REFUSAL]);

function lookupName(row: Row, { operation }: Lookup): string {
  return `${nameOf(row)}, ${operation}`;
}

function columnOf(fault: FaultKind): string {
  switch (fault.kind) {
    case 'rate-limit': return '429';
    case 'malformed': return fault.body === 'html' ? 'HTML page after' : 'half JSON after';
    default: return `${fault.kind === 'server-error' ? '500' : fault.kind} ${fault.acted ? 'after' : 'before'}`;
  }
}

/** Mail knows no 403: its server refuses a message with 550 (RFC 5321, 4.2.3). */
function refusalOf({ service }: Row): FaultKind {
  return { kind: 'server-error', acted: false, status: service === 'mail' ? 550 : 403 };
}

/** What cannot happen to a call. */
function isMeaningless({ service }: Row, fault: FaultKind): boolean {
  // A file is not asked over the network. A mail server that answers 451 says that it has not taken the mail (RFC 5321, 4.2.1).
  return service === 'workspace' || (service === 'mail' && fault.kind === 'server-error' && fault.acted);
}

/** What has to come of it, by what the service is able to tell. */
function expectedCell({ service, again }: Row, fault: FaultKind): Cell {
  const isAnswered = fault.kind === 'rate-limit'
    // Whatever mail servers answer is an answer about the mail, and what a webhook answers is its own affair.
    || (service === 'mail' && fault.kind === 'server-error') || (service === 'webhook' && fault.kind === 'malformed' && fault.body === 'truncated-json');
  return isAnswered ? '1 sent' : again === 'ask' ? 'unknown' : !fault.acted ? '1 sent' : again === 'look' ? '1 found' : '1 again';
}

/** @param before how often it was there before the last attempt */
function cellOf(progress: Progress, before: number): Cell {
  switch (progress.state) {
    case 'done': return progress.how === 'found' ? '1 found' : before > 0 ? '1 again' : '1 sent';
    case 'unknown': return 'unknown';
    case 'failed': return 'refused';
    default: return assert.fail(JSON.stringify(progress));
  }
}

/** Words for a person: a sentence, nothing of the machine's. */
function assertPlain(words: string): void {
  assert.match(words, /^(?:[A-Z]|content\/issues )[^\n]{20,250}[.?]$/);
  assert.doesNotMatch(words, /undefined|null|NaN|\[object|Error\b|\bat \S+:\d+/);
}

/** In a world of its own, which is gone afterwards. */
async function inWorld(service: DeliveryService, test: (world: FaultWorld) => Promise<void>): Promise<void> {
  const root = mkdtempSync(path.join(os.tmpdir(), 'delivery-faults-'));
  const world = await FaultWorld.start(service, root);
  try {
    await test(world);
  } finally {
    await world.close();
    rmSync(root, { recursive: true, force: true });
  }
}

describe('Every outgoing call', () => {
  useEnvironment({ ...NO_AWS, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' }, 'suite');
  let built = '';
  let program = '';

  before(async function () {
    this.timeout(60_000);
    built = mkdtempSync(path.join(os.tmpdir(), 'outbox-child-'));
    const child = fileURLToPath(new URL('../support/outbox-child.ts', import.meta.url));
    // Built as the extension is: what only works from the sources does not work for anybody.
    await build({
      entryPoints: [child], outdir: built, bundle: true, splitting: true, platform: 'node', format: 'esm', mainFields: ['module', 'main'], outExtension: { '.js': '.mjs' }, logLevel: 'error',
      banner: { js: 'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);' },
    });
    program = path.join(built, 'outbox-child.mjs');
  });
  after(() => {
    rmSync(built, { recursive: true, force: true });
    const text = `# Every outgoing call under every fault\n\n${outcomes.format()}\n\n${LEGEND}\n\n# When the question whether it arrived fails, too\n\n${lookups.format()}\n`;
    mkdirSync(outDirectory, { recursive: true });
    writeFileSync(path.join(outDirectory, 'deliveries.md'), text);
    console.log(`\n${text}`);
  });

  /** What is known of it in the end has words for a person, and a person can have it sent all the same. */
  async function assertAsked(world: FaultWorld, job: Job, windows: Windows, progress: Extract<Progress, { state: 'unknown' }>): Promise<void> {
    assertPlain(progress.reason);
    assert.match(progress.question, /^It is not known whether "[^"]+" reached \S+ \(.+, \d\d:\d\d UTC\)\.$/);
    const arrived = job.effects();
    assert.ok(arrived <= 1);
    await job.retry();
    assert.deepEqual(await world.persist(job, windows), { state: 'done', how: 'sent' });
    assert.equal(job.effects(), arrived + 1, 'it is sent when a person says so');
  }

  for (const row of ROWS) {
    describe(nameOf(row), () => {
      const together = createTogether(AT_ONCE, ROW_TIMEOUT_MS);
      const test = (title: string, body: (world: FaultWorld) => Promise<void>): void => { together(title, () => inWorld(row.service, body)); };

      test('is sent once when nothing goes wrong', async (world) => {
        const job = await row.ask(world);
        assert.equal(job.effects(), 0);
        const progress = await world.persist(job, [await world.window()]);
        assert.equal(job.effects(), 1);
        assert.equal(cellOf(progress, 0), '1 sent');
        outcomes.set(nameOf(row), 'no fault', '1 sent');
      });

      for (const fault of FAULT_KINDS) {
        if (isMeaningless(row, fault)) {
          outcomes.set(nameOf(row), columnOf(fault), '—');
          continue;
        }
        test(`${columnOf(fault)}: ${expectedCell(row, fault)}`, async (world) => {
          const job = await row.ask(world);
          world.strike(fault, row.operation);
          const windows = [await world.window()];
          const first = await world.untilStruck(job, windows);
          assert.ok(world.hasStruck);
          const there = job.effects();
          if (fault.kind === 'rate-limit') {
            assert.ok(first.state === 'pending' && first.retryAt >= world.clock.now() + fault.retryAfterS * 1_000, 'it waits as long as it is told to');
          }
          const last = await world.persist(job, windows, first);
          assert.ok(last.state !== 'unknown' || first.state === 'unknown', 'a person is asked at once');
          // A webhook's words are its own affair: then it is done at the first attempt.
          const cell = cellOf(last, first.state === 'pending' ? there : 0);
          outcomes.set(nameOf(row), columnOf(fault), cell);
          assert.equal(cell, expectedCell(row, fault));
          if (last.state === 'unknown') {
            await assertAsked(world, job, windows, last);
          } else {
            assert.equal(job.effects(), 1);
          }
        });
      }

      test(`${REFUSAL}: refused, and sent once when that is mended`, async (world) => {
        const job = await row.ask(world);
        const mend = world.station.refuse?.();
        world.strike(refusalOf(row), row.operation);
        const windows = [await world.window()];
        const first = await world.untilStruck(job, windows);
        mend?.();
        assert.equal(job.effects(), 0);
        // The comment is no delivery of its own: it stays on its way, and the incident says why.
        assert.equal(first.state, row.shares ? 'pending' : 'failed');
        assertPlain(first.state === 'failed' || first.state === 'pending' ? first.reason : '');
        await job.retry();
        assert.deepEqual(await world.persist(job, windows, row.shares ? first : undefined), { state: 'done', how: 'sent' });
        assert.equal(job.effects(), 1);
        outcomes.set(nameOf(row), REFUSAL, row.shares ? '1 sent' : 'refused');
      });

      for (const acted of [false, true]) {
        const column = `killed ${acted ? 'after' : 'before'}`;
        const expected = expectedCell(row, { kind: 'time-out', acted });
        test(`${column}: ${expected}`, async (world) => {
          const job = await row.ask(world);
          world.strike({ kind: 'time-out', acted }, row.operation);
          await world.killSender(program, { shares: row.shares, ...(row.service === 'workspace' ? { hold: `${acted ? 'after' : 'before'} rename` as const } : {}) });
          assert.equal(job.effects(), Number(acted));
          assert.deepEqual([(await job.progress()).state, await world.attempts(job)], ['pending', 1]);

          const windows = await Promise.all([world.window(), world.window()]);
          await (row.shares ? job.attempt(windows) : undefined);
          await until('both to have seen that it is under way', async () => await world.attempts(job) === 3, DEADLINE_MS);
          assert.equal(job.effects(), Number(acted));
          world.clock.advance(LEASE_IS_OVER_MS);
          const last = await world.persist(job, windows);
          const cell = cellOf(last, Number(acted));
          outcomes.set(nameOf(row), column, cell);
          assert.equal(cell, expected);
          if (last.state === 'unknown') {
            await assertAsked(world, job, windows, last);
          } else {
            assert.equal(job.effects(), 1);
          }
        });
      }

      for (const lookup of row.lookups ?? []) {
        const name = lookupName(row, lookup);
        /** It has arrived, and nobody has said so. */
        const arrive = async (world: FaultWorld, fault: FaultKind): Promise<{ job: Job; windows: Windows; first: Progress }> => {
          const job = await row.ask(world);
          world.strike({ kind: 'reset', acted: true }, row.operation);
          const windows = [await world.window()];
          const first = await world.untilStruck(job, windows);
          assert.deepEqual([first.state, job.effects()], ['pending', 1]);
          if (lookup.isResolvedMeanwhile === true) {
            world.station.resolve?.();
          }
          world.strike(fault, lookup.operation);
          return { job, windows, first };
        };
        for (const fault of FAULT_KINDS) {
          test(`${columnOf(fault)} at the question whether it arrived (${lookup.operation}): 1 found`, async (world) => {
            const { job, windows, first } = await arrive(world, fault);
            const last = await world.persist(job, windows, first);
            assert.ok(world.hasStruck);
            const cell = cellOf(last, 1);
            lookups.set(name, columnOf(fault), cell);
            assert.deepEqual([cell, job.effects()], ['1 found', 1]);
          });
        }
        test(`${REFUSAL} at the question whether it arrived (${lookup.operation}): a person is asked, and it is found when that is mended`, async (world) => {
          const { job, windows, first } = await arrive(world, refusalOf(row));
          // The comment is not given up: the incident says why it waits.
          const refused = row.shares ? first : await world.persist(job, windows, first);
          lookups.set(name, REFUSAL, row.shares ? '1 found' : cellOf(refused, 1));
          if (!row.shares) {
            assert.equal(refused.state, 'unknown');
            assertPlain(refused.state === 'unknown' ? refused.reason : '');
          }
          await job.retry();
          assert.deepEqual(await world.persist(job, windows, row.shares ? first : undefined), { state: 'done', how: 'found' });
          assert.ok(world.hasStruck);
          assert.equal(job.effects(), 1);
        });
      }
    });
  }

  it('is in the table, with what is done when it is not known whether it arrived', async () => {
    for (const service of DELIVERY_SERVICES) {
      const aws = (): Promise<Calls> => Promise.resolve(supportCalls(() => assert.fail('Nothing is asked')));
      const couriers = new Couriers({ aws, connections: { get: () => Promise.resolve({}) }, clock: { now: () => 0 }, folder: () => undefined });
      const calls = Object.entries(await couriers.calls(service) ?? {}).map(([call, { again }]) => `${service}.${call} ${again}`);
      assert.deepEqual(calls.sort(), OUTGOING.filter((row) => row.service === service).map((row) => `${nameOf(row)} ${row.again}`).sort());
    }
  });

  it('leaves an incident linked to its ticket when it is killed between the records of the two', () => inWorld('github', async (world) => {
    const job = await world.ask(outgoing('github', 'createIssue'));
    await world.killSender(program, { shares: false, hold: 'between records' });
    const window = await world.window();
    world.clock.advance(LEASE_IS_OVER_MS);
    await world.persist(job, [window]);
    assert.deepEqual([await world.isLinked(), job.effects()], [true, 1]);
  })).timeout(60_000);

  it('is sent once when the clock is set back meanwhile', () => inWorld('slack', async (world) => {
    const job = await world.ask(outgoing('slack', 'postMessage'));
    world.clock.advance(-60_000);
    await world.persist(job, [await world.window()]);
    assert.deepEqual([job.effects(), world.station.fake?.exchanges.filter(({ operation }) => operation === 'chat.postMessage').length], [1, 1]);
  })).timeout(60_000);

  it('is sent once when a person has it sent again in one window while another one is at it', () => inWorld('slack', async (world) => {
    const job = await world.ask(outgoing('slack', 'postMessage'));
    let release: (() => void) | undefined;
    const held = new Promise<Runbook>((resolve) => { release = () => { resolve(bundledRunbook()); }; });
    let isAtIt = false;
    const slow = await world.window({ runbook: () => {
      isAtIt = true;
      return held;
    } });
    await until('the first one to be at it', () => isAtIt, DEADLINE_MS);
    world.clock.advance(1_000);
    await job.retry();
    world.clock.advance(1_000);
    const other = await world.window();
    await until('the second one to leave it, or to send it', () => other.outbox.reason(job.id) !== undefined || job.effects() > 0, DEADLINE_MS);
    release?.();
    await world.persist(job, [slow]);
    world.clock.advance(LEASE_IS_OVER_MS);
    await world.persist(job, [other]);
    assert.equal(job.effects(), 1);
  })).timeout(60_000);
});

const LEGEND = [
  '`1 sent`: it is there once. `1 found`: it had arrived, which was found out by asking, and it was not sent again. `1 again`: it was sent twice, and the service takes the second for the first.',
  '`unknown`: only a person can tell, and is asked. `refused`: it is not there, the user is told why, and it is sent once when that is mended and they say so; a comment is sent by itself then. `—`: cannot happen.',
  'Before, after: whether the service had done it when it failed. Killed: SIGKILL of the sending process between the request and the record; two windows race to take over.',
].join('\n');
