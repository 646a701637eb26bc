import { UserError } from '../errors.ts';

/**
 * Where requests really go. Origins of the runbook can be replaced on this machine (a tunnel, a bastion, the
 * practice environment); a workspace cannot change that, because the setting is machine-scoped.
 */
export class Endpoints {
  readonly #origins: ReadonlyMap<string, string>;
  /** Base URL for every AWS service, or undefined for AWS itself. */
  readonly aws: string | undefined;

  /**
   * @param origins origin as the runbook names it → origin to ask instead
   * @throws UserError naming the setting when a value is not a URL
   */
  constructor(origins: Readonly<Record<string, string>>, aws?: string) {
    this.#origins = new Map(Object.entries(origins).map(([from, to]) => [
      originOf(from, 'incidentRunbook.endpoints'),
      originOf(to, `incidentRunbook.endpoints["${from}"]`),
    ]));
    this.aws = aws === undefined || aws === '' ? undefined : originOf(aws, 'incidentRunbook.aws.endpoint');
  }

  /** The URL to ask for a URL of the runbook. */
  resolve(url: string): URL {
    const asked = new URL(url);
    const origin = this.#origins.get(asked.origin);
    if (origin === undefined) {
      return asked;
    }
    // Part by part: resolved against the origin, a path that begins with // would name another host.
    const replaced = new URL(origin);
    replaced.pathname = asked.pathname;
    replaced.search = asked.search;
    return replaced;
  }

  /** Whether anything is asked elsewhere than the runbook says: the user is told. */
  get replaced(): boolean {
    return this.#origins.size > 0 || this.aws !== undefined;
  }
}

function originOf(value: string, setting: string): string {
  if (!URL.canParse(value) || !/^https?:$/.test(new URL(value).protocol)) {
    throw new UserError(`The setting ${setting} holds "${value}", which is not an http or https URL. Use one like https://127.0.0.1:8443.`, {
      action: { title: 'Open setting', command: 'workbench.action.openSettings', args: [setting.replace(/\[.*$/, '')] },
    });
  }
  return new URL(value).origin;
}
