import { ControlError } from './control-error.ts';

/** Somebody comes to a barrier. */
export interface Arrival {
  readonly who: string;
  /** How many have to come before all of them go on. */
  readonly parties: number;
  /** What the others get to see. */
  readonly brings?: unknown;
  /** How long the others are waited for, ms. Default 60 000. */
  readonly withinMs?: number;
}

/** Who came → what they brought. */
export type Met = Readonly<Record<string, unknown>>;

interface Waiting {
  readonly who: string;
  readonly brings: unknown;
  resolve(met: Met): void;
  reject(error: ControlError): void;
}

const WITHIN_MS = 60_000;

/** Where processes wait for one another, so that what they do next they do at the same moment. */
export class Barriers {
  readonly #waiting = new Map<string, Waiting[]>();
  #broken: string | undefined;

  /**
   * @param name of the barrier; free again once everybody went on
   * @throws ControlError 408 when the others did not come in time, 409 when they will not come or `who` is there already,
   *   400 when it is not said who comes or how many
   */
  meet(name: string, { who, parties, brings = null, withinMs = WITHIN_MS }: Arrival): Promise<Met> {
    const there = this.#waiting.get(name) ?? [];
    return new Promise((resolve, reject) => {
      if (typeof who !== 'string' || !(parties > 0)) {
        throw new ControlError(400, `Say who comes to ${name}, and how many parties it is for`);
      }
      if (this.#broken !== undefined) {
        throw new ControlError(409, `Nobody comes to ${name}: ${this.#broken}`);
      }
      if (there.some((other) => other.who === who)) {
        throw new ControlError(409, `${who} waits at ${name} already`);
      }
      const timer = setTimeout(() => {
        this.#waiting.delete(name);
        there.forEach((waiting) => { waiting.reject(new ControlError(408, `Only ${there.map((other) => other.who).join(', ')} came to ${name} within ${withinMs} ms`)); });
      }, withinMs);
      there.push({
        who, brings,
        resolve: (met) => { clearTimeout(timer); resolve(met); },
        reject: (error) => { clearTimeout(timer); reject(error); },
      });
      this.#waiting.set(name, there);
      if (there.length >= parties) {
        this.#waiting.delete(name);
        const met = Object.fromEntries(there.map((waiting) => [waiting.who, waiting.brings]));
        there.forEach((waiting) => { waiting.resolve(met); });
      }
    });
  }

  /** Nobody is waited for any more, now or later. @param why who left */
  break(why: string): void {
    this.#broken ??= why;
    const all = [...this.#waiting];
    this.#waiting.clear();
    all.forEach(([name, there]) => { there.forEach((waiting) => { waiting.reject(new ControlError(409, `Nobody comes to ${name}: ${why}`)); }); });
  }
}
