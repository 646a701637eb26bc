/** Who this extension host is, and how it meets the other one that runs the same tests on the same practice environment. */
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { practice } from '../host/harness.ts';
import { responderVariable } from '../support/mocha-run.ts';

/** Login on GitHub → name on the timeline. */
export const PAIR = { ada: 'Ada', grace: 'Grace' } as const;

export type Login = keyof typeof PAIR;

export const me = whoAmI();
export const partner: Login = me === 'ada' ? 'grace' : 'ada';

function whoAmI(): Login {
  const login = process.env[responderVariable];
  if (login !== 'ada' && login !== 'grace') {
    throw new Error(`${responderVariable} is "${login}"; it can be ${Object.keys(PAIR).join(' or ')}.`);
  }
  return login;
}

/** Waits for the other one. What each of them brings, as JSON carries it, is known to both afterwards. */
export async function meet<T>(place: string, brings: T): Promise<Readonly<Record<Login, T>>> {
  return await practice('POST', `barriers/${encodeURIComponent(place)}`, { who: me, parties: 2, brings }) as Record<Login, T>;
}

/**
 * Looks, both at a time, until both see the same and it is what was expected.
 *
 * @throws AssertionError that shows where they differ, or says that what both see is not it
 */
export async function agree<T>(what: string, look: () => Promise<T>, holds: (seen: T) => boolean, deadlineMs = 40_000): Promise<T> {
  const end = Date.now() + deadlineMs;
  for (let round = 1; ; round++) {
    const seen = await meet(`${what}, round ${round}`, await look());
    const isSame = isDeepStrictEqual(seen[me], seen[partner]);
    if (isSame && holds(seen[me])) {
      return seen[me];
    }
    if (Date.now() > end) {
      assert.deepEqual(seen[me], seen[partner], `${what}: after ${deadlineMs} ms ${me} and ${partner} see`);
      assert.fail(`${what}: after ${deadlineMs} ms both see ${JSON.stringify(seen[me]).slice(0, 2_000)}`);
    }
    await new Promise((resolve) => { setTimeout(resolve, 200); });
  }
}
