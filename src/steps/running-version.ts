/** The version that a service says it runs (runbook 5.2). */
import type { RunbookEndpoint } from '../runbook/schema.ts';
import type { Endpoints } from '../services/endpoints.ts';

/** What a version endpoint says of the service. */
export interface Version { readonly version: string | undefined; readonly commit: string | undefined; readonly text: string }

/** @returns `failure` in words when the endpoint gives no version; its answer in any case */
export async function runningVersion(endpoints: Endpoints, endpoint: RunbookEndpoint, signal: AbortSignal): Promise<{ readonly running: Version | undefined; readonly failure: string | undefined; readonly body: string }> {
  const { probe } = await import('../services/http.ts');
  const { problem, status, body } = await probe(endpoints.resolve(endpoint.url), endpoint.timeoutMs ?? 5_000, signal);
  const running = problem === undefined && status !== undefined && status < 400 ? versionOf(body) : undefined;
  return { running, failure: problem ?? (running === undefined ? `HTTP ${status}, no version in the answer` : undefined), body };
}

function versionOf(body: string): Version | undefined {
  let parsed: unknown = body.trim();
  try {
    parsed = JSON.parse(body);
  } catch {
    // A plain-text answer is a version too.
  }
  if (typeof parsed === 'string' || typeof parsed === 'number') {
    const version = typeof parsed === 'string' ? parsed : body.trim();
    return /^[\w.+-]{1,80}$/.test(version) ? { version, commit: undefined, text: version } : undefined;
  }
  const field = (...names: string[]): string | undefined => {
    const value = names.map((name) => (parsed as Record<string, unknown> | null)?.[name]).find((item) => typeof item === 'string' && item !== '');
    return typeof value === 'string' ? value : undefined;
  };
  const version = field('version', 'release', 'tag');
  const commit = field('commit', 'sha', 'revision', 'gitCommit');
  const text = [version, commit?.slice(0, 12)].filter((part) => part !== undefined).join(' @ ');
  return text === '' ? undefined : { version, commit, text };
}
