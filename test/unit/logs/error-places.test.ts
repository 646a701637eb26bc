import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { ErrorCounts } from '../../../src/logs/error-counts.ts';
import { ErrorPlaces, MAX_WAITING } from '../../../src/logs/error-places.ts';
import type { Frame, FrameLanguage } from '../../../src/logs/frame.ts';
import type { ShownMessage } from '../../../src/logs/log-entry.ts';
import { until } from '../../support/until.ts';

const NOW = Date.parse('2026-11-23T03:07:12Z');
let lines = 0;

function message(text: string, at = NOW): ShownMessage {
  return { at, text, line: lines++, lines: 2, group: '/ecs/app', stream: 'app/1' };
}

/** Frames as `<path:line>`. */
function framesIn(text: string, language: FrameLanguage = 'node'): Frame[] {
  return [...text.matchAll(/<(\S+):(\d+)>/g)].map((match) => ({ language, path: match[1] ?? '', line: Number(match[2]), start: match.index, end: match.index + match[0].length }));
}

function setUp(language: FrameLanguage = 'node', locate = (frame: Frame) => Promise.resolve(frame.path.startsWith('src/'))) {
  const asked: string[] = [];
  const errors: unknown[] = [];
  const seen = { pauses: 0, counted: 0 };
  const counts = new ErrorCounts({ clock: { now: () => NOW }, windowMs: () => 900_000 });
  const places = new ErrorPlaces({
    counts,
    framesIn: (text) => framesIn(text, language),
    locator: {
      locate: async (frame) => {
        asked.push(`${frame.path}:${frame.line}`);
        return await locate(frame) ? { folder: '/project', path: frame.path, line: frame.line } : undefined;
      },
    },
    pause: () => { seen.pauses += 1; return Promise.resolve(); },
    onCount: () => { seen.counted += 1; },
    onError: (error) => { errors.push(error); },
  });
  const found = () => counts.lines().map(({ place, count }) => `${place.path}:${place.line} ×${count}`);
  return { places, asked, errors, seen, found };
}

describe('errors of the stream find their lines', () => {
  it('at the topmost frame that lies in the workspace', async () => {
    const { places, found } = setUp();
    places.add([message('ERROR x\n <node_modules/pg/index.js:1>\n <src/pool.js:12>\n <src/route.js:7>')]);
    await until('the error to be counted', () => found().length > 0);
    assert.deepEqual(found(), ['src/pool.js:12 ×1']);
  });

  it('of Python, which prints the frame that threw last', async () => {
    const { places, found } = setUp('python');
    places.add([message('ERROR x\n <src/main.py:3>\n <src/pool.py:12>\n <site-packages/pg.py:1>')]);
    await until('the error to be counted', () => found().length > 0);
    assert.deepEqual(found(), ['src/pool.py:12 ×1']);
  });

  it('also when the frames come in a batch after the message, once', async () => {
    const { places, found } = setUp();
    places.add([message('03:07:12.000Z 4f7d2a90 ERROR x'), { ...message('03:07:12.000Z 5a5a5a5a INFO other'), stream: 'app/2' }]);
    places.add([message('03:07:12.001Z 4f7d2a90 ↳ at a (<src/pool.js:12>)\n at b (<src/route.js:7>)'), { ...message('03:07:12.001Z 5a5a5a5a ↳ at c (<src/other.js:1>)'), stream: 'app/2' }]);
    places.add([message('03:07:12.002Z 4f7d2a90 ↳ at d (<src/late.js:1>)')]);
    await until('the error to be counted', () => found().length > 0);
    assert.deepEqual(found(), ['src/pool.js:12 ×1']);
  });

  it('asks once for each distinct frame, and lets others work in between', async () => {
    const { places, asked, seen, found } = setUp();
    places.add(Array.from({ length: 1_000 }, () => message('ERROR x\n <lib/a.js:1>\n <src/pool.js:12>')));
    await until('all to be counted', () => found()[0] === 'src/pool.js:12 ×1000');
    assert.deepEqual(asked, ['lib/a.js:1', 'src/pool.js:12']);
    assert.deepEqual(seen, { pauses: 5, counted: 5 });
    places.forgetPlaces();
    places.add([message('ERROR x\n <src/pool.js:12>')]);
    await until('it to be asked for again', () => asked.length === 3);
  });

  it('leaves out warnings, errors without a trace, and those before the window, without asking for their frames', async () => {
    const { places, asked, found } = setUp();
    places.add([message('WARN x\n <src/a.js:1>'), message('ERROR x <src/b.js:1>'), message('ERROR x\n <src/c.js:1>', NOW - 1_000_000), message('ERROR x\n <src/d.js:1>')]);
    await until('the error to be counted', () => found().length > 0);
    assert.deepEqual([asked, found()], [['src/d.js:1'], ['src/d.js:1 ×1']]);
  });

  it('goes on when a frame cannot be located, and asks again for it', async () => {
    let fails = true;
    const { places, asked, errors, found } = setUp('node', () => (fails ? Promise.reject(new Error('busy')) : Promise.resolve(true)));
    places.add([message('ERROR x\n <src/a.js:1>')]);
    await until('it to fail', () => errors.length > 0);
    fails = false;
    places.add([message('ERROR x\n <src/a.js:1>')]);
    await until('it to be counted', () => found().length > 0);
    assert.deepEqual([asked.length, found()], [2, ['src/a.js:1 ×1']]);
  });

  it('keeps so many waiting and no more, the newest', async () => {
    let release = (): void => undefined;
    const held = new Promise<boolean>((resolve) => { release = () => { resolve(true); }; });
    const { places, found } = setUp('node', () => held);
    places.add([message('ERROR x\n <src/first.js:1>')]);
    places.add([message('ERROR x\n <src/old.js:1>'), ...Array.from({ length: MAX_WAITING }, () => message('ERROR x\n <src/new.js:1>'))]);
    release();
    await until('the rest to be counted', () => found().includes(`src/new.js:1 ×${MAX_WAITING}`));
    assert.deepEqual(found(), ['src/first.js:1 ×1', `src/new.js:1 ×${MAX_WAITING}`]);
  });
});
