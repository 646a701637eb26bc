/** A tiny AWS on localhost that the real SDK speaks to: JSON services by their target header, RDS by its query protocol. */
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { afterEach, beforeEach } from 'mocha';
import { AwsSession } from '../../src/services/aws/session.ts';
import { closeServer, originOf, readBody } from '../practice/http-server.ts';
import { useEnvironment } from './environment-variables.ts';

type Input = Readonly<Record<string, unknown>>;

/** What an operation answers: data, an error of the service, anything at all, or nothing. */
export type Reply =
  | { readonly kind: 'data'; readonly data: object }
  | { readonly kind: 'error'; readonly status: number; readonly code: string; readonly message: string }
  | { readonly kind: 'raw'; readonly status: number; readonly type: string; readonly body: string }
  | { readonly kind: 'none' };

export const data = (value: object): Reply => ({ kind: 'data', data: value });
export const refusal = (code: string, message: string, status = 400): Reply => ({ kind: 'error', status, code, message });
export const raw = (status: number, type: string, body: string): Reply => ({ kind: 'raw', status, type, body });
export const noReply: Reply = { kind: 'none' };

export interface AwsStub {
  readonly endpoint: string;
  /** Every call, as `Operation` and its input. */
  readonly calls: readonly { readonly operation: string; readonly input: Input }[];
  readonly session: AwsSession;
  /** Answers an operation from now on. What has no answer is refused with UnknownOperationException. */
  on(operation: string, reply: (input: Input) => Reply | Promise<Reply>): void;
}

/** Variables that keep the SDK away from the credentials and the configuration of the machine. */
export const NO_AWS = {
  AWS_PROFILE: undefined, AWS_DEFAULT_PROFILE: undefined, AWS_ENDPOINT_URL: undefined, AWS_SESSION_TOKEN: undefined,
  AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined, AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: undefined,
  AWS_WEB_IDENTITY_TOKEN_FILE: undefined, AWS_EC2_METADATA_DISABLED: 'true',
  AWS_CONFIG_FILE: '/nonexistent/config', AWS_SHARED_CREDENTIALS_FILE: '/nonexistent/credentials',
} as const;

/** A stub for each test of the surrounding `describe`, with invented credentials in the environment. */
export function useAwsStub(): AwsStub {
  const replies = new Map<string, (input: Input) => Reply | Promise<Reply>>();
  const calls: { operation: string; input: Input }[] = [];
  let server: Server | undefined;
  let session: AwsSession | undefined;
  const running = (): Server => server ?? fail();
  useEnvironment({ ...NO_AWS, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' });
  beforeEach(async () => {
    server = createServer((request, response) => { void answer(request, response); });
    await new Promise<void>((resolve) => { server?.listen(0, '127.0.0.1', resolve); });
    session = new AwsSession({ region: 'eu-central-1', endpoint: originOf(running()) });
  });
  afterEach(async () => {
    session?.dispose();
    replies.clear();
    calls.length = 0;
    await closeServer(running());
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { operation, input, isQuery } = read(request.headers['x-amz-target'], (await readBody(request)).toString('utf8'));
    calls.push({ operation, input });
    const reply = await replies.get(operation)?.(input) ?? refusal('UnknownOperationException', `The stub has no ${operation}`);
    write(response, operation, reply, isQuery);
  }

  return {
    get endpoint() { return originOf(running()); },
    get calls() { return calls; },
    get session() { return session ?? fail(); },
    on: (operation, reply) => { replies.set(operation, reply); },
  };
}

function read(target: string | string[] | undefined, body: string): { operation: string; input: Input; isQuery: boolean } {
  if (typeof target === 'string') {
    return { operation: target.split('.').at(-1) ?? '', input: JSON.parse(body) as Input, isQuery: false };
  }
  const { Action: operation = '', ...input } = Object.fromEntries(new URLSearchParams(body));
  return { operation, input, isQuery: true };
}

function write(response: ServerResponse, operation: string, reply: Reply, isQuery: boolean): void {
  const send = (status: number, type: string, body: string): void => { response.writeHead(status, { 'content-type': type }).end(body); };
  switch (reply.kind) {
    case 'none':
      return;
    case 'raw':
      return send(reply.status, reply.type, reply.body);
    case 'data':
      return isQuery
        ? send(200, 'text/xml', `<${operation}Response><${operation}Result>${xml(reply.data)}</${operation}Result></${operation}Response>`)
        : send(200, 'application/x-amz-json-1.1', JSON.stringify(reply.data));
    case 'error':
      return isQuery
        ? send(reply.status, 'text/xml', `<ErrorResponse><Error>${xml({ Type: 'Sender', Code: reply.code, Message: reply.message })}</Error></ErrorResponse>`)
        : send(reply.status, 'application/x-amz-json-1.1', JSON.stringify({ __type: reply.code, message: reply.message }));
  }
}

/** An object as elements; a list is its element again and again. */
function xml(value: object): string {
  return Object.entries(value).flatMap(([name, content]) => (Array.isArray(content) ? content : [content]).map((item: unknown) =>
    `<${name}>${typeof item === 'object' && item !== null ? xml(item) : String(item)}</${name}>`)).join('');
}

function fail(): never {
  throw new Error('The stub runs only while a test runs');
}
