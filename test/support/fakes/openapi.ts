import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { repositoryRoot } from '../paths.ts';
import { type Correction, createDocument, type DescriptionDocument, DescriptionError, escapeToken, isObject, type JsonObject } from './description-document.ts';
import { undescribedFields } from './description-fields.ts';
import { createSchemas, type SchemaProblem, type Schemas, type Side } from './description-schemas.ts';
import { matchPath, type PathMatch, type PathTemplate } from './path-template.ts';
import { parseBody } from './request-body.ts';

/** Where the vendors' descriptions are kept; not part of the repository. */
export const specsFolder = path.resolve(repositoryRoot, '..', 'shared', 'specs');

/** False: nothing is validated, and tests that need it have to report themselves as skipped. */
export const specsAvailable = existsSync(specsFolder);

export type SpecName = 'github' | 'slack' | 'pagerduty-events' | 'pagerduty-rest' | 'datadog-v1' | 'statuspage';

export type Headers = Readonly<Record<string, string | undefined>>;

export interface Problem extends SchemaProblem {
  readonly side: Side;
  /** e.g. "github.json GET /repos/{owner}/{repo}/issues". */
  readonly operation: string;
  // The pointer starts with what it points into: /body/title, /query/since, /path/id, /headers/from, /status.
}

export interface CommonResponse {
  /** Absent: no body. May refer into the document. */
  readonly schema?: JsonObject;
  readonly reason: string;
}

export interface DescriptionOptions {
  /** Applied first, to a copy, for mistakes that run through the whole description. */
  readonly repair?: (source: unknown) => unknown;
  readonly corrections?: readonly Correction[];
  /** Path below which the operations live; the one of the first server when absent. */
  readonly basePath?: string;
  /** Answers that every operation may give although the vendor does not repeat them at each. */
  readonly commonResponses?: Readonly<Record<string, CommonResponse>>;
  /** The key in `responses` that describes an answer, for vendors whose failures are HTTP 200. */
  readonly responseKey?: (status: number, body: unknown) => string;
}

export interface Description {
  readonly file: string;
  readonly basePath: string;
  /** `METHOD /template` of every operation. */
  readonly operations: readonly string[];
  /** @param headers with lower-case names
   *  @param body as sent */
  validateRequest(method: string, url: URL, headers: Headers, body: string): Problem[];
  /** @param body parsed; undefined for none */
  validateResponse(method: string, pathname: string, status: number, body: unknown): Problem[];
  /** Compiles everything there is. @throws DescriptionError naming file and pointer of the first schema that does not compile */
  compileAll(): number;
}

/** The vendor's description, or undefined when the folder is absent. @throws DescriptionError, or as readFileSync when one file is missing */
export function loadDescription(name: SpecName, options: DescriptionOptions = {}): Description | undefined {
  if (!specsAvailable) {
    return undefined;
  }
  const file = `${name}.json`;
  return createDescription(file, JSON.parse(readFileSync(path.join(specsFolder, file), 'utf8')), options);
}

interface Operation {
  readonly name: string;
  readonly pointer: string;
  readonly value: JsonObject;
}

type Location = 'query' | 'path' | 'header';

/** @param file named in problems and errors */
export function createDescription(file: string, source: unknown, options: DescriptionOptions = {}): Description {
  const document = createDocument(file, options.repair?.(structuredClone(source)) ?? source, options.corrections);
  const basePath = options.basePath ?? basePathOf(document);
  const templates = operationsOf(document);
  const texts = createSchemas(document, 'request', true);
  const bodies: Readonly<Record<Side, Schemas>> = { request: createSchemas(document, 'request', false), response: createSchemas(document, 'response', false) };

  const find = (method: string, pathname: string): PathMatch<Operation> | undefined =>
    pathname.startsWith(basePath) ? matchPath(templates, method, pathname.slice(basePath.length)) : undefined;

  const unknownOperation = (side: Side, method: string, pathname: string): Problem[] =>
    [{ side, operation: `${file} ${method} ${pathname}`, pointer: '', message: 'the vendor describes no such operation' }];

  const checkParameters = (operation: Operation, location: Location, values: Readonly<Record<string, readonly string[]>>): SchemaProblem[] => {
    const described = parametersOf(document, operation).filter(({ value }) => value.in === location);
    const problems = described.flatMap(({ value, pointer }) => {
      const name = location === 'header' ? String(value.name).toLowerCase() : String(value.name);
      const given = values[name];
      const at = `/${location === 'header' ? 'headers' : location}/${escapeToken(name)}`;
      if (given === undefined) {
        return value.required === true ? [{ pointer: at, message: 'is required' }] : [];
      }
      const isList = isObject(value.schema) && document.follow(value.schema, `${pointer}/schema`).value.type === 'array';
      const items = value.explode === false ? given.flatMap((text) => text.split(',')) : given;
      // The enum of a repeatable parameter (statuses[]) is described as if it came once.
      return (isList ? [items] : items)
        .flatMap((item) => texts.check(value.schema, `${pointer}/schema`, item))
        .map((problem) => ({ ...problem, pointer: at + problem.pointer }));
    });
    const names = new Set(described.map(({ value }) => String(value.name)));
    const surplus = location === 'query' ? Object.keys(values).filter((name) => !names.has(name)) : [];
    return [...problems, ...surplus.map((name) => ({ pointer: `/query/${escapeToken(name)}`, message: 'is no parameter that the vendor describes' }))];
  };

  const checkBody = (operation: Operation, headers: Headers, text: string): SchemaProblem[] => {
    if (operation.value.requestBody === undefined) {
      return text === '' ? [] : [{ pointer: '/body', message: 'must be empty: the vendor describes none' }];
    }
    const { value, pointer } = document.follow(operation.value.requestBody, `${operation.pointer}/requestBody`);
    if (text === '') {
      return value.required === true ? [{ pointer: '/body', message: 'is required' }] : [];
    }
    const type = mediaType(headers['content-type']);
    const content = isObject(value.content) ? value.content[type] : undefined;
    if (!isObject(content)) {
      return [{ pointer: '/headers/content-type', message: `${type === '' ? 'is missing' : `is ${type}`}, described: ${Object.keys(isObject(value.content) ? value.content : {}).join(', ')}` }];
    }
    const parsed = parseBody(type, text);
    if (parsed === undefined) {
      return [{ pointer: '/body', message: `is no ${type}` }];
    }
    const at = `${pointer}/content/${escapeToken(type)}/schema`;
    const schemas = parsed.texts ? texts : bodies.request;
    return inBody([...schemas.check(content.schema, at, parsed.value), ...undescribedFields(document, content.schema, at, parsed.value)]);
  };

  const checkAnswer = (operation: Operation, status: number, body: unknown): SchemaProblem[] => {
    const key = options.responseKey?.(status, body) ?? String(status);
    const responses = isObject(operation.value.responses) ? operation.value.responses : {};
    const common = options.commonResponses?.[key];
    if (responses[key] === undefined && common !== undefined) {
      return checkContent(common.schema, `/common/${key}`, key, body);
    }
    const found = [key, `${key[0] ?? ''}XX`, 'default'].find((candidate) => responses[candidate] !== undefined);
    if (found === undefined) {
      return [{ pointer: '/status', message: `${key} is not described, only ${Object.keys(responses).join(', ')}` }];
    }
    const { value, pointer } = document.follow(responses[found], `${operation.pointer}/responses/${found}`);
    const content = isObject(value.content) ? value.content['application/json'] : undefined;
    return checkContent(isObject(content) ? content.schema : undefined, `${pointer}/content/application~1json/schema`, found, body);
  };

  const checkContent = (schema: unknown, at: string, key: string, body: unknown): SchemaProblem[] => {
    if (schema === undefined || body === undefined) {
      return schema === body ? [] : [{ pointer: '/body', message: schema === undefined ? `must be empty: the vendor describes none for ${key}` : `is required for ${key}` }];
    }
    return inBody([...bodies.response.check(schema, at, body), ...undescribedFields(document, schema, at, body)]);
  };

  return {
    file, basePath,
    operations: templates.map(({ value }) => value.name),
    validateRequest(method, url, headers, body) {
      const match = find(method, url.pathname);
      if (match === undefined) {
        return unknownOperation('request', method, url.pathname);
      }
      const lists = (entries: Iterable<[string, string | undefined]>): Record<string, string[]> => {
        const result: Record<string, string[]> = {};
        for (const [name, text] of entries) {
          (result[name] ??= []).push(...(text === undefined ? [] : [text]));
        }
        return result;
      };
      return [
        ...checkParameters(match.value, 'path', lists(Object.entries(match.parameters))),
        ...checkParameters(match.value, 'query', lists(url.searchParams)),
        ...checkParameters(match.value, 'header', lists(Object.entries(headers))),
        ...checkBody(match.value, headers, body),
      ].map((problem) => ({ side: 'request', operation: `${file} ${match.value.name}`, ...problem }));
    },
    validateResponse(method, pathname, status, body) {
      const match = find(method, pathname);
      return match === undefined ? unknownOperation('response', method, pathname)
        : checkAnswer(match.value, status, body).map((problem) => ({ side: 'response', operation: `${file} ${match.value.name}`, ...problem }));
    },
    compileAll() {
      const places = templates.flatMap(({ value }) => schemasOf(document, value));
      for (const { schema, pointer, side } of places) {
        (side === 'text' ? texts : bodies[side]).check(schema, pointer, null);
      }
      return places.length;
    },
  };
}

const mediaType = (header: string | undefined): string => (header ?? '').split(';')[0]?.trim().toLowerCase() ?? '';

const inBody = (problems: readonly SchemaProblem[]): SchemaProblem[] =>
  problems.map((problem) => ({ ...problem, pointer: `/body${problem.pointer}` }));

function basePathOf(document: DescriptionDocument): string {
  const server: unknown = Array.isArray(document.root.servers) ? document.root.servers[0] : undefined;
  const url = isObject(server) && typeof server.url === 'string' ? server.url.replaceAll(/[{}]/g, '') : '';
  if (!URL.canParse(url)) {
    throw new DescriptionError(document.file, '/servers/0/url', 'is no URL');
  }
  return new URL(url).pathname.replace(/\/$/, '');
}

function operationsOf(document: DescriptionDocument): PathTemplate<Operation>[] {
  const { paths } = document.root;
  return Object.entries(isObject(paths) ? paths : {}).flatMap(([template, item]) =>
    Object.entries(isObject(item) ? item : {}).filter(([method]) => /^(get|put|post|patch|delete)$/.test(method)).map(([key, value]) => {
      const method = key.toUpperCase();
      const pointer = `/paths/${escapeToken(template)}/${key}`;
      return { method, template, value: { name: `${method} ${template}`, pointer, value: document.follow(value, pointer).value } };
    }));
}

function parametersOf(document: DescriptionDocument, operation: Operation): { value: JsonObject; pointer: string }[] {
  const { parameters } = operation.value;
  return Array.isArray(parameters)
    ? parameters.map((parameter: unknown, index) => document.follow(parameter, `${operation.pointer}/parameters/${index}`)) : [];
}

function schemasOf(document: DescriptionDocument, operation: Operation): { schema: unknown; pointer: string; side: Side | 'text' }[] {
  const contents = (holder: unknown, from: string, side: Side): { schema: unknown; pointer: string; side: Side | 'text' }[] => {
    const { value, pointer } = document.follow(holder, from);
    return Object.entries(isObject(value.content) ? value.content : {}).map(([type, content]) => ({
      schema: isObject(content) ? content.schema : undefined, pointer: `${pointer}/content/${escapeToken(type)}/schema`,
      side: type === 'application/x-www-form-urlencoded' ? 'text' as const : side,
    }));
  };
  return [
    ...parametersOf(document, operation).map(({ value, pointer }) => ({ schema: value.schema, pointer: `${pointer}/schema`, side: 'text' as const })),
    ...(operation.value.requestBody === undefined ? [] : contents(operation.value.requestBody, `${operation.pointer}/requestBody`, 'request')),
    ...Object.entries(isObject(operation.value.responses) ? operation.value.responses : {})
      .flatMap(([key, response]) => contents(response, `${operation.pointer}/responses/${key}`, 'response')),
  ];
}
