/** Looking back: the review document and the agenda of the meeting (runbook 10.2, 10.3). */
import path from 'node:path';
import { UserError } from '../errors.ts';
import { agendaDocument, agendaOf } from '../incident/review/agenda.ts';
import { REVIEW_PATH, isInside, reviewFileOf, reviewPath } from '../incident/review/path.ts';
import { GAP_MINUTES } from '../incident/review/review-runbook.ts';
import { type Composing, optionalList, refuseWhileUnderWay } from './letters.ts';
import type { Inputs } from './inputs.ts';
import type { PostAction, ReadAction } from './step.ts';

/**
 * Writes the review document into the workspace, or writes anew what comes from the timeline in it; what people wrote
 * stays. Inputs: file, another path relative to the workspace folder; replace, blocks that are written anew although
 * somebody changed them.
 */
export const createReview: PostAction = {
  kind: 'post',
  afterClosing: true,
  compose(context, inputs) {
    const { incident, services } = context;
    const folder = services.tasks.folder();
    if (folder === undefined) {
      throw new UserError('No folder is open, and the review is a file in one. Open the folder that it belongs in and run the step again.');
    }
    refuseWhileUnderWay(incident, 'workspace', 'writeReview', 'The review document');
    const file = fileOf(context, inputs);
    const replace = optionalList(inputs, 'replace') ?? [];
    const open = incident.times.resolved === undefined;
    const refused = incident.deliveries.filter(({ service, call, state }) => service === 'workspace' && call === 'writeReview' && state === 'failed');
    return Promise.resolve({
      events: refused.map(({ id }) => ({ type: 'delivery.discarded', request: id, reason: 'The review document was asked for anew' })),
      letters: [{
        service: 'workspace', call: 'writeReview', target: file, text: `The review of ${incident.id}, drafted from its timeline`,
        // The folder by its name only: its path says whose machine it is.
        data: { file, folder: path.basename(folder), gapMinutes: services.review?.gapMinutes ?? GAP_MINUTES, ...(replace.length === 0 ? {} : { replace }) },
      }],
      summary: `Review document: ${file}${open ? ' (the incident is still open)' : ''}`,
      facts: { file },
    });
  },
  arrived({ result }) {
    const file = result?.['file'];
    return typeof file === 'string' ? [{ type: 'review.written', file }] : [];
  },
};

/** Shows the topics of the review with what the timeline knows of each. */
export const conductReview: ReadAction = {
  kind: 'read',
  afterClosing: true,
  unrecorded: true,
  run({ incident, runbook, services, step }) {
    if (incident === undefined) {
      throw new UserError(`"${step.title}" needs an incident. Choose one.`);
    }
    const options = { gapMinutes: services.review?.gapMinutes ?? GAP_MINUTES };
    const topics = agendaOf(incident, runbook, options);
    return Promise.resolve({
      level: 'ok', summary: `${topics.length} topics: ${topics.map(({ title }) => title).join(', ')}`,
      markdown: agendaDocument(incident, runbook, reviewFileOf(incident), options),
      data: { topics: topics.map(({ title, question, facts, section }) => ({ title, question, facts, section: section ?? null })) },
    });
  },
};

/** Where it was written before, so that a corrected title makes no second one; else by the setting. @throws UserError for a path outside the folder */
function fileOf({ incident, services }: Composing, inputs: Inputs): string {
  const asked = inputs.optionalText('file')?.trim();
  const setting = services.review?.path ?? REVIEW_PATH;
  const file = asked !== undefined ? (isInside(asked) ? asked : undefined) : reviewFileOf(incident) ?? reviewPath(incident, setting);
  if (file === undefined) {
    throw new UserError(`"${asked ?? setting}" is no Markdown file inside the workspace folder. ${asked === undefined
      ? `Change the setting incidentRunbook.review.path, for example to ${REVIEW_PATH}.` : 'Give "file" as a path relative to the folder that ends with .md.'}`, asked === undefined
      ? { action: { title: 'Open setting', command: 'workbench.action.openSettings', args: ['incidentRunbook.review.path'] } } : {});
  }
  return file;
}
