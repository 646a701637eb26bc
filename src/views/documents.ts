/** Evidence, steps and timelines as Markdown documents, composed from the timeline whenever they are opened. */
import { formatDuration } from '../incident/clock.ts';
import { describeEvent } from '../incident/describe.ts';
import type { StepResult, TimelineEvent } from '../incident/events.ts';
import type { Evidence, Level, Link } from '../incident/evidence.ts';
import { excerptMarkdown } from '../incident/excerpt.ts';
import { type Incident, resultOf } from '../incident/fold.ts';
import { isHttps, linked } from '../incident/links.ts';
import { isTold, targetOf } from '../incident/told.ts';
import type { Runbook, RunbookStep } from '../runbook/schema.ts';
import { isAutomated } from '../steps/catalog.ts';
import { codeBlock, escapeMarkdown, levelMark, table } from '../incident/markdown.ts';
import { chartImage } from './chart.ts';

/** The evidence of a step's result, with that of the checks it ran. */
export function evidenceDocument(incident: Incident, event: TimelineEvent, step: string): string {
  const result = resultOf(event, step);
  if (result === undefined) {
    return `# Nothing here\n\nThe timeline of ${escapeMarkdown(incident.id)} holds no result of this step.`;
  }
  const parts = event.type === 'step.finished' && event.result.step === step ? event.parts ?? [] : [];
  return drawMarks([
    `# ${escapeMarkdown(result.title)}`,
    `${levelMark(result.level)} **${escapeMarkdown(result.summary)}**`,
    table(['Incident', 'Environment', 'Runbook', 'When', 'Who', 'Took'], [[
      `${escapeMarkdown(incident.id)} ${escapeMarkdown(incident.title)}`, escapeMarkdown(incident.environment), result.section,
      escapeMarkdown(event.at), escapeMarkdown(event.actor.name), `${result.durationMs} ms`,
    ]]),
    evidenceBody(result),
    ...deliveriesSection(incident, event, step),
    ...parts.map((part) => [`## ${escapeMarkdown(part.title)}`, `${levelMark(part.level)} ${escapeMarkdown(part.summary)}`, evidenceBody(part)].join('\n\n')),
  ].join('\n\n'));
}

/** The text of a delivery, and what became of it. */
export function deliveryDocument(incident: Incident, id: string): string {
  const delivery = incident.deliveries.find((candidate) => candidate.id === id);
  if (delivery === undefined) {
    return `# Nothing here\n\nThe timeline of ${escapeMarkdown(incident.id)} holds no such delivery.`;
  }
  const { target, text, state, at, actor, reason, note, url } = delivery;
  return [
    `# To ${escapeMarkdown(target)}`,
    `**${state}**${reason === undefined ? '' : `: ${escapeMarkdown(reason)}`}`,
    table(['Incident', 'Asked for', 'By'], [[`${escapeMarkdown(incident.id)} ${escapeMarkdown(incident.title)}`, escapeMarkdown(at), escapeMarkdown(actor.name)]]),
    ...(note === undefined ? [] : [escapeMarkdown(note)]),
    codeBlock(text),
    ...linksOf(url === undefined ? [] : [{ title: 'Open', url }]),
  ].join('\n\n');
}

/** What a step sent and what became of it, as of now: those that it asked for, up to the moment it ended. */
function deliveriesSection({ deliveries, events }: Incident, event: TimelineEvent, step: string): string[] {
  const before = events.findLast((other) => other.type === 'step.finished' && other.result.step === step && other.id < event.id)?.id ?? '';
  const ofStep = deliveries.filter((delivery) => delivery.step === step && delivery.id > before && delivery.id < event.id);
  return ofStep.length === 0 ? [] : ['## Deliveries', table(['To', 'State', ''], ofStep.map(({ target, state, reason, note, url }) => [
    escapeMarkdown(target), state, [reason, note].filter((part) => part !== undefined).map(escapeMarkdown).concat(linksOf(url === undefined ? [] : [{ title: 'Open', url }])).join(' '),
  ]))];
}

/** Evidence that is on no timeline: a check made before an incident was declared. */
export function unrecordedDocument(title: string, evidence: Evidence): string {
  return drawMarks([`# ${escapeMarkdown(title)}`, `${levelMark(evidence.level)} **${escapeMarkdown(evidence.summary)}**`, '*Not recorded: no incident is open.*', bodyOf(evidence)].join('\n\n'));
}

/** What a step does, for one that has no result yet. */
export function stepDocument(step: RunbookStep, runbook: Runbook): string {
  return [
    `# ${escapeMarkdown(step.title)}`,
    `Runbook ${step.section} · ${step.effect} · ${escapeMarkdown(runbook.name)} ${escapeMarkdown(runbook.version)}`,
    escapeMarkdown(step.description),
    ...(isAutomated(step.action) ? ['Not run yet in this incident: run it from its row in the Incidents view or from the palette.'] : ['This step is done by hand. Afterwards, record what came of it from its row in the Incidents view.']),
    ...(step.runbookCommand === undefined ? [] : ['The runbook\'s own command, corrected:', codeBlock(step.runbookCommand, 'bash')]),
  ].join('\n\n');
}

/** The whole timeline, oldest first, with corrections applied and what is known of the times. */
export function timelineDocument(incident: Incident, runbook: Runbook | undefined, now: number): string {
  const { times } = incident;
  const end = times.closed === undefined ? now : Date.parse(times.closed.at);
  const roleName = (id: string): string => runbook?.warRoom.roles.find((role) => role.id === id)?.title ?? id;
  return drawMarks([
    `# ${escapeMarkdown(incident.title)}`,
    `${escapeMarkdown(incident.id)} · ${incident.severity ?? 'not assessed'} · ${incident.status}${incident.drill ? ' · drill' : ''} · ${formatDuration(end - Date.parse(times.detected.at))}`,
    table(['Impact started', 'Detected', 'Acknowledged', 'Mitigated', 'Resolved', 'Closed'], [[times.impactStarted, times.detected, times.acknowledged, times.mitigated, times.resolved, times.closed]
      .map((milestone) => (milestone === undefined ? 'not known' : `${escapeMarkdown(milestone.at)}${milestone.corrected ? ' (corrected)' : ''}`))]),
    ...(incident.severityReasons.length === 0 ? [] : [`**Severity ${incident.severity}**: ${incident.severityReasons.map(escapeMarkdown).join(' ')}`]),
    ...(Object.keys(incident.roles).length === 0 ? [] : [Object.entries(incident.roles).map(([role, person]) => `- **${escapeMarkdown(roleName(role))}**: ${escapeMarkdown(person)}`).join('\n')]),
    '## Timeline',
    table(['Time (UTC)', 'Who', 'What', 'Detail'], incident.events.filter(isTold).map((event) => {
      const { title, detail, level } = describeEvent(event, (request) => targetOf(incident, request));
      return [event.at.replace('T', ' ').replace('Z', ''), escapeMarkdown(event.actor.name), `${level === undefined ? '' : `${levelMark(level)} `}${escapeMarkdown(title)}`, escapeMarkdown(detail)];
    })),
    ...findingsSection(incident),
    ...(incident.updates.length === 0 ? [] : ['## Updates', ...incident.updates.map((update) => codeBlock(update.text))]),
  ].join('\n\n'));
}

function findingsSection(incident: Incident): string[] {
  if (incident.findings.length === 0) {
    return [];
  }
  return ['## Findings', ...incident.findings.map((finding) => [
    `**${escapeMarkdown(finding.at)}** ${escapeMarkdown(finding.actor.name)}: ${escapeMarkdown(finding.text)}`,
    ...excerptMarkdown(finding.excerpt),
  ].join('\n\n'))];
}

/** Dots for the marks in recorded evidence: an image has its colour on machines without an emoji font too. */
const DOTS: Readonly<Record<Level, string>> = { bad: '#e51400', warn: '#d18616', unknown: '#8a8a8a', ok: '#388a34' };

function drawMarks(markdown: string): string {
  return markdown.replace(/(?:🔴|🟠|⚪|🟢)\u00a0(bad|warn|unknown|ok)\b/gu, (_mark, level: Level) => {
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="12" height="12"><circle cx="6" cy="6" r="5" fill="${DOTS[level]}"/></svg>`;
    return `![](data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')})\u00a0${level}`;
  });
}

/** Links that lead out; anything but https is not drawn. */
function linksOf(links: readonly Link[]): string[] {
  return links.filter(({ url }) => isHttps(url)).map(({ title, url }) => linked(escapeMarkdown(title), url));
}

function evidenceBody(result: StepResult): string {
  return result.evidence === undefined ? escapeMarkdown(result.outcome === 'failed' ? 'The check could not run, so it says nothing about the service.' : 'There is no evidence.') : bodyOf(result.evidence);
}

function bodyOf(evidence: Evidence): string {
  return [
    ...(evidence.charts ?? []).map(chartImage),
    evidence.markdown,
    ...linksOf(evidence.links ?? []),
  ].join('\n\n');
}
