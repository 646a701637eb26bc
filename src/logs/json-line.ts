/** Log lines that are JSON, for people. */
import type { Redactor } from '../incident/redact.ts';
import type { LogEvent } from '../services/aws/logs.ts';
import { cleanText } from './clean-text.ts';
import { isSameTime, ownTimeLength } from './event-time.ts';

export type JsonStyle = 'compact' | 'pretty';

const LEVEL_KEYS = ['level', 'severity', 'levelname', 'log.level'];
const MESSAGE_KEYS = ['message', 'msg', 'event'];
const TIME_KEYS = ['time', 'timestamp', '@timestamp', 'ts'];
/** Of the line itself, and of an error inside it. */
const STACK_KEYS = ['stack', 'stack_trace', 'stackTrace', 'stacktrace', 'exception', 'exc_info', 'traceback', 'exception.stacktrace'];
const ERROR_KEYS = ['err', 'error', 'exception'];
/** Of pino and bunyan. */
const LEVELS: Readonly<Record<string, string>> = { 10: 'TRACE', 20: 'DEBUG', 30: 'INFO', 40: 'WARN', 50: 'ERROR', 60: 'FATAL', WARNING: 'WARN', INFORMATION: 'INFO' };

type Fields = Record<string, unknown>;

/** The object that a line is; undefined when it is none. A number that would lose digits is a string. */
export function parseJsonLine(text: string): Fields | undefined {
  if (text.charCodeAt(0) !== 0x7b) {
    return undefined;
  }
  try {
    // An id of more digits than a number holds would be shown wrong.
    return (/[:[,]\s*-?[\d.]{16,}/.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text)) as Fields;
  } catch {
    return undefined;
  }
}

function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source;
  return typeof value === 'number' && source !== undefined && String(value) !== source ? source : value;
}

/** An event that is JSON with one field a line, for a hover; undefined when it is not JSON. */
export function indentJson({ message, at }: Pick<LogEvent, 'message' | 'at'>, redact: Redactor): string | undefined {
  const clean = cleanText(message);
  const fields = parseJsonLine(clean.slice(ownTimeLength(clean, at)));
  return fields === undefined ? undefined : cleanText(JSON.stringify(redact(fields), null, 2));
}

/**
 * `LEVEL message key=value`, then the error's stack as it would stand in a log of plain text.
 *
 * @param at of the event, epoch ms: a time that is the same is not shown again
 * @returns text with line breaks, still to be redacted but for what only its key tells to be a secret
 */
export function formatJson(parsed: Fields, at: number, style: JsonStyle, redact: Redactor): string {
  const levelKey = keyOf(parsed, LEVEL_KEYS, isWord);
  const messageKey = keyOf(parsed, MESSAGE_KEYS, isText);
  const timeKey = keyOf(parsed, TIME_KEYS, (value) => isSameTime(value, at));
  const level = levelKey === undefined ? '' : levelOf(parsed[levelKey]);
  const message = messageKey === undefined ? '' : String(parsed[messageKey]);
  const head = level === '' || message === '' ? level + message : `${level} ${message}`;
  const taken = [levelKey, messageKey, timeKey];
  if (style === 'compact' && !hasStructure(parsed)) {
    return withPairs(head, parsed, taken);
  }
  const fields = Object.fromEntries(Object.entries(parsed).filter(([key]) => !taken.includes(key)));
  const stacks = takeStacks(fields);
  return [withFields(head, hidden(fields, redact), style), ...stacks].join('\n');
}

/** Whether there may be a stack or a secret inside a field; most lines have neither, and need not be taken apart. */
function hasStructure(fields: Fields): boolean {
  for (const key in fields) {
    const value = fields[key];
    if ((typeof value === 'object' && value !== null) || (typeof value === 'string' && value.includes('\n'))) {
      return true;
    }
  }
  return false;
}

function withFields(head: string, fields: Fields, style: JsonStyle): string {
  if (style === 'pretty' && Object.keys(fields).length > 0) {
    return `${head}${head === '' ? '' : '\n'}${JSON.stringify(fields, null, 2)}`;
  }
  return withPairs(head, fields, []);
}

/** @param taken keys that are not shown */
function withPairs(head: string, fields: Fields, taken: readonly (string | undefined)[]): string {
  let text = head;
  for (const key in fields) {
    if (!taken.includes(key)) {
      // Two spaces tell the message from the fields.
      text += `${text === head ? (head === '' ? '' : '  ') : ' '}${plain(key)}=${plain(fields[key])}`;
    }
  }
  return text === '' ? '{}' : text;
}

/** Without quotes where nothing is lost without them. */
function plain(value: unknown): string {
  return typeof value === 'string' && /^[^\s"=\\{}[\],]+$/.test(value) ? value : JSON.stringify(value);
}

/** The first of the keys that holds what is looked for. */
function keyOf(fields: Fields, keys: readonly string[], holds: (value: unknown) => boolean): string | undefined {
  for (const key of keys) {
    const value = fields[key];
    if (value !== undefined && holds(value) && Object.hasOwn(fields, key)) {
      return key;
    }
  }
  return undefined;
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function isWord(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number';
}

function levelOf(value: unknown): string {
  const level = String(value).toUpperCase();
  return LEVELS[level] ?? level;
}

/** What a secret's key alone tells is hidden while there still are keys. */
function hidden(fields: Fields, redact: Redactor): Fields {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) =>
    (typeof value === 'object' && value !== null ? [key, Object.values(redact({ [key]: value }))[0]] : [key, value])));
}

/** Takes stack traces out of the line and of the errors in it. */
function takeStacks(fields: Fields): string[] {
  const stacks = takeOwnStacks(fields);
  for (const key of ERROR_KEYS) {
    const error = fields[key];
    if (typeof error === 'object' && error !== null && !Array.isArray(error)) {
      const rest = { ...error } as Fields;
      const inner = takeOwnStacks(rest);
      if (inner.length > 0) {
        stacks.push(...inner);
        fields[key] = rest;
        if (Object.keys(rest).length === 0) {
          delete fields[key];
        }
      }
    }
  }
  return stacks;
}

function takeOwnStacks(fields: Fields): string[] {
  return STACK_KEYS.flatMap((key) => {
    const stack = textOfStack(fields[key]);
    if (stack === undefined) {
      return [];
    }
    delete fields[key];
    return [stack];
  });
}

/** A trace has several lines: one string, or, of AWS Lambda, a list of them. */
function textOfStack(value: unknown): string | undefined {
  if (Array.isArray(value) && value.length > 1 && value.every((line) => typeof line === 'string')) {
    return value.join('\n').trimEnd();
  }
  return typeof value === 'string' && value.trim().includes('\n') ? value.trimEnd() : undefined;
}
