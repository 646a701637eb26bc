import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'mocha';
import { createActionItems } from '../../../src/steps/chapter-10-actions.ts';
import { ownerOf } from '../../../src/steps/owners.ts';
import type { Post } from '../../../src/steps/step.ts';
import { requested } from '../../support/build-deliveries.ts';
import { INCIDENT } from '../../support/build-events.ts';
import { type PostWorld, compose, incident, lineOf, refused, withContacts } from '../../support/build-post.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';
import { useTemporaryFolder } from '../../support/temporary-folder.ts';

const FILE = 'reviews/review.md';
const GITHUB = { github: { repository: 'acme/shop' } };
type World = ReturnType<typeof incident>;

describe('createActionItems', () => {
  const temporary = useTemporaryFolder();
  const folder = (): string => path.join(temporary(), 'workspace');

  function write(...lines: readonly string[]): void {
    mkdirSync(path.join(folder(), 'reviews'), { recursive: true });
    writeFileSync(path.join(folder(), FILE), ['# Review', '', '## Action Items', ...lines, ''].join('\n'));
  }

  /** An incident that is over, with its review. */
  function reviewed(): World {
    const world = incident('P1');
    world.events.push(world.event('incident.closed', { reason: 'Restarted' }, { minute: 60 }), world.event('review.written', { file: FILE }, { minute: 90 }));
    return world;
  }

  const ask = (world: World, inputs: PostWorld['inputs'] = {}, options: PostWorld = {}): Promise<Post> => compose(createActionItems, 'createActionItems', world.events, { inputs, connections: GITHUB, folder: folder(), minute: 120, ...options });

  /** As the runner and the outbox record what was composed. */
  function record({ events, event }: World, { letters }: Post, state: 'done' | 'failed' | 'discarded' | 'pending', number = 1): void {
    for (const { service, call, target, text, data } of letters.filter((letter) => letter.service === 'github')) {
      const asked = requested(event, { service, call, target, text, data, step: 'createActionItems' }, 121);
      events.push(asked);
      if (state === 'done') {
        events.push(event('delivery.done', { request: asked.id, how: 'sent', result: { repository: 'acme/shop', number, url: `https://github.com/acme/shop/issues/${number}`, labels: [], assignees: [] } }, { minute: 122 }));
      } else if (state === 'failed') {
        events.push(event('delivery.failed', { request: asked.id, reason: 'GitHub says no', inDoubt: false } as never, { minute: 122 }));
      } else if (state === 'discarded') {
        events.push(event('delivery.discarded', { request: asked.id, reason: 'Not needed' }, { minute: 122 }));
      }
    }
  }

  it('opens an issue for each item and has its link written down afterwards', async () => {
    write('- [ ] Alert on pool usage - Owner: @ada - Due: 2026-12-01', '- [ ] Fix the leak – Due: 2026-12-08 – Owner: DevOps Lead', '- [x] Restart the service - Owner: @ada - Due: 2026-11-23', '- [ ] Done before - Owner: @ada - Due: 2026-12-01 ([#9](https://github.com/acme/shop/issues/9))');
    const post = await ask(reviewed(), {}, { runbook: withContacts({ devopsLead: { github: 'grace' } }) });
    assert.deepEqual(post.letters.map((letter) => `${lineOf(letter)} ${JSON.stringify(letter.after ?? [])}`), [
      'github.createFollowUp acme/shop []', `workspace.writeActionLinks ${FILE} [0]`, 'github.createFollowUp acme/shop []', `workspace.writeActionLinks ${FILE} [2]`,
    ]);
    const [first, firstLink, second] = post.letters;
    const { key, ...data } = first?.data ?? {};
    assert.deepEqual(data, { action: 'Alert on pool usage', title: 'Action Item: Alert on pool usage', labels: ['incident-followup'], assignees: ['ada'], owner: '@ada', due: '2026-12-01' });
    assert.deepEqual(firstLink?.data, { folder: 'workspace', file: FILE, key });
    assert.equal(first?.text, [
      'From incident review 2026-11-23: Alert on pool usage', '', '- Owner: ada', '- Due: 2026-12-01', `- Incident: P1 Portals answer 503 (${INCIDENT})`, `- Review: ${FILE}`,
    ].join('\n'));
    assert.deepEqual([second?.data['assignees'], second?.contacts], [['grace'], ['devopsLead']]);
    assert.deepEqual([post.level, post.notes], ['ok', ['"Restart the service" is ticked off and gets no issue.']]);
  });

  it('dates the review by its meeting and links the ticket', async () => {
    write('- [ ] Alert - Owner: @ada - Due: 2026-12-01');
    const world = reviewed();
    world.events.push(
      world.event('review.scheduled', { uid: 'u', sequence: 0, start: '2026-11-25T09:00:00.000Z', end: '2026-11-25T10:00:00.000Z', invitees: [] }),
      world.event('ticket.linked', { repository: 'acme/shop', number: 3, url: 'https://github.com/acme/shop/issues/3' }),
    );
    const { text = '' } = (await ask(world)).letters[0] ?? {};
    assert.match(text, /^From incident review 2026-11-25: Alert\n/);
    assert.match(text, /Incident: .*, https:\/\/github\.com\/acme\/shop\/issues\/3\n/);
  });

  it('refuses what nobody owns or is never due, naming the lines, unless it is wanted so', async () => {
    write('- [ ] Alert', '- [ ] Fix - Owner: @ada - Due: soon', '- [ ] Test - Owner: @ada - Due: 2026-12-01', '- [x] Done');
    const words = `${FILE}: line 4 has no owner and no due date; line 5 has a due date that is not like 2026-11-23. Add "- Owner: @login - Due: YYYY-MM-DD" and save it, or set "allowIncomplete".`;
    await refused(ask(reviewed()), words);
    assert.equal((await ask(reviewed(), { allowIncomplete: true })).letters.filter(({ service }) => service === 'github').length, 3);
  });

  it('asks for nothing twice, whatever became of the first time', async () => {
    write('- [ ] Alert - Owner: @ada - Due: 2026-12-01');
    for (const [state, letters] of [['pending', 0], ['failed', 0], ['done', 1], ['discarded', 2]] as const) {
      const world = reviewed();
      record(world, await ask(world), state);
      const again = await ask(world);
      assert.equal(again.letters.length, letters, state);
      assert.equal(again.level, state === 'failed' ? 'warn' : 'ok');
      assert.equal(again.letters.filter(({ service }) => service === 'github').length, state === 'discarded' ? 1 : 0);
    }
  });

  it('takes an item that is worded otherwise for a new one, and ticks and owners for nothing new', async () => {
    write('- [ ] Alert - Owner: @ada - Due: 2026-12-01');
    const world = reviewed();
    record(world, await ask(world), 'pending');
    write('- [ ] Alert - Owner: @grace - Due: 2026-12-09');
    assert.deepEqual((await ask(world)).letters, []);
    write('- [ ] Alert loudly - Owner: @grace - Due: 2026-12-09');
    assert.equal((await ask(world)).letters.length, 2);
  });

  it('says whom GitHub does not know, and that it is not connected', async () => {
    write('- [ ] Alert - Owner: Amira Hassan - Due: 2026-12-01');
    const { letters, notes, level } = await ask(reviewed(), {}, { connections: {} });
    assert.deepEqual([letters[0]?.target, letters[0]?.data['assignees'], level], ['GitHub', [], 'warn']);
    assert.match((notes ?? []).join('\n'), /GitHub is not connected[^]*assigned to nobody: no GitHub login is known for Amira Hassan/);
  });

  it('reads nothing outside the workspace', async () => {
    write('- [ ] Alert - Owner: @ada - Due: 2026-12-01');
    writeFileSync(path.join(temporary(), 'outside.md'), '## Action Items\n- [ ] Out');
    symlinkSync(temporary(), path.join(folder(), 'out'));
    for (const file of ['../outside.md', 'out/outside.md', path.join(folder(), FILE)]) {
      await refused(ask(reviewed(), { file }), /leads out of the workspace|no file/);
    }
  });

  it('says what is missing', async () => {
    mkdirSync(folder());
    await refused(ask(reviewed()), `There is no file ${FILE} in the folder that is open.`);
    await refused(ask(incident('P1')), /has no review document yet/);
    await refused(compose(createActionItems, 'createActionItems', reviewed().events), new RegExp(`No folder is open. Open the folder that holds ${FILE}`));
    write('- [ ] [Action 1] - Owner: [name] - Due: [date]');
    await refused(ask(reviewed()), /holds no action item/);
  });
});

describe('ownerOf', () => {
  const runbook = withContacts({ devopsLead: { github: '@grace', slack: '@grace.h' } });
  const roles = { incidentCommander: '@ada', technicalLead: 'DevOps Lead' };

  it('finds contacts by whatever they are called, and roles by who holds them', () => {
    for (const name of ['devopsLead', 'devops lead', '@grace', 'grace.h', 'devops-lead@healthflow.gov.eg', 'Technical Lead']) {
      assert.deepEqual(ownerOf(name, runbook, { roles }), { contact: 'devopsLead', login: 'grace' }, name);
    }
    assert.deepEqual(ownerOf('Incident Commander', runbook, { roles }), { login: 'ada' });
    assert.deepEqual(ownerOf('Tech Lead', bundledRunbook(), { roles }), { contact: 'techLead' });
  });

  it('takes any other single word for a login, and nothing else', () => {
    assert.deepEqual(['@Octo-Cat', 'octocat', 'Amira Hassan', 'octo_cat', '-cat', 'a--b'].map((name) => ownerOf(name, runbook, { roles }).login), ['Octo-Cat', 'octocat', undefined, undefined, undefined, undefined]);
  });
});
