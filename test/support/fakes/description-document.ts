/** An OpenAPI 3.0 document as data: reading, following references, correcting what a vendor got wrong. */
export type JsonObject = { readonly [key: string]: unknown };

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A description that cannot be used: names the file and the JSON pointer. Never caught to carry on without validation. */
export class DescriptionError extends Error {
  constructor(file: string, pointer: string, message: string) {
    super(`${file}#${pointer}: ${message}`);
    this.name = 'DescriptionError';
  }
}

/** One difference between a description and what the vendor really does. The operations are those of RFC 6902. */
export interface Correction {
  readonly op: 'add' | 'replace' | 'remove';
  readonly pointer: string;
  readonly value?: unknown;
  readonly reason: string;
}

export interface DescriptionDocument {
  /** e.g. "github.json", for messages. */
  readonly file: string;
  readonly root: JsonObject;
  /** What stands at a pointer. @throws DescriptionError when nothing does */
  at(pointer: string, from: string): unknown;
  /** `value`, or what its `$ref` leads to, and where that is. */
  follow(value: unknown, pointer: string): { readonly value: JsonObject; readonly pointer: string };
}

export const escapeToken = (token: string): string => token.replaceAll('~', '~0').replaceAll('/', '~1');

const unescapeToken = (token: string): string => decodeURIComponent(token).replaceAll('~1', '/').replaceAll('~0', '~');

const tokensOf = (pointer: string): string[] => pointer.split('/').slice(1).map(unescapeToken);

function child(value: unknown, token: string): unknown {
  return isObject(value) || Array.isArray(value) ? (value as Record<string, unknown>)[token] : undefined;
}

/**
 * @param file named in errors
 * @throws DescriptionError for a version other than 3.0 and for a correction that fits nothing (any more)
 */
export function createDocument(file: string, source: unknown, corrections: readonly Correction[] = []): DescriptionDocument {
  const root: unknown = structuredClone(source);
  if (!isObject(root) || typeof root.openapi !== 'string' || !root.openapi.startsWith('3.0.')) {
    throw new DescriptionError(file, '/openapi', 'only OpenAPI 3.0 is understood: its nullable and exclusiveMinimum differ from other versions');
  }
  for (const correction of corrections) {
    correct(file, root, correction);
  }
  const at = (pointer: string, from: string): unknown => {
    const found = tokensOf(pointer).reduce<unknown>(child, root);
    if (found === undefined) {
      throw new DescriptionError(file, from, `the reference to #${pointer} leads nowhere`);
    }
    return found;
  };
  const follow = (value: unknown, pointer: string, seen: readonly string[] = []): { value: JsonObject; pointer: string } => {
    if (!isObject(value)) {
      throw new DescriptionError(file, pointer, 'an object is expected here');
    }
    if (value.$ref === undefined) {
      return { value, pointer };
    }
    const target = localPointer(file, value.$ref, pointer);
    if (seen.includes(target)) {
      throw new DescriptionError(file, pointer, `the reference to #${target} leads back to itself`);
    }
    return follow(at(target, pointer), target, [...seen, target]);
  };
  return { file, root, at, follow };
}

/** `/components/schemas/x` of `#/components/schemas/x`. */
export function localPointer(file: string, reference: unknown, from: string): string {
  if (typeof reference !== 'string' || !reference.startsWith('#/')) {
    throw new DescriptionError(file, from, `${JSON.stringify(reference)} is no reference into this file`);
  }
  return reference.slice(1);
}

function correct(file: string, root: JsonObject, { op, pointer, value }: Correction): void {
  const tokens = tokensOf(pointer);
  const last = tokens.pop() ?? '';
  const parent = tokens.reduce<unknown>(child, root);
  const exists = child(parent, last) !== undefined;
  if (typeof parent !== 'object' || parent === null || (op === 'add' ? exists : !exists)) {
    throw new DescriptionError(file, pointer, `the correction "${op}" does not fit the description any more`);
  }
  if (Array.isArray(parent)) {
    parent.splice(last === '-' ? parent.length : Number(last), op === 'add' ? 0 : 1, ...(op === 'remove' ? [] : [value]));
  } else if (op === 'remove') {
    delete (parent as Record<string, unknown>)[last];
  } else {
    (parent as Record<string, unknown>)[last] = value;
  }
}
