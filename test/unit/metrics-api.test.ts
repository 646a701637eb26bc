import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { LocalLedger } from '../../src/ledger/local-ledger.ts';
import { type MetricsApi, createMetricsApi } from '../../src/api/metrics-api.ts';
import { minute } from '../support/build-events.ts';
import { buildLedger, declaration } from '../support/build-ledger.ts';
import { bundledRunbook } from '../support/bundled-runbook.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';

describe('the command metrics', () => {
  const folder = useTemporaryFolder();
  let ledger: LocalLedger;
  let api: MetricsApi;

  beforeEach(() => {
    ledger = buildLedger(folder());
    api = createMetricsApi({ ledger, runbook: () => Promise.resolve(bundledRunbook()) });
  });
  afterEach(() => { ledger.dispose(); });

  async function closedAt(minutes: number): Promise<string> {
    const { id } = await ledger.declare({ ...declaration(), impactStartedAt: minute(-6), at: minute(0) });
    await ledger.append(id, { type: 'severity.set', severity: 'P1', reasons: [] });
    await ledger.append(id, { type: 'incident.closed', reason: 'Over', at: minute(minutes) });
    return id;
  }

  async function json(args: Record<string, unknown> = {}) {
    const answer = await api.metrics(args);
    assert.ok('mttr' in answer);
    return answer;
  }

  it('measures closed and open incidents against the targets of the runbook', async () => {
    await closedAt(30);
    await ledger.declare(declaration('still open'));
    const { incidents, mttd, mttr, recurrence } = await json();
    assert.equal(incidents, 2);
    assert.deepEqual({ n: mttd.n, missing: mttd.missing, mean: mttd.mean, target: mttd.target, met: mttd.met }, { n: 1, missing: 1, mean: 360_000, target: 300_000, met: false });
    const { mean, target, met } = mttr.bySeverity.P1;
    assert.deepEqual({ mean, target, met }, { mean: 1_800_000, target: 3_600_000, met: true });
    assert.deepEqual([recurrence.n, recurrence.missing, recurrence.target], [0, 2, 10]);
  });

  it('computes anew when a time of a closed incident is corrected', async () => {
    const id = await closedAt(30);
    await json();
    const { events } = await ledger.read(id);
    const [declared, closed] = ['incident.declared', 'incident.closed'].map((type) => events.find((event) => event.type === type)?.id ?? '');
    await ledger.append(id, { type: 'event.amended', amends: declared ?? '', changes: { impactStartedAt: minute(-1) } });
    await ledger.append(id, { type: 'event.amended', amends: closed ?? '', changes: { at: minute(61) } });
    const { mttd, mttr } = await json();
    assert.deepEqual([mttd.mean, mttd.met, mttr.mean, mttr.bySeverity.P1.met], [60_000, true, 3_660_000, false]);
  });

  it('takes a window, and refuses one that ends before it begins', async () => {
    await closedAt(30);
    assert.equal((await json({ since: minute(0), until: minute(1) })).incidents, 1);
    assert.equal((await json({ since: minute(1) })).incidents, 0);
    await assert.rejects(api.metrics({ since: minute(1), until: minute(1) }), /"until" .* must be later than "since"/);
    await assert.rejects(api.metrics({ since: 'yesterday' }), /"since" must be a time like/);
    await assert.rejects(api.metrics({ format: 'xml' }), /"format" must be one of json, csv/);
  });

  it('gives the incidents as CSV, without the runbook', async () => {
    const id = await closedAt(30);
    api = createMetricsApi({ ledger, runbook: () => Promise.reject(new Error('The runbook cannot be used.')) });
    const answer = await api.metrics({ format: 'csv' });
    assert.ok('csv' in answer);
    assert.deepEqual(answer.csv.split('\r\n').map((line) => line.split(',').slice(0, 3)), [['incident', 'title', 'severity'], [id, 'Portals answer 503', 'P1'], ['']]);
    await assert.rejects(api.metrics({}), /cannot be used/);
  });
});
