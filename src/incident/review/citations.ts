/** How a line of a review names its event: the comment on the ticket, or the event in the editor. */
import type { TimelineEvent } from '../events.ts';
import type { Incident } from '../fold.ts';
import { isHttps, linked } from '../links.ts';
import { ticketKey } from '../markers.ts';

/** What VS Code hands to this extension; the preview lets links of this scheme through, and GitHub shows their text only. */
const EDITOR = 'vscode://incident-runbook.incident-runbook/event';

export interface Citation {
  readonly url: string;
  /** 1-based. */
  readonly line: number;
}

/** Cites the events of one incident. */
export type Cite = (event: string) => string;

/** @returns a function that gives `([source](…))` for the id of an event */
export function citer(incident: Incident): Cite {
  const comments = commentsOf(incident);
  return (event) => {
    const url = comments.get(event);
    return `(${url === undefined ? `[source](${editorLink(incident.id, event)})` : linked('source', url)})`;
  };
}

/** Opens the event in the editor of whoever has the incident. */
export function editorLink(incident: string, event: string): string {
  return `${EDITOR}?${new URLSearchParams({ incident, event }).toString()}`;
}

/** Which event such a link names; undefined when it is none. @param query of the link, without the question mark */
export function readEditorLink(query: string): { readonly incident: string; readonly event: string } | undefined {
  const values = new URLSearchParams(query);
  const [incident, event] = [values.get('incident'), values.get('event')];
  return incident === null || event === null ? undefined : { incident, event };
}

/** The citations in a review, in its order. */
export function citations(markdown: string): Citation[] {
  return markdown.split('\n').flatMap((text, index) => [...text.matchAll(/\(\[source\]\(([^()\s]+)\)\)/g)].map(([, url = '']) => ({ url, line: index + 1 })));
}

/** The events that a citation names: several where they share a comment, none where it leads nowhere. */
export function resolve({ url }: Citation, incident: Incident): TimelineEvent[] {
  if (url.startsWith(`${EDITOR}?`)) {
    const named = readEditorLink(url.slice(EDITOR.length + 1));
    return named?.incident === incident.id ? incident.events.filter(({ id }) => id === named.event) : [];
  }
  const comments = commentsOf(incident);
  return incident.events.filter(({ id }) => linked('source', comments.get(id)) === `[source](${url})`);
}

/** Event → the comment on the ticket that holds it. */
function commentsOf({ events }: Incident): ReadonlyMap<string, string> {
  const prefix = ticketKey('');
  return new Map(events.flatMap((event) => (event.type === 'delivery.done' && event.request.startsWith(prefix) && isHttps(event.url)
    ? [[event.request.slice(prefix.length), event.url] as const] : [])));
}
