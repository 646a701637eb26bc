import * as vscode from 'vscode';
import { t } from '../../l10n.ts';
import type { FrameLocator, Place } from '../../logs/frame.ts';
import { framesIn } from '../../logs/frames.ts';
import { LOG_LANGUAGE } from '../../manifest-logs.ts';

/** What has been read of a document so far. */
interface Read {
  version: number;
  /** Characters; the end of a whole line. */
  length: number;
  /** The last characters that were read: when they stand there no more, the document begins anew. */
  tail: string;
  readonly links: vscode.DocumentLink[];
}

const TAIL = 200;

/** Makes stack frames of the log channel links, if they name a file of the workspace. */
export class FrameLinks implements vscode.DocumentLinkProvider, vscode.Disposable {
  readonly #locator: FrameLocator;
  readonly #registration = vscode.languages.registerDocumentLinkProvider({ language: LOG_LANGUAGE, scheme: 'output' }, this);
  readonly #read = new WeakMap<vscode.TextDocument, Promise<Read>>();
  #generation = 0;
  readonly #generations = new WeakMap<vscode.TextDocument, number>();

  constructor(locator: FrameLocator) {
    this.#locator = locator;
  }

  /** The files may be others now: what was read is read anew when it is looked at. */
  reset(): void {
    this.#generation += 1;
  }

  async provideDocumentLinks(document: vscode.TextDocument): Promise<vscode.DocumentLink[]> {
    const generation = this.#generation;
    const before = this.#generations.get(document) === generation ? this.#read.get(document) : undefined;
    this.#generations.set(document, generation);
    // One after the other: two readers of the same end would give every link twice.
    const reading = (before ?? Promise.resolve(undefined)).catch(() => undefined).then((known) => this.#readOn(document, known));
    this.#read.set(document, reading);
    return [...(await reading).links];
  }

  dispose(): void {
    this.#registration.dispose();
  }

  async #readOn(document: vscode.TextDocument, known: Read | undefined): Promise<Read> {
    const { version } = document;
    if (known?.version === version) {
      return known;
    }
    const text = document.getText();
    const goesOn = known !== undefined && text.length >= known.length && text.slice(known.length - known.tail.length, known.length) === known.tail;
    const read: Read = goesOn ? known : { version, length: 0, tail: '', links: [] };
    // The last line may still grow.
    const end = text.lastIndexOf('\n') + 1;
    const start = read.length;
    for (const frame of framesIn(text.slice(start, end))) {
      const place = await this.#locator.locate(frame);
      if (place !== undefined) {
        const link = new vscode.DocumentLink(new vscode.Range(document.positionAt(start + frame.start), document.positionAt(start + frame.end)), commandUri(place));
        link.tooltip = tooltipOf(place);
        read.links.push(link);
      }
    }
    Object.assign(read, { version, length: Math.max(end, start), tail: text.slice(Math.max(0, end - TAIL), end) });
    return read;
  }
}

function commandUri(place: Place): vscode.Uri {
  return vscode.Uri.parse(`command:incidentRunbook.openFrame?${encodeURIComponent(JSON.stringify([place]))}`);
}

function tooltipOf({ path, line, commit }: Place): string {
  return commit === undefined ? t('Open {0}, line {1}', path, line) : t('Open {0}, line {1}, as deployed ({2})', path, line, commit.slice(0, 7));
}
