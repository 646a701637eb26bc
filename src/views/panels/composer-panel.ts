/** The extension's side of the composer panel: what is sent is what was shown, once, and recorded before it leaves. */
import { randomUUID } from 'node:crypto';
import * as vscode from 'vscode';
import { CancelledError, UserError } from '../../errors.ts';
import { iso, timeOfDay } from '../../incident/clock.ts';
import { t } from '../../l10n.ts';
import {
  type ComposerContract, type ComposerModel, type DeliveryDeed, type Draft, type Drafts, MESSAGE_KINDS, MESSAGE_STEPS, type MessageKind, type Preview, type Sent,
} from '../../protocol/composer.ts';
import type { Post } from '../../steps/step.ts';
import { unescapeMarkdown } from '../../incident/markdown.ts';
import { coalesce } from '../coalesce.ts';
import { buttonFor, missingFor } from '../post-preview.ts';
import { type Writing, fieldsOf, fillsOf, inputsOf, missingIn, sentBefore, valuesOf } from './composer-fields.ts';
import { composerModel, draftsIn, writingOf } from './composer-model.ts';
import { previewLetter, previewOnTicket } from './letter-preview.ts';
import type { PanelDeps } from './panel-deps.ts';
import type { PanelFactory, PanelSession } from './panels.ts';

/** What a person was shown last, and may send. */
interface Shown {
  readonly id: string;
  /** Epoch ms. */
  readonly at: number;
  readonly draft: string;
  readonly message: MessageKind;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly post: Post;
  /** Services that it could not go through then, so that a person would have to do it. */
  readonly away: readonly string[];
}

/** So long what was shown may be sent, ms: it says when it was written and when the next one comes. */
const SHOWN_FOR_MS = 10 * 60_000;
/** In place of what is not written yet, so that the rest can be seen already. */
const NOT_YET = '…';

const DEEDS: Readonly<Record<DeliveryDeed, string>> = {
  copy: 'incidentRunbook.copyDelivery', done: 'incidentRunbook.confirmDelivery', retry: 'incidentRunbook.retryDelivery', open: 'incidentRunbook.openDelivery',
};

export function composerPanel(deps: PanelDeps): PanelFactory<ComposerContract> {
  return (session) => new ComposerRoom(deps, session).room();
}

class ComposerRoom {
  readonly #deps: PanelDeps;
  readonly #session: PanelSession<ComposerContract>;
  #shown: Shown | undefined;
  #sending: MessageKind | undefined;
  /** It was asked for and has been told; whoever is next is chosen anew. */
  #told: string | undefined;

  constructor(deps: PanelDeps, session: PanelSession<ComposerContract>) {
    this.#deps = deps;
    this.#session = session;
  }

  room(): ReturnType<PanelFactory<ComposerContract>> {
    const { ledger, connections, onError } = this.#deps;
    const push = coalesce(() => {
      if (this.#session.visible()) {
        this.#model().then((model) => { this.#session.tell('changed', model); }, onError);
      }
    });
    const subscriptions = [
      ledger.onDidChange((incident) => { if (incident === this.#session.subject().incident) { push.call(); } }),
      connections.onDidChange(() => { push.call(); }),
    ];
    return {
      title: t('Update Composer'),
      handlers: {
        load: () => this.#model(),
        preview: (draft, signal) => this.#preview(draft, signal),
        send: async (draft) => {
          try {
            return await this.#send(draft);
          } finally {
            push.call();
          }
        },
        keep: ({ drafts }) => {
          this.#keep(draftsIn(drafts));
          return {};
        },
        deliver: async ({ delivery, what }) => {
          await vscode.commands.executeCommand(DEEDS[what], { kind: 'delivery', key: delivery, incident: this.#incident(), delivery });
          return {};
        },
        connect: async ({ service }) => {
          await vscode.commands.executeCommand('incidentRunbook.connect', { kind: 'connection', key: service, service });
          return {};
        },
      },
      shown: () => {
        this.#told = undefined;
        push.call();
      },
      dispose: () => {
        push.dispose();
        subscriptions.forEach((subscription) => { subscription.dispose(); });
      },
    };
  }

  #incident(): string {
    return this.#session.subject().incident ?? '';
  }

  #drafts(): Drafts {
    return draftsIn(this.#session.draft.get());
  }

  /** Nothing is kept of an incident of which nothing is written. */
  #keep(drafts: Drafts): void {
    this.#session.draft.keep(Object.keys(drafts).length === 0 ? undefined : drafts);
  }

  async #writing(): Promise<Writing> {
    const { ledger, runbook, clock, connections } = this.#deps;
    const [incident, book, statuspage] = await Promise.all([ledger.read(this.#incident()), runbook(), connections.get('statuspage')]);
    const { contact } = this.#session.subject();
    return writingOf({ incident, runbook: book, now: clock.now(), toStatuspage: statuspage !== undefined, contact: contact === this.#told ? undefined : contact });
  }

  async #model(): Promise<ComposerModel> {
    const writing = await this.#writing();
    this.#session.retitle(t('Composer: {0}', writing.incident.title));
    return composerModel({ ...writing, drafts: this.#drafts(), sending: this.#sending });
  }

  /** @throws UserError when there is nothing to send, or not yet */
  async #preview(draft: Draft, signal: AbortSignal): Promise<Preview> {
    const { message } = draft;
    if (!MESSAGE_KINDS.includes(message)) {
      throw new UserError(t('The composer has no message "{0}".', String(message)));
    }
    this.#shown = undefined;
    const { runner, connections, redact } = this.#deps;
    const writing = await this.#writing();
    const { incident, runbook } = writing;
    const fields = fieldsOf(message, writing);
    const chosen = valuesOf(fields, {}, draft.values);
    const { fills, sources } = fillsOf(message, chosen, writing);
    const values = valuesOf(fields, fills, draft.values);
    refuseOver(message, writing, values['again'] === true);
    const missing = missingIn(fields, values);
    const inputs = inputsOf(message, { ...values, ...Object.fromEntries(missing.map((id) => [id, NOT_YET])) }, writing);
    const composed = await runner.preview({ incident: incident.id, step: MESSAGE_STEPS[message], inputs }, signal);
    if (composed === undefined) {
      throw new UserError(t('This workspace is in Restricted Mode, so nothing is sent. Trust it first.'), { action: { title: t('Manage Workspace Trust'), command: 'workbench.trust.manage' } });
    }
    // As it is recorded, and so as it is sent.
    const post = redact()<Post>(composed);
    const away = await missingFor(post, connections);
    if (signal.aborted) {
      // A later one is what the person sees.
      throw new CancelledError();
    }
    const id = randomUUID();
    if (missing.length === 0) {
      this.#shown = { id, at: this.#deps.clock.now(), message, inputs, post: composed, away: [...away.keys()], draft: JSON.stringify(draft.values) };
    }
    const ticket = previewOnTicket(post, incident);
    return {
      ...(missing.length === 0 ? { id } : {}),
      missing, fills, sources,
      letters: [...post.letters.map((letter) => previewLetter(letter, runbook, away)), ...(ticket === undefined ? [] : [ticket])],
      notes: (post.notes ?? []).map(unescapeMarkdown),
      button: buttonFor(post.letters, away),
    };
  }

  /** @throws UserError when it is not what was shown, or is being sent already */
  async #send({ preview, message, values }: Draft & { readonly preview: string }): Promise<Sent> {
    const shown = this.#shown;
    if (this.#sending !== undefined) {
      throw new UserError(t('A message is being sent. Wait until it is done, and look at the history before you send another.'));
    }
    if (shown === undefined || shown.id !== preview || shown.message !== message || shown.draft !== JSON.stringify(values) || this.#deps.clock.now() - shown.at > SHOWN_FOR_MS) {
      throw new UserError(t('What would be sent has changed since it was shown. Look at it again, then send it.'));
    }
    this.#shown = undefined;
    this.#sending = message;
    try {
      const away = await missingFor(shown.post, this.#deps.connections);
      if (shown.away.length !== away.size || !shown.away.every((service) => away.has(service))) {
        // What was only to be recorded would go out, or the other way round.
        throw new UserError(t('What would be sent has changed since it was shown. Look at it again, then send it.'));
      }
      // What has begun goes on to its end, also when its page is closed meanwhile.
      const result = await this.#deps.runner.run({ incident: this.#incident(), step: MESSAGE_STEPS[message], inputs: shown.inputs, seen: shown.post }, new AbortController().signal);
      if (result.status !== 'done') {
        throw new UserError(result.summary);
      }
      const { [message]: _, ...drafts } = this.#drafts();
      this.#keep(drafts);
      if (message === 'stakeholders') {
        this.#told = this.#session.subject().contact;
      }
      this.#sending = undefined;
      return { summary: result.summary, deliveries: (result.deliveries ?? []).map(({ id }) => id), model: await this.#model() };
    } finally {
      this.#sending = undefined;
    }
  }
}

/** @throws UserError when the incident is closed, or the message was sent and is sent only once */
function refuseOver(message: MessageKind, { incident }: Writing, isAgain: boolean): void {
  if (incident.status === 'closed' && message !== 'resolution') {
    throw new UserError(t('{0} is closed. Reopen it to send this.', incident.id));
  }
  const before = sentBefore(message, incident);
  if (before !== undefined && !isAgain) {
    throw new UserError(message === 'users'
      ? t('The users were notified at {0}. Send what is still waiting from the deliveries, or tick "Notify the users once more".', timeOfDay(iso(before)))
      : t('The notice was sent at {0}. Send what is still waiting from the deliveries, or tick "Send the notice once more".', timeOfDay(iso(before))));
  }
}
