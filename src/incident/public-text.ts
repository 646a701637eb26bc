/** What those outside the team read (runbook 7.2, 9.3): how a thing is called, and texts that need no person at night. */
import { type Delivery, stands } from './deliveries.ts';
import type { Severity } from './events.ts';
import type { Incident } from './fold.ts';
import { utc } from './markdown.ts';

/** What users notice, without a word of how it is built: nobody reads these before they are sent at night. */
const FOR_USERS: Readonly<Record<Severity, string>> = {
  P1: 'has a serious problem, and most of it or all of it may not work at the moment',
  P2: 'is slow or does not work for many of its users at the moment',
  P3: 'has a part that does not work for some of its users at the moment',
  P4: 'has a minor problem at the moment',
};

/** @param environment what is affected, as people call it; @param impact what users notice, in their words */
export function usersText({ times }: Incident, severity: Severity, environment: string, impact: string | undefined): string {
  return [
    `${environment} ${FOR_USERS[severity]}.`,
    ...(impact === undefined ? [] : [`What you may notice: ${impact}`]),
    ...(times.impactStarted === undefined ? [] : [`It began at ${utc(Date.parse(times.impactStarted.at))}.`]),
    'We are working on it and will tell you as soon as it is solved.',
  ].join('\n');
}

/** A title without a word about what is broken inside. */
export function publicTitle(environment: string): string {
  return `Problems with ${environment}`;
}

/** What stands on the status page, or will, the oldest first. */
export function onStatusPage({ deliveries }: Incident): Delivery[] {
  return deliveries.filter((delivery) => (delivery.service === 'statuspage' || (delivery.service === 'workspace' && delivery.call === 'writeStatusPage')) && stands(delivery));
}

/** The components that were named last: what was marked as broken is marked as working again in the end. */
export function componentsOf(sent: readonly Delivery[]): readonly string[] {
  const { components, affected } = sent.at(-1)?.data ?? {};
  const named = components ?? affected;
  return Array.isArray(named) ? named.filter((name) => typeof name === 'string') : [];
}

/** What was affected: what the status page in the repository names, in the environment. */
export function affectedPart({ deliveries }: Incident, environment: string): string {
  const affected = deliveries.findLast(({ call, data }) => call === 'writeStatusPage' && Array.isArray(data['affected']) && data['affected'].length > 0)?.data['affected'];
  return Array.isArray(affected) ? `${affected.join(', ')} (${environment})` : environment;
}

/** What was sent for this end, and not for one before the incident was reopened. */
export function sinceReopened({ deliveries, events }: Incident): readonly Delivery[] {
  const reopened = events.findLast(({ type }) => type === 'incident.reopened')?.at ?? '';
  return deliveries.filter(({ at }) => at >= reopened);
}
