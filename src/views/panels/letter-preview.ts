/** A letter as the composer shows it before it is sent. No vscode here. */
import type { Incident } from '../../incident/fold.ts';
import { unescapeMarkdown } from '../../incident/markdown.ts';
import { serviceName } from '../../incident/service-names.ts';
import type { Dress, LetterPreview } from '../../protocol/composer.ts';
import { contactById } from '../../runbook/query.ts';
import type { Runbook } from '../../runbook/schema.ts';
import { isConnectable } from '../../services/connections.ts';
import type { Letter, Post } from '../../steps/step.ts';
import { handReason } from '../post-preview.ts';

/** @param missing services that it would go through and cannot, each with the reason */
export function previewLetter(letter: Letter, runbook: Runbook, missing: ReadonlyMap<string, string>): LetterPreview {
  const { data, service, target, text } = letter;
  const dress = dressOf(letter);
  const byHand = handReason(letter, missing);
  const title = [data['subject'], data['name'], data['title']].find((words) => typeof words === 'string');
  const stage = runbook.statusPage.stages.find(({ id }) => id === data['stage']);
  const components = listOf(data['components'] ?? data['affected']);
  const recipients = runbook.userNotifications.recipients ?? [];
  const ids = listOf(data['to'] ?? data['mention'] ?? (typeof data['contact'] === 'string' ? [data['contact']] : []));
  return {
    dress, target, service: serviceName(service),
    ...(byHand === undefined ? {} : { byHand }),
    ...(missing.has(service) && letter.byHand === undefined && isConnectable(service) ? { connect: { service, title: serviceName(service) } } : {}),
    text: service === 'github' ? unescapeMarkdown(text) : text,
    ...(title === undefined ? {} : { title }),
    to: ids.map((id) => (id === 'users' ? target : contactById(runbook, id)?.title ?? id)),
    ...(ids.includes('users') ? { addresses: recipients.length } : {}),
    ...(stage === undefined ? {} : { stage: stage.title }),
    ...(components.length === 0 ? {} : { components }),
  };
}

/** How the ticket shows an update: it gets it with the timeline, without a letter. Undefined where there is neither. */
export function previewOnTicket({ events }: Post, { ticket }: Incident): LetterPreview | undefined {
  const update = events.find((event) => event.type === 'update.posted');
  return ticket === undefined || update?.type !== 'update.posted' ? undefined
    : { dress: 'ticket', target: `${ticket.repository}#${ticket.number}`, service: serviceName('github'), text: update.text, title: `Update: ${update.status}`, to: [], withTimeline: true };
}

function dressOf({ service, call }: Letter): Dress {
  switch (service) {
    case 'slack':
    case 'mail':
    case 'statuspage':
      return service;
    case 'github': return 'ticket';
    case 'webhook': return 'inApp';
    case 'workspace': return call === 'writeStatusPage' ? 'statusFile' : call === 'socialText' ? 'social' : call === 'phone' ? 'phone' : 'plain';
    default: return 'plain';
  }
}

function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
