/** What was sent of an incident, message by message. No vscode here. */
import type { Delivery } from '../../incident/deliveries.ts';
import type { Incident } from '../../incident/fold.ts';
import { isHttps } from '../../incident/links.ts';
import { serviceName } from '../../incident/service-names.ts';
import { type MessageKind, type SentLetter, type SentMessage, messageOf } from '../../protocol/composer.ts';

/** More is looked up on the timeline. */
export const HISTORY_LENGTH = 50;

interface Open {
  readonly at: string;
  readonly by: string;
  readonly letters: SentLetter[];
  status?: string;
}

/**
 * What belongs together is recorded together: the update, what was asked for, and the result of the step. What was cut
 * off before its result stands by itself.
 */
export function historyOf(incident: Incident): { readonly history: readonly SentMessage[]; readonly isHistoryCut: boolean } {
  const deliveries = new Map(incident.deliveries.map((delivery) => [delivery.id, delivery]));
  const open = new Map<MessageKind, Open>();
  const sent: SentMessage[] = [];
  const begin = (kind: MessageKind, { at, actor }: Incident['events'][number]): Open => {
    const found = open.get(kind) ?? { at, by: actor.name, letters: [] };
    open.set(kind, found);
    return found;
  };
  const end = (kind: MessageKind, summary: string | undefined): void => {
    const found = open.get(kind);
    open.delete(kind);
    if (found !== undefined) {
      const { at, by, letters, status } = found;
      sent.push({ kind, by, letters, at: Date.parse(at), summary: summary ?? status ?? letters.map(({ target }) => target).join(', ') });
    }
  };
  for (const event of incident.events) {
    if (event.type === 'update.posted') {
      end('update', undefined);
      begin('update', event).status = event.status;
    } else if (event.type === 'delivery.requested') {
      const kind = messageOf(event.delivery.step);
      const delivery = deliveries.get(event.id);
      if (kind !== undefined && delivery !== undefined) {
        begin(kind, event).letters.push(letterOf(delivery));
      }
    } else if (event.type === 'step.finished') {
      const kind = messageOf(event.result.step);
      if (kind !== undefined) {
        end(kind, event.result.summary);
      }
    }
  }
  [...open.keys()].forEach((kind) => { end(kind, undefined); });
  sent.sort((a, b) => b.at - a.at);
  return { history: sent.slice(0, HISTORY_LENGTH), isHistoryCut: sent.length > HISTORY_LENGTH };
}

function letterOf({ id, target, service, state, reason, text, url }: Delivery): SentLetter {
  return { id, target, service: serviceName(service), state, text, ...(reason === undefined ? {} : { reason }), ...(isHttps(url) ? { url } : {}) };
}
