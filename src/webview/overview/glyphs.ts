/** The shapes of the picture: what is meant is told by the shape, and by the colour as well. Pure. */
import type { Level } from '../../protocol/overview.ts';
import type { Point } from './picture-model.ts';

export type Shape = 'circle' | 'triangle' | 'diamond' | 'square' | 'flag' | 'cross' | 'arrow' | 'bubble' | 'pin';

export interface Glyph {
  readonly shape: Shape;
  /** Class: whether it is filled, and the colour of its level. */
  readonly look: string;
}

const OF_LEVEL: Readonly<Record<Level, Glyph>> = {
  ok: { shape: 'circle', look: 'filled level-ok' }, warn: { shape: 'triangle', look: 'filled level-warn' },
  bad: { shape: 'diamond', look: 'filled level-bad' }, unknown: { shape: 'circle', look: 'hollow level-unknown' },
};

/** As a letter. */
export function levelSign(level: Level): string {
  return { ok: '✓', warn: '▲', bad: '◆', unknown: '?' }[level];
}

export function glyphOf({ mark, span }: Point): Glyph {
  if (span?.kind === 'deployment') {
    return { shape: 'arrow', look: span.isSuspect === true ? 'filled level-warn' : span.level === 'bad' ? 'filled level-bad' : 'hollow neutral' };
  }
  if (span !== undefined) {
    return OF_LEVEL[span.level ?? 'unknown'];
  }
  if (mark?.isUpdate === true) {
    return { shape: 'bubble', look: 'filled accent' };
  }
  switch (mark?.state) {
    case 'done': return { shape: 'square', look: 'filled level-ok' };
    case 'pending': return { shape: 'square', look: 'hollow neutral' };
    case 'by hand': return OF_LEVEL.warn;
    case 'failed': return OF_LEVEL.bad;
    case 'unknown': return OF_LEVEL.unknown;
    case 'discarded': return { shape: 'cross', look: 'hollow neutral' };
    case undefined: break;
  }
  if (mark?.level !== undefined) {
    return OF_LEVEL[mark.level];
  }
  return mark?.lane === 'phases' ? { shape: 'pin', look: 'filled neutral' } : mark?.lane === 'notes' ? { shape: 'flag', look: 'filled accent' } : { shape: 'square', look: 'hollow neutral' };
}

/** What stands beside the count of several; nothing where all is well. */
export function clusterGlyph(level: Level | undefined): Glyph | undefined {
  return level === undefined || level === 'ok' ? undefined : OF_LEVEL[level];
}

/** @param x px, its middle @param r px, half its width */
export function glyphPath(shape: Shape, x: number, y: number, r: number): string {
  switch (shape) {
    case 'circle': return `M${x - r * 0.85} ${y}a${r * 0.85} ${r * 0.85} 0 1 0 ${r * 1.7} 0a${r * 0.85} ${r * 0.85} 0 1 0 ${-r * 1.7} 0z`;
    case 'triangle': return `M${x} ${y - r}L${x + r} ${y + r * 0.8}H${x - r}z`;
    case 'diamond': return `M${x} ${y - r * 1.1}L${x + r * 1.1} ${y}L${x} ${y + r * 1.1}L${x - r * 1.1} ${y}z`;
    case 'square': return `M${x - r * 0.75} ${y - r * 0.75}h${r * 1.5}v${r * 1.5}h${-r * 1.5}z`;
    case 'flag': return `M${x - r * 0.6} ${y + r}v${-r * 2}h${r * 1.5}l${-r * 0.5} ${r * 0.6}l${r * 0.5} ${r * 0.6}h${-r * 1.1}v${r * 0.8}z`;
    case 'cross': return `M${x - r * 0.7} ${y - r * 0.7}l${r * 1.4} ${r * 1.4}m0 ${-r * 1.4}l${-r * 1.4} ${r * 1.4}`;
    case 'arrow': return `M${x} ${y - r}l${r} ${r}h${-r * 0.55}v${r}h${-r * 0.9}v${-r}h${-r * 0.55}z`;
    case 'bubble': return `M${x - r} ${y - r * 0.85}h${r * 2}v${r * 1.3}h${-r * 0.9}l${-r * 0.6} ${r * 0.6}v${-r * 0.6}h${-r * 0.5}z`;
    case 'pin': return `M${x - r * 0.7} ${y - r * 0.8}h${r * 1.4}v${r * 0.9}l${-r * 0.7} ${r * 0.8}l${-r * 0.7} ${-r * 0.8}z`;
  }
}
