/** What the steps that look at GitHub share: who is asked, how its failures read, how commits are shown. */
import { CancelledError, UserError } from '../errors.ts';
import { formatDuration } from '../incident/clock.ts';
import type { Commit } from '../services/github/reads.ts';
import type { GitHubClient } from '../services/github/client.ts';
import { DeliveryError } from '../services/courier.ts';
import { linked } from '../incident/links.ts';
import { escapeMarkdown, inlineCode, table } from '../incident/markdown.ts';
import type { StepContext } from './step.ts';

/** Undefined when GitHub is not connected. */
export async function connectedGitHub({ services }: Pick<StepContext, 'services'>): Promise<GitHubClient | undefined> {
  const connection = await services.connections.get('github');
  if (connection === undefined) {
    return undefined;
  }
  const { GitHubClient: Client } = await import('../services/github/client.ts');
  return new Client(connection);
}

/** @throws UserError when GitHub is not connected */
export async function requireGitHub(context: Pick<StepContext, 'services' | 'step'>): Promise<GitHubClient> {
  const client = await connectedGitHub(context);
  if (client === undefined) {
    const { runbookCommand } = context.step;
    throw new UserError(`GitHub is not connected. Connect it with "Incident: Connect GitHub…"${runbookCommand === undefined ? '' : `, or run: ${runbookCommand.trim()}`}.`, {
      action: { title: 'Connect GitHub', command: 'incidentRunbook.connectGitHub' },
    });
  }
  return client;
}

/**
 * What asking GitHub gave.
 *
 * @throws UserError with GitHub's reason, CancelledError when the signal fired
 */
export async function asking<T>(question: Promise<T>, signal: AbortSignal): Promise<T> {
  try {
    return await question;
  } catch (error) {
    if (signal.aborted) {
      throw new CancelledError();
    }
    throw error instanceof DeliveryError ? new UserError(error.message, { cause: error }) : error;
  }
}

/** The seven characters that people read of a commit. */
export function shortSha(sha: string): string {
  return sha.slice(0, 7);
}

/** Commits as a table. @param now epoch ms, for their age */
export function commitTable(commits: readonly Commit[], now: number): string {
  return table(['Commit', 'Message', 'Author', 'Age'], commits.map(({ sha, title, author, at, url }) => [
    linked(inlineCode(shortSha(sha)), url), escapeMarkdown(title), escapeMarkdown(author ?? '–'), ageOf(at, now),
  ]));
}

/** How long ago; a time that is not given has no age. */
export function ageOf(at: number | undefined, now: number): string {
  return at === undefined || Number.isNaN(at) ? '–' : formatDuration(now - at);
}
