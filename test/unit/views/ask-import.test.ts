import '../../support/use-fake-vscode.ts';
import assert from 'node:assert/strict';
import { before, beforeEach, describe, it } from 'mocha';
import type { FindOptions } from '../../../src/api/import-api.ts';
import type { ImportedIncident } from '../../../src/incident/import.ts';
import type { PastSearch, Skipped } from '../../../src/ledger/shared/past.ts';
import { createEvents } from '../../support/build-events.ts';
import { editor } from '../../support/fake-vscode.ts';
import { until } from '../../support/until.ts';

const past = (number: number, changes: Partial<ImportedIncident> = {}): ImportedIncident => ({
  incident: `INC-20260102-000${number}`, number, title: `Number ${number}`, missing: [], events: [createEvents().declared()], ...changes,
});

describe('what a person sees of an import', () => {
  let asking: typeof import('../../../src/views/ask-import.ts');
  let kept: number[];
  let logged: string[];
  let opened: number;
  const flow = (found: readonly ImportedIncident[], search: Partial<PastSearch> = {}, keep: (one: ImportedIncident) => Skipped | undefined = () => undefined): Promise<void> => asking.createImportFlow({
    api: {
      find: async ({ onFound, onProgress }: FindOptions) => {
        for (const [index, one] of found.entries()) {
          await onFound(one);
          onProgress?.(index + 1);
        }
        return { known: 0, skipped: [], ...search };
      },
      keep: (one) => {
        const problem = keep(one);
        kept.push(...(problem === undefined ? [one.number] : []));
        return Promise.resolve(problem);
      },
    },
    openMetrics: () => { opened += 1; return Promise.resolve(); }, log: (message) => { logged.push(message); },
  })();

  before(async () => { asking = await import('../../../src/views/ask-import.ts'); });
  beforeEach(() => {
    editor.reset();
    [kept, logged, opened] = [[], [], 0];
  });

  it('is what was found, all of it picked; then how much was taken over, with the way to the metrics', async () => {
    editor.picks = ['picked'];
    editor.buttons = ['Open metrics'];
    await flow([past(2, { severity: 'P1' }), past(1, { missing: ['severity'] })], { known: 3 });
    await until('the metrics to be opened', () => opened === 1);
    assert.deepEqual(kept, [2, 1]);
    assert.ok(editor.seen.some((text) => text.includes('#2 Number 2 | #1 Number 1')), editor.seen.join('\n'));
    assert.ok(editor.seen.some((text) => text.includes('2 incidents imported. 3 were here already.')), editor.seen.join('\n'));
    assert.deepEqual(editor.progress.map(({ message }) => message), ['1 ticket read, 1 to import', '2 tickets read, 2 to import', '1 of 2', '2 of 2']);
  });

  it('takes only what is chosen, and nothing for Escape', async () => {
    editor.picks = ['#1 Number 1', undefined];
    editor.buttons = [undefined];
    await flow([past(2), past(1)]);
    assert.deepEqual(kept, [1]);
    await flow([past(2), past(1)]);
    assert.deepEqual(kept, [1]);
    assert.equal(opened, 0);
  });

  it('says that there is nothing, what was passed over, and why it ended early', async () => {
    editor.buttons = [undefined, undefined];
    await flow([], { known: 1, skipped: [{ number: 4, reason: 'It was closed as not planned.' }], stopped: 'GitHub asks to slow down. Import again in 2 min.' });
    assert.ok(editor.seen.some((text) => text.includes('There is nothing to import. 1 was here already. 1 ticket passed over (#4: It was closed as not planned). GitHub asks to slow down. Import again in 2 min.')), editor.seen.join('\n'));
    assert.deepEqual(logged, ['#4 is not imported: It was closed as not planned.']);
    editor.picks = ['picked'];
    await flow([past(1), past(2)], {}, ({ number }) => (number === 1 ? { number, reason: 'The disk is full.' } : undefined));
    assert.deepEqual(kept, [2]);
    assert.ok(editor.seen.some((text) => text.includes('1 incident imported. 1 ticket passed over (#1: The disk is full).')), editor.seen.join('\n'));
  });
});
