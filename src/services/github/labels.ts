import type { GitHubClient } from './client.ts';
import { GitHubRefusal } from './failures.ts';

/** Every ticket of an incident has it (runbook 4.3). */
export const INCIDENT_LABEL = 'incident';

interface LabelStyle {
  /** Hexadecimal, without `#`. */
  readonly color: string;
  readonly description: string;
}

const STYLES: Readonly<Record<string, LabelStyle>> = {
  [INCIDENT_LABEL]: { color: '5319e7', description: 'An incident, handled by the runbook' },
  'incident-followup': { color: '1d76db', description: 'What an incident review found to be done' },
  P1: { color: 'b60205', description: 'Severity P1: complete outage' },
  P2: { color: 'd93f0b', description: 'Severity P2: major degradation' },
  P3: { color: 'fbca04', description: 'Severity P3: partial degradation' },
  P4: { color: '0e8a16', description: 'Severity P4: minor issue with a workaround' },
};

/**
 * Creates those of the labels that the repository does not have. A token that may not is no failure: the ticket matters
 * more than its labels.
 *
 * @throws DeliveryError when GitHub cannot be asked now, or does not know the repository
 */
export async function ensureLabels(client: GitHubClient, names: readonly string[], signal: AbortSignal): Promise<void> {
  if (names.length === 0) {
    return;
  }
  const labels = await client.readAll('the labels', (rest, at) => rest.issues.listLabelsForRepo({ ...at }), signal);
  const missing = missingFrom(names, labels.map(({ name }) => name));
  for (const name of missing) {
    const problem = await tryLabel(client, name, signal);
    if (problem !== undefined) {
      return;
    }
  }
}

/**
 * Creates a label, or finds that it exists: then nothing changes.
 *
 * @returns why the token may not; undefined when it may
 * @throws DeliveryError when GitHub cannot be asked now
 */
export async function tryLabel(client: GitHubClient, name: string, signal: AbortSignal): Promise<GitHubRefusal | undefined> {
  const style = Object.hasOwn(STYLES, name) ? STYLES[name] : undefined;
  try {
    await client.write('the labels', (rest, at) => rest.issues.createLabel({ ...at, name, ...style }), signal);
    return undefined;
  } catch (error) {
    if (error instanceof GitHubRefusal) {
      return error.codes.includes('already_exists') ? undefined : error;
    }
    throw error;
  }
}

/** Those of the names that are not among the others; GitHub's labels and logins do not tell A from a. */
export function missingFrom(wanted: readonly string[], there: readonly string[]): string[] {
  const known = there.map((name) => name.toLowerCase());
  return wanted.filter((name) => !known.includes(name.toLowerCase()));
}
