import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Chart } from '../../../src/incident/evidence.ts';
import { chartImage, chartSvg } from '../../../src/views/chart.ts';
import { START } from '../../support/clock.ts';
import { renderMarkdown } from '../../support/render-markdown.ts';

const CHART: Chart = {
  title: 'db DatabaseConnections', unit: 'connections', limit: { label: 'max_connections 100', value: 100 },
  series: [{ label: 'maximum', points: [[START, 40], [START + 300_000, 71.5], [START + 600_000, 96]] }, { label: 'average', points: [[START, 30], [START + 600_000, 90]] }],
};

/** Every tag closed in order, every attribute quoted, no stray `<` or `&`. */
function assertWellFormed(svg: string): void {
  const open: string[] = [];
  const rest = svg.replace(/<(\/?)([a-z]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/g, (_tag, closing: string, name: string, attributes: string, empty: string) => {
    assert.doesNotMatch(attributes, /&(?!#?\w+;)/);
    if (closing !== '') {
      assert.equal(open.pop(), name);
    } else if (empty === '') {
      open.push(name);
    }
    return '';
  });
  assert.deepEqual(open, []);
  assert.doesNotMatch(rest, /<|&(?!#?\w+;)/);
}

function numbers(svg: string): number[] {
  return [...svg.matchAll(/ (?:x|y|x1|x2|y1|y2)="([^"]*)"|points="([^"]*)"/g)].flatMap(([, one, many]) => (one ?? many ?? '').split(/[ ,]/)).filter((text) => text !== '').map(Number);
}

describe('chartSvg', () => {
  it('draws a line for each series, the limit and a legend', () => {
    const svg = chartSvg(CHART);
    assertWellFormed(svg);
    assert.equal((svg.match(/<polyline/g) ?? []).length, 2);
    assert.equal((svg.match(/stroke-dasharray/g) ?? []).length, 1);
    for (const text of ['maximum (connections)', 'max_connections 100', '>03:00<', '>03:10 UTC<', '>50<', '>100<']) {
      assert.ok(svg.includes(text), text);
    }
  });

  it('keeps every point inside, time to the right and more upwards', () => {
    const [, line = ''] = /points="([^"]+)"/.exec(chartSvg(CHART)) ?? [];
    const points = line.split(' ').map((point) => point.split(',').map(Number) as [number, number]);
    assert.deepEqual(points.map(([x]) => x), points.map(([x]) => x).toSorted((a, b) => a - b));
    assert.deepEqual(points.map(([, y]) => y), points.map(([, y]) => y).toSorted((a, b) => b - a));
    assert.ok(points.every(([x, y]) => x >= 0 && x <= 720 && y >= 0 && y <= 180));
  });

  it('escapes what it is given', () => {
    const hostile = '</text><script>alert("1")</script> & \'x\'';
    const svg = chartSvg({ title: hostile, unit: hostile, series: [{ label: hostile, points: [[START, 1]] }], limit: { label: hostile, value: 2 } });
    assertWellFormed(svg);
    assert.doesNotMatch(svg, /<script/);
  });

  for (const [title, chart] of [
    ['no series', { ...CHART, series: [] }],
    ['no points', { ...CHART, series: [{ label: 'maximum', points: [] }] }],
    ['one point', { ...CHART, series: [{ label: 'maximum', points: [[START, 5]] }] }],
    ['zeros and no limit', { title: 't', unit: '%', series: [{ label: 'a', points: [[START, 0], [START + 1, 0]] }] }],
    ['values above the limit', { ...CHART, limit: { label: 'l', value: 1 } }],
  ] satisfies [string, Chart][]) {
    it(`draws ${title} with numbers only`, () => {
      const svg = chartSvg(chart);
      assertWellFormed(svg);
      assert.deepEqual(numbers(svg).filter((value) => !Number.isFinite(value)), []);
      assert.match(renderMarkdown(chartImage(chart)), /^<p><img src="data:image\/svg\+xml;base64,[\w+/=]+" alt="[^"]+"><\/p>\n$/);
    });
  }
});

describe('chartImage', () => {
  it('says in words what the chart shows', () => {
    assert.match(renderMarkdown(chartImage(CHART)), / alt="db DatabaseConnections: from 30 to 96 connections, last 96, max_connections 100"/);
    assert.match(renderMarkdown(chartImage({ ...CHART, series: [] })), / alt="db DatabaseConnections: no points, max_connections 100"/);
  });

  it('is one image whatever it is given', () => {
    const hostile = 'a](command:x) ![y](z) `code <b> \n\n# heading \\';
    const image = chartImage({ ...CHART, title: hostile, unit: hostile, limit: { label: hostile, value: 1 } });
    assert.match(renderMarkdown(`before ${image} after \``), /^<p>before <img src="data:image\/svg\+xml;base64,[\w+/=]+" alt="[^"]+"> after `<\/p>\n$/);
  });

  it('holds the drawing', () => {
    const [, base64 = ''] = /base64,([^)]+)\)/.exec(chartImage(CHART)) ?? [];
    assert.equal(Buffer.from(base64, 'base64').toString(), chartSvg(CHART));
  });
});
