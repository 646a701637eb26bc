import * as vscode from 'vscode';
import type { LogStreamRequest } from '../../logs/log-streams.ts';
import { DeployedFiles } from './deployed-files.ts';
import { FrameLinks } from './frame-links.ts';
import { WorkspaceFrameLocator } from './frame-locator.ts';
import { FrameDoors } from './open-frame.ts';

/** The doors from the log stream into the source. */
export interface StackFrames extends vscode.Disposable {
  readonly locator: WorkspaceFrameLocator;
  readonly doors: FrameDoors;
  /**
   * Finds out what the stream's service was deployed from; frames are links before that already.
   *
   * @returns what the stream says of it, or undefined
   */
  follow(request: Pick<LogStreamRequest, 'deployedRefs'>, signal: AbortSignal): Promise<string | undefined>;
}

export function createStackFrames(isTrusted: () => boolean): StackFrames {
  const locator = new WorkspaceFrameLocator(isTrusted);
  const links = new FrameLinks(locator);
  const doors = new FrameDoors(() => locator.folders());
  const files = new DeployedFiles(async (folder) => (await locator.folders()).some((known) => known.isRepository && known.folder === folder));
  const subscriptions = vscode.Disposable.from(locator, links, doors, files, locator.onDidChange(() => { links.reset(); }));
  let latest: object | undefined;
  return {
    locator,
    doors,
    async follow(request, signal) {
      latest = request;
      const refs = await request.deployedRefs?.(signal) ?? [];
      // A newer stream may be of another environment.
      const commit = latest === request ? await locator.deployed(refs) : undefined;
      return commit === undefined || commit.isKnown ? undefined : `deployed commit ${commit.name.slice(0, 12)} is not in this repository: fetch it to see the code as deployed`;
    },
    dispose: () => { subscriptions.dispose(); },
  };
}
