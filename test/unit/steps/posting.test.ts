import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { UserError } from '../../../src/errors.ts';
import { iso } from '../../../src/incident/clock.ts';
import type { Calls } from '../../../src/services/courier.ts';
import { type TestRunner, type WorldOptions, buildRunner } from '../../support/build-runner.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';
import { createClock } from '../../support/clock.ts';
import { useTemporaryFolder } from '../../support/temporary-folder.ts';

const SLACK = { url: 'https://slack.com/api/', token: 'xoxb-invented' };

/** A Slack that takes everything and remembers it. */
function slack(sent: string[], onSend: () => Promise<void> = () => Promise.resolve()): Calls {
  const call: Calls[string] = {
    again: 'harmless',
    send: async ({ delivery }) => {
      await onSend();
      sent.push(delivery.text);
      return { result: { channel: 'C1', ts: '1' } };
    },
  };
  return Object.fromEntries(['postMessage', 'createChannel', 'setTopic', 'invite', 'addBookmark'].map((name) => [name, call]));
}

describe('a step that reaches people', () => {
  const folder = useTemporaryFolder();

  async function begin(world: WorldOptions, severity: 'P1' | null = 'P1'): Promise<TestRunner> {
    const runner = await buildRunner(folder(), { connections: { slack: SLACK }, ...world });
    if (severity !== null) {
      await runner.ledger.append(runner.incident, { type: 'severity.set', severity, reasons: [] });
    }
    return runner;
  }

  it('is on disk before anything is sent', async () => {
    const sent: string[] = [];
    const seen: string[][] = [];
    const runner: TestRunner = await begin({
      calls: { slack: slack(sent, async () => { seen.push((await runner.onDisk()).events.map(({ type }) => type)); }) },
    });
    const { status, deliveries } = await runner.run('acknowledge');
    assert.equal(status, 'done');
    assert.equal(sent.length, 1);
    assert.ok(['incident.acknowledged', 'delivery.requested', 'delivery.attempted'].every((type) => seen[0]?.includes(type)), String(seen[0]));
    assert.deepEqual(deliveries?.map(({ service, state }) => [service, state]), [['pagerduty', 'by hand'], ['slack', 'done']]);
  });

  it('sends what a person was shown, word for word', async () => {
    const sent: string[] = [];
    const runbook = bundledRunbook();
    const runner = await begin({ calls: { slack: slack(sent) }, runbook: { ...runbook, warRoom: { ...runbook.warRoom, video: { kind: 'jitsi', url: 'https://meet.example.org' } } } });
    const signal = new AbortController().signal;
    const seen = await runner.runner.preview({ incident: runner.incident, step: 'openWarRoom' }, signal);
    const link = seen?.letters.map(({ text }) => /https:\/\/meet\.example\.org\/\S+/.exec(text)?.[0]).find((found) => found !== undefined);
    assert.ok(link, 'no video link in the preview');
    assert.equal((await runner.onDisk()).deliveries.length, 0, 'looking sends nothing and records nothing');
    await runner.runner.run({ incident: runner.incident, step: 'openWarRoom', seen }, signal);
    assert.ok(sent.some((text) => text.includes(link)), `another room than the one that was shown: ${sent.join('\n')}`);
    assert.deepEqual((await runner.onDisk()).deliveries.map(({ text }) => text), seen?.letters.map(({ text }) => text));
  });

  it('is not sent although it was shown, when somebody else did it meanwhile', async () => {
    const sent: string[] = [];
    const runner = await begin({ calls: { slack: slack(sent) } });
    const signal = new AbortController().signal;
    const seen = await runner.runner.preview({ incident: runner.incident, step: 'openWarRoom' }, signal);
    await runner.run('openWarRoom');
    const before = sent.length;
    await assert.rejects(runner.runner.run({ incident: runner.incident, step: 'openWarRoom', seen }, signal), UserError);
    assert.equal(sent.length, before);
  });

  it('is not sent to those who were told since it was shown, although others are still due', async () => {
    const sent: string[] = [];
    const clock = createClock();
    const runner = await begin({ clock, calls: { slack: slack(sent) } });
    clock.advance(24 * 60 * 60_000);
    const signal = new AbortController().signal;
    const seen = await runner.runner.preview({ incident: runner.incident, step: 'notifyStakeholders' }, signal);
    const first = seen?.letters[0]?.contacts?.[0];
    assert.ok(first !== undefined && (seen?.letters.length ?? 0) > 1);
    await runner.run('notifyStakeholders', { contact: first });
    const before = (await runner.onDisk()).deliveries.length;
    await assert.rejects(runner.runner.run({ incident: runner.incident, step: 'notifyStakeholders', seen }, signal), /has changed since it was shown/);
    assert.equal((await runner.onDisk()).deliveries.length, before);
  });

  it('is refused while another window is at it, and free again once that has ended', async () => {
    const clock = createClock();
    const sent: string[] = [];
    const runner = await begin({ clock, calls: { slack: slack(sent) } });
    const { event } = await runner.ledger.claimStep(runner.incident, { step: 'notifyTeam', origin: 'other', until: iso(clock.now() + 60_000) });
    const refused = await runner.run('notifyTeam');
    assert.deepEqual([refused.status, sent.length], ['refused', 0]);
    assert.match(refused.summary, /Another window is at "Notify the team"/);
    await runner.ledger.append(runner.incident, { type: 'step.released', claim: event.id });
    // The claim that lost lapses as well.
    clock.advance(60_000);
    assert.equal((await runner.run('notifyTeam')).status, 'done');
  });

  it('records nothing when there is nothing to send yet, and lets go of its turn', async () => {
    const runner = await begin({ calls: { slack: slack([]) } }, null);
    await assert.rejects(runner.run('notifyTeam'), /[Aa]ssess the severity/);
    const { deliveries, steps, claims } = await runner.onDisk();
    assert.deepEqual([deliveries.length, steps.size, claims.size], [0, 0, 0]);
  });

  it('is held for a person where a service is not connected, with the text to copy', async () => {
    const runner = await begin({ connections: {}, calls: {} });
    const { deliveries } = await runner.run('postUpdate', { impact: 'Down', actions: 'a', next: 'n', eta: 'e' });
    assert.deepEqual(deliveries?.map(({ state, reason }) => [state, reason]), [['by hand', 'Slack is not connected.']]);
    assert.match(deliveries[0]?.text ?? '', /^Incident Update - /);
  });

  it('is cancelled before anything was asked for', async () => {
    const runner = await begin({ calls: { slack: slack([]) } });
    const abort = new AbortController();
    abort.abort();
    const { status } = await runner.run('notifyTeam', {}, abort.signal);
    const { claims, deliveries } = await runner.onDisk();
    assert.deepEqual([status, claims.size, deliveries.length], ['cancelled', 0, 0]);
  });
});
