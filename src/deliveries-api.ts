/** What a person decides about a delivery, as functions: one argument object in, JSON out. */
import { UserError } from './errors.ts';
import { linkQuestion, resultOfLink } from './incident/delivery-link.ts';
import { type Delivery, type DeliveryReport, type DeliveryState, openDeliveries, reportOf } from './incident/deliveries.ts';
import type { NewEvent } from './incident/events.ts';
import type { Incident } from './incident/fold.ts';
import type { Ledger } from './ledger/ledger.ts';
import { Inputs } from './steps/inputs.ts';

type Arguments = Readonly<Record<string, unknown>>;

export interface DeliveriesApi {
  /** `{ incident? }` → `{ deliveries }`: all of one incident, or what is open in any. */
  list(args: Arguments): Promise<{ deliveries: readonly (DeliveryReport & { readonly incident: string })[] }>;
  /** `{ incident, delivery }` → `{ state }`: it is sent (again). */
  retry(args: Arguments): Promise<{ state: DeliveryState }>;
  /** `{ incident, delivery, url? }` → `{ state }`: it arrived, or a person did it by hand. */
  confirm(args: Arguments): Promise<{ state: DeliveryState }>;
  /** `{ incident, delivery, reason }` → `{ state }`: it is not sent. */
  discard(args: Arguments): Promise<{ state: DeliveryState }>;
}

/** @throws UserError when the incident has no such delivery */
export function deliveryById(incident: Incident, id: string): Delivery {
  const delivery = incident.deliveries.find((candidate) => candidate.id === id);
  if (delivery === undefined) {
    const open = openDeliveries(incident.deliveries).map((candidate) => `${candidate.id} (${candidate.target})`);
    throw new UserError(`${incident.id} has no delivery "${id}". ${open.length === 0 ? 'None is open.' : `Open: ${open.join(', ')}.`}`);
  }
  return delivery;
}

export function createDeliveriesApi(ledger: Ledger): DeliveriesApi {
  /** @throws UserError when the delivery is done already: nothing is sent twice, nothing taken back */
  const decide = async (command: string, args: Arguments, event: (inputs: Inputs, delivery: Delivery) => NewEvent): Promise<{ incident: string; state: DeliveryState }> => {
    const inputs = new Inputs(`incidentRunbook.${command}`, args);
    const id = inputs.text('incident');
    const delivery = deliveryById(await ledger.read(id), inputs.text('delivery'));
    if (delivery.state === 'done') {
      throw new UserError(`The delivery to ${delivery.target} is done already.`);
    }
    await ledger.append(id, event(inputs, delivery));
    return { incident: id, state: deliveryById(await ledger.read(id), delivery.id).state };
  };
  return {
    async list(args) {
      const id = new Inputs('incidentRunbook.deliveries', args).optionalText('incident');
      const incidents = id === undefined
        ? (await ledger.list()).filter(({ waiting }) => (waiting ?? 0) > 0).map((summary) => summary.id)
        : [id];
      const read = await Promise.all(incidents.map((incident) => ledger.read(incident)));
      return {
        deliveries: read.flatMap((incident) => (id === undefined ? openDeliveries(incident.deliveries) : incident.deliveries)
          .map((delivery) => ({ incident: incident.id, ...reportOf(delivery) }))),
      };
    },
    async retry(args) {
      const { state } = await decide('retryDelivery', args, (_inputs, { id }) => ({ type: 'delivery.retried', request: id }));
      return { state };
    },
    async confirm(args) {
      let made: Delivery['result'];
      const url = new Inputs('incidentRunbook.confirmDelivery', args).optionalText('url');
      const { incident, state } = await decide('confirmDelivery', args, (_inputs, delivery) => {
        made = url === undefined ? {} : madeByHand(delivery, url);
        return { type: 'delivery.done', request: delivery.id, how: 'by hand', result: made, ...(url === undefined ? {} : { url }) };
      });
      const { repository, number } = made ?? {};
      if (typeof repository === 'string' && typeof number === 'number' && url !== undefined) {
        await ledger.append(incident, { type: 'ticket.linked', repository, number, url });
      }
      return { state };
    },
    async discard(args) {
      const { state } = await decide('discardDelivery', args, (inputs, { id }) => ({ type: 'delivery.discarded', request: id, reason: inputs.text('reason') }));
      return { state };
    },
  };
}

/** @throws UserError when the link is none of what was asked for */
function madeByHand(delivery: Delivery, url: string): NonNullable<Delivery['result']> {
  const question = linkQuestion(delivery);
  const result = question === undefined ? {} : resultOfLink(delivery, url);
  if (result === undefined || !/^https:\/\/\S+$/.test(url)) {
    throw new UserError(`incidentRunbook.confirmDelivery: "url" is no link of ${question?.what ?? 'what was made'}. It looks like ${question?.example ?? 'https://…'}.`);
  }
  return result;
}
