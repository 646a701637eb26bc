/** What an incident would be if something were recorded now that is not: what follows is known before it happens. */
import { iso } from './clock.ts';
import { EXTENSION } from './event-base.ts';
import type { Severity, TimelineEvent } from './events.ts';
import { type Incident, fold } from './fold.ts';

/** Behind every ULID, so that of several events of one millisecond it is the last. */
const LAST = '~';

/** @param now epoch ms: when it would be recorded */
export function assumeSeverity(incident: Incident, { severity, answers }: { readonly severity: Severity; readonly answers: Readonly<Record<string, string>> }, now: number): Incident {
  const at = iso(now);
  const event: TimelineEvent = { id: LAST, incident: incident.id, at, recordedAt: at, actor: EXTENSION, type: 'severity.set', severity, reasons: [], answers };
  return fold([...incident.events, event]) ?? incident;
}
