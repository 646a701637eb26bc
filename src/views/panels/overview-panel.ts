/** The extension's side of the overview panel. */
import * as vscode from 'vscode';
import { UserError } from '../../errors.ts';
import { t } from '../../l10n.ts';
import type { OverviewContract, OverviewModel } from '../../protocol/overview.ts';
import { coalesce } from '../coalesce.ts';
import { actionsOf, changeBetween, overviewModel } from './overview-model.ts';
import type { PanelDeps } from './panel-deps.ts';
import type { PanelFactory } from './panels.ts';

/** What is next depends on the time too, ms. */
const REFRESH_MS = 30_000;

export function overviewPanel({ ledger, runbook, clock, api, onError }: PanelDeps): PanelFactory<OverviewContract> {
  return (session) => {
    /** What the page has. */
    let told: OverviewModel | undefined;
    let version = 0;
    const incidentId = (): string => session.subject().incident ?? '';
    const read = async (): Promise<OverviewModel> => {
      const [incident, book] = await Promise.all([ledger.read(incidentId()), runbook().catch(() => undefined)]);
      session.retitle(t('Overview: {0}', incident.title));
      return overviewModel({ incident, runbook: book, now: clock.now(), version: version += 1 });
    };
    const push = async (): Promise<void> => {
      if (told === undefined || !session.visible()) {
        return;
      }
      const model = await read();
      session.tell('changed', changeBetween(told, model));
      told = model;
    };
    const pushing = coalesce(() => { push().catch(onError); });
    const listening = ledger.onDidChange((incident) => {
      if (incident === incidentId()) {
        pushing.call();
      }
    });
    const refreshing = setInterval(() => { pushing.call(); }, REFRESH_MS);
    /** Goes on in the workbench, which asks and tells by itself: the page does not wait for it. */
    const start = (command: string, row: object): void => {
      vscode.commands.executeCommand(command, { kind: 'next', key: `${incidentId()}/overview`, incident: incidentId(), ...row }).then(undefined, onError);
    };
    return {
      title: t('Incident overview'),
      handlers: {
        load: async () => told = await read(),
        run: async ({ id }) => {
          const [incident, book] = await Promise.all([ledger.read(incidentId()), runbook()]);
          const action = actionsOf(incident, book, clock.now()).get(id);
          if (action === undefined) {
            pushing.call();
            throw new UserError(t('This is not asked for any more: somebody did it meanwhile. Look at what is next now.'));
          }
          start('incidentRunbook.runStep', { step: action.step, ...(action.inputs === undefined ? {} : { inputs: action.inputs }) });
          return {};
        },
        assign: ({ role }) => {
          start('incidentRunbook.runStep', { step: 'assignRoles', role });
          return {};
        },
        snooze: async ({ clock: id, minutes }) => ({ until: Date.parse((await api.snooze({ incident: incidentId(), clock: id, minutes })).until) }),
        openTicket: () => {
          start('incidentRunbook.openTicket', {});
          return {};
        },
      },
      shown: () => { pushing.call(); },
      dispose: () => {
        clearInterval(refreshing);
        pushing.dispose();
        listening.dispose();
      },
    };
  };
}
