/** Who is meant by the owner of an action item (runbook 10.3). */
import type { Incident } from '../incident/fold.ts';
import type { Runbook } from '../runbook/schema.ts';

export interface Owner {
  /** Contact of the runbook. */
  readonly contact?: string;
  /** On GitHub, bare; undefined when only a name is known. */
  readonly login?: string;
}

/** What GitHub takes for a login. */
const LOGIN = /^[a-z\d](?:[a-z\d]|-(?=[a-z\d])){0,38}$/i;

/**
 * A contact by id, title, login, Slack name or e-mail address; a role of the war room stands for who holds it. Any
 * other single word is a login.
 */
export function ownerOf(written: string, { contacts, warRoom }: Pick<Runbook, 'contacts' | 'warRoom'>, { roles }: Pick<Incident, 'roles'>): Owner {
  const role = warRoom.roles.find(({ id, title }) => isSame(written, id) || isSame(written, title));
  const name = bare(role === undefined ? written : roles[role.id] ?? written);
  const found = Object.entries(contacts).find(([id, { title, github, slack, email }]) => [id, title, github, slack, email].some((known) => known !== undefined && isSame(name, known)));
  if (found !== undefined) {
    const [id, { github }] = found;
    return { contact: id, ...(github === undefined ? {} : { login: bare(github) }) };
  }
  return LOGIN.test(name) ? { login: name } : {};
}

function isSame(one: string, other: string): boolean {
  return bare(one).toLowerCase() === bare(other).toLowerCase();
}

/** People write `@ada`; GitHub takes the bare login. */
function bare(name: string): string {
  return name.trim().replace(/^@/, '');
}
