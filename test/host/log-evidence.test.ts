import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import { call, declare, eventually, runStep, timeline } from './harness.ts';

interface Recorded {
  readonly type: string;
  readonly at: string;
  readonly text: string;
  readonly excerpt: { readonly text: string; readonly origin: string; readonly link?: string };
}

async function findings(incident: string): Promise<readonly Recorded[]> {
  return (await timeline(incident)).filter(({ type }) => type === 'finding.documented') as unknown as readonly Recorded[];
}

describe('evidence and export of logs', () => {
  let incident = '';
  let folder = '';
  before(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'incident-runbook-export-'));
    incident = await declare('Evidence');
    await runStep(incident, 'tailLogs');
  });
  after(async () => {
    await call('close', { incident, reason: 'Done' });
    rmSync(folder, { recursive: true, force: true });
  });

  it('takes the message at the cursor of the channel, with the time and the address it has in CloudWatch', async () => {
    const isLog = ({ document }: vscode.TextEditor): boolean => document.languageId === 'incident-log';
    const editor = await eventually('The channel with its lines', () => vscode.window.visibleTextEditors.find(isLog), (seen) => seen !== undefined && seen.document.getText().includes('too many clients already')) ?? assert.fail();
    await vscode.commands.executeCommand('workbench.panel.output.focus');
    await eventually('The focus in the channel', () => vscode.window.activeTextEditor, (seen) => seen !== undefined && isLog(seen));
    const line = editor.document.getText().split('\n').findIndex((text) => text.includes('too many clients already'));
    editor.selection = new vscode.Selection(line, 0, line, 0);
    await vscode.commands.executeCommand('incidentRunbook.addEvidence');
    const [finding] = await eventually('The evidence', () => findings(incident), (seen) => seen.length === 1);
    assert.match(finding?.excerpt.text ?? '', /too many clients already/);
    assert.match(finding?.excerpt.origin ?? '', /^\/aws\/ecs\/healthflow-production, stream /);
    assert.match(finding?.excerpt.link ?? '', /^https:\/\/eu-central-1\.console\.aws\.amazon\.com\/.*\$252Faws\$252Fecs\$252Fhealthflow-production\/log-events\//);
    assert.ok(Date.parse(finding?.at ?? '') < Date.now() - 1_000, `the time of the line, not ${finding?.at}`);
  });

  it('takes what is selected in an editor, redacted', async () => {
    const document = await vscode.workspace.openTextDocument({ content: 'const a = 1;\nmona@example.com\n', language: 'javascript' });
    const editor = await vscode.window.showTextDocument(document);
    editor.selection = new vscode.Selection(0, 0, 2, 0);
    await vscode.commands.executeCommand('incidentRunbook.addEvidence');
    const found = await eventually('The evidence', () => findings(incident), (seen) => seen.length === 2);
    const finding = found.find(({ text }) => text === 'const a = 1;') ?? assert.fail();
    assert.match(finding.excerpt.text, /redacted: e-mail address/);
    assert.match(finding.excerpt.origin, /:1–2$/);
  });

  it('takes what is selected in the terminal, redacted, and leaves the clipboard as it was', async () => {
    const output = new vscode.EventEmitter<string>();
    const terminal = vscode.window.createTerminal({ name: 'psql', pty: { onDidWrite: output.event, open: () => { output.fire('53300: too many clients\r\nuser mona@example.com\r\n'); }, close: () => undefined } });
    const { clipboard } = vscode.env;
    try {
      terminal.show();
      await eventually('The output in the terminal', async () => {
        await vscode.commands.executeCommand('workbench.action.terminal.selectAll');
        await vscode.commands.executeCommand('workbench.action.terminal.copySelection');
        return clipboard.readText();
      }, (text) => text.includes('mona@example.com'));
      await clipboard.writeText('what was copied before');
      await vscode.commands.executeCommand('incidentRunbook.addEvidence', { kind: 'evidence', key: 'terminal' });
      const found = await eventually('The evidence', () => findings(incident), (seen) => seen.length === 3);
      const finding = found.find(({ text }) => text.includes('53300')) ?? assert.fail();
      assert.equal(finding.excerpt.origin, 'terminal psql');
      assert.match(finding.excerpt.text, /^53300: too many clients\nuser .*redacted: e-mail address/);
      assert.doesNotMatch(JSON.stringify(finding), /mona@/);
      assert.equal(await clipboard.readText(), 'what was copied before');
    } finally {
      terminal.dispose();
      output.dispose();
    }
  });

  it('takes what a caller gives, and refuses what is no evidence', async () => {
    const { event } = await call<{ event: string }>('addEvidence', { incident, text: 'x\ny', origin: 'curl', at: '2026-01-01T00:00:00Z', note: 'It answers 503' });
    const added = (await timeline(incident)).find(({ id }) => id === event);
    assert.deepEqual([added?.['text'], added?.at], ['It answers 503', '2026-01-01T00:00:00.000Z']);
    await assert.rejects(async () => call('addEvidence', { incident, text: 'x', origin: 'y', link: 'javascript:alert(1)' }), /must be an https address/);
    await assert.rejects(async () => call('addEvidence', { incident, text: 'x' }), /"origin"/);
  });

  it('exports the logs of a time, redacted, an event a line', async () => {
    const file = path.join(folder, 'logs.ndjson');
    const from = new Date(Date.now() - 3_600_000).toISOString();
    const { events, resumed } = await call<{ events: number; resumed: boolean }>('exportLogs', { from, file });
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as { stream: string; id: string; message: string });
    assert.ok(events > 300, `only ${events} events`);
    assert.deepEqual([lines.length, new Set(lines.map(({ stream, id }) => `${stream} ${id}`)).size, resumed], [events, events, false]);
    assert.ok(lines.every(({ message }) => !/RX-\d{4}-\d{8}/.test(message)));
    await assert.rejects(async () => call('exportLogs', { from, file: 'relative.log' }), /absolute path/);
  });
});
