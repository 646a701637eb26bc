/** How an incident stands, as the overview shows it. No vscode here. */
import { openDeliveries } from '../../incident/deliveries.ts';
import { dueSteps, snoozedUntil } from '../../incident/clocks.ts';
import { closureBoxes, openBoxes } from '../../incident/closure.ts';
import type { Incident, Milestone } from '../../incident/fold.ts';
import { type NextAction, nextActions } from '../../incident/guide.ts';
import { stableAt } from '../../incident/watches.ts';
import type { Interval, Mark, OverviewChange, OverviewModel, OverviewStanding, Standing } from '../../protocol/overview.ts';
import type { Runbook } from '../../runbook/schema.ts';
import { clockRules, closureRules, guideTargets, metricTargets } from '../../runbook/targets.ts';
import { needsPerson } from '../delivery-nodes.ts';
import { isNamed } from '../nodes.ts';
import { chartsOf } from './overview-charts.ts';
import { marksOf, spansOf } from './overview-marks.ts';

const NEXT_SHOWN = 3;

export interface OverviewInput {
  readonly incident: Incident;
  /** Unset while it cannot be read: nothing has a target and nothing is due then. */
  readonly runbook: Runbook | undefined;
  /** Epoch ms. */
  readonly now: number;
  readonly version: number;
}

export function overviewModel(input: OverviewInput): OverviewModel {
  const { incident } = input;
  return { ...standingOf(input), marks: marksOf(incident), charts: chartsOf(incident.events) };
}

/** What may be run from the page: what is next and what is due, by its id. */
export function actionsOf(incident: Incident, runbook: Runbook, now: number): ReadonlyMap<string, Pick<NextAction, 'step' | 'inputs'>> {
  return new Map([...dueSteps(incident, clockRules(runbook)), ...nextOf(incident, runbook, now)].map((action) => [action.id, action]));
}

/** As the Incidents view has it: what the extension cannot do is not asked of it. */
function nextOf(incident: Incident, runbook: Runbook, now: number): NextAction[] {
  return nextActions(incident, guideTargets(runbook), now).filter(isNamed(runbook));
}

export function standingOf({ incident, runbook, now, version }: OverviewInput): OverviewStanding {
  const { times, environment, severity, ticket } = incident;
  const boxes = runbook === undefined || incident.status === 'closed' ? [] : closureBoxes(incident, closureRules(runbook), now);
  const ended = times.resolved ?? times.closed;
  const open = openDeliveries(incident.deliveries);
  const actions = runbook === undefined ? [] : nextOf(incident, runbook, now);
  const investigate = actions.find(({ step }) => step === 'investigate')?.id;
  return {
    version, now, incident: incident.id, title: incident.title, standing: standing(incident), drill: incident.drill, imported: incident.imported !== undefined,
    environment: runbook?.environments[environment]?.title ?? environment,
    ...(severity === undefined ? {} : { severity }),
    ...(ticket === undefined ? {} : { ticket: { name: `${ticket.repository}#${ticket.number}` } }),
    began: Date.parse(times.detected.at),
    ...(ended === undefined ? {} : { ended: Date.parse(ended.at) }),
    intervals: intervalsOf(incident, runbook),
    next: actions.slice(0, NEXT_SHOWN).map(({ id, title, reason, urgent }) => ({ id, title, reason, urgent })),
    ...(investigate === undefined ? {} : { investigate }),
    clocks: runbook === undefined ? [] : dueSteps(incident, clockRules(runbook)).map((due) => {
      const until = snoozedUntil(incident, due, now);
      return { id: due.id, title: due.title, at: due.at, ...(until === undefined ? {} : { snoozedUntil: until }) };
    }),
    roles: (runbook?.warRoom.roles ?? Object.keys(incident.roles).map((id) => ({ id, title: id, duty: '' }))).map(({ id, title, duty }) => {
      const person = incident.roles[id];
      return { id, title, duty, ...(person === undefined ? {} : { person }) };
    }),
    ...(boxes.length === 0 ? {} : { closure: { total: boxes.length, held: boxes.length - openBoxes(boxes).length, open: openBoxes(boxes).map(({ text }) => text) } }),
    forPerson: open.filter(needsPerson).map(({ id, target, state, reason }) => ({ id, target, state, ...(reason === undefined ? {} : { reason }) })),
    onTheWay: open.filter(({ state }) => state === 'pending').length,
    watches: incident.watches.filter(({ outcome }) => outcome === undefined).map((watch) => {
      const level = watch.samples.at(-1)?.level;
      return { event: watch.id, minutes: watch.minutes, stableAt: stableAt(watch), looks: watch.samples.length, restarts: watch.restarts.length, ...(level === undefined ? {} : { level }) };
    }),
    spans: spansOf(incident),
  };
}

function standing({ status, times }: Incident): Standing {
  return status === 'closed' ? 'closed' : times.resolved !== undefined ? 'resolved' : times.mitigated !== undefined ? 'mitigated' : status;
}

function intervalsOf({ times, severity }: Incident, runbook: Runbook | undefined): Interval[] {
  const targets = runbook === undefined ? {} : metricTargets(runbook);
  const interval = (kind: Interval['kind'], from: Milestone | undefined, to: Milestone | undefined, metric?: 'mttd' | 'mtta' | 'mttr'): Interval => {
    const figures = metric === undefined ? undefined : targets[metric];
    const target = (severity === undefined ? undefined : figures?.bySeverity?.[severity]) ?? figures?.overall;
    return { kind, ...(from === undefined ? {} : { from: Date.parse(from.at) }), ...(to === undefined ? {} : { to: Date.parse(to.at) }), ...(target === undefined ? {} : { target }) };
  };
  return [
    interval('detected', times.impactStarted, times.detected, 'mttd'), interval('acknowledged', times.detected, times.acknowledged, 'mtta'),
    interval('mitigated', times.detected, times.mitigated), interval('resolved', times.detected, times.resolved, 'mttr'),
  ];
}

/** What a page that has the one needs for the other. */
export function changeBetween(before: OverviewModel, { marks, charts, ...rest }: OverviewModel): OverviewChange {
  const from = samePrefix(before.marks, marks);
  return {
    after: before.version, standing: rest, from, marks: marks.slice(from),
    ...(JSON.stringify(before.charts) === JSON.stringify(charts) ? {} : { charts }),
  };
}

/** How many marks at the beginning are the same. */
function samePrefix(before: readonly Mark[], after: readonly Mark[]): number {
  const different = before.findIndex((mark, index) => {
    const other = after[index];
    return other === undefined || other.id !== mark.id || JSON.stringify(other) !== JSON.stringify(mark);
  });
  return different < 0 ? before.length : different;
}
