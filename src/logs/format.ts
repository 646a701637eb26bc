import type { LogEvent } from '../services/aws/logs.ts';

const ANSI = /\x1b\[[0-9;?]*[A-Za-z]/g;

/** `2026-11-23T03:07:12.345Z [task] message`: the event's own time (UTC), the end of its stream's name, clean text. */
export function formatLogEvent(event: LogEvent): string {
  const task = (event.stream.split('/').at(-1) ?? '').slice(0, 8);
  const [first = '', ...rest] = event.message.replace(ANSI, '').replace(/\s+$/, '').split(/\r?\n/);
  return [`${new Date(event.at).toISOString()} [${task}] ${first}`, ...rest.map((line) => `    ${line}`)].join('\n');
}
