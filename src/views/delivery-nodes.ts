/** Deliveries as rows: of the Deliveries view, and below an incident while a service cannot be reached. No vscode here. */
import { formatDuration, timeOfDay } from '../incident/clock.ts';
import type { Delivery, DeliveryState } from '../incident/deliveries.ts';
import type { DeliveryService } from '../incident/events.ts';
import type { Incident } from '../incident/fold.ts';
import { isHttps } from '../incident/links.ts';
import { firstLine, shorten } from '../incident/shorten.ts';
import { serviceName } from '../incident/service-names.ts';
import { t, tn } from '../l10n.ts';
import { isReachable } from '../runbook/hours.ts';
import { contactById, stepById } from '../runbook/query.ts';
import type { Runbook } from '../runbook/schema.ts';
import { codeBlock, escapeMarkdown } from '../incident/markdown.ts';
import { contactWays, missingWays, reachability } from './contact-ways.ts';
import type { Mark, Node } from './nodes.ts';

export type DeliveryMark = Mark | 'doubt' | 'waiting' | 'delivered' | 'away';

/** A row. As a command argument it carries the delivery or the contact it stands for. */
export interface DeliveryNode extends Omit<Node, 'kind' | 'mark' | 'children'> {
  readonly kind: 'delivery-group' | 'delivery' | 'unreachable' | 'contact';
  readonly mark: DeliveryMark;
  readonly children?: () => readonly DeliveryNode[];
  readonly delivery?: string;
  /** Contact id of the runbook. */
  readonly contact?: string;
}

export interface DeliveriesInput {
  readonly incidents: readonly Incident[];
  /** Epoch ms. */
  readonly now: number;
  /** Undefined while it cannot be read: then no contacts are shown. */
  readonly runbook: Runbook | undefined;
  /** Id of this installation: deliveries of others are theirs to send. */
  readonly origin: string | undefined;
  /** Why a pending delivery waits, as the outbox knows it. */
  readonly reason: (delivery: string) => string | undefined;
}

const LINE_LENGTH = 60;
const TOOLTIP_TEXT = 1_000;

/** What waits for a person comes first in this order. */
export const FOR_A_PERSON: readonly DeliveryState[] = ['unknown', 'failed', 'by hand'];

const LOOKS: Readonly<Record<Exclude<DeliveryState, 'discarded'>, readonly [mark: DeliveryMark, context: string, words: string]>> = {
  unknown: ['doubt', 'delivery.unknown', 'not known whether it arrived'],
  failed: ['bad', 'delivery.failed', 'not delivered'],
  'by hand': ['manual', 'delivery.byHand', 'by hand'],
  pending: ['waiting', 'delivery.pending', 'waiting'],
  done: ['ok', 'delivery.done', 'delivered'],
};

const pages = (count: number): string => tn('{0} page', '{0} pages', count);
const updates = (count: number): string => tn('{0} update', '{0} updates', count);

/** What is delivered, with its count. */
const COUNTED: Readonly<Record<DeliveryService, (count: number) => string>> = {
  github: (count) => tn('{0} ticket', '{0} tickets', count),
  slack: (count) => tn('{0} message', '{0} messages', count),
  pagerduty: pages, datadog: pages, statuspage: updates, workspace: updates,
  mail: (count) => tn('{0} mail', '{0} mails', count),
  webhook: (count) => tn('{0} notification', '{0} notifications', count),
  aws: (count) => tn('{0} support case', '{0} support cases', count),
};

/** Whether only a person can bring it forward. */
export function needsPerson({ state }: Delivery): boolean {
  return FOR_A_PERSON.includes(state);
}

export interface RowInput extends Omit<DeliveriesInput, 'incidents'> {
  /** Whether rows of several incidents stand side by side. */
  readonly several: boolean;
  /** Delivery → when the last thing about it was recorded, ISO 8601 UTC. */
  readonly settled: ReadonlyMap<string, string>;
}

/** The row of a delivery. */
export function deliveryNode(incident: Incident, delivery: Delivery, input: RowInput): DeliveryNode {
  const [mark, context, english] = delivery.state === 'discarded' ? LOOKS.failed : LOOKS[delivery.state];
  const words = t(/* l10n: table */ english);
  const { runbook } = input;
  const contacts = delivery.state === 'done' || runbook === undefined ? [] : contactNodes({ key: `${incident.id}/delivery/${delivery.id}`, incident: incident.id, delivery: delivery.id }, delivery.contacts ?? [], runbook, input.now);
  const hasLink = isHttps(delivery.url);
  const since = delivery.state === 'done' ? input.settled.get(delivery.id) ?? delivery.at : delivery.at;
  const why = whyOf(delivery, input);
  return {
    kind: 'delivery', key: `${incident.id}/delivery/${delivery.id}`, incident: incident.id, delivery: delivery.id,
    label: `${delivery.target}: ${lineOf(delivery)}`,
    description: [...(why === undefined ? [] : [why]), ...(delivery.state === 'pending' ? [] : [words]), formatDuration(input.now - Date.parse(since)), ...(input.several ? [incident.title] : [])].join(' · '),
    tooltip: deliveryTooltip(incident, delivery, [words, ...(why === undefined ? [] : [why])].join(': '), runbook),
    mark,
    context: [context, ...(contacts.length === 0 ? [] : ['contact']), ...(hasLink ? ['link'] : []), ...(delivery.data['calendar'] === undefined ? [] : ['calendar'])].join('.'),
    click: 'incidentRunbook.openDelivery',
    ...(contacts.length === 0 ? {} : { children: () => contacts }),
  };
}

/** Why a delivery is where it is; for one that waits also when it is tried again. */
function whyOf(delivery: Delivery, { now, origin, reason }: RowInput): string | undefined {
  if (delivery.state === 'done') {
    return delivery.note;
  }
  if (delivery.state !== 'pending') {
    return delivery.reason;
  }
  const waits = reason(delivery.id) ?? delivery.reason;
  const retry = delivery.retryAt === undefined || delivery.retryAt <= now ? [] : [t('next try in {0}', formatDuration(delivery.retryAt - now))];
  const parts = [...(waits === undefined ? [] : [waits]), ...retry];
  if (origin !== undefined && delivery.origin !== origin) {
    return [t('sent by {0}\'s VS Code', delivery.actor.name), ...parts].join(' · ');
  }
  return parts.length === 0 ? t('being sent') : parts.join(' · ');
}

function deliveryTooltip(incident: Incident, { target, service, at, actor, step, text }: Delivery, state: string, runbook: Runbook | undefined): string {
  const title = runbook === undefined ? step : stepById(runbook, step)?.title ?? step;
  return [
    `**${escapeMarkdown(target)}** (${t(/* l10n: table */ serviceName(service))})`,
    escapeMarkdown(state),
    `${escapeMarkdown(title)}, ${escapeMarkdown(actor.name)}, ${at}`,
    `${incident.id} ${escapeMarkdown(incident.title)}`,
    codeBlock(text.length > TOOLTIP_TEXT ? `${text.slice(0, TOOLTIP_TEXT)}…` : text),
  ].join('\n\n');
}

/** People a delivery, or several, were meant for. */
function contactNodes({ key: parent, ...place }: Pick<DeliveryNode, 'key' | 'delivery'> & { readonly incident: string }, ids: readonly string[], runbook: Runbook, now: number): DeliveryNode[] {
  return [...new Set(ids)].flatMap((id): DeliveryNode[] => {
    const contact = contactById(runbook, id);
    if (contact === undefined) {
      return [];
    }
    const ways = contactWays(contact);
    const reach = reachability(contact, runbook, now);
    const missing = missingWays(contact);
    return [{
      kind: 'contact', key: `${parent}/contact/${id}`, ...place, contact: id, label: contact.title,
      description: [reach, ...ways.map(({ value }) => value).filter((value) => value !== '')].join(' · '),
      tooltip: [
        `**${escapeMarkdown(contact.title)}** (${t('runbook {0}', contact.section)})`, escapeMarkdown(reach),
        ...ways.map(({ title, value }) => [t(/* l10n: table */ title), ...(value === '' ? [] : [escapeMarkdown(value)])].join(': ')),
        ...(missing === '' ? [] : [t('The runbook also says {0}, and gives no number or address for it.', missing)]),
        ...(contact.note === undefined ? [] : [escapeMarkdown(contact.note)]),
      ].join('\n\n'),
      mark: isReachable(contact, runbook, now) ? 'role' : 'away',
      context: ['contact', ...ways.map(({ kind }) => kind)].join('.'),
      click: 'incidentRunbook.contact',
    }];
  });
}

/**
 * Rows below an incident while not everything gets through: one for each service that cannot be reached or has
 * something for a person, with its deliveries and the people they were meant for.
 *
 * @param now epoch ms
 */
export function incidentDeliveryNodes(incident: Incident, now: number, runbook: Runbook | undefined): DeliveryNode[] {
  const services = [...new Set(incident.deliveries.map(({ service }) => service))];
  const input: RowInput = { now, runbook, origin: undefined, reason: () => undefined, several: false, settled: settledAt(incident) };
  return services.flatMap((service): DeliveryNode[] => {
    const ofService = incident.deliveries.filter((delivery) => delivery.service === service);
    const forPerson = ofService.filter(needsPerson);
    const pending = ofService.filter(({ state }) => state === 'pending');
    const unreachable = pending.some(({ failures }) => failures > 0);
    const shown = [...forPerson, ...(unreachable ? pending : [])];
    if (shown.length === 0) {
      return [];
    }
    const key = `${incident.id}/unreachable/${service}`;
    const reason = (unreachable ? pending : forPerson).findLast((delivery) => delivery.reason !== undefined)?.reason;
    const since = unreachable ? failingSince(incident, service) : undefined;
    const said = [...(reason === undefined ? [] : [reason]), ...(since === undefined ? [] : [t('since {0}', timeOfDay(since))])];
    return [{
      kind: 'unreachable', key, incident: incident.id,
      label: serviceLabel(service, forPerson.length, unreachable ? pending.length : 0),
      ...(said.length === 0 ? {} : { description: said.join(' · '), tooltip: escapeMarkdown(said.join(' · ')) }),
      mark: unreachable ? 'bad' : 'warn', context: 'unreachable', expanded: true,
      children: () => [
        ...shown.map((delivery) => {
          // The people stand below the service, once.
          const { children: _contacts, ...row } = deliveryNode(incident, delivery, input);
          return { ...row, key: `${key}/${delivery.id}` };
        }),
        ...(runbook === undefined ? [] : contactNodes({ key, incident: incident.id }, shown.flatMap(({ contacts }) => contacts ?? []), runbook, now)),
      ],
    }];
  });
}

/** `Slack unreachable: 2 messages wait, 1 needs you`, `Mail: 1 mail needs you`. */
function serviceLabel(service: DeliveryService, forPerson: number, waiting: number): string {
  const name = t(/* l10n: table */ serviceName(service));
  const counted = COUNTED[service];
  if (waiting === 0) {
    return `${name}: ${tn('{1} needs you', '{1} need you', forPerson, counted(forPerson))}`;
  }
  const waits = tn('{1} waits', '{1} wait', waiting, counted(waiting));
  return t('{0} unreachable: {1}', name, forPerson === 0 ? waits : t('{0}, {1}', waits, tn('{0} needs you', '{0} need you', forPerson)));
}

/** When the failures of a service began that no success has ended, ISO 8601 UTC. */
function failingSince(incident: Incident, service: DeliveryService): string | undefined {
  const ofService = new Set(incident.deliveries.filter((delivery) => delivery.service === service).map(({ id }) => id));
  let since: string | undefined;
  for (const event of incident.events) {
    if (event.type === 'delivery.done' && event.how !== 'by hand' && ofService.has(event.request)) {
      since = undefined;
    } else if (event.type === 'delivery.failed' && event.retryAt !== undefined && ofService.has(event.request)) {
      since ??= event.at;
    }
  }
  return since;
}

/** The question about a delivery of which nobody knows whether it arrived. */
export function doubtQuestion(incident: Incident, delivery: Delivery): string {
  const at = settledAt(incident).get(delivery.id) ?? delivery.at;
  const reason = delivery.reason === undefined ? '' : `${delivery.reason.replace(/[.\s]+$/, '')}, `;
  return t('It is not known whether "{0}" reached {1} ({2}).', lineOf(delivery), delivery.target, reason + timeOfDay(at));
}

/** Delivery → when the last thing about it was recorded. */
export function settledAt(incident: Incident): Map<string, string> {
  return new Map(incident.events.flatMap((event) => ('request' in event ? [[event.request, event.at] as const] : [])));
}

function lineOf({ service, text, data: { title } }: Delivery): string {
  return shorten(service === 'github' && typeof title === 'string' ? title : firstLine(text), LINE_LENGTH);
}
