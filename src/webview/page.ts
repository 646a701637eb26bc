/** What every page begins with: its data, its talk with the extension, its state, and how it is drawn. */
import { type TemplateResult, html, render } from 'lit';
import { useLanguage } from '../l10n.ts';
import { CallFailed, Caller, type Failure } from '../protocol/channel.ts';
import type { PageData, PanelContract, Subject } from '../protocol/panel.ts';
import { failureNotice } from './parts.ts';
import './page.css';

interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

/** What VS Code keeps of a page while it is hidden, moved to another window, or the window is reloaded. */
interface Kept<S> {
  readonly subject: Subject;
  readonly asked: number;
  readonly state?: S;
}

export interface Page<C extends PanelContract, S> {
  /** What the panel is about now. */
  subject(): Subject;
  readonly direction: PageData['direction'];
  /** As it was kept; undefined in a new panel. */
  readonly state: S | undefined;
  /** Keeps how the page looks: small, and often. What a person has written is kept by the extension as well (`drafts`). */
  keep(state: S): void;
  readonly caller: Caller<C>;
  draw(content: TemplateResult): void;
  /** Does something that may fail; the failure is shown above the content until it is dismissed or something succeeds. */
  run(work: () => Promise<void>): void;
}

/** Once per page. */
export function openPage<C extends PanelContract, S>(): Page<C, S> {
  const data = JSON.parse(document.getElementById('data')?.textContent ?? '') as PageData;
  useLanguage(data.language);
  const api = acquireVsCodeApi();
  const last = api.getState() as Kept<S> | undefined;
  const kept = last !== undefined && data.asked > last.asked ? undefined : last;
  const asked = Math.max(data.asked, kept?.asked ?? 0);
  let { subject } = kept ?? data;
  let state = kept?.state;
  const store = (): void => { api.setState({ subject, asked, ...(state === undefined ? {} : { state }) } satisfies Kept<S>); };
  store();
  const caller = new Caller<C>({
    post: (message) => { api.postMessage(message); },
    listen: (listener) => {
      const heard = ({ data: message }: MessageEvent<unknown>): void => { listener(message); };
      window.addEventListener('message', heard);
      return () => { window.removeEventListener('message', heard); };
    },
  }, crypto.randomUUID());
  caller.on('subject', (next) => {
    subject = next as Subject;
    store();
  });
  const root = document.getElementById('page') as HTMLElement;
  let content: TemplateResult = html``;
  let failure: Failure | undefined;
  const redraw = (): void => {
    render(html`${failure === undefined ? '' : failureNotice(failure, act, () => { failure = undefined; redraw(); })}${content}`, root);
    root.removeAttribute('aria-busy');
  };
  const run = (work: () => Promise<void>): void => {
    work().then(() => {
      if (failure !== undefined) {
        failure = undefined;
        redraw();
      }
    }, (error: unknown) => {
      const found: Failure = error instanceof CallFailed ? error.failure : { kind: 'refused', message: String(error) };
      if (found.kind !== 'cancelled') {
        failure = found;
        redraw();
      }
    });
  };
  const act = (id: string): void => { run(async () => { await caller.call('act', { id }, { timeoutMs: 600_000 }); }); };
  return {
    subject: () => subject,
    direction: data.direction,
    state, caller, run,
    keep: (next) => {
      state = next;
      store();
    },
    draw: (next) => {
      content = next;
      redraw();
    },
  };
}
