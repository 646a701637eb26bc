/** Whatever goes wrong once, at whichever question to Slack: after the next attempt there is one effect, not none and not two. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import type { Parcel, Receipt } from '../../src/services/courier.ts';
import { slackCalls } from '../../src/services/slack/calls.ts';
import { createClock } from '../support/clock.ts';
import { FAULT_KINDS, type FaultKind } from '../support/fakes/fake-faults.ts';
import { SLACK_BOT, type SlackChannel } from '../support/fakes/slack-model.ts';
import { type SlackFake, type SlackOperation, startSlack } from '../support/fakes/slack.ts';
import { useFake } from '../support/fakes/use-fake.ts';
import { clientOf, deliver, failureOf, NEVER, parcelOf } from '../support/slack-deliveries.ts';

interface Subject {
  /** What does it. */
  readonly effect: SlackOperation;
  /** What is asked or done around it; a fault there leaves no doubt. */
  readonly around: readonly SlackOperation[];
  readonly parcel: (channel: SlackChannel) => Parcel;
  /** How often it happened. */
  readonly effects: (fake: SlackFake, channel: SlackChannel) => number;
}

const SUBJECTS: Readonly<Record<string, Subject>> = {
  postMessage: {
    effect: 'chat.postMessage', around: ['auth.test', 'conversations.list', 'users.lookupByEmail', 'conversations.join'],
    parcel: () => parcelOf({ data: { channel: '#incident-20261123', mention: ['devopsLead'] } }),
    effects: (_, channel) => channel.messages.length,
  },
  createChannel: {
    effect: 'conversations.create', around: ['auth.test', 'conversations.setPurpose'],
    parcel: () => parcelOf({ call: 'createChannel', data: { name: 'incident-20261124' } }),
    effects: (fake) => fake.state.channels.length - 1,
  },
  setTopic: {
    effect: 'conversations.setTopic', around: ['conversations.join'],
    parcel: ({ id }) => parcelOf({ call: 'setTopic', data: { topic: 'P1' } }, { created: { channel: id } }),
    effects: (_, channel) => Number(channel.topic === 'P1'),
  },
  invite: {
    effect: 'conversations.invite', around: ['users.lookupByEmail', 'conversations.join'],
    parcel: ({ id }) => parcelOf({ call: 'invite', data: { contacts: ['devopsLead'] } }, { created: { channel: id } }),
    effects: (_, { members }) => [...members].filter((user) => user !== SLACK_BOT.user).length,
  },
  addBookmark: {
    effect: 'bookmarks.add', around: [],
    parcel: ({ id }) => parcelOf({ call: 'addBookmark', data: { title: 'Ticket', link: 'https://github.com/acme/shop/issues/1' } }, { created: { channel: id } }),
    effects: (_, channel) => channel.bookmarks.length,
  },
};

const nameOf = (fault: FaultKind): string => [fault.kind, 'body' in fault ? fault.body : '', 'acted' in fault ? `${fault.acted ? 'after' : 'before'} it acted` : ''].filter(Boolean).join(', ');

describe('A fault of Slack during', () => {
  const slack = useFake(() => startSlack({ clock: createClock() }));
  /** Short where the fake says nothing; long where it answers, however busy the machine is. */
  const patience = ({ kind }: FaultKind): number => (kind === 'time-out' ? 250 : 10_000);

  const run = async (call: string, { parcel, effects }: Subject, fault: FaultKind, operation: SlackOperation): Promise<{ kinds: string[]; waits: unknown[]; receipt: Receipt; count: number }> => {
    const channel = slack().addChannel('incident-20261123');
    slack().fault({ ...fault, operation, times: 1 });
    const failures: { kind: string; retryAfterMs: number | undefined }[] = [];
    const receipt = await deliver(slackCalls(clientOf(slack(), patience(fault)))[call], parcel(channel), (failure) => { failures.push(failure); });
    assert.ok(slack().exchanges.some((exchange) => exchange.operation === operation && exchange.fault !== undefined), 'the fault struck');
    return { kinds: failures.map(({ kind }) => kind), waits: failures.map(({ retryAfterMs }) => retryAfterMs), receipt, count: effects(slack(), channel) };
  };

  // The descriptions are compiled on first use, which takes longer than a time-out here.
  before(async function () {
    this.timeout(30_000);
    const fake = await startSlack({ clock: createClock() });
    const calls = slackCalls(clientOf(fake));
    for (const [name, { parcel }] of Object.entries(SUBJECTS)) {
      const call = calls[name];
      const asked = parcel(fake.addChannel('incident-20261123'));
      await call?.send(asked, NEVER);
      await (call?.again === 'look' ? call.find(asked, NEVER) : undefined);
    }
    await fake.close();
  });

  for (const [call, subject] of Object.entries(SUBJECTS)) {
    for (const fault of FAULT_KINDS) {
      it(`${call}: ${nameOf(fault)}: one effect in the end`, async () => {
        const { kinds, waits, receipt, count } = await run(call, subject, fault, subject.effect);
        assert.equal(count, 1);
        assert.deepEqual([kinds, waits], fault.kind === 'rate-limit' ? [['not sent'], [7_000]] : [['in doubt'], [undefined]]);
        assert.equal(typeof receipt.result, 'object');
      });
    }

    for (const operation of subject.around) {
      it(`${call}, at ${operation}: one effect in the end, and never in doubt about it`, async () => {
        for (const fault of FAULT_KINDS) {
          const { kinds, count } = await run(call, subject, fault, operation);
          assert.equal(count, 1, nameOf(fault));
          assert.ok(kinds.length <= 1 && kinds.every((kind) => kind === 'not sent'), `${nameOf(fault)}: ${kinds.join()}`);
          slack().state.channels.splice(0);
        }
      });
    }
  }

  const LOOKS: Readonly<Record<string, SlackOperation>> = { postMessage: 'conversations.history', createChannel: 'conversations.list', addBookmark: 'bookmarks.list' };
  for (const [call, operation] of Object.entries(LOOKS)) {
    it(`the look for a ${call}: it is looked for again, and sent once`, async () => {
      const subject = SUBJECTS[call];
      assert.ok(subject);
      for (const fault of FAULT_KINDS) {
        const channel = slack().addChannel('incident-20261123');
        channel.members.add(SLACK_BOT.user);
        const client = clientOf(slack(), patience(fault));
        const found = slackCalls(client)[call];
        const parcel = subject.parcel(channel);
        slack().fault({ kind: 'reset', acted: true, operation: subject.effect, times: 1 });
        assert.equal((await failureOf(found?.send(parcel, NEVER) ?? Promise.resolve())).kind, 'in doubt');
        slack().fault({ ...fault, operation, times: 1 });
        assert.ok(found?.again === 'look');
        assert.equal((await failureOf(found.find(parcel, NEVER))).kind, 'not sent', nameOf(fault));
        assert.ok(await found.find(parcel, NEVER), nameOf(fault));
        assert.equal(subject.effects(slack(), channel), 1);
        slack().state.channels.splice(0);
      }
    });
  }
});
