import * as vscode from 'vscode';
import type { Incident } from '../incident/fold.ts';
import { type PracticeStage, PRACTICE_STAGES, practiceStages } from '../incident/practice.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Runbook } from '../runbook/schema.ts';

/** In VS Code's own memory: somebody has looked at the bundled runbook and keeps it. */
const KEPT = 'incidentRunbook/keptRunbook';

export interface WalkthroughProgressOptions {
  readonly ledger: Pick<Ledger, 'list' | 'read' | 'onDidChange'>;
  /** The one in force. @throws UserError when it cannot be used */
  readonly runbook: () => Promise<Runbook>;
  /** Path of the team's own runbook; undefined for the bundled one. @throws UserError when it cannot be found out */
  readonly ownFile: () => string | undefined;
  /** Fires when another runbook may be in force. */
  readonly onRunbookChange: (listener: () => void) => { dispose(): void };
  readonly memento: Pick<vscode.Memento, 'get' | 'update'>;
  readonly onError: (error: unknown) => void;
}

/**
 * Sets the context keys by which the steps of the walkthrough are done: `incidentRunbook.ownRunbook`,
 * `incidentRunbook.keptRunbook` and `incidentRunbook.practice.<stage>`. They say what is so, not what was clicked; VS
 * Code remembers that a step was done, so a key may go back.
 */
export class WalkthroughProgress implements vscode.Disposable {
  readonly #options: WalkthroughProgressOptions;
  readonly #reached = new Set<PracticeStage>();
  readonly #subscriptions: { dispose(): void }[];

  constructor(options: WalkthroughProgressOptions) {
    this.#options = options;
    const { ledger, onRunbookChange, onError } = options;
    this.#subscriptions = [
      ledger.onDidChange((incident) => {
        // Who has practised everything is not watched any longer.
        if (this.#reached.size < PRACTICE_STAGES.length) {
          // Its file may be there before its declaration is; the next change tells. The view tells of one that cannot be read.
          ledger.read(incident).then((read) => this.#note(read), () => undefined).catch(onError);
        }
      }),
      onRunbookChange(() => { this.#lookAtRunbook().catch(onError); }),
    ];
  }

  /** Looks at everything once: what is on record, and which runbook is in force. */
  async start(): Promise<void> {
    await Promise.all([this.#lookAtRunbook(), this.#lookAtDrills()]);
  }

  /** Somebody has looked at the bundled runbook and keeps it. */
  async keepBundled(): Promise<void> {
    await this.#options.memento.update(KEPT, true);
    await this.#lookAtRunbook();
  }

  dispose(): void {
    this.#subscriptions.forEach((subscription) => { subscription.dispose(); });
  }

  async #lookAtRunbook(): Promise<void> {
    const { ownFile, runbook, memento } = this.#options;
    // A faulty one is told of where it is used.
    const isOwn = await (async () => ownFile() !== undefined && await runbook() !== undefined)().catch(() => false);
    await setContext('ownRunbook', isOwn);
    await setContext('keptRunbook', !isOwn && memento.get(KEPT, false));
  }

  /** Of closed ones the last is enough: they were practised to their end. */
  async #lookAtDrills(): Promise<void> {
    const { ledger } = this.#options;
    const drills = (await ledger.list()).filter(({ drill }) => drill);
    const open = drills.filter(({ status }) => status !== 'closed');
    const last = drills.find(({ status }) => status === 'closed');
    for (const { id } of last === undefined ? open : [...open, last]) {
      await this.#note(await ledger.read(id));
    }
  }

  async #note(incident: Incident): Promise<void> {
    for (const stage of practiceStages(incident)) {
      if (!this.#reached.has(stage)) {
        this.#reached.add(stage);
        await setContext(`practice.${stage}`, true);
      }
    }
  }
}

async function setContext(name: string, value: boolean): Promise<void> {
  await vscode.commands.executeCommand('setContext', `incidentRunbook.${name}`, value);
}
