/** The log channel in a real VS Code, where an output document is what the workbench makes of it. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { createRedactor } from '../../src/incident/redact.ts';
import type { LogEntry, ShownMessage } from '../../src/logs/log-entry.ts';
import { LogChannel } from '../../src/views/logs/log-channel.ts';
import { eventually, withSetting } from './harness.ts';

const AT = Date.UTC(2026, 10, 23, 3, 7, 12);

describe('the log channel', () => {
  const redact = createRedactor();
  let channel: LogChannel;
  let shown: ShownMessage[];
  let closed: number;
  const event = (message: string, at = AT): LogEntry => ({ kind: 'event', id: message, group: 'g', stream: 'backend', at, ingestedAt: at, message });
  const text = (): string => channel.document?.getText() ?? '';
  /** Every message stands where it says. */
  const assertPlaces = (messages: readonly ShownMessage[]): void => {
    const rows = text().split('\n');
    for (const { line, lines, text: expected } of messages) {
      const at = line - channel.firstLine;
      assert.equal(rows.slice(at, at + lines).join('\n'), expected);
    }
  };

  beforeEach(() => {
    shown = [];
    closed = 0;
    channel = new LogChannel({ redact: () => redact, now: () => Date.now(), name: `Log test ${Math.random().toString(36).slice(2)}`, closedAfterMs: 1_000 });
    channel.onDidShow((messages) => { shown.push(...messages); });
    channel.onDidClose(() => { closed += 1; });
  });

  afterEach(() => { channel.dispose(); });

  it('has each message at the line it says, under its date', async () => {
    channel.reveal();
    channel.show([event('one'), event('Error: x\n    at f (a.js:1:1)'), { kind: 'note', at: AT, text: 'sampled' }]);
    channel.show([event('next day', AT + 86_400_000)]);
    await eventually('The document', text, (seen) => seen.includes('next day'));
    assert.ok(text().startsWith('── 2026-11-23 ──\n03:07:12.000Z backend one\n'), text());
    assert.equal(channel.document?.languageId, 'incident-log');
    assertPlaces(shown);
    assert.equal(channel.messageAt(3)?.text, shown[1]?.text);
  });

  it('lets the oldest lines go, and finds those that stay', async function () {
    this.timeout(60_000);
    await withSetting('logs.maximumLines', 1_000, async () => {
      channel.reveal();
      for (let batch = 0; batch < 25; batch += 1) {
        channel.show(Array.from({ length: 100 }, (_, index) => event(`m${batch * 100 + index}`)));
      }
      await eventually('The end in the document', text, (seen) => seen.includes('m2499'));
      assert.match(text(), /^── [\d,]+ older messages have left this channel; Export Logs has them ──\n── 2026-11-23 ──\n/);
      assert.ok(text().split('\n').length <= 1_001);
      assertPlaces(shown.slice(-500));
      assert.equal(await channel.showLine(shown[0]?.line ?? -1), false);
      const wanted = shown.at(-300);
      assert.equal(await channel.showLine(wanted?.line ?? -1), true);
      const editor = vscode.window.visibleTextEditors.find(({ document }) => document === channel.document);
      assert.equal(editor?.document.getText(editor.selection), wanted?.text);
    });
  });

  it('keeps to the usual number of lines when the setting is none', async function () {
    this.timeout(60_000);
    await withSetting('logs.maximumLines', 'many', async () => {
      channel.reveal();
      channel.show([event('first')]);
      channel.show(Array.from({ length: 21_000 }, (_, index) => event(`n${index}`)));
      await eventually('The end in the document', text, (seen) => seen.includes('n20999'));
      assert.ok(text().split('\n').length <= 20_001);
    });
  });

  it('opens no channel for what comes after its end', () => {
    const ended = new LogChannel({ redact: () => createRedactor(), now: () => AT, name: 'Ended' });
    ended.dispose();
    ended.show([event('too late')]);
    assert.equal(ended.messageAt(0), undefined);
  });

  it('draws its JSON anew when the setting changes, and shows it in a hover', async () => {
    channel.reveal();
    channel.show([event('{"level":"info","message":"done","status":200}'), event('after')]);
    await eventually('The compact line', text, (seen) => seen.includes('INFO done  status=200'));
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>('vscode.executeHoverProvider', channel.document?.uri, new vscode.Position(1, 3));
    assert.match(hovers.flatMap(({ contents }) => contents).map((content) => (typeof content === 'string' ? content : content.value)).join('\n'), /"status": 200/);
    await channel.toggleJson();
    await eventually('The pretty lines', text, (seen) => /^ {6}"status": 200$/m.test(seen) && seen.includes('after'));
    const places = text().split('\n').slice(0, -1).map((_, line) => channel.messageAt(line));
    assertPlaces(places.filter((message) => message !== undefined));
    assert.deepEqual([...new Set(places)].map((message) => message?.text.split(' ').at(-1)?.trim()), [undefined, '}', 'after']);
    assert.equal(await channel.showLine(shown[1]?.line ?? -1), true);
    await channel.toggleJson();
    await eventually('The compact line again', text, (seen) => seen.includes('INFO done  status=200'));
  });

  it('counts as closed once its document is gone for a while, not when it comes back before', async () => {
    const gone = (): boolean => channel.document === undefined;
    channel.reveal();
    channel.show([event('one')]);
    await eventually('The document', text, (seen) => seen.includes('one'));
    await vscode.commands.executeCommand('workbench.action.closePanel');
    await eventually('The document gone', gone, (seen) => seen);
    channel.reveal();
    await eventually('The document back', gone, (seen) => !seen);
    const other = vscode.window.createOutputChannel('Another');
    try {
      other.show(true);
      await eventually('Another channel in its place', gone, (seen) => seen);
      await eventually('The end', () => closed, (seen) => seen > 0);
      assert.equal(closed, 1);
    } finally {
      other.dispose();
    }
  });
});
