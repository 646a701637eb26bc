/** Asks for the connection of a cache, a secret (runbook 6.1). */
import * as vscode from 'vscode';
import { UserError } from '../errors.ts';
import { t } from '../l10n.ts';
import { environmentsOf } from '../runbook/query.ts';
import type { Runbook } from '../runbook/schema.ts';
import { connectionStringProblem } from '../services/redis-connection.ts';

/** @returns undefined when cancelled; `url` is undefined to forget it. @throws UserError when the runbook names no cache */
export async function askCacheConnection(runbook: Runbook): Promise<{ readonly environment: string; readonly url: string | undefined } | undefined> {
  const caches = environmentsOf(runbook).flatMap(({ key, data: { title, redis } }) => (redis === undefined ? [] : [{ label: title, description: key, detail: `${redis.host}:${redis.port}`, key }]));
  if (caches.length === 0) {
    throw new UserError(t('The runbook names no cache. Add environments.….redis with host, port and prefixes to it first.'), { action: { title: t('Open runbook'), command: 'incidentRunbook.openRunbook' } });
  }
  const chosen = caches.length === 1 ? caches[0] : await vscode.window.showQuickPick(caches, { placeHolder: t('Cache of which environment?') });
  const url = chosen === undefined ? undefined : await vscode.window.showInputBox({
    title: t('Cache connection of {0} ({1})', chosen.key, chosen.detail), password: true, ignoreFocusOut: true,
    prompt: t('rediss://user:password@{0}/0, with ?sslrootcert=/path/of/ca.pem for an authority of your own. Used for that host only. Kept in the secret storage; empty forgets it.', chosen.detail),
    validateInput: (value) => {
      const problem = value.trim() === '' ? undefined : connectionStringProblem(value.trim());
      return problem === undefined ? undefined : t(/* l10n: table */ problem);
    },
  });
  return chosen === undefined || url === undefined ? undefined : { environment: chosen.key, url: url.trim() === '' ? undefined : url.trim() };
}
