/** The timeline of an incident as the overview draws it: points and what lasted. No vscode here. */
import { describeEvent } from '../../incident/describe.ts';
import type { Change } from '../../incident/changes.ts';
import type { TimelineEvent } from '../../incident/events.ts';
import type { Json, Level } from '../../incident/evidence.ts';
import type { Incident } from '../../incident/fold.ts';
import { shorten } from '../../incident/shorten.ts';
import { isTold } from '../../incident/told.ts';
import type { Watch } from '../../incident/watches.ts';
import { t } from '../../l10n.ts';
import type { Lane, Mark, Phase, Span } from '../../protocol/overview.ts';

/** A line of the list; the rest is in the event itself. */
const DETAIL_LENGTH = 160;

/** Every event that people are told of, in timeline order. */
export function marksOf({ events, deliveries }: Pick<Incident, 'events' | 'deliveries'>): Mark[] {
  const byId = new Map(deliveries.map((delivery) => [delivery.id, delivery]));
  return events.filter(isTold).map((event): Mark => {
    const { title, detail, level } = describeEvent(event, (request) => byId.get(request)?.target);
    const delivery = byId.get(event.id);
    const parts = event.type === 'step.finished' ? event.parts ?? [] : [];
    return {
      id: event.id, at: Date.parse(event.at), lane: laneOf(event), title, detail: shorten(detail, DETAIL_LENGTH), by: event.actor.name,
      ...(level === undefined ? {} : { level }),
      ...(delivery === undefined ? {} : { state: delivery.state }),
      ...(event.type === 'update.posted' ? { isUpdate: true } : {}),
      ...(parts.length === 0 ? {} : { parts: parts.map((part) => part.level) }),
      ...(isPartOfSomething(event) ? { isListed: true } : {}),
    };
  });
}

function laneOf(event: TimelineEvent): Lane {
  const { type } = event;
  switch (type) {
    case 'incident.declared': case 'incident.acknowledged': case 'incident.resolved': case 'incident.closed': case 'incident.reopened': case 'incident.imported': case 'severity.set': case 'role.assigned':
      return 'phases';
    case 'step.finished':
      return event.change === undefined ? 'steps' : 'changes';
    case 'update.posted': case 'ticket.linked':
      return 'messages';
    default:
      return type.startsWith('delivery.') ? 'messages' : type.startsWith('change.') || type.startsWith('watch.') ? 'changes' : 'notes';
  }
}

/** A change and a watch are bars, what became of a message is the look of its mark, and the phases begin with their events. */
function isPartOfSomething(event: TimelineEvent): boolean {
  const { type } = event;
  return type.startsWith('change.') || type.startsWith('watch.') || (type.startsWith('delivery.') && type !== 'delivery.requested')
    || (type === 'step.finished' && event.change !== undefined) || type === 'event.amended';
}

/** What lasted: phases, changes, deployments, watches. */
export function spansOf(incident: Incident): Span[] {
  return [...phasesOf(incident), ...incident.changes.flatMap(changeSpan), ...deploymentsOf(incident), ...incident.watches.map((watch) => watchSpan(watch, incident.events))];
}

/** From each time that is known until the first of those behind it, which may be out of order: who resolves what nobody had mitigated ends the phases before it. */
export function phasesOf({ times }: Pick<Incident, 'times'>): Span[] {
  const known = ([
    [times.impactStarted, 'undetected'], [times.detected, 'unacknowledged'], [times.acknowledged, 'unmitigated'], [times.mitigated, 'unresolved'], [times.resolved, 'unclosed'],
  ] as const).flatMap(([milestone, phase]) => (milestone === undefined ? [] : [{ at: Date.parse(milestone.at), event: milestone.event, phase: phase as Phase }]));
  const closed = times.closed === undefined ? [] : [Date.parse(times.closed.at)];
  return known.flatMap(({ at: from, event, phase }, index): Span[] => {
    const to = Math.min(...known.slice(index + 1).map(({ at }) => at), ...closed);
    return to <= from ? [] : [{ id: `phase/${phase}`, event, kind: 'phase', title: phase, detail: '', from, ...(to === Number.POSITIVE_INFINITY ? {} : { to }) }];
  });
}

/** From when it was asked for until it had settled; a plan alone is none. */
function changeSpan({ id, plan, request, made, end, state, undoneBy }: Change): Span[] {
  if (request === undefined) {
    return [];
  }
  return [{
    id, event: end?.event ?? id, kind: 'change', title: plan.title, from: Date.parse(request.at),
    ...(end !== undefined ? { to: Date.parse(end.at), level: end.level } : state === 'applying' || state === 'following' ? {} : { to: Date.parse(made?.at ?? request.at) }),
    detail: shorten(`${plan.summary} (${plan.target.resource})${end === undefined ? '' : `: ${end.summary}`}`, DETAIL_LENGTH),
    ...(undoneBy === undefined ? {} : { isUndone: true }),
  }];
}

function watchSpan({ id, minutes, startedAt, samples, outcome }: Watch, events: readonly TimelineEvent[]): Span {
  const end = outcome === undefined ? undefined : events.findLast((event) => event.type === 'watch.ended' && event.watch === id);
  const last = samples.at(-1);
  return {
    id, event: id, kind: 'watch', title: t('Stability watch'), detail: `${t('until it is quiet for {0} min', minutes)}${last === undefined || last.reason === '' ? '' : `; ${shorten(last.reason, DETAIL_LENGTH)}`}`, from: startedAt,
    ...(end === undefined ? {} : { to: Date.parse(end.at) }),
    level: outcome === 'stable' ? 'ok' : last?.level ?? 'unknown',
  };
}

type Fields = Readonly<Record<string, Json | undefined>>;

/** What GitHub and the cluster told of deployments, each once; a workflow run stands for one where there are no others. */
export function deploymentsOf({ steps, events }: Pick<Incident, 'steps' | 'events'>): Span[] {
  const running = fieldsIn(steps.get('compareVersions')?.evidence?.data['answers']).flatMap(({ commit }) => (typeof commit === 'string' && commit !== '' ? [commit] : []));
  const found = new Map<string, Span>();
  for (const { event, step, data } of evidenceOf(events, ['listDeployments', 'showServiceEvents'])) {
    const add = (id: string, at: Json | undefined, span: Pick<Span, 'title' | 'detail'> & Partial<Span>, isGoing = false): void => {
      const from = typeof at === 'string' ? Date.parse(at) : Number.NaN;
      if (!Number.isNaN(from)) {
        found.set(id, { id, event, kind: 'deployment', from, ...(isGoing ? {} : { to: from }), ...span });
      }
    };
    if (step === 'listDeployments') {
      const deployments = fieldsIn(data['deployments']);
      deployments.forEach(({ id, sha, environment, author, at, result, suspect }) => {
        const commit = String(sha ?? '');
        const isRunning = commit !== '' && running.some((one) => commit.startsWith(one) || one.startsWith(commit));
        add(`deployment/${String(id)}`, at, { title: t('Deployment {0} to {1}', commit.slice(0, 7), String(environment)), detail: words(result, author, isRunning ? t('runs now') : null), ...outcome(result), ...(suspect === true ? { isSuspect: true } : {}) });
      });
      (deployments.length === 0 ? fieldsIn(data['runs']) : []).forEach(({ id, name, number, author, at, result, suspect }) => {
        add(`run/${String(id)}`, at, { title: `${String(name)} #${String(number)}`, detail: words(result, author), ...outcome(result), ...(suspect === true ? { isSuspect: true } : {}) });
      });
    } else {
      fieldsIn(data['services']).forEach((service) => {
        fieldsIn(service['deployments']).forEach(({ id, rolloutState, taskDefinition, createdAt }) => {
          const state = String(rolloutState ?? '');
          add(String(id), createdAt, { title: t('Rollout of {0}', String(service['name'])), detail: words(rolloutState, String(taskDefinition ?? '').split('/').at(-1) ?? null), ...outcome(state) }, state === 'IN_PROGRESS');
        });
      });
    }
  }
  return [...found.values()];
}

function evidenceOf(events: readonly TimelineEvent[], steps: readonly string[]): { readonly event: string; readonly step: string; readonly data: Fields }[] {
  return events.flatMap((event) => (event.type !== 'step.finished' ? [] : [event.result, ...(event.parts ?? [])]
    .flatMap(({ step, evidence }) => (steps.includes(step) && evidence !== undefined ? [{ event: event.id, step, data: evidence.data }] : []))));
}

function fieldsIn(list: Json | undefined): Fields[] {
  return Array.isArray(list) ? (list as readonly Json[]).filter((one): one is { readonly [key: string]: Json } => typeof one === 'object' && one !== null && !Array.isArray(one)) : [];
}

function outcome(result: Json | undefined): { readonly level?: Level } {
  const levels: Readonly<Record<string, Level>> = { success: 'ok', completed: 'ok', failure: 'bad', failed: 'bad', timed_out: 'bad', cancelled: 'warn', in_progress: 'warn' };
  const level = levels[String(result ?? '').toLowerCase()];
  return level === undefined ? {} : { level };
}

function words(...parts: readonly (Json | undefined)[]): string {
  return parts.filter((part) => typeof part === 'string' && part !== '').map((part) => String(part).replaceAll('_', ' ')).join(' · ');
}
