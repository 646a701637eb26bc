/** Which messages count as errors: by their level, and where they name none by the head of an exception. */

/** Characters of the first line in which a level is looked for: it stands at the front, after times and ids. */
const LEVEL_WITHIN = 240;
/** Longer JSON is read for its level by a pattern, not parsed. */
const MAX_JSON = 100_000;
/** From here on pino and bunyan mean an error. */
const NUMERIC_ERROR = 50;

const ERRORS = 'ERROR|FATAL|CRITICAL|CRIT|SEVERE|ALERT|EMERGENCY|EMERG|PANIC';
const OTHERS = 'WARNING|WARN|NOTICE|INFORMATION|INFO|DEBUG|TRACE|VERBOSE|FINE';
/** As a word of its own in capitals, `[error]`, `level=error` or `fail:` at the start; the first one is the level. */
const LEVELS: readonly RegExp[] = [
  new RegExp(`(?<![\\w.$-])(${ERRORS}|${OTHERS})(?![\\w.$-])`),
  new RegExp(`\\[(${ERRORS}|${OTHERS}|ERR)\\s*\\]`, 'i'),
  /\b(?:level|lvl|severity)=["']?(\w+)/i,
  /^(fail|crit|warn|info|dbug|trce): /,
];
const IS_ERROR = new RegExp(`^(?:${ERRORS}|ERR|FAIL)$`, 'i');
const LEVEL_KEYS = ['level', 'severity', 'lvl', 'levelname', 'log.level', 'Level', '@l', 'severityText'];
/** How runtimes begin what they print of an uncaught or logged exception. */
const EXCEPTION_HEAD = new RegExp([
  '^\\s*(?:Uncaught )?(?:[\\w$]+\\.)*[A-Z][\\w$]*(?:Error|Exception)(?: \\[\\w+\\])?(?::|$)',
  '^\\s*Traceback \\(most recent call last\\):',
  '^\\s*Exception in thread ',
  '^\\s*Unhandled exception[.:]',
  '^\\s*panic: ',
  '^\\s*fatal error: ',
].join('|'), 'm');

/** What the channel puts before a message: its time, its stream, that it is late or goes on. */
const CHANNEL_PREFIX = /^\d{2}:\d{2}:\d{2}\.\d{3}(?:Z|[+-]\d{2}:\d{2}) \S+ (?:\(late\) )?(?:↳ )?/;

/** A message of the channel as its program wrote it. */
export function messageBody(text: string): string {
  return text.replace(CHANNEL_PREFIX, '');
}

/** Whether the channel says that it goes on with what its stream had begun in an earlier batch. */
export function isContinuation(text: string): boolean {
  return text.includes('↳') && CHANNEL_PREFIX.exec(text)?.[0].endsWith('↳ ') === true;
}

/** ERROR, FATAL, CRITICAL and their like in text or JSON, or an exception that comes without a level. A trace at WARN or INFO is none. */
export function isErrorMessage(text: string): boolean {
  const body = messageBody(text);
  const level = levelOf(body);
  if (level === undefined) {
    return EXCEPTION_HEAD.test(body);
  }
  return typeof level === 'number' ? level >= NUMERIC_ERROR : IS_ERROR.test(level);
}

function levelOf(text: string): string | number | undefined {
  const json = text.startsWith('{') && text.length <= MAX_JSON ? levelOfJson(text) : undefined;
  if (json !== undefined) {
    return json;
  }
  const end = text.indexOf('\n');
  const head = text.slice(0, end === -1 ? LEVEL_WITHIN : Math.min(end, LEVEL_WITHIN));
  const found = LEVELS.map((level) => level.exec(head)).filter((match) => match !== null);
  return found.sort((one, other) => one.index - other.index)[0]?.[1];
}

function levelOfJson(text: string): string | number | undefined {
  try {
    const fields = JSON.parse(text) as Readonly<Record<string, unknown>>;
    return LEVEL_KEYS.map((key) => fields[key]).find((value) => typeof value === 'string' || typeof value === 'number');
  } catch {
    return undefined;
  }
}
