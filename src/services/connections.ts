/** What connects the extension to an outside system: where it is asked, and with which credentials. */
import { UserError } from '../errors.ts';

export const CONNECTABLE = ['github', 'slack', 'pagerduty', 'datadog', 'statuspage', 'mail', 'webhook'] as const;
export type ConnectableService = (typeof CONNECTABLE)[number];

export function isConnectable(service: unknown): service is ConnectableService {
  return (CONNECTABLE as readonly unknown[]).includes(service);
}

/**
 * The values of a connection by field. It is kept whole in the secret storage, address and token together, so that
 * a token only ever goes to the address it was given for.
 */
export type Connection = Readonly<Record<string, string>>;

export interface ConnectionField {
  readonly name: string;
  readonly title: string;
  /** How to fill it in, and where the value is found. */
  readonly hint: string;
  readonly secret?: true;
  /** May be left empty. */
  readonly optional?: true;
  readonly preset?: string;
  /** What a value looks like; the message of a wrong one is the hint. */
  readonly pattern?: RegExp;
  /** An address that is asked: https, or http on this machine only. */
  readonly address?: true;
}

export interface ConnectionKind {
  readonly title: string;
  /** What it is good for, in a line. */
  readonly use: string;
  readonly fields: readonly ConnectionField[];
}

const REPOSITORY = /^[\w.-]+\/[\w.-]+$/;

/** Scopes that the Slack app needs. */
export const SLACK_SCOPES = ['chat:write', 'channels:manage', 'channels:read', 'channels:join', 'channels:history', 'pins:write', 'bookmarks:write', 'bookmarks:read', 'users:read', 'users:read.email'] as const;

export const CONNECTION_KINDS: Readonly<Record<ConnectableService, ConnectionKind>> = {
  github: {
    title: 'GitHub', use: 'Tickets, the timeline shared with other responders, deployments and versions',
    fields: [
      { name: 'url', title: 'API address', hint: 'https://api.github.com, or https://HOST/api/v3 for GitHub Enterprise Server', preset: 'https://api.github.com', address: true },
      { name: 'repository', title: 'Repository of the tickets', hint: 'owner/name', pattern: REPOSITORY },
      { name: 'token', title: 'Personal access token', hint: 'Leave it empty to sign in through VS Code', secret: true, optional: true },
    ],
  },
  slack: {
    title: 'Slack', use: 'Updates, notifications and the war room',
    fields: [
      { name: 'url', title: 'API address', hint: 'https://slack.com/api/', preset: 'https://slack.com/api/', address: true },
      { name: 'token', title: 'Bot token', hint: `It begins with xoxb-. The app needs the scopes ${SLACK_SCOPES.join(', ')}`, secret: true, pattern: /^xoxb-\S+$/ },
    ],
  },
  pagerduty: {
    title: 'PagerDuty', use: 'Pages the on-call engineer and acknowledges the page',
    fields: [
      { name: 'eventsUrl', title: 'Events address', hint: 'https://events.pagerduty.com/v2, or https://events.eu.pagerduty.com/v2', preset: 'https://events.pagerduty.com/v2', address: true },
      { name: 'routingKey', title: 'Integration key', hint: 'Of the service\'s "Events API v2" integration: 32 letters and digits', secret: true, pattern: /^\S{8,}$/ },
      { name: 'restUrl', title: 'REST address', hint: 'https://api.pagerduty.com', preset: 'https://api.pagerduty.com', address: true, optional: true },
      { name: 'token', title: 'REST API key', hint: 'Only to see who is on call; may be left empty', secret: true, optional: true },
      { name: 'escalationPolicy', title: 'Escalation policy id', hint: 'Only to see who is on call, e.g. PABC123', optional: true, pattern: /^\w+$/ },
    ],
  },
  datadog: {
    title: 'Datadog', use: 'Monitors in alert, synthetic tests and dashboards',
    fields: [
      { name: 'url', title: 'API address', hint: 'https://api.datadoghq.com, or https://api. and your site, e.g. https://api.datadoghq.eu', preset: 'https://api.datadoghq.com', address: true },
      { name: 'apiKey', title: 'API key', hint: 'Organization settings > API keys', secret: true, pattern: /^\S+$/ },
      { name: 'applicationKey', title: 'Application key', hint: 'Organization settings > Application keys', secret: true, pattern: /^\S+$/ },
      { name: 'onCallUrl', title: 'On-Call address', hint: 'https://navy.oncall.datadoghq.com for US1; only to acknowledge On-Call pages', optional: true, address: true },
    ],
  },
  statuspage: {
    title: 'Statuspage', use: 'The public status page',
    fields: [
      { name: 'url', title: 'API address', hint: 'https://api.statuspage.io/v1', preset: 'https://api.statuspage.io/v1', address: true },
      { name: 'page', title: 'Page id', hint: 'Manage account > API', pattern: /^\w+$/ },
      { name: 'token', title: 'API key', hint: 'Manage account > API', secret: true, pattern: /^\S+$/ },
    ],
  },
  mail: {
    title: 'Mail (SMTP)', use: 'Mail to stakeholders and users',
    fields: [
      { name: 'host', title: 'SMTP server', hint: 'Its host name', pattern: /^[\w.-]+$/ },
      { name: 'port', title: 'Port', hint: '587, or 465 for TLS from the start', preset: '587', pattern: /^\d{1,5}$/ },
      { name: 'from', title: 'Sender', hint: 'The address mail is sent from', pattern: /^[^\s@]+@[^\s@]+$/ },
      { name: 'user', title: 'User', hint: 'Empty when the server asks for none', optional: true },
      { name: 'password', title: 'Password', hint: 'Empty when the server asks for none', secret: true, optional: true },
    ],
  },
  webhook: {
    title: 'In-app notifications', use: 'A webhook of your own product that shows a message to its users',
    fields: [
      { name: 'url', title: 'Address', hint: 'An https address that takes a POST of JSON', address: true },
      { name: 'token', title: 'Bearer token', hint: 'Sent as Authorization: Bearer; may be left empty', secret: true, optional: true },
    ],
  },
};

/** Whether a host is this machine, by name or number. */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}

/** Whether credentials may go there: encrypted, or not leaving this machine. */
export function isSafe({ protocol, hostname }: Pick<URL, 'protocol' | 'hostname'>): boolean {
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
}

/**
 * The connection that the values amount to, presets filled in.
 *
 * @throws UserError naming the field that is missing or wrong, and what it should look like
 */
export function readConnection(service: ConnectableService, values: Readonly<Record<string, unknown>>): Connection {
  const { title, fields } = CONNECTION_KINDS[service];
  const unknown = Object.keys(values).filter((name) => !fields.some((field) => field.name === name));
  if (unknown.length > 0) {
    throw new UserError(`${title} has no field "${unknown.join('", "')}". Known: ${fields.map(({ name }) => name).join(', ')}.`);
  }
  return Object.fromEntries(fields.flatMap((field): [string, string][] => {
    const value = values[field.name] ?? field.preset ?? '';
    const problem = fieldProblem(field, value);
    if (problem !== undefined) {
      throw new UserError(`${title}: ${problem}`);
    }
    return value === '' ? [] : [[field.name, String(value)]];
  }));
}

/** What is wrong with a value, in words; undefined when it is right. The value itself is not repeated: it may be a secret. */
export function fieldProblem({ title, hint, optional, pattern, address }: ConnectionField, value: unknown): string | undefined {
  if (value === '' && optional === true) {
    return undefined;
  }
  const wrong = typeof value !== 'string' || value.trim() === '' || (pattern !== undefined && !pattern.test(value)) || (address === true && !isAddress(value));
  return wrong ? `"${title}" is missing or wrong. ${hint}.` : undefined;
}

function isAddress(value: string): boolean {
  if (!URL.canParse(value)) {
    return false;
  }
  const url = new URL(value);
  return url.username === '' && url.password === '' && isSafe(url);
}

/** Where connections are kept. */
export interface Connections {
  /** Undefined when the service is not connected. */
  get(service: ConnectableService): Promise<Connection | undefined>;
  /** Why it cannot be used, where there is more to say than that it is not connected. A sentence. */
  problem?(service: ConnectableService): Promise<string | undefined>;
}
