/**
 * What a step saw. Pure data: it is written to the timeline as it stands, after redaction, and everything
 * that shows it (tree, preview, review) derives from it.
 */

/** `unknown` is never a synonym of `ok`: it says that the check could not tell (runbook 5, no datapoints). */
export type Level = 'ok' | 'warn' | 'bad' | 'unknown';

export interface Link {
  readonly title: string;
  /** https: or file: URL. Anything else is not drawn as a link. */
  readonly url: string;
}

/** One metric over time, drawn as a chart in the evidence document. */
export interface Chart {
  readonly title: string;
  /** Unit of the values as a person reads it: `%`, `connections`, `ms`. */
  readonly unit: string;
  readonly series: readonly ChartSeries[];
  /** A ceiling the values are held against, in the same unit: max_connections, 100 %. */
  readonly limit?: { readonly label: string; readonly value: number };
}

export interface ChartSeries {
  readonly label: string;
  /** `[epoch ms, value]`, ascending in time. */
  readonly points: readonly (readonly [number, number])[];
}

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export interface Evidence {
  /** One line a person can read out on a call. */
  readonly summary: string;
  readonly level: Level;
  /** GitHub-flavoured Markdown; outside text in it is escaped by the step. */
  readonly markdown: string;
  /** The facts behind the summary, for scripts, scenarios and the review. */
  readonly data: { readonly [key: string]: Json };
  readonly charts?: readonly Chart[];
  readonly links?: readonly Link[];
}

const WORST_FIRST: readonly Level[] = ['bad', 'warn', 'unknown', 'ok'];

/** Sort order by gravity: `bad`, `warn`, `unknown`, `ok`. */
export function compareLevels(a: Level, b: Level): number {
  return WORST_FIRST.indexOf(a) - WORST_FIRST.indexOf(b);
}

/** The gravest of the levels; `unknown` when there is none. */
export function worstLevel(levels: readonly Level[]): Level {
  return [...levels].sort(compareLevels)[0] ?? 'unknown';
}
