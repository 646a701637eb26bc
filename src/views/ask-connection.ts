/** Connects a service, tests it, takes it away again. Secrets are asked for here and shown nowhere. */
import * as vscode from 'vscode';
import type { ConnectionEntry, ConnectionStore } from '../connection-store.ts';
import { CancelledError, UserError, messageOf } from '../errors.ts';
import { t } from '../l10n.ts';
import { CONNECTABLE, CONNECTION_KINDS, type ConnectableService, type Connection, readConnection } from '../services/connections.ts';
import { Inputs } from '../steps/inputs.ts';
import { type Answers, nextQuestion } from './connection-form.ts';
import { connectionPlace } from './connection-nodes.ts';
import { underProgress } from './under-progress.ts';

export interface ConnectionFlowDeps {
  readonly store: ConnectionStore;
  /** Asks the service who it is, and changes nothing there: `Connected as incident-bot`. Throws when it cannot be used. */
  readonly test: (service: ConnectableService, connection: Connection, signal: AbortSignal) => Promise<string>;
}

type Arguments = Readonly<Record<string, unknown>>;

/** What `incidentRunbook.connect` returns; never a secret. */
export interface ConnectionReport {
  readonly service: ConnectableService;
  /** Whether it can be used: of a test, whether the service said so. */
  readonly connected: boolean;
  /** What the service answered, or why it cannot be used. */
  readonly detail?: string;
}

type Action = 'connect' | 'test' | 'disconnect';

const ACTIONS: readonly Action[] = ['connect', 'test', 'disconnect'];

export function createConnectionFlow({ store, test }: ConnectionFlowDeps) {
  /** Asks what to do with a service: connects it, or offers to test, change or disconnect it. */
  async function ask(asked?: ConnectableService): Promise<void> {
    const entries = await store.list();
    const service = asked ?? await askService(entries);
    const entry = entries.find((candidate) => candidate.service === service);
    if (entry === undefined) {
      return;
    }
    switch (entry.state) {
      case 'not connected': return enter(entry, undefined);
      case 'practice': return testStored(entry);
      default: return manage(entry);
    }
  }

  async function manage(entry: ConnectionEntry): Promise<void> {
    const place = connectionPlace(entry.service, entry.fields);
    const chosen = await vscode.window.showQuickPick([
      ...(entry.state === 'signed out'
        ? [{ label: `$(sign-in) ${t('Sign in')}`, description: entry.problem === undefined ? '' : t(/* l10n: table */ entry.problem), run: () => signIn(entry) }]
        : [{ label: `$(beaker) ${t('Test')}`, description: t('asks the service who it is, and changes nothing'), run: () => testStored(entry) }]),
      { label: `$(edit) ${t('Change…')}`, description: t('address or credentials'), run: async () => enter(entry, await store.stored(entry.service)) },
      { label: `$(debug-disconnect) ${t('Disconnect')}`, description: t('forgets the credentials'), run: () => disconnect(entry.service) },
    ], { title: `${called(entry)}${place === '' ? '' : `: ${place}`}`, placeHolder: t(/* l10n: table */ entry.use) });
    await chosen?.run();
  }

  /** Asks for every field, tests what was entered, and keeps it; after a failed test only if the person says so. */
  async function enter({ service, title }: Pick<ConnectionEntry, 'service' | 'title'>, before: Connection | undefined): Promise<void> {
    const name = called({ title });
    store.assertChangeable();
    const answers = await askFields(service, before);
    if (answers === undefined) {
      return;
    }
    const connection = readConnection(service, answers);
    const complete = await completed(service, connection);
    if (complete === undefined) {
      return await tryAgain(t('The sign-in was cancelled, so nothing was saved for {0}. Sign in, or enter a personal access token.', name)) ? enter({ service, title }, connection) : undefined;
    }
    const result = await underProgress(t('Testing {0}', name), (signal) => test(service, complete, signal).then((detail) => ({ works: true, detail }), (error: unknown) => {
      throwIfCancelled(error, signal);
      return { works: false, detail: messageOf(error) };
    }));
    if (!result.works) {
      const change = t('Change');
      const chosen = await vscode.window.showWarningMessage(t('{0} does not work with these values: {1}', name, result.detail), t('Save anyway'), change);
      if (chosen === change) {
        return enter({ service, title }, connection);
      }
      if (chosen === undefined) {
        return;
      }
    }
    await store.set(service, connection);
    void vscode.window.showInformationMessage(result.works ? t('{0} is connected. {1}', name, result.detail) : t('{0} is saved. Test it again from the Connections view.', name));
  }

  /** With the token of VS Code's sign-in where it needs one; undefined when the person declined to sign in. */
  async function completed(service: ConnectableService, connection: Connection): Promise<Connection | undefined> {
    try {
      return await store.complete(service, connection, 'ask');
    } catch (error) {
      if (error instanceof CancelledError) {
        return undefined;
      }
      throw error;
    }
  }

  async function signIn(entry: Pick<ConnectionEntry, 'service' | 'title'>): Promise<void> {
    const { service } = entry;
    const stored = await store.stored(service);
    if (stored === undefined) {
      return;
    }
    const complete = await completed(service, stored);
    if (complete === undefined) {
      return await tryAgain(t('The sign-in was cancelled, so {0} stays signed out: what is to be sent to it is left to be done by hand.', called(entry))) ? signIn(entry) : undefined;
    }
    const detail = await tested(entry, complete);
    void vscode.window.showInformationMessage(t('{0} is connected. {1}', called(entry), detail));
  }

  /** What the service says of itself. @throws UserError when it cannot be used; CancelledError */
  function tested({ service, title }: Pick<ConnectionEntry, 'service' | 'title'>, connection: Connection): Thenable<string> {
    const name = called({ title });
    return underProgress(t('Testing {0}', name), (signal) => test(service, connection, signal).catch((error: unknown) => {
      throwIfCancelled(error, signal);
      throw new UserError(t('{0} does not work: {1}', name, messageOf(error)), { cause: error });
    }));
  }

  async function testStored({ service, title, problem }: Pick<ConnectionEntry, 'service' | 'title' | 'problem'>): Promise<void> {
    const connection = await store.get(service);
    if (connection === undefined) {
      throw new UserError(problem ?? t('{0} is not connected. Connect it first.', called({ title })));
    }
    const detail = await tested({ service, title }, connection);
    void vscode.window.showInformationMessage(t('{0} works. {1}', called({ title }), detail));
  }

  /** Without asking first: what was there can be put back. */
  async function disconnect(service: ConnectableService): Promise<void> {
    const name = called(CONNECTION_KINDS[service]);
    const before = await store.stored(service);
    if (before === undefined) {
      throw new UserError(t('{0} is not connected.', name));
    }
    await store.delete(service);
    const undo = t('Undo');
    if (await vscode.window.showInformationMessage(t('{0} is disconnected. What was to be sent to it waits or is done by hand.', name), undo) === undo) {
      await store.set(service, before);
    }
  }

  /** Tests from a row of the Connections view, or a service that is asked for. */
  async function testOne(asked?: ConnectableService): Promise<void> {
    const entries = await store.list();
    const service = asked ?? await askService(entries);
    const entry = entries.find((candidate) => candidate.service === service);
    if (entry !== undefined) {
      await testStored(entry);
    }
  }

  async function disconnectOne(asked?: ConnectableService): Promise<void> {
    const service = asked ?? await askService((await store.list()).filter(({ state }) => state === 'connected' || state === 'signed out'));
    if (service !== undefined) {
      await disconnect(service);
    }
  }

  /**
   * `{ service, action?, untested?, …fields }` → `{ service, connected, detail? }`. Asks nothing. `connect` keeps only
   * what the service has accepted, unless `untested` is true; `test` reports a failure, it does not throw it.
   */
  async function connect(args: Arguments): Promise<ConnectionReport> {
    const { service: _service, action: _action, untested: _untested, ...fields } = args;
    const inputs = new Inputs('incidentRunbook.connect', args);
    const service = inputs.choice('service', CONNECTABLE);
    if (service === undefined) {
      throw new UserError(`incidentRunbook.connect: "service" is missing. Give one of ${CONNECTABLE.join(', ')}.`);
    }
    const signal = new AbortController().signal;
    switch (inputs.choice('action', ACTIONS) ?? 'connect') {
      case 'connect': {
        store.assertChangeable();
        const connection = readConnection(service, fields);
        const detail = inputs.flag('untested') ? undefined : await test(service, await store.complete(service, connection, 'silent'), signal);
        await store.set(service, connection);
        return { service, connected: true, ...(detail === undefined ? {} : { detail }) };
      }
      case 'test': {
        const connection = await store.get(service);
        if (connection === undefined) {
          const problem = (await store.list()).find((entry) => entry.service === service)?.problem;
          return { service, connected: false, ...(problem === undefined ? {} : { detail: problem }) };
        }
        return test(service, connection, signal).then(
          (detail) => ({ service, connected: true, detail }),
          (error: unknown) => ({ service, connected: false, detail: messageOf(error) }),
        );
      }
      case 'disconnect':
        await store.delete(service);
        return { service, connected: false };
    }
  }

  return { ask, testOne, disconnectOne, connect };
}

/** A service as people call it. */
function called({ title }: Pick<ConnectionEntry, 'title'>): string {
  return t(/* l10n: table */ title);
}

async function tryAgain(message: string): Promise<boolean> {
  const again = t('Try again');
  return await vscode.window.showWarningMessage(message, again) === again;
}

async function askService(entries: readonly ConnectionEntry[]): Promise<ConnectableService | undefined> {
  const chosen = await vscode.window.showQuickPick(entries.map(({ service, title, use, state, fields }) => ({
    label: `$(${state === 'connected' || state === 'practice' ? 'plug' : 'debug-disconnect'}) ${called({ title })}`,
    description: [t(/* l10n: table */ state), connectionPlace(service, fields)].filter((part) => part !== '').join(' · '),
    detail: t(/* l10n: table */ use), service,
  })), { title: t('Connections'), placeHolder: t('Which service?'), matchOnDetail: true });
  return chosen?.service;
}

async function askFields(service: ConnectableService, before: Connection | undefined): Promise<Answers | undefined> {
  let answers: Answers = {};
  for (let question = nextQuestion(service, before, answers); question !== undefined; question = nextQuestion(service, before, answers)) {
    const { title, prompt, placeHolder, value, secret, problem } = question;
    const answer = await vscode.window.showInputBox({ title, prompt, placeHolder, value, password: secret, ignoreFocusOut: true, validateInput: problem });
    if (answer === undefined) {
      return undefined;
    }
    answers = question.with(answer);
  }
  return answers;
}

function throwIfCancelled(error: unknown, signal: AbortSignal): void {
  if (signal.aborted || error instanceof CancelledError) {
    throw new CancelledError();
  }
}
