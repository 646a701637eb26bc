/** Connections as rows: what is connected, and to where. Never a secret. No vscode here. */
import type { ConnectionEntry, ConnectionState } from '../connection-store.ts';
import type { ConnectableService, Connection } from '../services/connections.ts';
import { escapeMarkdown, inlineCode } from '../incident/markdown.ts';
import type { Node } from './nodes.ts';

export type ConnectionMark = ConnectionState | 'bad';

/** A row. As a command argument it carries the service it stands for. */
export interface ConnectionNode extends Omit<Node, 'kind' | 'mark' | 'children'> {
  readonly kind: 'connection';
  readonly mark: ConnectionMark;
  readonly service: ConnectableService;
}

/** Last part of a row's `contextValue`, which menus look at. */
const CONTEXTS: Readonly<Record<ConnectionState, string>> = { connected: 'connected', practice: 'practice', 'signed out': 'signedOut', 'not connected': 'disconnected' };

/** Fields that say where a connection leads, by service; the others are details. */
const PLACE: Readonly<Record<ConnectableService, readonly string[]>> = {
  github: ['repository', 'url'], slack: ['url'], pagerduty: ['eventsUrl'], datadog: ['url'], statuspage: ['page', 'url'], mail: ['host', 'from'], webhook: ['url'],
};

export function connectionNodes(entries: readonly ConnectionEntry[]): ConnectionNode[] {
  return entries.map((entry) => {
    const { service, title, use, state, fields, account, problem } = entry;
    const place = connectionPlace(service, fields);
    const words = { connected: account === undefined ? place : `${place} · signed in as ${account}`, practice: `practice environment${place === '' ? '' : ` · ${place}`}`, 'signed out': `signed out${place === '' ? '' : ` · ${place}`}`, 'not connected': problem ?? use }[state];
    return {
      kind: 'connection', key: service, service, label: title, description: words,
      tooltip: [
        `**${escapeMarkdown(title)}** (${state})`, escapeMarkdown(use),
        ...(account === undefined ? [] : [`Signed in through VS Code as ${escapeMarkdown(account)}`]),
        ...(problem === undefined ? [] : [escapeMarkdown(problem)]),
        ...Object.entries(fields).map(([name, value]) => `${name}: ${inlineCode(service === 'webhook' ? hostOf(value) : value)}`),
      ].join('\n\n'),
      mark: state === 'not connected' && problem !== undefined ? 'bad' : state,
      context: `connection.${CONTEXTS[state]}`,
      click: 'incidentRunbook.connect',
    };
  });
}

/** `acme/shop on api.github.com`. */
export function connectionPlace(service: ConnectableService, fields: Connection): string {
  const [first, ...rest] = PLACE[service].flatMap((name) => {
    const value = fields[name];
    return value === undefined ? [] : [hostOf(value)];
  });
  return first === undefined ? '' : [first, ...rest].join(service === 'mail' ? ', from ' : ' on ');
}

/** Of an address its host: the path of a webhook may be as good as a password. */
function hostOf(value: string): string {
  return URL.canParse(value) && /^https?:/i.test(value) ? new URL(value).host : value;
}
