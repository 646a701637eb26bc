/** The outside systems as VS Code's settings and secrets name them. */
import * as vscode from 'vscode';
import { SECTION, setting } from './configuration.ts';
import { UserError } from './errors.ts';
import { REVIEW_PATH } from './incident/review/path.ts';
import { GAP_MINUTES } from './incident/review/review-runbook.ts';
import type { LogStreams } from './logs/log-streams.ts';
import { AwsSession } from './services/aws/session.ts';
import type { Connections } from './services/connections.ts';
import { Endpoints } from './services/endpoints.ts';
import type { Tasks } from './services/tasks.ts';
import type { ReviewSettings, Services } from './steps/step.ts';

/** The outside systems as the machine's settings name them; made anew when a setting changes. */
export class ServiceFactory implements Services, vscode.Disposable {
  readonly logStreams: LogStreams;
  readonly connections: Connections;
  readonly tasks: Tasks;
  readonly #secrets: vscode.SecretStorage;
  readonly #sessions = new Map<string, AwsSession>();
  readonly #subscription: vscode.Disposable;
  #endpoints: Endpoints | undefined;

  constructor(secrets: vscode.SecretStorage, logStreams: LogStreams, connections: Connections, tasks: Tasks) {
    this.#secrets = secrets;
    this.logStreams = logStreams;
    this.connections = connections;
    this.tasks = tasks;
    this.#subscription = vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration(SECTION)) {
        this.#reset();
      }
    });
  }

  /** @throws UserError naming the setting that holds no URL */
  get endpoints(): Endpoints {
    return this.#endpoints ??= new Endpoints(machineSetting<Record<string, string>>('endpoints') ?? {}, machineSetting<string>('aws.endpoint'));
  }

  get review(): ReviewSettings {
    return { path: setting('review.path') ?? REVIEW_PATH, gapMinutes: vscode.workspace.getConfiguration(SECTION).get<number>('review.gapMinutes', GAP_MINUTES) };
  }

  aws({ key, data }: Parameters<Services['aws']>[0]): AwsSession {
    if (data.aws === undefined) {
      throw new UserError(`The runbook names no AWS resources for the environment "${key}". Add "aws" with region, cluster, services, databaseInstance and logGroups to it.`);
    }
    const profile = machineSetting<string>('aws.profile') || undefined;
    const endpoint = this.endpoints.aws;
    const id = [data.aws.region, profile, endpoint].join(' ');
    const session = this.#sessions.get(id) ?? new AwsSession({
      region: data.aws.region,
      ...(profile === undefined ? {} : { profile }),
      ...(endpoint === undefined ? {} : { endpoint }),
    });
    this.#sessions.set(id, session);
    return session;
  }

  /** From the secret storage, else `DATABASE_URL` of the environment the extension runs in. */
  async databaseUrl(environment: string): Promise<string | undefined> {
    return await this.#secrets.get(databaseKey(environment)) ?? process.env['DATABASE_URL'];
  }

  /** Undefined forgets it. */
  async setDatabaseUrl(environment: string, url: string | undefined): Promise<void> {
    await (url === undefined ? this.#secrets.delete(databaseKey(environment)) : this.#secrets.store(databaseKey(environment), url));
  }

  /** From the secret storage, else `REDIS_URL` of the environment the extension runs in. */
  async redisUrl(environment: string): Promise<string | undefined> {
    return await this.#secrets.get(redisKey(environment)) ?? process.env['REDIS_URL'];
  }

  /** Undefined forgets it. */
  async setRedisUrl(environment: string, url: string | undefined): Promise<void> {
    await (url === undefined ? this.#secrets.delete(redisKey(environment)) : this.#secrets.store(redisKey(environment), url));
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#reset();
  }

  #reset(): void {
    this.#endpoints = undefined;
    this.#sessions.forEach((session) => { session.dispose(); });
    this.#sessions.clear();
  }
}

function databaseKey(environment: string): string {
  return `${SECTION}.database.${environment}`;
}

function redisKey(environment: string): string {
  return `${SECTION}.redis.${environment}`;
}

/** What this machine says, whatever a workspace file claims: it decides where requests and credentials go. */
function machineSetting<T>(name: string): T | undefined {
  const values = vscode.workspace.getConfiguration(SECTION).inspect<T>(name);
  return values?.globalValue ?? values?.defaultValue;
}
