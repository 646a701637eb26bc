import { errorAnswer, type Answer, type AwsCall } from './aws-request.ts';

/** A fault on demand. Without `service` and `operation` it strikes every call. */
export interface Fault {
  /** e.g. "ecs", "cloudwatch". */
  readonly service?: string;
  /** e.g. "DescribeServices". */
  readonly operation?: string;
  /** How many calls it strikes; absent: until cleared. */
  readonly times?: number;
  /** An AWS error in the protocol of the call, e.g. { code: 'ThrottlingException', message: 'Rate exceeded' }. */
  readonly error?: { readonly code: string; readonly message: string };
  /** HTTP status; 400 for `error` when absent, 500 for `body`. */
  readonly status?: number;
  /** Answered as it is, without asking moto. */
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Waits before anything else, ms. */
  readonly delayMs?: number;
  /** Announces the whole length, sends half of the body and cuts the connection. */
  readonly truncate?: boolean;
  /** Resets the connection: before the call has an effect, or after it (the change is made, the answer is lost). */
  readonly reset?: 'before' | 'after';
}

/** Where a fault strikes. */
export type FaultTarget = Pick<Fault, 'service' | 'operation' | 'times'>;

export const throttling = (target: FaultTarget): Fault =>
  ({ ...target, error: { code: 'ThrottlingException', message: 'Rate exceeded' } });

export const expiredToken = (target: FaultTarget): Fault =>
  ({ ...target, error: { code: 'ExpiredTokenException', message: 'The security token included in the request is expired' } });

export const accessDenied = (target: FaultTarget): Fault =>
  ({
    ...target,
    error: {
      code: 'AccessDeniedException',
      message: 'User: arn:aws:iam::123456789012:user/practice is not authorized to perform this action',
    },
  });

/** What a proxy or load balancer on the way answers: no AWS error at all. */
export const htmlError = (target: FaultTarget): Fault => ({
  ...target,
  status: 500,
  headers: { 'content-type': 'text/html' },
  body: '<!doctype html>\n<html><head><title>500 Internal Server Error</title></head><body><h1>Internal Server Error</h1></body></html>\n',
});

/** The answer a fault puts in the place of moto's, if it does. */
export function answerOf(fault: Fault, call: AwsCall): Answer | undefined {
  const status = fault.status ?? (fault.error === undefined ? 500 : 400);
  if (fault.error !== undefined) {
    const answer = errorAnswer(call, status, fault.error.code, fault.error.message);
    return { ...answer, headers: { ...answer.headers, ...fault.headers } };
  }
  if (fault.body !== undefined || fault.status !== undefined) {
    return { status, headers: { ...fault.headers }, body: Buffer.from(fault.body ?? '') };
  }
  return undefined;
}

export interface FaultList {
  /** Returns a function that takes this fault back. */
  add(fault: Fault): () => void;
  clear(): void;
  /** The first fault that strikes this call, counted as used. */
  take(call: AwsCall): Fault | undefined;
}

export function createFaultList(): FaultList {
  let entries: { fault: Fault; left: number }[] = [];
  return {
    add(fault) {
      const entry = { fault, left: fault.times ?? Number.POSITIVE_INFINITY };
      entries.push(entry);
      return () => {
        entries = entries.filter((other) => other !== entry);
      };
    },
    clear() {
      entries = [];
    },
    take(call) {
      const entry = entries.find(({ fault, left }) => left > 0
        && (fault.service === undefined || fault.service === call.service)
        && (fault.operation === undefined || fault.operation === call.operation));
      if (entry === undefined) {
        return undefined;
      }
      entry.left--;
      return entry.fault;
    },
  };
}
