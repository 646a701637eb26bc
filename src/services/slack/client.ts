/** Calls to Slack's Web API that say, when they fail, whether they can have had their effect. */
import type { FetchFunction, WebClient, WebClientOptions } from '@slack/web-api';
import { codeOf, messageOf } from '../../errors.ts';
import type { Connection } from '../connections.ts';
import { CALL_TIMEOUT_MS, DeliveryError } from '../courier.ts';
import { lostCall, refusedCall } from '../http-call.ts';
import { platformError } from './refusals.ts';

type Use<T> = (web: WebClient) => Promise<T>;

export interface SlackClient {
  /**
   * Does one thing.
   *
   * @param about what it is about as people say it, for the words of a refusal
   * @throws DeliveryError for whatever goes wrong; a SlackRefusal with the code when Slack says no
   */
  act<T>(use: Use<T>, signal: AbortSignal, about?: string): Promise<T>;
  /** Only looks, or does what may be done twice: when that fails, nothing that matters can have happened. */
  look<T>(use: Use<T>, signal: AbortSignal, about?: string): Promise<T>;
}

/** @param connection of the service `slack`: the address and the token, which goes nowhere else */
export function createSlackClient({ url = '', token = '' }: Connection, { timeoutMs = CALL_TIMEOUT_MS }: { readonly timeoutMs?: number } = {}): SlackClient {
  const act: SlackClient['act'] = async (use, signal, about = 'Slack') => {
    if (signal.aborted) {
      throw new DeliveryError('not sent', 'Slack was not asked: the work was interrupted.');
    }
    // The library is CommonJS: bundled, it has nothing but its default export.
    const { default: { WebClient: Client } } = await import('@slack/web-api');
    try {
      // A client of its own for each call: the signal can only be given to its fetch.
      return await use(new Client(token, {
        slackApiUrl: url, timeout: timeoutMs, retryConfig: { retries: 0 }, rejectRateLimitedCalls: true, allowAbsoluteUrls: false,
        logger: SILENT, fetch: exchange(signal, timeoutMs),
      }));
    } catch (error) {
      throw failureOf(error, about);
    }
  };
  return {
    act,
    look: (use, signal, about) => act(use, signal, about).catch((error: unknown) => {
      throw error instanceof DeliveryError && error.kind === 'in doubt'
        ? new DeliveryError('not sent', error.message, { cause: error, retryAfterMs: error.retryAfterMs }) : error;
    }),
  };
}

/** Its warnings reach us as errors, and its debug lines hold what is posted. */
const SILENT: NonNullable<WebClientOptions['logger']> = {
  debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined,
  setLevel: () => undefined, setName: () => undefined, getLevel: () => 'error' as ReturnType<NonNullable<WebClientOptions['logger']>['getLevel']>,
};

/**
 * One exchange over HTTP. The client would take a page of a proxy for an error code of Slack's, and an answer that
 * breaks off for an error of its own; so whatever is no answer of Slack's ends here. Redirects are not followed: the
 * token goes to the host it was given for and to no other.
 */
function exchange(signal: AbortSignal, timeoutMs: number): FetchFunction {
  return async (url, init = {}) => {
    const limit = init.signal ?? AbortSignal.timeout(timeoutMs);
    let response: Response;
    let text: string;
    try {
      response = await fetch(url, { ...init, redirect: 'manual', signal: AbortSignal.any([signal, limit]) });
      text = await response.text();
    } catch (error) {
      throw lostCall('Slack', error, limit.aborted ? timeoutMs : undefined);
    }
    if (response.status >= 300 && response.status < 400) {
      throw new DeliveryError('refused', `The address of Slack's API leads elsewhere (${response.status}). Connect Slack again with the right address, then retry.`);
    }
    if (!response.ok) {
      throw refusedCall('Slack', response.status, response.headers, undefined);
    }
    if (!isAnswer(text)) {
      throw new DeliveryError('in doubt', `Slack answered ${response.status} with something that cannot be read (a proxy on the way?).`);
    }
    return new Response(text, { status: response.status, headers: response.headers });
  };
}

/** Every answer of Slack's is an object that says whether it is well. */
function isAnswer(text: string): boolean {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null && 'ok' in body && typeof body.ok === 'boolean';
  } catch {
    return false;
  }
}

function failureOf(error: unknown, about: string): DeliveryError {
  // The client wraps what its fetch throws.
  const cause = error instanceof Error ? error.cause : undefined;
  const known = [error, cause].find((candidate) => candidate instanceof DeliveryError);
  if (known !== undefined) {
    return known;
  }
  // By its code and not by its class: the class is only loaded with the client.
  if (codeOf(error) === 'slack_webapi_platform_error' && error instanceof Error && 'data' in error) {
    const { error: code, needed, response_metadata: metadata } = error.data as { error?: unknown; needed?: unknown; response_metadata?: { retryAfter?: unknown } };
    return platformError({
      code: String(code), needed: typeof needed === 'string' ? needed : undefined,
      retryAfterMs: typeof metadata?.retryAfter === 'number' ? metadata.retryAfter * 1000 : undefined,
    }, about);
  }
  return new DeliveryError('in doubt', `The call to Slack failed unexpectedly: ${messageOf(error)}. See the log.`, { cause: error });
}
