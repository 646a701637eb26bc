/**
 * Puts the lines of a stack trace together that a runtime has sent as events of their own: `awslogs` makes an event of
 * every line, and lines of other tasks come in between.
 */
import type { LogEvent } from '../services/aws/logs.ts';
import type { LogEntry } from './log-entry.ts';

/** Events that are one message of a program. */
export interface MessageBlock {
  readonly kind: 'message';
  /** In the order in which they came. */
  readonly events: readonly LogEvent[];
  readonly late: boolean;
  /** The head was shown before. */
  readonly continues: boolean;
}

/** What stands together in the channel. */
export type Block =
  | MessageBlock
  | Exclude<LogEntry, { readonly kind: 'event' }>;

/** Lines of one trace follow each other at once. */
const TOGETHER_MS = 1_000;
/** Events of a block: a program that only writes indented lines must not make one that never ends. */
const MOST_EVENTS = 1_000;
/** Streams remembered; more are there only while tasks come and go all the time. */
const MOST_STREAMS = 5_000;

/** Begins a line that is nothing without the one before it. */
const CONTINUES = /^(?:\s+\S|\s*$|at \S|Caused by: |Suppressed: |\.\.\. \d+ (?:more|common frames)|File "|Traceback \(most recent call last\):|During handling of the above exception|The above exception was the direct cause|--- End of (?:stack trace|inner exception)|goroutine \d+ \[|created by |\[signal |[}\])]+[,;]?\s*$)/;
const PYTHON_TRACE = /^Traceback \(most recent call last\):/;
/** Ends the trace of Python: `ValueError: no such patient`. */
const PYTHON_ERROR = /^[A-Za-z_][\w.]*(?:: |:?$)/;
const GO_TRACE = /^(?:goroutine \d+ \[|\[signal )/;
const GO_CALL = /^[\w./*()\-[\]·{}]+\(.*\)$|^exit status \d/;

/** The last head of a stream, and what kind of trace hangs on it. */
interface Open {
  at: number;
  trace: 'python' | 'go' | undefined;
  events: LogEvent[];
  batch: number;
}

export interface TraceGrouper {
  /** Every event in exactly one block; blocks in the order of their heads. */
  group(entries: readonly LogEntry[]): Block[];
}

export function createTraceGrouper(): TraceGrouper {
  const groups = new Map<string, Map<string, Open>>();
  let streams = 0;
  let batch = 0;
  const openOf = (event: LogEvent): Open => {
    if (streams >= MOST_STREAMS) {
      groups.clear();
      streams = 0;
    }
    let ofGroup = groups.get(event.group);
    if (ofGroup === undefined) {
      groups.set(event.group, ofGroup = new Map());
    }
    let open = ofGroup.get(event.stream);
    if (open === undefined) {
      ofGroup.set(event.stream, open = { at: Number.NEGATIVE_INFINITY, trace: undefined, events: [], batch: -1 });
      streams += 1;
    }
    return open;
  };
  return {
    group(entries) {
      batch += 1;
      const blocks: Block[] = [];
      for (const event of entries) {
        if (event.kind !== 'event') {
          blocks.push(event);
          continue;
        }
        const open = openOf(event);
        const continues = Math.abs(event.at - open.at) <= TOGETHER_MS && follows(event.message, open);
        if (continues && open.batch === batch && open.events.length < MOST_EVENTS) {
          open.events.push(event);
        } else {
          open.events = [event];
          open.batch = batch;
          blocks.push({ kind: 'message', events: open.events, late: event.late === true, continues });
        }
        open.at = event.at;
        open.trace = traceAfter(event.message, continues ? open.trace : undefined);
      }
      return blocks;
    },
  };
}

function follows(message: string, { trace }: Open): boolean {
  // A message of several lines brought its own trace with it.
  return (mayContinue(message) && CONTINUES.test(message)) || (trace === 'python' && PYTHON_ERROR.test(message)) || (trace === 'go' && GO_CALL.test(message));
}

/** Most messages begin with a digit or `{`, and are done with here. */
function mayContinue(message: string): boolean {
  const first = message.charCodeAt(0);
  return !((first >= 0x30 && first <= 0x39) || first === 0x7b);
}

function traceAfter(message: string, before: Open['trace']): Open['trace'] {
  if (message.charCodeAt(0) > 0x40 || message.charCodeAt(0) === 0x5b) {
    if (PYTHON_TRACE.test(message)) {
      return 'python';
    }
    if (GO_TRACE.test(message)) {
      return 'go';
    }
  }
  return before === 'python' && PYTHON_ERROR.test(message) ? undefined : before;
}
