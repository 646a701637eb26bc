/** Responders who share incidents through one fake GitHub: each on a machine of their own, or several windows on one. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { TimelineEvent } from '../../src/incident/events.ts';
import { type Incident, fold } from '../../src/incident/fold.ts';
import { formatEventMarker, isShared, readEventMarkers } from '../../src/incident/markers.ts';
import { createRedactor, redactEvent } from '../../src/incident/redact.ts';
import type { IssueThreads } from '../../src/ledger/issue-thread.ts';
import type { LocalLedger } from '../../src/ledger/local-ledger.ts';
import { StepClaims } from '../../src/ledger/shared/claims.ts';
import { openShared } from '../../src/ledger/shared/open.ts';
import { SharedTimeline } from '../../src/ledger/shared/sync.ts';
import { GitHubClient } from '../../src/services/github/client.ts';
import { githubThreads } from '../../src/services/github/issues.ts';
import { wait } from '../../src/wait.ts';
import { buildLedger, declaration } from './build-ledger.ts';
import type { TestClock } from './clock.ts';
import { ask } from './fakes/ask.ts';
import type { GitHubFake } from './fakes/github.ts';

export const REPOSITORY = 'acme/shop';
export const TOKENS = { Amira: 'gho_invented-push', Grace: 'gho_invented-second-push', Mallory: 'gho_invented-read-only' } as const;
export type Person = keyof typeof TOKENS;

const redactor = createRedactor();
const NEVER = new AbortController().signal;

export interface Responder {
  readonly name: Person;
  readonly ledger: LocalLedger;
  readonly shared: SharedTimeline;
  readonly claims: StepClaims;
  readonly threads: IssueThreads;
  /** Names of those whose events were not believed, as they were told. */
  readonly strangers: readonly string[];
  /** Exchanges once; whether both are the same now. */
  sync(incident: string): Promise<boolean>;
  note(incident: string, text: string): Promise<TimelineEvent>;
  open(ticket: string | number): Promise<Incident>;
  /** Those that belong on the ticket, as recorded. */
  timeline(incident: string): Promise<readonly TimelineEvent[]>;
}

export interface ResponderOptions {
  /** Name of the machine's folder; two responders with the same are two windows. Default: a machine of their own. */
  readonly machine?: string;
  /** For one call to GitHub, ms. */
  readonly timeoutMs?: number;
  readonly claimTimeoutMs?: number;
  /** Wraps what talks to GitHub. */
  readonly through?: (threads: IssueThreads) => IssueThreads;
  readonly clock?: TestClock;
  /** Records secrets as they are, as a version with fewer patterns did. */
  readonly isCareless?: boolean;
}

export function createResponder(github: GitHubFake, worldClock: TestClock, root: string, name: Person, options: ResponderOptions = {}): Responder {
  const { machine = name, timeoutMs = 5_000, claimTimeoutMs = 5_000, through = (same) => same, clock = worldClock, isCareless = false } = options;
  const directory = path.join(root, machine);
  mkdirSync(directory, { recursive: true });
  const ledger = buildLedger(directory, { clock, actor: () => ({ name, kind: 'person' }), ...(isCareless ? { redact: (event) => event } : {}) });
  const threads = through(githubThreads(new GitHubClient({ url: github.url, repository: REPOSITORY, token: TOKENS[name] }, { clock, timeoutMs })));
  const strangers: string[] = [];
  const redact: ConstructorParameters<typeof SharedTimeline>[0]['redact'] = (event) => redactEvent(event, redactor);
  const shared = new SharedTimeline({
    store: ledger, clock, redact, threads: () => Promise.resolve(threads), onStranger: (_incident, author) => { strangers.push(author); }, log: () => undefined,
  });
  return {
    name, ledger, shared, threads, strangers,
    claims: new StepClaims({ store: ledger, shared, clock, wait, origin: () => Promise.resolve(machine), timeoutMs: claimTimeoutMs }),
    sync: (incident) => shared.sync(incident, NEVER),
    note: (incident, text) => ledger.append(incident, { type: 'finding.documented', text }),
    open: (ticket) => openShared({ store: ledger, threads, redact }, ticket, NEVER),
    timeline: async (incident) => (await ledger.timeline(incident)).filter(isShared),
  };
}

/** Declares an incident and opens its ticket, as the step of the runbook does. @returns the incident and the ticket's number */
export async function shareIncident(github: GitHubFake, { ledger, name }: Responder, title = 'Portals answer 503'): Promise<{ readonly incident: string; readonly ticket: number }> {
  const { id, events } = await ledger.declare(declaration(title));
  const ticket = await openIssue(github, name, `Details\n\n${events.map(formatEventMarker).join('\n')}`);
  await ledger.append(id, { type: 'ticket.linked', repository: REPOSITORY, number: ticket, url: `https://github.com/${REPOSITORY}/issues/${ticket}` });
  return { incident: id, ticket };
}

export async function openIssue(github: GitHubFake, name: Person, body: string): Promise<number> {
  const { body: issue } = await ask('POST', `${github.url}/repos/${REPOSITORY}/issues`, {
    headers: { authorization: `Bearer ${TOKENS[name]}` }, json: { title: 'INCIDENT: Portals answer 503', body, labels: ['incident'] },
  });
  return (issue as { readonly number: number }).number;
}

/** Writes a comment on GitHub's own page. */
export async function comment(github: GitHubFake, name: Person, ticket: number, body: string): Promise<number> {
  const { body: made } = await ask('POST', `${github.url}/repos/${REPOSITORY}/issues/${ticket}/comments`, { headers: { authorization: `Bearer ${TOKENS[name]}` }, json: { body } });
  return (made as { readonly id: number }).id;
}

/** GitHub says of everybody in the fake that they are members; of these it does not. */
export function setStrangers(github: GitHubFake, ...logins: readonly string[]): void {
  const judged = (item: unknown): unknown => {
    const { user } = item as { readonly user: { readonly login: string } };
    return logins.includes(user.login) ? { ...(item as object), author_association: 'NONE' } : item;
  };
  for (const operation of ['listComments', 'createComment', 'getIssue', 'listIssues'] as const) {
    github.alter(operation, (reply) => (reply.status >= 300 || reply.body === undefined ? reply : { ...reply, body: Array.isArray(reply.body) ? reply.body.map(judged) : judged(reply.body) }));
  }
}

/** Ids of the events on a ticket, those of its text first; twice when they are there twice. */
export function idsOnTicket(github: GitHubFake, ticket: number): string[] {
  const texts = [github.state.issues.find(({ number }) => number === ticket)?.body ?? '', ...github.state.comments.filter(({ issue }) => issue === ticket).map(({ body }) => body)];
  return texts.flatMap((text) => readEventMarkers(text).map(({ id }) => id));
}

/** Everybody exchanges until nothing is left to say. @throws Error when that does not happen */
export async function settle(incident: string, ...responders: readonly Responder[]): Promise<void> {
  for (let round = 0; round < 10; round++) {
    const counts = await Promise.all(responders.map(async (responder) => {
      await responder.sync(incident);
      return responder.shared.state(incident)?.pending ?? 0;
    }));
    const views = await Promise.all(responders.map((responder) => view(responder, incident)));
    if (counts.every((count) => count === 0) && new Set(views.map((seen) => seen?.events.map(({ id }) => id).join())).size === 1) {
      return;
    }
  }
  throw new Error('They do not converge');
}

/** What a responder sees, without what is only about one machine. */
export async function view(responder: Responder, incident: string): Promise<Incident | undefined> {
  return fold(await responder.timeline(incident));
}
