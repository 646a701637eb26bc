import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { IncidentSummary } from '../../../src/incident/fold.ts';
import { metricsCsv } from '../../../src/incident/metrics-csv.ts';
import { minute } from '../../support/build-events.ts';

/** RFC 4180, read one character after the other. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  let [row, cell, quoted]: [string[], string, boolean] = [[], '', false];
  for (let place = 0; place < text.length; place += 1) {
    const [now, next] = [text.charAt(place), text.charAt(place + 1)];
    if (quoted && now === '"' && next === '"') {
      cell += '"';
      place += 1;
    } else if (now === '"') {
      quoted = !quoted;
    } else if (!quoted && now === ',') {
      row.push(cell);
      cell = '';
    } else if (!quoted && now === '\r' && next === '\n') {
      rows.push([...row, cell]);
      [row, cell] = [[], ''];
      place += 1;
    } else {
      assert.ok(quoted || (now !== '\n' && now !== '\r'), `a bare line end at ${place}`);
      cell += now;
    }
  }
  assert.deepEqual([row, cell, quoted], [[], '', false], 'every record ends with a line end');
  return rows;
}

function recordsIn(text: string): Record<string, string>[] {
  const [header = [], ...rows] = readCsv(text);
  assert.ok(rows.every(({ length }) => length === header.length), 'every line has as many cells as the header');
  return rows.map((cells) => Object.fromEntries(header.map((name, index) => [name, cells[index] ?? ''])));
}

function summary(id: string, changes: Partial<IncidentSummary> = {}): IncidentSummary {
  return { id, title: 'Portals answer 503', status: 'closed', environment: 'production', drill: false, detectedAt: minute(0), ...changes };
}

describe('the metrics as CSV', () => {
  it('has a line per incident with its times and durations, the earliest first', () => {
    const rows = recordsIn(metricsCsv([
      summary('INC-2', { detectedAt: minute(100), resolvedAt: minute(130), closedAt: minute(140), cause: 'pool size' }),
      summary('INC-1', {
        severity: 'P1', impactStartedAt: minute(-4), acknowledgedAt: minute(1.5), mitigatedAt: minute(20), resolvedAt: minute(30), closedAt: minute(40), scenario: 'memoryLeak', cause: 'Pool size',
      }),
    ], {}));
    assert.deepEqual(rows, [
      {
        incident: 'INC-1', title: 'Portals answer 503', severity: 'P1', environment: 'production', status: 'closed', impactStartedAt: minute(-4), detectedAt: minute(0), acknowledgedAt: minute(1.5),
        mitigatedAt: minute(20), resolvedAt: minute(30), closedAt: minute(40), minutesToDetect: '4', minutesToAcknowledge: '1.5', minutesToResolve: '30', scenario: 'memoryLeak', cause: 'Pool size', repeats: '',
      },
      {
        incident: 'INC-2', title: 'Portals answer 503', severity: '', environment: 'production', status: 'closed', impactStartedAt: '', detectedAt: minute(100), acknowledgedAt: '',
        mitigatedAt: '', resolvedAt: minute(130), closedAt: minute(140), minutesToDetect: '', minutesToAcknowledge: '', minutesToResolve: '30', scenario: '', cause: 'pool size', repeats: 'INC-1',
      },
    ]);
  });

  it('holds the incidents that the metrics count, and no implausible duration', () => {
    const rows = recordsIn(metricsCsv([
      summary('INC-0', { detectedAt: minute(-1), resolvedAt: minute(0), cause: 'x' }), summary('INC-1', { resolvedAt: minute(-3), impactStartedAt: minute(0), cause: 'x' }),
      summary('INC-2', { drill: true }), summary('INC-3', { detectedAt: minute(10) }),
    ], { since: minute(0), until: minute(10) }));
    assert.deepEqual(rows.map(({ incident, minutesToDetect, minutesToResolve, repeats }) => [incident, minutesToDetect, minutesToResolve, repeats]), [['INC-1', '0', '', 'INC-0']]);
  });

  it('brings every title back as it was, but for what a spreadsheet would run', () => {
    const titles = ['a, b', 'say "503"', 'two\nlines', 'and\r\ntwo more', '"', '""', ',', '', 'الوصفات', '🔥 = fire', "'quoted'"];
    const hostile = ['=HYPERLINK("http://evil.example")', '+1', '-1+2', '@SUM(A1)', '\t=1', '\r=1', '\n=1', '＝1'];
    const rows = recordsIn(metricsCsv([...titles, ...hostile].map((title, index) => summary(`INC-${String(index).padStart(2, '0')}`, { title })), {}));
    assert.deepEqual(rows.map(({ title }) => title), [...titles, ...hostile.map((title) => `'${title}`)]);
  });

  it('guards every cell that a person has written', () => {
    const [row] = recordsIn(metricsCsv([summary('INC-1', { resolvedAt: minute(5), environment: '=1', cause: '=2', scenario: '=3' })], {}));
    assert.deepEqual([row?.['environment'], row?.['cause'], row?.['scenario']], ["'=1", "'=2", "'=3"]);
  });
});
