/** The invitation to the review as a file, for calendars that are not reached by mail (runbook 10.1). */
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { UserError, messageOf } from '../errors.ts';
import type { ReviewScheduled } from '../incident/closing-events.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { contactById, contactsNamed } from '../runbook/query.ts';
import type { Runbook } from '../runbook/schema.ts';
import type { Connections } from '../services/connections.ts';
import { type Invitation, writeInvitation } from '../services/invitation.ts';
import { replaceFile } from '../services/replace-file.ts';
import { Inputs } from '../steps/inputs.ts';
import { placeOf, reviewText, reviewTitle } from '../steps/review-invitation.ts';

type Arguments = Readonly<Record<string, unknown>>;

export interface InvitationApiDeps {
  readonly ledger: Pick<Ledger, 'read'>;
  readonly runbook: () => Promise<Runbook>;
  readonly connections: Connections;
  /** Folder of the workspace; undefined when none is open. */
  readonly folder: () => string | undefined;
}

export interface InvitationApi {
  /** `{ incident, file? }` → `{ file }`, its absolute path; by default `review-INC-….ics` in the workspace folder. */
  save(args: Arguments): Promise<{ file: string }>;
  /** What would be written. @throws UserError when no review was scheduled */
  write(incident: string): Promise<{ readonly name: string; readonly text: string }>;
}

export function createInvitationApi({ ledger, runbook, connections, folder }: InvitationApiDeps): InvitationApi {
  const api: InvitationApi = {
    async save(args) {
      const inputs = new Inputs('incidentRunbook.saveInvitation', args);
      const asked = inputs.optionalText('file');
      const { name, text } = await api.write(inputs.text('incident'));
      const file = await inFolder(asked ?? name, folder());
      try {
        await replaceFile(file, text, undefined, new AbortController().signal);
      } catch (error) {
        throw new UserError(`The invitation could not be saved as ${file}: ${messageOf(error)}. Choose another place.`, { cause: error });
      }
      return { file };
    },
    async write(id) {
      const [incident, book, from] = await Promise.all([ledger.read(id), runbook(), connections.get('mail').then((mail) => mail?.['from'])]);
      const versions: readonly ReviewScheduled[] = incident.events.filter((event) => event.type === 'review.scheduled');
      const review = [...versions].sort((a, b) => a.sequence - b.sequence).at(-1);
      if (review === undefined) {
        throw new UserError(`No review of ${id} is scheduled, so there is no invitation to save.`, { action: { title: 'Schedule the review', command: 'incidentRunbook.step.scheduleReview' } });
      }
      const { uid, sequence, start, end, at, invitees, cancelled } = review;
      const people = invitees.map((name) => ({ name, addresses: contactsNamed(book, name).flatMap((contact) => contactById(book, contact)?.email ?? []) }));
      const known = { incident, runbook: book };
      const invitation: Invitation = {
        // Without somebody who invites, the file only shows the meeting: whoever opens it invites the others.
        method: cancelled === true ? 'CANCEL' : from === undefined ? 'PUBLISH' : 'REQUEST',
        uid, sequence, start, end, stamp: Date.parse(at), title: reviewTitle(incident), ...placeOf(known),
        text: reviewText(known, { start: Date.parse(start), end: Date.parse(end) }, {
          names: invitees, byHand: people.filter(({ addresses }) => addresses.length === 0).map(({ name }) => name),
        }),
        attendees: from === undefined ? [] : people.flatMap(({ name, addresses }) => addresses.slice(0, 1).map((address) => ({ name, address }))),
        ...(from === undefined ? {} : { organizer: from }),
      };
      return { name: `review-${id}.ics`, text: await written(invitation) };
    },
  };
  return api;
}

async function written(invitation: Invitation): Promise<string> {
  try {
    return await writeInvitation(invitation);
  } catch (error) {
    throw new UserError(messageOf(error), { cause: error });
  }
}

/** @throws UserError when it is no .ics, or is relative and nothing is open, or leads out of what is */
async function inFolder(file: string, folder: string | undefined): Promise<string> {
  if (!/\.ics$/i.test(file)) {
    throw new UserError(`"${file}" is no calendar file. Give a "file" that ends with .ics.`);
  }
  if (path.isAbsolute(file)) {
    return file;
  }
  if (folder === undefined) {
    throw new UserError('No folder is open to save the invitation in. Give "file" as an absolute path, or open a folder.');
  }
  const root = await realpath(folder);
  const asked = path.resolve(root, file);
  // A folder that there is not is told of when the file is written.
  const directory = await realpath(path.dirname(asked)).catch(() => path.dirname(asked));
  const relative = path.relative(root, directory);
  if (relative.startsWith('..') || path.isAbsolute(relative)) {
    throw new UserError(`${file} leads out of the folder that is open. Give a path inside it, or an absolute one.`);
  }
  return path.join(folder, relative, path.basename(file));
}
