/** Marks at the ends of lines of code: how often they have thrown while a log stream runs. */
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { Clock } from '../../incident/clock.ts';
import type { ErrorCounts, ErrorLine } from '../../logs/error-counts.ts';
import type { Place } from '../../logs/frame.ts';
import { TrackedLines } from '../../logs/tracked-lines.ts';
import { SHOW_MESSAGE, errorLineHover, errorLineText, mergeErrorLines } from './error-line-texts.ts';

/** A mark as it is drawn. */
export interface DrawnLine {
  /** From 0. */
  readonly line: number;
  readonly text: string;
  readonly hover: string;
}

export interface ErrorLinesDeps {
  readonly counts: ErrorCounts;
  readonly clock: Clock;
  /** ms. */
  readonly windowMs: () => number;
  readonly isOn: () => boolean;
  /** The file of a place as its line is counted in it; undefined when it cannot be told. */
  readonly sourceText: (place: Place, signal: AbortSignal) => Promise<string | undefined>;
  readonly onError: (error: unknown) => void;
}

/** Marks are drawn anew at most so often, ms. */
const PAUSE_MS = 1_000;

export class ErrorLines implements vscode.Disposable {
  readonly #deps: ErrorLinesDeps;
  readonly #type = vscode.window.createTextEditorDecorationType({
    after: { color: new vscode.ThemeColor('errorForeground'), margin: '0 0 0 3em', fontStyle: 'italic' },
    overviewRulerColor: new vscode.ThemeColor('editorOverviewRuler.errorForeground'),
    overviewRulerLane: vscode.OverviewRulerLane.Right,
    rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
  });
  readonly #subscriptions: vscode.Disposable;
  readonly #disposed = new AbortController();
  /** Path of an open file → its lines. */
  readonly #tracked = new Map<string, TrackedLines>();
  /** Folder, path and commit → the file's text. */
  readonly #sources = new Map<string, Promise<string | undefined>>();
  /** Path → the file that it leads to: a repository's folder is known without links, an editor's may be reached by one. */
  readonly #real = new Map<string, Promise<string>>();
  readonly #drawn = new Map<string, readonly DrawnLine[]>();
  /** What each editor shows, to leave it alone while that stays. */
  #shown = new WeakMap<vscode.TextEditor, string>();
  #timer: NodeJS.Timeout | undefined;
  #drawing = false;
  #drawnAt = -Infinity;

  constructor(deps: ErrorLinesDeps) {
    this.#deps = deps;
    this.#subscriptions = vscode.Disposable.from(
      vscode.window.onDidChangeVisibleTextEditors(() => { this.refresh(); }),
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        const tracked = this.#tracked.get(document.uri.fsPath);
        if (document.uri.scheme === 'file' && tracked !== undefined && contentChanges.length > 0) {
          tracked.edit(contentChanges);
          this.refresh();
        }
      }),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        if (uri.scheme === 'file') {
          this.#tracked.delete(uri.fsPath);
        }
      }),
    );
  }

  /** Path of a visible file → its marks. */
  get drawn(): ReadonlyMap<string, readonly DrawnLine[]> {
    return this.#drawn;
  }

  /** Draws soon, and then once a second for as long as something is shown. */
  refresh(): void {
    if (this.#timer === undefined && !this.#disposed.signal.aborted) {
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.redraw().catch(this.#deps.onError);
      }, Math.max(0, this.#drawnAt + PAUSE_MS - performance.now()));
      this.#timer.unref();
    }
  }

  /** Forgets the texts of files: another stream begins. */
  forgetSources(): void {
    this.#sources.clear();
    this.#real.clear();
    this.#tracked.clear();
  }

  /** Draws now. */
  async redraw(): Promise<void> {
    if (this.#drawing) {
      this.refresh();
      return;
    }
    this.#drawing = true;
    this.#drawnAt = performance.now();
    try {
      const lines = this.#deps.isOn() ? this.#deps.counts.lines() : [];
      const editors = vscode.window.visibleTextEditors.filter(({ document }) => document.uri.scheme === 'file');
      const byEditor = await this.#byEditor(editors, lines);
      const sources = await this.#sourcesOf([...byEditor.values()].flat());
      this.#drawn.clear();
      for (const editor of editors) {
        this.#draw(editor, this.#deps.isOn() ? byEditor.get(editor) ?? [] : [], sources);
      }
    } finally {
      this.#drawing = false;
    }
    if (this.#drawn.size > 0) {
      this.refresh();
    }
  }

  dispose(): void {
    this.#disposed.abort();
    clearTimeout(this.#timer);
    this.#subscriptions.dispose();
    this.#type.dispose();
  }

  async #byEditor(editors: readonly vscode.TextEditor[], lines: readonly ErrorLine[]): Promise<ReadonlyMap<vscode.TextEditor, readonly ErrorLine[]>> {
    const real = (path: string): Promise<string> => {
      const known = this.#real.get(path) ?? realpath(path).catch(() => path);
      this.#real.set(path, known);
      return known;
    };
    const located = await Promise.all(lines.map(async (line) => ({ line, file: await real(join(line.place.folder, line.place.path)) })));
    return new Map(await Promise.all(editors.map(async (editor) => {
      const file = await real(editor.document.uri.fsPath);
      return [editor, located.flatMap((each) => (each.file === file ? [each.line] : []))] as const;
    })));
  }

  async #sourcesOf(lines: readonly ErrorLine[]): Promise<ReadonlyMap<string, string | undefined>> {
    const places = new Map(lines.map(({ place }) => [sourceKey(place), place]));
    return new Map(await Promise.all([...places].map(async ([key, place]) => {
      const known = this.#sources.get(key) ?? this.#deps.sourceText(place, this.#disposed.signal);
      this.#sources.set(key, known);
      return [key, await known] as const;
    })));
  }

  #draw(editor: vscode.TextEditor, lines: readonly ErrorLine[], sources: ReadonlyMap<string, string | undefined>): void {
    const { document } = editor;
    const drawn = this.#linesOf(document, lines, sources);
    if (drawn.length > 0) {
      this.#drawn.set(document.uri.fsPath, drawn);
    }
    const shown = drawn.length === 0 ? '' : JSON.stringify([document.version, drawn]);
    if (shown === (this.#shown.get(editor) ?? '')) {
      return;
    }
    this.#shown.set(editor, shown);
    editor.setDecorations(this.#type, drawn.map(({ line, text, hover }) => ({
      range: document.lineAt(line).range.with(document.lineAt(line).range.end),
      hoverMessage: trusted(hover),
      renderOptions: { after: { contentText: text } },
    })));
  }

  #linesOf(document: vscode.TextDocument, lines: readonly ErrorLine[], sources: ReadonlyMap<string, string | undefined>): readonly DrawnLine[] {
    if (lines.length === 0) {
      return [];
    }
    const tracked = this.#tracked.get(document.uri.fsPath) ?? new TrackedLines();
    this.#tracked.set(document.uri.fsPath, tracked);
    const current = {
      getText: () => document.getText(),
      line: (line: number) => (line < document.lineCount ? document.lineAt(line).text : undefined),
    };
    const byLine = Map.groupBy(lines, ({ place }) => {
      const [key, text] = [sourceKey(place), sources.get(sourceKey(place))];
      return text === undefined ? undefined : tracked.find({ key, text }, place.line - 1, current);
    });
    const now = this.#deps.clock.now();
    return [...byLine].flatMap(([line, found]) => {
      const merged = mergeErrorLines(found);
      return line === undefined ? [] : [{ line, text: errorLineText(merged, now), hover: errorLineHover(merged, this.#deps.windowMs(), now) }];
    }).sort((one, other) => one.line - other.line);
  }
}

function sourceKey({ folder, path, commit }: Place): string {
  return JSON.stringify([folder, path, commit]);
}

function trusted(markdown: string): vscode.MarkdownString {
  const hover = new vscode.MarkdownString(markdown);
  hover.isTrusted = { enabledCommands: [SHOW_MESSAGE] };
  return hover;
}
