import * as vscode from 'vscode';
import type { LogSink } from '../logs/stream.ts';

/** Lines appended at once: the channel shows batches several times faster than single lines. */
const BATCH = 1_000;

/** The output channel of the log stream, made when the first stream starts. */
export class LogChannel implements LogSink, vscode.Disposable {
  #channel: vscode.OutputChannel | undefined;

  append(lines: readonly string[]): void {
    const channel = this.#open();
    for (let start = 0; start < lines.length; start += BATCH) {
      channel.append(`${lines.slice(start, start + BATCH).join('\n')}\n`);
    }
  }

  reveal(): void {
    this.#open().show(true);
  }

  streaming(active: boolean): void {
    void vscode.commands.executeCommand('setContext', 'incidentRunbook.streaming', active);
  }

  dispose(): void {
    this.#channel?.dispose();
  }

  #open(): vscode.OutputChannel {
    return this.#channel ??= vscode.window.createOutputChannel('Incident Logs', 'log');
  }
}
