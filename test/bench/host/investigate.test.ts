/** Runs in the extension host: the checks of chapter 5 through `investigate`, and as the runbook's own commands, in turn. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import * as vscode from 'vscode';
import { loadRunbook } from '../../../src/runbook/load.ts';
import { automatedActions } from '../../../src/steps/catalog.ts';
import { declare, runStep } from '../../host/harness.ts';

const ROUNDS = 9;
const execute = promisify(execFile);

describe('chapter 5', () => {
  it('takes this long', async function () {
    this.timeout(600_000);
    const settings = vscode.workspace.getConfiguration('incidentRunbook');
    const extension = vscode.extensions.getExtension('incident-runbook.incident-runbook');
    const file = vscode.Uri.joinPath(extension?.extensionUri ?? vscode.Uri.file('/'), 'media', 'healthflow.runbook.yaml');
    const loaded = loadRunbook(new TextDecoder().decode(await vscode.workspace.fs.readFile(file)), file.fsPath);
    assert.ok(loaded.ok);
    const checks = loaded.runbook.steps.filter((step) => step.investigate === true && automatedActions().includes(step.action));
    const chapter5 = checks.filter(({ section }) => section.startsWith('5'));
    const commands = chapter5.map(({ id, runbookCommand }) => ({ id, text: redirected(runbookCommand ?? '', settings.get<Record<string, string>>('endpoints', {})) }));
    assert.ok(commands.every(({ text }) => text !== ''), 'every check has a command in the runbook');
    const env = { ...process.env, AWS_ENDPOINT_URL: settings.get<string>('aws.endpoint', ''), DATABASE_URL: withoutTls(process.env['DATABASE_URL'] ?? '') };

    const incident = await declare('Bench');
    const time = async (work: () => PromiseLike<unknown>): Promise<number> => {
      const start = performance.now();
      await work();
      return performance.now() - start;
    };
    const only = chapter5.map(({ id }) => id);
    const first = await time(() => runStep(incident, 'investigate', { only }));
    const rounds: { investigate: number; everything: number; shell: number }[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      rounds.push({
        investigate: await time(async () => {
          const answer = await runStep(incident, 'investigate', { only });
          assert.equal(answer.parts?.filter(({ outcome }) => outcome === 'done').length, only.length);
        }),
        shell: await time(async () => {
          for (const { text } of commands) {
            // A database without a free slot makes psql fail: that is what it is asked for.
            await execute('bash', ['-c', text], { env, timeout: 60_000 }).catch(() => undefined);
          }
        }),
        everything: await time(() => runStep(incident, 'investigate')),
      });
    }
    await writeFile(process.env['BENCH_RESULT_FILE'] ?? '', JSON.stringify({ first, rounds, commands: commands.length }));
  });
});

/** The runbook's command, sent where the practice environment answers. */
function redirected(command: string, endpoints: Readonly<Record<string, string>>): string {
  return Object.entries(endpoints).reduce((text, [from, to]) => text.replaceAll(from, to), command);
}

/** The practice database speaks no TLS; the parameter of the URL overrules the command's PGSSLMODE. */
function withoutTls(url: string): string {
  const changed = new URL(url);
  changed.searchParams.set('sslmode', 'disable');
  return changed.href;
}
