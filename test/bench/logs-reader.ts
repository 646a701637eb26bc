/**
 * Reads all events of the replay server once and says how long that took: `plain` with fetch and JSON.parse, `ours` as
 * the extension does. Bundled as the extension is. `node logs-reader.mjs plain|ours ORIGIN EVENTS`
 */
import { systemClock } from '../../src/incident/clock.ts';
import { StreamRun } from '../../src/logs/stream-run.ts';
import { AwsSession } from '../../src/services/aws/session.ts';
import { wait } from '../../src/wait.ts';
import { LOG_GROUP, REGION } from '../practice/resources.ts';
import { drawnSink } from './drawn-sink.ts';

/** What a reader has measured; times in ms from the moment it was asked. */
export interface Reading {
  readonly firstLine: number;
  /** The same once more, in the same process. */
  readonly firstLineAgain: number;
  readonly all: number;
  /** Events seen, and different ids among them. */
  readonly events: number;
  readonly ids: number;
  /** Resident memory and heap in MB, ten times on the way. */
  readonly memory: readonly { readonly rss: number; readonly heap: number }[];
}

/** Ids of one reading, as bits: a set of a million strings would be most of the memory that is measured. */
class Ids {
  readonly #seen: Uint8Array;
  events = 0;
  different = 0;

  constructor(count: number) {
    this.#seen = new Uint8Array(count);
  }

  add(id: string): void {
    this.events += 1;
    const place = Number(id.slice(1));
    this.different += this.#seen[place] === 0 ? 1 : 0;
    this.#seen[place] = 1;
  }
}

/** Reads everything. @param onIds of each page @param onText of what a user sees of it */
type Read = (onIds: (ids: readonly string[]) => void, onText: (text: string) => void, signal: AbortSignal) => Promise<void>;

interface FilterAnswer {
  readonly events: readonly { readonly eventId: string; readonly timestamp: number; readonly logStreamName: string; readonly message: string }[];
  readonly nextToken?: string;
}

/** The practical limit: nobody can read this API without fetching and parsing its pages. */
function plain(origin: string, from: number): Read {
  return async (onIds, onText, signal) => {
    let next: string | undefined;
    do {
      const response = await fetch(origin, {
        method: 'POST', signal, headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'Logs_20140328.FilterLogEvents' },
        body: JSON.stringify({ logGroupName: LOG_GROUP, startTime: from, nextToken: next }),
      });
      const { events, nextToken } = JSON.parse(await response.text()) as FilterAnswer;
      onIds(events.map(({ eventId }) => eventId));
      onText(events[0]?.message ?? '');
      next = nextToken;
    } while (next !== undefined);
  };
}

/** From the request to the text as it goes into the channel, which keeps the youngest lines. */
function ours(origin: string, from: number): Read {
  return async (onIds, onText, signal) => {
    const aws = new AwsSession({ region: REGION, endpoint: origin });
    const sink = drawnSink([LOG_GROUP], {
      onEntries: (entries) => { onIds(entries.map((entry) => (entry.kind === 'event' ? entry.id : ''))); },
      onDraw: ({ text }) => { onText(text); },
    });
    try {
      await new StreamRun({ aws, environment: 'production', groups: [LOG_GROUP], pattern: '', from }, { sink, clock: systemClock, wait }).history(signal);
      sink.finish();
    } finally {
      aws.dispose();
    }
  };
}

async function firstOf(read: Read): Promise<number> {
  const [began, enough] = [performance.now(), new AbortController()];
  let first = Number.NaN;
  await read(() => undefined, (text) => {
    if (text !== '' && Number.isNaN(first)) {
      first = performance.now() - began;
      enough.abort();
    }
  }, enough.signal).catch((error: unknown) => {
    if (!enough.signal.aborted) {
      throw error;
    }
  });
  return first;
}

async function measure(read: Read, count: number): Promise<Reading> {
  const [firstLine, firstLineAgain] = [await firstOf(read), await firstOf(read)];
  const ids = new Ids(count);
  const memory: { rss: number; heap: number }[] = [];
  const began = performance.now();
  await read((batch) => {
    batch.forEach((id) => { ids.add(id); });
    if (ids.events >= count * (memory.length + 1) / 10) {
      const { rss, heapUsed } = process.memoryUsage();
      memory.push({ rss: rss / 2 ** 20, heap: heapUsed / 2 ** 20 });
    }
  }, () => undefined, AbortSignal.timeout(600_000));
  return { firstLine, firstLineAgain, all: performance.now() - began, events: ids.events, ids: ids.different, memory };
}

const [kind, origin = '', count = '0'] = process.argv.slice(2);
const from = Date.now() - 7_200_000;
console.log(JSON.stringify(await measure(kind === 'plain' ? plain(origin, from) : ours(origin, from), Number(count))));
