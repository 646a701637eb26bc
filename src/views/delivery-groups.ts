/** The rows of the Deliveries view. No vscode here. */
import type { Delivery, DeliveryState } from '../incident/deliveries.ts';
import type { Incident } from '../incident/fold.ts';
import { t } from '../l10n.ts';
import { type DeliveriesInput, type DeliveryMark, type DeliveryNode, FOR_A_PERSON, deliveryNode, needsPerson, settledAt } from './delivery-nodes.ts';

const DONE_SHOWN = 20;

interface Placed {
  readonly incident: Incident;
  readonly delivery: Delivery;
}

/** The Deliveries view: what needs a person, what waits, and the last ones that are done. Empty when there is nothing. */
export function deliveryGroups(input: DeliveriesInput): DeliveryNode[] {
  const all = input.incidents.flatMap((incident) => incident.deliveries.map((delivery): Placed => ({ incident, delivery })));
  const inState = (...states: readonly DeliveryState[]): Placed[] => states.flatMap((state) => all.filter(({ delivery }) => delivery.state === state));
  const settled = new Map(input.incidents.flatMap((incident) => [...settledAt(incident)]));
  const newestFirst = inState('done').sort((a, b) => ((settled.get(a.delivery.id) ?? '') < (settled.get(b.delivery.id) ?? '') ? 1 : -1));
  const several = new Set(all.map(({ incident }) => incident.id)).size > 1;
  const group = (key: string, label: string, mark: DeliveryMark, expanded: boolean, placed: readonly Placed[]): DeliveryNode[] => (placed.length === 0 ? [] : [{
    kind: 'delivery-group', key, label, description: String(placed.length), mark, expanded,
    children: () => placed.map(({ incident, delivery }) => deliveryNode(incident, delivery, { ...input, several, settled })),
  }]);
  return [
    ...group('needs-you', t('Needs you'), 'urgent', true, inState(...FOR_A_PERSON)),
    ...group('waiting', t('Waiting'), 'waiting', true, inState('pending')),
    ...group('done', t('Done'), 'delivered', false, newestFirst.slice(0, DONE_SHOWN)),
  ];
}

/** How many deliveries need a person. */
export function countForPerson(incidents: readonly Incident[]): number {
  return incidents.reduce((count, { deliveries }) => count + deliveries.filter(needsPerson).length, 0);
}
