import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Call } from '../../src/services/courier.ts';
import { onCall, pagerdutyCalls, testPagerDuty } from '../../src/services/pagerduty.ts';
import { INCIDENT } from '../support/build-events.ts';
import { buildParcels, type ParcelBuilder } from '../support/build-parcel.ts';
import { createClock } from '../support/clock.ts';
import { FAULT_KINDS } from '../support/fakes/fake-faults.ts';
import { PAGERDUTY_ROUTING_KEY, PAGERDUTY_TOKEN, type PagerDutyIncident } from '../support/fakes/pagerduty-model.ts';
import { startPagerDuty } from '../support/fakes/pagerduty.ts';
import { useFake } from '../support/fakes/use-fake.ts';
import { failureOfFault, followPolicy, givenUpOn, nameOfFault } from '../support/follow-policy.ts';

describe('PagerDuty through its service', () => {
  const pagerduty = useFake(() => startPagerDuty({ clock: createClock() }));
  const idle = (): AbortSignal => new AbortController().signal;

  function connection(change: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
    return { eventsUrl: pagerduty().eventsUrl, routingKey: PAGERDUTY_ROUTING_KEY, restUrl: pagerduty().restUrl, token: PAGERDUTY_TOKEN, escalationPolicy: 'PPOLI01', ...change };
  }

  function callOf(name: string, change: Readonly<Record<string, string>> = {}): Call {
    const call = pagerdutyCalls(connection(change))[name];
    assert.ok(call !== undefined);
    return call;
  }

  const PAGE = { service: 'pagerduty', call: 'trigger', text: 'P1: portals answer 503', data: { severity: 'critical', source: 'production' } } as const;

  function askedFor(name: string, builder = buildParcels()): { readonly builder: ParcelBuilder; readonly id: string } {
    return { builder, id: builder.ask(name === 'trigger' ? PAGE : { service: 'pagerduty', call: name }) };
  }

  const bodies = (): unknown[] => pagerduty().of('enqueue').map(({ text }) => JSON.parse(text) as unknown);

  describe('paging by PagerDuty', () => {
    it('opens one incident that says what it is about, keyed by the incident', async () => {
      const { builder, id } = askedFor('trigger');
      builder.add((event) => event('ticket.linked', { repository: 'acme/shop', number: 12, url: 'https://github.com/acme/shop/issues/12' }));
      assert.deepEqual(await callOf('trigger').send(builder.parcel(id), idle()), { result: { dedupKey: INCIDENT } });
      assert.deepEqual(bodies(), [{
        routing_key: PAGERDUTY_ROUTING_KEY, event_action: 'trigger', dedup_key: INCIDENT, client: 'Incident Runbook',
        payload: {
          summary: 'P1: portals answer 503', source: 'production', severity: 'critical',
          custom_details: { incident: INCIDENT, severity: 'P1', environment: 'production' },
        },
        links: [{ href: 'https://github.com/acme/shop/issues/12', text: 'acme/shop#12' }],
      }]);
      assert.deepEqual(pagerduty().state.incidents.map(({ key, title, urgency }) => [key, title, urgency]), [[INCIDENT, 'P1: portals answer 503', 'high']]);
    });

    it('cuts a summary at 1024 UTF-16 units, in the middle of no character', async () => {
      const builder = buildParcels();
      const id = builder.ask({ ...PAGE, text: '🔥'.repeat(1025) });
      await callOf('trigger').send(builder.parcel(id), idle());
      assert.equal(pagerduty().state.incidents[0]?.title, `${'🔥'.repeat(511)}…`);
    });

    it('refuses a severity that PagerDuty does not know, without asking it', async () => {
      const builder = buildParcels();
      const id = builder.ask({ ...PAGE, data: { severity: 'P1', source: 'production' } });
      await assert.rejects(callOf('trigger').send(builder.parcel(id), idle()), { kind: 'refused', message: /no "severity" out of critical, error, warning, info/ });
      assert.deepEqual(bodies(), []);
    });

    it('acknowledges and resolves what it opened', async () => {
      const { builder, id } = askedFor('trigger');
      await callOf('trigger').send(builder.parcel(id), idle());
      builder.done(id);
      for (const [name, status] of [['acknowledge', 'acknowledged'], ['resolve', 'resolved']] as const) {
        const next = builder.ask({ service: 'pagerduty', call: name });
        assert.deepEqual(await callOf(name).send(builder.parcel(next), idle()), { result: { dedupKey: INCIDENT } });
        assert.deepEqual(pagerduty().state.incidents.map((incident) => incident.status), [status]);
      }
    });

    it('says that an acknowledgement was about nothing when nobody was paged', async () => {
      const { builder, id } = askedFor('acknowledge');
      const receipt = await callOf('acknowledge').send(builder.parcel(id), idle());
      assert.match(receipt.note ?? '', /^Nobody was paged from here before/);
    });

    it('does not page for a second incident by mistake: after a resolve only when that is wanted', async () => {
      const { builder, id } = askedFor('trigger');
      builder.done(id);
      builder.done(builder.ask({ service: 'pagerduty', call: 'resolve' }));
      const refused = builder.ask(PAGE);
      await assert.rejects(callOf('trigger').send(builder.parcel(refused), idle()), { kind: 'refused', message: /resolved already.*Run the step again/ });
      assert.deepEqual(bodies(), []);
      const wanted = builder.ask({ ...PAGE, data: { ...PAGE.data, again: true } });
      await callOf('trigger').send(builder.parcel(wanted), idle());
      builder.done(wanted);
      // The page is open again: another trigger joins it.
      await callOf('trigger').send(builder.parcel(builder.ask(PAGE)), idle());
      assert.deepEqual(pagerduty().state.incidents.map(({ triggers }) => triggers), [2]);
    });

    it('names the fix for a wrong integration key', async () => {
      const { builder, id } = askedFor('trigger');
      await assert.rejects(callOf('trigger', { routingKey: 'wrong-key-00' }).send(builder.parcel(id), idle()), (error: Error & { kind?: string }) => {
        assert.equal(error.kind, 'refused');
        assert.match(error.message, /Invalid routing key.*Connect PagerDuty again/);
        assert.doesNotMatch(error.message, /wrong-key/);
        return true;
      });
    });
  });

  /** Before the call there is what it acts on; after it, exactly one effect. */
  const EFFECTS: Readonly<Record<string, { readonly page: boolean; readonly of: (incidents: readonly PagerDutyIncident[]) => unknown; readonly expected: unknown }>> = {
    trigger: { page: false, of: (incidents) => incidents.map(({ status }) => status), expected: ['triggered'] },
    acknowledge: { page: true, of: (incidents) => incidents.map(({ status, acknowledgements }) => [status, acknowledgements.length]), expected: [['acknowledged', 1]] },
    resolve: { page: true, of: (incidents) => incidents.map(({ status }) => status), expected: ['resolved'] },
  };

  describe('a fault of PagerDuty', () => {
    for (const [name, { page, of, expected }] of Object.entries(EFFECTS)) {
      for (const fault of FAULT_KINDS) {
        it(`${nameOfFault(fault)}: ${name} has one effect in the end`, async () => {
          const builder = buildParcels();
          if (page) {
            const first = builder.ask(PAGE);
            await callOf('trigger').send(builder.parcel(first), idle());
            builder.done(first);
          }
          const { id } = askedFor(name, builder);
          pagerduty().fault({ ...fault, operation: 'enqueue', times: 1 });
          const before = bodies().length;
          const { outcome, failures } = await followPolicy(callOf(name), builder.parcel(id), { signal: givenUpOn(fault, () => bodies().length > before) });
          assert.deepEqual([outcome, failures.map(({ kind }) => kind)], ['sent', [failureOfFault(fault)]]);
          assert.deepEqual(of(pagerduty().state.incidents), expected);
          assert.equal(failures[0]?.retryAfterMs, fault.kind === 'rate-limit' ? 7_000 : undefined);
        });
      }
    }
  });

  describe('who is on call', () => {
    it('is asked of PagerDuty, the first to be paged first, over all pages and each once', async () => {
      const { oncalls, users } = pagerduty().state;
      const [ada] = users;
      assert.ok(ada !== undefined);
      for (let level = 2; level < 103; level++) {
        oncalls.unshift({ user: { id: `PX${level}`, name: `person ${level}`, email: `${level}@example.com` }, escalationPolicy: 'PPOLI01', level });
      }
      oncalls.push({ user: ada, escalationPolicy: 'PPOLI01', level: 1 }, { user: ada, escalationPolicy: 'POTHER1', level: 1 });
      const people = await onCall(connection(), idle()) ?? [];
      assert.deepEqual([people.length, people[0], people.at(-1)], [103, { level: 1, name: 'ada' }, { level: 102, name: 'person 102' }]);
      assert.deepEqual(pagerduty().of('listOncalls').map(({ target }) => new URL(target, 'http://x').searchParams.getAll('escalation_policy_ids[]')), [['PPOLI01'], ['PPOLI01']]);
      assert.ok(pagerduty().of('listOncalls').every(({ target }) => target.includes('earliest=true')));
    });

    for (const missing of ['token', 'escalationPolicy', 'restUrl'] as const) {
      it(`is not asked without ${missing}`, async () => {
        const { [missing]: _left, ...rest } = connection();
        assert.equal(await onCall(rest, idle()), undefined);
        assert.deepEqual(pagerduty().exchanges, []);
      });
    }

    it('says that the key was refused', async () => {
      await assert.rejects(onCall(connection({ token: 'wrong' }), idle()), { kind: 'refused', message: /refused the credentials \(401\).*Connect PagerDuty again/ });
    });
  });

  describe('the test of the connection to PagerDuty', () => {
    it('tries the REST key and pages nobody', async () => {
      assert.match(await testPagerDuty(connection(), idle()), /REST API key is right; on call now: ada \(level 1\), grace \(level 2\)\. Whether the integration key is right shows with the first page/);
      assert.deepEqual(pagerduty().of('enqueue'), []);
    });

    it('says when nobody is on call for the policy', async () => {
      assert.match(await testPagerDuty(connection({ escalationPolicy: 'PNONE' }), idle()), /nobody is on call for the escalation policy PNONE: check its id/);
    });

    it('tries the REST key without a policy as well', async () => {
      const { escalationPolicy: _left, ...rest } = connection();
      assert.match(await testPagerDuty(rest, idle()), /^The REST API key is right\. /);
      await assert.rejects(testPagerDuty({ ...rest, token: 'wrong' }, idle()), { kind: 'refused' });
    });

    it('says that nothing was tried when there is only an integration key', async () => {
      const { token: _left, ...rest } = connection();
      assert.match(await testPagerDuty(rest, idle()), /^Nothing was asked of PagerDuty\./);
      assert.deepEqual(pagerduty().exchanges, []);
    });
  });
});
