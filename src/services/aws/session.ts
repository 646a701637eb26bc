import { explainAwsError, isCredentialError } from './errors.ts';
import type { AwsOptions } from './options.ts';

/** What every SDK client is made with. */
export interface AwsClientConfig {
  readonly region: string;
  readonly maxAttempts: number;
  readonly requestHandler: {
    readonly connectionTimeout: number;
    readonly requestTimeout: number;
    readonly throwOnRequestTimeout: boolean;
  };
  readonly profile?: string;
  readonly endpoint?: string;
  readonly disableHostPrefix?: boolean;
}

/**
 * One region and profile: the clients share it and are made once. Each client's SDK lives in the module that
 * uses it, which is loaded when the first step asks for it.
 */
export class AwsSession {
  readonly options: AwsOptions;
  readonly #clients = new Map<string, { destroy(): void }>();

  constructor(options: AwsOptions) {
    this.options = options;
  }

  /** The client of a service, made on first use. */
  client<T extends { destroy(): void }>(service: string, create: (config: AwsClientConfig) => T): T {
    const known = this.#clients.get(service);
    if (known !== undefined) {
      return known as T;
    }
    const client = create(this.#config());
    this.#clients.set(service, client);
    return client;
  }

  /**
   * A client for calls that change something: it sends each of them once. A call that got no answer may have been
   * carried out, so nobody but `look` may repeat it.
   */
  writer<T extends { destroy(): void }>(service: string, create: (config: AwsClientConfig) => T): T {
    return this.client(`${service}/writer`, (config) => create({ ...config, maxAttempts: 1 }));
  }

  /**
   * What a client threw, in words. After a refused or expired session the clients are made anew, so that the
   * next run finds the credentials that have been renewed meanwhile.
   *
   * @param doing what was asked, e.g. `reading the alarms`
   */
  explain(error: unknown, doing: string, signal: AbortSignal): Error {
    if (isCredentialError(error)) {
      this.dispose();
    }
    return explainAwsError(error, this.options, doing, signal);
  }

  /** Closes the connections; the next use opens new ones with fresh credentials. */
  dispose(): void {
    this.#clients.forEach((client) => { client.destroy(); });
    this.#clients.clear();
  }

  #config(): AwsClientConfig {
    const { region, profile, endpoint } = this.options;
    return {
      region,
      maxAttempts: 3,
      requestHandler: { connectionTimeout: 5_000, requestTimeout: 20_000, throwOnRequestTimeout: true },
      ...(profile === undefined ? {} : { profile }),
      // The host prefix of some operations (stream-…) would break a replaced endpoint.
      ...(endpoint === undefined ? {} : { endpoint, disableHostPrefix: true }),
    };
  }
}
