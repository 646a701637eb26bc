/** The first five minutes, as far as they reach people: acknowledge, open the ticket, notify the team, page (runbook 4). */
import { stands } from '../incident/deliveries.ts';
import { UserError } from '../errors.ts';
import type { Incident } from '../incident/fold.ts';
import { isHttps, linked } from '../incident/links.ts';
import { escapeMarkdown } from '../incident/markdown.ts';
import { shorten } from '../incident/shorten.ts';
import type { ConnectableService } from '../services/connections.ts';
import { plural } from '../text.ts';
import type { Inputs } from './inputs.ts';
import {
  type Composing, type Person, type Way, assessed, awayNote, channelPost, connectedOf, fillTemplate, headline, insteadNote, levelOf, mail,
  nextOnPath, onCall, optionalList, page, peopleOf, phoneCall, reaches, refuseWhileUnderWay, shortTitle, situation, time, unreachedNote,
  wayOf,
} from './letters.ts';
import type { Letter, PostAction } from './step.ts';

/** GitHub's limit, in characters. */
const LONGEST_ISSUE_TITLE = 256;
/** What can still be read at a glance: characters of a line, lines of a list. */
const LONGEST_LINE = 500;
const MOST_LINES = 20;

/**
 * Stops a second responder from starting over (runbook 4.1). Acknowledging twice changes nothing. Inputs: page, the id
 * of a Datadog On-Call page.
 */
export const acknowledge: PostAction = {
  kind: 'post',
  concurrent: true,
  async compose(context, inputs) {
    const { incident, runbook } = context;
    const { acknowledged } = incident.times;
    if (acknowledged !== undefined) {
      const by = incident.events.find(({ id }) => id === acknowledged.event)?.actor.name;
      return { events: [], letters: [], summary: `Already acknowledged at ${acknowledged.at}${by === undefined ? '' : ` by ${by}`}` };
    }
    const template = runbook.templates['acknowledgement']?.body ?? 'Incident acknowledged - investigating';
    const text = `${template}\n${headline(incident)}`;
    const datadogPage = inputs.optionalText('page')?.trim();
    const { channels, contacts } = levelOf(context).notify;
    return {
      events: [{ type: 'incident.acknowledged' }],
      letters: [
        { service: 'pagerduty', call: 'acknowledge', target: 'PagerDuty', text, data: {} },
        ...(datadogPage === undefined ? [] : [{ service: 'datadog', call: 'acknowledgePage', target: `Datadog page ${datadogPage}`, text, data: { page: datadogPage } } as const]),
        ...channels.map((channel) => channelPost(channel, text, { contacts })),
      ],
      summary: template,
      notes: incident.detectedBy === 'datadog'
        ? ['A Datadog monitor cannot be acknowledged through any API: click "Acknowledge" on the alert yourself.'] : [],
    };
  },
};

/**
 * The incident ticket as a GitHub issue (runbook 4.3). Inputs: labels, the severity is added; assignees, GitHub logins,
 * by default somebody with a login where the severity says that the incident is assigned.
 */
export const createTicket: PostAction = {
  kind: 'post',
  async compose(context, inputs) {
    const { incident, runbook, services } = context;
    const existing = incident.ticket?.url ?? incident.deliveries.find(isOpenedIssue)?.url;
    if (existing !== undefined || incident.deliveries.some(isOpenedIssue)) {
      throw new UserError(`${incident.id} has a ticket already: ${existing ?? 'it was opened by hand'}.`);
    }
    refuseWhileUnderWay(incident, 'github', 'createIssue', 'The ticket');
    const labels = [...new Set([...inputs.list('labels', ['incident']), ...(incident.severity === undefined ? [] : [incident.severity])])];
    const { assignees, contacts } = assigneesOf(context, inputs);
    const title = fillTemplate(runbook.templates['ticketTitle']?.body ?? 'INCIDENT: [Brief description]', { 'Brief description': shortTitle(incident) });
    const repository = (await services.connections.get('github'))?.['repository'];
    return {
      events: [],
      letters: [{
        service: 'github', call: 'createIssue', target: repository ?? 'GitHub', text: ticketBody(context),
        data: { title: shorten(incident.drill ? `DRILL ${title}` : title, LONGEST_ISSUE_TITLE), labels, assignees },
        ...(contacts.length === 0 ? {} : { contacts }),
      }],
      summary: `Ticket in ${repository ?? 'GitHub'}, labelled ${labels.join(', ')}`,
      notes: [
        ...(incident.severity === undefined ? ['The severity is not assessed yet, so the ticket has no label for it.'] : []),
        ...(levelOf(context).notify.assign && incident.severity !== undefined && assignees.length === 0
          ? ['Nobody is assigned. Give "assignees", or add "github" to a contact of the runbook.'] : []),
      ],
    };
  },
};

/** Tells the team, by severity (runbook 4.4). Inputs: assignee, a name, where the severity says that the incident is assigned. */
export const notifyTeam: PostAction = {
  kind: 'post',
  async compose(context, inputs) {
    const { incident, runbook } = context;
    const severity = assessed(incident);
    const { notify } = runbook.severities[severity];
    const connected = await connectedOf(context, 'slack', 'pagerduty', 'mail');
    const people = peopleOf(context, notify.contacts);
    const ways = new Map(people.map((person) => [person.id, firstWay(person, notify.page, connected)]));
    const instead = people.filter(({ away }) => away).map((person) => ({ person, next: nextOnPath(context, person.id, notify.contacts) }));
    const standIns = instead.flatMap(({ next }) => next?.person ?? []);
    const mention = [...new Set([...people, ...standIns].filter(({ contact }) => contact.methods.includes('slack')).map(({ id }) => id))];
    const assignee = notify.assign ? inputs.optionalText('assignee')?.trim() : undefined;
    const text = [headline(incident), ...situation(context), ...(assignee === undefined ? [] : [`Assigned to: ${assignee}`])].join('\n');
    const by = (way: Way): Person[] => people.filter(({ id }) => ways.get(id) === way);
    const paged = people.filter(({ contact }) => contact.methods.includes('pagerduty'));
    const letters: Letter[] = [
      ...notify.channels.map((channel) => channelPost(channel, text, { mention })),
      ...(notify.page ? [page(context, (paged.length > 0 ? paged : onCall(context)).map(({ id }) => id))] : []),
      ...by('email').map((person) => mail(person, headline(incident), text)),
      ...by('phone').map((person) => phoneCall(person, text)),
      ...people.filter(({ id, contact }) => ways.get(id) === undefined && contact.methods.includes('phone')).map((person) => phoneCall(person, text)),
    ];
    const reached = people.filter(({ id, away }) => !away && ways.get(id) !== undefined);
    const unreachable = people.filter((person) => !reached.includes(person));
    const notes = [
      ...(connected.has('slack') ? [] : [`Slack is not connected: post the text in ${escapeMarkdown(notify.channels.join(', '))} yourself, or connect Slack and send it from the deliveries.`]),
      ...people.filter(({ id, away }) => !away && ways.get(id) === undefined).map((person) => unreachedNote(person)),
      ...instead.map(({ person, next }) => `${awayNote(context, person)} ${insteadNote(next)}`),
      ...people.filter(({ id, contact }) => contact.methods[0] === 'phone' && contact.phone === undefined && ways.get(id) !== undefined)
        .map(({ contact }) => `${escapeMarkdown(contact.title)} is to be phoned first, but there is no number in the runbook.`),
      ...(notify.assign && assignee === undefined ? ['Assign it to a member of the team: nobody is named yet (input "assignee").'] : []),
    ];
    return {
      events: [], letters, notes,
      summary: `${severity}: ${[...notify.channels, ...(notify.page ? ['a page'] : []), ...(reached.length === 0 ? [] : [titles(reached)])].join(', ')}${
        unreachable.length === 0 ? '' : `; not reachable now: ${titles(unreachable)}`}`,
      level: unreachable.length > 0 || !connected.has('slack') ? 'warn' : 'ok',
      facts: { reached: reached.map(({ id }) => id), unreachable: unreachable.map(({ id }) => id) },
    };
  },
};

/** Pages whoever is on call (runbook 4.4). The incident's id is the deduplication key, so a second page joins the first. */
export const pageOnCall: PostAction = {
  kind: 'post',
  async compose(context) {
    const { incident, runbook } = context;
    const people = onCall(context);
    const connected = (await connectedOf(context, 'pagerduty')).has('pagerduty');
    const before = incident.deliveries.findLast((delivery) => delivery.service === 'pagerduty' && delivery.call === 'trigger' && stands(delivery));
    const away = people.filter((person) => person.away);
    return {
      events: [],
      letters: [page(context, people.map(({ id }) => id))],
      summary: `Page ${people.length === 0 ? 'by PagerDuty' : titles(people)}${before === undefined ? '' : `; joins the page of ${time(before.at)}`}`,
      level: connected && away.length === 0 ? 'ok' : 'warn',
      notes: [
        `A second page joins the first: PagerDuty keeps one alert for ${incident.id} and pages nobody again once it is acknowledged. Run "Escalate" to bring in the next level.`,
        ...(connected ? [] : [`PagerDuty is not connected: ${people.map(({ contact }) => otherWays(contact)).join('; ') || 'page by hand'}.`]),
        ...away.map((person) => `${awayNote(context, person)} ${insteadNote(nextOnPath(context, person.id, people.map(({ id }) => id)))}`),
        ...(runbook.severities[incident.severity ?? 'P1'].notify.page ? [] : [`The runbook pages nobody for ${incident.severity ?? 'this severity'}: you do.`]),
      ],
    };
  },
};

/** The first of the contact's ways that works now. Nobody is phoned outside their hours; in writing they are told all the same. */
function firstWay({ contact, away }: Person, paging: boolean, connected: ReadonlySet<ConnectableService>): Way | undefined {
  return contact.methods.flatMap((method) => wayOf(method) ?? [])
    .find((way) => (way !== 'pagerduty' || paging) && (way !== 'phone' || !away) && reaches(way, contact, connected));
}

function otherWays({ title, methods }: Person['contact']): string {
  const others = methods.filter((method) => method !== 'pagerduty');
  return escapeMarkdown(others.length === 0 ? `${title} has no other way` : `reach ${title} by ${others.join(' or ')}`);
}

function titles(people: readonly Person[]): string {
  return people.map(({ contact }) => contact.title).join(', ');
}

function isOpenedIssue({ service, call, state }: Incident['deliveries'][number]): boolean {
  return service === 'github' && call === 'createIssue' && state === 'done';
}

/** Whom the ticket is assigned to, as bare logins, and which contacts they are. */
function assigneesOf(context: Composing, inputs: Inputs): { readonly assignees: readonly string[]; readonly contacts: readonly string[] } {
  const { runbook, incident } = context;
  const given = (optionalList(inputs, 'assignees') ?? []).map((login) => login.trim().replace(/^@/, ''));
  const known = (id: string): string | undefined => runbook.contacts[id]?.github;
  if (given.length > 0) {
    return { assignees: given, contacts: Object.keys(runbook.contacts).filter((id) => given.includes(known(id) ?? '')) };
  }
  const { contacts, assign } = levelOf(context).notify;
  if (!assign || incident.severity === undefined) {
    return { assignees: [], contacts: [] };
  }
  const named = contacts.filter((id) => known(id) !== undefined);
  const onPath = [...runbook.escalation.path].sort((a, b) => a.level - b.level).map(({ contact }) => contact).filter((id) => known(id) !== undefined);
  const chosen = named.length > 0 ? named : onPath.slice(0, 1);
  return { assignees: chosen.flatMap((id) => known(id) ?? []), contacts: chosen };
}

/** What a reader who knows nothing yet has to know, as GitHub-flavoured Markdown; outside text in it is made harmless. */
function ticketBody(context: Composing): string {
  const { environment, incident, runbook } = context;
  const { severity, severityReasons, times } = incident;
  const details = [
    ...(incident.drill ? ['**This is a drill.**', ''] : []),
    `- **Incident:** ${incident.id}: ${escapeMarkdown(shortTitle(incident))}`,
    `- **Environment:** ${escapeMarkdown(environment.data.title)} (\`${environment.key}\`)`,
    `- **Severity:** ${severity === undefined ? 'not assessed yet' : `${severity}, ${escapeMarkdown(runbook.severities[severity].impact)}`}`,
    ...severityReasons.map((reason) => `  - ${escapeMarkdown(shorten(reason, LONGEST_LINE))}`),
    `- **Detected:** ${time(times.detected.at)} by ${incident.detectedBy}`,
    `- **Impact started:** ${times.impactStarted === undefined ? 'not known' : time(times.impactStarted.at)}`,
    ...(times.acknowledged === undefined ? [] : [`- **Acknowledged:** ${time(times.acknowledged.at)}`]),
    `- **Team's channel:** ${levelOf(context).notify.channels.map((channel) => escapeMarkdown(channel)).join(', ')}`,
    ...section('Findings so far', incident.findings.map(({ at, text }) => `${time(at)}: ${line(text)}`)),
    ...section('What the checks show', [...incident.steps.values()].filter(({ level, evidence }) => evidence !== undefined && (level === 'bad' || level === 'warn'))
      .map(({ title, level, summary }) => `${line(title)} (${level}): ${line(summary)}`)),
    ...section('Links', linksOf(context)),
  ].join('\n');
  const body = fillTemplate(runbook.templates['ticketBody']?.body ?? '', { 'Initial details of the incident': details });
  return body.includes(incident.id) ? body : `${body}\n\n${details}`.trim();
}

function line(text: string): string {
  return escapeMarkdown(shorten(text, LONGEST_LINE));
}

function section(title: string, lines: readonly string[]): string[] {
  const rest = lines.length - MOST_LINES;
  return lines.length === 0 ? [] : ['', `### ${title}`, '', ...lines.slice(-MOST_LINES).map((entry) => `- ${entry}`), ...(rest > 0 ? [`- and ${plural(rest, 'earlier line')} on the timeline`] : [])];
}

function linksOf({ incident, runbook }: Composing): string[] {
  const links = [
    ...[...incident.steps.values()].flatMap(({ evidence }) => evidence?.links ?? []),
    ...runbook.references.map(({ title, target }) => ({ title, url: target })),
  ].filter(({ url }) => isHttps(url));
  return [...new Map(links.map((link) => [link.url, link])).values()].map(({ title, url }) => linked(escapeMarkdown(title), url));
}
