/** Connects a service, tests it, takes it away again. Secrets are asked for here and shown nowhere. */
import * as vscode from 'vscode';
import type { ConnectionEntry, ConnectionStore } from '../connection-store.ts';
import { CancelledError, UserError, messageOf } from '../errors.ts';
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

const TRY_AGAIN = 'Try again';

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
        ? [{ label: '$(sign-in) Sign in', description: entry.problem ?? '', run: () => signIn(entry) }]
        : [{ label: '$(beaker) Test', description: 'asks the service who it is, and changes nothing', run: () => testStored(entry) }]),
      { label: '$(edit) Change…', description: 'address or credentials', run: async () => enter(entry, await store.stored(entry.service)) },
      { label: '$(debug-disconnect) Disconnect', description: 'forgets the credentials', run: () => disconnect(entry.service) },
    ], { title: `${entry.title}${place === '' ? '' : `: ${place}`}`, placeHolder: entry.use });
    await chosen?.run();
  }

  /** Asks for every field, tests what was entered, and keeps it; after a failed test only if the person says so. */
  async function enter({ service, title }: Pick<ConnectionEntry, 'service' | 'title'>, before: Connection | undefined): Promise<void> {
    store.assertChangeable();
    const answers = await askFields(service, before);
    if (answers === undefined) {
      return;
    }
    const connection = readConnection(service, answers);
    const complete = await completed(service, connection);
    if (complete === undefined) {
      const again = await vscode.window.showWarningMessage(`The sign-in was cancelled, so nothing was saved for ${title}. Sign in, or enter a personal access token.`, TRY_AGAIN);
      return again === TRY_AGAIN ? enter({ service, title }, connection) : undefined;
    }
    const result = await underProgress(`Testing ${title}`, (signal) => test(service, complete, signal).then((detail) => ({ works: true, detail }), (error: unknown) => {
      throwIfCancelled(error, signal);
      return { works: false, detail: messageOf(error) };
    }));
    if (!result.works) {
      const chosen = await vscode.window.showWarningMessage(`${title} does not work with these values: ${result.detail}`, 'Save anyway', 'Change');
      if (chosen === 'Change') {
        return enter({ service, title }, connection);
      }
      if (chosen === undefined) {
        return;
      }
    }
    await store.set(service, connection);
    void vscode.window.showInformationMessage(result.works ? `${title} is connected. ${result.detail}` : `${title} is saved. Test it again from the Connections view.`);
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
    const { service, title } = entry;
    const stored = await store.stored(service);
    if (stored === undefined) {
      return;
    }
    const complete = await completed(service, stored);
    if (complete === undefined) {
      const again = await vscode.window.showWarningMessage(`The sign-in was cancelled, so ${title} stays signed out: what is to be sent to it is left to be done by hand.`, TRY_AGAIN);
      return again === TRY_AGAIN ? signIn(entry) : undefined;
    }
    const detail = await tested(entry, complete);
    void vscode.window.showInformationMessage(`${title} is connected. ${detail}`);
  }

  /** What the service says of itself. @throws UserError when it cannot be used; CancelledError */
  function tested({ service, title }: Pick<ConnectionEntry, 'service' | 'title'>, connection: Connection): Thenable<string> {
    return underProgress(`Testing ${title}`, (signal) => test(service, connection, signal).catch((error: unknown) => {
      throwIfCancelled(error, signal);
      throw new UserError(`${title} does not work: ${messageOf(error)}`, { cause: error });
    }));
  }

  async function testStored({ service, title, problem }: Pick<ConnectionEntry, 'service' | 'title' | 'problem'>): Promise<void> {
    const connection = await store.get(service);
    if (connection === undefined) {
      throw new UserError(problem ?? `${title} is not connected. Connect it first.`);
    }
    const detail = await tested({ service, title }, connection);
    void vscode.window.showInformationMessage(`${title} works. ${detail}`);
  }

  /** Without asking first: what was there can be put back. */
  async function disconnect(service: ConnectableService): Promise<void> {
    const { title } = CONNECTION_KINDS[service];
    const before = await store.stored(service);
    if (before === undefined) {
      throw new UserError(`${title} is not connected.`);
    }
    await store.delete(service);
    const chosen = await vscode.window.showInformationMessage(`${title} is disconnected. What was to be sent to it waits or is done by hand.`, 'Undo');
    if (chosen === 'Undo') {
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

async function askService(entries: readonly ConnectionEntry[]): Promise<ConnectableService | undefined> {
  const chosen = await vscode.window.showQuickPick(entries.map(({ service, title, use, state, fields }) => ({
    label: `$(${state === 'connected' || state === 'practice' ? 'plug' : 'debug-disconnect'}) ${title}`,
    description: [state, connectionPlace(service, fields)].filter((part) => part !== '').join(' · '),
    detail: use, service,
  })), { title: 'Connections', placeHolder: 'Which service?', matchOnDetail: true });
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
