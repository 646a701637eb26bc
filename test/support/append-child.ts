/**
 * node append-child.ts DIRECTORY INCIDENT SEED [COUNT]: appends events to a timeline, COUNT or until it is killed,
 * and writes the id of each to standard output once the ledger says that it is recorded. An error ends it with a
 * line `! message`.
 */
import { writeSync } from 'node:fs';
import { systemClock } from '../../src/incident/clock.ts';
import { createRandom } from '../practice/random.ts';
import { buildLedger, finding } from './build-ledger.ts';

const [directory, incident, seed, count = 'Infinity'] = process.argv.slice(2);
if (directory === undefined || incident === undefined || seed === undefined) {
  throw new Error('Usage: append-child.ts DIRECTORY INCIDENT SEED [COUNT]');
}

const random = createRandom(Number(seed));
const ledger = buildLedger(directory, { clock: systemClock });
try {
  for (let index = 0; index < Number(count); index += 1) {
    // Now and then a record of many pages: the kernel may stop a killed process in the middle of such a write.
    const length = random.whole(1, 10) === 1 ? 150_000 : random.whole(1, 2_000);
    const { id } = await ledger.append(incident, finding('x'.repeat(length)));
    writeSync(1, `${id}\n`);
  }
} catch (error) {
  writeSync(1, `! ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 3;
}
