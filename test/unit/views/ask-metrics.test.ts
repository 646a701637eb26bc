import '../../support/use-fake-vscode.ts';
import assert from 'node:assert/strict';
import { before, beforeEach, describe, it } from 'mocha';
import { UserError } from '../../../src/errors.ts';
import { iso } from '../../../src/incident/clock.ts';
import type { MetricWindow } from '../../../src/incident/metrics.ts';
import { START, createClock } from '../../support/clock.ts';
import { editor } from '../../support/fake-vscode.ts';

const DAY = 86_400_000;

describe('what a person sees of the metrics', () => {
  let asking: typeof import('../../../src/views/ask-metrics.ts');
  let opened: MetricWindow[];
  let asked: unknown[];
  let flow: ReturnType<typeof asking.createMetricsFlow>;

  before(async () => { asking = await import('../../../src/views/ask-metrics.ts'); });
  beforeEach(() => {
    editor.reset();
    [opened, asked] = [[], []];
    flow = asking.createMetricsFlow({
      clock: createClock(),
      api: { metrics: (args) => { asked.push(args); return Promise.resolve({ csv: 'incident\r\nINC-1\r\n' }); } },
      documents: { openMetrics: (window) => { opened.push(window); return Promise.resolve(); } },
    });
  });

  it('opens the document for the chosen time, and nothing for Escape', async () => {
    editor.picks = ['Last 90 days', 'All incidents', undefined];
    await flow.open();
    await flow.open();
    await flow.open();
    assert.deepEqual(opened, [{ since: iso(START - 90 * DAY) }, {}]);
  });

  it('writes the CSV where the person wants it, so that Excel reads it as UTF-8', async () => {
    editor.picks = ['Last 12 months'];
    editor.saves = ['/elsewhere/metrics.csv'];
    await flow.exportCsv();
    assert.deepEqual(asked, [{ since: iso(START - 365 * DAY), format: 'csv' }]);
    assert.deepEqual([...editor.written], [['/elsewhere/metrics.csv', '\uFEFFincident\r\nINC-1\r\n']]);
    assert.deepEqual(editor.seen.slice(1), ['Export Metrics as CSV [/project/incident-metrics-2026-11-23.csv]', '$(check) The metrics are in /elsewhere/metrics.csv']);
  });

  it('writes nothing when the person changes their mind', async () => {
    editor.picks = [undefined, 'All incidents'];
    editor.saves = [undefined];
    await flow.exportCsv();
    await flow.exportCsv();
    assert.equal(editor.written.size, 0);
  });

  it('says that the file cannot be written, and what to do', async () => {
    editor.picks = ['All incidents'];
    editor.saves = ['/root/metrics.csv'];
    editor.unwritable.add('/root/metrics.csv');
    await assert.rejects(flow.exportCsv(), (error: unknown) => error instanceof UserError && /\/root\/metrics\.csv: EACCES.*another folder/.test(error.message));
  });
});
