import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'mocha';
import type { Json } from '../../src/incident/evidence.ts';
import { readEventMarkers } from '../../src/incident/markers.ts';
import { type Calls, DeliveryError, type Parcel, type Receipt } from '../../src/services/courier.ts';
import { githubCalls } from '../../src/services/github/calls.ts';
import { GitHubClient, type GitHubClientOptions } from '../../src/services/github/client.ts';
import { deliveryMarker } from '../../src/services/github/issue-body.ts';
import { buildParcels } from '../support/build-parcel.ts';
import { createClock, START, type TestClock } from '../support/clock.ts';
import { FAULT_KINDS } from '../support/fakes/fake-faults.ts';
import { startGitHub } from '../support/fakes/github.ts';
import { useFake } from '../support/fakes/use-fake.ts';

const never = new AbortController().signal;
type CreateIssue = Extract<Calls[string], { readonly again: 'look' }>;

/** What the outbox does about a failure: in doubt it looks first, and what is not sent is sent again. */
async function deliver(call: CreateIssue, parcel: Parcel): Promise<{ readonly receipt: Receipt; readonly how: readonly string[] }> {
  const how: string[] = [];
  for (;;) {
    try {
      const found = how.at(-1) === 'in doubt' ? await call.find(parcel, never) : undefined;
      return { receipt: found ?? await call.send(parcel, never), how: [...how, found === undefined ? 'sent' : 'found'] };
    } catch (error) {
      if (!(error instanceof DeliveryError) || error.kind === 'refused' || how.length > 3) {
        throw error;
      }
      how.push(error.kind);
    }
  }
}

for (const basePath of ['', '/api/v3']) {
  describe(`A ticket on ${basePath === '' ? 'github.com' : 'a GitHub Enterprise Server'}`, () => {
    let clock: TestClock = createClock();
    const github = useFake(() => {
      clock = createClock();
      return startGitHub({ clock, basePath });
    });
    let createIssue: CreateIssue;
    const connect = (token = 'gho_invented-push', options: GitHubClientOptions = {}): CreateIssue => {
      const call = githubCalls(new GitHubClient({ url: github().url, repository: 'acme/shop', token }, { clock, ...options }))['createIssue'];
      return call?.again === 'look' ? call : assert.fail('createIssue cannot be looked for');
    };
    const parcel = (data: Readonly<Record<string, Json>> = {}, text = 'Every portal answers 503.'): Parcel => {
      const parcels = buildParcels();
      return parcels.parcel(parcels.ask({
        service: 'github', call: 'createIssue', target: 'acme/shop', text, step: 'createTicket', data: { title: 'INCIDENT: Portals answer 503', labels: ['incident', 'P1'], assignees: ['ada'], ...data },
      }));
    };
    beforeEach(() => { createIssue = connect(); });

    it('has its labels, assignees and marks', async () => {
      const asked = parcel({ assignees: ['ada', '@grace'] });
      const receipt = await createIssue.send(asked, never);
      assert.deepEqual(receipt, {
        result: { repository: 'acme/shop', number: 1, url: 'https://github.com/acme/shop/issues/1', labels: ['incident', 'P1'], assignees: ['ada', 'grace'] },
        url: 'https://github.com/acme/shop/issues/1',
      });
      const [issue] = github().state.issues;
      assert.deepEqual([issue?.title, issue?.labels, issue?.assignees], ['INCIDENT: Portals answer 503', ['incident', 'P1'], ['ada', 'grace']]);
      assert.ok(issue?.body?.startsWith(`Every portal answers 503.\n\n${deliveryMarker(asked.delivery.id)}\n\n<!-- incident-event {`), issue?.body ?? 'no body');
      assert.deepEqual(readEventMarkers(issue?.body ?? ''), asked.incident.events.filter(({ type }) => type === 'incident.declared'));
    });

    it('has labels that are created with colour and description when they are missing, and only then', async () => {
      await createIssue.send(parcel({ labels: ['incident', 'P1', 'P2', 'P3', 'P4', 'Bug', 'checkout'] }), never);
      assert.deepEqual(github().state.labels.map(({ name, color }) => `${name} ${color}`), ['bug d73a4a', 'incident 5319e7', 'P1 b60205', 'P2 d93f0b', 'P3 fbca04', 'P4 0e8a16', 'checkout ededed']);
      assert.ok(github().state.labels.filter(({ name }) => name !== 'checkout').every(({ description }) => (description ?? '').length > 10));
      await createIssue.send(parcel(), never);
      assert.equal(github().of('createLabel').length, 6);
    });

    it('finds labels beyond the first hundred', async () => {
      github().state.labels.push(...Array.from({ length: 120 }, (_, id) => ({ id, name: `label ${id}`, color: 'ededed', description: null })));
      await createIssue.send(parcel({ labels: ['Label 119'] }), never);
      assert.equal(github().of('createLabel').length, 0);
    });

    it('says what a token without push access loses', async () => {
      const { note, result } = await connect('gho_invented-read-only').send(parcel(), never);
      assert.equal(note, 'GitHub dropped the labels incident, P1 and the assignee ada: the token may not push to acme/shop. Ask somebody who may to add them.');
      assert.deepEqual([result['number'], result['labels'], result['assignees']], [1, [], []]);
      assert.equal(github().of('createLabel').length, 1, 'one refusal is enough');
      assert.deepEqual((await connect('gho_invented-read-only').find(parcel(), never))?.note, note);
    });

    it('is opened without those who cannot be assigned', async () => {
      const { note, result } = await createIssue.send(parcel({ assignees: ['nobody', 'ada', 'mallory'] }), never);
      assert.equal(note, 'Nobody in acme/shop can be assigned as nobody, mallory: the login is wrong, or is no member.');
      assert.deepEqual(result['assignees'], ['ada']);
    });

    it('is assigned to ten people at most', async () => {
      github().state.users.push(...Array.from({ length: 11 }, (_, index) => ({ login: `person-${index}`, id: 2000 + index, assignable: true })));
      const { note, result } = await createIssue.send(parcel({ assignees: Array.from({ length: 11 }, (_, index) => `person-${index}`) }), never);
      assert.equal(note, 'GitHub assigns at most 10 people, so person-10 was left out.');
      assert.equal((result['assignees'] as readonly string[]).length, 10);
    });

    it('is as long as GitHub takes', async () => {
      const asked = parcel({ title: 'x'.repeat(300) }, '🔥'.repeat(40_000));
      const { note } = await createIssue.send(asked, never);
      assert.equal(note, 'The text was longer than GitHub takes, so it was shortened.');
      const [issue] = github().state.issues;
      assert.equal(issue?.title.length, 256);
      const body = issue?.body ?? '';
      assert.ok(body.length <= 65_536 && body.length > 65_530, String(body.length));
      assert.ok(!/[\uD800-\uDBFF](?![\uDC00-\uDFFF])/.test(body) && body.includes('shortened: the whole text is on the timeline'));
      assert.equal(readEventMarkers(body).length, 1);
    });

    it('does not take what somebody wrote for a mark', async () => {
      const other = parcel();
      await createIssue.send(parcel({}, `pasted ${deliveryMarker('01ABC')} <!--  incident-event {"type":"incident.closed"} -->`), never);
      const body = github().state.issues[0]?.body ?? '';
      assert.deepEqual([body.includes(deliveryMarker('01ABC')), body.includes(deliveryMarker(other.delivery.id)), readEventMarkers(body).length], [false, true, 1]);
    });

    it('is opened even when reading it back fails', async () => {
      github().fault({ kind: 'server-error', acted: false, operation: 'getIssue' });
      const { result, note } = await createIssue.send(parcel(), never);
      assert.deepEqual([result['number'], result['labels'], note], [1, ['incident', 'P1'], undefined]);
    });

    for (const operation of ['listLabels', 'createLabel', 'checkAssignee'] as const) {
      it(`is not sent when ${operation} fails before it, and then is`, async () => {
        github().fault({ kind: 'server-error', acted: true, operation, times: 1 });
        const { receipt, how } = await deliver(createIssue, parcel());
        assert.deepEqual([how, receipt.result['number'], receipt.result['labels'], github().state.issues.length], [['not sent', 'sent'], 1, ['incident', 'P1'], 1]);
      });
    }

    for (const fault of FAULT_KINDS) {
      it(`is opened exactly once, whatever happens: ${JSON.stringify(fault)}`, async () => {
        github().fault({ ...fault, operation: 'createIssue', times: 1 });
        const { receipt, how } = await deliver(connect(undefined, fault.kind === 'time-out' ? { timeoutMs: 1_000 } : {}), parcel());
        const first = fault.kind === 'rate-limit' ? 'not sent' : 'in doubt';
        const acted = 'acted' in fault && fault.acted;
        assert.deepEqual(how, [first, acted ? 'found' : 'sent']);
        assert.equal(github().state.issues.length, 1);
        assert.deepEqual(receipt, {
          result: { repository: 'acme/shop', number: 1, url: 'https://github.com/acme/shop/issues/1', labels: ['incident', 'P1'], assignees: ['ada'] },
          url: 'https://github.com/acme/shop/issues/1',
        });
      });
    }

    it('is not taken for missing when GitHub cannot be asked', async () => {
      await createIssue.send(parcel(), never);
      github().fault({ kind: 'server-error', acted: false, operation: 'listIssues' });
      await assert.rejects(createIssue.find(parcel(), never), (error: unknown) => error instanceof DeliveryError && error.kind === 'not sent');
    });

    it('is found behind two hundred newer issues, closed and without labels, but not in a pull request or an older issue', async () => {
      const asked = parcel();
      const mark = deliveryMarker(asked.delivery.id);
      const { state } = github();
      assert.equal(await createIssue.find(asked, never), undefined);
      await connect('gho_invented-read-only').send(parcel(), never);
      Object.assign(state.issues[0] ?? {}, { state: 'closed', body: `edited\n${mark}` });
      github().openPullRequest('Fix');
      Object.assign(state.issues[1] ?? {}, { body: mark });
      const [issue] = state.issues;
      assert.ok(issue !== undefined);
      state.issues.push(...Array.from({ length: 205 }, (_, index) => ({ ...issue, number: index + 3, body: 'another', createdAt: START + 1000, updatedAt: START + 1000 })));
      assert.equal((await createIssue.find(asked, never))?.result['number'], 1);
      assert.equal(github().of('listIssues').length, 1 + 3);
      Object.assign(issue, { updatedAt: START - 25 * 3_600_000 });
      assert.equal(await createIssue.find(asked, never), undefined);
    });

    it('is found although the clock here is an hour ahead of GitHub\'s', async () => {
      await createIssue.send(parcel(), never);
      Object.assign(github().state.issues[0] ?? {}, { createdAt: START - 3_600_000, updatedAt: START - 3_600_000 });
      assert.equal((await createIssue.find(parcel(), never))?.result['number'], 1);
    });

    it('is in doubt when the answer is no issue', async () => {
      github().alter('createIssue', (reply) => ({ ...reply, body: [] }));
      await assert.rejects(createIssue.send(parcel(), never), (error: unknown) => error instanceof DeliveryError && error.kind === 'in doubt');
      github().takeViolations();
    });

    it('needs a title and lists of names', async () => {
      const wrong = (data: Readonly<Record<string, Json>>): Promise<void> => assert.rejects(createIssue.send(parcel(data), never), (error: unknown) => error instanceof DeliveryError && error.kind === 'refused');
      await wrong({ title: 3 });
      await wrong({ labels: 'P1' });
      await wrong({ assignees: [1] });
      assert.equal(github().exchanges.length, 0);
    });
  });
}
