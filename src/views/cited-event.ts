/** Opens the events that a review cites (runbook 10.3). */
import * as vscode from 'vscode';
import type { Incident } from '../incident/fold.ts';
import { readEditorLink } from '../incident/review/citations.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { DocumentProvider } from './document-provider.ts';

type EventDocuments = Pick<DocumentProvider, 'openEvidence' | 'openPlan' | 'openDelivery' | 'openTimeline'>;

const OPEN_SHARED = 'Open shared incident';

/** Shows what a link `vscode://incident-runbook.incident-runbook/event?…` of a review names. */
export async function openCitedEvent({ path, query }: vscode.Uri, { ledger, documents }: { readonly ledger: Pick<Ledger, 'read'>; readonly documents: EventDocuments }): Promise<void> {
  const named = path === '/event' ? readEditorLink(query) : undefined;
  const incident = named === undefined ? undefined : await ledger.read(named.incident).catch(() => undefined);
  if (named === undefined || incident === undefined) {
    const message = named === undefined ? 'This link leads to nothing that Incident Runbook knows.' : `${named.incident} is not on this machine. Open its ticket to see its timeline.`;
    const chosen = await vscode.window.showWarningMessage(message, ...(named === undefined ? [] : [OPEN_SHARED]));
    return chosen === undefined ? undefined : vscode.commands.executeCommand('incidentRunbook.openShared');
  }
  return openEvent(incident, named.event, documents);
}

/** The document in which an event is told best: its evidence, its plan, its text; else the timeline. */
export function openEvent(incident: Incident, id: string, documents: EventDocuments): Promise<void> {
  const event = incident.events.find((candidate) => candidate.id === id);
  switch (event?.type) {
    case 'step.finished': return documents.openEvidence(incident.id, event.id, event.result.step, event.result.title);
    case 'change.planned': return documents.openPlan(incident.id, event.id, event.plan.title);
    case 'delivery.requested': return documents.openDelivery(incident.id, event.id, event.delivery.target);
    default: return documents.openTimeline(incident.id);
  }
}
