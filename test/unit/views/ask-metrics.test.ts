import '../../support/use-fake-vscode.ts';
import assert from 'node:assert/strict';
import { before, beforeEach, describe, it } from 'mocha';
import { UserError } from '../../../src/errors.ts';
import { iso } from '../../../src/incident/clock.ts';
import { START, createClock } from '../../support/clock.ts';
import { editor } from '../../support/fake-vscode.ts';

const DAY = 86_400_000;

describe('the metrics as a file', () => {
  let asking: typeof import('../../../src/views/ask-metrics.ts');
  let asked: unknown[];
  let deps: import('../../../src/views/ask-metrics.ts').ExportDeps;

  before(async () => { asking = await import('../../../src/views/ask-metrics.ts'); });
  beforeEach(() => {
    editor.reset();
    asked = [];
    deps = {
      clock: createClock(),
      api: { metrics: (args) => { asked.push(args); return Promise.resolve({ csv: 'incident\r\nINC-1\r\n' }); } },
    };
  });

  it('is of what the panel shows when it is asked for there', async () => {
    editor.saves = ['/elsewhere/metrics.csv'];
    await asking.exportCsv(deps, { since: iso(START), environment: 'staging', severity: 'P1' });
    assert.deepEqual(asked, [{ since: iso(START), environment: 'staging', severity: 'P1', format: 'csv' }]);
    assert.deepEqual(editor.seen[0], 'Export Metrics as CSV [/project/incident-metrics-2026-11-23.csv]');
  });

  it('writes the CSV where the person wants it, so that Excel reads it as UTF-8', async () => {
    editor.picks = ['Last 12 months'];
    editor.saves = ['/elsewhere/metrics.csv'];
    await asking.askExport(deps);
    assert.deepEqual(asked, [{ since: iso(START - 365 * DAY), format: 'csv' }]);
    assert.deepEqual([...editor.written], [['/elsewhere/metrics.csv', '\uFEFFincident\r\nINC-1\r\n']]);
    assert.deepEqual(editor.seen.slice(1), ['Export Metrics as CSV [/project/incident-metrics-2026-11-23.csv]', '$(check) The metrics are in /elsewhere/metrics.csv']);
  });

  it('writes nothing when the person changes their mind', async () => {
    editor.picks = [undefined, 'All incidents'];
    editor.saves = [undefined];
    await asking.askExport(deps);
    await asking.askExport(deps);
    assert.equal(editor.written.size, 0);
  });

  it('says that the file cannot be written, and what to do', async () => {
    editor.picks = ['All incidents'];
    editor.saves = ['/root/metrics.csv'];
    editor.unwritable.add('/root/metrics.csv');
    await assert.rejects(asking.askExport(deps), (error: unknown) => error instanceof UserError && /\/root\/metrics\.csv: EACCES.*another folder/.test(error.message));
  });
});
