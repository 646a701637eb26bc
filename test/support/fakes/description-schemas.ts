import { Ajv, type AnySchemaObject, type ErrorObject } from 'ajv';
import formats from 'ajv-formats';
import { type DescriptionDocument, DescriptionError, escapeToken, isObject, type JsonObject, localPointer } from './description-document.ts';

/** What is validated decides which of readOnly and writeOnly may be required. */
export type Side = 'request' | 'response';

export interface SchemaProblem {
  /** JSON pointer into the value. */
  readonly pointer: string;
  readonly message: string;
}

export interface Schemas {
  /** Whether a value fits the schema at a pointer of the document. @throws DescriptionError when it does not compile */
  check(schema: unknown, pointer: string, value: unknown): SchemaProblem[];
}

const CHECKED = new Set([
  'type', 'enum', 'format', 'pattern', 'minLength', 'maxLength', 'minimum', 'maximum', 'multipleOf', 'minItems', 'maxItems',
  'uniqueItems', 'minProperties', 'maxProperties', 'required',
]);
const WITHOUT_EFFECT = new Set([
  'title', 'description', 'example', 'examples', 'default', 'deprecated', 'readOnly', 'writeOnly', 'externalDocs', 'xml',
  'discriminator', 'nullable', 'exclusiveMinimum', 'exclusiveMaximum',
]);

/** Formats that the vendors use and JSON Schema does not define, or defines more narrowly than the vendors answer. */
const VENDOR_FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  // PagerDuty. ajv-formats refuses loopback addresses, which a link to a practice environment may well have.
  url: (text) => URL.canParse(text),
  // PagerDuty: an hour of the day in the zone of the service, without offset.
  time: (text) => /^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?/.test(text),
  tzinfo: (text) => isTimeZone(text),
  'activesupport-time-zone': (text) => isTimeZone(text),
  // Ours, for corrections: form fields that carry JSON.
  json: (text) => isJson(text),
};

function isTimeZone(text: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).format(0) !== '';
  } catch {
    return false;
  }
}

function isJson(text: string): boolean {
  try {
    return JSON.parse(text) !== undefined;
  } catch {
    return false;
  }
}

/**
 * Compiles the schemas of a document for one side, each when it is first needed.
 *
 * @param coerce strings become what the schema says, as in query parameters and form fields
 */
export function createSchemas(document: DescriptionDocument, side: Side, coerce: boolean): Schemas {
  const { file } = document;
  const warn = (message: unknown): never => { throw new Error(String(message)); };
  const ajv = new Ajv({
    strict: false, allErrors: true, coerceTypes: coerce ? 'array' : false, validateSchema: false,
    // A warning of Ajv means that it leaves something unchecked.
    logger: { log: warn, warn, error: warn },
  });
  formats.default(ajv);
  for (const [name, validate] of Object.entries(VENDOR_FORMATS)) {
    ajv.addFormat(name, { type: 'string', validate });
  }
  const references = new Map<string, string>();
  const waiting: string[] = [];
  const compiled = new Map<string, ReturnType<typeof ajv.compile>>();

  const reference = (target: string, from: string): JsonObject => {
    document.at(target, from);
    let id = references.get(target);
    if (id === undefined) {
      // Numbers, because pointers with braces and tildes do not survive being resolved as URIs.
      id = `schema:${references.size}`;
      references.set(target, id);
      waiting.push(target);
    }
    return { $ref: id };
  };

  const required = (schema: JsonObject, pointer: string): unknown => {
    const hidden = side === 'request' ? 'readOnly' : 'writeOnly';
    const { properties } = schema;
    return !Array.isArray(schema.required) || !isObject(properties) ? schema.required : schema.required.filter((name: unknown) =>
      typeof name !== 'string' || properties[name] === undefined || document.follow(properties[name], `${pointer}/properties/${escapeToken(name)}`).value[hidden] !== true);
  };

  const translate = (schema: unknown, pointer: string): JsonObject | boolean => {
    if (typeof schema === 'boolean') {
      return schema;
    }
    if (!isObject(schema)) {
      throw new DescriptionError(file, pointer, 'a schema must be an object');
    }
    if (schema.$ref !== undefined) {
      return reference(localPointer(file, schema.$ref, pointer), pointer);
    }
    const result: Record<string, unknown> = {};
    for (const [keyword, value] of Object.entries(schema)) {
      const here = `${pointer}/${keyword}`;
      if (CHECKED.has(keyword)) {
        result[keyword] = keyword === 'required' ? required(schema, pointer) : value;
      } else if (keyword === 'items' || keyword === 'not' || keyword === 'additionalProperties') {
        result[keyword] = translate(value, here);
      } else if (keyword === 'allOf' || keyword === 'anyOf' || keyword === 'oneOf') {
        if (!Array.isArray(value)) {
          throw new DescriptionError(file, here, 'a list is expected here');
        }
        result[keyword] = value.map((item: unknown, index) => translate(item, `${here}/${index}`));
      } else if (keyword === 'properties') {
        result[keyword] = Object.fromEntries(Object.entries(isObject(value) ? value : {}).map(([name, property]) => [name, translate(property, `${here}/${escapeToken(name)}`)]));
      } else if (!WITHOUT_EFFECT.has(keyword) && !keyword.startsWith('x-')) {
        throw new DescriptionError(file, here, 'this keyword is not understood, so the schema would be checked in part only');
      }
    }
    checkFormat(result.format, `${pointer}/format`);
    return nullable(schema, exclusive(schema, result));
  };

  const checkFormat = (format: unknown, pointer: string): void => {
    if (format !== undefined && (typeof format !== 'string' || ajv.formats[format] === undefined)) {
      throw new DescriptionError(file, pointer, `the format ${JSON.stringify(format)} is not known`);
    }
  };

  const verified = (schema: unknown, pointer: string): AnySchemaObject => {
    const translated = translate(schema, pointer);
    if (ajv.validateSchema(translated) !== true) {
      const error = ajv.errors?.[0];
      throw new DescriptionError(file, `${pointer}${error?.instancePath ?? ''}`, `is no valid schema: ${error?.message ?? 'unknown error'}`);
    }
    return typeof translated === 'boolean' ? (translated ? {} : { not: {} }) : translated;
  };

  const compile = (schema: unknown, pointer: string): ReturnType<typeof ajv.compile> => {
    const top = verified(schema, pointer);
    for (let target = waiting.pop(); target !== undefined; target = waiting.pop()) {
      ajv.addSchema(verified(document.at(target, pointer), target), references.get(target) ?? '', false, false);
    }
    try {
      // In an object, because Ajv cannot coerce a value that belongs to nothing.
      return ajv.compile({ type: 'object', properties: { value: top } });
    } catch (error) {
      throw new DescriptionError(file, pointer, `does not compile: ${error instanceof Error ? error.message : String(error)}`);
    }
  };

  return {
    check(schema, pointer, value) {
      const validate = compiled.get(pointer) ?? compile(schema, pointer);
      compiled.set(pointer, validate);
      return validate({ value: structuredClone(value) }) === true ? [] : (validate.errors ?? []).map(describe);
    },
  };
}

function describe(error: ErrorObject): SchemaProblem {
  const detail = error.keyword === 'enum' ? `: ${JSON.stringify(error.params.allowedValues)}` : '';
  return { pointer: error.instancePath.replace(/^\/value/, ''), message: `${error.message ?? error.keyword}${detail}` };
}

/** In OpenAPI 3.0 a boolean next to minimum and maximum, in JSON Schema a number in their place. */
function exclusive(schema: JsonObject, result: Record<string, unknown>): Record<string, unknown> {
  for (const [flag, limit] of [['exclusiveMinimum', 'minimum'], ['exclusiveMaximum', 'maximum']] as const) {
    if (schema[flag] === true) {
      result[flag] = result[limit];
      delete result[limit];
    }
  }
  return result;
}

function nullable(schema: JsonObject, result: Record<string, unknown>): JsonObject {
  if (schema.nullable !== true) {
    return result;
  }
  if (typeof result.type !== 'string' || ['allOf', 'anyOf', 'oneOf', 'not'].some((keyword) => keyword in result)) {
    return { anyOf: [result, { type: 'null' }] };
  }
  return {
    ...result, type: [result.type, 'null'],
    ...(Array.isArray(result.enum) && !result.enum.includes(null) ? { enum: [...(result.enum as unknown[]), null] } : {}),
  };
}
