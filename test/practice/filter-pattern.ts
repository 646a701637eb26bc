/** A CloudWatch Logs filter pattern that cannot be read. */
export class FilterPatternError extends Error {}

type Test = (message: string) => boolean;

/** `-` or `?`, then a phrase in quotes, a regular expression between percent signs, or a bare word. */
const TERM = /\s*([-?]?)(?:"((?:[^"\\]|\\.)*)"|%([^%]+)%|(\w+))(?=\s|$)/y;
const COMPARISON = /^\s*\$\.([\w.]+)\s*(!=|=|<=|>=|<|>)\s*(?:"([^"]*)"|([\w.*-]+))\s*$/;

/**
 * What CloudWatch Logs takes for a match: terms that all have to stand in the message, `?` terms of which one has to,
 * `-` terms that must not, and comparisons of the fields of a JSON line joined by `&&` or `||`. Without parentheses and
 * without patterns for columns.
 *
 * @throws FilterPatternError
 */
export function filterPattern(pattern: string): Test {
  const json = /^\s*\{(.*)\}\s*$/s.exec(pattern)?.[1];
  return json === undefined ? terms(pattern) : comparisons(json);
}

function terms(pattern: string): Test {
  const tests: Record<'' | '?' | '-', Test[]> = { '': [], '?': [], '-': [] };
  TERM.lastIndex = 0;
  let end = 0;
  for (let match = TERM.exec(pattern); match !== null; match = TERM.exec(pattern)) {
    end = TERM.lastIndex;
    tests[match[1] as '' | '?' | '-'].push(term(match));
  }
  if (pattern.slice(end).trim() !== '') {
    throw new FilterPatternError('Invalid filter pattern');
  }
  const { '': all, '?': any, '-': none } = tests;
  // As CloudWatch has it, `?` terms beside others say nothing.
  const some = all.length + none.length > 0 ? [] : any;
  return (message) => all.every((test) => test(message)) && !none.some((test) => test(message))
    && (some.length === 0 || some.some((test) => test(message)));
}

function term([, , phrase, expression, word = '']: RegExpExecArray): Test {
  if (expression !== undefined) {
    const regex = new RegExp(expression);
    return (message) => regex.test(message);
  }
  const text = phrase?.replace(/\\(.)/g, '$1') ?? word;
  return (message) => message.includes(text);
}

function comparisons(text: string): Test {
  const anyOf = text.split('||').map((part) => part.split('&&').map(comparison));
  return (message) => {
    const line = parsed(message);
    return line !== undefined && anyOf.some((allOf) => allOf.every((test) => test(line)));
  };
}

function comparison(text: string): (line: object) => boolean {
  const match = COMPARISON.exec(text);
  if (match === null) {
    throw new FilterPatternError('Invalid filter pattern');
  }
  const [, path = '', operator, phrase, bare = ''] = match;
  const wanted = phrase ?? bare;
  const like = new RegExp(`^${wanted.split('*').map((part) => part.replace(/[.\\^$+?()[\]{}|]/g, '\\$&')).join('.*')}$`, 's');
  return (line) => {
    const value = path.split('.').reduce<unknown>((held, key) => typeof held === 'object' && held !== null ? (held as Record<string, unknown>)[key] : undefined, line);
    if (value === undefined) {
      return false;
    }
    switch (operator) {
      case '=': return like.test(String(value));
      case '!=': return !like.test(String(value));
      case '<': return Number(value) < Number(wanted);
      case '<=': return Number(value) <= Number(wanted);
      case '>': return Number(value) > Number(wanted);
      default: return Number(value) >= Number(wanted);
    }
  };
}

function parsed(message: string): object | undefined {
  try {
    const value: unknown = JSON.parse(message);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
