/** What is wrong in a runbook file, and where. Types and text only: safe to load at activation. */
import type { Runbook } from './schema.ts';

export interface Problem {
  /** The file as the caller named it. */
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** 1-based, counted in UTF-16 code units as VS Code does. */
  readonly column: number;
  /** Place in the data, e.g. `severities.P1.updateEveryMinutes`; empty for the file as a whole. */
  readonly path: string;
  /** What is wrong and what is allowed: a full sentence. */
  readonly message: string;
}

export type LoadResult =
  | { readonly ok: true; readonly runbook: Runbook }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Keys and list indices from the root of the file down. */
export type Path = readonly (string | number)[];

/** `['steps', 3, 'effect']` → `steps[3].effect`. */
export function formatPath(path: Path): string {
  return path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`),
    '',
  );
}

/**
 * One line per problem, `file:line:column: message`, in the order given.
 * @param limit how many are written out; the rest is counted in a last line
 */
export function formatProblems(problems: readonly Problem[], limit = 20): string {
  const lines = problems
    .slice(0, limit)
    .map(({ file, line, column, message }) => `${file}:${line}:${column}: ${message}`);
  const more = problems.length - limit;
  return [...lines, ...(more > 0 ? [`and ${more} more.`] : [])].join('\n');
}
