/** What the practice proxy understands of a request to AWS, whatever protocol it comes in. */
export interface AwsCall {
  /** Name as in the AWS CLI: ecs, cloudwatch, logs, rds, sts, … */
  readonly service: string;
  /** e.g. DescribeServices; "Unknown" when the request does not say. */
  readonly operation: string;
  readonly protocol: 'json' | 'query' | 'other';
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** Services whose name in the signature is not the one people use. */
const SIGNING_NAMES: Readonly<Record<string, string>> = { monitoring: 'cloudwatch', elasticloadbalancing: 'elbv2' };

/** Operations that only look. Everything else counts as a change, so that a new one is never taken for harmless. */
const READS = /^(?:Describe|List|Get|BatchGet|Check|Filter|Head|Lookup|StartQuery|StopQuery|StartLiveTail)/;

export function isWrite(operation: string): boolean {
  return !READS.test(operation);
}

/** Reads service and operation from the signature, the target header, the form or the smithy path of a request. */
export function identify(
  url: string, headers: Readonly<Record<string, string | string[] | undefined>>, body: Buffer,
): AwsCall {
  const target = single(headers['x-amz-target']);
  const scope = /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(single(headers['authorization']) ?? '')?.[1];
  const service = scope === undefined ? 'unknown' : (SIGNING_NAMES[scope] ?? scope);
  const call = (operation: string, protocol: AwsCall['protocol']): AwsCall =>
    ({ service, operation, protocol, headers, body });

  if (target !== undefined) {
    return call(target.slice(target.lastIndexOf('.') + 1), 'json');
  }
  if ((single(headers['content-type']) ?? '').startsWith('application/x-www-form-urlencoded')) {
    return call(new URLSearchParams(body.toString('utf8')).get('Action') ?? 'Unknown', 'query');
  }
  return call(/\/operation\/(\w+)/.exec(url)?.[1] ?? 'Unknown', 'other');
}

/** An answer as the proxy hands it on; header names in lower case. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: Buffer;
  /** What follows the body for as long as the caller listens; when it throws, the connection is cut. */
  readonly rest?: (gone: AbortSignal) => AsyncIterable<Buffer>;
}

/** A success of a service that speaks JSON. */
export function jsonAnswer(value: object): Answer {
  return { status: 200, headers: { 'content-type': 'application/x-amz-json-1.1' }, body: Buffer.from(JSON.stringify(value)) };
}

/** Sends the request on to moto, with another body if one is given. */
export type Forward = (body?: Buffer) => Promise<Answer>;

/** Adds to moto's behaviour what moto leaves out. */
export interface Overlay {
  matches(call: AwsCall): boolean;
  answer(call: AwsCall, forward: Forward): Promise<Answer>;
}

export function withBody(answer: Answer, body: string): Answer {
  return { ...answer, body: Buffer.from(body, 'utf8') };
}

/** The error body a client of the call's protocol understands. */
export function errorAnswer(call: AwsCall, status: number, code: string, message: string): Answer {
  if (call.protocol === 'query') {
    const escaped = message.replace(/&/g, '&amp;').replace(/</g, '&lt;');
    return {
      status,
      headers: { 'content-type': 'text/xml' },
      body: Buffer.from(`<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${escaped}</Message></Error>`
        + '<RequestId>00000000-0000-4000-a000-000000000000</RequestId></ErrorResponse>'),
    };
  }
  return {
    status,
    headers: {
      'content-type': single(call.headers['content-type']) ?? 'application/x-amz-json-1.1',
      'x-amzn-errortype': code,
      // Services that moved from the query protocol to JSON repeat the old error code here.
      ...(call.headers['x-amzn-query-mode'] === undefined ? {} : { 'x-amzn-query-error': `${code};Sender` }),
    },
    body: Buffer.from(JSON.stringify({ __type: code, message })),
  };
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
