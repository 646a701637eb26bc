import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { UserError } from '../../src/errors.ts';
import { formatEventMarker } from '../../src/incident/markers.ts';
import { createEvents, INCIDENT } from '../support/build-events.ts';
import { createClock, type TestClock } from '../support/clock.ts';
import { startGitHub } from '../support/fakes/github.ts';
import { useFake } from '../support/fakes/use-fake.ts';
import { type Responder, comment, createResponder, openIssue, setStrangers, settle, shareIncident, view } from '../support/shared-world.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';

describe('Opening an incident from its ticket', () => {
  let clock: TestClock = createClock();
  const github = useFake(() => {
    clock = createClock();
    return startGitHub({ clock });
  });
  const folder = useTemporaryFolder();
  const responder = (name: 'Amira' | 'Grace' | 'Mallory', machine: string = name): Responder => createResponder(github(), clock, folder(), name, { machine });
  const { declared, event } = createEvents();

  it('takes a link, a number, and one with a hash', async () => {
    const amira = responder('Amira');
    const { incident, ticket } = await shareIncident(github(), amira);
    const page = `https://github.com/acme/shop/issues/${ticket}`;
    for (const [index, link] of [page, `${page}#issuecomment-17`, ` ${page}?x=1 `, page.replace('acme/shop', 'Acme/Shop'), ticket, `#${ticket}`, String(ticket)].entries()) {
      assert.equal((await responder('Grace', `machine ${index}`).open(link)).id, incident);
    }
  });

  it('is the list of issues\' entry as well', async () => {
    const { ticket, incident } = await shareIncident(github(), responder('Amira'));
    const grace = responder('Grace');
    const [listed, ...more] = await grace.threads.listIncidents(new AbortController().signal);
    assert.deepEqual([listed?.number, more], [ticket, []]);
    assert.equal((await grace.open(listed?.number ?? 0)).id, incident);
  });

  it('says what to do when it is none, or not one of ours', async () => {
    const grace = responder('Grace');
    const plain = await openIssue(github(), 'Amira', 'The printer is out of paper');
    const other = await openIssue(github(), 'Amira', formatEventMarker(event('finding.documented', { text: 'No declaration' })));
    const table: readonly (readonly [string | number, RegExp])[] = [
      ['the big one', /"the big one" is no ticket\. Give its number, or a link such as https:\/\/github\.com\/acme\/shop\/issues\/12\./],
      ['https://github.com/acme/shop/pull/1', /is no ticket/],
      ['https://github.com/acme/other/issues/1', /That ticket is in acme\/other, and GitHub is connected to acme\/shop\. Connect it to acme\/other/],
      [`https://github.example.com/acme/shop/issues/${plain}`, /That link leads to github\.example\.com, and GitHub is connected to github\.com\./],
      [plain, new RegExp(`acme/shop#${plain} holds no incident`)],
      [other, /holds no incident/],
      [404, /acme\/shop#404 could not be read: /],
      [0, /"0" is no ticket/],
    ];
    for (const [ticket, message] of table) {
      await assert.rejects(grace.open(ticket), (error: unknown) => error instanceof UserError && message.test(error.message) || assert.fail(`${ticket}: ${String(error)}`));
    }
    assert.deepEqual(await grace.ledger.list(), [], 'nothing of it stays here');
  });

  it('says so when GitHub does not answer', async () => {
    const { ticket } = await shareIncident(github(), responder('Amira'));
    const grace = responder('Grace');
    for (const operation of ['getIssue', 'listComments'] as const) {
      const takeBack = github().fault({ kind: 'server-error', acted: false, operation });
      await assert.rejects(grace.open(ticket), new RegExp(`acme/shop#${ticket} could not be read: `));
      takeBack();
    }
    assert.deepEqual(await grace.ledger.list(), []);
  });

  it('does not mix up an incident that is shared elsewhere already', async () => {
    const amira = responder('Amira');
    const { incident, ticket } = await shareIncident(github(), amira);
    const copy = await openIssue(github(), 'Amira', formatEventMarker((await amira.ledger.timeline(incident))[0] ?? assert.fail()));
    await assert.rejects(amira.open(copy), new RegExp(`${incident} is shared in acme/shop#${ticket} already`));
  });

  it('refuses one that a stranger opened', async () => {
    const ticket = await openIssue(github(), 'Mallory', formatEventMarker(declared()));
    setStrangers(github(), 'mallory');
    const grace = responder('Grace');
    await assert.rejects(grace.open(ticket), /was opened by mallory, who may not write to the repository/);
    assert.deepEqual(await grace.ledger.list(), []);
  });

  it('refuses a declaration whose id would lead out of the folder', async () => {
    const ticket = await openIssue(github(), 'Amira', formatEventMarker({ ...declared(), incident: '../../../etc/x' }));
    await assert.rejects(responder('Grace').open(ticket), UserError);
  });

  it('finds a damaged ticket\'s incident in what can still be read of it', async () => {
    const amira = responder('Amira');
    const { incident, ticket } = await shareIncident(github(), amira);
    await amira.note(incident, 'one');
    await settle(incident, amira);
    clock.advance(1_000);
    const cut = await comment(github(), 'Amira', ticket, formatEventMarker(event('finding.documented', { text: 'two' })).slice(0, 80));
    await comment(github(), 'Amira', ticket, formatEventMarker({ ...event('finding.documented', { text: 'of another incident' }), incident: INCIDENT }));
    await amira.note(incident, 'three');
    await settle(incident, amira);
    const opened = await responder('Grace').open(ticket);
    assert.deepEqual(opened.findings.map(({ text }) => text), ['one', 'three'], `comment ${cut} is passed over`);
  });
});

describe('Strangers on a public ticket', () => {
  let clock: TestClock = createClock();
  const github = useFake(() => {
    clock = createClock();
    return startGitHub({ clock });
  });
  const folder = useTemporaryFolder();

  it('cannot write on the timeline, and are told of once', async () => {
    const [amira, mallory] = [createResponder(github(), clock, folder(), 'Amira'), createResponder(github(), clock, folder(), 'Mallory')];
    const { incident, ticket } = await shareIncident(github(), amira);
    await settle(incident, amira);
    setStrangers(github(), 'mallory');
    const before = await view(amira, incident);
    await mallory.open(ticket);
    await mallory.ledger.append(incident, { type: 'incident.closed', reason: 'Nothing to see' });
    await mallory.sync(incident);
    clock.advance(60_000);
    await comment(github(), 'Mallory', ticket, 'I know nothing, but I say it');
    await mallory.note(incident, 'More of it');
    await mallory.sync(incident);
    for (let look = 0; look < 3; look++) {
      assert.equal(await amira.sync(incident), true);
    }
    assert.deepEqual(await view(amira, incident), before);
    assert.deepEqual(amira.strangers, ['mallory']);
    assert.equal(amira.shared.state(incident)?.ignored, 2);
    const { reason, pending } = mallory.shared.state(incident) ?? assert.fail();
    assert.match(reason ?? '', /^Others do not see what you record: mallory may not write to acme\/shop\./);
    assert.equal(pending, 0, 'and is not posted again and again');
  });

  it('cannot change an event by posting its id with another text', async () => {
    const [amira, grace] = [createResponder(github(), clock, folder(), 'Amira'), createResponder(github(), clock, folder(), 'Grace')];
    const { incident, ticket } = await shareIncident(github(), amira);
    await settle(incident, amira);
    await grace.open(ticket);
    const note = await amira.note(incident, 'What really happened');
    setStrangers(github(), 'mallory');
    await settle(incident, amira);
    await comment(github(), 'Mallory', ticket, formatEventMarker({ ...note, text: 'What did not happen' } as typeof note));
    await settle(incident, amira, grace);
    assert.deepEqual((await view(grace, incident))?.findings.map(({ text }) => text), ['What really happened']);
  });

  it('says when somebody closed the ticket on GitHub', async () => {
    const amira = createResponder(github(), clock, folder(), 'Amira');
    const { incident, ticket } = await shareIncident(github(), amira);
    await settle(incident, amira);
    assert.equal(amira.shared.state(incident)?.ticket, 'open');
    Object.assign(github().state.issues.find(({ number }) => number === ticket) ?? {}, { state: 'closed', stateReason: 'completed' });
    await amira.sync(incident);
    assert.equal(amira.shared.state(incident)?.ticket, 'closed');
    assert.equal((await view(amira, incident))?.status, 'declared', 'the incident itself is closed by its own step');
  });
});
