/** What the flows of a person are made of. */
import type * as vscode from 'vscode';
import type { ApiDeps } from './api.ts';
import type { ServiceFactory } from './configuration.ts';
import type { ConnectionStore } from './connection-store.ts';
import type { Redactor } from './incident/redact.ts';
import type { OutgoingParts } from './outgoing.ts';
import type { DocumentProvider } from './views/document-provider.ts';
import type { IncidentsView } from './views/incidents-view.ts';
import type { LiveChanges } from './views/live-changes.ts';

export interface FlowDeps extends ApiDeps {
  readonly extensionUri: vscode.Uri;
  readonly services: ServiceFactory;
  readonly connections: ConnectionStore;
  readonly outgoing: OutgoingParts;
  readonly documents: DocumentProvider;
  readonly live: LiveChanges;
  readonly view: IncidentsView;
  readonly log: vscode.LogOutputChannel;
  readonly redact: () => Redactor;
}
