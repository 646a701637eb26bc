/** The follow-ups across incidents as functions: one argument object in, JSON out (DESIGN, commands; runbook 10.4). */
import { UserError } from '../errors.ts';
import { type Clock, iso } from '../incident/clock.ts';
import { EXTENSION } from '../incident/event-base.ts';
import { type FollowUp, byDueDate, followUpsOf } from '../incident/follow-ups.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Runbook } from '../runbook/schema.ts';
import type { GitHubClient } from '../services/github/client.ts';
import type { KnownIssues } from '../services/github/follow-ups.ts';
import { Inputs } from '../steps/inputs.ts';

type Arguments = Readonly<Record<string, unknown>>;

export interface FollowUpsDeps {
  readonly ledger: Pick<Ledger, 'list' | 'read' | 'append'>;
  readonly clock: Clock;
  readonly runbook: () => Promise<Runbook>;
  /** The repository of the tickets; undefined when GitHub is not connected. */
  readonly github: () => Promise<GitHubClient | undefined>;
  /** An incident that cannot be read is left out, and told of here. */
  readonly onError: (error: unknown) => void;
}

export interface FollowUpsApi {
  /** `{ incident? }` → `{ followUps }`: all of one incident, or those that are open in any, the one due first at the top. */
  list(args: Arguments): Promise<{ followUps: readonly FollowUp[] }>;
  /**
   * `{}` → `{ changed, followUps }`: how many stand otherwise on GitHub than was known, and those that are open.
   *
   * @throws UserError when GitHub is not connected; DeliveryError when it cannot be asked
   */
  refresh(): Promise<{ changed: number; followUps: readonly FollowUp[] }>;
}

export function createFollowUpsApi({ ledger, clock, runbook, github, onError }: FollowUpsDeps): FollowUpsApi {
  let known: { readonly of: string; readonly pages: KnownIssues } = { of: '', pages: new Map() };
  let reading: Promise<number> | undefined;

  const today = (): string => iso(clock.now()).slice(0, 10);

  /** Closed incidents that have none are not even read. */
  async function open(): Promise<FollowUp[]> {
    const summaries = (await ledger.list()).filter(({ followUps = 0 }) => followUps > 0);
    const read = await Promise.all(summaries.map(({ id }) => ledger.read(id).catch((error: unknown) => { onError(error); })));
    return read.flatMap((incident) => (incident === undefined ? [] : followUpsOf(incident, today()))).filter(({ state }) => state === 'open').sort(byDueDate);
  }

  async function look(): Promise<number> {
    const [client, book, all] = await Promise.all([github(), runbook(), open()]);
    if (client === undefined) {
      throw new UserError('GitHub is not connected, so nobody can say how the follow-ups stand. Connect it first.', { action: { title: 'Connect GitHub', command: 'incidentRunbook.connectGitHub' } });
    }
    const followUps = all.filter(({ repository }) => repository.toLowerCase() === client.repository.toLowerCase());
    if (followUps.length === 0) {
      return 0;
    }
    const { label } = book.review.actionItems;
    const of = `${client.page} ${label}`;
    known = known.of === of ? known : { of, pages: new Map() };
    const { readFollowUps } = await import('../services/github/follow-ups.ts');
    const states = await readFollowUps(client, label, followUps.map(({ number }) => number), known.pages, new AbortController().signal);
    let changed = 0;
    for (const { incident, delivery, number, state, assignee } of followUps) {
      const now = states.get(number);
      if (now !== undefined && (now.state !== state || now.assignee !== assignee)) {
        await ledger.append(incident, { type: 'followup.seen', delivery, state: now.state, assignee: now.assignee }, EXTENSION);
        changed += 1;
      }
    }
    return changed;
  }

  return {
    async list(args) {
      const id = new Inputs('incidentRunbook.followUps', args).optionalText('incident');
      return { followUps: id === undefined ? await open() : followUpsOf(await ledger.read(id), today()).sort(byDueDate) };
    },
    async refresh() {
      // The view and a person may ask at the same moment: one look is enough.
      reading ??= look().finally(() => { reading = undefined; });
      return { changed: await reading, followUps: await open() };
    },
  };
}
