import type { QuickPickItem } from 'vscode';
import type { TimelineEvent } from '../incident/events.ts';

export interface Correction extends QuickPickItem {
  readonly value: 'at' | 'text' | 'title' | 'impactStartedAt' | 'retracted';
  /** How it stands now. */
  readonly now: string;
  /** What is asked for in its place; unset when nothing is. */
  readonly prompt?: string;
}

const TIME = 'ISO 8601, e.g. 2026-11-23T03:00:00Z';
const RETRACT: Correction = { label: '$(discard) Retract', value: 'retracted', now: '', description: 'it stays in the record and counts no more' };

/** What can be put right about an event. */
export function correctionsOf(event: TimelineEvent): Correction[] {
  const of = (value: Correction['value'], label: string, prompt: string, now: string): Correction => ({ label, value, prompt, now, description: now === '' ? 'not known' : now });
  const time = of('at', '$(clock) Correct the time', `When did it happen? ${TIME}`, event.at);
  switch (event.type) {
    case 'incident.declared':
      return [
        { ...time, label: '$(clock) Correct the time of detection' },
        of('impactStartedAt', '$(pulse) Correct the start of the impact', `Since when do users feel it? ${TIME}`, event.impactStartedAt ?? ''),
        of('title', '$(edit) Correct the title', 'The title as it should be', event.title),
      ];
    case 'finding.documented':
      return [time, of('text', '$(edit) Correct the text', 'The text as it should be', event.text), RETRACT];
    default:
      return [time, RETRACT];
  }
}
