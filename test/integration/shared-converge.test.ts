import assert from 'node:assert/strict';
import fc from 'fast-check';
import { beforeEach, describe, it } from 'mocha';
import { SEVERITIES } from '../../src/incident/events.ts';
import { readEventMarkers } from '../../src/incident/markers.ts';
import { createClock, type TestClock } from '../support/clock.ts';
import { startGitHub } from '../support/fakes/github.ts';
import { useFake } from '../support/fakes/use-fake.ts';
import { type Responder, comment, createResponder, idsOnTicket, settle, shareIncident, view } from '../support/shared-world.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';

/** One thing a responder does; `sync` exchanges with the ticket, `both` at once. */
type Move = { readonly who: 0 | 1; readonly do: 'note' | 'role' | 'severity' | 'sync' | 'both' | 'later' | 'comment' | 'retract'; readonly pick: number };

const moves: fc.Arbitrary<Move[]> = fc.array(fc.record({
  who: fc.constantFrom<0 | 1>(0, 1), do: fc.constantFrom<Move['do']>('note', 'note', 'role', 'severity', 'sync', 'both', 'later', 'comment', 'retract'), pick: fc.nat(3),
}), { minLength: 1, maxLength: 14 });

describe('Two responders with one ticket', () => {
  let clock: TestClock = createClock();
  const github = useFake(() => {
    clock = createClock();
    return startGitHub({ clock, limit: 100_000 });
  });
  const folder = useTemporaryFolder();
  let runs = 0;
  beforeEach(() => { runs = 0; });

  const two = (): [Responder, Responder] => {
    runs += 1;
    // An hour, so that GitHub's limit of new things is not what is tested.
    clock.advance(3_600_000);
    return [createResponder(github(), clock, `${folder()}/${runs}`, 'Amira'), createResponder(github(), clock, `${folder()}/${runs}`, 'Grace')];
  };

  it('the second opens the incident from its link and sees the same', async () => {
    const [amira, grace] = two();
    const { incident, ticket } = await shareIncident(github(), amira);
    await amira.ledger.append(incident, { type: 'severity.set', severity: 'P1', reasons: ['All users'] });
    await amira.ledger.append(incident, { type: 'role.assigned', role: 'scribe', person: 'Bilal' });
    const evidence = { summary: 'Down', level: 'bad', markdown: '**Down**', data: { status: 503 } } as const;
    await amira.ledger.append(incident, { type: 'step.finished', result: { step: 'checkServiceHealth', title: 'Check', section: '5.1', outcome: 'done', level: 'bad', summary: 'Down', durationMs: 5, evidence } });
    assert.equal(await amira.sync(incident), true);
    clock.advance(1_000);
    const opened = await grace.open(`https://github.com/acme/shop/issues/${ticket}`);
    assert.equal(opened.id, incident);
    assert.partialDeepStrictEqual(opened, { title: 'Portals answer 503', severity: 'P1', roles: { scribe: 'Bilal' }, ticket: { repository: 'acme/shop', number: ticket } });
    assert.deepEqual(opened.steps.get('checkServiceHealth')?.evidence, evidence);
    await settle(incident, amira, grace);
    assert.deepEqual(await view(grace, incident), await view(amira, incident));
    assert.deepEqual((await amira.timeline(incident)).filter(({ type }) => type === 'ticket.linked').map(({ actor }) => actor.name), ['Amira', 'Grace']);
    assert.equal((await grace.open(ticket)).id, incident, 'once more is no harm');
    assert.equal((await grace.timeline(incident)).filter(({ type }) => type === 'ticket.linked').length, 2);
  });

  it('see the same in the end, whatever they do in whatever order', async () => {
    await fc.assert(fc.asyncProperty(moves, async (list) => {
      const both = two();
      const { incident, ticket } = await shareIncident(github(), both[0]);
      await both[1].open(ticket);
      for (const { who, do: what, pick } of list) {
        const { ledger, name, note, sync } = both[who];
        switch (what) {
          case 'note': await note(incident, `${name} ${pick}`); break;
          case 'role': await ledger.append(incident, { type: 'role.assigned', role: ['scribe', 'technicalLead'][pick % 2] ?? '', person: ['Bilal', 'Chen', ''][pick % 3] ?? '' }); break;
          case 'severity': await ledger.append(incident, { type: 'severity.set', severity: SEVERITIES[pick] ?? 'P1', reasons: [name] }); break;
          case 'comment': await comment(github(), name, ticket, `By hand ${pick}`); break;
          case 'retract': {
            const notes = (await both[who].timeline(incident)).filter(({ type }) => type === 'finding.documented');
            const amends = notes[pick]?.id;
            await (amends === undefined ? undefined : ledger.append(incident, { type: 'event.amended', amends, changes: pick % 2 === 0 ? { retracted: true } : { text: 'Corrected' } }));
            break;
          }
          case 'sync': await sync(incident); break;
          case 'both': await Promise.all(both.map((responder) => responder.sync(incident))); break;
          case 'later': clock.advance(pick * 700); break;
        }
      }
      await settle(incident, ...both);
      const [amira, grace] = await Promise.all(both.map((responder) => view(responder, incident)));
      assert.deepEqual(grace, amira);
      const ids = idsOnTicket(github(), ticket);
      assert.deepEqual(ids, [...new Set(ids)], 'nothing is on the ticket twice');
      // A label that both set at once is put right by the next looks.
      await Promise.all(both.map(({ sync }) => sync(incident)));
      await Promise.all(both.map(({ sync }) => sync(incident)));
      const labels = github().state.issues.find(({ number }) => number === ticket)?.labels.filter((name) => name.startsWith('P'));
      assert.deepEqual(labels, amira?.severity === undefined ? [] : [amira.severity]);
    }), { numRuns: 40 });
  }).timeout(120_000);

  it('a comment written by hand is the same finding for both, and is not posted back', async () => {
    const both = two();
    const [amira, grace] = both;
    const { incident, ticket } = await shareIncident(github(), amira);
    await grace.open(ticket);
    const id = await comment(github(), 'Grace', ticket, 'The provider says: fixed at noon.\r\nCall mona@example.com');
    await settle(incident, ...both);
    const [finding, ...more] = (await view(amira, incident))?.findings ?? [];
    assert.partialDeepStrictEqual(finding, { text: 'The provider says: fixed at noon.\nCall [redacted: e-mail address]', actor: { name: 'grace', kind: 'person' } });
    assert.deepEqual(more, []);
    assert.deepEqual((await view(grace, incident))?.findings, [finding]);
    assert.ok(!idsOnTicket(github(), ticket).includes(finding?.event ?? ''));

    clock.advance(60_000);
    const written = github().state.comments.find((candidate) => candidate.id === id);
    Object.assign(written ?? {}, { body: 'Fixed at one.', updatedAt: clock.now() });
    await amira.note(incident, 'Something else');
    await settle(incident, ...both);
    const late = createResponder(github(), clock, folder(), 'Grace', { machine: 'late' });
    await late.open(ticket);
    await settle(incident, ...both, late);
    for (const responder of [...both, late]) {
      assert.deepEqual((await view(responder, incident))?.findings.map(({ text }) => text), ['Fixed at one.', 'Something else'], 'an edited comment is a corrected finding');
    }
  });

  it('what was taken back before anybody saw it is not posted', async () => {
    const both = two();
    const { incident, ticket } = await shareIncident(github(), both[0]);
    const slip = await both[0].note(incident, 'The password is on the whiteboard');
    await both[0].ledger.append(incident, { type: 'event.amended', amends: slip.id, changes: { retracted: true } });
    await settle(incident, both[0]);
    assert.ok(!idsOnTicket(github(), ticket).includes(slip.id));
    assert.ok(github().state.comments.every(({ body }) => !body.includes('whiteboard')));
  });

  it('what somebody deletes on GitHub does not come back', async () => {
    const both = two();
    const [amira, grace] = both;
    const { incident, ticket } = await shareIncident(github(), amira);
    await grace.open(ticket);
    const note = await amira.note(incident, 'Better not said in public');
    await settle(incident, ...both);
    const at = github().state.comments.findIndex(({ body }) => readEventMarkers(body).some(({ id }) => id === note.id));
    github().state.comments.splice(at, 1);
    await settle(incident, ...both);
    const again = createResponder(github(), clock, `${folder()}/${runs}`, 'Grace');
    await again.note(incident, 'One more');
    await settle(incident, again);
    assert.ok(!idsOnTicket(github(), ticket).includes(note.id));
  });

  it('a secret that this machine\'s patterns did not know when it was recorded stays here', async () => {
    const amira = createResponder(github(), clock, folder(), 'Amira', { isCareless: true });
    const { incident, ticket } = await shareIncident(github(), amira);
    await amira.note(incident, 'token ghp_abcdefghijklmnopqrstuvwxyz0123 and mona@example.com');
    await settle(incident, amira);
    const all = github().state.comments.filter(({ issue }) => issue === ticket).map(({ body }) => body).join('\n');
    assert.match(all, /redacted/);
    assert.doesNotMatch(all, /ghp_abc|mona/);
  });
});
