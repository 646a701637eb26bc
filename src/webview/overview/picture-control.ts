/** Mouse and keyboard of the picture: zooming, moving, going from mark to mark. */
import { type Lane } from '../../protocol/overview.ts';
import { type Item, itemWith, neighbour } from './picture-model.ts';
import { type Range, type View, panned, revealing, zoomed } from './time-range.ts';

/** So long after the page was scrolled the wheel still scrolls it, ms. */
const SCROLLING_MS = 300;
/** From here on a press is a drag, px. */
const DRAG_PX = 4;
const ZOOM_STEP = 0.6;
const PAN_STEP = 0.2;

export interface PictureState {
  readonly range: Range;
  readonly whole: Range;
  /** As far as one can go. */
  readonly limits: Range;
  readonly lanes: ReadonlyMap<Lane, readonly Item[]>;
}

export interface PictureRoom {
  state(): PictureState;
  show(view: View): void;
  /** The item that the Tab key leads to, and that is told of. */
  point(key: string, isFocus: boolean): void;
  /** Draws at once what was asked for. */
  settle(): void;
  open(item: Item): void;
}

/** Where the drawing is, and what happens in it. */
export class PictureControl {
  readonly #room: PictureRoom;
  #scrolledAt = Number.NEGATIVE_INFINITY;
  #drag: { readonly x: number; readonly range: Range; readonly width: number; moved: boolean } | undefined;

  constructor(room: PictureRoom) {
    this.#room = room;
    window.addEventListener('scroll', () => { this.#scrolledAt = performance.now(); }, { passive: true });
  }

  zoom(factor: number, around?: number): void {
    const { range, limits } = this.#room.state();
    this.#show(zoomed(range, factor, around ?? (range[0] + range[1]) / 2, limits));
  }

  zoomIn(): void {
    this.zoom(ZOOM_STEP);
  }

  zoomOut(): void {
    this.zoom(1 / ZOOM_STEP);
  }

  pan(steps: number): void {
    const { range, limits } = this.#room.state();
    this.#show(panned(range, steps * PAN_STEP, limits));
  }

  readonly onWheel = (event: WheelEvent): void => {
    const { range, whole, limits } = this.#room.state();
    const isMeant = event.ctrlKey || event.metaKey || event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
    const isWhole = range[1] - range[0] >= (whole[1] - whole[0]) * 0.999;
    if (!isMeant && (performance.now() - this.#scrolledAt < SCROLLING_MS || (event.deltaY > 0 && isWhole))) {
      return;
    }
    event.preventDefault();
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      this.#show(panned(range, (event.deltaX === 0 ? event.deltaY : event.deltaX) / 1_000, limits));
    } else {
      this.zoom(Math.exp(event.deltaY / 400), this.#timeAt(event));
    }
  };

  readonly onPointerDown = (event: PointerEvent): void => {
    const { range } = this.#room.state();
    if (event.button === 0) {
      this.#drag = { x: event.clientX, range, width: (event.currentTarget as HTMLElement).clientWidth, moved: false };
    }
  };

  readonly onPointerMove = (event: PointerEvent): void => {
    if (event.buttons === 0) {
      // Let go outside the picture, or taken over by a finger that scrolls.
      this.#drag = undefined;
    }
    const drag = this.#drag;
    if (drag === undefined) {
      const key = keyAt(event);
      if (key !== undefined) {
        this.#room.point(key, false);
      }
      return;
    }
    if (drag.moved || Math.abs(event.clientX - drag.x) > DRAG_PX) {
      drag.moved = true;
      (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
      this.#show(panned(drag.range, (drag.x - event.clientX) / drag.width, this.#room.state().limits));
    }
  };

  readonly onPointerUp = (event: PointerEvent): void => {
    const key = this.#drag?.moved === false ? keyAt(event) : undefined;
    this.#drag = undefined;
    this.#open(key);
  };

  readonly onFocusIn = (event: FocusEvent): void => {
    const key = keyAt(event);
    if (key !== undefined) {
      this.#room.point(key, true);
    }
  };

  /** On the picture itself the arrows move it; on a mark they lead to the next one. */
  readonly onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const key = keyAt(event);
    const done = key === undefined ? this.#keyOnPicture(event.key) : this.#keyOnItem(event.key, key);
    if (done) {
      event.preventDefault();
      event.stopPropagation();
    }
  };

  #keyOnPicture(pressed: string): boolean {
    const { range, limits } = this.#room.state();
    const length = range[1] - range[0];
    switch (pressed) {
      case '+': case '=': this.zoomIn(); return true;
      case '-': case '_': this.zoomOut(); return true;
      case 'ArrowLeft': this.pan(-1); return true;
      case 'ArrowRight': this.pan(1); return true;
      case 'Home': this.#show([limits[0], limits[0] + length]); return true;
      case 'End': this.#show([limits[1] - length, limits[1]]); return true;
      default: return false;
    }
  }

  #keyOnItem(pressed: string, key: string): boolean {
    const ways = { ArrowLeft: 'before', ArrowRight: 'after', ArrowUp: 'above', ArrowDown: 'below', Home: 'first', End: 'last' } as const;
    const { lanes } = this.#room.state();
    if (pressed === 'Enter' || pressed === ' ') {
      this.#open(key);
      return true;
    }
    if (pressed === '+' || pressed === '=' || pressed === '-' || pressed === '_') {
      this.zoom(pressed === '+' || pressed === '=' ? ZOOM_STEP : 1 / ZOOM_STEP, itemWith(lanes, key)?.from);
      this.#focus(key);
      return true;
    }
    const way = Object.hasOwn(ways, pressed) ? ways[pressed as keyof typeof ways] : undefined;
    const next = way === undefined ? undefined : neighbour(lanes, key, way);
    if (next === undefined) {
      return false;
    }
    this.#focus(next.key);
    return true;
  }

  /** The item is brought into view and has the focus; one that is drawn as part of another now, that other one. */
  #focus(key: string): void {
    const { range, limits } = this.#room.state();
    const at = itemWith(this.#room.state().lanes, key)?.from;
    if (at !== undefined) {
      const revealed = revealing(range, at, limits);
      if (revealed[0] !== range[0]) {
        this.#show(revealed);
      }
    }
    this.#room.settle();
    const item = itemWith(this.#room.state().lanes, key);
    const element = item === undefined ? null : document.querySelector<SVGElement>(`.canvas [data-key="${CSS.escape(item.key)}"]`);
    element?.focus({ preventScroll: true });
  }

  #open(key: string | undefined): void {
    const item = key === undefined ? undefined : itemWith(this.#room.state().lanes, key);
    if (item !== undefined) {
      this.#room.open(item);
    }
  }

  #show(range: Range): void {
    this.#room.show({ range });
  }

  #timeAt(event: MouseEvent): number {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const { range } = this.#room.state();
    return range[0] + ((event.clientX - box.left) / Math.max(1, box.width)) * (range[1] - range[0]);
  }
}

function keyAt({ target }: Event): string | undefined {
  return target instanceof Element ? target.closest<SVGElement>('[data-key]')?.dataset['key'] : undefined;
}
