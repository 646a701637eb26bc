import type { GitHubClient } from './client.ts';
import { tryLabel } from './labels.ts';

/**
 * Tries a connection, and says what it is good for in a line; nothing changes. What a person may do in a repository
 * says little about what the token may, so the token is tried on a label that exists already: who may push hears
 * that it does, and who may not is refused before that.
 *
 * @throws DeliveryError when GitHub cannot be reached, refuses the token or does not know the repository
 */
export async function testGitHub(client: GitHubClient, signal: AbortSignal): Promise<string> {
  const { repository } = client;
  const { data: user } = await client.read('the user', (rest, { request }) => rest.users.getAuthenticated({ request }), signal);
  await client.read('the issues', (rest, at) => rest.issues.listForRepo({ ...at, per_page: 1 }), signal);
  const [label] = await client.readAll('the labels', (rest, at) => rest.issues.listLabelsForRepo({ ...at }), signal, () => true);
  if (label === undefined) {
    return `Signed in as ${user.login}, may read ${repository}; it has no labels, so whether the token may push shows with the first ticket`;
  }
  return await tryLabel(client, label.name, signal) === undefined
    ? `Signed in as ${user.login}, may push to ${repository}`
    : `Signed in as ${user.login}, may read ${repository} but not push to it: GitHub will drop the labels and assignees of tickets. Ask for write access, or connect with a token that has it.`;
}
