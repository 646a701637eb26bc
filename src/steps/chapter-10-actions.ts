/** Following up what a review has found (runbook 10.4). */
import path from 'node:path';
import { UserError } from '../errors.ts';
import { type ActionItem, problemsOf, readActionItems } from '../incident/action-items.ts';
import { iso } from '../incident/clock.ts';
import type { Delivery } from '../incident/deliveries.ts';
import { followUpOfKey, isFollowUp } from '../incident/follow-ups.ts';
import { escapeMarkdown } from '../incident/markdown.ts';
import { reviewFileOf } from '../incident/review/path.ts';
import { onOneLine, shorten } from '../incident/shorten.ts';
import { readWorkspaceFile } from '../services/workspace-file.ts';
import { plural } from '../text.ts';
import { type Composing, connectedOf, fillTemplate, headline } from './letters.ts';
import type { Inputs } from './inputs.ts';
import { ownerOf } from './owners.ts';
import type { Letter, PostAction } from './step.ts';

/** GitHub's limit, in characters. */
const LONGEST_TITLE = 256;
const LONGEST_LINE = 60;

/**
 * Opens an issue for each action item of the review that has none, and writes its link into the document. Inputs:
 * file, relative to the workspace folder, where it is not the review that was drafted; allowIncomplete, to open issues
 * that nobody owns or that are never due.
 */
export const createActionItems: PostAction = {
  kind: 'post',
  afterClosing: true,
  async compose(context, inputs) {
    const { incident, services, clock } = context;
    const file = fileOf(context, inputs);
    const { text } = await readWorkspaceFile(services.tasks.folder(), file);
    const { items } = readActionItems(text);
    if (items.length === 0) {
      throw new UserError(`${file} holds no action item. Below "## Action Items" write a line such as "- [ ] Alert on the pool - Owner: @login - Due: ${iso(clock.now()).slice(0, 10)}", and save it.`);
    }
    const known = (item: ActionItem): Delivery | undefined => incident.deliveries.findLast((delivery) => isFollowUp(delivery) && delivery.data['key'] === item.key && delivery.state !== 'discarded');
    const fresh = items.filter((item) => item.url === undefined && !item.done && known(item) === undefined);
    if (!inputs.flag('allowIncomplete')) {
      refuseIncomplete(context, file, fresh);
    }
    const [repository, connected] = [(await services.connections.get('github'))?.['repository'] ?? 'GitHub', await connectedOf(context, 'github')];
    // Their issues are there, and the links are not: the file was being edited, or was put back.
    const unlinked = items.filter((item) => item.url === undefined && followUpOfKey(incident.deliveries, item.key) !== undefined && !isLinking(incident.deliveries, item.key));
    const opened = fresh.flatMap((item, place) => [issueLetter(context, item, file, repository), linkLetter(context, item, file, place * 2)]);
    const stuck = items.flatMap((item) => (item.url === undefined && known(item)?.state === 'failed' ? [item] : []));
    const ticked = items.filter((item) => item.url === undefined && item.done && known(item) === undefined);
    return {
      events: [], letters: [...opened, ...unlinked.map((item) => linkLetter(context, item, file))],
      summary: fresh.length > 0 ? `${plural(fresh.length, 'issue')} for action items in ${repository}`
        : unlinked.length > 0 ? `${plural(unlinked.length, 'link')} for ${file}` : `Every open action item of ${file} has its issue`,
      level: stuck.length > 0 || (fresh.length > 0 && connected.size === 0) ? 'warn' : 'ok',
      notes: [
        ...(fresh.length > 0 && connected.size === 0 ? ['GitHub is not connected: open the issues by hand, or connect GitHub and send them from the deliveries.'] : []),
        ...stuck.map((item) => `The issue for "${escapeMarkdown(shown(item))}" was refused. Send it again or discard it in the deliveries.`),
        ...ticked.map((item) => `"${escapeMarkdown(shown(item))}" is ticked off and gets no issue.`),
        ...fresh.filter((item) => item.owner !== undefined && ownerOf(item.owner, context.runbook, incident).login === undefined)
          .map((item) => `"${escapeMarkdown(shown(item))}" is assigned to nobody: no GitHub login is known for ${escapeMarkdown(item.owner ?? '')}.`),
      ],
      facts: { file, items: items.length, issues: fresh.length },
    };
  },
};

function fileOf({ incident }: Composing, inputs: Inputs): string {
  const file = inputs.optionalText('file') ?? reviewFileOf(incident);
  if (file === undefined) {
    throw new UserError(`${incident.id} has no review document yet. Create it first, or give its path as "file".`, {
      action: { title: 'Create review', command: 'incidentRunbook.step.createReview', args: [{ kind: 'step', key: `${incident.id}/step/createReview`, incident: incident.id, step: 'createReview' }] },
    });
  }
  return file;
}

/** @throws UserError naming every line that lacks something */
function refuseIncomplete({ clock, incident, step }: Composing, file: string, items: readonly ActionItem[]): void {
  const today = iso(clock.now()).slice(0, 10);
  const lacking = items.flatMap((item) => {
    const problems = problemsOf(item, today).filter((problem) => problem !== 'overdue');
    return problems.length === 0 ? [] : [`line ${item.line + 1} has ${problems.map((problem) => (problem === 'unreadable due date' ? `a due date that is not like ${today}` : problem)).join(' and ')}`];
  });
  if (lacking.length > 0) {
    throw new UserError(`${file}: ${lacking.join('; ')}. Add "- Owner: @login - Due: YYYY-MM-DD" and save it, or set "allowIncomplete".`, {
      action: {
        title: 'Create them anyway', command: `incidentRunbook.step.${step.id}`,
        args: [{ kind: 'step', key: `${incident.id}/step/${step.id}`, incident: incident.id, step: step.id, inputs: { file, allowIncomplete: true } }],
      },
    });
  }
}

/** Whether the link is on its way into the document, or waits for a person. */
function isLinking(deliveries: readonly Delivery[], key: string): boolean {
  return deliveries.some(({ service, call, data, state }) => service === 'workspace' && call === 'writeActionLinks' && data['key'] === key && (state === 'pending' || state === 'by hand'));
}

function issueLetter(context: Composing, item: ActionItem, file: string, repository: string): Letter {
  const { incident, runbook } = context;
  const { label, titlePrefix } = runbook.review.actionItems;
  const { contact, login } = item.owner === undefined ? {} : ownerOf(item.owner, runbook, incident);
  const action = onOneLine(item.text);
  return {
    service: 'github', call: 'createFollowUp', target: repository, text: bodyOf(context, item, file),
    data: {
      key: item.key, action, title: shorten(`${incident.drill ? 'DRILL ' : ''}${titlePrefix}${action}`, LONGEST_TITLE), labels: [label],
      assignees: login === undefined ? [] : [login],
      ...(item.owner === undefined ? {} : { owner: item.owner }), ...(item.due === undefined ? {} : { due: item.due }),
    },
    ...(contact === undefined ? {} : { contacts: [contact] }),
  };
}

/** @param after place of the letter that opens the issue; undefined when it is open */
function linkLetter({ incident, services }: Composing, item: ActionItem, file: string, after?: number): Letter {
  const { number, url } = followUpOfKey(incident.deliveries, item.key)?.result ?? {};
  return {
    service: 'workspace', call: 'writeActionLinks', target: file, text: `Link to the issue of "${shown(item)}" in the review of ${incident.id}`,
    data: { folder: path.basename(services.tasks.folder() ?? ''), file, key: item.key, ...(number === undefined || url === undefined ? {} : { number, url }) }, ...(after === undefined ? {} : { after: [after] }),
  };
}

/** @see runbook 10.4, `--body "From incident review [date]: [details]"` */
function bodyOf({ clock, incident, runbook }: Composing, { text, owner, due }: ActionItem, file: string): string {
  const written = incident.events.findLast(({ type }) => type === 'review.written')?.at;
  const date = (incident.review?.start ?? written ?? iso(clock.now())).slice(0, 10);
  return [
    fillTemplate(runbook.templates['actionItemBody']?.body ?? 'From incident review [date]: [details]', { date, details: text }), '',
    ...(owner === undefined ? [] : [`- Owner: ${owner.replace(/^@/, '')}`]),
    ...(due === undefined ? [] : [`- Due: ${due}`]),
    `- Incident: ${headline(incident)}${incident.ticket === undefined ? '' : `, ${incident.ticket.url}`}`,
    `- Review: ${file}`,
  ].join('\n');
}

function shown({ text }: ActionItem): string {
  return shorten(onOneLine(text), LONGEST_LINE);
}
