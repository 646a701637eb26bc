/** What the steps that reach people share: how an incident is named, who can be reached in which way, and the letters. */
import { UserError } from '../errors.ts';
import type { Delivery } from '../incident/deliveries.ts';
import type { Severity } from '../incident/events.ts';
import type { Incident } from '../incident/fold.ts';
import { escapeMarkdown, utc } from '../incident/markdown.ts';
import { onOneLine, shorten } from '../incident/shorten.ts';
import { isReachable, nextReachable } from '../runbook/hours.ts';
import { contactById } from '../runbook/query.ts';
import type { Runbook, RunbookContact } from '../runbook/schema.ts';
import type { ConnectableService } from '../services/connections.ts';
import { withoutPeriod } from '../text.ts';
import type { Inputs } from './inputs.ts';
import type { Letter, StepContext } from './step.ts';

export type Composing = StepContext & { readonly incident: Incident };

/** A contact of the runbook with its id. */
export interface Person {
  readonly id: string;
  readonly contact: RunbookContact;
  /** Whether it is outside the hours in which the contact can be reached (runbook 13). */
  readonly away: boolean;
}

/** How the extension knows to reach somebody. */
export type Way = 'pagerduty' | 'slack' | 'email' | 'phone';

/** PagerDuty's words for the severities of runbook 2.1. */
const PAGE_SEVERITY: Readonly<Record<Severity, 'critical' | 'error' | 'warning' | 'info'>> = { P1: 'critical', P2: 'error', P3: 'warning', P4: 'info' };

/** Characters of a title that still leave room for the id wherever it is said. */
const LONGEST_TITLE = 160;
/** Of a PagerDuty summary, in characters. */
const LONGEST_PAGE = 1024;

/** `P1 Portals answer 503 (INC-…)`: every text that leaves says what it is about, and by which id it is found. */
export function headline(incident: Incident): string {
  const { drill, id, severity } = incident;
  return `${[...(drill ? ['DRILL'] : []), ...(severity === undefined ? [] : [severity]), shortTitle(incident)].join(' ')} (${id})`;
}

/** The title on one line, cut where it is too long. */
export function shortTitle({ title }: Incident): string {
  return shorten(onOneLine(title), LONGEST_TITLE);
}

/** @throws UserError when the severity is not assessed yet */
export function assessed({ id, severity }: Incident): Severity {
  if (severity === undefined) {
    throw new UserError(`Assess the severity first: it decides who hears of ${id}, and how.`, {
      action: { title: 'Assess severity', command: 'incidentRunbook.assessSeverity', args: [{ kind: 'step', key: `${id}/assessSeverity`, incident: id }] },
    });
  }
  return severity;
}

/** What the runbook says of the incident's severity; of the gravest while it is not assessed (runbook 2.2: in doubt the higher one). */
export function levelOf({ runbook, incident }: Composing): Runbook['severities']['P1'] {
  return runbook.severities[incident.severity ?? 'P1'];
}

/** What the team has to know, line by line. */
export function situation({ environment, incident, runbook }: Composing): string[] {
  const { severity, severityReasons, times, ticket, updates } = incident;
  return [
    ...(severity === undefined ? [] : [`Severity: ${severity}, ${runbook.severities[severity].impact}`, ...severityReasons.map((reason) => `Why ${severity}: ${reason}`)]),
    `Environment: ${environment.data.title}`,
    `Detected: ${time(times.detected.at)} by ${incident.detectedBy}`,
    ...(times.impactStarted === undefined ? [] : [`Impact since: ${time(times.impactStarted.at)}`]),
    ...updates.slice(-1).map(({ at, status, impact }) => `Last update: ${status}, ${impact} (${time(at)})`),
    ...(ticket === undefined ? [] : [`Ticket: ${ticket.url}`]),
  ];
}

/** `2026-11-23 03:07:12 UTC` of an ISO 8601 time. */
export function time(at: string): string {
  return utc(Date.parse(at));
}

/** @throws UserError when such a delivery is on its way, or nobody knows whether it arrived: a second one might double it */
export function refuseWhileUnderWay({ deliveries }: Incident, service: Delivery['service'], call: string, what: string): void {
  const open = deliveries.find((delivery) => delivery.service === service && delivery.call === call
    && (delivery.state === 'pending' || delivery.state === 'unknown' || delivery.inDoubt));
  if (open !== undefined) {
    throw new UserError(`${what} was asked for at ${time(open.at)} and ${open.inDoubt || open.state === 'unknown' ? 'may have been made already' : 'is on its way'}${
      open.reason === undefined ? '' : ` (${withoutPeriod(open.reason)})`}. Retry or discard that delivery first.`);
  }
}

/** The war room that was opened, by Slack's own id of the channel. */
export function warRoomOf({ deliveries }: Incident): { readonly channel: string; readonly name: string; readonly url?: string } | undefined {
  const created = deliveries.findLast(({ service, call, state }) => service === 'slack' && call === 'createChannel' && state === 'done');
  const { channel, name } = created?.result ?? {};
  return created === undefined || typeof channel !== 'string' ? undefined
    : { channel, name: typeof name === 'string' ? `#${name.replace(/^#/, '')}` : created.target, ...(created.url === undefined ? {} : { url: created.url }) };
}

/** Those of the services that are connected. */
export async function connectedOf({ services }: Composing, ...asked: readonly ConnectableService[]): Promise<ReadonlySet<ConnectableService>> {
  const found = await Promise.all(asked.map(async (service) => ((await services.connections.get(service)) === undefined ? [] : [service])));
  return new Set(found.flat());
}

/** Contacts that the runbook knows, each once. */
export function peopleOf({ runbook, clock }: Composing, ids: readonly string[]): Person[] {
  return [...new Set(ids)].flatMap((id) => {
    const contact = contactById(runbook, id);
    return contact === undefined ? [] : [{ id, contact, away: !isReachable(contact, runbook, clock.now()) }];
  });
}

/** Whether a message gets to the contact that way. A number is enough for the phone: a person calls. */
export function reaches(way: Way, contact: RunbookContact, connected: ReadonlySet<ConnectableService>): boolean {
  switch (way) {
    case 'pagerduty': return connected.has('pagerduty');
    // Without a member id the contact is looked up by e-mail address.
    case 'slack': return connected.has('slack') && (contact.slackUser ?? contact.email) !== undefined;
    case 'email': return connected.has('mail') && contact.email !== undefined;
    case 'phone': return contact.phone !== undefined;
  }
}

/** The way a runbook means by `PagerDuty`, `E-mail`, `Phone` and the like. */
export function wayOf(method: string): Way | undefined {
  const found = /pager|slack|mail|phone|call/i.exec(method)?.[0].toLowerCase();
  const ways: Readonly<Record<string, Way>> = { pager: 'pagerduty', slack: 'slack', mail: 'email', phone: 'phone', call: 'phone' };
  return found === undefined ? undefined : ways[found];
}

/** Who is paged: the contacts that the escalation path, or else their own entry, says are reached by PagerDuty. */
export function onCall(context: Composing): Person[] {
  const { contacts, escalation } = context.runbook;
  const onPath = escalation.path.filter(({ methods }) => methods.some((method) => wayOf(method) === 'pagerduty')).map(({ contact }) => contact);
  return peopleOf(context, onPath.length > 0 ? onPath : Object.keys(contacts).filter((id) => contacts[id]?.methods.includes('pagerduty') === true));
}

/** The first behind the contact on the escalation path who can be reached now (runbook 8.2), leaving out those who are told anyway. */
export function nextOnPath(context: Composing, id: string, told: readonly string[]): { readonly level: number; readonly methods: readonly string[]; readonly person: Person } | undefined {
  const path = [...context.runbook.escalation.path].sort((a, b) => a.level - b.level);
  return path.slice(path.findIndex(({ contact }) => contact === id) + 1)
    .flatMap(({ level, methods, contact }) => peopleOf(context, [contact]).map((person) => ({ level, methods, person })))
    .find(({ person }) => !person.away && person.id !== id && !told.includes(person.id));
}

/** `DevOps Lead works in business hours and cannot be reached before 2026-11-23 07:00:00 UTC.` As Markdown. */
export function awayNote({ clock, runbook }: Composing, { contact }: Person): string {
  const from = nextReachable(contact, runbook, clock.now());
  return `${escapeMarkdown(contact.title)} works in business hours and cannot be reached ${from === undefined ? 'now' : `before ${utc(from)}`}.`;
}

/** Whom to turn to instead, as Markdown; that nobody is left, when nobody is. */
export function insteadNote(next: ReturnType<typeof nextOnPath>): string {
  return next === undefined
    ? 'Nobody further on the escalation path can be reached now.'
    : `Next on the escalation path: ${escapeMarkdown(next.person.contact.title)} (level ${next.level}, ${escapeMarkdown(next.methods.join(', '))}). Run "Escalate" with level ${next.level}.`;
}

/** A message in a channel. @param mention contacts named in it, so that Slack tells them */
export function channelPost(channel: string, text: string, { contacts = [], mention = [], target = channel }: {
  readonly contacts?: readonly string[]; readonly mention?: readonly string[]; readonly target?: string;
}): Letter {
  return {
    service: 'slack', call: 'postMessage', target, text,
    data: { channel, ...(mention.length === 0 ? {} : { mention: [...mention] }) },
    ...addressed([...new Set([...contacts, ...mention])]),
  };
}

/** A page. PagerDuty joins those of one incident to one alert, whoever sends them; once that is resolved, a page is a new one. */
export function page({ environment, incident }: Composing, contacts: readonly string[], why = ''): Letter {
  const resolved = incident.deliveries.some(({ service, call, state }) => service === 'pagerduty' && call === 'resolve' && state === 'done');
  return {
    service: 'pagerduty', call: 'trigger', target: 'PagerDuty', text: shorten(`${headline(incident)}${why}`, LONGEST_PAGE),
    data: { severity: PAGE_SEVERITY[incident.severity ?? 'P1'], source: environment.key, ...(resolved ? { again: true } : {}) },
    ...addressed(contacts),
  };
}

export function mail({ id, contact }: Pick<Person, 'id' | 'contact'>, subject: string, text: string): Letter {
  return { service: 'mail', call: 'send', target: contact.title, text, data: { to: [id], subject }, contacts: [id] };
}

/** A word to one person by a way that works now: mail, else the channel with their name in it, else a call or a mail by hand. */
export function wordTo(person: Person, { subject, text, channel }: { readonly subject: string; readonly text: string; readonly channel: string }, connected: ReadonlySet<ConnectableService>): { readonly letter: Letter; readonly reached: boolean } {
  const { contact, id } = person;
  if (reaches('email', contact, connected)) {
    return { letter: mail(person, subject, text), reached: true };
  }
  if (contact.methods.includes('slack') && reaches('slack', contact, connected)) {
    return { letter: channelPost(channel, text, { mention: [id] }), reached: true };
  }
  const byPhone = contact.methods.includes('phone') || contact.email === undefined;
  return { letter: byPhone ? phoneCall(person, text) : mail(person, subject, text), reached: byPhone && contact.phone !== undefined };
}

/** Who cannot be reached, and what to do about it. As Markdown. */
export function unreachedNote({ contact: { title, methods } }: Person): string {
  return `${escapeMarkdown(title)} cannot be reached by ${escapeMarkdown(methods.join(', '))}: connect one of them, or add what is missing to the contact.`;
}

/** A text that the public reads. */
export function forPublic({ incident }: Composing, text: string): string {
  return `${incident.drill ? 'This is a drill. ' : ''}${text}\nReference: ${incident.id}`;
}

/** A call that somebody makes. The number is hidden on the timeline like every other, so the place where it stands is named. */
export function phoneCall({ id, contact }: Pick<Person, 'id' | 'contact'>, text: string): Letter {
  const byHand = contact.phone === undefined
    ? `A person calls ${contact.title}: no number in the runbook. Add "phone" to contacts.${id}`
    : `A person calls ${contact.title}: ${contact.phone} (contacts.${id}.phone of the runbook)`;
  return { service: 'workspace', call: 'phone', target: contact.title, text, data: { contact: id }, contacts: [id], byHand };
}

/** A list that may be left out. */
export function optionalList(inputs: Inputs, name: string): readonly string[] | undefined {
  const none: readonly string[] = ['none'];
  const list = inputs.list(name, none);
  return list === none ? undefined : list;
}

/** Fills the `[placeholders]` of a template of the runbook; what it does not know stays as it is. */
export function fillTemplate(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\[([^\]\n]+)\]/g, (placeholder: string, name: string) => (Object.hasOwn(values, name) ? values[name] ?? placeholder : placeholder));
}

function addressed(contacts: readonly string[]): { readonly contacts?: readonly string[] } {
  return contacts.length === 0 ? {} : { contacts };
}
