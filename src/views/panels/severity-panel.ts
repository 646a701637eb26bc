/** The extension's side of the severity panel. */
import * as vscode from 'vscode';
import { UserError } from '../../errors.ts';
import { assumeSeverity } from '../../incident/assume.ts';
import { iso, timeOfDay } from '../../incident/clock.ts';
import type { Severity } from '../../incident/events.ts';
import type { Incident } from '../../incident/fold.ts';
import { t } from '../../l10n.ts';
import { type Answers, type Judgement, NEXT_STEPS, type SeverityContract, type SeverityModel } from '../../protocol/severity.ts';
import type { Runbook } from '../../runbook/schema.ts';
import type { Post } from '../../steps/step.ts';
import { coalesce } from '../coalesce.ts';
import type { PanelDeps } from './panel-deps.ts';
import type { PanelFactory } from './panels.ts';
import { judgementOf } from './severity-consequences.ts';
import { currentSeverity, draftIn, severityModel, weighed } from './severity-model.ts';

/** What letters of "Notify the team" go through. */
const SERVICES = ['slack', 'pagerduty', 'mail'] as const;

export function severityPanel({ ledger, clock, runbook, runner, api, connections, onError }: PanelDeps): PanelFactory<SeverityContract> {
  return (session) => {
    const subject = (): string => session.subject().incident ?? '';
    const load = async (): Promise<SeverityModel> => {
      const [incident, book] = await Promise.all([ledger.read(subject()), runbook()]);
      session.retitle(t('Severity: {0}', incident.title));
      return severityModel({ incident, runbook: book, draft: session.draft.get(), isTrusted: vscode.workspace.isTrusted, now: clock.now() });
    };

    /** What "Notify the team" would send; undefined where nobody can say: then the runbook's names are all there is. */
    async function postFor(book: Runbook, assume: (incident: Incident) => Incident, signal: AbortSignal): Promise<Post | undefined> {
      const step = book.steps.find(({ action }) => action === 'notifyTeam');
      return step === undefined ? undefined : runner.preview({ incident: subject(), step: step.id }, signal, assume).catch((error: unknown) => {
        if (!(error instanceof UserError)) {
          onError(error);
        }
        return undefined;
      });
    }

    async function judge(answers: Answers, level: Severity | undefined, signal: AbortSignal): Promise<Judgement> {
      const [incident, book, connected] = await Promise.all([
        ledger.read(subject()), runbook(),
        Promise.all(SERVICES.map(async (service) => ((await connections.get(service)) === undefined ? [] : [service]))),
      ]);
      const now = clock.now();
      const severity = level ?? weighed(book, answers).severity;
      const post = await postFor(book, (found) => assumeSeverity(found, { severity, answers }, now), signal);
      return judgementOf(answers, level, { incident, runbook: book, now, post, connected: new Set(connected.flat()) });
    }

    const changed = coalesce(() => {
      if (session.visible()) {
        load().then((model) => { session.tell('changed', model); }, onError);
      }
    });
    const watching = ledger.onDidChange((incident) => {
      if (incident === subject()) {
        changed.call();
      }
    });
    const trusting = vscode.workspace.onDidGrantWorkspaceTrust(() => { changed.call(); });
    return {
      title: t('Severity'),
      handlers: {
        load,
        judge: ({ answers, level }, signal) => judge(answers, level, signal),
        keep: ({ draft }) => {
          session.draft.keep(draft);
          return {};
        },
        record: async ({ answers, level, reason, seen, shown }) => {
          const [before, book] = await Promise.all([ledger.read(subject()), runbook()]);
          const current = currentSeverity(before);
          if (current === undefined && seen !== '') {
            throw new UserError(t('The last assessment was taken back while you were answering. Nothing was recorded: look at it, then record again.'));
          }
          if (current !== undefined && current.event !== seen) {
            throw new UserError(t('{0} set it to {1} at {2} while you were answering. Nothing was recorded: look at it, then record again.', current.by, current.severity, timeOfDay(iso(current.at))));
          }
          const given = draftIn({ answers }, book)?.answers ?? {};
          const recommended = weighed(book, given).severity;
          if ((level ?? recommended) !== shown) {
            throw new UserError(t('By now {0} would be recorded, not {1}. Nothing was recorded: look at what follows from it, then record again.', level ?? recommended, shown));
          }
          const isOverride = level !== undefined && level !== recommended;
          if (isOverride && reason.trim() === '') {
            throw new UserError(t('Another level than the recommended one needs a reason. Write it, then record again.'));
          }
          const { status, summary, event = '' } = await runner.run({
            incident: subject(), step: 'assessSeverity', inputs: { ...given, ...(isOverride ? { override: level, overrideReason: reason.trim() } : {}) },
          }, new AbortController().signal);
          if (status !== 'done') {
            throw new UserError(summary);
          }
          session.draft.keep(undefined);
          // Its own, not the last one: somebody else may have assessed at the same moment, and theirs is not to be taken back.
          return { event };
        },
        takeBack: async ({ event }) => {
          const current = currentSeverity(await ledger.read(subject()));
          if (current?.event !== event) {
            throw new UserError(t('It was assessed again meanwhile, so there is nothing of yours to take back. Assess it anew instead.'));
          }
          await api.amend({ incident: subject(), event, retracted: true });
          return {};
        },
        run: ({ step }) => {
          if (!NEXT_STEPS.includes(step)) {
            throw new UserError(`The severity panel runs no step "${String(step)}".`);
          }
          // As from a row of the tree: it asks, shows what leaves the machine, and tells of its own failure.
          void vscode.commands.executeCommand('incidentRunbook.runStep', { kind: 'step', key: `${subject()}/${step}`, incident: subject(), step });
          return {};
        },
      },
      shown: () => { changed.call(); },
      dispose: () => {
        watching.dispose();
        trusting.dispose();
        changed.dispose();
      },
    };
  };
}
