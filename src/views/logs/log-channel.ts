import * as vscode from 'vscode';
import { SECTION } from '../../configuration.ts';
import type { Redactor } from '../../incident/redact.ts';
import type { LogFormatOptions } from '../../logs/format.ts';
import { indentJson } from '../../logs/json-line.ts';
import type { LogEntry, LogSink, ShownMessage, StreamState } from '../../logs/log-entry.ts';
import { Pace } from '../../logs/pace.ts';
import { ShownLines } from '../../logs/shown-lines.ts';
import { LOG_LANGUAGE, STREAM_STATE } from '../../manifest-logs.ts';
import { errorWindowMs } from './error-window.ts';

const NAME = 'Incident Logs';
const SETTINGS = ['time', 'json', 'maximumLines'].map((name) => `${SECTION}.logs.${name}`);
/** Another panel or channel is looked at for a while, and the stream should still be there. */
const CLOSED_AFTER_MS = 600_000;
const SHOWN_WITHIN_MS = 5_000;
/** As in the setting's own description. */
const [USUAL_LINES, MOST_LINES] = [20_000, 200_000];

export interface LogChannelOptions {
  readonly redact: () => Redactor;
  /** Epoch ms. */
  readonly now: () => number;
  /** Of the channel; for tests. */
  readonly name?: string;
  /** Ms that its document has to be gone before the channel counts as closed. */
  readonly closedAfterMs?: number;
}

/** The output channel of the log stream, made when the first stream starts. */
export class LogChannel implements LogSink, vscode.Disposable {
  readonly #options: LogChannelOptions;
  readonly #shown = new vscode.EventEmitter<readonly ShownMessage[]>();
  /** Messages that are there for the first time. */
  readonly onDidShow = this.#shown.event;
  readonly #closed = new vscode.EventEmitter<void>();
  /** Nobody has had the channel before them for ten minutes. */
  readonly onDidClose = this.#closed.event;
  readonly #subscriptions: vscode.Disposable;
  readonly #drawing = new Pace(() => { this.#draw(); });
  #channel: vscode.OutputChannel | undefined;
  #lines: ShownLines | undefined;
  #groups: readonly string[] = [];
  #closing: NodeJS.Timeout | undefined;
  /** What a stream still has to say then would open a channel that nobody closes. */
  #isDisposed = false;

  constructor(options: LogChannelOptions) {
    this.#options = options;
    this.#subscriptions = vscode.Disposable.from(
      this.#shown, this.#closed, this.#drawing,
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (SETTINGS.some((name) => change.affectsConfiguration(name))) {
          this.#redraw();
        }
      }),
      vscode.workspace.onDidCloseTextDocument((document) => { this.#leave(document); }),
      vscode.workspace.onDidOpenTextDocument((document) => { this.#return(document); }),
      vscode.languages.registerHoverProvider({ language: LOG_LANGUAGE, scheme: 'output' }, { provideHover: (document, { line }) => this.#hover(document, line) }),
    );
  }

  /** The channel's document; undefined while it is not open anywhere. */
  get document(): vscode.TextDocument | undefined {
    return vscode.workspace.textDocuments.find((document) => this.#isOurs(document));
  }

  /** What the document's first line is counted as in `ShownMessage`. */
  get firstLine(): number {
    return this.#lines?.firstLine ?? 0;
  }

  /** The message that a line of the document (from 0) belongs to. */
  messageAt(documentLine: number): ShownMessage | undefined {
    return this.#lines?.at(documentLine + this.firstLine)?.message;
  }

  show(entries: readonly LogEntry[]): void {
    if (this.#isDisposed) {
      return;
    }
    this.#lines ??= new ShownLines(this.#format(), maximumLines(), () => this.#options.now() - errorWindowMs());
    this.#lines.add(entries);
    this.#drawing.ask(this.#lines.isBehind);
  }

  reveal(): void {
    this.#open().show(true);
  }

  /**
   * Brings a line in front of the user, as it was counted when it was shown first.
   *
   * @returns false when it has left the channel, or the channel does not come
   */
  async showLine(line: number): Promise<boolean> {
    const at = this.#lines?.documentLine(line);
    if (at === undefined) {
      return false;
    }
    this.reveal();
    const editor = await this.#editor();
    if (editor === undefined) {
      return false;
    }
    const range = editor.document.lineAt(Math.min(at, editor.document.lineCount - 1)).range;
    editor.selection = new vscode.Selection(range.start, range.end);
    editor.revealRange(range, vscode.TextEditorRevealType.InCenter);
    return true;
  }

  /** @param groups of a stream that begins: their names are shown when there are several */
  streaming(state: StreamState, groups?: readonly string[]): void {
    if (groups !== undefined && groups.join() !== this.#groups.join()) {
      this.#groups = groups;
      this.#redraw();
    }
    void vscode.commands.executeCommand('setContext', STREAM_STATE, state);
  }

  /** JSON lines one field a line, or compact again. */
  async toggleJson(): Promise<void> {
    const settings = vscode.workspace.getConfiguration(SECTION);
    const inWorkspace = settings.inspect('logs.json')?.workspaceValue !== undefined;
    await settings.update('logs.json', settings.get('logs.json') === 'pretty' ? 'compact' : 'pretty', inWorkspace ? vscode.ConfigurationTarget.Workspace : vscode.ConfigurationTarget.Global);
  }

  dispose(): void {
    this.#isDisposed = true;
    clearTimeout(this.#closing);
    this.#channel?.dispose();
    this.#subscriptions.dispose();
  }

  #open(): vscode.OutputChannel {
    return this.#channel ??= vscode.window.createOutputChannel(this.#name, LOG_LANGUAGE);
  }

  get #name(): string {
    return this.#options.name ?? NAME;
  }

  #isOurs({ uri }: vscode.TextDocument): boolean {
    return this.#channel !== undefined && uri.scheme === 'output' && uri.path.endsWith(`-${this.#name}`);
  }

  #format(): LogFormatOptions {
    const settings = vscode.workspace.getConfiguration(SECTION);
    return {
      time: settings.get('logs.time') === 'local' ? 'local' : 'utc',
      json: settings.get('logs.json') === 'pretty' ? 'pretty' : 'compact',
      redact: this.#options.redact(),
      groups: this.#groups,
    };
  }

  #draw(): void {
    const change = this.#lines?.draw();
    if (change !== undefined) {
      this.#open()[change.kind](change.text);
      if (change.messages.length > 0) {
        this.#shown.fire(change.messages);
      }
    }
  }

  #redraw(): void {
    this.#draw();
    if (this.#lines !== undefined) {
      this.#open().replace(this.#lines.redraw(this.#format(), maximumLines()));
    }
  }

  /** The visible editor of the channel, once there is one. */
  async #editor(): Promise<vscode.TextEditor | undefined> {
    const find = (): vscode.TextEditor | undefined => vscode.window.visibleTextEditors.find(({ document }) => this.#isOurs(document));
    return find() ?? await new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        waiting.dispose();
        resolve(find());
      };
      const timer = setTimeout(done, SHOWN_WITHIN_MS);
      const waiting = vscode.window.onDidChangeVisibleTextEditors(() => {
        if (find() !== undefined) {
          done();
        }
      });
    });
  }

  #leave(document: vscode.TextDocument): void {
    if (this.#isOurs(document)) {
      clearTimeout(this.#closing);
      this.#closing = setTimeout(() => { this.#closed.fire(); }, this.#options.closedAfterMs ?? CLOSED_AFTER_MS);
    }
  }

  #return(document: vscode.TextDocument): void {
    if (this.#isOurs(document)) {
      clearTimeout(this.#closing);
    }
  }

  /** A compact JSON line as JSON. */
  #hover(document: vscode.TextDocument, line: number): vscode.Hover | undefined {
    const shown = this.#isOurs(document) ? this.#lines?.at(line + this.firstLine)?.block : undefined;
    const event = shown?.kind === 'message' ? shown.events[0] : undefined;
    const json = event === undefined ? undefined : indentJson(event, this.#options.redact());
    return json === undefined ? undefined : new vscode.Hover(new vscode.MarkdownString().appendCodeblock(json, 'json'));
  }
}

/** VS Code only marks a setting that is out of its range; the channel must not grow without end for it. */
function maximumLines(): number {
  const set = Number(vscode.workspace.getConfiguration(SECTION).get('logs.maximumLines'));
  return set >= 1 ? Math.min(set, MOST_LINES) : USUAL_LINES;
}
