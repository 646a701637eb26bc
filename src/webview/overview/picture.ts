/** The timeline as a picture: lanes over one time axis. Drawn from items; nothing is decided here. */
import { type TemplateResult, html, nothing, svg } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { t, tn } from '../../l10n.ts';
import { LANES, type Lane, type Level } from '../../protocol/overview.ts';
import { day, duration, moment, timeOfDay } from '../format.ts';
import { type Glyph, clusterGlyph, glyphOf, glyphPath, levelSign } from './glyphs.ts';
import { type Item, type Point, visibleOf } from './picture-model.ts';
import { type Range, ticksOf } from './time-range.ts';
import { deliveryName, laneName, levelName, spanTitle } from './words.ts';

const AXIS_PX = 26;
const NAMES_PX = 150;
const BAR_PX = 16;
const BAR_STEP_PX = 20;
const MARKS_PX = 30;
const PADDING_PX = 6;
/** Of a label below the axis. */
const TICK_PX = 90;
/** A time so near to the edge is not written: half of it would be cut off. */
const EDGE_PX = 20;
/** A narrower bar has no text, only signs. */
const SHORTEST_TEXT_PX = 36;
const SIGN_PX = 10;
const RADIUS_PX = 7;
/** Levels of an investigation's checks, one below the other. */
const PARTS_SHOWN = 8;

export interface PictureInput {
  readonly lanes: ReadonlyMap<Lane, readonly Item[]>;
  readonly range: Range;
  /** px */
  readonly width: number;
  /** Rows of bars that the changes may take. */
  readonly barRows: number;
  /** Epoch ms; unset once it is over. */
  readonly now?: number;
  /** Key of the item that the Tab key leads to. */
  readonly tabStop: string | undefined;
}

interface LanePlace {
  readonly lane: Lane;
  readonly top: number;
  readonly height: number;
  /** Middle of its marks. */
  readonly marks: number;
}

/** Where the lanes lie, in px from the top. */
export function lanePlaces(barRows: number): readonly LanePlace[] {
  let top = 0;
  return LANES.map((lane) => {
    const rows = lane === 'phases' ? 1 : lane === 'changes' ? barRows : 0;
    const height = rows * BAR_STEP_PX + MARKS_PX + (lane === 'steps' ? 14 : 0) + PADDING_PX;
    const place = { lane, top, height, marks: top + rows * BAR_STEP_PX + MARKS_PX / 2 + PADDING_PX / 2 };
    top += height;
    return place;
  });
}

export function pictureHeight(barRows: number): number {
  const last = lanePlaces(barRows).at(-1);
  return (last === undefined ? 0 : last.top + last.height) + AXIS_PX;
}

export function picture(input: PictureInput): TemplateResult {
  const { lanes, range, width, barRows, now } = input;
  const places = lanePlaces(barRows);
  const bottom = pictureHeight(barRows) - AXIS_PX;
  const x = (at: number): number => Math.round(((at - range[0]) / (range[1] - range[0])) * width * 10) / 10;
  const { step, at } = ticksOf(range, Math.max(2, Math.floor(width / TICK_PX)));
  return html`<svg width=${width} height=${bottom + AXIS_PX} role="group" aria-label=${t('Timeline: {0} to {1}', moment(range[0], range[1]), moment(range[1], range[1]))} focusable="false">
    <g class="grid" aria-hidden="true">
      ${places.map(({ top, height }, index) => (index % 2 === 0 ? svg`<rect class="lane" x="0" y=${top} width=${width} height=${height}></rect>` : nothing))}
      ${at.map((tick) => svg`<line x1=${x(tick)} x2=${x(tick)} y1="0" y2=${bottom}></line>${x(tick) < EDGE_PX || x(tick) > width - EDGE_PX || (now !== undefined && Math.abs(x(now) - 14 - x(tick)) < 40) ? nothing : svg`<text x=${x(tick)} y=${bottom + 17} text-anchor="middle">${tickText(tick, step)}</text>`}`)}
      ${now === undefined || now < range[0] || now > range[1] ? nothing : svg`<line class="now" x1=${x(now)} x2=${x(now)} y1="0" y2=${bottom}></line><text class="now" x=${x(now)} y=${bottom + 17} text-anchor="end" dx="-3">${t('now')}</text>`}
    </g>
    ${places.map((place) => repeat(visibleOf(lanes.get(place.lane) ?? [], range), ({ key }) => key, (item) => drawnItem(item, place, input, x)))}
  </svg>`;
}

function tickText(at: number, step: number): string {
  const isDay = at % 86_400_000 === 0;
  return step >= 86_400_000 || isDay ? day(at).replace(/[ ,،]*\d{4}$/, '') : step < 60_000 ? new Date(at).toISOString().slice(11, 19) : timeOfDay(at);
}

function drawnItem(item: Item, place: LanePlace, { range, width, tabStop }: PictureInput, x: (at: number) => number): TemplateResult {
  const inside = item.row === undefined ? drawnMark(item, x(item.from), place) : drawnBar(item, place, Math.max(-4, x(Math.max(item.from, range[0]))), Math.min(width + 4, x(Math.min(item.to, range[1]))));
  return svg`<g class="item ${item.level === undefined ? '' : `level-${item.level}`}" role="button" tabindex=${item.key === tabStop ? 0 : -1} data-key=${item.key} data-lane=${item.lane} data-count=${item.points.length} aria-label=${describeItem(item, range[1])}>${inside}</g>` as TemplateResult;
}

function drawnBar({ points: [{ span }], level, row = 0 }: Item, { top }: LanePlace, from: number, to: number): TemplateResult {
  const y = top + PADDING_PX + row * BAR_STEP_PX;
  const width = Math.max(3, to - from);
  const sign = span === undefined ? '' : [...(span.isUndone === true ? ['↶'] : []), ...(span.kind !== 'phase' && level !== undefined ? [levelSign(level)] : [])].join(' ');
  const text = span === undefined || width < SHORTEST_TEXT_PX ? sign : `${sign} ${spanTitle(span)}`.trimStart();
  // A drawing of its own, which cuts off what does not fit: the whole text stays in it.
  return svg`<rect class="bar ${span?.kind ?? ''} ${span?.kind === 'phase' ? span.title : ''} ${span?.isUndone === true ? 'undone' : ''} ${span?.to === undefined ? 'going' : ''}" x=${from} y=${y} width=${width} height=${BAR_PX} rx="3"></rect>
    ${text === '' || width < sign.length * SIGN_PX ? nothing : svg`<svg x=${from + 5} y=${y} width=${Math.max(0, width - 8)} height=${BAR_PX}><text class="bar-text ${span?.isUndone === true ? 'undone' : ''}" x="0" y="12">${text}</text></svg>`}` as TemplateResult;
}

function drawnMark({ points, level }: Item, x: number, { marks: y }: LanePlace): TemplateResult {
  const [point] = points;
  if (points.length > 1) {
    const text = points.length > 999 ? `${Math.floor(points.length / 1_000)}k` : String(points.length);
    const glyph = clusterGlyph(level);
    return svg`<rect class="cluster" x=${x - 10} y=${y - 8} width="20" height="16" rx="8"></rect><text class="count ${text.length > 2 ? 'long' : ''}" x=${x} y=${y + 4} text-anchor="middle">${text}</text>
      ${glyph === undefined ? nothing : drawnGlyph(glyph, x + 8, y - 8, 3.5)}` as TemplateResult;
  }
  const parts = point.mark?.parts ?? [];
  return svg`${drawnGlyph(glyphOf(point), x, y, point.mark?.isUpdate === true || parts.length > 0 ? RADIUS_PX + 1.5 : RADIUS_PX)}${parts.length === 0 ? nothing : drawnParts(parts, x, y + 11)}` as TemplateResult;
}

function drawnGlyph({ shape, look }: Glyph, x: number, y: number, radius: number): TemplateResult {
  return svg`<path class="glyph ${look}" d=${glyphPath(shape, x, y, radius)}></path>` as TemplateResult;
}

/** The gravest first: what is wrong is longer than what is well. */
function drawnParts(parts: readonly Level[], x: number, y: number): TemplateResult {
  const lengths: Readonly<Record<Level, number>> = { bad: 14, warn: 10, unknown: 7, ok: 4 };
  const shown = parts.slice(0, PARTS_SHOWN);
  const left = x - (shown.length * 3) / 2;
  return svg`${(['bad', 'warn', 'unknown', 'ok'] as const).map((level) => (shown.includes(level)
    ? svg`<path class="parts level-${level}" d=${shown.map((part, index) => (part === level ? `M${left + index * 3} ${y}v${lengths[level]}` : '')).join('')}></path>` : nothing))}` as TemplateResult;
}

/** What an item says to whoever points at it or hears it. */
export function describeItem({ points, from, to, level }: Item, end: number): string {
  const [point] = points;
  if (points.length > 1) {
    return [tn('{0} event', '{0} events', points.length), `${timeOfDay(from)}–${timeOfDay(to)}`, ...(level === undefined ? [] : [t('gravest: {0}', levelName(level))]), t('Enter to look closer')].join(' · ');
  }
  return describePoint(point, to, end);
}

function describePoint({ mark, span, at }: Point, to: number, end: number): string {
  if (span !== undefined) {
    const length = span.to === undefined ? t('for {0} so far', duration(to - at)) : span.to > at ? t('for {0}', duration(span.to - at)) : '';
    return [
      moment(at, end), spanTitle(span), length, ...(span.level === undefined ? [] : [levelName(span.level)]), ...(span.isUndone === true ? [t('undone')] : []),
      ...(span.isSuspect === true ? [t('shortly before the impact')] : []), span.detail,
    ].filter((part) => part !== '').join(' · ');
  }
  if (mark === undefined) {
    return '';
  }
  const { title, detail, by, level, state, parts = [] } = mark;
  const counts = (['bad', 'warn', 'unknown', 'ok'] as const).map((each) => [each, parts.filter((part) => part === each).length] as const).filter(([, count]) => count > 0);
  return [
    moment(at, end), title, ...(level === undefined ? [] : [levelName(level)]), ...(state === undefined ? [] : [deliveryName(state)]), detail,
    ...(counts.length === 0 ? [] : [t('checks: {0}', counts.map(([each, count]) => `${count} ${levelName(each)}`).join(', '))]), by,
  ].filter((part) => part !== '').join(' · ');
}

/** @param direction of the page: the names stand at the side where reading begins */
export function laneNames(barRows: number, direction: 'ltr' | 'rtl'): TemplateResult {
  return html`<svg class="lane-names" width=${NAMES_PX} height=${pictureHeight(barRows)} aria-hidden="true">
    ${lanePlaces(barRows).map(({ lane, top, height }) => svg`<text x=${direction === 'rtl' ? NAMES_PX : 0} y=${top + height / 2 + 4}>${laneName(lane)}</text>`)}
  </svg>`;
}
