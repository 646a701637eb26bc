/** From the messages of the stream to the marks in the code; loaded when the first stream starts. */
import { setImmediate } from 'node:timers/promises';
import * as vscode from 'vscode';
import { SECTION } from '../../configuration.ts';
import type { Clock } from '../../incident/clock.ts';
import { ErrorCounts } from '../../logs/error-counts.ts';
import { ErrorPlaces } from '../../logs/error-places.ts';
import type { Frame, FrameLocator, Place } from '../../logs/frame.ts';
import type { ShownMessage } from '../../logs/log-entry.ts';
import { type DrawnLine, ErrorLines } from './error-lines.ts';
import { errorWindowMs } from './error-window.ts';

export interface ErrorMarksDeps {
  readonly clock: Clock;
  readonly locator: FrameLocator;
  /** Another commit may run, or files lie elsewhere. */
  readonly onPlacesChange: vscode.Event<void>;
  readonly framesIn: (text: string) => readonly Frame[];
  /** A file of a commit; undefined when git has none. @param folder absolute @param path relative to it, with `/` */
  readonly showFile: (folder: string, commit: string, path: string, signal: AbortSignal) => Promise<string | undefined>;
  readonly onError: (error: unknown) => void;
}

export interface ErrorMarks extends vscode.Disposable {
  add(messages: readonly ShownMessage[]): void;
  /** Another stream begins: what it shows again is not counted twice. */
  begin(): void;
  /** Path of a visible file → its marks. */
  readonly drawn: ReadonlyMap<string, readonly DrawnLine[]>;
}

interface Settings {
  readonly isOn: boolean;
  readonly windowMs: number;
}

export function createErrorMarks({ clock, locator, onPlacesChange, framesIn, showFile, onError }: ErrorMarksDeps): ErrorMarks {
  let settings = readSettings();
  const windowMs = (): number => settings.windowMs;
  const counts = new ErrorCounts({ clock, windowMs });
  const lines = new ErrorLines({
    counts, clock, windowMs, onError,
    isOn: () => settings.isOn,
    sourceText: (place, signal) => (place.commit === undefined ? workingText(place) : showFile(place.folder, place.commit, place.path, signal)),
  });
  const places = new ErrorPlaces({ counts, locator, framesIn, onError, pause: () => setImmediate(), onCount: () => { lines.refresh(); } });
  const subscriptions = vscode.Disposable.from(
    lines,
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration(`${SECTION}.logs`)) {
        settings = readSettings();
        lines.redraw().catch(onError);
      }
    }),
    onPlacesChange(() => { places.forgetPlaces(); }),
  );
  return {
    add: (messages) => { places.add(messages); },
    begin: () => {
      places.clear();
      counts.clear();
      lines.forgetSources();
      lines.refresh();
    },
    get drawn() { return lines.drawn; },
    dispose: () => {
      places.clear();
      subscriptions.dispose();
    },
  };
}

function readSettings(): Settings {
  return { isOn: vscode.workspace.getConfiguration(SECTION).get('logs.errorLines', true), windowMs: errorWindowMs() };
}

/** The file as it is on disk when its first error is seen: what is edited later moves away from it. */
async function workingText({ folder, path }: Place): Promise<string | undefined> {
  try {
    return new TextDecoder().decode(await vscode.workspace.fs.readFile(vscode.Uri.joinPath(vscode.Uri.file(folder), path)));
  } catch {
    return undefined;
  }
}
