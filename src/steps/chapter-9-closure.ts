/** The end of an incident: confirmed box by box, its ticket closed, everybody told (runbook 9). */
import { UserError } from '../errors.ts';
import { CLOSURE_CHECKLIST, closureBoxes, describeBox, draftResolution, draftRootCause, lastChanged, openBoxes } from '../incident/closure.ts';
import { type FilledTemplate, closingDuration, closingFields, fillClosing, splitSubject } from '../incident/closing-text.ts';
import { type Delivery, stands } from '../incident/deliveries.ts';
import type { NewEvent } from '../incident/events.ts';
import type { Incident } from '../incident/fold.ts';
import { escapeMarkdown } from '../incident/markdown.ts';
import { affectedPart, sinceReopened } from '../incident/public-text.ts';
import { shorten } from '../incident/shorten.ts';
import { closureRules } from '../runbook/targets.ts';
import type { Inputs } from './inputs.ts';
import {
  type Composing, assessed, awayNote, channelPost, connectedOf, forPublic, levelOf, peopleOf, refuseWhileUnderWay, shortTitle, time, unreachedNote,
  warRoomOf, wordTo,
} from './letters.ts';
import type { Letter, PostAction, RecordAction } from './step.ts';

/** Of the reason that stands on the timeline with the closure, characters. */
const LONGEST_REASON = 500;

/**
 * The six boxes of runbook 9.1, and what it was. Inputs: rootCause, resolution, drafted from the timeline where they
 * are left out; scenario, an id of the runbook, or cause, a word or two, by which the same is known again; confirmed,
 * an object: box → a person's word that it holds; reasons, an object: box that is open → why to go on all the same.
 */
export const confirmResolution: RecordAction = {
  kind: 'record',
  afterClosing: true,
  record({ clock, incident, runbook }, inputs) {
    const rules = closureRules(runbook);
    const boxes = closureBoxes(incident, rules, clock.now());
    const [confirmed, reasons] = [wordsIn(inputs, 'confirmed'), wordsIn(inputs, 'reasons')];
    const unknown = [...confirmed.keys(), ...reasons.keys()].filter((id) => !boxes.some((box) => box.id === id));
    if (unknown.length > 0) {
      throw new UserError(`The runbook has no box "${unknown.join('", "')}" in 9.1. Known: ${boxes.map(({ id }) => id).join(', ')}.`);
    }
    const open = openBoxes(boxes).filter(({ id }) => !confirmed.has(id));
    const unanswered = open.filter(({ id }) => !reasons.has(id));
    if (unanswered.length > 0) {
      throw new UserError(`${unanswered.length} of ${boxes.length} boxes of 9.1 ${unanswered.length === 1 ? 'is' : 'are'} open: ${
        unanswered.map((box) => `${box.text} (${box.id}): ${describeBox(box, clock.now())}`).join('; ')}. Prove them, or give a reason for each in "reasons".`);
    }
    const scenario = inputs.choice('scenario', runbook.scenarios.map(({ id }) => id));
    const cause = inputs.optionalText('cause')?.trim();
    const marks = [...confirmed].map(([item, note]): NewEvent => ({ type: 'checklist.marked', checklist: CLOSURE_CHECKLIST, item, checked: true, note }));
    const unproved = open.map(({ id }) => ({ item: id, reason: reasons.get(id) ?? '' }));
    const resolution = inputs.text('resolution', draftResolution(incident, rules.mitigations)).trim();
    // What is only worded anew, or written down after the closing, ended when it ended.
    const before = incident.times.resolved?.at;
    // A change after it says that it was not over then.
    const at = before !== undefined && (incident.status === 'closed' || lastChanged(incident, rules.mitigations) <= Date.parse(before)) ? before : undefined;
    return {
      events: [...marks, {
        type: 'incident.resolved', rootCause: inputs.text('rootCause', draftRootCause(incident)).trim(), resolution,
        ...(scenario === undefined ? {} : { scenario }), ...(cause === undefined ? {} : { cause }), ...(unproved.length === 0 ? {} : { unproved }), ...(at === undefined ? {} : { at }),
      }],
      summary: `Resolved: ${resolution}${unproved.length === 0 ? '' : ` (${unproved.length} of ${boxes.length} boxes without proof)`}`,
    };
  },
};

/**
 * Closes the ticket as completed with root cause, resolution and duration (runbook 9.2), the page with it, and the
 * incident itself; what cannot be delivered now waits among the deliveries.
 */
export const closeTicket: PostAction = {
  kind: 'post',
  afterClosing: true,
  async compose(context) {
    const { incident, step } = context;
    refuseUnconfirmed(incident, step.title);
    const filled = fillClosing(templateOf(context, 'closingComment'), { ...closingFields(incident, affectedPart(incident, context.environment.data.title)), duration: closingDuration(incident), time: closingDuration(incident) }, escapeMarkdown);
    const comment = `${incident.drill ? 'This is a drill. ' : ''}${complete(filled, 'closing comment')}\n\nReference: ${incident.id}`;
    const letters = [...ticketLetters(context, comment), ...pageLetters(incident)];
    if (letters.length === 0 && incident.status === 'closed') {
      throw new UserError(`${incident.id} is closed, and so is its ticket.`);
    }
    const running = incident.changes.filter(({ state }) => state === 'applying' || state === 'following');
    return {
      events: incident.status === 'closed' ? [] : [{ type: 'incident.closed', reason: shorten(incident.resolution?.resolution ?? '', LONGEST_REASON) }],
      letters,
      summary: `Closed after ${closingDuration(incident) ?? ''}`,
      level: running.length > 0 ? 'warn' : 'ok',
      notes: [
        ...running.map(({ plan }) => `"${escapeMarkdown(plan.title)}" is still under way.`),
        ...(incident.ticket === undefined ? ['The extension knows of no ticket: if there is one, close it with this comment.'] : []),
      ],
    };
  },
};

/**
 * Tells stakeholders, the team and, where the runbook has addresses, the users that it is over (runbook 9.3). Inputs:
 * component, what was affected as people call it; again, to send it once more.
 */
export const sendResolutionNotice: PostAction = {
  kind: 'post',
  afterClosing: true,
  async compose(context, inputs) {
    const { incident, runbook, step } = context;
    const severity = assessed(incident);
    const before = sinceReopened(incident).findLast((delivery) => delivery.step === step.id && stands(delivery));
    if (before !== undefined && !inputs.flag('again')) {
      throw new UserError(`The notice was sent at ${time(before.at)}. Send what is still waiting from the deliveries, or give "again" to send it once more.`);
    }
    const fields = closingFields({ ...incident, title: shortTitle(incident) }, inputs.optionalText('component')?.trim() ?? affectedPart(incident, context.environment.data.title));
    const { subject, body } = splitSubject(complete(fillClosing(templateOf(context, 'resolutionNotice'), fields), 'resolution notice'));
    const drill = incident.drill ? 'DRILL: ' : '';
    const title = `${drill}${subject ?? `Incident Resolved - ${shortTitle(incident)}`}`;
    const notice = forPublic(context, `${body.trimEnd()}\n`);
    const posted = `${title}\n\n${notice}`;
    const { notify: { channels }, stakeholders } = levelOf(context);
    const connected = await connectedOf(context, 'mail', 'slack');
    const people = peopleOf(context, stakeholders.map(({ contact }) => contact));
    const told = people.map((person) => ({ person, ...wordTo(person, { subject: title, text: notice, channel: channels[0] ?? '#incidents' }, connected) }));
    const room = warRoomOf(incident);
    const users = userLetter(context, fields, connected.has('mail'));
    const unreached = told.filter(({ reached }) => !reached);
    const away = people.filter((person) => person.away);
    return {
      events: [],
      letters: [
        ...told.map(({ letter }) => letter),
        ...channels.map((channel) => channelPost(channel, posted, {})),
        ...(room === undefined || channels.includes(room.name) ? [] : [channelPost(room.channel, posted, { target: room.name })]),
        ...users.letters,
      ],
      summary: `${severity} resolved: ${[...people.map(({ contact }) => contact.title), ...channels, ...users.letters.map(({ target }) => target)].join(', ')}`,
      level: unreached.length > 0 || away.length > 0 || users.notes.length > 0 ? 'warn' : 'ok',
      notes: [
        ...away.map((person) => awayNote(context, person)), ...unreached.map(({ person }) => unreachedNote(person)), ...users.notes,
        ...(isPageBehind(context) ? [`The status page does not say so yet: run "${runbook.steps.find(({ action }) => action === 'updateStatusPage')?.title ?? 'Update the status page'}".`] : []),
      ],
      facts: { contacts: people.map(({ id }) => id) },
    };
  },
};

/** @throws UserError naming what is to be done first */
function refuseUnconfirmed({ id, resolution, events }: Incident, what: string): void {
  if (resolution === undefined) {
    throw new UserError(`Confirm the resolution of ${id} before "${what}": its root cause and what ended it are not recorded${events.some(({ type }) => type === 'incident.reopened') ? ' since it was reopened' : ''}.`, {
      action: { title: 'Confirm the resolution', command: 'incidentRunbook.runStep', args: [{ kind: 'step', key: `${id}/step/confirmResolution`, incident: id, step: 'confirmResolution' }] },
    });
  }
}

/** @throws UserError when something in it is not known: no placeholder is ever sent */
function complete({ text, missing }: FilledTemplate, what: string): string {
  if (missing.length > 0) {
    throw new UserError(`The ${what} cannot be filled yet; missing: ${missing.join(', ')}. Run "Confirm the resolution" first, or change the template in the runbook.`);
  }
  return text;
}

function templateOf({ runbook }: Composing, name: string): string {
  const body = runbook.templates[name]?.body;
  if (body === undefined) {
    throw new UserError(`The runbook has no template "${name}". Add it below "templates".`);
  }
  return body;
}

/** The comment, then the closing; only what was not done before. */
function ticketLetters({ incident }: Composing, comment: string): Letter[] {
  const { ticket } = incident;
  const sent = sinceReopened(incident);
  const standing = (call: string): Delivery | undefined => sent.findLast((delivery) => delivery.service === 'github' && delivery.call === call && stands(delivery));
  for (const [call, what] of [['comment', 'The closing comment'], ['closeIssue', 'Closing the ticket']] as const) {
    refuseWhileUnderWay(incident, 'github', call, what);
    const waiting = standing(call);
    if (waiting?.state === 'by hand') {
      throw new UserError(`${what} is to be done by hand since ${time(waiting.at)}. Say in the deliveries that it is done, or send it again from there.`);
    }
  }
  if (ticket === undefined) {
    return standing('comment') !== undefined ? [] : [{ service: 'github', call: 'comment', target: 'The ticket', text: comment, data: {}, byHand: 'The extension knows of no ticket: close it with this comment if there is one' }];
  }
  const head = { service: 'github', target: `${ticket.repository}#${ticket.number}`, data: { repository: ticket.repository, number: ticket.number } } as const;
  const said = standing('comment') !== undefined;
  return [
    ...(said ? [] : [{ ...head, call: 'comment', text: comment }]),
    ...(standing('closeIssue') !== undefined ? [] : [{ ...head, call: 'closeIssue', text: `Closed as completed (${incident.id})`, ...(said ? {} : { after: [0] }) }]),
  ];
}

/** Ends the page, where one was sent and is not ended yet. */
function pageLetters({ deliveries, id }: Incident): Letter[] {
  const last = deliveries.findLast((delivery) => delivery.service === 'pagerduty' && (delivery.call === 'trigger' || delivery.call === 'resolve') && stands(delivery));
  return last?.call === 'trigger' && last.state !== 'by hand' ? [{ service: 'pagerduty', call: 'resolve', target: 'PagerDuty', text: `Resolved: ${id}`, data: {} }] : [];
}

/** In plain words and without the cause: users are told of P1 and P2 only (runbook 7.2). */
function userLetter(context: Composing, fields: Readonly<Record<string, string | undefined>>, hasMail: boolean): { readonly letters: readonly Letter[]; readonly notes: readonly string[] } {
  const { environment, incident, runbook: { userNotifications: { recipients = [], severities } } } = context;
  const wereTold = incident.deliveries.some(({ step, state }) => step === 'notifyUsers' && state !== 'discarded' && state !== 'failed');
  // Who never heard that it was broken need not hear that it works again.
  if (!wereTold || incident.severity === undefined || !severities.includes(incident.severity) || recipients.length === 0) {
    return { letters: [], notes: [] };
  }
  if (!hasMail) {
    return { letters: [], notes: ['No e-mail goes to the users: mail is not connected.'] };
  }
  const name = environment.data.title;
  const text = forPublic(context, `${name} works again. The problem began at ${fields['incident start'] ?? ''} and ended at ${fields['incident end'] ?? ''}.`);
  return { letters: [{ service: 'mail', call: 'send', target: 'Users', text, data: { to: ['users'], subject: `${incident.drill ? 'DRILL: ' : ''}Solved: problems with ${name}` } }], notes: [] };
}

/** Whether the public still reads that it goes on. */
function isPageBehind({ incident, runbook: { statusPage: { stages } } }: Composing): boolean {
  const stage = incident.deliveries.findLast((delivery) => delivery.data['stage'] !== undefined && stands(delivery))?.data['stage'];
  return stage !== undefined && stages.find(({ id }) => id === stage)?.statuspage !== 'resolved';
}

/** Box → words, each a text. */
function wordsIn(inputs: Inputs, name: string): ReadonlyMap<string, string> {
  return new Map(Object.entries(inputs.record(name)).map(([item, words]) => {
    if (typeof words !== 'string' || words.trim() === '') {
      throw new UserError(`Step "confirmResolution": "${name}.${item}" must be a text that is not empty.`);
    }
    return [item, words.trim()];
  }));
}
