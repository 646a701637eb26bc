/** Addresses under which evidence can be looked up for good. */

/** A time of one log group, of one of its streams where that is known. */
export interface LogWindow {
  readonly region: string;
  readonly group: string;
  readonly stream?: string | undefined;
  /** Epoch ms, inclusive. */
  readonly from: number;
  readonly to: number;
}

/** The CloudWatch console with the log events of a time. */
export function cloudWatchLink({ region, group, stream, from, to }: LogWindow): string {
  const place = `log-groups/log-group/${escaped(group)}/log-events${stream === undefined ? '' : `/${escaped(stream)}`}`;
  return `https://${region}.${consoleOf(region)}/cloudwatch/home?region=${region}#logsV2:${place}${dollars(encodeURIComponent(`?start=${from}&end=${to}`))}`;
}

/** Each partition of AWS has a console of its own. */
function consoleOf(region: string): string {
  return region.startsWith('cn-') ? 'console.amazonaws.cn' : region.startsWith('us-gov-') ? 'console.amazonaws-us-gov.com' : 'console.aws.amazon.com';
}

/** The console wants names encoded twice, and `$` for `%`: `/` is `$252F`. */
function escaped(name: string): string {
  return dollars(encodeURIComponent(encodeURIComponent(name)));
}

function dollars(text: string): string {
  return text.replaceAll('%', '$');
}

/**
 * Lines of a file at a commit on GitHub.
 *
 * @param remote as git has it: https or ssh, with or without a name and password, which are left out
 * @param path relative to the repository, with `/`
 * @returns undefined when the remote is not GitHub's
 */
export function gitHubLink(remote: string, { commit, path, startLine, endLine }: { readonly commit: string; readonly path: string; readonly startLine: number; readonly endLine: number }): string | undefined {
  const match = /^(?:(?:https|ssh):\/\/(?:[^@/]*@)?([^/:@]+)(?::\d+)?\/|[^@/]+@([^/:@]+):)([\w.-]+\/[\w.-]+?)(?:\.git)?\/?$/.exec(remote.trim());
  const host = match?.[1] ?? match?.[2];
  // An Enterprise Server is called so, too, as a rule; other hosts have other addresses for lines.
  if (host === undefined || !/(?:^|\.)github\./i.test(host)) {
    return undefined;
  }
  const lines = startLine === endLine ? `L${startLine}` : `L${startLine}-L${endLine}`;
  return `https://${host}/${match?.[3]}/blob/${commit}/${path.split('/').map(encodeURIComponent).join('/')}#${lines}`;
}
