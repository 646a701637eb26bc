/** Opens the events that a review cites (runbook 10.3). */
import * as vscode from 'vscode';
import { readEditorLink } from '../incident/review/citations.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { DocumentProvider } from './document-provider.ts';

const OPEN_SHARED = 'Open shared incident';

/** Shows what a link `vscode://incident-runbook.incident-runbook/event?…` of a review names. */
export async function openCitedEvent({ path, query }: vscode.Uri, { ledger, documents }: { readonly ledger: Pick<Ledger, 'read'>; readonly documents: Pick<DocumentProvider, 'openEvidence' | 'openPlan' | 'openDelivery' | 'openTimeline'> }): Promise<void> {
  const named = path === '/event' ? readEditorLink(query) : undefined;
  const incident = named === undefined ? undefined : await ledger.read(named.incident).catch(() => undefined);
  if (named === undefined || incident === undefined) {
    const message = named === undefined ? 'This link leads to nothing that Incident Runbook knows.' : `${named.incident} is not on this machine. Open its ticket to see its timeline.`;
    const chosen = await vscode.window.showWarningMessage(message, ...(named === undefined ? [] : [OPEN_SHARED]));
    return chosen === undefined ? undefined : vscode.commands.executeCommand('incidentRunbook.openShared');
  }
  const event = incident.events.find(({ id }) => id === named.event);
  switch (event?.type) {
    case 'step.finished': return documents.openEvidence(named.incident, event.id, event.result.step, event.result.title);
    case 'change.planned': return documents.openPlan(named.incident, event.id, event.plan.title);
    case 'delivery.requested': return documents.openDelivery(named.incident, event.id, event.delivery.target);
    default: return documents.openTimeline(named.incident);
  }
}
