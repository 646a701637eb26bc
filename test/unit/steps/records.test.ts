import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { UserError } from '../../../src/errors.ts';
import { buildRunner } from '../../support/build-runner.ts';
import { useTemporaryFolder } from '../../support/temporary-folder.ts';

const MILD = { unavailable: 'no', affected: 'none', security: 'no', workaround: 'yes', businessImpact: 'low' } as const;

async function refused(work: Promise<unknown>, message: string): Promise<void> {
  await assert.rejects(work, (error: unknown) => {
    assert.ok(error instanceof UserError, String(error));
    assert.equal(error.message, message);
    return true;
  });
}

describe('assessSeverity', () => {
  const folder = useTemporaryFolder();

  it('records the level the rules recommend, with answers and reasons', async () => {
    const { run, onDisk } = await buildRunner(folder());
    const { summary } = await run('assessSeverity', { ...MILD, unavailable: 'yes' });
    assert.equal(summary, 'P1: The service is completely unavailable.');
    const { severity, severityReasons, events } = await onDisk();
    assert.deepEqual([severity, severityReasons], ['P1', ['The service is completely unavailable.']]);
    const set = events.at(-1);
    assert.ok(set?.type === 'severity.set');
    assert.deepEqual([set.answers, set.override], [{ ...MILD, unavailable: 'yes' }, undefined]);
  });

  it('lets the responder decide otherwise, with a reason', async () => {
    const { run, onDisk } = await buildRunner(folder());
    await refused(run('assessSeverity', { ...MILD, override: 'P2' }), 'Step "assessSeverity": input "overrideReason" must be a text that is not empty, it is missing.');
    const { summary } = await run('assessSeverity', { ...MILD, override: 'P2', overrideReason: 'The minister called' });
    assert.equal(summary, 'P2 (the rules recommend P4): The minister called');
    const set = (await onDisk()).events.at(-1);
    assert.ok(set?.type === 'severity.set');
    assert.deepEqual([set.severity, set.override], ['P2', { recommended: 'P4', reason: 'The minister called' }]);
    await run('assessSeverity', { ...MILD, override: 'P4' });
    const agreed = (await onDisk()).events.at(-1);
    assert.deepEqual([agreed?.type === 'severity.set' && agreed.override, (await onDisk()).events.length], [undefined, 3]);
  });

  it('refuses answers and levels that there are not, and records nothing', async () => {
    const { run, onDisk } = await buildRunner(folder());
    await refused(run('assessSeverity', { ...MILD, affected: 'everybody' }), '"everybody" is not an answer to "affected". Allowed: many, some, none, unsure.');
    await refused(run('assessSeverity', { ...MILD, override: 'P0', overrideReason: 'x' }), 'Step "assessSeverity": input "override" must be one of P1, P2, P3, P4, not "P0".');
    assert.equal((await onDisk()).severity, undefined);
  });
});

describe('documentFinding', () => {
  const folder = useTemporaryFolder();

  it('records a note', async () => {
    const { run, onDisk } = await buildRunner(folder());
    const { event, summary } = await run('documentFinding', { text: ' The pool is too small \n' });
    assert.equal(summary, 'Finding: The pool is too small');
    const [finding] = (await onDisk()).findings;
    assert.deepEqual([finding?.text, finding?.event, finding?.excerpt], ['The pool is too small', event, undefined]);
  });

  it('records the lines that show it, also when the selection is empty', async () => {
    const { run, onDisk } = await buildRunner(folder());
    const excerpt = { file: 'src/db/pool.js', language: 'javascript', startLine: 17, endLine: 19, selection: '  max: 10,\n' };
    await run('documentFinding', { text: 'here', ...excerpt });
    await run('documentFinding', { text: 'there', file: 'README.md', startLine: 3, selection: '', language: '' });
    assert.deepEqual((await onDisk()).findings.map((finding) => finding.excerpt), [
      { source: 'src/db/pool.js', language: 'javascript', startLine: 17, endLine: 19, text: '  max: 10,\n' },
      { source: 'README.md', language: '', startLine: 3, endLine: 3, text: '' },
    ]);
  });

  it('refuses a note without words and lines that run backwards', async () => {
    const { run } = await buildRunner(folder());
    await refused(run('documentFinding', { text: ' ' }), 'Step "documentFinding": input "text" must be a text that is not empty, not " ".');
    await refused(run('documentFinding', { text: 'x', file: 'a', startLine: 9, endLine: 8 }), 'Step "documentFinding": input "endLine" must be a whole number from 9 to 10000000, not 8.');
  });
});

describe('assignRoles', () => {
  const folder = useTemporaryFolder();

  it('gives a role to a person, to another, and frees it', async () => {
    const { run, onDisk } = await buildRunner(folder());
    assert.equal((await run('assignRoles', { role: 'scribe', person: ' Karim ' })).summary, 'Scribe: Karim');
    assert.deepEqual((await onDisk()).roles, { scribe: 'Karim' });
    await run('assignRoles', { role: 'scribe', person: 'mona@example.com' });
    assert.deepEqual((await onDisk()).roles, { scribe: 'mona@example.com' });
    for (const nobody of [{}, { person: '' }, { person: '  ' }]) {
      assert.equal((await run('assignRoles', { role: 'scribe', ...nobody })).summary, 'Scribe is free');
      assert.deepEqual((await onDisk()).roles, {});
    }
  });

  it('names the roles that there are', async () => {
    const { run } = await buildRunner(folder());
    await refused(run('assignRoles', { role: 'hero', person: 'x' }), '"hero" is not a role of the runbook. Allowed: incidentCommander, technicalLead, communicationsLead, scribe.');
  });
});
