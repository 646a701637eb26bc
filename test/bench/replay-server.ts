/**
 * A CloudWatch Logs that only answers FilterLogEvents, from events that were made before it listens: pages are slices of
 * one text, so that it is never what a reader waits for. A process of its own: `node test/bench/replay-server.ts 200000`
 * prints its origin and the ids of the events as one line of JSON.
 */
import { createServer, type ServerResponse } from 'node:http';
import { createLogLines } from '../practice/log-lines.ts';
import { originOf, readBody } from '../practice/http-server.ts';
import { createRandom } from '../practice/random.ts';
import { readStackTraces } from '../practice/stack-traces.ts';

/** As CloudWatch has it. */
const MAX_PAGE_EVENTS = 10_000;
const MAX_PAGE_BYTES = 1_048_576;
const EVENT_OVERHEAD = 26;
const TRACE_EVERY = 50;
const STREAMS = 4;
/** The events are spread over the time up to now. */
const SPAN_MS = 3_600_000;

interface Page {
  readonly bytes: Buffer;
  /** Where in it each event begins, and its end; commas included. */
  readonly offsets: readonly number[];
  readonly times: readonly number[];
  /** Bytes of the messages up to each event, as CloudWatch counts them. */
  readonly sizes: readonly number[];
}

interface Asked {
  readonly startTime?: number;
  readonly endTime?: number;
  readonly limit?: number;
  readonly nextToken?: string;
}

/** Pages of `MAX_PAGE_EVENTS`; an answer never reaches over the end of one, which CloudWatch does not promise either. */
async function makePages(count: number): Promise<readonly Page[]> {
  const lines = createLogLines(createRandom(7), await readStackTraces());
  const trace = (at: number): string => {
    for (;;) {
      const text = lines.error(at);
      if (text.includes('\n    at ')) {
        return text;
      }
    }
  };
  const end = Date.now();
  return Array.from({ length: Math.ceil(count / MAX_PAGE_EVENTS) }, (_, page) => {
    const parts: string[] = [];
    const [offsets, sizes, times] = [[0], [0], [] as number[]];
    for (let index = page * MAX_PAGE_EVENTS; index < Math.min(count, (page + 1) * MAX_PAGE_EVENTS); index += 1) {
      const at = end - SPAN_MS + Math.floor(SPAN_MS * index / count);
      const message = index % TRACE_EVERY === 0 ? trace(at) : lines.info(at);
      const part = `${JSON.stringify({ logStreamName: `backend/healthflow-backend/${String(index % STREAMS).padStart(32, 'a')}`, timestamp: at, message, ingestionTime: at + 500, eventId: `3${String(index).padStart(55, '0')}` })},`;
      parts.push(part);
      offsets.push((offsets.at(-1) ?? 0) + Buffer.byteLength(part));
      sizes.push((sizes.at(-1) ?? 0) + Buffer.byteLength(message) + EVENT_OVERHEAD);
      times.push(at);
    }
    return { bytes: Buffer.from(parts.join('')), offsets, sizes, times };
  });
}

function answer(pages: readonly Page[], { startTime = 0, endTime = Number.POSITIVE_INFINITY, limit = MAX_PAGE_EVENTS, nextToken }: Asked, response: ServerResponse): void {
  let place = Number(nextToken ?? 0);
  let page = pages[Math.floor(place / MAX_PAGE_EVENTS)];
  while (nextToken === undefined && page !== undefined && (page.times.at(-1) ?? 0) < startTime) {
    place += MAX_PAGE_EVENTS;
    page = pages[place / MAX_PAGE_EVENTS];
  }
  if (page === undefined) {
    send(response, [Buffer.from('{"events":[],"searchedLogStreams":[]}')]);
    return;
  }
  let from = place % MAX_PAGE_EVENTS;
  while ((page.times[from] ?? Number.POSITIVE_INFINITY) < startTime) {
    from += 1;
  }
  let to = from;
  const room = (page.sizes[from] ?? 0) + MAX_PAGE_BYTES;
  while (to < page.times.length && to - from < limit && (page.times[to] ?? 0) <= endTime && (page.sizes[to + 1] ?? 0) <= room) {
    to += 1;
  }
  const next = place - place % MAX_PAGE_EVENTS + to;
  const ended = (page.times[to] ?? 0) > endTime || (to === page.times.length && page === pages.at(-1));
  const [first = 0, last = 0] = [page.offsets[from], page.offsets[to]];
  send(response, [
    Buffer.from('{"events":['), page.bytes.subarray(first, Math.max(first, last - 1)),
    Buffer.from(`],"searchedLogStreams":[]${ended ? '' : `,"nextToken":"${next}"`}}`),
  ]);
}

function send(response: ServerResponse, parts: readonly Buffer[]): void {
  response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1', 'content-length': parts.reduce((sum, { length }) => sum + length, 0) });
  parts.forEach((part) => { response.write(part); });
  response.end();
}

const count = Number(process.argv[2] ?? 200_000);
const pages = await makePages(count);
const server = createServer((request, response) => {
  void readBody(request).then((body) => {
    const operation = String(request.headers['x-amz-target']).split('.').at(-1);
    if (operation === 'FilterLogEvents') {
      answer(pages, JSON.parse(body.toString('utf8')) as Asked, response);
    } else {
      response.writeHead(400, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify({ __type: 'UnknownOperationException', message: `There is no ${operation} here` }));
    }
  });
});
server.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ origin: originOf(server), events: count }));
});
