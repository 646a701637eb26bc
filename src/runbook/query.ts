/** Small questions to a loaded runbook. Types only from the schema: safe to load at activation. */
import { UserError } from '../errors.ts';
import type { NamedEnvironment } from './references.ts';
import type { Runbook, RunbookContact, RunbookStep } from './schema.ts';

export function stepById(runbook: Runbook, id: string): RunbookStep | undefined {
  return runbook.steps.find((step) => step.id === id);
}

/** The steps of a phase, in the order of the file. */
export function stepsOfPhase(runbook: Runbook, phase: string): RunbookStep[] {
  return runbook.steps.filter((step) => step.phase === phase);
}

/** The checks that "Investigate" runs together (runbook 5); the loader made sure that they only read. */
export function investigationSteps(runbook: Runbook): RunbookStep[] {
  return runbook.steps.filter((step) => step.investigate === true);
}

export function contactById(runbook: Runbook, id: string): RunbookContact | undefined {
  return Object.hasOwn(runbook.contacts, id) ? runbook.contacts[id] : undefined;
}

/** Ids of the contacts that somebody on a timeline goes by: a role, a login, a Slack name. */
export function contactsNamed(runbook: Runbook, person: string): string[] {
  const wanted = person.trim().replace(/^@/, '').toLowerCase();
  return Object.entries(runbook.contacts)
    .filter(([id, { title, github, slack, slackUser }]) => [id, title, github, slack?.replace(/^@/, ''), slackUser].some((name) => name?.toLowerCase() === wanted))
    .map(([id]) => id);
}

/** Every environment, the default first. */
export function environmentsOf(runbook: Runbook): NamedEnvironment[] {
  return Object.entries(runbook.environments).map(([key, data]) => ({ key, data }));
}

/**
 * @param key defaults to the first environment of the file
 * @throws UserError naming the environments there are
 */
export function environmentByKey(runbook: Runbook, key?: string): NamedEnvironment {
  const all = environmentsOf(runbook);
  const found = key === undefined ? all[0] : all.find((environment) => environment.key === key);
  if (found === undefined) {
    throw new UserError(
      `The runbook has no environment "${key ?? ''}". Choose one of: ${all.map((environment) => environment.key).join(', ')}.`,
    );
  }
  return found;
}
