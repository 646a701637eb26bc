/** Runs every command: logs it, keeps cancellation silent, and says errors in words with their buttons. */
import * as vscode from 'vscode';
import { CancelledError, UserError, messageOf } from './errors.ts';

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
    void showError(message, error instanceof UserError ? error : undefined, log);
    return undefined;
  }
}

async function showError(message: string, error: UserError | undefined, log: vscode.LogOutputChannel): Promise<void> {
  const buttons = [...(error?.action === undefined ? [] : [error.action.title]), 'Show log'];
  const chosen = await vscode.window.showErrorMessage(message, ...buttons);
  if (chosen === 'Show log') {
    log.show(true);
  } else if (chosen !== undefined && error?.action !== undefined) {
    await vscode.commands.executeCommand(error.action.command, ...(error.action.args ?? []));
  }
}
