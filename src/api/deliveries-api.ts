/** What a person decides about a delivery, as functions: one argument object in, JSON out. */
import { UserError } from '../errors.ts';
import { linkQuestion, resultOfLink } from '../incident/delivery-link.ts';
import { type Delivery, type DeliveryReport, type DeliveryState, openDeliveries, reportOf } from '../incident/deliveries.ts';
import type { NewEvent } from '../incident/events.ts';
import type { Incident } from '../incident/fold.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { Inputs } from '../steps/inputs.ts';

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
  const decide = async (command: string, args: Arguments, event: (delivery: Delivery, inputs: Inputs) => NewEvent): Promise<{ state: DeliveryState }> => {
    const inputs = new Inputs(`incidentRunbook.${command}`, args);
    const id = inputs.text('incident');
    const delivery = deliveryById(await ledger.read(id), inputs.text('delivery'));
    if (delivery.state === 'done') {
      throw new UserError(`The delivery to ${delivery.target} is done already.`);
    }
    await ledger.append(id, event(delivery, inputs));
    return { state: deliveryById(await ledger.read(id), delivery.id).state };
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
    retry: (args) => decide('retryDelivery', args, ({ id }) => ({ type: 'delivery.retried', request: id })),
    async confirm(args) {
      const inputs = new Inputs('incidentRunbook.confirmDelivery', args);
      const url = inputs.optionalText('url');
      const incident = await ledger.read(inputs.text('incident'));
      const delivery = deliveryById(incident, inputs.text('delivery'));
      const made = url === undefined ? {} : madeByHand(delivery, url);
      const { repository, number } = made;
      if (delivery.state !== 'done' && incident.ticket === undefined && typeof repository === 'string' && typeof number === 'number' && url !== undefined) {
        // Before it counts as done: should this be interrupted in between, nobody would link the ticket any more.
        await ledger.append(incident.id, { type: 'ticket.linked', repository, number, url });
      }
      return decide('confirmDelivery', args, ({ id }) => ({ type: 'delivery.done', request: id, how: 'by hand', result: made, ...(url === undefined ? {} : { url }) }));
    },
    discard: (args) => decide('discardDelivery', args, ({ id }, inputs) => ({ type: 'delivery.discarded', request: id, reason: inputs.text('reason') })),
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
