/** The follow-ups across incidents as functions: one argument object in, JSON out (DESIGN, commands; runbook 10.4). */
import { UserError } from './errors.ts';
import { type Clock, iso } from './incident/clock.ts';
import { EXTENSION } from './incident/event-base.ts';
import type { Incident } from './incident/fold.ts';
import { type FollowUp, byDueDate, followUpsOf } from './incident/follow-ups.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { Runbook } from './runbook/schema.ts';
import type { GitHubClient } from './services/github/client.ts';
import { Inputs } from './steps/inputs.ts';

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
  /** `{ incident? }` → `{ followUps }`: all of one incident, or those that are open in any, overdue ones first. */
  list(args: Arguments): Promise<{ followUps: readonly FollowUp[] }>;
  /** `{}` → `{ changed, followUps }`: how many stand otherwise on GitHub than was known, and those that are open. @throws UserError, DeliveryError when GitHub cannot be asked */
  refresh(args: Arguments): Promise<{ changed: number; followUps: readonly FollowUp[] }>;
}

export function createFollowUpsApi({ ledger, clock, runbook, github, onError }: FollowUpsDeps): FollowUpsApi {
  /** What the etag is of, and what was asked for then: another question has another answer. */
  let last: { readonly of: string; readonly etag: string | undefined } | undefined;
  let reading: Promise<number> | undefined;

  const today = (): string => iso(clock.now()).slice(0, 10);

  /** Incidents that have open follow-ups; closed ones that have none are not even read. */
  async function incidents(): Promise<Incident[]> {
    const summaries = (await ledger.list()).filter(({ followUps = 0 }) => followUps > 0);
    const read = await Promise.all(summaries.map(({ id }) => ledger.read(id).catch((error: unknown) => { onError(error); })));
    return read.filter((incident) => incident !== undefined);
  }

  async function open(): Promise<FollowUp[]> {
    return (await incidents()).flatMap((incident) => followUpsOf(incident, today())).filter(({ state }) => state === 'open').sort(byDueDate);
  }

  async function refresh(): Promise<number> {
    const [client, book, known] = await Promise.all([github(), runbook(), incidents()]);
    if (client === undefined) {
      throw new UserError('GitHub is not connected, so nobody can say how the follow-ups stand. Connect it first.', { action: { title: 'Connect GitHub', command: 'incidentRunbook.connectGitHub' } });
    }
    const followUps = known.flatMap((incident) => followUpsOf(incident, today())).filter(({ repository }) => repository === client.repository);
    if (followUps.length === 0) {
      return 0;
    }
    const { readFollowUps } = await import('./services/github/follow-ups.ts');
    const { label } = book.review.actionItems;
    const numbers = followUps.map(({ number }) => number);
    const of = [client.page, label, ...numbers].join(' ');
    const answer = await readFollowUps(client, label, numbers, last?.of === of ? last.etag : undefined, new AbortController().signal);
    let changed = 0;
    for (const { incident, delivery, number, ...was } of answer === undefined ? [] : followUps) {
      const now = answer?.states.get(number);
      const assigned = known.find(({ id }) => id === incident)?.followUps.get(delivery)?.assignee ?? was.owner;
      if (now !== undefined && (now.state !== was.state || (now.assignee !== assigned && !(now.assignee === '' && was.owner === assigned && isUnseen(known, incident, delivery))))) {
        await ledger.append(incident, { type: 'followup.seen', delivery, ...now }, EXTENSION);
        changed += 1;
      }
    }
    last = answer === undefined ? last : { of, etag: answer.etag };
    return changed;
  }

  return {
    async list(args) {
      const id = new Inputs('incidentRunbook.followUps', args).optionalText('incident');
      return { followUps: id === undefined ? await open() : followUpsOf(await ledger.read(id), today()).sort(byDueDate) };
    },
    async refresh() {
      // The view and a person may ask at the same moment: one look is enough.
      reading ??= refresh().finally(() => { reading = undefined; });
      return { changed: await reading, followUps: await open() };
    },
  };
}
