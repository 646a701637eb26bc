/** What is asked about the review meeting: when it is, and where to save its invitation (runbook 10.1). */
import path from 'node:path';
import * as vscode from 'vscode';
import { UserError } from '../errors.ts';
import { type Clock, iso } from '../incident/clock.ts';
import type { Incident } from '../incident/fold.ts';
import type { InvitationApi } from '../api/invitation-api.ts';
import { t } from '../l10n.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { describeSlot, readTime, wallTime } from '../runbook/review-slot.ts';
import type { Runbook } from '../runbook/schema.ts';

interface Asking {
  readonly incident: Incident;
  readonly runbook: Runbook;
  readonly clock: Clock;
}

/** @returns inputs of the step; undefined when cancelled. @throws UserError when it is too early for a review */
export async function askReview({ incident, runbook, clock }: Asking): Promise<Readonly<Record<string, unknown>> | undefined> {
  const { timeZone } = runbook;
  const { review } = incident;
  const length = review === undefined ? undefined : Math.round((Date.parse(review.end) - Date.parse(review.start)) / 60_000);
  const { proposedSlot } = await import('../steps/chapter-10-schedule.ts');
  const slot = proposedSlot({ incident, runbook, clock }, length);
  const proposed = { label: `$(calendar) ${describeSlot(slot, timeZone)}`, description: t('the first time in business hours'), value: 'proposed' } as const;
  const other = { label: `$(edit) ${t('Another time…')}`, description: '', value: 'other' } as const;
  const cancel = { label: `$(trash) ${t('Cancel the review')}`, description: t('whoever was invited is told'), value: 'cancel' } as const;
  const chosen = await vscode.window.showQuickPick(review === undefined ? [proposed, other] : [...(Date.parse(review.start) === slot.start ? [] : [proposed]), other, cancel], {
    title: t('Schedule the Review'),
    placeHolder: review === undefined ? t('When is the review?') : t('It is on {0}. Move it to…', describeSlot({ start: Date.parse(review.start), end: Date.parse(review.end) }, timeZone)),
  });
  switch (chosen?.value) {
    case 'proposed':
      return { start: iso(slot.start) };
    case 'cancel':
      return { cancel: true };
    case 'other': {
      const start = await vscode.window.showInputBox({
        title: t('Schedule the Review'), value: wallTime(slot.start, timeZone), ignoreFocusOut: true,
        prompt: t('Date and time in {0}, e.g. {1}', timeZone, wallTime(slot.start, timeZone)),
        validateInput: (text) => timeProblem(text, timeZone, clock.now()),
      });
      return start === undefined ? undefined : { start };
    }
    case undefined:
      return undefined;
  }
}

function timeProblem(text: string, timeZone: string, now: number): string | undefined {
  const at = readTime(text, timeZone);
  if (at === undefined) {
    return t('Write date and time like {0}.', wallTime(now + 86_400_000, timeZone));
  }
  return at <= now ? t('This is in the past.') : undefined;
}

export interface InvitationFlowDeps {
  readonly api: InvitationApi;
  readonly ledger: Ledger;
  readonly clock: Clock;
}

export function createInvitationFlow({ api, ledger, clock }: InvitationFlowDeps) {
  /** Asks where to save it. Open incidents and closed ones: reviews come after. */
  async function save(row: { readonly incident?: string } | undefined): Promise<void> {
    const incident = row?.incident ?? await chosenIncident();
    if (incident === undefined) {
      return;
    }
    const { name } = await api.write(incident);
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
    const target = await vscode.window.showSaveDialog({
      title: t('Save the Invitation to the Review of {0}', incident), saveLabel: t('Save'), filters: { [t('Calendar')]: ['ics'] },
      ...(folder === undefined ? {} : { defaultUri: vscode.Uri.joinPath(folder, name) }),
    });
    if (target !== undefined) {
      const { file } = await api.save({ incident, file: target.fsPath });
      vscode.window.setStatusBarMessage(`$(check) ${t('Saved {0}', path.basename(file))}`, 5_000);
    }
  }

  async function chosenIncident(): Promise<string | undefined> {
    const { askIncident } = await import('./ask.ts');
    const chosen = await askIncident(ledger, clock, t('Save the invitation to the review of which incident?'));
    if (chosen === 'none') {
      throw new UserError(t('There is no incident yet, and so no review.'));
    }
    return chosen?.id;
  }

  return { save };
}
