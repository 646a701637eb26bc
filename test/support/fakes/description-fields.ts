import { type DescriptionDocument, escapeToken, isObject, type JsonObject } from './description-document.ts';
import type { SchemaProblem } from './description-schemas.ts';

interface Place {
  readonly schema: JsonObject;
  readonly pointer: string;
}

/**
 * Fields of a value that its schema does not name. Most vendors' schemas leave objects open, so that a misspelt optional
 * field would pass; for a client and for a fake it is a mistake. Objects described without fields, or with additional
 * ones, may hold anything.
 *
 * @param pointer of the schema
 */
export function undescribedFields(document: DescriptionDocument, schema: unknown, pointer: string, value: unknown): SchemaProblem[] {
  return walk(document, [{ schema: document.follow(schema, pointer).value, pointer }], value, '');
}

function walk(document: DescriptionDocument, places: readonly Place[], value: unknown, at: string): SchemaProblem[] {
  const all = places.flatMap((place) => composed(document, place, new Set()));
  if (Array.isArray(value)) {
    const items = all.filter(({ schema }) => isObject(schema.items)).map(({ schema, pointer }) => place(document, schema.items, `${pointer}/items`));
    return items.length === 0 ? [] : value.flatMap((item: unknown, index) => walk(document, items, item, `${at}/${index}`));
  }
  if (!isObject(value)) {
    return [];
  }
  const closed = all.some(({ schema }) => isObject(schema.properties))
    && all.every(({ schema }) => schema.additionalProperties === undefined || schema.additionalProperties === false);
  return Object.entries(value).flatMap(([name, field]) => {
    const described = all.flatMap(({ schema, pointer }) => isObject(schema.properties) && Object.hasOwn(schema.properties, name)
      ? [place(document, schema.properties[name], `${pointer}/properties/${escapeToken(name)}`)] : []);
    // PagerDuty requires fields that it does not describe (IncidentBody.type).
    const known = described.length > 0 || all.some(({ schema }) => Array.isArray(schema.required) && schema.required.includes(name));
    const here = `${at}/${escapeToken(name)}`;
    return known || !closed ? walk(document, described, field, here) : [{ pointer: here, message: 'is no field that the vendor describes' }];
  });
}

function place(document: DescriptionDocument, schema: unknown, pointer: string): Place {
  const { value, pointer: target } = document.follow(schema, pointer);
  return { schema: value, pointer: target };
}

/** A schema and everything it is composed of. */
function composed(document: DescriptionDocument, { schema, pointer }: Place, seen: Set<JsonObject>): Place[] {
  if (seen.has(schema)) {
    return [];
  }
  seen.add(schema);
  const parts = ['allOf', 'anyOf', 'oneOf'].flatMap((keyword) => {
    const list = schema[keyword];
    return Array.isArray(list) ? list.map((part: unknown, index) => place(document, part, `${pointer}/${keyword}/${index}`)) : [];
  });
  return [{ schema, pointer }, ...parts.flatMap((part) => composed(document, part, seen))];
}
