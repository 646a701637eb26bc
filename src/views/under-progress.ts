import * as vscode from 'vscode';

/** Does something that takes a while, beside a notification with a button that ends it. @param work reports what it is at */
export function underProgress<T>(title: string, work: (signal: AbortSignal, report: (message: string) => void) => Promise<T>): Thenable<T> {
  return vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title, cancellable: true }, async (progress, token) => {
    const abort = new AbortController();
    const subscription = token.onCancellationRequested(() => { abort.abort(); });
    try {
      return await work(abort.signal, (message) => { progress.report({ message }); });
    } finally {
      subscription.dispose();
    }
  });
}
