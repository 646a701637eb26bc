/** What the flows of a person are made of. */
import type * as vscode from 'vscode';
import type { ApiDeps } from '../api/api.ts';
import type { ServiceFactory } from '../service-factory.ts';
import type { ConnectionStore } from '../connection-store.ts';
import type { FollowUpsApi } from '../api/follow-ups-api.ts';
import type { Redactor } from '../incident/redact.ts';
import type { LogHouse } from '../log-house.ts';
import type { OutgoingParts } from '../outgoing-parts.ts';
import type { DocumentProvider } from '../views/document-provider.ts';
import type { FollowUpsView } from '../views/follow-ups-view.ts';
import type { IncidentsView } from '../views/incidents-view.ts';
import type { LiveChanges } from '../views/live-changes.ts';
import type { Panels } from '../views/panels/panels.ts';

export interface FlowDeps extends ApiDeps {
  readonly extensionUri: vscode.Uri;
  /** Keeps what a person has written or chosen. */
  readonly memento: vscode.Memento;
  readonly services: ServiceFactory;
  readonly logs: LogHouse;
  readonly connections: ConnectionStore;
  readonly outgoing: OutgoingParts;
  readonly documents: DocumentProvider;
  readonly live: LiveChanges;
  readonly followUps: { readonly api: FollowUpsApi; readonly view: FollowUpsView };
  readonly view: IncidentsView;
  readonly log: vscode.LogOutputChannel;
  readonly redact: () => Redactor;
  readonly panels: () => Panels;
}
