/** Connections to the practice environment: emulated services on this machine, in place of the real ones. */
import { UserError, messageOf } from '../errors.ts';
import { CONNECTABLE, type ConnectableService, type Connection, CONNECTION_KINDS, fieldProblem, isConnectable, readConnection } from './connections.ts';

export const PRACTICE_SETTING = 'incidentRunbook.practice';

/** How long the practice environment may take to answer, ms. */
const TIMEOUT_MS = 5_000;

export type PracticeSet = Readonly<Partial<Record<ConnectableService, Connection>>>;

/** Asks the practice environment for its connections, once for each address. */
export class PracticeConnections {
  #asked: { readonly url: string; readonly answer: Promise<PracticeSet> } | undefined;

  /**
   * @param url base URL of the practice environment: http on this machine; `?as=grace` asks for somebody else's connections
   * @throws UserError when it is elsewhere, does not answer, or names a service that is not on this machine
   */
  get(url: string): Promise<PracticeSet> {
    if (this.#asked?.url !== url) {
      const answer = ask(url);
      this.#asked = { url, answer };
      answer.catch(() => {
        // It may be started later.
        if (this.#asked?.answer === answer) {
          this.#asked = undefined;
        }
      });
    }
    return this.#asked.answer;
  }
}

async function ask(url: string): Promise<PracticeSet> {
  if (!isOnThisMachine(url)) {
    throw new UserError(`The setting ${PRACTICE_SETTING} holds "${url}", which is not an http address on this machine. Use one like http://127.0.0.1:5000, or clear it to work with the real services.`, {
      action: { title: 'Open setting', command: 'workbench.action.openSettings', args: [PRACTICE_SETTING] },
    });
  }
  const address = new URL(url);
  address.pathname = `${address.pathname.replace(/\/+$/, '')}/_practice/connections`;
  let answer: unknown;
  try {
    const response = await fetch(address, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok) {
      throw new Error(`it answered ${response.status}`);
    }
    answer = await response.json();
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    throw new UserError(`The practice environment at ${url} cannot be asked for its connections (${messageOf(cause)}). Start it, or clear the setting ${PRACTICE_SETTING} to work with the real services.`, { cause: error });
  }
  return readSet(answer);
}

/** Service → fields of its connection. @throws UserError naming what is wrong */
function readSet(answer: unknown): PracticeSet {
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) {
    throw new UserError('The practice environment answered with something other than connections. Start it again.');
  }
  return Object.fromEntries(Object.entries(answer).map(([service, fields]: [string, unknown]) => {
    if (!isConnectable(service) || typeof fields !== 'object' || fields === null) {
      throw new UserError(`The practice environment speaks of "${service}", which cannot be connected. Known: ${CONNECTABLE.join(', ')}.`);
    }
    const connection = readConnection(service, fields as Readonly<Record<string, unknown>>);
    const elsewhere = placesOf(service, connection).find((place) => !isOnThisMachine(place));
    if (elsewhere !== undefined) {
      throw new UserError(`The practice environment sends ${CONNECTION_KINDS[service].title} to ${new URL(elsewhere).host}, which is not this machine. It is refused: practice must not reach anybody.`);
    }
    return [service, connection];
  }));
}

/** Every address that a connection leads to, as URLs. */
function placesOf(service: ConnectableService, connection: Connection): string[] {
  return CONNECTION_KINDS[service].fields.flatMap(({ name, address }) => {
    const value = connection[name];
    return value === undefined ? [] : address === true ? [value] : name === 'host' ? [`http://${value}`] : [];
  });
}

/** Connections allow http to this machine only, so the check of their addresses tells. */
function isOnThisMachine(url: string): boolean {
  return /^http:/i.test(url) && fieldProblem({ name: 'url', title: '', hint: '', address: true }, url) === undefined;
}
