/** Which events the list shows. Pure. */
import type { Lane, Mark } from '../../protocol/overview.ts';
import type { Range } from './time-range.ts';

export interface ListFilter {
  readonly lane: Lane | 'all';
  readonly text: string;
  /** Only those between, epoch ms, both inclusive. */
  readonly between?: Range;
}

/** Those that match, the newest first. */
export function filtered(marks: readonly Mark[], { lane, text, between }: ListFilter): Mark[] {
  const words = text.trim().toLowerCase().split(/\s+/).filter((word) => word !== '');
  return marks.filter((mark) => (lane === 'all' || mark.lane === lane) && (between === undefined || (mark.at >= between[0] && mark.at <= between[1]))
    && words.every((word) => `${mark.title} ${mark.detail} ${mark.by}`.toLowerCase().includes(word))).reverse();
}
