/** The panels as VS Code keeps them: opened once per incident, restored after a reload, talking to their page. */
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { CancelledError, UserError, messageOf } from '../../errors.ts';
import { currentLanguage, t } from '../../l10n.ts';
import { type EventName, type Failure, type Handlers, type Port, serve, tell } from '../../protocol/channel.ts';
import type { ComposerContract } from '../../protocol/composer.ts';
import type { MetricsContract } from '../../protocol/metrics.ts';
import type { OverviewContract } from '../../protocol/overview.ts';
import { type CommonCalls, type CommonEvents, type OpenTarget, type PanelContract, type PanelKind, type Subject, viewTypeOf } from '../../protocol/panel.ts';
import type { SeverityContract } from '../../protocol/severity.ts';
import { panelHtml } from './panel-html.ts';

interface Contracts {
  readonly severity: SeverityContract;
  readonly composer: ComposerContract;
  readonly overview: OverviewContract;
  readonly metrics: MetricsContract;
}

/** What a panel may do with its page. */
export interface PanelSession<C extends PanelContract> {
  /** What it is about now. */
  subject(): Subject;
  /** A page that is hidden does not hear it. */
  tell<N extends EventName<C>>(name: N, what: C['events'][N]): void;
  /** Whether somebody can see it now. */
  visible(): boolean;
  retitle(title: string): void;
  close(): void;
  /** What a person has written and not sent: it outlives the page, the panel and the window. JSON; undefined forgets it. */
  readonly draft: { get(): unknown; keep(value: unknown): void };
}

/** A panel while it is open. */
export interface PanelRoom<C extends PanelContract> {
  readonly title: string;
  readonly handlers: Omit<Handlers<C>, keyof CommonCalls>;
  /** The page can be seen again, or another subject was asked for. */
  shown?(): void;
  dispose?(): void;
}

export type PanelFactory<C extends PanelContract> = (session: PanelSession<C>) => PanelRoom<C>;

export interface PanelsOptions {
  readonly extensionUri: vscode.Uri;
  readonly factories: { readonly [K in PanelKind]: PanelFactory<Contracts[K]> };
  /** Opens what a page names. */
  readonly open: (target: OpenTarget) => Promise<void>;
  /** Keeps drafts. */
  readonly memento: vscode.Memento;
  /** A text without secrets. */
  readonly redact: (text: string) => string;
  readonly onError: (error: unknown) => void;
}

interface OpenPanel {
  readonly panel: vscode.WebviewPanel;
  subject: Subject;
  readonly port: Port;
  readonly room: PanelRoom<CommonContract>;
}

/** What all panels speak; each page and its room speak more. */
interface CommonContract {
  readonly calls: CommonCalls;
  readonly events: CommonEvents;
}

export class Panels implements vscode.Disposable {
  readonly #options: PanelsOptions;
  readonly #panels = new Map<string, OpenPanel>();

  constructor(options: PanelsOptions) {
    this.#options = options;
  }

  /** Opens the panel, or shows the one that is open for this incident. */
  show(kind: PanelKind, subject: Subject): void {
    const open = this.#panels.get(keyOf(kind, subject));
    if (open === undefined) {
      const panel = vscode.window.createWebviewPanel(viewTypeOf(kind), '', vscode.ViewColumn.Active, { enableFindWidget: true });
      this.#enter(kind, panel, subject);
      return;
    }
    open.subject = subject;
    if (!open.panel.visible && (subject.message ?? subject.contact) !== undefined) {
      // A page that is hidden hears nothing: it begins anew with what was asked for.
      this.#write(open.panel, kind, subject, Date.now());
    }
    open.panel.reveal();
    tell<CommonContract, 'subject'>(open.port, 'subject', subject);
    open.room.shown?.();
  }

  /** A panel that VS Code brings back after a reload. @param state what its page had kept */
  restore(kind: PanelKind, panel: vscode.WebviewPanel, state: unknown): void {
    const subject = subjectIn(state);
    if (kind !== 'metrics' && subject.incident === undefined) {
      // The window ended before it was kept what the panel was about.
      panel.dispose();
      return;
    }
    if (this.#panels.has(keyOf(kind, subject))) {
      // VS Code brings a tab back when it is first looked at: until then the same may have been opened anew.
      panel.dispose();
      this.#panels.get(keyOf(kind, subject))?.panel.reveal();
      return;
    }
    this.#enter(kind, panel, subject);
  }

  /** The language has changed: every page is made anew. */
  redraw(): void {
    this.#panels.forEach(({ panel, subject }, key) => { this.#write(panel, key.split(' ')[0] as PanelKind, subject); });
  }

  dispose(): void {
    this.#panels.forEach(({ panel }) => { panel.dispose(); });
  }

  #enter(kind: PanelKind, panel: vscode.WebviewPanel, subject: Subject): void {
    const key = keyOf(kind, subject);
    const { extensionUri, factories, memento } = this.#options;
    panel.webview.options = { enableScripts: true, enableForms: false, localResourceRoots: [vscode.Uri.joinPath(extensionUri, 'dist', 'webview')] };
    // What a closed panel had begun goes on to its end, and VS Code throws at whoever asks it for anything.
    let isClosed = false;
    const port: Port = {
      // Of a page that is gone: it hears nothing any more.
      post: (message) => {
        if (!isClosed) {
          void panel.webview.postMessage(message).then(undefined, () => undefined);
        }
      },
      listen: (listener) => {
        const listening = panel.webview.onDidReceiveMessage(listener);
        return () => { listening.dispose(); };
      },
    };
    const draftKey = `draft ${key}`;
    const session: PanelSession<CommonContract> = {
      subject: () => open.subject,
      tell: (name, what) => { tell<CommonContract, typeof name>(port, name, what); },
      visible: () => !isClosed && panel.visible,
      retitle: (title) => {
        if (!isClosed) {
          panel.title = title;
        }
      },
      close: () => { panel.dispose(); },
      draft: { get: () => memento.get(draftKey), keep: (value) => { memento.update(draftKey, value).then(undefined, this.#options.onError); } },
    };
    const open = { panel, subject, port } as OpenPanel;
    // Each room speaks the contract of its own page, and what it says of it goes through as it is.
    const room = (factories[kind] as unknown as PanelFactory<CommonContract>)(session);
    this.#panels.set(key, Object.assign(open, { room }));
    panel.title = room.title;
    const actions = new Map<string, NonNullable<UserError['action']>>();
    const handlers: Handlers<CommonContract> = {
      ...room.handlers,
      act: async ({ id }) => {
        const action = actions.get(id);
        if (action !== undefined) {
          await vscode.commands.executeCommand(action.command, ...(action.args ?? []));
        }
        return {};
      },
      open: async (target) => {
        await this.#options.open(target);
        return {};
      },
    };
    const end = serve<CommonContract>(port, handlers, (error, name) => this.#failureOf(error, `${kind} ${name}`, actions));
    const seeing = panel.onDidChangeViewState(() => { if (panel.visible) { room.shown?.(); } });
    panel.onDidDispose(() => {
      isClosed = true;
      this.#panels.delete(key);
      seeing.dispose();
      end();
      room.dispose?.();
    });
    this.#write(panel, kind, subject);
  }

  /** @param asked when somebody asked for the subject, epoch ms; a page that was drawn before then keeps nothing of how it was */
  #write(panel: vscode.WebviewPanel, kind: PanelKind, subject: Subject, asked = 0): void {
    const { webview } = panel;
    const file = (name: string): string => webview.asWebviewUri(vscode.Uri.joinPath(this.#options.extensionUri, 'dist', 'webview', name)).toString();
    const language = currentLanguage();
    webview.html = panelHtml({
      source: webview.cspSource, nonce: randomBytes(18).toString('base64url'), script: file(`${kind}.js`), styles: [file('codicon.css'), file(`${kind}.css`)], title: panel.title,
      data: { subject, asked, language, direction: language.locale.startsWith('ar') ? 'rtl' : 'ltr' },
    });
  }

  #failureOf(error: unknown, call: string, actions: Map<string, NonNullable<UserError['action']>>): Failure {
    if (error instanceof CancelledError) {
      return { kind: 'cancelled', message: '' };
    }
    const { redact, onError } = this.#options;
    if (!(error instanceof UserError)) {
      onError(new Error(`${call}: ${messageOf(error)}`, { cause: error }));
      return { kind: 'refused', message: redact(t('Unexpected error: {0}. See the log.', messageOf(error))) };
    }
    const { action } = error;
    const message = redact(t(/* l10n: table */ error.message));
    if (action === undefined) {
      return { kind: 'refused', message };
    }
    const id = String(actions.size);
    actions.set(id, action);
    return { kind: 'refused', message, action: { id, title: t(/* l10n: table */ action.title) } };
  }
}

function keyOf(kind: PanelKind, { incident }: Subject): string {
  return `${kind} ${incident ?? ''}`;
}

/** What a page has kept comes back through VS Code's storage: only what a subject may hold is taken from it. */
function subjectIn(state: unknown): Subject {
  const kept = typeof state === 'object' && state !== null && 'subject' in state && typeof state.subject === 'object' && state.subject !== null ? state.subject as Readonly<Record<string, unknown>> : {};
  return Object.fromEntries(['incident', 'message', 'contact'].flatMap((name) => (typeof kept[name] === 'string' ? [[name, kept[name]]] : [])));
}

