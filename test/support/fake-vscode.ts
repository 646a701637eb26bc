/**
 * As much of the module `vscode` as connections need, for plain tests: answers are scripted, what is shown is recorded.
 * Import `use-fake-vscode.ts` first, then the module under test with `await import(…)`.
 */

type Listener<T> = (value: T) => void;

export class EventEmitter<T> {
  readonly #listeners = new Set<Listener<T>>();
  readonly event = (listener: Listener<T>): { dispose(): void } => {
    this.#listeners.add(listener);
    return { dispose: () => { this.#listeners.delete(listener); } };
  };

  fire(value: T): void {
    this.#listeners.forEach((listener) => { listener(value); });
  }

  dispose(): void {
    this.#listeners.clear();
  }
}

interface Session {
  readonly accessToken: string;
}

interface InputOptions {
  readonly title: string;
  readonly value: string;
  readonly password: boolean;
  readonly validateInput: (value: string) => string | undefined;
}

interface Choice {
  readonly label: string;
  readonly picked?: boolean;
}

/** What a test sets, and what it looks at. */
export const editor = {
  trusted: true,
  /** `section.name` → what the user's and the workspace's settings hold. */
  settings: new Map<string, { readonly globalValue?: unknown; readonly workspaceValue?: unknown }>(),
  /** Provider → session, given silently; `signIn` is what the sign-in dialog ends with. */
  sessions: new Map<string, Session>(),
  signIn: (_provider: string): Session => { throw new Error('Nobody expected the sign-in dialog'); },
  sessionRequests: [] as { readonly provider: string; readonly scopes: readonly string[]; readonly options: object }[],
  contexts: new Map<string, unknown>(),
  /** Commands that were run, with their first argument. */
  executed: [] as { readonly command: string; readonly argument: unknown }[],
  /** What the progress said, in order. */
  progress: [] as { readonly message?: string; readonly increment?: number }[],
  /** Answers to input boxes, quick picks (by label) and messages (by button), in turn; undefined is Escape. */
  inputs: [] as (string | undefined)[],
  picks: [] as (string | undefined)[],
  buttons: [] as (string | undefined)[],
  /** Answers to save dialogs, as paths; undefined is Escape. */
  saves: [] as (string | undefined)[],
  /** Path → what was written there; a path of `unwritable` cannot be. */
  written: new Map<string, string>(),
  unwritable: new Set<string>(),
  /** Everything a person has seen, in order. */
  seen: [] as string[],
  trust: new EventEmitter<void>(),
  configuration: new EventEmitter<{ affectsConfiguration(name: string): boolean }>(),
  sessionChange: new EventEmitter<{ readonly provider: { readonly id: string } }>(),
  reset(): void {
    this.trusted = true;
    this.settings.clear();
    this.sessions.clear();
    this.signIn = () => { throw new Error('Nobody expected the sign-in dialog'); };
    this.contexts.clear();
    this.saves = [];
    this.written.clear();
    this.unwritable.clear();
    [this.sessionRequests, this.inputs, this.picks, this.buttons, this.seen, this.executed, this.progress] = [[], [], [], [], [], [], []];
  },
};

interface FilePath {
  readonly fsPath: string;
}

export const Uri = { joinPath: ({ fsPath }: FilePath, name: string): FilePath => ({ fsPath: `${fsPath}/${name}` }) };

export const workspace = {
  get isTrusted(): boolean { return editor.trusted; },
  getConfiguration: (section: string) => ({ inspect: (name: string) => editor.settings.get(`${section}.${name}`) }),
  workspaceFolders: [{ uri: { fsPath: '/project' } }],
  fs: {
    writeFile({ fsPath }: FilePath, bytes: Uint8Array): Promise<void> {
      if (editor.unwritable.has(fsPath)) {
        return Promise.reject(new Error('EACCES: permission denied'));
      }
      editor.written.set(fsPath, new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
      return Promise.resolve();
    },
  },
  onDidGrantWorkspaceTrust: editor.trust.event,
  onDidChangeConfiguration: editor.configuration.event,
};

export const authentication = {
  getSession(provider: string, scopes: readonly string[], options: { readonly createIfNone?: true; readonly silent?: true }): Promise<Session | undefined> {
    editor.sessionRequests.push({ provider, scopes, options });
    const session = editor.sessions.get(provider);
    return Promise.resolve().then(() => session ?? (options.createIfNone === true ? editor.signIn(provider) : undefined));
  },
  onDidChangeSessions: editor.sessionChange.event,
};

export const commands = {
  executeCommand(command: string, key: string, value?: unknown): Promise<void> {
    if (command === 'setContext') {
      editor.contexts.set(key, value);
    } else {
      editor.executed.push({ command, argument: key });
    }
    return Promise.resolve();
  },
};

function next<T>(answers: T[], asked: string): T {
  editor.seen.push(asked);
  if (answers.length === 0) {
    throw new Error(`Nobody has an answer to: ${asked}`);
  }
  return answers.shift() as T;
}

/** A button that is waited for; a message that only tells something is answered by nobody. */
function message(text: string, ...buttons: readonly string[]): Promise<string | undefined> {
  if (buttons.length === 0) {
    editor.seen.push(text);
    return Promise.resolve(undefined);
  }
  return Promise.resolve(next(editor.buttons, text));
}

export const window = {
  showInputBox({ title, value, password, validateInput }: InputOptions): Promise<string | undefined> {
    const answer = next(editor.inputs, `${title} [${password ? 'secret' : value}]`);
    const problem = answer === undefined ? undefined : validateInput(answer);
    return problem === undefined ? Promise.resolve(answer) : Promise.reject(new Error(problem));
  },
  /** Of a list in which several can be picked, `picked` is to leave them as they are, else labels with ` & ` between. */
  async showQuickPick<T extends Choice>(choices: readonly T[], { title, canPickMany = false }: { readonly title: string; readonly canPickMany?: boolean }): Promise<T | readonly T[] | undefined> {
    const label = next(editor.picks, `${title}: ${choices.map((choice) => choice.label).join(' | ')}`);
    const wanted = label === undefined ? [] : canPickMany ? label.split(' & ') : [label];
    const chosen = canPickMany && label === 'picked' ? choices.filter(({ picked }) => picked === true) : choices.filter((choice) => wanted.includes(choice.label));
    if (label !== 'picked' && chosen.length < wanted.length) {
      throw new Error(`There is no choice "${label}" among ${choices.map((choice) => choice.label).join(', ')}`);
    }
    return Promise.resolve(label === undefined ? undefined : canPickMany ? chosen : chosen[0]);
  },
  showSaveDialog({ title, defaultUri }: { readonly title: string; readonly defaultUri: FilePath }): Promise<FilePath | undefined> {
    const path = next(editor.saves, `${title} [${defaultUri.fsPath}]`);
    return Promise.resolve(path === undefined ? undefined : { fsPath: path });
  },
  setStatusBarMessage: (text: string) => { editor.seen.push(text); },
  showInformationMessage: message,
  showWarningMessage: message,
  showErrorMessage: message,
  activeTextEditor: undefined,
  withProgress<T>(_options: object, work: (progress: object, token: { onCancellationRequested(listener: () => void): { dispose(): void } }) => Promise<T>): Promise<T> {
    return work({ report: (step: { readonly message?: string }) => { editor.progress.push(step); } }, { onCancellationRequested: () => ({ dispose: () => undefined }) });
  },
};

export const ProgressLocation = { Notification: 15 } as const;

/** The secret storage of VS Code, in memory. */
export function createSecrets() {
  const values = new Map<string, string>();
  const changed = new EventEmitter<{ readonly key: string }>();
  return {
    values,
    get: (key: string) => Promise.resolve(values.get(key)),
    store: (key: string, value: string) => {
      values.set(key, value);
      changed.fire({ key });
      return Promise.resolve();
    },
    delete: (key: string) => {
      values.delete(key);
      changed.fire({ key });
      return Promise.resolve();
    },
    keys: () => Promise.resolve([...values.keys()]),
    onDidChange: changed.event,
  };
}
