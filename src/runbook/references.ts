/**
 * `${environment.…}` references in the inputs of a step. Shared by the loader, which reports the ones that lead
 * nowhere, and by resolveInputs, which replaces them.
 */
import type { RunbookEnvironment } from './schema.ts';

export interface NamedEnvironment {
  /** Key in the runbook's `environments`, e.g. `production`. */
  readonly key: string;
  readonly data: RunbookEnvironment;
}

/** What a reference may stand for. */
export type ReferenceValue = string | number | boolean | readonly string[];

/** Matches one reference; the group is its path. `references` finds the unclosed ones as well. */
export const REFERENCE = /\$\{([^{}]*)\}/g;

/** The paths referred to in a text, without `${` and `}`; `unclosed` tells of a `${` that no `}` ends. */
export function references(text: string): { readonly paths: readonly string[]; readonly unclosed: boolean } {
  const paths = [...text.matchAll(REFERENCE)].map((match) => match[1] ?? '');
  return { paths, unclosed: text.replaceAll(REFERENCE, '').includes('${') };
}

/** The path when the whole text is exactly one reference: it then takes the type of what it refers to. */
export function wholeReference(text: string): string | undefined {
  const match = /^\$\{([^{}]*)\}$/.exec(text);
  return match?.[1];
}

/** The value behind a path such as `environment.aws.services.0`; undefined when there is none, or only a group of values. */
export function lookUp(path: string, environment: NamedEnvironment): ReferenceValue | undefined {
  let value: unknown = rootOf(environment);
  for (const part of path.split('.')) {
    value = childOf(value, part);
  }
  return isReferenceValue(value) ? value : undefined;
}

function childOf(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key) || (Array.isArray(value) && key === 'length')) {
    return undefined;
  }
  return Reflect.get(value, key);
}

/** Every path that can be referred to in an environment, in the order of the file; lists are named as a whole. */
export function availablePaths(environment: NamedEnvironment): string[] {
  return pathsOf(rootOf(environment), '');
}

function rootOf({ key, data }: NamedEnvironment): object {
  return { environment: { key, ...data } };
}

function isReferenceValue(value: unknown): value is ReferenceValue {
  return ['string', 'number', 'boolean'].includes(typeof value)
    || (Array.isArray(value) && value.every((item) => typeof item === 'string'));
}

function pathsOf(value: unknown, path: string): string[] {
  if (isReferenceValue(value)) {
    return [path];
  }
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  return Object.entries(value).flatMap(([key, child]) => pathsOf(child, path === '' ? key : `${path}.${key}`));
}
