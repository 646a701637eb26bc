/** Which of VS Code's own sign-ins gives the token for a GitHub. */
import { UserError } from '../errors.ts';
import { isSafe } from './connections.ts';

/** Id of VS Code's authentication provider. */
export type SignInProvider = 'github' | 'github-enterprise';

/** What the token may do: read and write issues of private repositories too. */
export const SIGN_IN_SCOPES: readonly string[] = ['repo'];

export const ENTERPRISE_SETTING = 'github-enterprise.uri';

/**
 * The token goes to `url` and must be of the same place: VS Code's GitHub Enterprise sign-in is for one server only,
 * the one its setting names.
 *
 * @param url API address of the connection
 * @param enterpriseUri the setting `github-enterprise.uri` as this machine has it, never as a workspace has it
 * @throws UserError saying which setting to set
 */
export function signInProvider(url: string, enterpriseUri: string | undefined): SignInProvider {
  const asked = new URL(url);
  const { host, protocol } = asked;
  if (host === 'api.github.com' && protocol === 'https:') {
    return 'github';
  }
  const server = enterpriseUri !== undefined && URL.canParse(enterpriseUri) ? new URL(enterpriseUri) : undefined;
  // GitHub Enterprise Cloud with data residency answers API calls on a host of its own below the server's.
  const hosts = server === undefined ? [] : [server.host, ...(server.host.endsWith('.ghe.com') ? [`api.${server.host}`] : [])];
  if (server?.protocol === protocol && isSafe(asked) && hosts.includes(host)) {
    return 'github-enterprise';
  }
  throw new UserError(
    `VS Code cannot sign in to ${host} for this connection. Set ${ENTERPRISE_SETTING} in your user settings to the https address of that server, or enter a personal access token.`,
    { action: { title: 'Open setting', command: 'workbench.action.openSettings', args: [ENTERPRISE_SETTING] } },
  );
}
