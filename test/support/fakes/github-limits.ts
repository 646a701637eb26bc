import { createHash } from 'node:crypto';
import type { Clock } from '../../../src/incident/clock.ts';
import type { FakeRequest, Reply } from './fake-server.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** GitHub's limits on content-creating requests, which exist besides the hourly one of the token. */
const CREATIONS_PER_MINUTE = 80;
const CREATIONS_PER_HOUR = 500;

export interface GitHubLimits {
  /** Refuses when a limit is used up; counts the request otherwise. */
  guard(request: FakeRequest): Reply | undefined;
  /** Adds ETag and limit headers; turns an unchanged answer to a conditional request into 304, which is not counted. */
  complete(request: FakeRequest, reply: Reply): Reply;
  overview(token: string): { limit: number; remaining: number; reset: number; used: number };
}

/** @param limit requests per hour and token */
export function createGitHubLimits(clock: Clock, limit: number): GitHubLimits {
  const used = new Map<string, { count: number; resetsAt: number }>();
  const creations: number[] = [];

  const windowOf = (token: string): { count: number; resetsAt: number } => {
    const current = used.get(token);
    if (current !== undefined && clock.now() < current.resetsAt) {
      return current;
    }
    const fresh = { count: 0, resetsAt: clock.now() + HOUR_MS };
    used.set(token, fresh);
    return fresh;
  };
  const tokenOf = ({ headers }: FakeRequest): string => headers.authorization ?? '';
  const overview = (token: string): ReturnType<GitHubLimits['overview']> => {
    const { count, resetsAt } = windowOf(token);
    return { limit, remaining: Math.max(0, limit - count), reset: Math.ceil(resetsAt / 1000), used: count };
  };
  const since = (ms: number): number => creations.filter((at) => at > clock.now() - ms).length;

  return {
    overview,
    guard(request) {
      const window = windowOf(tokenOf(request));
      if (window.count >= limit) {
        return { status: 403, body: { message: 'API rate limit exceeded', documentation_url: 'https://docs.github.com/rest/rate-limit' } };
      }
      window.count++;
      if (request.method === 'GET') {
        return undefined;
      }
      if (since(MINUTE_MS) >= CREATIONS_PER_MINUTE || since(HOUR_MS) >= CREATIONS_PER_HOUR) {
        return {
          status: 403, headers: { 'retry-after': '60' },
          body: { message: 'You have exceeded a secondary rate limit', documentation_url: 'https://docs.github.com/rest/rate-limit' },
        };
      }
      creations.push(clock.now());
      return undefined;
    },
    complete(request, reply) {
      const token = tokenOf(request);
      const etag = request.method === 'GET' && reply.status === 200
        ? `W/"${createHash('sha256').update(JSON.stringify(reply.body)).digest('hex')}"` : undefined;
      const isUnchanged = etag !== undefined && request.headers['if-none-match'] === etag;
      if (isUnchanged) {
        windowOf(token).count--;
      }
      const { remaining, reset, used: count } = overview(token);
      const headers = {
        'x-ratelimit-limit': String(limit), 'x-ratelimit-remaining': String(remaining), 'x-ratelimit-reset': String(reset),
        'x-ratelimit-used': String(count), 'x-ratelimit-resource': 'core', ...(etag === undefined ? {} : { etag }), ...reply.headers,
      };
      return isUnchanged ? { status: 304, headers } : { ...reply, headers };
    },
  };
}
