import { UserError } from '../errors.ts';

/** Named inputs of a step or a command, read with a message that names the owner, the input and what is allowed. */
export class Inputs {
  readonly #owner: string;
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(owner: string, values: Readonly<Record<string, unknown>>) {
    this.#owner = owner;
    this.#values = values;
  }

  text(name: string, fallback?: string): string {
    const value = this.#values[name] ?? fallback;
    if (typeof value !== 'string' || value.trim() === '') {
      throw this.#wrong(name, 'a text that is not empty', value);
    }
    return value;
  }

  optionalText(name: string): string | undefined {
    return this.#values[name] === undefined ? undefined : this.text(name);
  }

  /** A text that may be empty, and is when it is not given. */
  anyText(name: string): string {
    const value = this.#values[name] ?? '';
    if (typeof value !== 'string') {
      throw this.#wrong(name, 'a text', value);
    }
    return value;
  }

  /** One of the allowed values. */
  choice<T extends string>(name: string, allowed: readonly T[]): T | undefined {
    const value = this.#values[name];
    if (value !== undefined && !(allowed as readonly unknown[]).includes(value)) {
      throw this.#wrong(name, `one of ${allowed.join(', ')}`, value);
    }
    return value as T | undefined;
  }

  flag(name: string): boolean {
    const value = this.#values[name] ?? false;
    if (typeof value !== 'boolean') {
      throw this.#wrong(name, 'true or false', value);
    }
    return value;
  }

  /** A time, as ISO 8601 UTC. */
  time(name: string): string | undefined {
    const value = this.#values[name];
    if (value === undefined) {
      return undefined;
    }
    if (typeof value !== 'string' || Number.isNaN(Date.parse(value))) {
      throw this.#wrong(name, 'a time like 2026-11-23T03:00:00Z', value);
    }
    return new Date(value).toISOString();
  }

  /** A JSON object; empty when it is not given. */
  record(name: string): Readonly<Record<string, unknown>> {
    const value = this.#values[name] ?? {};
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw this.#wrong(name, 'an object', value);
    }
    return value as Readonly<Record<string, unknown>>;
  }

  /** A whole number from `min` to `max`, inclusive. */
  count(name: string, { min, max, fallback }: { min: number; max: number; fallback?: number }): number {
    const value = this.#values[name] ?? fallback;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
      throw this.#wrong(name, `a whole number from ${min} to ${max}`, value);
    }
    return value;
  }

  /** A whole number from `min` to `max`, inclusive; undefined when it is not given. */
  optionalCount(name: string, range: { min: number; max: number }): number | undefined {
    return this.#values[name] === undefined ? undefined : this.count(name, range);
  }

  list(name: string, fallback?: readonly string[]): readonly string[] {
    const value = this.#values[name] ?? fallback;
    if (!Array.isArray(value) || value.length === 0 || !value.every((item) => typeof item === 'string' && item !== '')) {
      throw this.#wrong(name, 'a list of texts with at least one entry', value);
    }
    return value as readonly string[];
  }

  #wrong(name: string, allowed: string, value: unknown): UserError {
    const got = value === undefined ? 'it is missing' : `not ${JSON.stringify(value)}`;
    return new UserError(`${this.#owner}: input "${name}" must be ${allowed}, ${got}.`);
  }
}
