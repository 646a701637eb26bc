/** The Incidents tree as data: what each row says. No vscode here, so that it is tested in milliseconds. */
import { formatDuration, timeOfDay } from '../incident/clock.ts';
import { describeEvent } from '../incident/describe.ts';
import type { Severity, TimelineEvent } from '../incident/events.ts';
import type { Level } from '../incident/evidence.ts';
import type { Incident, IncidentSummary } from '../incident/fold.ts';
import { type NextAction, nextActions } from '../incident/guide.ts';
import { isTold, targetOf } from '../incident/told.ts';
import { t, tn } from '../l10n.ts';
import { stepById, stepsOfPhase } from '../runbook/query.ts';
import type { Runbook, RunbookStep } from '../runbook/schema.ts';
import { guideTargets } from '../runbook/targets.ts';
import { isAutomated } from '../steps/catalog.ts';
import { escapeMarkdown } from '../incident/markdown.ts';
import type { SharedState } from '../ledger/shared/exchange.ts';

/** How a row is marked; the view maps it to an icon and a theme colour. */
export type Mark = Level | Severity | 'running' | 'todo' | 'manual' | 'next' | 'urgent' | 'phase' | 'timeline' | 'roles' | 'role' | 'closed' | 'event' | 'unassessed'
  | 'doubt' | 'waiting' | 'delivered' | 'away' | 'planned' | 'undone';

/** A row. As a command argument it carries the incident and the step it stands for. */
export interface Node {
  readonly kind: 'incident' | 'next' | 'phase' | 'step' | 'timeline' | 'event' | 'roles' | 'role' | 'closed-group' | 'closed-incident' | 'more'
    | 'delivery-group' | 'delivery' | 'unreachable' | 'contact' | 'scenario-group' | 'scenario' | 'symptom' | 'change-group' | 'change' | 'watch' | 'box';
  /** Stable while the tree changes, so that rows keep their place and expansion. */
  readonly key: string;
  readonly label: string;
  readonly description?: string;
  /** Markdown. */
  readonly tooltip?: string;
  readonly mark: Mark;
  readonly context?: string;
  readonly expanded?: boolean;
  readonly children?: () => readonly Node[] | Promise<readonly Node[]>;
  readonly incident?: string;
  readonly step?: string;
  readonly event?: string;
  readonly role?: string;
  /** Id of a delivery, or of a contact of the runbook. */
  readonly delivery?: string;
  readonly contact?: string;
  /** Id of a change. */
  readonly change?: string;
  /** Id of a clock that can be snoozed. */
  readonly clock?: string;
  /** Of a box: whether it is ticked, its checklist in the runbook and its id there. */
  readonly checkbox?: 'checked' | 'unchecked';
  readonly checklist?: string;
  readonly item?: string;
  /** What the step is to be run with, so that nobody is asked. */
  readonly inputs?: Readonly<Record<string, unknown>>;
  /** Command of a click; the node is its argument. */
  readonly click?: string;
}

export interface TreeInput {
  readonly runbook: Runbook;
  /** Epoch ms. */
  readonly now: number;
  /** `incident/step` of what runs this moment. */
  readonly running: ReadonlySet<string>;
  /** `incident/step` → level of a result that has landed while the investigation is still running. */
  readonly landed: ReadonlyMap<string, Level>;
  /** What could not be delivered, and whom to reach instead. */
  readonly undelivered?: (incident: Incident) => readonly Node[];
  /** What the evidence speaks for. */
  readonly scenarios?: (incident: Incident) => readonly Node[];
  /** What is asked of a second person. */
  readonly approvals?: (incident: Incident) => readonly Node[];
  /** What was planned and changed. */
  readonly changes?: (incident: Incident) => readonly Node[];
  /** Watches that go on. */
  readonly watches?: (incident: Incident) => readonly Node[];
  /** How a step stands of which a plan waits, or that is under way. */
  readonly changing?: (incident: Incident, step: string) => Pick<Node, 'mark' | 'description'> | undefined;
  /** What must hold before the incident is closed. */
  readonly boxes?: (incident: Incident) => readonly Node[];
  /** How the exchange with the ticket stands. */
  readonly shared?: (incident: string) => SharedState | undefined;
}

const EVENTS_SHOWN = 100;
const CLOSED_SHOWN = 50;
/** The chapters about what comes after the end. */
const AFTER_CLOSING = /^(9|10)(\.|$)/;

export function incidentNode(incident: Incident, input: TreeInput): Node {
  const age = formatDuration(input.now - Date.parse(incident.times.detected.at));
  return {
    kind: 'incident',
    key: incident.id,
    incident: incident.id,
    label: incident.severity === undefined ? incident.title : `${incident.severity} ${incident.title}`,
    description: [...(incident.ticket === undefined ? [] : [`#${incident.ticket.number}`]), ...(incident.severity === undefined ? [t('not assessed')] : []), age, standingOf(incident), ...(incident.drill ? [t('drill')] : [])].join(' · '),
    tooltip: incidentTooltip(incident, input.runbook, age),
    mark: incident.severity ?? 'unassessed',
    context: `incident.${incident.status}${incident.ticket === undefined ? '' : '.ticket'}`,
    expanded: true,
    click: 'incidentRunbook.timeline',
    children: () => [
      ...(input.undelivered?.(incident) ?? []),
      ...sharedNodes(incident, input),
      ...(input.approvals?.(incident) ?? []),
      ...(input.watches?.(incident) ?? []),
      ...nextNodes(incident, input),
      ...(input.changes?.(incident) ?? []),
      ...(input.scenarios?.(incident) ?? []),
      ...input.runbook.phases.map((phase) => phaseNode(incident, phase, input)),
      timelineNode(incident),
      rolesNode(incident, input.runbook),
    ],
  };
}

function standingOf({ resolution, status }: Incident): string {
  return resolution !== undefined ? t('resolved') : status === 'acknowledged' ? t('acknowledged') : t('not acknowledged');
}

/** What is left to do about an incident that is closed: the phases after its end. */
export function closedIncidentNodes(incident: Incident, input: TreeInput): Node[] {
  return [...nextNodes(incident, input), ...input.runbook.phases.filter(({ section }) => AFTER_CLOSING.test(section)).map((phase) => phaseNode(incident, phase, input))];
}

/**
 * Closed incidents, the newest first; beyond the first ones the quick pick of all incidents takes over.
 *
 * @param below what is left to do about one; undefined for nothing
 */
export function closedGroupNode(closed: readonly IncidentSummary[], below: (summary: IncidentSummary) => Node['children'] = () => undefined): Node {
  const shown = closed.slice(0, CLOSED_SHOWN);
  return {
    kind: 'closed-group', key: 'closed', label: t('Closed incidents'), description: String(closed.length), mark: 'closed',
    children: () => [
      ...shown.map((summary) => closedNode(summary, below(summary))),
      ...(closed.length > shown.length ? [{ kind: 'more', key: 'closed/more', label: t('{0} older…', closed.length - shown.length), mark: 'closed', click: 'incidentRunbook.list' } satisfies Node] : []),
    ],
  };
}

/** An open incident while the runbook cannot be read: its timeline is there all the same. */
export function bareIncidentNode(summary: IncidentSummary): Node {
  return {
    kind: 'incident', key: summary.id, incident: summary.id, label: summary.title, description: summary.severity ?? t('not assessed'),
    mark: summary.severity ?? 'unassessed', context: `incident.${summary.status}`, click: 'incidentRunbook.timeline',
  };
}

/** Why there are no steps: the runbook's first problem, one click away. */
export function runbookProblemNode(message: string): Node {
  return { kind: 'more', key: 'runbook-problem', label: t('The runbook cannot be used'), description: message, tooltip: escapeMarkdown(message), mark: 'bad', click: 'incidentRunbook.openRunbook' };
}

/** Stands where the open incidents would, when only closed ones are left to show. */
export function nothingOpenNode(): Node {
  return { kind: 'more', key: 'nothing-open', label: t('No incident is open'), description: t('Declare one…'), mark: 'ok', click: 'incidentRunbook.declare' };
}

function closedNode(summary: IncidentSummary, children: Node['children']): Node {
  return {
    kind: 'closed-incident', key: `closed/${summary.id}`, incident: summary.id, label: summary.title,
    description: [summary.severity ?? t('not assessed'), summary.detectedAt.slice(0, 10), ...(summary.drill ? [t('drill')] : [])].join(' · '),
    tooltip: [summary.id, t('Detected {0}', summary.detectedAt), t('Closed {0}', summary.closedAt ?? '')].join('\n\n'),
    mark: 'closed', context: 'incident.closed', click: 'incidentRunbook.timeline',
    ...(children === undefined ? {} : { children }),
  };
}

/** Said only while other responders do not see what happens here. */
function sharedNodes(incident: Incident, { shared, now }: TreeInput): Node[] {
  const state = shared?.(incident.id);
  if (incident.ticket === undefined || state === undefined || (state.reachable && state.reason === undefined)) {
    return [];
  }
  const reason = state.reason ?? '';
  return [{
    kind: 'more', key: `${incident.id}/shared`, incident: incident.id, mark: state.reachable ? 'warn' : 'bad',
    label: state.reachable ? t('Ticket') : state.since === undefined ? t('The ticket cannot be reached') : t('The ticket cannot be reached for {0}', formatDuration(now - state.since)),
    description: [...(state.pending === 0 ? [] : [tn('{0} event not shared yet', '{0} events not shared yet', state.pending)]), reason].join(' · '),
    tooltip: escapeMarkdown(reason), click: 'incidentRunbook.openTicket',
  }];
}

function nextNodes(incident: Incident, { runbook, now }: TreeInput): Node[] {
  return nextActions(incident, guideTargets(runbook), now).filter(isNamed(runbook)).map((action) => {
    const [title, reason] = [t(/* l10n: table */ action.title), t(/* l10n: table */ action.reason)];
    return {
      kind: 'next', key: `${incident.id}/next/${action.id}`, incident: incident.id, step: action.step,
      label: title, description: reason, tooltip: `**${title}**\n\n${escapeMarkdown(reason)}`,
      mark: action.urgent ? 'urgent' : 'next', context: action.clock === true ? 'next.clock' : 'next', click: 'incidentRunbook.runStep',
      ...(action.clock === true ? { clock: action.id } : {}), ...(action.inputs === undefined ? {} : { inputs: action.inputs }),
    };
  });
}

/** Whether the runbook has the step, and the extension carries out what nobody does by hand. */
export function isNamed(runbook: Runbook): (action: NextAction) => boolean {
  return ({ step: id, ifAutomated }) => {
    const step = stepById(runbook, id);
    return step !== undefined && (ifAutomated !== true || isAutomated(step.action));
  };
}

function phaseNode(incident: Incident, phase: Runbook['phases'][number], input: TreeInput): Node {
  const steps = stepsOfPhase(input.runbook, phase.id);
  const done = steps.filter((step) => isDone(incident, step)).length;
  return {
    kind: 'phase', key: `${incident.id}/phase/${phase.id}`, incident: incident.id, label: phase.title,
    description: done === 0 ? phase.section : `${phase.section} · ${t('{0} of {1}', done, steps.length)}`,
    tooltip: `**${phase.title}** (${t('runbook {0}', phase.section)})\n\n${phase.description}`,
    mark: 'phase', context: 'phase', expanded: steps.some(({ id }) => id === 'investigate'),
    children: () => [
      ...(steps.some(({ id }) => id === 'confirmResolution') ? input.boxes?.(incident) ?? [] : []),
      ...steps.map((step) => stepNode(incident, step, input)),
    ],
  };
}

function stepNode(incident: Incident, step: RunbookStep, input: TreeInput): Node {
  const place = `${incident.id}/${step.id}`;
  const automated = isAutomated(step.action);
  const record = incident.steps.get(step.id);
  const landed = input.landed.get(place);
  const changing = input.changing?.(incident, step.id);
  const mark: Mark = changing?.mark ?? (input.running.has(place) ? 'running' : landed ?? record?.level ?? (isDone(incident, step) ? 'ok' : automated ? 'todo' : 'manual'));
  const result = record === undefined ? undefined : `${record.outcome === 'done' ? '' : `${t(/* l10n: table */ record.outcome)}: `}${record.summary}`;
  const when = record === undefined ? '' : `${timeOfDay(record.at)} · `;
  return {
    kind: 'step', key: `${incident.id}/step/${step.id}`, incident: incident.id, step: step.id,
    label: step.title,
    description: changing?.description ?? (input.running.has(place) ? t('running…') : result === undefined ? stepState(incident, step) ?? (automated ? '' : t('by hand')) : when + result),
    tooltip: stepTooltip(step, automated, record === undefined || result === undefined ? undefined : `${t(/* l10n: table */ record.level)}, ${when}${result}`),
    mark,
    context: `step.${automated ? 'automated' : 'manual'}${step.runbookCommand === undefined ? '' : '.command'}`,
    click: 'incidentRunbook.openStep',
    ...(record === undefined ? {} : { event: record.event }),
  };
}

/** Steps that leave another trace than a result. */
function stepState(incident: Incident, step: RunbookStep): string | undefined {
  const { acknowledged, assessed } = incident.times;
  switch (step.id) {
    case 'acknowledge': return acknowledged === undefined ? undefined : timeOfDay(acknowledged.at);
    case 'assessSeverity': return assessed === undefined ? undefined : `${incident.severity ?? ''} · ${timeOfDay(assessed.at)}`;
    case 'documentFinding': return incident.findings.length === 0 ? undefined : t('{0} documented', incident.findings.length);
    case 'postUpdate': return incident.updates.length === 0 ? undefined : t('{0} posted, last {1}', incident.updates.length, timeOfDay(incident.updates.at(-1)?.at ?? ''));
    case 'confirmResolution': return incident.resolution === undefined ? undefined : t('resolved {0}', timeOfDay(incident.times.resolved?.at ?? incident.resolution.at));
    case 'assignRoles': return Object.keys(incident.roles).length === 0 ? undefined : t('{0} assigned', Object.keys(incident.roles).length);
    default: return undefined;
  }
}

function isDone(incident: Incident, step: RunbookStep): boolean {
  return incident.steps.has(step.id) || stepState(incident, step) !== undefined;
}

function timelineNode(incident: Incident): Node {
  const told = incident.events.filter(isTold);
  return {
    kind: 'timeline', key: `${incident.id}/timeline`, incident: incident.id, label: t('Timeline'),
    description: tn('{0} event', '{0} events', told.length), mark: 'timeline', context: 'timeline', click: 'incidentRunbook.timeline',
    children: () => told.toReversed().slice(0, EVENTS_SHOWN).map((event) => eventNode(incident, event)),
  };
}

function eventNode(incident: Incident, event: TimelineEvent): Node {
  const { title: english, detail, level } = describeEvent(event, (request) => targetOf(incident, request));
  const title = t(/* l10n: table */ english);
  return {
    kind: 'event', key: `${incident.id}/event/${event.id}`, incident: incident.id, event: event.id,
    label: title, description: `${event.at.slice(11, 19)} UTC · ${event.actor.name}${detail === '' ? '' : ` · ${detail}`}`,
    tooltip: `**${event.at}** ${escapeMarkdown(event.actor.name)}\n\n${escapeMarkdown(title)}\n\n${escapeMarkdown(detail)}`,
    mark: level ?? 'event', context: event.type === 'event.amended' ? 'amendment' : 'event',
    click: event.type === 'step.finished' ? 'incidentRunbook.openStep' : 'incidentRunbook.timeline',
    ...(event.type === 'step.finished' ? { step: event.result.step } : {}),
  };
}

function rolesNode(incident: Incident, runbook: Runbook): Node {
  const { roles } = runbook.warRoom;
  return {
    kind: 'roles', key: `${incident.id}/roles`, incident: incident.id, label: t('Roles'),
    description: roles.filter(({ id }) => incident.roles[id] === undefined).length === roles.length ? t('nobody yet') : t('{0} of {1}', Object.keys(incident.roles).length, roles.length),
    mark: 'roles', context: 'roles',
    children: () => roles.map((role) => ({
      kind: 'role', key: `${incident.id}/role/${role.id}`, incident: incident.id, role: role.id, step: 'assignRoles',
      label: role.title, description: incident.roles[role.id] ?? t('nobody'), tooltip: role.duty, mark: 'role', context: 'role', click: 'incidentRunbook.step.assignRoles',
    })),
  };
}

function incidentTooltip(incident: Incident, runbook: Runbook, age: string): string {
  const severity = incident.severity;
  return [
    `**${incident.id}** ${escapeMarkdown(incident.title)}`,
    severity === undefined ? t('Severity not assessed yet') : `${severity}: ${runbook.severities[severity].impact}`,
    t('Running for {0}, detected by {1} at {2}', age, incident.detectedBy, incident.times.detected.at),
    t('Environment: {0}', runbook.environments[incident.environment]?.title ?? incident.environment),
  ].join('\n\n');
}

function stepTooltip(step: RunbookStep, automated: boolean, result: string | undefined): string {
  return [
    `**${step.title}** (${t('runbook {0}, {1}', step.section, t(/* l10n: table */ step.effect))})`,
    step.description,
    ...(automated ? [] : [t('Done by hand: open it for the command, and record what came of it.')]),
    ...(result === undefined ? [] : [escapeMarkdown(result)]),
  ].join('\n\n');
}
