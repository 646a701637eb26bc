/**
 * Reads all events of the replay server once and says how long that took: `plain` with fetch and JSON.parse, `ours` as
 * the extension does. Bundled as the extension is. `node logs-reader.mjs plain|ours ORIGIN EVENTS`
 */
import { createRedactor } from '../../src/incident/redact.ts';
import { readHistory } from '../../src/logs/history.ts';
import { ShownLines } from '../../src/logs/shown-lines.ts';
import { LOG_SETTINGS } from '../../src/manifest-logs.ts';
import { AwsSession } from '../../src/services/aws/session.ts';
import { LOG_GROUP, REGION } from '../practice/resources.ts';

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

type Batches = AsyncGenerator<{ readonly ids: readonly string[]; readonly text: string }>;

interface FilterAnswer {
  readonly events: readonly { readonly eventId: string; readonly timestamp: number; readonly logStreamName: string; readonly message: string }[];
  readonly nextToken?: string;
}

/** The practical limit: nobody can read this API without fetching and parsing its pages. */
async function* plain(origin: string, from: number): Batches {
  let next: string | undefined;
  do {
    const response = await fetch(origin, {
      method: 'POST', headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'Logs_20140328.FilterLogEvents' },
      body: JSON.stringify({ logGroupName: LOG_GROUP, startTime: from, nextToken: next }),
    });
    const { events, nextToken } = JSON.parse(await response.text()) as FilterAnswer;
    yield { ids: events.map(({ eventId }) => eventId), text: events[0]?.message ?? '' };
    next = nextToken;
  } while (next !== undefined);
}

/** From the request to the text as it goes into the channel. */
async function* ours(origin: string, from: number): Batches {
  const aws = new AwsSession({ region: REGION, endpoint: origin });
  const lines = new ShownLines({ time: 'utc', json: 'compact', redact: createRedactor(), groups: [LOG_GROUP] }, LOG_SETTINGS['incidentRunbook.logs.maximumLines'].default);
  try {
    for await (const events of readHistory(aws, { groups: [LOG_GROUP], pattern: '', from }, AbortSignal.timeout(600_000))) {
      const { text } = lines.add(events.map((event) => ({ kind: 'event', event })));
      yield { ids: events.map(({ id }) => id), text };
    }
  } finally {
    aws.dispose();
  }
}

async function firstOf(batches: Batches): Promise<number> {
  const began = performance.now();
  for await (const { text } of batches) {
    if (text !== '') {
      return performance.now() - began;
    }
  }
  throw new Error('The replay server has no events');
}

async function measure(read: () => Batches, count: number): Promise<Reading> {
  const [firstLine, firstLineAgain] = [await firstOf(read()), await firstOf(read())];
  const ids = new Ids(count);
  const memory: { rss: number; heap: number }[] = [];
  const began = performance.now();
  for await (const batch of read()) {
    batch.ids.forEach((id) => { ids.add(id); });
    if (ids.events >= count * (memory.length + 1) / 10) {
      const { rss, heapUsed } = process.memoryUsage();
      memory.push({ rss: rss / 2 ** 20, heap: heapUsed / 2 ** 20 });
    }
  }
  return { firstLine, firstLineAgain, all: performance.now() - began, events: ids.events, ids: ids.different, memory };
}

const [kind, origin = '', count = '0'] = process.argv.slice(2);
const from = Date.now() - 7_200_000;
console.log(JSON.stringify(await measure(() => kind === 'plain' ? plain(origin, from) : ours(origin, from), Number(count))));
