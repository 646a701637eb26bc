/** The page of the overview panel. */
import '@vscode-elements/elements/dist/vscode-button/index.js';
import { type TemplateResult, html } from 'lit';
import { guard } from 'lit/directives/guard.js';
import { ref } from 'lit/directives/ref.js';
import { t } from '../l10n.ts';
import type { Lane, Mark, OverviewChange, OverviewContract, OverviewModel } from '../protocol/overview.ts';
import { openPage } from './page.ts';
import './overview.css';
import { SNOOZE_MINUTES, clocksCard, closureCard, messagesCard, rolesCard, watchesCard } from './overview/cards.ts';
import { type ListFilter, filtered } from './overview/event-filter.ts';
import { eventList } from './overview/event-list.ts';
import { head, intervals, nextSteps } from './overview/head.ts';
import { legend } from './overview/legend.ts';
import { metrics } from './overview/metrics.ts';
import { describeItem, laneNames, picture } from './overview/picture.ts';
import { PictureControl } from './overview/picture-control.ts';
import { type Item, barRowsOf, itemWith, itemsOf } from './overview/picture-model.ts';
import { HouseClock } from './house-clock.ts';
import { everySecond } from './overview/ticking.ts';
import { PRESETS, type Range, SHORTEST_MS, type View, rangeOf, wholeRange } from './overview/time-range.ts';
import { presetName } from './overview/words.ts';

const SECTIONS = ['metrics', 'events'] as const;
type Section = (typeof SECTIONS)[number];

/** How the page looks. */
interface Kept {
  readonly view: View;
  readonly filter: ListFilter;
  readonly listPage: number;
  readonly folded: readonly Section[];
  /** px */
  readonly scroll: number;
  /** Key of the item that the Tab key leads to. */
  readonly tabStop?: string;
}

const FRESH: Kept = { view: { preset: 'whole' }, filter: { lane: 'all', text: '' }, listPage: 0, folded: [], scroll: 0 };
/** The charts follow the picture when it rests, ms: drawing them takes longer than drawing it. */
const REST_MS = 250;
const HOUR_MS = 3_600_000;

const page = openPage<OverviewContract, Kept>();
const clock = new HouseClock();
let kept: Kept = page.state ?? FRESH;
let model: OverviewModel | undefined;
let width = 0;
let pointed: string | undefined;
let chartRange: Range | undefined;
let resting: ReturnType<typeof setTimeout> | undefined;
let drawing = 0;
let drawnEnd = 0;

/** What was made of the marks the last time; they change more seldom than the page is drawn. */
let lanesOf: { readonly marks: readonly Mark[]; readonly spans: OverviewModel['spans']; readonly end: number; readonly msPerPx: number; readonly lanes: ReadonlyMap<Lane, readonly Item[]> } | undefined;
let listOf: { readonly marks: readonly Mark[]; readonly filter: ListFilter; readonly found: readonly Mark[] } | undefined;

function schedule(): void {
  drawing ||= requestAnimationFrame(draw);
}

function keep(next: Partial<Kept>): void {
  kept = { ...kept, ...next };
  page.keep(kept);
  schedule();
}

/** Until when the picture goes: now, and once it is over its end. */
function endOf({ standing, marks, ended, began, spans }: OverviewModel): number {
  if (standing !== 'closed') {
    return Math.max(clock.now(), began);
  }
  return Math.max(ended ?? began, ...spans.filter(({ kind }) => kind === 'phase').map(({ to, from }) => to ?? from), ended === undefined ? marks.at(-1)?.at ?? began : began);
}

function situation(shown: OverviewModel) {
  const { marks, spans, began } = shown;
  const end = endOf(shown);
  const phases = spans.filter(({ kind }) => kind === 'phase').map(({ from }) => from);
  const first = Math.min(began, ...phases);
  // What was deployed shortly before belongs to the story; what was deployed long ago is further on the left, and would make the story small.
  const before = Math.min(2 * HOUR_MS, Math.max(HOUR_MS / 4, end - first));
  const start = Math.min(first, ...spans.filter(({ kind, from, isSuspect }) => kind === 'deployment' && (isSuspect === true ? from > first - 2 * HOUR_MS : from > first - before)).map(({ from }) => from));
  const whole = wholeRange(start, end);
  const limits: Range = [Math.min(whole[0], (marks[0]?.at ?? start) - HOUR_MS, ...spans.map(({ from }) => from - HOUR_MS)), Math.max(whole[1], (marks.at(-1)?.at ?? end) + HOUR_MS)];
  const range = rangeOf(kept.view, whole, end);
  const msPerPx = (range[1] - range[0]) / Math.max(width, 1);
  const goesOn = spans.some(({ to }) => to === undefined);
  if (lanesOf === undefined || lanesOf.marks !== marks || lanesOf.spans !== spans || Math.abs(lanesOf.msPerPx / msPerPx - 1) > 1e-6 || (goesOn && Math.abs(lanesOf.end - end) > msPerPx)) {
    lanesOf = { marks, spans, end, msPerPx, lanes: itemsOf(marks, spans, end, msPerPx) };
  }
  return { whole, limits, range, end, lanes: lanesOf.lanes };
}

const control = new PictureControl({
  state: () => situation(model as OverviewModel),
  show: (view) => { keep({ view }); },
  point: (key, isFocus) => {
    if (key !== pointed || (isFocus && kept.tabStop !== key)) {
      pointed = key;
      if (isFocus) {
        keep({ tabStop: key });
        // At once: what has the focus and what is told of it are one.
        draw();
      } else {
        schedule();
      }
    }
  },
  settle: () => { draw(); },
  open: ({ points, from, to, lane }) => {
    const [{ mark, span }] = points;
    if (points.length === 1) {
      openEvent(mark?.id ?? span?.event);
    } else if (to - from < SHORTEST_MS / 2) {
      keep({ filter: { lane, text: '', between: [from, to] }, listPage: 0, folded: kept.folded.filter((section) => section !== 'events') });
      draw();
      document.querySelector('#events')?.scrollIntoView({ block: 'start' });
    } else {
      const room = (to - from) * 0.15;
      keep({ view: { range: [from - room, Math.max(to + room, from + SHORTEST_MS)] } });
    }
  },
});

const ask = (work: () => Promise<unknown>): void => { page.run(async () => { await work(); }); };
const run = (id: string): void => { ask(() => page.caller.call('run', { id })); };
const openEvent = (event: string | undefined): void => {
  if (event !== undefined && model !== undefined) {
    const { incident } = model;
    ask(() => page.caller.call('open', { what: 'event', incident, event }));
  }
};
const actions = {
  run, openEvent,
  assign: (role: string) => { ask(() => page.caller.call('assign', { role })); },
  snooze: (id: string) => { ask(() => page.caller.call('snooze', { clock: id, minutes: SNOOZE_MINUTES })); },
  openDeliveries: () => { ask(() => page.caller.call('open', { what: 'deliveries' })); },
  openTicket: () => { ask(() => page.caller.call('openTicket', {})); },
  openTimeline: () => { ask(() => page.caller.call('open', { what: 'timeline', ...(model === undefined ? {} : { incident: model.incident }) })); },
};
const listActions = {
  filter: (filter: ListFilter) => { keep({ filter, listPage: 0 }); },
  turn: (listPage: number) => { keep({ listPage }); },
  open: openEvent,
};

const room = new ResizeObserver(([entry]) => {
  const next = Math.floor(entry?.contentRect.width ?? 0);
  if (next > 0 && next !== width) {
    width = next;
    schedule();
  }
});

/** The charts are drawn again when the range rests, and then only if it is another one by more than a little. */
function followWithCharts(range: Range): Range {
  const isFar = chartRange === undefined || Math.max(Math.abs(chartRange[0] - range[0]), Math.abs(chartRange[1] - range[1])) > (range[1] - range[0]) * 0.01;
  if (chartRange === undefined) {
    chartRange = range;
  } else if (isFar) {
    clearTimeout(resting);
    resting = setTimeout(() => {
      chartRange = model === undefined ? undefined : situation(model).range;
      schedule();
    }, REST_MS);
  }
  return chartRange;
}

function timeline(shown: OverviewModel): TemplateResult {
  const { lanes, range, end } = situation(shown);
  drawnEnd = end;
  const all = [...lanes.values()].flat();
  const tabStop = itemWith(lanes, kept.tabStop ?? '')?.key ?? all.find(({ from }) => from >= range[0])?.key;
  const told = pointed === undefined ? undefined : itemWith(lanes, pointed);
  const barRows = barRowsOf(shown.spans, end);
  return html`<section aria-labelledby="timeline-heading">
    <div class="section-head">
      <h2 id="timeline-heading">${t('Timeline')}</h2>
      <div class="buttons picture-tools" role="toolbar" aria-label=${t('What the picture shows')}>
        ${PRESETS.map((preset) => html`<button type="button" class="toggle" aria-pressed=${'preset' in kept.view && kept.view.preset === preset} @click=${() => { keep({ view: { preset } }); }}>${presetName(preset)}</button>`)}
        <button type="button" class="toggle icon" aria-label=${t('Earlier')} title=${t('Earlier')} @click=${() => { control.pan(-1); }}><span aria-hidden="true" class="codicon codicon-arrow-left"></span></button>
        <button type="button" class="toggle icon" aria-label=${t('Later')} title=${t('Later')} @click=${() => { control.pan(1); }}><span aria-hidden="true" class="codicon codicon-arrow-right"></span></button>
        <button type="button" class="toggle icon" aria-label=${t('Zoom out')} title=${t('Zoom out (−)')} @click=${() => { control.zoomOut(); }}><span aria-hidden="true" class="codicon codicon-zoom-out"></span></button>
        <button type="button" class="toggle icon" aria-label=${t('Zoom in')} title=${t('Zoom in (+)')} @click=${() => { control.zoomIn(); }}><span aria-hidden="true" class="codicon codicon-zoom-in"></span></button>
      </div>
    </div>
    <div class="picture">
      ${laneNames(barRows, page.direction)}
      <div class="canvas" dir="ltr" role="group" tabindex="0" aria-label=${t('Timeline as a picture: arrows move it, plus and minus zoom, Tab leads to its marks')}
        @wheel=${control.onWheel} @pointerdown=${control.onPointerDown} @pointermove=${control.onPointerMove} @pointerup=${control.onPointerUp} @keydown=${control.onKeyDown} @focusin=${control.onFocusIn}
        ${ref((element) => { if (element !== undefined) { room.observe(element); } })}>
        ${width === 0 ? '' : picture({ lanes, range, width, barRows, tabStop, ...(shown.standing === 'closed' ? {} : { now: end }) })}
      </div>
    </div>
    <p class="told" dir="auto">${told === undefined ? t('Point at a mark to see what it is; Enter opens it.') : describeItem(told, end)}</p>
    ${legend()}
  </section>`;
}

function section(id: Section, title: string, content: TemplateResult): TemplateResult {
  return html`<details id=${id} ?open=${!kept.folded.includes(id)} @toggle=${(event: Event) => {
    const isOpen = (event.target as HTMLDetailsElement).open;
    if (event.target === event.currentTarget && isOpen === kept.folded.includes(id)) {
      keep({ folded: isOpen ? kept.folded.filter((one) => one !== id) : [...kept.folded, id] });
    }
  }}><summary><h2>${title}</h2></summary>${content}</details>`;
}

function events({ marks }: OverviewModel): TemplateResult {
  const { filter } = kept;
  if (listOf === undefined || listOf.marks !== marks || listOf.filter !== filter) {
    listOf = { marks, filter, found: filtered(marks, filter) };
  }
  return eventList(listOf.found, marks.length, filter, kept.listPage, clock.now(), listActions);
}

function draw(): void {
  cancelAnimationFrame(drawing);
  drawing = 0;
  if (model === undefined) {
    return;
  }
  const shown = model;
  const range = followWithCharts(situation(shown).range);
  page.draw(html`
    ${head(shown, clock, actions)}
    ${intervals(shown, clock)}
    <div class="first">${nextSteps(shown.next, shown.standing, run)}${clocksCard(shown, clock, actions)}</div>
    ${timeline(shown)}
    ${section('metrics', t('Metrics of the evidence'), html`${guard([shown.charts, range, shown.investigate, shown.standing], () => metrics(shown.charts, shown, range, shown.marks.some(({ lane }) => lane === 'steps'), actions))}`)}
    <div class="cards">${rolesCard(shown, actions)}${closureCard(shown)}${messagesCard(shown, actions)}${watchesCard(shown, clock, actions)}</div>
    ${section('events', t('Events'), events(shown))}`);
}

function take(next: OverviewModel): void {
  const isFirst = model === undefined;
  model = next;
  clock.set(next.now);
  if (!isFirst) {
    schedule();
    return;
  }
  draw();
  // Once the picture has found its size.
  requestAnimationFrame(() => { requestAnimationFrame(() => { window.scrollTo(0, kept.scroll); }); });
}

async function load(): Promise<void> {
  take(await page.caller.call('load', {}));
}

page.caller.on('changed', ({ after, standing, from, marks, charts }: OverviewChange) => {
  if (model === undefined || model.version !== after || model.marks.length < from) {
    page.run(load);
    return;
  }
  const spans = JSON.stringify(model.spans) === JSON.stringify(standing.spans) ? model.spans : standing.spans;
  const isSame = marks.length === 0 && from === model.marks.length;
  take({ ...standing, spans, marks: isSame ? model.marks : [...model.marks.slice(0, from), ...marks], charts: charts ?? model.charts });
});
page.caller.on('subject', () => { page.run(load); });
window.addEventListener('scroll', () => {
  kept = { ...kept, scroll: Math.round(window.scrollY) };
  page.keep(kept);
}, { passive: true });
everySecond(() => {
  // The texts tick by themselves; the picture goes on when its now line has moved by a pixel.
  if (model !== undefined && lanesOf !== undefined && endOf(model) - drawnEnd >= lanesOf.msPerPx) {
    schedule();
  }
});
page.run(load);
