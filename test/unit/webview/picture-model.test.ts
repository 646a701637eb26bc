import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Lane, Mark, Span } from '../../../src/protocol/overview.ts';
import { clustersOf, concurrency, placedBars } from '../../../src/webview/overview/clusters.ts';
import { filtered } from '../../../src/webview/overview/event-filter.ts';
import { glyphOf } from '../../../src/webview/overview/glyphs.ts';
import { GAP_PX, type Item, barRowsOf, itemWith, itemsOf, neighbour, visibleOf } from '../../../src/webview/overview/picture-model.ts';
import { START } from '../../support/clock.ts';

const SECOND = 1_000;

function mark(id: string, second: number, more: Partial<Mark> = {}): Mark {
  return { id, at: START + second * SECOND, lane: 'steps', title: id, detail: '', by: 'Amira', ...more };
}

function span(id: string, from: number, to: number | undefined, more: Partial<Span> = {}): Span {
  return { id, kind: 'change', from: START + from * SECOND, ...(to === undefined ? {} : { to: START + to * SECOND }), title: id, detail: '', ...more };
}

function keys(items: readonly Item[] | undefined): string[] {
  return (items ?? []).map(({ key }) => key);
}

describe('marks that would lie upon each other', () => {
  /** Numbers that look random and are the same in every run. */
  const times = Array.from({ length: 2_000 }, (_none, index) => ({ at: Math.floor(Math.abs(Math.sin(index) * 1e6)) })).sort((a, b) => a.at - b.at);

  it('are drawn as one, and none is lost', () => {
    for (const gap of [1, 50, 4_000, 1e9]) {
      const clusters = clustersOf(times, gap);
      assert.deepEqual(clusters.flatMap(({ items }) => items), times);
      clusters.forEach(({ from, to, items }, index) => {
        assert.deepEqual([from, to], [items[0].at, items.at(-1)?.at]);
        assert.ok(index === 0 || from - (clusters[index - 1]?.from ?? 0) >= gap, `gap ${gap}`);
        assert.ok(to - from < gap, `gap ${gap}`);
      });
    }
    assert.deepEqual(clustersOf([], 10), []);
  });

  it('stay together when a new one comes at the end', () => {
    const before = clustersOf(times, 4_000);
    const after = clustersOf([...times, { at: 2e6 }], 4_000);
    assert.deepEqual(after.slice(0, before.length), before);
  });

  it('are as many as have room, however many there are', () => {
    const many = Array.from({ length: 10_000 }, (_none, index) => mark(String(index), index, { lane: index % 2 === 0 ? 'steps' : 'notes' }));
    const width = 1_000;
    const lanes = itemsOf(many, [], START + 10_000 * SECOND, 10_000 * SECOND / width);
    for (const lane of ['steps', 'notes'] as const) {
      const items = lanes.get(lane) ?? [];
      assert.ok(items.length <= width / GAP_PX + 1, `${items.length}`);
      assert.equal(items.reduce((sum, { points }) => sum + points.length, 0), 5_000);
    }
  });
});

describe('bars', () => {
  it('lie in the first row that is free, and are left over where none is', () => {
    const bars = [{ from: 0, to: 50 }, { from: 10, to: 30 }, { from: 20, to: 40 }, { from: 35, to: 60 }, { from: 60, to: 61 }];
    const { placed, left } = placedBars(bars, { rows: 2, gapMs: 2, shortestMs: 5 });
    assert.deepEqual(placed.map(({ bar, row }) => [bar.from, row]), [[0, 0], [10, 1], [35, 1]]);
    assert.deepEqual(left.map(({ from }) => from), [20, 60]);
    assert.deepEqual([concurrency(bars), concurrency([]), concurrency([{ from: 0, to: 5 }, { from: 5, to: 9 }])], [3, 0, 1]);
  });

  it('become marks where they are too short to be seen as bars', () => {
    const spans = [span('long', 0, 600), span('short', 700, 701)];
    const lanes = itemsOf([], spans, START + 1_000 * SECOND, SECOND);
    assert.deepEqual((lanes.get('changes') ?? []).map(({ key, row }) => [key, row]), [['long', 0], ['short', undefined]]);
    assert.equal(barRowsOf(spans, START), 1);
  });

  it('reach to the end of what goes on', () => {
    const [item] = itemsOf([], [span('going', 0, undefined)], START + 500 * SECOND, SECOND).get('changes') ?? [];
    assert.equal(item?.to, START + 500 * SECOND);
  });
});

describe('the items of the picture', () => {
  const marks = [mark('a', 0, { level: 'ok' }), mark('b', 100, { level: 'bad' }), mark('c', 105, { level: 'warn' }), mark('note', 60, { lane: 'notes' }), mark('listed', 70, { isListed: true })].sort((x, y) => x.at - y.at);
  const lanes: ReadonlyMap<Lane, readonly Item[]> = itemsOf(marks, [span('phase/unmitigated', 0, 300, { kind: 'phase', title: 'unmitigated' })], START + 300 * SECOND, SECOND);

  it('have the gravest level of what they hold', () => {
    assert.deepEqual((lanes.get('steps') ?? []).map(({ key, level, points }) => [key, level, points.length]), [['a', 'ok', 1], ['b', 'bad', 2]]);
    assert.equal(itemWith(lanes, 'c')?.key, 'b');
    assert.equal(itemWith(lanes, 'listed'), undefined);
  });

  it('are gone through by time over all lanes, and up and down to the nearest', () => {
    const walked: string[] = [];
    for (let item = neighbour(lanes, undefined, 'first'); item !== undefined && !walked.includes(item.key); item = neighbour(lanes, item.key, 'after')) {
      walked.push(item.key);
    }
    assert.deepEqual(walked, ['phase/unmitigated', 'a', 'note', 'b']);
    assert.equal(neighbour(lanes, 'b', 'below')?.key, 'note');
    assert.equal(neighbour(lanes, 'note', 'above')?.key, 'b');
    assert.equal(neighbour(lanes, 'a', 'above')?.key, 'phase/unmitigated');
    assert.equal(neighbour(lanes, 'a', 'last')?.key, 'b');
    assert.equal(neighbour(lanes, 'b', 'after')?.key, 'b');
  });

  it('are drawn only where something of them can be seen', () => {
    assert.deepEqual(keys(visibleOf(lanes.get('steps') ?? [], [START + 50 * SECOND, START + 200 * SECOND])), ['b']);
    assert.deepEqual(keys(visibleOf(lanes.get('phases') ?? [], [START + 50 * SECOND, START + 200 * SECOND])), ['phase/unmitigated']);
  });

  it('differ by shape, not by colour alone', () => {
    const shapes = (['ok', 'warn', 'bad', 'unknown'] as const).map((level) => glyphOf({ kind: 'mark', at: 0, mark: mark('m', 0, { level }) })).map(({ shape, look }) => `${shape} ${look.split(' ')[0] ?? ''}`);
    assert.equal(new Set(shapes).size, 4);
    const states = (['done', 'pending', 'by hand', 'failed', 'unknown', 'discarded'] as const).map((state) => glyphOf({ kind: 'mark', at: 0, mark: mark('m', 0, { state }) })).map(({ shape, look }) => `${shape} ${look.split(' ')[0] ?? ''}`);
    assert.equal(new Set(states).size, 6);
  });
});

describe('the list of events', () => {
  const marks = [mark('1', 0, { title: 'Investigate', detail: 'pool exhausted' }), mark('2', 10, { lane: 'messages', title: 'To #incidents', by: 'Grace' }), mark('3', 20, { title: 'Scale' })];

  it('has what matches every word, the newest first', () => {
    const found = (filter: Partial<Parameters<typeof filtered>[1]>) => filtered(marks, { lane: 'all', text: '', ...filter }).map(({ id }) => id);
    assert.deepEqual(found({}), ['3', '2', '1']);
    assert.deepEqual(found({ text: ' POOL investigate ' }), ['1']);
    assert.deepEqual(found({ text: 'pool scale' }), []);
    assert.deepEqual(found({ text: 'grace' }), ['2']);
    assert.deepEqual(found({ lane: 'messages' }), ['2']);
    assert.deepEqual(found({ between: [START + 10 * SECOND, START + 20 * SECOND] }), ['3', '2']);
  });
});
