/**
 * Reads a runbook file. Brings the YAML parser, the schema and its validator with it: import it only when a file is
 * to be read, never at activation.
 */
import { checkMeaning } from './checks.ts';
import { readYaml } from './document.ts';
import { formatPath, type LoadResult, type Problem } from './problems.ts';
import { checkShape, type Finding } from './shape.ts';

/** A file with more problems than this is another kind of file; the rest would say nothing new. */
const MAX_PROBLEMS = 100;

/**
 * A whole runbook or a list of problems sorted by position, never half a runbook. What names refer to is checked once
 * the shape is right. Does not throw.
 * @param file name used in the problems
 * @param options `actions`: what steps may do; without it any action passes
 */
export function loadRunbook(text: string, file: string, options: { readonly actions?: readonly string[] } = {}): LoadResult {
  const failed = (problems: readonly Omit<Problem, 'file'>[]): LoadResult => ({
    ok: false,
    problems: problems.map((problem) => ({ file, ...problem })).sort(byPosition).slice(0, MAX_PROBLEMS),
  });
  const document = readYaml(text);
  if (!('locate' in document)) {
    return failed(document.map((problem) => ({ ...problem, path: '' })));
  }
  // Finding a place walks the file: what is far beyond the limit is left out before, not after.
  const placed = (findings: readonly Finding[]): LoadResult => failed(findings.slice(0, 10 * MAX_PROBLEMS).map(({ path, at, message }) => ({
    ...document.locate(path, at), path: formatPath(path), message,
  })));
  if (!isMapping(document.value)) {
    const message = document.value === null
      ? 'The file is empty. A runbook begins with its name, e.g. "name: My service".'
      : 'The file must be a mapping of keys such as name, environments and steps.';
    return placed([{ path: [], at: 'value', message }]);
  }
  const shape = checkShape(document.value);
  if (!('runbook' in shape)) {
    return placed(shape);
  }
  const findings = checkMeaning(shape.runbook, options.actions);
  return findings.length > 0 ? placed(findings) : { ok: true, runbook: shape.runbook };
}

function isMapping(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function byPosition(a: Problem, b: Problem): number {
  return a.line - b.line || a.column - b.column || a.message.localeCompare(b.message, 'en');
}
