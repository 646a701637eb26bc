import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { call, practice, service, serviceCalls, timeline, violations } from './harness.ts';

interface Report {
  readonly imported: readonly { readonly incident: string; readonly title: string; readonly number: number; readonly severity?: string; readonly missing: readonly string[] }[];
  readonly known: number;
  readonly skipped: readonly { readonly number: number; readonly reason: string }[];
}

describe('importing past incidents in the extension host', function () {
  this.timeout(60_000);
  let number: number;
  let github: { readonly url: string; readonly token: string; readonly repository: string };

  /** As a person does it on GitHub's own page. */
  async function onGitHub<T>(method: string, path: string, body: unknown): Promise<T> {
    const answer = await fetch(`${github.url}/repos/${github.repository}/${path}`, { method, body: JSON.stringify(body), headers: { authorization: `Bearer ${github.token}`, 'content-type': 'application/json' } });
    assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
    return await answer.json() as T;
  }

  before(async () => {
    ({ github } = await practice('GET', 'connections') as { github: typeof github });
    ({ number } = await onGitHub<{ number: number }>('POST', 'issues', { title: 'INCIDENT: Long ago', body: 'Severity: P2\nImpact started: 2026-01-02 03:04', labels: ['incident', 'cause:full disk'] }));
    await onGitHub('POST', `issues/${number}/comments`, { body: 'Acknowledged' });
    await onGitHub('POST', `issues/${number}/comments`, { body: 'Incident resolved. Root cause: The disk was full. Resolution: Made room. Duration: 1 h.' });
    await onGitHub('PATCH', `issues/${number}`, { state: 'closed' });
  });

  const mine = ({ imported }: Report): Report['imported'][number] | undefined => imported.find((one) => one.number === number);

  it('shows what it would import, imports it, counts it in the metrics, and knows it from then on', async () => {
    const calls = (await serviceCalls('github')).length;
    const dry = await call<Report>('import', { dryRun: true });
    const { incident } = mine(dry) ?? assert.fail(JSON.stringify(dry));
    assert.match(incident, /^INC-\d{8}-[0-9A-Z]{4,}$/);
    assert.deepEqual([mine(dry)?.title, mine(dry)?.severity, mine(dry)?.missing], ['Long ago', 'P2', ['impact start']]);
    const before = await call<{ mtta: { n: number } }>('metrics', {});
    assert.equal(mine(await call<Report>('import', {}))?.incident, incident);
    const events = await timeline(incident);
    assert.deepEqual(events.map(({ type }) => type).sort(), ['finding.documented', 'incident.acknowledged', 'incident.closed', 'incident.declared', 'incident.imported', 'incident.resolved', 'severity.set', 'ticket.linked']);
    assert.match(String(events.find(({ type }) => type === 'incident.imported')?.['note']), /Not readable: impact start "2026-01-02 03:04": it names no time zone/);
    assert.equal((await call<{ mtta: { n: number } }>('metrics', {})).mtta.n, before.mtta.n + 1);
    const again = await call<Report>('import', {});
    assert.equal(mine(again), undefined);
    assert.ok(again.known >= 1);
    const { comments } = await service<{ comments: readonly { issue: number }[] }>('github');
    assert.equal(comments.filter(({ issue }) => issue === number).length, 2, 'nothing is posted');
    const later = (await serviceCalls('github')).slice(calls);
    assert.deepEqual(later.filter(({ method, target }) => method !== 'GET' && new RegExp(`/issues/${number}\\b`).test(target)), []);
    assert.deepEqual(await violations(), []);
  });
});
