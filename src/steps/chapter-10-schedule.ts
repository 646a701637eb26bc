/** The time of the review meeting, and the invitation to it (runbook 10.1). */
import { UserError } from '../errors.ts';
import { iso } from '../incident/clock.ts';
import { type Delivery, stands } from '../incident/deliveries.ts';
import type { NewEvent } from '../incident/events.ts';
import type { Incident } from '../incident/fold.ts';
import { escapeMarkdown, utc } from '../incident/markdown.ts';
import { contactById } from '../runbook/query.ts';
import { NOTICE_MS, type Slot, describeSlot, firstSlot, inBusinessHours, readTime } from '../runbook/review-slot.ts';
import type { Meeting } from '../services/invitation.ts';
import type { Inputs } from './inputs.ts';
import { type Composing, connectedOf, headline } from './letters.ts';
import { type Invitees, inviteesOf, placeOf, reviewText, reviewTitle } from './review-invitation.ts';
import type { Letter, Post, PostAction } from './step.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const LENGTH = { min: 15, max: 480, fallback: 60 };

/**
 * Invites to the review, moves it or takes it back; every version has the same UID and a higher SEQUENCE. Inputs: start,
 * ISO 8601 or a wall-clock time in the runbook's time zone, by default the first slot in business hours; minutes, the
 * length; cancel.
 */
export const scheduleReview: PostAction = {
  kind: 'post',
  afterClosing: true,
  async compose(context, inputs) {
    const connected = (await connectedOf(context, 'mail')).has('mail');
    return inputs.flag('cancel') ? cancellation(context, connected) : schedule(context, inputs, connected);
  },
};

/** When the review can be, before anybody is asked. @throws UserError when the incident is not resolved, or nothing fits */
export function proposedSlot({ clock, incident, runbook }: Pick<Composing, 'clock' | 'incident' | 'runbook'>, minutes = LENGTH.fallback): Slot {
  resolvedAt(incident);
  const slot = firstSlot(runbook, clock.now(), minutes);
  if (slot === undefined) {
    throw new UserError(`No ${minutes} minutes fit into the business hours of the runbook (${hoursOf(runbook)}). Give "start", or a shorter length as "minutes".`);
  }
  return slot;
}

function schedule(context: Composing, inputs: Inputs, connected: boolean): Post {
  const { incident, runbook } = context;
  const before = incident.review;
  const slot = slotOf(context, inputs);
  const invitees = inviteesOf(context);
  const same = before !== undefined && Date.parse(before.start) === slot.start && Date.parse(before.end) === slot.end;
  if (same && before.invitees.join('\n') === invitees.names.join('\n')) {
    throw new UserError(`The review of ${incident.id} is then already: ${describeSlot(slot, runbook.timeZone)}. Give another "start" to move it, or "cancel".`);
  }
  const from = before === undefined || same ? undefined : `Moved from ${describeSlot(slotIn(before), runbook.timeZone)} to ${describeSlot(slot, runbook.timeZone)}`;
  const text = reviewText(context, slot, invitees, from);
  const meeting = meetingOf(context, 'REQUEST', slot);
  const dropped = reached(incident).filter((id) => !invitees.contacts.includes(id));
  const letters: Letter[] = [
    ...invitation(context, meeting, invitees.contacts, text, `${before === undefined ? '' : 'Updated: '}${meeting.title}`),
    ...cancelled(context, { ...meeting, method: 'CANCEL' }, dropped, 'goes on without you'),
  ];
  const warnings = [
    ...timeWarnings(context, slot),
    ...sendingWarnings(invitees, connected),
  ];
  return {
    events: [...withdrawn(incident), { type: 'review.scheduled', uid: meeting.uid, sequence: meeting.sequence, start: meeting.start, end: meeting.end, invitees: invitees.names }],
    letters,
    summary: `Review ${from === undefined ? 'on' : 'moved to'} ${describeSlot(slot, runbook.timeZone)}`,
    level: warnings.length === 0 ? 'ok' : 'warn',
    notes: [
      ...(from === undefined ? [] : [escapeMarkdown(from)]),
      ...warnings.map(escapeMarkdown),
      ...(inputs.optionalText('start') === undefined && !same ? ['Nobody\'s calendar was looked at: give "start" where the time does not suit.'] : []),
    ],
    facts: { uid: meeting.uid, sequence: meeting.sequence, start: meeting.start, end: meeting.end, byHand: [...invitees.byHand] },
  };
}

function cancellation(context: Composing, connected: boolean): Post {
  const { incident, runbook } = context;
  const before = incident.review;
  if (before === undefined) {
    throw new UserError(`No review of ${incident.id} is scheduled, so there is none to cancel.`);
  }
  const slot = slotIn(before);
  const meeting = meetingOf(context, 'CANCEL', slot);
  const { uid, sequence, start, end } = meeting;
  const told = invited(incident, stands);
  const byHand = before.invitees.filter((name) => !told.some((id) => contactById(runbook, id)?.title === name));
  const warnings = [
    ...(byHand.length === 0 ? [] : [`Tell by hand: ${byHand.join(', ')}.`]),
    ...(connected || told.length === 0 ? [] : ['Mail is not connected: tell them by hand, or connect mail and send it from the deliveries.']),
  ];
  return {
    events: [...withdrawn(incident), { type: 'review.scheduled', uid, sequence, start, end, invitees: before.invitees, cancelled: true }],
    letters: cancelled(context, meeting, told, 'does not take place'),
    summary: `Review on ${describeSlot(slot, runbook.timeZone)} cancelled`,
    level: warnings.length === 0 ? 'ok' : 'warn',
    notes: [...warnings.map(escapeMarkdown), 'The runbook wants a review: schedule another one.'],
    facts: { uid, sequence },
  };
}

/** @throws UserError when it is not over, so that the 48 hours have not begun */
function resolvedAt({ id, times }: Incident): number {
  if (times.resolved === undefined) {
    throw new UserError(`${id} is not resolved yet, and its review comes after (runbook 10.1). Confirm the resolution first.`, {
      action: { title: 'Confirm resolution', command: 'incidentRunbook.step.confirmResolution' },
    });
  }
  return Date.parse(times.resolved.at);
}

/** @throws UserError when that is no time to meet */
function slotOf(context: Composing, inputs: Inputs): Slot {
  const { clock, incident, runbook } = context;
  resolvedAt(incident);
  const before = incident.review === undefined ? undefined : slotIn(incident.review);
  const minutes = inputs.count('minutes', { ...LENGTH, fallback: before === undefined ? LENGTH.fallback : Math.round((before.end - before.start) / MINUTE) });
  const asked = inputs.optionalText('start');
  if (asked === undefined) {
    // Whoever runs it again without a time does not want to move it.
    return before !== undefined && before.start > clock.now() ? { start: before.start, end: before.start + minutes * MINUTE } : proposedSlot(context, minutes);
  }
  const start = readTime(asked, runbook.timeZone);
  if (start === undefined) {
    throw new UserError(`"${asked}" is no time of the review. Write it like 2026-11-24 10:00, in the time zone ${runbook.timeZone}, or like 2026-11-24T08:00:00Z.`);
  }
  if (start <= clock.now()) {
    throw new UserError(`The review cannot be in the past: ${describeSlot({ start, end: start + minutes * MINUTE }, runbook.timeZone)}. Give a later "start".`);
  }
  return { start, end: start + minutes * MINUTE };
}

function slotIn({ start, end }: { readonly start: string; readonly end: string }): Slot {
  return { start: Date.parse(start), end: Date.parse(end) };
}

function timeWarnings({ clock, incident, runbook }: Composing, slot: Slot): string[] {
  const { withinHours } = runbook.review;
  const limit = resolvedAt(incident) + withinHours * HOUR;
  const first = firstSlot(runbook, clock.now(), Math.round((slot.end - slot.start) / MINUTE));
  const why = limit < clock.now() + NOTICE_MS ? 'they are over, or nearly, and people need notice'
    : first === undefined || first.start > limit ? `no business hours (${hoursOf(runbook)}) are left before`
      : `${describeSlot(first, runbook.timeZone)} would be within them`;
  return [
    ...(slot.start <= limit ? [] : [`This is later than ${withinHours} h after the resolution, which end ${utc(limit)}: ${why}.`]),
    ...(inBusinessHours(runbook, slot) ? [] : [`This is outside business hours (${hoursOf(runbook)}).`]),
  ];
}

function sendingWarnings({ contacts, byHand }: Invitees, connected: boolean): string[] {
  return [
    ...(byHand.length === 0 ? [] : [`Invite by hand: ${byHand.join(', ')}.`]),
    ...(contacts.length === 0 ? ['Nobody whom the runbook invites has an e-mail address in it. Run "Save Invitation (.ics)" and pass it on.'] : []),
    ...(connected || contacts.length === 0 ? [] : ['Mail is not connected: run "Save Invitation (.ics)" and pass it on, or connect mail and send it from the deliveries.']),
  ];
}

function hoursOf({ businessHours: { days, from, to }, timeZone }: Composing['runbook']): string {
  return `${days.join(', ')}, ${from} to ${to}, ${timeZone}`;
}

/** The next version of the calendar entry. */
function meetingOf(context: Composing, method: Meeting['method'], { start, end }: Slot): Meeting {
  const { incident } = context;
  const scheduled = incident.events.filter((event) => event.type === 'review.scheduled');
  const sequences = [...scheduled.map(({ sequence }) => sequence), ...versions(incident).map(({ sequence }) => sequence)];
  return {
    method, uid: scheduled.at(-1)?.uid ?? `review-${incident.id}@incident-runbook`, sequence: Math.max(-1, ...sequences) + 1,
    start: iso(start), end: iso(end), title: reviewTitle(incident), ...placeOf(context),
  };
}

/** Invitations that were asked for before, the oldest first. */
function versions({ deliveries }: Incident): { readonly delivery: Delivery; readonly sequence: number; readonly isCancel: boolean }[] {
  return deliveries.flatMap((delivery) => {
    const calendar = delivery.data['calendar'];
    return typeof calendar === 'object' && calendar !== null && 'sequence' in calendar && typeof calendar['sequence'] === 'number'
      ? [{ delivery, sequence: calendar['sequence'], isCancel: calendar['method'] === 'CANCEL' }] : [];
  });
}

/** Contacts who have the review in their calendar, as far as the deliveries that count say. */
function invited(incident: Incident, counts: (delivery: Delivery) => boolean): string[] {
  const ids = new Set<string>();
  for (const { delivery, isCancel } of versions(incident).filter((version) => counts(version.delivery))) {
    (delivery.contacts ?? []).forEach((id) => (isCancel ? ids.delete(id) : ids.add(id)));
  }
  return [...ids];
}

function reached(incident: Incident): string[] {
  return invited(incident, (delivery) => stands(delivery) && delivery.state !== 'by hand');
}

/** Versions that nobody is to send any more. What is on its way arrives before the next one. */
function withdrawn(incident: Incident): NewEvent[] {
  return versions(incident).filter(({ delivery: { state } }) => state === 'by hand' || state === 'failed')
    .map(({ delivery: { id } }) => ({ type: 'delivery.discarded', request: id, reason: 'A newer version of the invitation takes its place.' }));
}

function invitation({ runbook }: Composing, meeting: Meeting, contacts: readonly string[], text: string, subject: string): Letter[] {
  return contacts.length === 0 ? [] : [{
    service: 'mail', call: 'send', target: contacts.map((id) => contactById(runbook, id)?.title ?? id).join(', '), text,
    data: { to: [...contacts], subject, calendar: { ...meeting } }, contacts: [...contacts],
  }];
}

function cancelled(context: Composing, meeting: Meeting, contacts: readonly string[], what: string): Letter[] {
  const { incident, runbook } = context;
  const text = [`The review of ${headline(incident)} ${what}.`, describeSlot(slotIn(meeting), runbook.timeZone)].join('\n');
  return invitation(context, meeting, contacts, text, `Cancelled: ${meeting.title}`);
}
