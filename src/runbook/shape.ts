/** Checks data against the schema, and says in words what a place must hold and what stands there instead. */
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { lowerFirst, withoutPeriod } from '../text.ts';
import { formatPath, type Path } from './problems.ts';
import { type Runbook, RunbookSchema } from './schema.ts';
import { didYouMean, hint, nearest } from './suggest.ts';

/** Something wrong at a place in the data. */
export interface Finding {
  readonly path: Path;
  /** Which end of the entry to point at. */
  readonly at: 'key' | 'value';
  /** A full sentence. */
  readonly message: string;
}

/** The parts of a JSON schema that this runbook's schema uses. */
interface SchemaNode {
  readonly type?: string | readonly string[];
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly description?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly minProperties?: number;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
}

let compiled: ValidateFunction<Runbook> | undefined;

/** Compiling takes longer than validating, and most sessions load one runbook. */
function validator(): ValidateFunction<Runbook> {
  compiled ??= new Ajv({ allErrors: true, strict: true, allowUnionTypes: true, verbose: true }).compile<Runbook>(RunbookSchema);
  return compiled;
}

/** Whether the data has the shape of a runbook, or everything that is wrong with its shape. */
export function checkShape(data: unknown): { readonly runbook: Runbook } | readonly Finding[] {
  const validate = validator();
  if (validate(data)) {
    return { runbook: data };
  }
  const findings = new Map<string, Finding>();
  for (const error of withoutMisspelt(validate.errors ?? [])) {
    const finding = findingOf(error, data);
    const place = `${finding.at} ${JSON.stringify(finding.path)}`;
    // A wrong type also breaks every rule on length or range; one sentence says all of them.
    findings.set(place, findings.get(place) ?? finding);
  }
  return [...findings.values()];
}

/** A misspelt key is one mistake: that the key it was meant for is missing goes without saying. */
function withoutMisspelt(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const meant = new Set(errors.filter(({ keyword }) => keyword === 'additionalProperties').map(({ instancePath, params, parentSchema }) =>
    `${instancePath} ${nearest(String(params['additionalProperty']), Object.keys((parentSchema as SchemaNode).properties ?? {})) ?? ''}`));
  return errors.filter(({ keyword, instancePath, params }) => keyword !== 'required' || !meant.has(`${instancePath} ${String(params['missingProperty'])}`));
}

function findingOf(error: ErrorObject, root: unknown): Finding {
  const path = pathOf(error.instancePath, root);
  const where = formatPath(path) || 'The runbook';
  const schema = (error.parentSchema ?? {}) as SchemaNode;
  if (error.keyword === 'required') {
    const key = String(error.params['missingProperty']);
    const meaning = lowerFirst(schema.properties?.[key]?.description ?? expectedOf(schema.properties?.[key] ?? {}));
    return { path: [...path, key], at: 'key', message: `${where} lacks the key "${key}": ${withoutPeriod(meaning)}.` };
  }
  if (error.keyword === 'additionalProperties') {
    const key = String(error.params['additionalProperty']);
    const message = schema.properties === undefined
      ? `${where} has the key ${quoted(key)}, which must be an identifier in camelCase, e.g. checkEndpoints.`
      : `${where} has the unknown key ${quoted(key)}.${hint(key, Object.keys(schema.properties), 'Allowed here')}`;
    return { path: [...path, key], at: 'key', message };
  }
  const inQuotes = schema.type === 'string' && ['number', 'boolean'].includes(typeof error.data) ? ' Put it in quotes.' : '';
  const suggestion = schema.enum !== undefined && typeof error.data === 'string' ? didYouMean(error.data, schema.enum) : '';
  return { path, at: 'value', message: `${where} must be ${expectedOf(schema)}, not ${shown(error.data)}.${suggestion}${inQuotes}` };
}

/** Reads a JSON pointer; list indices become numbers where the data has a list. */
function pathOf(pointer: string, root: unknown): Path {
  let value = root;
  return pointer.split('/').slice(1).map((part) => {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    const isIndex = Array.isArray(value);
    value = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
    return isIndex ? Number(key) : key;
  });
}

/** Completes "must be …". */
function expectedOf(schema: SchemaNode): string {
  if (schema.enum !== undefined) {
    return `one of ${schema.enum.join(', ')}`;
  }
  switch (schema.type) {
    case 'string':
      return schema.pattern === undefined ? 'text' : withoutPeriod(lowerFirst(schema.description?.split(';', 1)[0] ?? 'text'));
    case 'number':
      return `a number${rangeOf(schema)}`;
    case 'integer':
      return `a whole number${rangeOf(schema)}`;
    case 'boolean':
      return 'true or false';
    case 'array':
      return schema.minItems === undefined ? 'a list' : 'a list with at least one entry';
    case 'object':
      return schema.minProperties === undefined ? 'a mapping' : 'a mapping with at least one entry';
    default:
      return withoutPeriod(lowerFirst(schema.description ?? 'another value'));
  }
}

function rangeOf({ minimum, maximum }: SchemaNode): string {
  if (minimum !== undefined && maximum !== undefined) {
    return ` from ${minimum} to ${maximum}`;
  }
  return minimum !== undefined ? ` of at least ${minimum}` : maximum !== undefined ? ` of at most ${maximum}` : '';
}

function shown(value: unknown): string {
  if (value === null || value === undefined) {
    return 'empty';
  }
  if (Array.isArray(value)) {
    return value.length === 0 ? 'an empty list' : 'a list';
  }
  switch (typeof value) {
    case 'string':
      return quoted(value);
    case 'number':
      return `the number ${value}`;
    case 'object':
      return Object.keys(value).length === 0 ? 'an empty mapping' : 'a mapping';
    default:
      return String(value);
  }
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
