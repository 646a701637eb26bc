import * as vscode from 'vscode';
import type { Redactor } from '../../incident/redact.ts';
import { formatLogEvent } from '../../logs/format.ts';
import type { LogEntry, LogSink, ShownMessage, StreamState } from '../../logs/log-entry.ts';
import { LOG_LANGUAGE, STREAM_STATE } from '../../manifest-logs.ts';

/** Lines appended at once: the channel shows batches several times faster than single lines. */
const BATCH = 1_000;

/** The output channel of the log stream, made when the first stream starts. */
export class LogChannel implements LogSink, vscode.Disposable {
  readonly #redact: () => Redactor;
  readonly #shown = new vscode.EventEmitter<readonly ShownMessage[]>();
  readonly onDidShow = this.#shown.event;
  #channel: vscode.OutputChannel | undefined;

  constructor(redact: () => Redactor) {
    this.#redact = redact;
  }

  show(entries: readonly LogEntry[]): void {
    const redact = this.#redact();
    const lines = entries.map((entry) => redact(entry.kind === 'event' ? formatLogEvent(entry.event) : `── ${entry.text} ──`));
    const channel = this.#open();
    for (let start = 0; start < lines.length; start += BATCH) {
      channel.append(`${lines.slice(start, start + BATCH).join('\n')}\n`);
    }
  }

  reveal(): void {
    this.#open().show(true);
  }

  streaming(state: StreamState): void {
    void vscode.commands.executeCommand('setContext', STREAM_STATE, state);
  }

  dispose(): void {
    this.#channel?.dispose();
    this.#shown.dispose();
  }

  #open(): vscode.OutputChannel {
    return this.#channel ??= vscode.window.createOutputChannel('Incident Logs', LOG_LANGUAGE);
  }
}
