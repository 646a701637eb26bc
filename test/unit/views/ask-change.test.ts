import '../../support/use-fake-vscode.ts';
import assert from 'node:assert/strict';
import { before, beforeEach, describe, it } from 'mocha';
import { environmentByKey, stepById } from '../../../src/runbook/query.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';
import { editor } from '../../support/fake-vscode.ts';
import { runbookWith } from '../../support/build-runner.ts';

const HOST = 'healthflow-production.abc123.euc1.cache.amazonaws.com';

let asking: typeof import('../../../src/views/ask-change.ts');

function ask(id: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  const runbook = runbookWith({ redis: { host: HOST, port: 6379, prefixes: ['cache:', 'rates:'] } });
  return asking.askChange(stepById(bundledRunbook(), id) ?? assert.fail(`no step ${id}`), environmentByKey(runbook));
}

describe('what a change asks before it is planned', () => {
  before(async () => { asking = await import('../../../src/views/ask-change.ts'); });
  beforeEach(() => { editor.reset(); });

  it('asks nothing where the runbook says it all', async () => {
    assert.deepEqual(await ask('restartService'), {});
    assert.deepEqual(editor.seen, []);
  });

  const answers: readonly (readonly [string, { readonly picks?: readonly string[]; readonly inputs?: readonly string[] }, object])[] = [
    ['scaleService', { inputs: [' 8 '] }, { desiredCount: 8 }],
    ['scaleDatabase', { inputs: ['db.r5.4xlarge'] }, { instanceClass: 'db.r5.4xlarge' }],
    ['raiseDatabaseConnections', { picks: ['Raise max_connections'], inputs: ['300'] }, { maxConnections: 300 }],
    ['raiseDatabaseConnections', { picks: ['Raise max_connections'], inputs: [''] }, {}],
    ['raiseDatabaseConnections', { picks: ['Reboot the instance'] }, { reboot: true }],
    ['raiseMemoryLimit', { inputs: ['4096'] }, { memory: 4096 }],
    ['raiseMemoryLimit', { inputs: [''] }, {}],
    ['blockAddresses', { inputs: ['198.51.100.7, 203.0.113.0/24'] }, { addresses: ['198.51.100.7/32', '203.0.113.0/24'] }],
    ['clearCache', { picks: ['rates:'] }, { prefix: 'rates:' }],
    ['clearCache', { picks: ['Another prefix…'], inputs: ['session:'] }, { prefix: 'session:' }],
    ['clearCache', { picks: ['Everything…'], inputs: [HOST] }, { everything: HOST }],
    ['verifyMitigation', { picks: ['Some still report it'] }, { userReports: 'some' }],
  ];
  for (const [step, { picks = [], inputs = [] }, expected] of answers) {
    it(`turns the answers for ${step} into ${JSON.stringify(expected)}`, async () => {
      editor.picks = [...picks];
      editor.inputs = [...inputs];
      assert.deepEqual(await ask(step), expected);
      assert.deepEqual([editor.picks, editor.inputs], [[], []]);
    });
  }

  it('offers the number of the runbook', async () => {
    editor.inputs = ['6'];
    await ask('scaleService');
    assert.deepEqual(editor.seen, ['Scale the service [6]']);
  });

  const wrong: readonly (readonly [string, string | undefined, string, RegExp])[] = [
    ['scaleService', undefined, '0', /Write a whole number/],
    ['scaleService', undefined, '', /Write something/],
    ['scaleDatabase', undefined, 'r5.large', /db\.r5\.2xlarge/],
    ['blockAddresses', undefined, '198.51.100.300', /198\.51\.100\.300/],
    ['clearCache', 'Everything…', 'healthflow', /That is not healthflow-production/],
  ];
  for (const [step, choice, typed, problem] of wrong) {
    it(`does not take "${typed}" for ${step}`, async () => {
      editor.picks = choice === undefined ? [] : [choice];
      editor.inputs = [typed];
      await assert.rejects(ask(step), problem);
    });
  }

  for (const step of ['scaleService', 'scaleDatabase', 'raiseMemoryLimit', 'blockAddresses']) {
    it(`lets go of ${step} with Escape`, async () => {
      editor.inputs = [undefined];
      assert.equal(await ask(step), undefined);
    });
  }

  it('lets go of choices with Escape, and of what is typed after them', async () => {
    for (const step of ['raiseDatabaseConnections', 'clearCache', 'verifyMitigation']) {
      editor.picks = [undefined];
      assert.equal(await ask(step), undefined);
    }
    editor.picks = ['Everything…', 'Another prefix…', 'Raise max_connections'];
    editor.inputs = [undefined, undefined, undefined];
    assert.deepEqual([await ask('clearCache'), await ask('clearCache'), await ask('raiseDatabaseConnections')], [undefined, undefined, undefined]);
  });
});
