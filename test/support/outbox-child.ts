/**
 * node outbox-child.ts FILE: a window that sends what the timelines say, until it is killed. FILE holds a ChildOrder
 * as JSON. Where it is told to stop it writes a line `held`, and does nothing more.
 */
import { writeSync } from 'node:fs';
import fsPromises, { readFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import process from 'node:process';
import type { Runbook } from '../../src/runbook/schema.ts';
import { createClock } from './clock.ts';
import { openWindow, type SendingWindow, type WindowOptions } from './delivery-faults-window.ts';

export interface ChildOrder extends Pick<WindowOptions, 'directory' | 'workspace' | 'connections' | 'awsEndpoint'> {
  readonly runbook: Runbook;
  /** At which its clock stands, epoch ms. */
  readonly now: number;
  /** Shares this incident on its ticket; otherwise it sends deliveries. */
  readonly share?: string;
  /** Where it stops: before or after a file is put in its place, or with one of two records written. */
  readonly hold?: 'before rename' | 'after rename' | 'between records';
}

const [file] = process.argv.slice(2);
if (file === undefined) {
  throw new Error('Usage: outbox-child.ts FILE');
}
const order = JSON.parse(await readFile(file, 'utf8')) as ChildOrder;

function held(): Promise<never> {
  writeSync(1, 'held\n');
  return new Promise(() => undefined);
}

/** Every module of this process gets this one instead of Node's. */
function holdRename(isBefore: boolean): void {
  const { rename } = fsPromises;
  fsPromises.rename = async (...paths) => {
    if (!isBefore) {
      await rename(...paths);
    }
    return held();
  };
  syncBuiltinESMExports();
}

/** Of what the outbox writes down once a call has come back, the first record is made and the second is not. */
function holdRecords({ ledger }: SendingWindow): void {
  const append = ledger.append.bind(ledger);
  let outcomes = 0;
  ledger.append = (incident, event, actor) => (['delivery.done', 'ticket.linked'].includes(event.type) && ++outcomes > 1 ? held() : append(incident, event, actor));
}

// The one who started it is gone: nobody is left to kill it.
process.stdin.on('end', () => { process.exit(1); }).resume();

if (order.hold === 'before rename' || order.hold === 'after rename') {
  holdRename(order.hold === 'before rename');
}
const window = openWindow({ ...order, runbook: () => Promise.resolve(order.runbook), clock: createClock(order.now) });
if (order.hold === 'between records') {
  holdRecords(window);
}
await (order.share === undefined ? window.outbox.start() : window.shared.sync(order.share, new AbortController().signal));
