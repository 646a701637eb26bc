/** What part of the incident the picture shows, and how it moves. Pure; times are epoch ms. */

export type Range = readonly [from: number, to: number];

export const PRESETS = ['whole', 'hour', 'quarter'] as const;
export type Preset = (typeof PRESETS)[number];

/** What is kept of it: a preset moves on with the time, a range stays. */
export type View = { readonly preset: Preset } | { readonly range: Range };

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Nearer than this nothing more can be told apart. */
export const SHORTEST_MS = 10 * SECOND;
/** Room at both ends of a whole incident, as a part of it. */
const MARGIN = 0.02;
const LENGTHS: Readonly<Record<Exclude<Preset, 'whole'>, number>> = { hour: HOUR, quarter: 15 * MINUTE };

/** All of an incident with a little room. @param end now while it is open, and when it ended afterwards */
export function wholeRange(start: number, end: number): Range {
  const length = Math.max(end - start, MINUTE);
  return [start - length * MARGIN, start + length * (1 + 2 * MARGIN)];
}

/** @param end as of `wholeRange` */
export function rangeOf(view: View, whole: Range, end: number): Range {
  if ('range' in view) {
    return view.range;
  }
  if (view.preset === 'whole') {
    return whole;
  }
  const length = LENGTHS[view.preset];
  return [end - length * (1 - MARGIN), end + length * MARGIN];
}

/** Nearer (factor below 1) or further, around a time that keeps its place; never beyond `limits`. */
export function zoomed([from, to]: Range, factor: number, around: number, limits: Range): Range {
  const length = Math.min(Math.max((to - from) * factor, SHORTEST_MS), limits[1] - limits[0]);
  const place = (around - from) / (to - from);
  return within([around - place * length, around + (1 - place) * length], limits);
}

/** @param part of its length: positive goes on in time */
export function panned([from, to]: Range, part: number, limits: Range): Range {
  const way = (to - from) * part;
  return within([from + way, to + way], limits);
}

/** The range moved, at its length, so that a time is in it with room on both sides; as it is when it is in it already. */
export function revealing([from, to]: Range, at: number, limits: Range): Range {
  const room = (to - from) * 0.08;
  const way = at < from ? at - from - room : at > to ? at - to + room : 0;
  return way === 0 ? [from, to] : within([from + way, to + way], limits);
}

function within([from, to]: Range, [first, last]: Range): Range {
  const length = to - from;
  if (length >= last - first) {
    return [first, last];
  }
  const start = Math.min(Math.max(from, first), last - length);
  return [start, start + length];
}

const STEPS = [SECOND, 2 * SECOND, 5 * SECOND, 10 * SECOND, 30 * SECOND, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 28 * DAY, 91 * DAY, 364 * DAY];

/** Round times to write below the axis, at most so many. */
export function ticksOf([from, to]: Range, most: number): { readonly step: number; readonly at: readonly number[] } {
  const step = STEPS.find((candidate) => (to - from) / candidate <= most) ?? 364 * DAY;
  const first = Math.ceil(from / step) * step;
  return { step, at: Array.from({ length: Math.max(0, Math.floor((to - first) / step) + 1) }, (_none, index) => first + index * step) };
}
