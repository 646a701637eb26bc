import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { createClock, START, type TestClock } from '../support/clock.ts';
import { type Answered, ask, type Question } from '../support/fakes/ask.ts';
import { DATADOG_KEYS, startDatadog } from '../support/fakes/datadog.ts';
import { FAULT_KINDS, type FaultKind } from '../support/fakes/fake-faults.ts';
import type { Fake } from '../support/fakes/fake-server.ts';
import { startGitHub } from '../support/fakes/github.ts';
import { startPagerDuty } from '../support/fakes/pagerduty.ts';
import { PAGERDUTY_ROUTING_KEY } from '../support/fakes/pagerduty-model.ts';
import { startSlack } from '../support/fakes/slack.ts';
import { SLACK_BOT, SLACK_TOKEN } from '../support/fakes/slack-model.ts';
import { startStatuspage, STATUSPAGE_KEY, STATUSPAGE_PAGE } from '../support/fakes/statuspage.ts';
import { until } from '../support/until.ts';

/** One writing call to each vendor, and how many effects it has had. */
interface Subject {
  readonly fake: Fake<string>;
  readonly operation: string;
  readonly effects: () => number;
  /** Of a second call: PagerDuty recognises it by its key. */
  readonly expectedAfterTwo: number;
  readonly send: (signal?: AbortSignal) => Promise<Answered>;
}

const withSignal = (question: Question, signal: AbortSignal | undefined): Question => signal === undefined ? question : { ...question, signal };

const SUBJECTS: Readonly<Record<string, (clock: TestClock) => Promise<Subject>>> = {
  GitHub: async (clock) => {
    const fake = await startGitHub({ clock });
    const question = { headers: { authorization: 'Bearer gho_invented-push' }, json: { title: 'One' } };
    return {
      fake, operation: 'createIssue', effects: () => fake.state.issues.length, expectedAfterTwo: 2,
      send: (signal) => ask('POST', `${fake.url}/repos/acme/shop/issues`, withSignal(question, signal)),
    };
  },
  Slack: async (clock) => {
    const fake = await startSlack({ clock });
    const channel = fake.addChannel('incident');
    channel.members.add(SLACK_BOT.user);
    const question = { headers: { authorization: `Bearer ${SLACK_TOKEN}` }, form: { channel: channel.id, text: 'Declared' } };
    return {
      fake, operation: 'chat.postMessage', effects: () => channel.messages.length, expectedAfterTwo: 2,
      send: (signal) => ask('POST', `${fake.url}chat.postMessage`, withSignal(question, signal)),
    };
  },
  PagerDuty: async (clock) => {
    const fake = await startPagerDuty({ clock });
    const question = { json: { routing_key: PAGERDUTY_ROUTING_KEY, event_action: 'trigger', dedup_key: 'one', payload: { summary: 'x', source: 'y', severity: 'error' } } };
    return {
      fake, operation: 'enqueue', effects: () => fake.state.incidents.length, expectedAfterTwo: 1,
      send: (signal) => ask('POST', `${fake.eventsUrl}/enqueue`, withSignal(question, signal)),
    };
  },
  Datadog: async (clock) => {
    const fake = await startDatadog({ clock });
    const question = { headers: { 'dd-api-key': DATADOG_KEYS.api }, json: { title: 'Incident', text: 'Declared' } };
    return {
      fake, operation: 'createEvent', effects: () => fake.state.events.length, expectedAfterTwo: 2,
      send: (signal) => ask('POST', `${fake.url}/api/v1/events`, withSignal(question, signal)),
    };
  },
  Statuspage: async (clock) => {
    const fake = await startStatuspage({ clock });
    const question = { headers: { authorization: `OAuth ${STATUSPAGE_KEY}` }, json: { incident: { name: 'Checkout fails' } } };
    return {
      fake, operation: 'createIncident', effects: () => fake.state.incidents.length, expectedAfterTwo: 2,
      send: (signal) => ask('POST', `${fake.url}/pages/${STATUSPAGE_PAGE}/incidents`, withSignal(question, signal)),
    };
  },
};

const nameOf = (fault: FaultKind): string => [fault.kind, 'body' in fault ? fault.body : '', 'acted' in fault ? `${fault.acted ? 'after' : 'before'} it acted` : ''].filter(Boolean).join(', ');

/** What the client sees of a fault. */
const OBSERVE: Readonly<Record<FaultKind['kind'], (subject: Subject, fault: FaultKind) => Promise<void>>> = {
  'time-out': async ({ fake, operation, send }) => {
    const abort = new AbortController();
    const sent = send(abort.signal);
    const refused = assert.rejects(sent, { name: 'AbortError' });
    await until('the fake to receive the call', () => fake.of(operation).length === 1);
    abort.abort();
    await refused;
    assert.equal(fake.of(operation)[0]?.status, 0);
  },
  'reset': async ({ send }) => {
    await assert.rejects(send(), (error) => error instanceof TypeError && /ECONNRESET|UND_ERR_SOCKET/.test(String((error.cause as { code?: string } | undefined)?.code)));
  },
  'rate-limit': async ({ send }) => {
    const { status, headers } = await send();
    assert.deepEqual([status, headers.get('retry-after')], [429, '7']);
  },
  'server-error': async ({ send }) => {
    assert.equal((await send()).status, 500);
  },
  'malformed': async ({ send }, fault) => {
    const answered = await send();
    assert.ok(answered.status < 300, String(answered.status));
    assert.throws(() => answered.body, SyntaxError);
    assert.match(answered.text, 'body' in fault && fault.body === 'html' ? /^<!doctype html>/ : /^\{/);
  },
};

for (const [vendor, start] of Object.entries(SUBJECTS)) {
  describe(`A fault of ${vendor}`, () => {
    let subject: Subject;
    let clock: TestClock;
    beforeEach(async () => {
      clock = createClock();
      subject = await start(clock);
    });
    afterEach(async () => {
      await subject.fake.close();
      subject.fake.assertClean();
    });

    for (const fault of FAULT_KINDS) {
      it(`${nameOf(fault)}: once, then the call goes through`, async () => {
        subject.fake.fault({ ...fault, operation: subject.operation, times: 1 });
        await OBSERVE[fault.kind](subject, fault);
        const acted = 'acted' in fault && fault.acted;
        assert.deepEqual([subject.effects(), subject.fake.of(subject.operation)[0]?.acted], [acted ? 1 : 0, acted]);
        clock.advance(1_000);
        const again = await subject.send();
        assert.ok(again.status < 300, `${again.status} ${again.text}`);
        assert.equal(subject.effects(), acted ? subject.expectedAfterTwo : 1);
      });
    }

    it('strikes its own operation only, and can be taken back', async () => {
      subject.fake.fault({ kind: 'server-error', acted: false, operation: 'another' });
      const takeBack = subject.fake.fault({ kind: 'server-error', acted: false, status: 503 });
      assert.equal((await subject.send()).status, 503);
      takeBack();
      clock.advance(1_000);
      assert.ok((await subject.send()).status < 300);
    });
  });
}

describe('Too many requests', () => {
  it('tells when to come back as each vendor does: GitHub the second of the day, Datadog the seconds until then', async () => {
    const resets = [];
    for (const vendor of ['GitHub', 'Datadog']) {
      const subject = await SUBJECTS[vendor]?.(createClock());
      subject?.fake.fault({ kind: 'rate-limit', retryAfterS: 7 });
      resets.push((await subject?.send())?.headers.get('x-ratelimit-reset'));
      await subject?.fake.close();
    }
    assert.deepEqual(resets, [String(START / 1000 + 7), '7']);
  });
});
