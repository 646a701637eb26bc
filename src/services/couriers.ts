/** The connected services as deliveries and steps use them: each client is made on first use and anew when its connection changes. */
import type { Clock } from '../incident/clock.ts';
import type { DeliveryService } from '../incident/events.ts';
import { type ConnectableService, type Connection, type Connections } from './connections.ts';
import type { Calls } from './courier.ts';
import type { GitHubClient } from './github/client.ts';
import type { SlackClient } from './slack/client.ts';
import type { Pace } from './statuspage.ts';

export interface CouriersOptions {
  readonly connections: Connections;
  readonly clock: Clock;
  /** Folder of the workspace, for a status page kept as files; undefined when none is open. */
  readonly folder: () => string | undefined;
  /** Whether an editor holds changes of a file that are not saved. Default: none does. @param file absolute */
  readonly isUnsaved?: (file: string) => boolean;
  /** How long one call to a service may take, ms; each service has a default of its own. */
  readonly timeoutMs?: number;
  /** What AWS can be asked to do besides the steps: support cases. */
  readonly aws?: () => Promise<Calls>;
  /** Lets time pass between two requests to Statuspage. Resolves after ms. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

interface Made {
  /** The connection it was made of, as JSON. */
  readonly of: string;
  readonly thing: Promise<unknown>;
}

export class Couriers {
  readonly #options: CouriersOptions;
  readonly #made = new Map<string, Made>();
  #pace: Promise<Pace> | undefined;

  constructor(options: CouriersOptions) {
    this.#options = options;
  }

  /** What a service can be asked to do; undefined when it is not connected. */
  async calls(service: DeliveryService): Promise<Calls | undefined> {
    if (service === 'workspace') {
      const { folder, isUnsaved = () => false } = this.#options;
      const [{ statusFileCalls }, { reviewFileCalls }, { reviewLinkCalls }] = await Promise.all([import('./status-files.ts'), import('./review-file.ts'), import('./review-links.ts')]);
      const options = { folder: folder(), isUnsaved };
      return { ...statusFileCalls(options.folder), ...reviewFileCalls(options), ...reviewLinkCalls(options) };
    }
    if (service === 'aws') {
      return this.#options.aws?.();
    }
    return this.#once(`${service}/calls`, service, (connection) => this.#callsOf(service, connection));
  }

  /** The repository of the tickets; undefined when GitHub is not connected. */
  github(): Promise<GitHubClient | undefined> {
    return this.#once('github', 'github', (connection) => this.#clientOf(connection));
  }

  /**
   * Asks a service who it is, and changes nothing there.
   *
   * @returns what the service says, in a line
   * @throws DeliveryError saying what is wrong and how to mend it
   */
  async test(service: ConnectableService, connection: Connection, signal: AbortSignal): Promise<string> {
    switch (service) {
      case 'github': return (await import('./github/connection-test.ts')).testGitHub(await this.#clientOf(connection), signal);
      case 'slack': return (await import('./slack/account.ts')).testSlack(await slackClient(connection), signal);
      case 'pagerduty': return (await import('./pagerduty.ts')).testPagerDuty(connection, signal);
      case 'datadog': return (await import('./datadog.ts')).testDatadog(connection, signal);
      case 'statuspage': return (await import('./statuspage.ts')).testStatuspage(connection, await this.#statuspagePace(), signal);
      case 'mail': return (await import('./mail.ts')).testMail(connection, signal);
      case 'webhook': return (await import('./webhook.ts')).testWebhook(connection, signal);
    }
  }

  async #callsOf(service: ConnectableService, connection: Connection): Promise<Calls> {
    const { timeoutMs } = this.#options;
    switch (service) {
      case 'github': {
        const client = await this.github();
        return (await import('./github/calls.ts')).githubCalls(client ?? await this.#clientOf(connection));
      }
      case 'slack': return (await import('./slack/calls.ts')).slackCalls(await slackClient(connection, timeoutMs));
      case 'pagerduty': return (await import('./pagerduty.ts')).pagerdutyCalls(connection, timeoutMs);
      case 'datadog': return (await import('./datadog.ts')).datadogCalls(connection, timeoutMs);
      case 'statuspage': return (await import('./statuspage.ts')).statuspageCalls(connection, await this.#statuspagePace(), timeoutMs);
      case 'mail': return (await import('./mail.ts')).mailCalls(connection, timeoutMs === undefined ? undefined : { connectMs: timeoutMs, answerMs: timeoutMs });
      case 'webhook': return (await import('./webhook.ts')).webhookCalls(connection, timeoutMs);
    }
  }

  async #clientOf(connection: Connection): Promise<GitHubClient> {
    const { GitHubClient } = await import('./github/client.ts');
    const { clock, timeoutMs } = this.#options;
    return new GitHubClient(connection, { clock, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
  }

  #statuspagePace(): Promise<Pace> {
    return this.#pace ??= import('./statuspage.ts').then(({ createPace }) => createPace(this.#options.wait));
  }

  async #once<T>(key: string, service: ConnectableService, make: (connection: Connection) => Promise<T>): Promise<T | undefined> {
    const connection = await this.#options.connections.get(service);
    if (connection === undefined) {
      this.#made.delete(key);
      return undefined;
    }
    const of = JSON.stringify(connection);
    const known = this.#made.get(key);
    const thing = known?.of === of ? known.thing : make(connection);
    this.#made.set(key, { of, thing });
    return thing as Promise<T>;
  }
}

async function slackClient(connection: Connection, timeoutMs?: number): Promise<SlackClient> {
  return (await import('./slack/client.ts')).createSlackClient(connection, timeoutMs === undefined ? {} : { timeoutMs });
}
