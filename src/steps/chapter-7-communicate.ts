/** Keeping the team, the users and the stakeholders informed (runbook 7). */
import { UserError } from '../errors.ts';
import { iso } from '../incident/clock.ts';
import { dueSteps } from '../incident/clocks.ts';
import { type Delivery, stands } from '../incident/deliveries.ts';
import type { Severity } from '../incident/events.ts';
import { utc } from '../incident/markdown.ts';
import { componentsOf, onStatusPage, publicTitle, usersText } from '../incident/public-text.ts';
import { UPDATE_STATUSES, type UpdateFields } from '../incident/update-fields.ts';
import { draftForStakeholders, writeUpdate } from '../incident/update.ts';
import { contactById } from '../runbook/query.ts';
import type { Runbook } from '../runbook/schema.ts';
import { clockRules } from '../runbook/targets.ts';
import { lowerFirst } from '../text.ts';
import type { Inputs } from './inputs.ts';
import {
  type Composing, assessed, awayNote, channelPost, connectedOf, forPublic, headline, levelOf, optionalList, peopleOf, shortTitle, time,
  unreachedNote, warRoomOf, wordTo,
} from './letters.ts';
import type { Letter, PostAction } from './step.ts';

const MINUTE = 60_000;
/** How long before its time a clock is done, ms: from then on the guide names it. */
const EARLY_MS = 10 * MINUTE;

/** Statuspage's word for the impact, and how it marks the components that are named. */
const IMPACT: Readonly<Record<Severity, { readonly impact: string; readonly component: string; readonly page: string }>> = {
  P1: { impact: 'critical', component: 'major_outage', page: 'down' },
  P2: { impact: 'major', component: 'partial_outage', page: 'disrupted' },
  P3: { impact: 'minor', component: 'degraded_performance', page: 'disrupted' },
  P4: { impact: 'none', component: 'degraded_performance', page: 'notice' },
};

/**
 * The update of runbook 7.1, written with the runbook's template, in the channels and in the war room; the ticket gets
 * it with the timeline. Inputs: status, impact, actions, next, eta.
 */
export const postUpdate: PostAction = {
  kind: 'post',
  concurrent: true,
  async compose(context, inputs) {
    const { runbook, incident, clock } = context;
    const fields: UpdateFields = {
      status: inputs.choice('status', UPDATE_STATUSES) ?? 'Investigating',
      impact: inputs.text('impact'),
      actions: inputs.text('actions'),
      next: inputs.text('next'),
      eta: inputs.text('eta'),
    };
    const template = runbook.templates['update']?.body;
    if (template === undefined) {
      throw new UserError('The runbook has no template "update". Add it below "templates".');
    }
    const now = clock.now();
    const every = incident.severity === undefined ? undefined : runbook.severities[incident.severity].updateEveryMinutes;
    const text = writeUpdate(template, fields, iso(now), every === undefined ? undefined : iso(now + every * MINUTE));
    const { channels, contacts } = levelOf(context).notify;
    const room = warRoomOf(incident);
    const post = `${text}\n${headline(incident)}`;
    return {
      events: [{ type: 'update.posted', ...fields, text }],
      letters: [
        ...channels.map((channel) => channelPost(channel, post, { contacts })),
        ...(room === undefined || channels.includes(room.name) ? [] : [channelPost(room.channel, post, { target: room.name, contacts })]),
      ],
      summary: `Update recorded: ${fields.status}`,
      notes: incident.ticket === undefined ? ['There is no ticket yet, so the update is on none. Run "Create the incident ticket".'] : [],
    };
  },
};

/**
 * Moves the public status page to the next stage (runbook 7.2). Inputs: stage, body, title; back, to go to an earlier
 * stage; notify, whether subscribers get mail; components; workspace, to write the page in the repository instead of
 * Statuspage.
 */
export const updateStatusPage: PostAction = {
  kind: 'post',
  async compose(context, inputs) {
    const { incident, runbook } = context;
    const sent = onStatusPage(incident);
    const stage = stageOf(runbook, sent.at(-1)?.data['stage'], inputs);
    const text = inputs.optionalText('body')?.trim() ?? stage.body;
    if (text === undefined) {
      throw new UserError(`The runbook has no text for the stage "${stage.title}". Give "body", or add it to the stage below "statusPage".`);
    }
    const body = forPublic(context, text);
    const notify = inputs.flag('notify');
    const components = optionalList(inputs, 'components') ?? componentsOf(sent);
    const toStatuspage = !inputs.flag('workspace') && (await connectedOf(context, 'statuspage')).has('statuspage');
    const title = titleFor(context, inputs);
    const resolved = stage.statuspage === 'resolved';
    const { severity } = incident;
    const letter: Letter = toStatuspage
      ? statuspageLetter(sent, body, {
        stage: stage.id, status: stage.statuspage, notify, components,
        ...(components.length === 0 ? {} : { componentStatus: resolved ? 'operational' : IMPACT[severity ?? 'P4'].component }),
      }, { name: title, impact: severity === undefined ? 'none' : IMPACT[severity].impact })
      : {
        service: 'workspace', call: 'writeStatusPage', target: 'Status page in the repository', text: body,
        data: { stage: stage.id, title, state: stage.markdown, severity: IMPACT[severity ?? 'P4'].page, affected: components, resolved },
      };
    return {
      events: [], letters: [letter],
      summary: `Status page: ${stage.title}`,
      notes: [
        ...(toStatuspage && notify ? ['The subscribers of the page get mail.'] : []),
        ...(toStatuspage ? [] : ['The page is a file in the repository: commit and push it to publish it.']),
        ...(severity === undefined ? ['The severity is not assessed, so the page names no impact.'] : []),
        ...(incident.drill ? ['This is a drill, and the page says so in its title.'] : []),
      ],
      facts: { stage: stage.id },
    };
  },
};

/**
 * Tells the users, once (runbook 7.2). Inputs: text, in plain language; impact, what they notice; title; again, to tell
 * them once more.
 */
export const notifyUsers: PostAction = {
  kind: 'post',
  async compose(context, inputs) {
    const { incident, runbook, step, environment } = context;
    const severity = assessed(incident);
    const { severities, channels, recipients = [] } = runbook.userNotifications;
    if (!severities.includes(severity)) {
      throw new UserError(`Users are notified of ${severities.join(' and ')} only (runbook ${runbook.userNotifications.section}); ${incident.id} is ${severity}.`);
    }
    const before = incident.deliveries.findLast((delivery) => delivery.step === step.id && stands(delivery));
    if (before !== undefined && !inputs.flag('again')) {
      throw new UserError(`Users were notified at ${time(before.at)}. Send what is still waiting from the deliveries, or give "again" to notify them once more.`);
    }
    const connected = await connectedOf(context, 'mail', 'webhook');
    const title = titleFor(context, inputs);
    const impact = inputs.optionalText('impact')?.trim();
    const text = forPublic(context, inputs.optionalText('text')?.trim() ?? usersText(incident, severity, environment.data.title, impact));
    const asked = (channel: RegExp): boolean => channels.some((name) => channel.test(name));
    const letters: Letter[] = [];
    const notes: string[] = [];
    if (asked(/mail/i)) {
      if (connected.has('mail') && recipients.length > 0) {
        letters.push({ service: 'mail', call: 'send', target: 'Users', text, data: { to: ['users'], subject: title } });
      } else {
        notes.push(recipients.length > 0 ? 'No e-mail goes out: mail is not connected.' : 'No e-mail goes out: the runbook names nobody in "userNotifications.recipients".');
      }
    }
    if (asked(/app|webhook/i)) {
      if (connected.has('webhook')) {
        letters.push({ service: 'webhook', call: 'post', target: 'In-app notification', text, data: { title, severity } });
      } else {
        notes.push('No in-app notification goes out: its webhook is not connected.');
      }
    }
    if (asked(/social/i)) {
      letters.push({ service: 'workspace', call: 'socialText', target: 'Social media', text, data: {}, byHand: 'Social media is posted by a person' });
    }
    if (letters.length === 0) {
      throw new UserError(`Users cannot be notified. ${notes.join(' ')} Connect one of them and run the step again.`);
    }
    return {
      events: [], letters, notes,
      summary: `Users: ${letters.map(({ target, byHand }) => (byHand === undefined ? target : `${target} by hand`)).join(', ')}`,
      level: notes.length > 0 ? 'warn' : 'ok',
    };
  },
};

/**
 * Tells the stakeholders that are due, each by a clock of their own (runbook 7.3). Inputs: contact, to tell only that
 * one, due or not; impact and doing, in place of what the last update says.
 */
export const notifyStakeholders: PostAction = {
  kind: 'post',
  async compose(context, inputs) {
    const { incident, clock } = context;
    const people = peopleOf(context, stakeholdersFor(context, inputs.optionalText('contact')));
    const connected = await connectedOf(context, 'mail', 'slack');
    const draft = draftForStakeholders(incident);
    const state = { impact: inputs.text('impact', draft.impact).trim(), doing: inputs.text('doing', draft.doing).trim() };
    const [channel = '#incidents'] = levelOf(context).notify.channels;
    const told = people.map((person) => {
      const every = levelOf(context).stakeholders.find(({ contact }) => contact === person.id)?.everyMinutes;
      const text = stakeholderText(context, state, every === undefined || incident.severity === undefined ? undefined : clock.now() + every * MINUTE);
      return { person, ...wordTo(person, { subject: headline(incident), text, channel }, connected) };
    });
    const away = people.filter((person) => person.away);
    return {
      events: [], letters: told.map(({ letter }) => letter),
      summary: `Stakeholders: ${people.map(({ contact }) => contact.title).join(', ')}`,
      level: away.length > 0 || told.some(({ reached }) => !reached) ? 'warn' : 'ok',
      notes: [
        ...away.map((person) => awayNote(context, person)),
        ...told.filter(({ reached }) => !reached).map(({ person }) => unreachedNote(person)),
      ],
      facts: { contacts: people.map(({ id }) => id) },
    };
  },
};

/** The stage that is next, or the one asked for. @throws UserError when the page would go back, or say the same again */
function stageOf({ statusPage: { stages } }: Runbook, last: unknown, inputs: Inputs): Runbook['statusPage']['stages'][number] {
  const at = stages.findIndex(({ id }) => id === last);
  const asked = inputs.choice('stage', stages.map(({ id }) => id));
  const stage = asked === undefined ? stages[at + 1] : stages.find(({ id }) => id === asked);
  const current = stages[at]?.title ?? '';
  if (stage === undefined) {
    throw new UserError(`The status page is at its last stage, "${current}". To go back, give "stage" and "back".`);
  }
  const to = stages.indexOf(stage);
  if (to < at && !inputs.flag('back')) {
    throw new UserError(`The status page is at "${current}", and "${stage.title}" comes before it. Give "back" to go back.`);
  }
  if (to === at && inputs.optionalText('body') === undefined) {
    throw new UserError(`The status page is at "${current}" already. Give "body" to say more about it.`);
  }
  return stage;
}

/** @throws UserError while it is not known whether the incident is on the page */
function statuspageLetter(sent: readonly Delivery[], text: string, data: Letter['data'], first: { readonly name: string; readonly impact: string }): Letter {
  const head = { service: 'statuspage', target: 'Statuspage', text } as const;
  const created = sent.findLast(({ service, call }) => service === 'statuspage' && call === 'createIncident');
  if (created === undefined) {
    return { ...head, call: 'createIncident', data: { ...data, ...first } };
  }
  if (created.state === 'pending' || created.state === 'unknown') {
    throw new UserError(`The incident was sent to Statuspage at ${time(created.at)} and ${created.state === 'pending' ? 'is on its way' : 'may be there already'}. Retry or discard that delivery first.`);
  }
  const ours = typeof created.result?.['id'] === 'string';
  return { ...head, call: 'updateIncident', data, ...(ours ? {} : { byHand: 'The incident on Statuspage was opened by hand, and so are its updates' }) };
}

/** Without a word about what is broken inside. */
function titleFor({ environment, incident }: Composing, inputs: Inputs): string {
  return `${incident.drill ? 'DRILL: ' : ''}${inputs.optionalText('title')?.trim() ?? publicTitle(environment.data.title)}`;
}

/**
 * Whom to tell now: the one that is asked for, or all whose clock has come.
 *
 * @throws UserError naming who is due when, if nobody is
 */
function stakeholdersFor(context: Composing, asked: string | undefined): string[] {
  const { clock, incident, runbook } = context;
  if (asked !== undefined) {
    if (contactById(runbook, asked) === undefined) {
      throw new UserError(`"${asked}" is not a contact of the runbook. Allowed: ${Object.keys(runbook.contacts).join(', ')}.`);
    }
    const waiting = waitingFor(context, asked);
    if (waiting !== undefined) {
      throw new UserError(`${contactById(runbook, asked)?.title ?? asked} is still to be told by hand, since ${time(waiting.at)}. Say in the deliveries that it is done, or discard it, and run the step again.`);
    }
    return [asked];
  }
  const severity = assessed(incident);
  const { stakeholders } = runbook.severities[severity];
  if (stakeholders.length === 0) {
    throw new UserError(`The runbook names no stakeholders for ${severity}. Give "contact" to tell somebody all the same.`);
  }
  const clocks = dueSteps(incident, clockRules(runbook)).flatMap(({ kind, inputs, at }) => (kind === 'stakeholder' && inputs !== undefined ? [{ contact: inputs.contact, at }] : []));
  const due = clocks.filter(({ contact, at }) => at - EARLY_MS <= clock.now() && waitingFor(context, contact) === undefined);
  if (due.length === 0) {
    const states = stakeholders.map(({ contact }) => {
      const waiting = waitingFor(context, contact);
      const at = clocks.find((candidate) => candidate.contact === contact)?.at;
      return `${contactById(runbook, contact)?.title ?? contact} ${waiting !== undefined ? `is still to be told by hand, since ${time(waiting.at)}` : at === undefined ? 'has been told' : `at ${utc(at)}`}`;
    });
    throw new UserError(`Nobody is due now: ${states.join(', ')}. Give "contact" to tell somebody earlier.`);
  }
  return due.map(({ contact }) => contact);
}

/** What a person has yet to do for a stakeholder; their clock runs on until then. */
function waitingFor({ incident, step }: Composing, contact: string): Delivery | undefined {
  return incident.deliveries.findLast((delivery) => delivery.step === step.id && delivery.state === 'by hand' && delivery.contacts?.includes(contact) === true);
}

/** @param nextAt when they hear of it again, epoch ms */
function stakeholderText({ environment, incident, runbook }: Composing, { impact, doing }: ReturnType<typeof draftForStakeholders>, nextAt: number | undefined): string {
  const { severity, times } = incident;
  return [
    headline(incident),
    `Severity: ${severity === undefined ? 'not assessed yet' : `${severity}, ${lowerFirst(runbook.severities[severity].impact)}`}`,
    `What: ${shortTitle(incident)}, in ${environment.data.title}`,
    `Impact: ${impact}`,
    `Since: ${time((times.impactStarted ?? times.detected).at)}`,
    `What is being done: ${doing}`,
    ...(nextAt === undefined ? [] : [`Next update: ${utc(nextAt)}`]),
  ].join('\n');
}
