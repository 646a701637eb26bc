/** What several flows ask: which incident, and whether to go on with something. */
import * as vscode from 'vscode';
import { UserError } from '../errors.ts';
import type { Clock } from '../incident/clock.ts';
import { t } from '../l10n.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Node } from '../views/nodes.ts';

const NONE = {
  open: () => t('No incident is open. Declare one first.'),
  closed: () => t('There is no closed incident.'),
  recent: () => t('No incident is open, and none was closed lately. Declare one first.'),
};

export function createChoosing({ ledger, clock }: { readonly ledger: Ledger; readonly clock: Clock }) {
  /** The incident of the row, the only open one, or the one chosen. @throws UserError when there is none */
  async function incidentFor(node: Pick<Node, 'incident'> | undefined, placeHolder: string, status: 'open' | 'closed' | 'recent' = 'open'): Promise<string | undefined> {
    if (node?.incident !== undefined) {
      return node.incident;
    }
    const { askIncident } = await import('../views/ask.ts');
    const chosen = await askIncident(ledger, clock, placeHolder, status);
    if (chosen === 'none') {
      throw new UserError(NONE[status](), status !== 'closed'
        ? { action: { title: t('Declare incident'), command: 'incidentRunbook.declare' } } : {});
    }
    return chosen?.id;
  }

  async function offer(message: string, button: string, act: () => Promise<unknown>): Promise<void> {
    if (await vscode.window.showInformationMessage(message, button) === button) {
      await act();
    }
  }

  return { incidentFor, offer };
}
