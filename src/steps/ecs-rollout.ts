/** Where the rollout of an ECS deployment stands. Pure: told what ECS shows. */
import { firstLine, shorten } from '../incident/shorten.ts';
import type { EcsService, ServiceDeployment } from '../services/aws/ecs.ts';
import { describeService } from './chapter-5-services.ts';
import { primaryOf } from './ecs-target.ts';
import type { Level } from '../incident/evidence.ts';
import type { Outlook } from './step.ts';

/** What is looked for. */
export interface Awaited {
  /** Id of the deployment that was the primary one when the plan was made. */
  readonly before: string;
  /** `family:revision` of the new deployment. */
  readonly taskDefinition: string;
  /** Id of the new deployment, where the call that made it was answered. */
  readonly deployment?: string | undefined;
  /** When the change was asked for, epoch ms: service events before that say nothing about it. */
  readonly since?: number | undefined;
}

/** Words of ECS's own messages that mean trouble; tasks that stop are part of every rollout. */
const TROUBLE = /\bfailed\b|unhealthy|unable to|OutOfMemory|out of memory|insufficient|error/i;
const ROLLED_BACK = /\broll(?:ed|ing)[ -]back/i;

/** Tells it from the primary deployment before; also when nobody knows the new one's id (after a crash). */
export function judgeRollout(service: EcsService, awaited: Awaited): Outlook {
  const { before, taskDefinition, deployment: id } = awaited;
  const primary = primaryOf(service);
  const own = id === undefined ? undefined : service.deployments.find((deployment) => deployment.id === id);
  const newest = service.deployments.filter((deployment) => deployment.id !== before && deployment.taskDefinition === taskDefinition).sort((a, b) => b.createdAt - a.createdAt);
  const failed = [own, ...newest].find((deployment) => deployment?.rolloutState === 'FAILED');
  if (failed !== undefined) {
    return failure(service, `The new deployment failed (${failed.rolloutReason.replace(/\.+$/, '') || 'ECS gives no reason'})`, failed);
  }
  if (wasRolledBack(service, awaited)) {
    return failure(service, 'The new deployment failed');
  }
  // A later one of the same revision has taken its place: what was wanted happens all the same.
  const watched = own !== undefined && own === primary ? own : newest.find((deployment) => deployment === primary);
  if (watched !== undefined) {
    return progress(service, watched);
  }
  if (primary?.id === before && id !== undefined) {
    // What ECS shows may be some seconds behind what it was told.
    return { state: 'underway', summary: `ECS does not show the new deployment yet; ${service.name} has ${counts(service)}`, portion: 0 };
  }
  if (primary?.id === before) {
    return { state: 'not made', summary: `${service.name} still has the deployment of ${primary.taskDefinition} it had before, with ${counts(service)}` };
  }
  return {
    state: 'unclear',
    summary: `Another deployment, of ${primary?.taskDefinition ?? 'an unknown revision'}, has taken the place of this one: somebody else has changed ${service.name}, which has ${counts(service)}. Look at its deployments`,
  };
}

/** The new deployment may be gone from the list, and the one that ECS went back to may be the old one or another. */
function wasRolledBack(service: EcsService, { before, deployment: id, since }: Awaited): boolean {
  const primary = primaryOf(service);
  const told = service.events.some(({ at, message }) => id !== undefined
    ? message.includes(`(deployment ${id})`) && /\bfailed\b/i.test(message)
    : since !== undefined && at >= since && /\(deployment [^)]+\) deployment failed/i.test(message));
  return told || (primary !== undefined && ROLLED_BACK.test(primary.rolloutReason) && (primary.id !== before || id !== undefined));
}

function failure(service: EcsService, why: string, failed?: ServiceDeployment): Outlook {
  const goesBack = service.deployments.find((deployment) => deployment !== failed && ROLLED_BACK.test(deployment.rolloutReason));
  const rest = goesBack !== undefined ? `ECS goes back to ${goesBack.taskDefinition} by itself: ${goesBack.running} of ${goesBack.desired} tasks run`
    : failed !== undefined ? `${service.name} has ${counts(service)}, ${failed.running} of them new`
      : `ECS has taken it back: ${service.name} has ${counts(service)}`;
  return { state: 'failed', summary: `${why}. ${rest}${trouble(service, failed?.createdAt)}` };
}

function progress(service: EcsService, own: ServiceDeployment): Outlook {
  const old = service.deployments.filter((deployment) => deployment !== own).reduce((sum, { running }) => sum + running, 0);
  // Where ECS reports no rollout state, the counts are all there is.
  const settled = own.rolloutState === 'COMPLETED' || (own.rolloutState === '' && own.running >= own.desired && service.deployments.length === 1);
  if (settled) {
    return { state: 'done', summary: `${own.running} of ${own.desired} new tasks of ${own.taskDefinition} run, ${old === 0 ? 'no old ones are left' : `${old} old ones left`}`, portion: 1 };
  }
  const failures = own.failed === 0 ? '' : `, ${own.failed} failed to start`;
  return {
    state: 'underway',
    summary: `${own.running} of ${own.desired} new tasks run, ${old} old ${old === 1 ? 'one' : 'ones'} left${failures}${trouble(service, own.createdAt)}`,
    // The last part is for the old tasks, which are drained.
    portion: Math.min(1, own.desired === 0 ? 1 : own.running / own.desired) * (old === 0 ? 0.95 : 0.8),
  };
}

/** The newest event that speaks of trouble, for the end of a line. @param since epoch ms */
export function trouble({ name, events }: EcsService, since = Number.POSITIVE_INFINITY): string {
  const event = events.find(({ at, message }) => at >= since && TROUBLE.test(message));
  return event === undefined ? '' : `; ECS says: ${shorten(firstLine(event.message.replace(`(service ${name}) `, '')), 140)}`;
}

/** `4 of 4 tasks running`. */
function counts({ running, desired }: EcsService): string {
  return `${running} of ${desired} tasks running`;
}

const LEVELS: Readonly<Record<Outlook['state'], Level>> = { underway: 'warn', done: 'ok', failed: 'bad', 'not made': 'warn', unclear: 'unknown' };
const EVENTS_SHOWN = 5;

/** What there is now, beside the line that says where it stands. */
export function withService(service: EcsService, outlook: Outlook): Outlook {
  return {
    ...outlook,
    markdown: describeService(service, LEVELS[outlook.state], outlook.summary, EVENTS_SHOWN),
    data: {
      service: service.name, taskDefinition: service.taskDefinition, running: service.running, desired: service.desired, pending: service.pending,
      deployments: service.deployments.map(({ id, status, rolloutState, taskDefinition, running, failed }) => ({ id, status, rolloutState, taskDefinition, running, failed })),
    },
  };
}

/** Several services as one change: it is done when all are, and failed when that cannot happen any more. */
export function together(parts: readonly { readonly name: string; readonly outlook: Outlook }[]): Outlook {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) {
    return only.outlook;
  }
  const states = new Set(parts.map(({ outlook }) => outlook.state));
  const [first] = states;
  const state = states.has('underway') ? 'underway' : states.size === 1 && first !== undefined ? first : states.has('failed') || states.has('not made') ? 'failed' : 'unclear';
  return {
    state,
    summary: parts.map(({ name, outlook }) => `${name}: ${outlook.state === 'not made' ? 'not made; ' : ''}${outlook.summary}`).join('; '),
    portion: parts.reduce((sum, { outlook: { state: own, portion } }) => sum + (portion ?? (own === 'underway' ? 0 : 1)), 0) / parts.length,
    markdown: parts.flatMap(({ outlook: { markdown } }) => markdown ?? []).join('\n\n'),
    data: { services: parts.flatMap(({ outlook: { data } }) => data ?? []) },
  };
}
