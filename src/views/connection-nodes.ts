/** Connections as rows: what is connected, and to where. Never a secret. No vscode here. */
import type { ConnectionEntry, ConnectionState } from '../connection-store.ts';
import { t } from '../l10n.ts';
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
    const at = place === '' ? '' : ` · ${place}`;
    const words = {
      connected: account === undefined ? place : `${place} · ${t('signed in as {0}', account)}`, practice: t('practice environment') + at, 'signed out': t('signed out') + at, 'not connected': t(/* l10n: table */ problem ?? use),
    }[state];
    return {
      kind: 'connection', key: service, service, label: t(/* l10n: table */ title), description: words,
      tooltip: [
        `**${escapeMarkdown(t(/* l10n: table */ title))}** (${t(/* l10n: table */ state)})`, escapeMarkdown(t(/* l10n: table */ use)),
        ...(account === undefined ? [] : [t('Signed in through VS Code as {0}', escapeMarkdown(account))]),
        ...(problem === undefined ? [] : [escapeMarkdown(t(/* l10n: table */ problem))]),
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
  return rest.reduce((place, next) => (service === 'mail' ? t('{0}, from {1}', place, next) : t('{0} on {1}', place, next)), first ?? '');
}

/** Of an address its host: the path of a webhook may be as good as a password. */
function hostOf(value: string): string {
  return URL.canParse(value) && /^https?:/i.test(value) ? new URL(value).host : value;
}
