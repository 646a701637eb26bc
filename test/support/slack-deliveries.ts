/** Deliveries to Slack as an outbox would make them, and the incident around them. */
import assert from 'node:assert/strict';
import type { DeliveryRequest, TimelineEvent } from '../../src/incident/events.ts';
import type { Json } from '../../src/incident/evidence.ts';
import { fold } from '../../src/incident/fold.ts';
import type { Runbook } from '../../src/runbook/schema.ts';
import { type Call, DeliveryError, type Parcel, type Receipt } from '../../src/services/courier.ts';
import { createSlackClient, type SlackClient } from '../../src/services/slack/client.ts';
import { requested } from './build-deliveries.ts';
import { createEvents } from './build-events.ts';
import { bundledRunbook } from './bundled-runbook.ts';
import type { SlackFake } from './fakes/slack.ts';
import { SLACK_TOKEN } from './fakes/slack-model.ts';

/** The bundled runbook, with member ids and addresses that the fake's people have. */
export const RUNBOOK: Runbook = {
  ...bundledRunbook(),
  contacts: {
    ...bundledRunbook().contacts,
    onCallEngineer: { ...contact('onCallEngineer'), slackUser: 'U00000003' },
    devopsLead: { ...contact('devopsLead'), email: 'ada@example.com' },
    techLead: { ...contact('techLead'), email: 'grace@example.com' },
    productOwner: { ...contact('productOwner'), email: 'gone@example.com' },
  },
};

function contact(id: string): Runbook['contacts'][string] {
  const found = bundledRunbook().contacts[id];
  assert.ok(found);
  return found;
}

export interface ParcelOptions {
  /** What came of the createChannel that this delivery follows. */
  readonly created?: { readonly [key: string]: Json };
  /** Results of other createChannel deliveries of the incident. */
  readonly others?: readonly { readonly [key: string]: Json }[];
}

/** A delivery that was asked for at the start of the tests' time. */
export function parcelOf(change: Partial<DeliveryRequest>, { created, others = [] }: ParcelOptions = {}): Parcel {
  const { declared, event } = createEvents();
  const events: TimelineEvent[] = [declared()];
  const done = (result: { readonly [key: string]: Json }): string => {
    const channel = requested(event, { call: 'createChannel', step: 'openWarRoom', target: '#incident-20261123' });
    events.push(channel, event('delivery.done', { request: channel.id, how: 'sent', result }));
    return channel.id;
  };
  others.forEach(done);
  const delivery = requested(event, { ...change, ...(created === undefined ? {} : { after: [done(created)] }) });
  const incident = fold([...events, delivery]);
  const folded = incident?.deliveries.find(({ id }) => id === delivery.id);
  assert.ok(incident !== undefined && folded !== undefined);
  return { delivery: folded, incident, runbook: RUNBOOK };
}

/** A client that gives up after the given time, ms. */
export function clientOf(fake: Pick<SlackFake, 'url'>, timeoutMs = 10_000, token = SLACK_TOKEN): SlackClient {
  return createSlackClient({ url: fake.url, token }, { timeoutMs });
}

export const NEVER = new AbortController().signal;

export async function send(call: Call | undefined, parcel: Parcel, signal = NEVER): Promise<Receipt> {
  assert.ok(call);
  return call.send(parcel, signal);
}

/** The failure of a call that has to fail. */
export async function failureOf(promise: Promise<unknown>): Promise<DeliveryError> {
  const failure = await promise.then((value) => assert.fail(`It went through: ${JSON.stringify(value)}`), (error: unknown) => error);
  assert.ok(failure instanceof DeliveryError, String(failure));
  return failure;
}

/** One delivery after the other attempt, as the contract of a call says: what is in doubt is looked for before it is sent again. */
export async function deliver(call: Call | undefined, parcel: Parcel, failed: (failure: DeliveryError) => void): Promise<Receipt> {
  assert.ok(call);
  let inDoubt = false;
  for (let attempt = 1; attempt < 5; attempt += 1) {
    try {
      const found = inDoubt && call.again === 'look' ? await call.find(parcel, NEVER) : undefined;
      inDoubt = false;
      return found ?? await call.send(parcel, NEVER);
    } catch (error) {
      assert.ok(error instanceof DeliveryError, String(error));
      inDoubt ||= error.kind === 'in doubt';
      failed(error);
    }
  }
  throw new Error('It was not delivered in four attempts');
}
