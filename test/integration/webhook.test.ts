import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { describe, it } from 'mocha';
import type { Call } from '../../src/services/courier.ts';
import { testWebhook, webhookCalls } from '../../src/services/webhook.ts';
import { INCIDENT, minute } from '../support/build-events.ts';
import { buildParcels } from '../support/build-parcel.ts';
import { createClock } from '../support/clock.ts';
import { closedPort } from '../support/closed-port.ts';
import { FAULT_KINDS, type FaultKind } from '../support/fakes/fake-faults.ts';
import { useFake } from '../support/fakes/use-fake.ts';
import { startWebhook, WEBHOOK_TOKEN } from '../support/fakes/webhook.ts';
import { failureOfFault, followPolicy, givenUpOn, nameOfFault } from '../support/follow-policy.ts';
import { useHttpServers } from '../support/http-stub.ts';

describe('the webhook through its service', () => {
  const webhook = useFake(() => startWebhook({ clock: createClock() }));
  const serve = useHttpServers();
  const idle = (): AbortSignal => new AbortController().signal;
  const connection = (change: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> => ({ url: webhook().url, token: WEBHOOK_TOKEN, ...change });

  function post(change: Readonly<Record<string, string>> = {}): Call {
    const call = webhookCalls(connection(change))['post'];
    assert.ok(call !== undefined);
    return call;
  }

  function parcel(): ReturnType<ReturnType<typeof buildParcels>['parcel']> {
    const builder = buildParcels();
    return builder.parcel(builder.ask({ service: 'webhook', call: 'post', text: 'The portals have a serious problem.', data: { title: 'Problems with the portals', severity: 'P1' } }, 7));
  }

  describe('an in-app notification', () => {
    it('is posted as JSON, with its id to recognise a second one by', async () => {
      const sent = parcel();
      assert.deepEqual(await post().send(sent, idle()), { result: {} });
      assert.deepEqual(webhook().messages, [{
        id: sent.delivery.id, incident: INCIDENT, severity: 'P1', title: 'Problems with the portals', message: 'The portals have a serious problem.', at: minute(7),
      }]);
      const [{ headers } = { headers: {} as Readonly<Record<string, string>> }] = webhook().of('notify');
      assert.deepEqual([headers['content-type'], headers['idempotency-key'], headers['authorization']], ['application/json', sent.delivery.id, `Bearer ${WEBHOOK_TOKEN}`]);
    });

    it('carries no authorization when there is no token', async () => {
      const seen: unknown[] = [];
      const url = await serve((request, response) => {
        seen.push(request.headers.authorization);
        response.end();
      });
      const call = webhookCalls({ url })['post'];
      await call?.send(parcel(), idle());
      assert.deepEqual(seen, [undefined]);
    });

    const ANSWERS: Readonly<Record<string, { readonly answer: RequestListener; readonly kind?: string; readonly message?: RegExp }>> = {
      'plain words': { answer: (_request, response) => { response.writeHead(200, { 'content-type': 'text/plain' }).end('ok'); } },
      'nothing': { answer: (_request, response) => { response.writeHead(204).end(); } },
      'a page for people': { answer: (_request, response) => { response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Sign in</h1>'); }, kind: 'in doubt', message: /page for people/ },
      'another address': { answer: (_request, response) => { response.writeHead(307, { location: webhook().url }).end(); }, kind: 'refused', message: /points to another address \(307\).*Connect it again with the new address/ },
      'its own words': { answer: (_request, response) => { response.writeHead(422).end('severity\n  is unknown'); }, kind: 'refused', message: /\(422\): severity is unknown\./ },
    };
    for (const [what, { answer, kind, message }] of Object.entries(ANSWERS)) {
      it(`is ${kind ?? 'taken'} when the answer is ${what}`, async () => {
        const sending = post({ url: await serve(answer) }).send(parcel(), idle());
        if (kind === undefined || message === undefined) {
          assert.deepEqual(await sending, { result: {} });
        } else {
          await assert.rejects(sending, { name: 'DeliveryError', kind, message });
        }
        assert.deepEqual(webhook().messages, []);
      });
    }

    it('names the fix for a wrong token, and does not show it', async () => {
      await assert.rejects(post({ token: 'mistaken-token' }).send(parcel(), idle()), (error: Error & { kind?: string }) => {
        assert.deepEqual([error.kind, /refused the token \(401\)\. Connect it again with the right one/.test(error.message), error.message.includes('mistaken')], ['refused', true, false]);
        return true;
      });
    });

    it('is not sent when nobody listens', async () => {
      await assert.rejects(post({ url: `http://127.0.0.1:${await closedPort()}/` }).send(parcel(), idle()), { kind: 'not sent' });
    });
  });

  /** What comes of each fault: its answer counts once its status says that it was taken, whatever else is wrong with it. */
  function outcomeOf(fault: FaultKind): 'sent' | 'asked' {
    return fault.kind === 'rate-limit' || (fault.kind === 'malformed' && fault.body === 'truncated-json') ? 'sent' : 'asked';
  }

  describe('a fault of the webhook', () => {
    for (const fault of FAULT_KINDS) {
      it(`${nameOfFault(fault)}: ${outcomeOf(fault) === 'asked' ? 'a person is asked, and nothing is sent again' : 'it is shown once'}`, async () => {
        webhook().fault({ ...fault, operation: 'notify', times: 1 });
        const { outcome, failures } = await followPolicy(post(), parcel(), { signal: givenUpOn(fault, () => webhook().of('notify').length > 0) });
        assert.equal(outcome, outcomeOf(fault));
        assert.deepEqual(failures.map(({ kind }) => kind), fault.kind === 'malformed' && outcome === 'sent' ? [] : [failureOfFault(fault)]);
        const acted = 'acted' in fault && fault.acted;
        assert.equal(webhook().messages.length, outcome === 'sent' || acted ? 1 : 0);
        assert.equal(webhook().of('notify').length, fault.kind === 'rate-limit' ? 2 : 1);
      });
    }
  });

  describe('the test of the webhook', () => {
    it('sends nothing', async () => {
      assert.match(await testWebhook(connection(), idle()), /^127\.0\.0\.1:\d+ answers\. Nothing was sent/);
      assert.deepEqual(webhook().exchanges.map(({ operation }) => operation), ['look']);
    });

    it('says that the token is wrong', async () => {
      await assert.rejects(testWebhook(connection({ token: 'wrong' }), idle()), { kind: 'refused', message: /refused the token \(401\)/ });
    });

    it('says that nobody answers', async () => {
      await assert.rejects(testWebhook({ url: `http://127.0.0.1:${await closedPort()}/` }, idle()), { kind: 'not sent', message: /could not be reached/ });
    });
  });
});
