/** "Did you mean …?": the allowed word nearest to what was written. Pure and small: safe to load at activation. */

/** More names than this are not listed when one of them is near enough to suggest. */
const LISTED = 12;

/** Levenshtein distance of two words. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (const [index, left] of [...a].entries()) {
    const next = [index + 1];
    for (const [column, right] of [...b].entries()) {
      const substitution = (row[column] ?? 0) + (left === right ? 0 : 1);
      next.push(Math.min(substitution, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

/** The allowed word that differs in at most a third of the letters, letter case aside; undefined when none is near. */
export function nearest(word: string, allowed: readonly string[]): string | undefined {
  const lower = word.toLowerCase().slice(0, 100);
  const [best] = allowed
    .map((candidate) => ({ candidate, cost: distance(lower, candidate.toLowerCase()) }))
    .filter(({ candidate, cost }) => cost <= Math.max(1, Math.floor(candidate.length / 3)))
    .sort((a, b) => a.cost - b.cost);
  return best?.candidate;
}

/** ` Did you mean "x"?` to follow a full sentence; empty when nothing is near. */
export function didYouMean(word: string, allowed: readonly string[]): string {
  const suggestion = nearest(word, allowed);
  return suggestion === undefined ? '' : ` Did you mean "${suggestion}"?`;
}

/** ` Did you mean "x"? <label>: a, b, c.`; a long list is left out when there is a suggestion. */
export function hint(word: string, allowed: readonly string[], label: string): string {
  const question = didYouMean(word, allowed);
  return question !== '' && allowed.length > LISTED
    ? question
    : `${question} ${label}: ${allowed.length === 0 ? 'none' : allowed.join(', ')}.`;
}
