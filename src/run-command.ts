/** Runs every command: logs it, keeps cancellation silent, and says errors in words with their buttons. */
import * as vscode from 'vscode';
import { CancelledError, UserError, messageOf } from './errors.ts';
import { t } from './l10n.ts';

export interface CommandRun {
  /** A person is told of errors; a caller gets them thrown. */
  readonly interactive: boolean;
  readonly work: () => Promise<unknown>;
}

export async function runCommand(id: string, { log, redact }: { log: vscode.LogOutputChannel; redact: () => (text: string) => string }, { interactive, work }: CommandRun): Promise<unknown> {
  log.debug(id);
  try {
    return await work();
  } catch (error) {
    if (error instanceof CancelledError) {
      return undefined;
    }
    const message = redact()(error instanceof UserError ? error.message : `Unexpected error: ${messageOf(error)}. See the log.`);
    const cause = error instanceof Error && error.cause !== undefined ? ` (${messageOf(error.cause)})` : '';
    log.error(`${id}: ${redact()(`${messageOf(error)}${cause}`)}`);
    if (!interactive) {
      throw new Error(message, { cause: error });
    }
    const shown = error instanceof UserError ? redact()(t(/* l10n: table */ error.message)) : t('Unexpected error: {0}. See the log.', redact()(messageOf(error)));
    void showError(shown, error instanceof UserError ? error : undefined, log);
    return undefined;
  }
}

async function showError(message: string, error: UserError | undefined, log: vscode.LogOutputChannel): Promise<void> {
  const show = t('Show log');
  const buttons = [...(error?.action === undefined ? [] : [t(/* l10n: table */ error.action.title)]), show];
  const chosen = await vscode.window.showErrorMessage(message, ...buttons);
  if (chosen === show) {
    log.show(true);
  } else if (chosen !== undefined && error?.action !== undefined) {
    await vscode.commands.executeCommand(error.action.command, ...(error.action.args ?? []));
  }
}
