/** Bringing in more people: the escalation path and the war room (runbook 8.2, 8.3). */
import { stands } from '../incident/deliveries.ts';
import { randomBytes } from 'node:crypto';
import { UserError, messageOf } from '../errors.ts';
import { escalationTriggers, nextEscalationLevel } from '../incident/escalation.ts';
import type { Incident } from '../incident/fold.ts';
import { escapeMarkdown } from '../incident/markdown.ts';
import { shorten } from '../incident/shorten.ts';
import { contactsNamed } from '../runbook/query.ts';
import type { Runbook } from '../runbook/schema.ts';
import { clockRules } from '../runbook/targets.ts';
import type { ConnectableService } from '../services/connections.ts';
import type { Inputs } from './inputs.ts';
import {
  type Composing, type Person, type Way, awayNote, channelPost, connectedOf, headline, insteadNote, levelOf, mail, nextOnPath, page, peopleOf,
  phoneCall, reaches, refuseWhileUnderWay, situation, time, warRoomOf, wayOf,
} from './letters.ts';
import type { Letter, Post, PostAction } from './step.ts';

/** Slack's limits, in characters. */
const LONGEST_TOPIC = 250;
const LONGEST_CHANNEL = 80;

const JITSI = 'https://meet.jit.si';

type Level = Runbook['escalation']['path'][number];

/** Brings in the next level of the escalation path, in the ways it names (runbook 8.2). Inputs: trigger, an id of 8.1; level. */
export const escalate: PostAction = {
  kind: 'post',
  async compose(context, inputs) {
    const { incident } = context;
    const trigger = triggerOf(context, inputs);
    const entry = levelToBringIn(context, inputs);
    const [person] = peopleOf(context, [entry.contact]);
    if (person === undefined) {
      throw new UserError(`The runbook has no contact "${entry.contact}", whom level ${entry.level} of its escalation path names. Add it below "contacts".`);
    }
    const connected = await connectedOf(context, 'slack', 'pagerduty', 'mail');
    const ways = entry.methods.map((method) => ({ method, way: wayOf(method) }));
    // The ways of a level are alternatives: what is not connected is left out as long as another one is left.
    const usable = ways.filter(({ way }) => way === undefined || way === 'phone' || reaches(way, person.contact, connected));
    const chosen = usable.length > 0 ? usable : ways;
    const why = trigger === undefined ? '' : `: ${trigger.text}`;
    const room = warRoomOf(incident);
    const channel = { id: room?.channel ?? levelOf(context).notify.channels[0] ?? '#incidents', name: room?.name ?? levelOf(context).notify.channels[0] ?? '#incidents' };
    const text = [headline(incident), `Escalated to level ${entry.level}, ${person.contact.title}${why}`, ...situation(context), `Please join ${channel.name}.`].join('\n');
    const letters = chosen.map(({ method, way }) => {
      const letter = letterBy(context, way, { method, person, text, channel, why: `: escalated to level ${entry.level}${why}` });
      return { ...letter, data: { ...letter.data, level: entry.level } };
    });
    const reached = !person.away && ways.some(({ way }) => way !== undefined && reaches(way, person.contact, connected));
    const next = insteadNote(nextOnPath(context, person.id, []));
    return {
      events: [], letters,
      summary: `Escalated to level ${entry.level}, ${person.contact.title}, by ${chosen.map(({ method }) => method).join(' and ')}`,
      level: reached ? 'ok' : 'warn',
      notes: [
        ...(person.away ? [`${awayNote(context, person)} ${next}`] : []),
        ...missingWays(ways, person, connected),
        ...toldBefore(incident, person),
        ...(!person.away && !reached ? [next] : []),
      ],
      facts: { level: entry.level, contact: person.id, ...(trigger === undefined ? {} : { trigger: trigger.id }) },
    };
  },
};

/** A channel of its own for the incident, with topic, bookmarks, video call and the roles (runbook 8.3). */
export const openWarRoom: PostAction = {
  kind: 'post',
  async compose(context) {
    const { incident, runbook } = context;
    const { warRoom } = runbook;
    refuseSecondRoom(incident);
    const name = channelName(warRoom.channel, incident.times.detected.at);
    const target = `#${name}`;
    const video = videoLink(warRoom.video);
    const missing = warRoom.roles.filter(({ id }) => incident.roles[id] === undefined);
    const people = peopleOf(context, invited(context));
    const invitees = people.filter(({ contact }) => contact.methods.includes('slack')).map(({ id }) => id);
    const away = people.filter(({ id, away: isAway }) => isAway && invitees.includes(id));
    const contacts = invitees.length === 0 ? {} : { contacts: invitees };
    const inRoom = { service: 'slack', target, after: [0] } as const;
    const topic = roomTopic(incident);
    const { ticket } = incident;
    const connected = (await connectedOf(context, 'slack')).has('slack');
    const text = [
      headline(incident), ...situation(context),
      ...(video.link === undefined ? [`Video call: ${video.inWords}`] : [`Video call: ${video.link}`]),
      ...warRoom.roles.map(({ id, title, duty }) => `${title} (${duty}): ${incident.roles[id] ?? 'not assigned yet'}`),
    ].join('\n');
    const letters: Letter[] = [
      { service: 'slack', call: 'createChannel', target, text: `War room of ${headline(incident)}`, data: { name }, ...contacts },
      { ...inRoom, call: 'setTopic', text: topic, data: { topic } },
      ...(invitees.length === 0 ? [] : [{ ...inRoom, call: 'invite', text: `Invitation to the war room of ${headline(incident)}`, data: { contacts: invitees }, ...contacts }]),
      ...(ticket === undefined ? [] : [bookmark(inRoom, incident, 'Ticket', ticket.url)]),
      ...(video.link === undefined ? [] : [bookmark(inRoom, incident, 'Video call', video.link)]),
      { ...inRoom, call: 'postMessage', text, data: {}, ...contacts },
      ...levelOf(context).notify.channels.map((channel) => ({
        ...linkingRoom(channelPost(channel, announcement(incident, target), { contacts: invitees })), after: [0],
      })),
    ];
    return {
      events: [], letters,
      summary: `War room ${target}${missing.length === 0 ? '' : `; roles to assign: ${missing.map(({ title }) => title).join(', ')}`}`,
      level: connected && missing.length === 0 && away.length === 0 ? 'ok' : 'warn',
      notes: [
        ...(connected ? [] : ['Slack is not connected: open the channel by hand, or connect Slack and send it from the deliveries.']),
        ...(missing.length === 0 ? [] : [`Nobody is ${missing.map(({ title }) => escapeMarkdown(title)).join(', ')} yet. Run "Assign roles".`]),
        ...(video.note === undefined ? [] : [video.note]),
        ...(ticket === undefined ? ['There is no ticket to link yet. Run "Create the incident ticket".'] : []),
        ...away.map((person) => `${awayNote(context, person)} ${insteadNote(nextOnPath(context, person.id, invitees))}`),
        ...(incident.severity !== undefined && !warRoom.severities.includes(incident.severity) ? [`The runbook opens a war room for ${warRoom.severities.join(' and ')} only; this is ${incident.severity}.`] : []),
      ],
      facts: { channel: name, missingRoles: missing.map(({ id }) => id), ...(video.link === undefined ? {} : { video: video.link }) },
    } satisfies Post;
  },
};

/** The trigger that is named, or the first that the timeline shows and nobody has answered (runbook 8.1). */
function triggerOf({ clock, incident, runbook }: Composing, inputs: Inputs): { readonly id: string; readonly text: string } | undefined {
  const { triggers } = runbook.escalation;
  const seen = escalationTriggers(incident, clockRules(runbook), clock.now());
  const asked = inputs.choice('trigger', triggers.map(({ id }) => id));
  return asked === undefined ? seen[0] : [...seen, ...triggers].find(({ id }) => id === asked);
}

/** @throws UserError when the level is not on the path, or when all are in and none is asked for */
function levelToBringIn({ incident, runbook }: Composing, inputs: Inputs): Level {
  const { path } = runbook.escalation;
  const levels = path.map(({ level }) => level);
  const range = { min: Math.min(...levels), max: Math.max(...levels) };
  const next = nextEscalationLevel(incident, path)?.level;
  let level: number;
  try {
    level = inputs.count('level', next === undefined ? range : { ...range, fallback: next });
  } catch (error) {
    throw next === undefined ? new UserError(`The whole escalation path has been brought in. ${messageOf(error)}`, { cause: error }) : error;
  }
  const entry = path.find((candidate) => candidate.level === level);
  if (entry === undefined) {
    throw new UserError(`The escalation path has no level ${level}. Allowed: ${levels.join(', ')}.`);
  }
  return entry;
}

/** Somebody who was told by another step hears of it twice: another level may be what is wanted. */
function toldBefore({ deliveries }: Incident, { id, contact }: Person): string[] {
  const told = deliveries.findLast((delivery) => delivery.contacts?.includes(id) === true && stands(delivery));
  return told === undefined ? [] : [`${escapeMarkdown(contact.title)} was written to at ${time(told.at)} already (${escapeMarkdown(told.target)}).`];
}

function letterBy(context: Composing, way: Way | undefined, { method, person, text, channel, why }: {
  readonly method: string; readonly person: Person; readonly text: string; readonly channel: { readonly id: string; readonly name: string }; readonly why: string;
}): Letter {
  switch (way) {
    case 'pagerduty': return page(context, [person.id], why);
    case 'slack': return channelPost(channel.id, text, { mention: [person.id], target: channel.name });
    case 'email': return mail(person, headline(context.incident), text);
    case 'phone': return phoneCall(person, text);
    case undefined: return { ...phoneCall(person, text), call: 'contact', byHand: `A person reaches ${person.contact.title} by ${method}` };
  }
}

/** What would have reached the contact as well, had it been there. */
function missingWays(ways: readonly { readonly method: string; readonly way: Way | undefined }[], { contact }: Person, connected: ReadonlySet<ConnectableService>): string[] {
  return ways.flatMap(({ method, way }) => {
    if (way === undefined || reaches(way, contact, connected)) {
      return [];
    }
    const title = escapeMarkdown(contact.title);
    const lacks: Readonly<Record<Way, string>> = {
      phone: `The runbook has no phone number for ${title}.`,
      pagerduty: `${escapeMarkdown(method)} is not connected.`,
      slack: connected.has('slack') ? `${title} has neither a Slack member id nor an e-mail address in the runbook.` : `${escapeMarkdown(method)} is not connected.`,
      email: connected.has('mail') ? `${title} has no e-mail address in the runbook.` : 'Mail is not connected.',
    };
    return [lacks[way]];
  });
}

/** @throws UserError when a war room is open or being opened */
function refuseSecondRoom(incident: Incident): void {
  const open = incident.deliveries.find(({ service, call, state }) => service === 'slack' && call === 'createChannel' && state === 'done');
  if (open !== undefined) {
    const room = warRoomOf(incident);
    throw new UserError(`The war room of ${incident.id} is open already: ${room?.name ?? open.target}${room?.url === undefined ? '' : ` (${room.url})`}.`);
  }
  refuseWhileUnderWay(incident, 'slack', 'createChannel', 'The war room');
}

/** The runbook's name for the channel with the day of the detection (UTC) in it, in characters that Slack allows. */
function channelName(pattern: string, detectedAt: string): string {
  const named = pattern.replace('YYYYMMDD', detectedAt.slice(0, 10).replaceAll('-', '')).toLowerCase();
  return named.replace(/[^\p{Letter}\p{Number}_-]+/gu, '-').replace(/^-+/, '').slice(0, LONGEST_CHANNEL).replace(/-+$/, '');
}

/** Severity, title, id and ticket; the title gives way where it is too long. */
function roomTopic(incident: Incident): string {
  const link = incident.ticket === undefined ? '' : ` ${incident.ticket.url}`;
  const whole = headline(incident);
  const tail = ` (${incident.id})`;
  return whole.length + link.length <= LONGEST_TOPIC ? `${whole}${link}` : `${shorten(whole.slice(0, -tail.length), LONGEST_TOPIC - tail.length - link.length)}${tail}${link}`;
}

/** Whoever the severity names, has been brought in or holds a role. */
function invited(context: Composing): string[] {
  const { incident, runbook } = context;
  return [
    ...levelOf(context).notify.contacts,
    ...incident.deliveries.filter((delivery) => delivery.step === 'escalate' && stands(delivery)).flatMap(({ contacts = [] }) => contacts),
    ...Object.values(incident.roles).flatMap((person) => contactsNamed(runbook, person)),
  ];
}

function videoLink(video: Runbook['warRoom']['video']): { readonly link?: string; readonly inWords: string; readonly note?: string } {
  const inWords = 'start a huddle in this channel';
  if (video?.kind === 'jitsi') {
    return { link: `${(video.url ?? JITSI).replace(/\/+$/, '')}/incident-${unguessable()}`, inWords };
  }
  if (video?.kind === 'url' && video.url !== undefined) {
    return { link: video.url, inWords };
  }
  return { inWords, note: `Start a Slack huddle in the channel${video?.kind === 'slackHuddle' ? '' : ': the runbook has no other video call ("warRoom.video")'}.` };
}

/** 128 random bits as letters: among digits the redaction could see a number of a person, and break the link. */
function unguessable(): string {
  return [...randomBytes(16).toString('hex')].map((digit) => 'abcdefghijklmnop'[Number.parseInt(digit, 16)]).join('');
}

function bookmark(inRoom: Pick<Letter, 'service' | 'target' | 'after'>, { id }: Incident, title: string, link: string): Letter {
  return { ...inRoom, call: 'addBookmark', text: `${title} of ${id}: ${link}`, data: { title: `${title} ${id}`, link } };
}

/** Slack gives the channel another name when this one is taken, so the id is named as well. */
/** Slack adds the link: only then is it known what the room is called. */
function linkingRoom(letter: Letter): Letter {
  return { ...letter, data: { ...letter.data, linkRoom: true } };
}

function announcement(incident: Incident, target: string): string {
  return `${headline(incident)}\nA war room is open: ${target}, with a number where that name was another incident's.`;
}
