/** Reads what a delivery carries and what a service answered, where either may be anything. */
import { DeliveryError, type Parcel } from './courier.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** The fields of a JSON object; none when it is something else. */
export function fieldsIn(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Fields : {};
}

/** The objects of a JSON list; none when it is something else. */
export function listIn(value: unknown): Fields[] {
  return Array.isArray(value) ? value.map(fieldsIn) : [];
}

/** A list of texts among the data of a delivery; empty when there is none. */
export function textsOf({ delivery }: Pick<Parcel, 'delivery'>, name: string): string[] {
  const value = delivery.data[name];
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}

/** One of the given words among the data of a delivery. @throws DeliveryError for any other */
export function wordOf<Word extends string>({ delivery }: Parcel, name: string, words: readonly Word[]): Word {
  const value = delivery.data[name];
  const word = words.find((candidate) => candidate === value);
  if (word === undefined) {
    throw new DeliveryError('refused', `The delivery to ${delivery.target} has no "${name}" out of ${words.join(', ')}. Discard it and run the step again.`);
  }
  return word;
}

/** What a refusal means here: the first advice that fits it is added to its message. Rethrows everything else as it is. */
export function advise(error: unknown, advice: readonly (readonly [fits: (refusal: DeliveryError) => boolean, fix: string])[]): never {
  if (error instanceof DeliveryError && error.kind === 'refused') {
    const [, fix] = advice.find(([fits]) => fits(error)) ?? [];
    if (fix !== undefined) {
      throw new DeliveryError('refused', `${error.message} ${fix}`, { status: error.status, cause: error });
    }
  }
  throw error;
}
