/** Connections in VS Code's secret storage, one entry for each service: address and credentials together. */
import * as vscode from 'vscode';
import { CancelledError, UserError, messageOf } from './errors.ts';
import { t } from './l10n.ts';
import { CONNECTABLE, CONNECTION_KINDS, type ConnectableService, type Connection, type Connections, readConnection } from './services/connections.ts';
import { PRACTICE_SETTING, PracticeConnections } from './services/practice.ts';
import { ENTERPRISE_SETTING, SIGN_IN_SCOPES, signInProvider } from './services/sign-in.ts';
import { withoutPeriod } from './text.ts';

/**
 * `practice`: the practice environment stands in for the service. `signed out`: it is set up, and VS Code's own
 * sign-in is missing.
 */
export type ConnectionState = 'connected' | 'practice' | 'signed out' | 'not connected';

/** What may be shown of a connection. */
export interface ConnectionEntry {
  readonly service: ConnectableService;
  readonly title: string;
  /** What the connection is good for. */
  readonly use: string;
  readonly state: ConnectionState;
  /** Its fields without the secret ones. */
  readonly fields: Connection;
  /** Who is signed in, where the token is that of VS Code's own sign-in. */
  readonly account?: string;
  /** Why it is not connected, and what to do; unset when it just has not been connected yet. */
  readonly problem?: string;
}

/** What there is of a connection this moment. */
interface Found {
  /** With its token; undefined when the service cannot be used. */
  readonly usable?: Connection;
  /** As it was entered. */
  readonly stored?: Connection;
  /** Whose sign-in it uses. */
  readonly account?: vscode.AuthenticationSessionAccountInformation;
  readonly problem?: string;
}

const KEY_PREFIX = 'incidentRunbook.connection.';
const RESTRICTED = 'This workspace is in Restricted Mode, so nothing is connected. Trust it with "Workspaces: Manage Workspace Trust".';

export class ConnectionStore implements Connections, vscode.Disposable {
  readonly #secrets: vscode.SecretStorage;
  readonly #log: (message: string) => void;
  readonly #practice = new PracticeConnections();
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #disposables: vscode.Disposable[];
  /** Problems that are in the log already. */
  readonly #logged = new Set<string>();

  /** Fires when a service was connected or disconnected, in whichever window. */
  readonly onDidChange = this.#changed.event;

  /** @param log gets what is wrong with a connection, never a value of it */
  constructor(secrets: vscode.SecretStorage, log: (message: string) => void) {
    this.#secrets = secrets;
    this.#log = log;
    const changed = (): void => {
      this.#changed.fire();
      void this.refreshContexts();
    };
    this.#disposables = [
      this.#changed,
      secrets.onDidChange(({ key }) => {
        if (key.startsWith(KEY_PREFIX)) {
          changed();
        }
      }),
      vscode.authentication.onDidChangeSessions(({ provider }) => {
        if (provider.id.startsWith('github')) {
          changed();
        }
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(changed),
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration(PRACTICE_SETTING) || change.affectsConfiguration(ENTERPRISE_SETTING)) {
          changed();
        }
      }),
    ];
  }

  /** Undefined when the service is not connected, or cannot be used now: `list` says why. */
  async get(service: ConnectableService): Promise<Connection | undefined> {
    const { usable, problem } = await this.#find(service);
    if (problem !== undefined && !this.#logged.has(problem)) {
      this.#logged.add(problem);
      this.#log(`${CONNECTION_KINDS[service].title}: ${problem}`);
    }
    return usable;
  }

  async problem(service: ConnectableService): Promise<string | undefined> {
    return (await this.#find(service)).problem;
  }

  /** What was entered for a service, secrets included, without the token of a sign-in. */
  async stored(service: ConnectableService): Promise<Connection | undefined> {
    return (await this.#find(service)).stored;
  }

  /** Every service that can be connected, without secrets. */
  async list(): Promise<ConnectionEntry[]> {
    const practice = practiceUrl() !== undefined;
    return Promise.all(CONNECTABLE.map(async (service): Promise<ConnectionEntry> => {
      const { title, use, fields } = CONNECTION_KINDS[service];
      const { usable, stored, account, problem } = await this.#find(service);
      const open = fields.filter(({ secret }) => secret !== true).map(({ name }) => name);
      return {
        service, title, use,
        state: usable !== undefined ? (practice ? 'practice' : 'connected') : stored !== undefined ? 'signed out' : 'not connected',
        fields: Object.fromEntries(Object.entries(usable ?? stored ?? {}).filter(([name]) => open.includes(name))),
        ...(account === undefined ? {} : { account: account.label }),
        ...(problem === undefined ? {} : { problem }),
      };
    }));
  }

  /** @throws UserError in Restricted Mode, and while the practice environment is in use */
  assertChangeable(): void {
    if (!vscode.workspace.isTrusted) {
      throw new UserError(RESTRICTED, { action: { title: 'Manage Workspace Trust', command: 'workbench.trust.manage' } });
    }
    if (practiceUrl() !== undefined) {
      throw new UserError(t('The practice environment is in use, so connections cannot be changed. Clear the setting {0} to work with the real services.', PRACTICE_SETTING), {
        action: { title: 'Open setting', command: 'workbench.action.openSettings', args: [PRACTICE_SETTING] },
      });
    }
  }

  /**
   * @param connection as it was entered: the token of a sign-in is never kept
   * @throws UserError when a field is wrong, in Restricted Mode, and while the practice environment is in use
   */
  async set(service: ConnectableService, connection: Connection): Promise<void> {
    this.assertChangeable();
    await this.#secrets.store(KEY_PREFIX + service, JSON.stringify(readConnection(service, connection)));
  }

  /** @throws UserError as `set` */
  async delete(service: ConnectableService): Promise<void> {
    this.assertChangeable();
    await this.#secrets.delete(KEY_PREFIX + service);
  }

  /**
   * The connection with all that is needed to use it: for GitHub without a token, that of VS Code's own sign-in.
   *
   * @param how `ask` opens the sign-in where there is none yet
   * @throws UserError when there is no sign-in for that server; CancelledError when the person declined
   */
  async complete(service: ConnectableService, connection: Connection, how: 'ask' | 'silent'): Promise<Connection> {
    const session = await this.#session(service, connection, how);
    return session === undefined ? connection : { ...connection, token: session.accessToken };
  }

  /** The sign-in that a connection needs; undefined when it needs none. @throws as `complete` */
  async #session(service: ConnectableService, connection: Connection, how: 'ask' | 'silent'): Promise<vscode.AuthenticationSession | undefined> {
    if (service !== 'github' || connection['token'] !== undefined) {
      return undefined;
    }
    const provider = signInProvider(connection['url'] ?? '', globalSetting('github-enterprise', 'uri'));
    const session = await (how === 'ask' ? signIn(provider) : vscode.authentication.getSession(provider, SIGN_IN_SCOPES, { silent: true }));
    if (session === undefined) {
      throw new UserError('VS Code is not signed in to GitHub. Sign in, or enter a personal access token.', {
        action: { title: 'Connect GitHub', command: 'incidentRunbook.connect', args: [{ kind: 'connection', key: service, service }] },
      });
    }
    return session;
  }

  /** `incidentRunbook.connected.<service>`: steps of the walkthrough are done by them. */
  async refreshContexts(): Promise<void> {
    for (const service of CONNECTABLE) {
      const { usable } = await this.#find(service);
      await vscode.commands.executeCommand('setContext', `incidentRunbook.connected.${service}`, usable !== undefined);
    }
  }

  dispose(): void {
    this.#disposables.forEach((disposable) => { disposable.dispose(); });
  }

  async #find(service: ConnectableService): Promise<Found> {
    if (!vscode.workspace.isTrusted) {
      return { problem: RESTRICTED };
    }
    const practice = practiceUrl();
    if (practice !== undefined) {
      // Nothing real is read meanwhile: practice must not reach anybody.
      return this.#practice.get(practice).then(
        (connections): Found => (connections[service] === undefined ? {} : { usable: connections[service] }),
        (error: unknown): Found => ({ problem: messageOf(error) }),
      );
    }
    const value = await this.#secrets.get(KEY_PREFIX + service);
    if (value === undefined) {
      return {};
    }
    const stored = parse(service, value);
    if (stored === undefined) {
      return { problem: 'What is stored cannot be read. Connect it again.' };
    }
    try {
      const session = await this.#session(service, stored, 'silent');
      return session === undefined ? { stored, usable: stored } : { stored, usable: { ...stored, token: session.accessToken }, account: session.account };
    } catch (error) {
      return { stored, problem: error instanceof UserError ? error.message : `VS Code's sign-in cannot be asked: ${messageOf(error)}.` };
    }
  }
}

/** Undefined for what a hand or another version left. The error is dropped: it would repeat the value. */
function parse(service: ConnectableService, value: string): Connection | undefined {
  try {
    const fields: unknown = JSON.parse(value);
    return typeof fields === 'object' && fields !== null ? readConnection(service, fields as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}

async function signIn(provider: string): Promise<vscode.AuthenticationSession> {
  try {
    return await vscode.authentication.getSession(provider, SIGN_IN_SCOPES, { createIfNone: true });
  } catch (error) {
    if (/cancel|did not consent/i.test(messageOf(error))) {
      throw new CancelledError();
    }
    throw new UserError(t('VS Code could not sign in: {0}. Try again, or enter a personal access token.', withoutPeriod(messageOf(error))), { cause: error });
  }
}

function practiceUrl(): string | undefined {
  return globalSetting('incidentRunbook', 'practice');
}

/** What this machine says, whatever a workspace file claims: it decides where credentials go. */
function globalSetting(section: string, name: string): string | undefined {
  const value: unknown = vscode.workspace.getConfiguration(section).inspect(name)?.globalValue;
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}
