/** Carries out a step that reaches people: one holder at a time, everything on the timeline before anything is sent. */
import { CancelledError, UserError } from '../errors.ts';
import { type DeliveryReport, reportOf } from '../incident/deliveries.ts';
import type { NewEvent, StepResult, TimelineEvent } from '../incident/events.ts';
import type { Evidence } from '../incident/evidence.ts';
import type { Incident } from '../incident/fold.ts';
import type { Inputs } from './inputs.ts';
import { codeBlock, escapeMarkdown } from '../incident/markdown.ts';
import type { Letter, Post, PostAction, StepContext } from './step.ts';

/** What sends, and what keeps two people from doing the same at once. */
export interface Outgoing {
  /** Id of this installation. */
  origin(): Promise<string>;
  /** Waits until nothing more can be done for these deliveries at once. */
  settle(incident: string, deliveries: readonly string[], signal: AbortSignal): Promise<void>;
  /** Takes the step for one run of it. */
  claim(incident: Incident, step: string): Promise<StepTurn>;
}

export type StepTurn =
  | { readonly won: true; /** What could not be coordinated, in words. */ readonly note?: string; release(): Promise<void> }
  | { readonly won: false; readonly by: string };

const NOBODYS: StepTurn = { won: true, release: () => Promise.resolve() };

export interface Posted {
  readonly result: StepResult;
  /** Id of the event that holds the result; unset when there was nothing to do. */
  readonly event?: string;
  readonly deliveries: readonly DeliveryReport[];
}

export interface PostingDeps {
  readonly outgoing: Outgoing;
  readonly append: (event: NewEvent) => Promise<TimelineEvent>;
  readonly read: () => Promise<Incident>;
}

export interface Asked {
  readonly inputs: Inputs;
  /** What a person was shown and agreed to: that is sent, word for word, if it may still be. */
  readonly seen?: Post | undefined;
}

/**
 * @returns the name of who is at it when another responder is
 * @throws UserError when there is nothing to send, or it could not be recorded
 */
export async function carryOut(action: PostAction, context: StepContext & { readonly incident: Incident }, { inputs, seen }: Asked, { outgoing, append, read }: PostingDeps, signal: AbortSignal): Promise<Posted | string> {
  const { step, clock } = context;
  const started = clock.now();
  const turn: StepTurn = action.concurrent === true ? NOBODYS : await outgoing.claim(context.incident, step.id);
  if (!turn.won) {
    return turn.by;
  }
  try {
    // What somebody else did while this one waited for its turn is seen.
    const composed = await action.compose({ ...context, incident: await read() }, inputs, signal);
    if (signal.aborted) {
      throw new CancelledError();
    }
    if (seen !== undefined && waysOf(seen) !== waysOf(composed)) {
      throw new UserError('To whom it would go, or how, has changed since it was shown. Look at it again, then send it.');
    }
    const post = seen ?? composed;
    const evidence = evidenceOf(post, turn.note);
    const result: StepResult = {
      step: step.id, title: step.title, section: step.section, outcome: 'done', level: evidence.level, summary: evidence.summary, evidence, durationMs: clock.now() - started,
    };
    if (post.events.length + post.letters.length === 0) {
      return { result, deliveries: [] };
    }
    for (const event of post.events) {
      await append(event);
    }
    const ids = await request(post.letters, step.id, await outgoing.origin(), append);
    const { id: event } = await append({ type: 'step.finished', result });
    await outgoing.settle(context.incident.id, ids, signal);
    const deliveries = (await read()).deliveries.filter(({ id }) => ids.includes(id));
    for (const arrived of deliveries.filter(({ state }) => state === 'done').flatMap((delivery) => action.arrived?.(delivery) ?? [])) {
      await append(arrived);
    }
    return { result, event, deliveries: deliveries.map(reportOf) };
  } finally {
    await turn.release();
  }
}

/** To whom a post goes and by which calls, whatever it says: those who were told meanwhile are not told again, and nothing is opened twice. */
function waysOf({ letters }: Post): string {
  return JSON.stringify(letters.map(({ service, call, target, contacts = [], byHand }) => [service, call, target, contacts, byHand !== undefined]));
}

async function request(letters: readonly Letter[], step: string, origin: string, append: PostingDeps['append']): Promise<string[]> {
  const ids: string[] = [];
  for (const { byHand, after, ...letter } of letters) {
    const following = (after ?? []).flatMap((place) => ids[place] ?? []);
    const { id } = await append({ type: 'delivery.requested', origin, delivery: { ...letter, step, ...(following.length === 0 ? {} : { after: following }) } });
    ids.push(id);
    if (byHand !== undefined) {
      await append({ type: 'delivery.held', request: id, reason: byHand });
    }
  }
  return ids;
}

/** What was asked for; what became of it is drawn from the timeline whenever it is shown. */
function evidenceOf({ summary, level = 'ok', notes = [], letters, facts = {} }: Post, note: string | undefined): Evidence {
  const all = [...notes, ...(note === undefined ? [] : [escapeMarkdown(note)])];
  return {
    summary, level: note !== undefined && level === 'ok' ? 'warn' : level,
    markdown: [
      all.map((line) => `- ${line}`).join('\n'),
      ...letters.map(({ target, text, byHand }) => [`**${escapeMarkdown(target)}**${byHand === undefined ? '' : ` (by hand: ${escapeMarkdown(byHand)})`}`, codeBlock(text)].join('\n\n')),
    ].filter((part) => part !== '').join('\n\n'),
    data: facts,
  };
}
