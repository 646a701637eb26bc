import { type Correction, isObject } from './description-document.ts';
import type { ApiSource } from './fake-server.ts';
import type { CommonResponse } from './openapi.ts';

/** Errors that any method can answer. The description lists them with some methods only, and it is older than token_revoked. */
const COMMON_ERRORS = ['not_authed', 'invalid_auth', 'account_inactive', 'token_revoked', 'missing_scope', 'internal_error'];

const BOOKMARK = {
  type: 'object', required: ['id', 'channel_id', 'title', 'link', 'type'],
  properties: {
    id: { type: 'string', pattern: '^Bk[A-Z0-9]+$' }, channel_id: { $ref: '#/components/schemas/defs_channel' }, title: { type: 'string' },
    link: { type: 'string', format: 'uri' }, type: { type: 'string' }, emoji: { type: 'string', nullable: true },
    date_created: { type: 'integer' }, date_updated: { type: 'integer' },
  },
};

const CORRECTIONS: readonly Correction[] = [
  {
    op: 'add', pointer: '/paths/~1chat.postMessage/post/requestBody/content/application~1x-www-form-urlencoded/schema/properties/metadata',
    value: { type: 'string', format: 'json' }, reason: 'Message metadata is younger than the description.',
  },
  {
    op: 'add', pointer: '/paths/~1conversations.history/get/parameters/-',
    value: { name: 'include_all_metadata', in: 'query', schema: { type: 'boolean' } }, reason: 'Message metadata is younger than the description.',
  },
  {
    op: 'add', pointer: '/components/schemas/objs_message/properties/metadata',
    value: { type: 'object', required: ['event_type', 'event_payload'], properties: { event_type: { type: 'string' }, event_payload: { type: 'object' } } },
    reason: 'Message metadata is younger than the description.',
  },
  {
    op: 'add', pointer: '/components/schemas/objs_message/properties/app_id', value: { type: 'string' }, reason: 'Messages of an app name it.',
  },
  {
    op: 'remove', pointer: '/paths/~1conversations.history/get/responses/200/content/application~1json/schema/properties/messages/minItems',
    reason: 'A channel without messages answers an empty list.',
  },
  {
    op: 'add', pointer: '/paths/~1conversations.history/get/responses/200/content/application~1json/schema/properties/response_metadata',
    value: { type: 'object', required: ['next_cursor'], properties: { next_cursor: { type: 'string' } } },
    reason: 'The request has a cursor, the answer that it comes from was forgotten.',
  },
  {
    op: 'add', pointer: '/paths/~1conversations.history/get/responses/default/content/application~1json/schema/properties/error/enum/-', value: 'not_in_channel',
    reason: 'A bot reads the channels that it is in; not_in_channel is in the reference (docs.slack.dev/reference/methods/conversations.history).',
  },
  ...['blocks', 'attachments'].map((field): Correction => ({
    op: 'add', pointer: `/paths/~1chat.postMessage/post/requestBody/content/application~1x-www-form-urlencoded/schema/properties/${field}/format`,
    value: 'json', reason: 'Described in words only: JSON in a form field.',
  })),
  {
    op: 'add', pointer: '/paths/~1bookmarks.add', reason: 'bookmarks.add is younger than the description; fields as in its reference (docs.slack.dev/reference/methods/bookmarks.add).',
    value: formMethod({
      type: 'object', required: ['channel_id', 'title', 'type', 'link'],
      properties: {
        channel_id: { $ref: '#/components/schemas/defs_channel' }, title: { type: 'string', minLength: 1 }, type: { type: 'string', enum: ['link'] },
        link: { type: 'string', format: 'uri' }, emoji: { type: 'string' }, entity_id: { type: 'string' }, parent_id: { type: 'string' },
      },
    }, { bookmark: BOOKMARK }, ['channel_not_found', 'invalid_bookmark_type', 'invalid_link', 'is_archived']),
  },
  {
    op: 'add', pointer: '/paths/~1bookmarks.list', reason: 'bookmarks.list is younger than the description; fields as in its reference (docs.slack.dev/reference/methods/bookmarks.list).',
    value: formMethod({
      type: 'object', required: ['channel_id'], properties: { channel_id: { $ref: '#/components/schemas/defs_channel' } },
    }, { bookmarks: { type: 'array', items: BOOKMARK } }, ['channel_not_found']),
  },
  {
    op: 'add', pointer: '/paths/~1conversations.setPurpose', reason: 'Not among the calls that the description was cut down to; fields as in its reference (docs.slack.dev/reference/methods/conversations.setPurpose).',
    value: formMethod({
      type: 'object', required: ['channel', 'purpose'], properties: { channel: { $ref: '#/components/schemas/defs_channel' }, purpose: { type: 'string' } },
    }, { purpose: { type: 'string' } }, ['channel_not_found', 'is_archived', 'method_not_supported_for_channel_type', 'not_in_channel', 'too_long', 'user_is_restricted']),
  },
];

/** A method that takes a form and the token as a header, with what it answers besides `ok` and how it fails. */
function formMethod(form: object, answered: Readonly<Record<string, object>>, errors: readonly string[]): object {
  return {
    post: {
      parameters: [{ name: 'token', in: 'header', required: true, schema: { type: 'string' } }],
      requestBody: { required: true, content: { 'application/x-www-form-urlencoded': { schema: form } } },
      responses: {
        200: answer({ type: 'object', required: ['ok', ...Object.keys(answered)], properties: { ok: { $ref: '#/components/schemas/defs_ok_true' }, ...answered } }),
        default: answer({
          type: 'object', required: ['ok', 'error'],
          properties: {
            ok: { $ref: '#/components/schemas/defs_ok_false' }, needed: { type: 'string' }, provided: { type: 'string' },
            error: { type: 'string', enum: [...errors, ...COMMON_ERRORS] },
          },
        }),
      },
    },
  };
}

function answer(schema: object): object {
  return { content: { 'application/json': { schema } } };
}

const COMMON_RESPONSES: Readonly<Record<string, CommonResponse>> = {
  429: {
    reason: 'The only failure that Slack tells by the status.',
    schema: { type: 'object', required: ['ok', 'error'], properties: { ok: { type: 'boolean', enum: [false] }, error: { type: 'string', enum: ['ratelimited'] } } },
  },
};

/** How Slack's description has to be read so that it means what it was meant to. */
export const SLACK_API: ApiSource = {
  name: 'slack',
  corrections: CORRECTIONS,
  commonResponses: COMMON_RESPONSES,
  repair: (source) => withCommonErrors(withAlternatives(source)),
  responseKey: (status, body) => status === 200 && isObject(body) && body.ok === false ? 'default' : String(status),
};

/**
 * `{ items: { anyOf: … } }` without a type is what a conversion made of alternatives. Read literally it checks nothing:
 * every channel and every user would pass. Next to a null, an alternative without any keyword is meant to be that null.
 */
function withAlternatives(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(withAlternatives);
  }
  if (!isObject(value)) {
    return value;
  }
  const { items, ...rest } = value;
  if (value.type === undefined && value.properties === undefined && isObject(items) && Array.isArray(items.anyOf)) {
    return withAlternatives({ ...rest, anyOf: items.anyOf });
  }
  const copy: Record<string, unknown> = Object.fromEntries(Object.entries(value).map(([name, child]) => [name, withAlternatives(child)]));
  const { anyOf } = copy;
  if (Array.isArray(anyOf) && anyOf.some(isNull)) {
    copy.anyOf = anyOf.filter((branch: unknown) => isObject(branch) && Object.keys(branch).some((keyword) => keyword !== 'title' && keyword !== 'description'));
  }
  return copy;
}

const isNull = (schema: unknown): boolean => isObject(schema) && Array.isArray(schema.enum) && schema.enum.length === 1 && schema.enum[0] === null;

function withCommonErrors(source: unknown): unknown {
  const paths = isObject(source) && isObject(source.paths) ? source.paths : {};
  for (const operation of Object.values(paths).flatMap((item) => Object.values(isObject(item) ? item : {}))) {
    const properties = ['responses', 'default', 'content', 'application/json', 'schema', 'properties']
      .reduce<unknown>((at, name) => isObject(at) ? at[name] : undefined, operation) as Record<string, unknown> | undefined;
    if (properties !== undefined && isObject(properties.error) && Array.isArray(properties.error.enum)) {
      properties.error = { ...properties.error, enum: [...new Set([...properties.error.enum as unknown[], ...COMMON_ERRORS])] };
      Object.assign(properties, { needed: { type: 'string' }, provided: { type: 'string' } });
    }
  }
  return source;
}
