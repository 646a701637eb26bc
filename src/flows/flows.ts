/** What each command asks a person, before it does what the API does. Lets go quietly when the person cancels. */
import * as vscode from 'vscode';
import type { Api } from '../api/api.ts';
import { t } from '../l10n.ts';
import { createChangeFlow } from './change-flow.ts';
import type { ChangesApi } from '../api/changes-api.ts';
import { createChoosing } from './choosing.ts';
import { UserError } from '../errors.ts';
import type { FlowDeps } from './flow-deps.ts';
import { isHttps } from '../incident/links.ts';
import { environmentsOf, stepById } from '../runbook/query.ts';
import { listTickets, openTicketOf } from '../api/shared-api.ts';
import { createStepFlow } from './step-flow.ts';
import { Inputs } from '../steps/inputs.ts';
import { correctionsOf } from '../views/corrections.ts';
import { DELIVERIES_VIEW } from '../view-ids.ts';
import type { Node } from '../views/nodes.ts';
import type { OpenTarget } from '../protocol/panel.ts';

export function createFlows(deps: FlowDeps, api: Api, changesApi: ChangesApi) {
  const { clock, documents, ledger, runbook, runner, services, view } = deps;
  const { incidentFor, offer } = createChoosing(deps);
  const asking = () => import('../views/ask.ts');

  async function declareAs(declaration: Readonly<Record<string, unknown>>): Promise<void> {
    const { incident } = await api.declare(declaration);
    await view.reveal(incident);
    void offer(t('{0} is declared and recorded.', incident), t('Investigate'), () => run('investigate', { incident }));
  }

  async function declare(): Promise<void> {
    const { askDeclaration } = await asking();
    const declaration = await askDeclaration(await runbook.get());
    if (declaration !== undefined) {
      await declareAs({ ...declaration });
    }
  }

  const change = createChangeFlow({
    ...deps, api: changesApi,
    origin: () => deps.outgoing.origin(),
    show: (incident, id, title) => documents.openPlan(incident, id, title),
    planStep: (step, row) => run(step, row),
  });
  const { run } = createStepFlow(deps, { declareAs, planChange: change.plan });

  async function stopWatch(node: Node | undefined): Promise<void> {
    const incident = await incidentFor(node, t('Stop the stability watch of which incident?'));
    if (incident !== undefined) {
      const { summary } = await api.stopWatch({ incident, ...(node?.step === undefined ? {} : { step: node.step }) });
      vscode.window.setStatusBarMessage(`$(debug-stop) ${summary}`, 5_000);
    }
  }

  async function recordByHand(node: Node | undefined): Promise<void> {
    const { askStep, askText } = await asking();
    const step = node?.step ?? await askStep(await runbook.get());
    const incident = step === undefined ? undefined : await incidentFor(node, t('Done for which incident?'));
    if (step === undefined || incident === undefined) {
      return;
    }
    const title = stepById(await runbook.get(), step)?.title ?? step;
    const note = await askText(title, t('What was done by hand, and what came of it?'));
    if (note !== undefined) {
      await runner.recordByHand(incident, step, note);
    }
  }

  async function openStep(node: Node | undefined): Promise<void> {
    if (node?.step === undefined) {
      return;
    }
    const title = stepById(await runbook.get(), node.step)?.title ?? node.step;
    await (node.event === undefined || node.incident === undefined
      ? documents.openStep(node.step, title)
      : documents.openEvidence(node.incident, node.event, node.step, title));
  }

  async function copyRunbookCommand(node: Node | undefined): Promise<void> {
    const command = node?.step === undefined ? undefined : stepById(await runbook.get(), node.step)?.runbookCommand;
    if (command !== undefined) {
      await vscode.env.clipboard.writeText(command);
      vscode.window.setStatusBarMessage(`$(check) ${t('Copied the runbook command')}`, 3_000);
    }
  }

  async function timeline(node: Node | undefined): Promise<void> {
    const incident = await incidentFor(node, t('Timeline of which incident?'));
    if (incident !== undefined) {
      await documents.openTimeline(incident);
    }
  }

  async function openReview(node: Node | undefined): Promise<void> {
    const incident = await incidentFor(node, t('Review of which incident?'), 'recent');
    if (incident !== undefined) {
      await openReviewOf({ incident });
    }
  }

  /** `{ incident }` → `{ file }`, relative to the workspace folder. */
  async function openReviewOf(args: Readonly<Record<string, unknown>>): Promise<{ file: string }> {
    const id = new Inputs('incidentRunbook.openReview', args).text('incident');
    const views = await import('../views/open-review.ts');
    return { file: await views.openReview(await ledger.read(id)) };
  }

  async function goTo(): Promise<void> {
    const { askIncident } = await asking();
    const chosen = await askIncident(ledger, clock, t('Go to incident'));
    if (chosen === 'none') {
      return declare();
    }
    if (chosen !== undefined) {
      await (chosen.status === 'closed' ? documents.openTimeline(chosen.id) : view.reveal(chosen.id));
    }
  }

  async function amend(node: Node | undefined): Promise<void> {
    const id = await incidentFor(node, t('Correct something about which incident?'));
    const incident = id === undefined ? undefined : await ledger.read(id);
    const { askEvent, askText } = await asking();
    const event = node?.event === undefined ? incident && await askEvent(incident) : incident?.events.find((candidate) => candidate.id === node.event);
    if (incident === undefined || event === undefined) {
      return;
    }
    const what = await vscode.window.showQuickPick(correctionsOf(event), { placeHolder: t('The event stays as it was written; the correction is an event of its own') });
    if (what === undefined) {
      return;
    }
    const value = what.prompt === undefined ? true : await askText(t('Correct'), what.prompt, what.now);
    if (value !== undefined) {
      await api.amend({ incident: incident.id, event: event.id, [what.value]: value });
    }
  }

  async function close(node: Node | undefined): Promise<void> {
    const incident = await incidentFor(node, t('Close which incident?'));
    const [{ askText }, { closingQuestion }] = await Promise.all([asking(), import('../views/ask-closure.ts')]);
    const reason = incident === undefined ? undefined : await askText(t('Close {0}', incident), closingQuestion(await ledger.read(incident), await runbook.get().catch(() => undefined), clock.now()));
    if (incident !== undefined && reason !== undefined) {
      await api.close({ incident, reason });
      // Taken back, not reopened: what ended it, and when, stays confirmed.
      const closing = (await ledger.read(incident)).times.closed?.event;
      void offer(t('{0} is closed.', incident), t('Undo'), async () => { await (closing === undefined ? undefined : api.amend({ incident, event: closing, retracted: true })); });
    }
  }

  async function reopen(node: Node | undefined): Promise<void> {
    const incident = await incidentFor(node, t('Reopen which incident?'), 'closed');
    const { askText } = await asking();
    const reason = incident === undefined ? undefined : await askText(t('Reopen {0}', incident), t('Why is it not over?'));
    if (incident !== undefined && reason !== undefined) {
      await api.reopen({ incident, reason });
      await view.reveal(incident);
    }
  }

  /** Opens an incident that another responder shared in a ticket. */
  async function openSharedIncident(): Promise<void> {
    const { askTicket } = await asking();
    const ticket = await askTicket(() => listTickets(deps.outgoing));
    if (ticket === undefined) {
      return;
    }
    const incident = await openTicketOf(deps, ticket);
    await view.reveal(incident.id);
    void vscode.window.showInformationMessage(t('{0} is open here too: what you and the others do is shared in {1}.', incident.id, `${incident.ticket?.repository ?? t('the ticket')}#${incident.ticket?.number ?? ''}`));
  }

  async function openTicket(node: Node | undefined): Promise<void> {
    const id = await incidentFor(node, t('Ticket of which incident?'));
    const ticket = id === undefined ? undefined : (await ledger.read(id)).ticket;
    if (id !== undefined && ticket === undefined) {
      throw new UserError(t('{0} has no ticket yet. Create it first.', id), { action: { title: t('Create ticket'), command: 'incidentRunbook.step.createTicket' } });
    }
    if (ticket !== undefined && isHttps(ticket.url)) {
      await vscode.env.openExternal(vscode.Uri.parse(ticket.url, true));
    }
  }

  async function clocks(node: Node | undefined): Promise<void> {
    const incident = await incidentFor(node, t('Clocks of which incident?'));
    const { askClock } = await asking();
    const chosen = incident === undefined ? undefined : await askClock((await api.clocks({ incident })).clocks, clock);
    if (chosen !== undefined && incident !== undefined) {
      await run(chosen.step, { incident, ...(chosen.inputs === undefined ? {} : { inputs: chosen.inputs }) });
    }
  }

  async function snooze(node: Node | undefined): Promise<void> {
    const incident = await incidentFor(node, t('Snooze a reminder of which incident?'));
    const { askClock, askMinutes } = await asking();
    const id = node?.clock ?? (incident === undefined ? undefined : (await askClock((await api.clocks({ incident })).clocks, clock))?.id);
    const minutes = id === undefined ? undefined : await askMinutes();
    if (incident !== undefined && id !== undefined && minutes !== undefined) {
      await api.snooze({ incident, clock: id, minutes });
      vscode.window.setStatusBarMessage(`$(bell-slash) ${t('Quiet for {0} min', minutes)}`, 4_000);
    }
  }

  async function openOverview(node: Node | undefined): Promise<void> {
    const incident = await incidentFor(node, t('Overview of which incident?'), 'recent');
    if (incident !== undefined) {
      await openOverviewOf({ incident });
    }
  }

  /** `{ incident }` → the same, once its overview is open. */
  async function openOverviewOf(args: Readonly<Record<string, unknown>>): Promise<{ incident: string }> {
    const { id } = await ledger.read(new Inputs('incidentRunbook.openOverview', args).text('incident'));
    deps.panels().show('overview', { incident: id });
    return { incident: id };
  }

  /** What the page of a panel asks to be opened. */
  async function openFromPanel(target: OpenTarget): Promise<void> {
    switch (target.what) {
      case 'event':
        return (await import('../views/cited-event.ts')).openEvent(await ledger.read(target.incident), target.event, documents);
      case 'timeline':
        return target.incident === undefined ? undefined : documents.openTimeline(target.incident);
      case 'deliveries':
        await vscode.commands.executeCommand(`${DELIVERIES_VIEW}.focus`);
        return;
      case 'runbook':
        await vscode.commands.executeCommand('incidentRunbook.openRunbook');
        return;
      default: {
        const { what, ...subject } = target;
        deps.panels().show(what, subject);
      }
    }
  }

  async function setDatabaseConnection(): Promise<void> {
    const environments = environmentsOf(await runbook.get());
    const chosen = environments.length === 1 ? environments[0]?.key : (await vscode.window.showQuickPick(
      environments.map(({ key, data }) => ({ label: data.title, description: key })), { placeHolder: t('Database of which environment?') }))?.description;
    if (chosen === undefined) {
      return;
    }
    const url = await vscode.window.showInputBox({
      title: t('Database connection of {0}', chosen), password: true, ignoreFocusOut: true,
      prompt: t('postgres://user:password@host:5432/database?sslmode=require. Kept in the secret storage; empty forgets it.'),
      validateInput: (value) => (value === '' || /^postgres(ql)?:\/\/\S+$/.test(value) ? undefined : t('It begins with postgres:// and holds no blank.')),
    });
    if (url !== undefined) {
      await services.setDatabaseUrl(chosen, url === '' ? undefined : url);
    }
  }

  async function setRedisConnection(): Promise<void> {
    const { askCacheConnection } = await import('../views/ask-cache.ts');
    const answer = await askCacheConnection(await runbook.get());
    if (answer !== undefined) {
      await services.setRedisUrl(answer.environment, answer.url);
    }
  }

  return { openOverview, openOverviewOf, openFromPanel, change, declare, run, openReview, openReviewOf, stopWatch, recordByHand, openStep, copyRunbookCommand, timeline, goTo, amend, close, reopen, openSharedIncident, openTicket, clocks, snooze, setDatabaseConnection, setRedisConnection };
}
