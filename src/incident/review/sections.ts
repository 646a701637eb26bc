/** What a review document says in each of its blocks (runbook 10.3). Markdown; outside text in it is escaped. */
import { shortTime } from '../clock.ts';
import { describeEvent, placeOf } from '../describe.ts';
import type { TimelineEvent } from '../events.ts';
import { type Level, compareLevels } from '../evidence.ts';
import type { Incident, Milestone } from '../fold.ts';
import { byDueDate, followUpsOf } from '../follow-ups.ts';
import { linked } from '../links.ts';
import { escapeMarkdown, levelMark, table } from '../markdown.ts';
import { onOneLine, shorten } from '../shorten.ts';
import { targetOf } from '../told.ts';
import { type Cite, citer } from './citations.ts';
import { type Duration, type Gap, durations, exactDuration, gaps, moments, narrated, wholeDuration } from './facts.ts';
import { GAP_MINUTES, type ReviewOptions, type ReviewRunbook } from './review-runbook.ts';

/** Of the detail of an event, in characters: the whole of it is one click away. */
const LONGEST_DETAIL = 300;
/** Results named as evidence: more would bury the worst. */
const EVIDENCE_NAMED = 12;

/** Everything a block is written from. */
export interface Writing {
  readonly incident: Incident;
  readonly runbook: ReviewRunbook;
  readonly gapMinutes: number;
  readonly cite: Cite;
}

export function writingOf(incident: Incident, runbook: ReviewRunbook, { gapMinutes = GAP_MINUTES }: ReviewOptions): Writing {
  return { incident, runbook, gapMinutes, cite: citer(incident) };
}

/**
 * Outside text, on one line and cut to a length that can be read. People go on writing in this document, so what means
 * nothing where it stands (a hyphen in a word, a colon before a blank, brackets that belong to no link) is left bare.
 */
export function plain(text: string, length = LONGEST_DETAIL): string {
  return escapeMarkdown(shorten(onOneLine(text), length))
    .replace(/(?<=\w)\\-(?=\w)/g, '-').replace(/\\:(?= )/g, ':').replace(/(?<!\\\])\\([()])/g, '$1');
}

/** `03:12 UTC`, with the date before it on another day than that of the detection. */
export function clockOf({ incident }: Writing, at: string): string {
  return shortTime(at, Date.parse(incident.times.detected.at));
}

/** The day of the incident: that of its detection, UTC. */
export function dateOf({ times }: Incident): string {
  return times.detected.at.slice(0, 10);
}

/** The title, and how far the document can be relied on. */
export function titleBlock({ incident }: Writing, title: string): string {
  return [
    title.replace(/\[date\]/i, dateOf(incident)),
    '',
    ...(incident.drill ? ['**This was a drill.**', ''] : []),
    ...(incident.times.resolved === undefined ? ['**Draft: the incident is still open.**', ''] : []),
    `Drafted from the timeline of ${plain(incident.id)}. Write wherever you like: what you write stays when this document is updated from the timeline.`,
  ].join('\n');
}

/** The lines of the template with their placeholders filled, and what else a reader asks first. */
export function summaryBlock(writing: Writing, template: readonly string[]): string {
  const { incident, runbook, cite } = writing;
  const values: Readonly<Record<string, string>> = {
    date: dateOf(incident), duration: durationInWords(writing), 'P1/P2/P3/P4': severityInWords(writing), description: impactInWords(writing),
  };
  const { ticket, imported } = incident;
  return [
    ...template.map((line) => line.replace(/\[([^\]\n]+)\]/g, (placeholder: string, name: string) => values[name] ?? placeholder)),
    `- **Incident:** ${plain(incident.id)}, ${plain(incident.title)} (${plain(runbook.environments[incident.environment]?.title ?? incident.environment)})`,
    `- **Detected by:** ${escapeMarkdown(incident.detectedBy)} ${cite(incident.times.detected.event)}`,
    ...(ticket === undefined ? [] : [`- **Ticket:** ${linked(escapeMarkdown(`${ticket.repository}#${ticket.number}`), ticket.url)}`]),
    `- **People:** ${peopleOf(writing)}`,
    ...(imported === undefined ? [] : [`- **Imported:** ${plain(imported.note)} ${cite(imported.id)}`]),
  ].join('\n');
}

export function durationInWords(writing: Writing): string {
  const { incident: { times }, cite } = writing;
  const whole = wholeDuration(writing.incident);
  if (whole === undefined) {
    return `not over yet; it began at ${clockOf(writing, (times.impactStarted ?? times.detected).at)}`;
  }
  const since = times.impactStarted === undefined ? 'detected; since when users felt it is not recorded' : 'since users felt it';
  return `${whole.ms < 0 ? 'not plausible, the end is before the beginning' : exactDuration(whole.ms)}, from ${clockOf(writing, whole.from.at)} (${since}) to ${clockOf(writing, whole.to.at)} ${cite(whole.to.event)}`;
}

/** The severity at the end, with every level on the way there. */
export function severityInWords(writing: Writing): string {
  const { incident: { events, severity }, cite } = writing;
  if (severity === undefined) {
    return 'not assessed';
  }
  const levels = events.filter((event) => event.type === 'severity.set').filter((event, index, all) => event.severity !== all[index - 1]?.severity);
  return `${severity} (${levels.map((event) => `${event.severity} at ${clockOf(writing, event.at)}: ${plain(event.reasons.join(' '))} ${cite(event.id)}`).join('; ')})`;
}

/** As the team was told, one after the other; else what the incident is called. */
export function impactInWords({ incident, runbook, cite }: Writing): string {
  const told = incident.updates.filter(({ status, impact }, index, all) => status !== 'Resolved' && all.findIndex((other) => other.impact === impact) === index);
  const words = told.length === 0 ? `${plain(incident.title)} ${cite(incident.times.detected.event)}` : told.map(({ id, impact }) => `${plain(impact)} ${cite(id)}`).join('; then: ');
  return `${incident.severity === undefined ? '' : `${plain(runbook.severities[incident.severity].impact)}: `}${words}`;
}

/** Roles first, then everybody else who did something. */
function peopleOf({ incident, runbook }: Writing): string {
  const { roles } = incident;
  const named = Object.entries(roles).map(([role, person]) => `${plain(person)} (${plain(runbook.warRoom.roles.find(({ id }) => id === role)?.title ?? role)})`);
  const others = [...new Set(narrated(incident, runbook).filter(({ actor }) => actor.kind === 'person').map(({ actor }) => actor.name))].filter((name) => !Object.values(roles).includes(name)).map((name) => plain(name));
  return [...named, ...others].join(', ') || 'nobody is named on the timeline';
}

/** The moments of the template, in its order; what is missing is said to be missing. */
export function milestonesBlock(writing: Writing, template: readonly string[]): string {
  const known = moments(writing.incident, writing.runbook);
  return template.map((line) => {
    const name = /^- \[[^\]]+\]: (?<name>.+)$/.exec(line)?.groups?.['name']?.trim();
    if (name === undefined) {
      return line;
    }
    const moment = known[name.toLowerCase()];
    return moment === undefined ? `- not known to the timeline: ${name}`
      : 'missing' in moment ? `- not recorded: ${name} (${moment.missing})`
        : `- ${clockOf(writing, moment.at)}: ${name}${moment.note === undefined ? '' : ` (${moment.note})`} ${writing.cite(moment.event)}`;
  }).join('\n');
}

/** Every event that a review tells of, with the gaps between them. */
export function eventsBlock(writing: Writing): string {
  const { incident, runbook, cite } = writing;
  const told = narrated(incident, runbook);
  const pauses = gapsOf(writing);
  const { impactStarted } = incident.times;
  const impact = impactStarted === undefined ? [] : [{ at: impactStarted.at, line: `- ${clockOf(writing, impactStarted.at)}: **Impact began** ${cite(impactStarted.event)}` }];
  const lines = told.flatMap((event, index) => [
    ...pauses.filter(({ after }) => after.at < event.at && after.at >= (told[index - 1]?.at ?? '')).map(({ after, before, ms }) => ({
      at: after.at, line: `- *Nothing was recorded for ${exactDuration(ms)}, from ${clockOf(writing, after.at)} to ${clockOf(writing, before.at)}.* ${cite(after.id)} ${cite(before.id)}`,
    })),
    { at: event.at, line: eventLine(writing, event) },
  ]);
  const place = impactStarted === undefined ? 0 : lines.findIndex(({ at }) => at >= impactStarted.at);
  const whole = place === -1 ? [...lines, ...impact] : [...lines.slice(0, place), ...impact, ...lines.slice(place)];
  return ['### Every event', '', ...whole.map(({ line }) => line)].join('\n');
}

/** A watch that looks on is no gap, although its looks are not told one by one. */
export function gapsOf({ incident, runbook, gapMinutes }: Writing): Gap[] {
  const told = new Set(narrated(incident, runbook));
  return gaps(incident.events.filter((event) => told.has(event) || event.type === 'watch.sampled'), incident, gapMinutes);
}

function eventLine(writing: Writing, event: TimelineEvent): string {
  const { title, detail, level } = describeEvent(event, (request) => targetOf(writing.incident, request));
  const plan = 'plan' in event && typeof event.plan === 'string' ? event.plan : undefined;
  const change = writing.incident.changes.find(({ id }) => id === plan);
  const link = linked('open', detail);
  return [
    `- ${clockOf(writing, event.at)}: ${level === undefined ? '' : `${levelMark(level)} `}`,
    // Of a change its title says more than the hash of its plan.
    change === undefined ? `**${plain(title)}**` : `**${plain(title)}**: ${plain(change.plan.title)}`,
    change !== undefined || detail === '' ? '' : link !== 'open' ? `, ${link}` : `: ${plain(detail.replace(/\.$/, ''))}`,
    event.actor.kind === 'person' ? ` (${plain(event.actor.name)})` : '',
    ` ${writing.cite(event.id)}`,
  ].join('');
}

export function durationsBlock(writing: Writing): string {
  const { incident, runbook } = writing;
  return ['### Durations', '', table(['', 'Took', 'Target', 'From', 'To'], durations(incident, runbook).map((duration) => [
    duration.title, tookInWords(duration), targetInWords(duration), endInWords(writing, duration.from), endInWords(writing, duration.to),
  ]))].join('\n');
}

export function tookInWords({ ms, missing }: Duration): string {
  return ms === undefined ? `not known: ${missing}` : ms < 0 ? 'not plausible: the end is before the beginning' : exactDuration(ms);
}

/** A target is met by less than it (runbook 11). */
export function isMet({ ms, targetMs }: Duration): boolean | undefined {
  return ms === undefined || ms < 0 || targetMs === undefined ? undefined : ms < targetMs;
}

function targetInWords(duration: Duration): string {
  const met = isMet(duration);
  return duration.targetMs === undefined ? 'none' : `less than ${exactDuration(duration.targetMs)}${met === undefined ? '' : met ? ': met' : ': missed'}`;
}

function endInWords(writing: Writing, end: Milestone | undefined): string {
  return end === undefined ? '' : `${clockOf(writing, end.at)}${end.corrected ? ' (corrected)' : ''} ${writing.cite(end.event)}`;
}

interface Seen {
  readonly event: TimelineEvent;
  readonly title: string;
  readonly section: string;
  readonly level: Level;
  readonly summary: string;
}

/** What showed that something was wrong, the worst first, each check once; then what people found. */
export function evidenceBlock(writing: Writing): string {
  const { incident, cite } = writing;
  const end = incident.times.resolved?.at;
  const worst = new Map<string, Seen>();
  for (const event of incident.events) {
    if (event.type === 'step.finished' && event.change === undefined && (end === undefined || event.at <= end)) {
      // An investigation only repeats what its checks saw.
      for (const { step, title, section, level, summary, outcome } of event.parts ?? [event.result]) {
        const before = worst.get(step);
        if (outcome === 'done' && (level === 'bad' || level === 'warn') && (before === undefined || compareLevels(level, before.level) < 0)) {
          worst.set(step, { event, title, section, level, summary });
        }
      }
    }
  }
  const seen = [...worst.values()].sort((a, b) => compareLevels(a.level, b.level) || (a.event.at < b.event.at ? -1 : 1)).slice(0, EVIDENCE_NAMED);
  const lines = [
    ...seen.map(({ event, title, section, level, summary }) => `- ${levelMark(level)} **${plain(title)}** (runbook ${escapeMarkdown(section)}), ${clockOf(writing, event.at)}: ${plain(summary)} ${cite(event.id)}`),
    ...incident.findings.map(({ event, at, actor, text, excerpt }) => `- **Finding**, ${clockOf(writing, at)}, ${plain(actor.name)}: ${plain(text)}${excerpt === undefined ? '' : ` (${linked(plain(placeOf(excerpt)), excerpt.link)})`} ${cite(event)}`),
  ];
  return ['### Contributing evidence', '', ...(lines.length === 0 ? ['No check saw anything wrong, and no finding is documented.'] : lines)].join('\n');
}

/** Of changes, as people say it. */
const STATES = {
  planned: 'planned, never made', applying: 'begun; nobody recorded that it was made', following: 'made; its end is not recorded', left: 'made; nobody watched it to its end',
  unclear: 'nobody knows what became of it', done: 'done', failed: 'failed', undone: 'undone',
} as const;

/** Changes that were made, with what they changed; then those that were only planned. */
export function changesBlock(writing: Writing): string {
  const { incident: { changes }, cite } = writing;
  const made = changes.filter(({ request }) => request !== undefined);
  const onlyPlanned = changes.filter(({ request }) => request === undefined);
  const lines = [
    ...made.map(({ id, plan, state, request, end, plannedAt, undoneBy }) => {
      const differences = plan.differences.map(({ name, before, after }) => `${plain(name)}: ${plain(before)} → ${plain(after)}`).join('; ');
      const undone = undoneBy === undefined ? '' : ` ${cite(undoneBy)}`;
      const outcome = end === undefined ? '' : ` ${plain(end.summary)} ${cite(end.event)}`;
      return `- ${clockOf(writing, request?.at ?? plannedAt)}: **${plain(plan.title)}**, ${STATES[state]}${undone}: ${differences === '' ? plain(plan.summary) : differences} ${cite(request?.event ?? id)}.${outcome}`;
    }),
    ...(onlyPlanned.length === 0 ? [] : [`- Planned and not made: ${onlyPlanned.map(({ id, plan }) => `${plain(plan.title)} ${cite(id)}`).join(', ')}`]),
  ];
  return ['### What was tried', '', ...(lines.length === 0 ? ['No change to production is on the timeline.'] : lines)].join('\n');
}

export function updatesBlock(writing: Writing): string {
  const { incident: { updates }, cite } = writing;
  const lines = updates.map(({ id, at, status, impact, actions, next }) =>
    `- ${clockOf(writing, at)}: **${plain(status)}**: ${plain(impact)}. Done: ${plain(actions)}. Next: ${plain(next)} ${cite(id)}`);
  return ['### Updates sent', '', ...(lines.length === 0 ? ['No update is on the timeline.'] : lines)].join('\n');
}

export function rootCauseBlock(writing: Writing): string {
  const { incident: { findings, resolution, closeReason, times }, runbook, cite } = writing;
  if (resolution === undefined) {
    return [
      '*Not stated yet.*',
      ...(closeReason === undefined || times.closed === undefined ? [] : [`- Closed with: ${plain(closeReason)} ${cite(times.closed.event)}`]),
      ...findings.map(({ event, text }) => `- Finding: ${plain(text)} ${cite(event)}`),
    ].join('\n');
  }
  const scenario = runbook.scenarios.find(({ id }) => id === resolution.scenario);
  return [
    `${plain(resolution.rootCause, 4_000)} ${cite(resolution.id)}`,
    '',
    `- **Resolution:** ${plain(resolution.resolution, 4_000)} ${cite(resolution.id)}`,
    ...(scenario === undefined ? [] : [`- **Scenario:** ${plain(scenario.title)} (runbook ${escapeMarkdown(scenario.section)})`]),
    ...(resolution.cause === undefined ? [] : [`- **Cause, in short:** ${plain(resolution.cause)}`]),
    ...(resolution.unproved ?? []).map(({ item, reason }) => `- **Not proved when it was resolved:** ${boxOf(runbook, item)}: ${plain(reason)} ${cite(resolution.id)}`),
  ].join('\n');
}

/** The words of a box of 9.1, by its id. */
export function boxOf({ checklists }: ReviewRunbook, item: string): string {
  return plain(checklists['confirmResolution']?.items.find(({ id }) => id === item)?.text ?? item);
}

/** Follow-ups that have an issue. Whether one is overdue depends on the day it is read, so the document leaves that to the view of follow-ups. */
export function followUpsBlock({ incident, cite }: Writing): string {
  const opened = followUpsOf(incident, '').sort(byDueDate);
  if (opened.length === 0) {
    return '*No follow-up has an issue yet. Write one line for each below; "Create action items" opens the issues.*';
  }
  return table(['Follow-up', 'Issue', 'Owner', 'Due', 'State'], opened.map(({ delivery, text, number, url, owner, due, state }) => [
    `${plain(text)} ${cite(delivery)}`, linked(`#${number}`, url), owner === '' ? 'nobody' : plain(owner), due ?? 'not set', state,
  ]));
}
