/** What the invitation to a review says, and to whom it goes (runbook 10.1). Pure. */
import { stands } from '../incident/deliveries.ts';
import type { Incident } from '../incident/fold.ts';
import { isHttps } from '../incident/links.ts';
import { contactById, contactsNamed } from '../runbook/query.ts';
import { type Slot, describeSlot } from '../runbook/review-slot.ts';
import type { Runbook } from '../runbook/schema.ts';
import { type Composing, headline } from './letters.ts';

type Known = Pick<Composing, 'incident' | 'runbook'>;

/** Steps that bring people in: whom they reached is a responder. */
const BRINGS_IN = ['pageOnCall', 'escalate'];

export interface Invitees {
  /** Contacts with an address. */
  readonly contacts: readonly string[];
  /** People and groups that there is no address of. */
  readonly byHand: readonly string[];
  /** All of them, as people say it. */
  readonly names: readonly string[];
}

/** Whom the runbook invites to the review of this incident; while its severity is not assessed, as if it were the gravest. */
export function inviteesOf({ incident, runbook }: Known): Invitees {
  const invited = runbook.review.invite
    .filter(({ severities }) => severities === undefined || severities.includes(incident.severity ?? 'P1'))
    .flatMap(({ who, contacts }): readonly Invitee[] => {
      const ids = contacts ?? contactsNamed(runbook, who);
      return ids.length > 0 ? ids.map((id) => ({ id, name: titleOf(runbook, id) })) : /respond/i.test(who) ? respondersOf(incident, runbook) : [{ name: who }];
    });
  const once = [...new Map(invited.map((invitee) => [invitee.id ?? invitee.name.toLowerCase(), invitee])).values()];
  const reachable = ({ id }: Invitee): boolean => id !== undefined && contactById(runbook, id)?.email !== undefined;
  return {
    contacts: once.flatMap((invitee) => (invitee.id !== undefined && reachable(invitee) ? [invitee.id] : [])),
    byHand: once.filter((invitee) => !reachable(invitee)).map(({ name }) => name),
    names: once.map(({ name }) => name),
  };
}

interface Invitee {
  /** Contact id of the runbook; undefined for somebody it does not know. */
  readonly id?: string;
  readonly name: string;
}

/** Who was brought in, held a role or did something that is on the timeline. */
function respondersOf({ deliveries, events }: Incident, runbook: Runbook): Invitee[] {
  const broughtIn = deliveries.filter((delivery) => BRINGS_IN.includes(delivery.step) && stands(delivery)).flatMap(({ contacts = [] }) => contacts);
  const people = events.flatMap((event) => [
    ...(event.actor.kind === 'person' ? [event.actor.name] : []),
    ...(event.type === 'role.assigned' && event.person !== '' ? [event.person] : []),
  ]);
  return [
    ...broughtIn.map((id) => ({ id, name: titleOf(runbook, id) })),
    ...people.flatMap((person): Invitee[] => {
      const ids = contactsNamed(runbook, person);
      return ids.length === 0 ? [{ name: person.replace(/^@/, '') }] : ids.map((id) => ({ id, name: titleOf(runbook, id) }));
    }),
  ];
}

function titleOf(runbook: Runbook, id: string): string {
  return contactById(runbook, id)?.title ?? id;
}

/** `Incident review: P1 Portals answer 503 (INC-…)` */
export function reviewTitle(incident: Incident): string {
  return `Incident review: ${headline(incident)}`;
}

/** @param moved what became of an earlier version, in a line */
export function reviewText({ incident, runbook }: Known, slot: Slot, { names, byHand }: Pick<Invitees, 'names' | 'byHand'>, moved?: string): string {
  const { location } = placeOf({ incident, runbook });
  return [
    reviewTitle(incident),
    `When: ${describeSlot(slot, runbook.timeZone)}`,
    ...(moved === undefined ? [] : [moved]),
    ...(location === undefined || location === incident.ticket?.url ? [] : [`Where: ${location}`]),
    ...(incident.ticket === undefined ? [] : [`Ticket: ${incident.ticket.url}`]),
    `Invited: ${names.join(', ')}`,
    ...(byHand.length === 0 ? [] : [`Please pass it on, there is no address of: ${byHand.join(', ')}`]),
    '',
    'Agenda',
    ...runbook.review.topics.map(({ title, question }, place) => `${place + 1}. ${title}: ${question}`),
  ].join('\n');
}

/** The video call of the war room, or else the ticket. */
export function placeOf({ incident, runbook }: Known): { readonly location?: string; readonly url?: string } {
  const opened = incident.steps.get('openWarRoom')?.evidence?.data['video'];
  const { video } = runbook.warRoom;
  const call = typeof opened === 'string' && isHttps(opened) ? opened : video?.kind === 'url' ? video.url : undefined;
  const location = call ?? incident.ticket?.url;
  const url = incident.ticket?.url ?? call;
  return { ...(location === undefined ? {} : { location }), ...(url === undefined ? {} : { url }) };
}
