import type { QuickPickItem } from 'vscode';
import type { TimelineEvent } from '../incident/events.ts';
import { t } from '../l10n.ts';

export interface Correction extends QuickPickItem {
  readonly value: 'at' | 'text' | 'title' | 'impactStartedAt' | 'retracted';
  /** How it stands now. */
  readonly now: string;
  /** What is asked for in its place; unset when nothing is. */
  readonly prompt?: string;
}

const EXAMPLE = '2026-11-23T03:00:00Z';

/** What can be put right about an event. */
export function correctionsOf(event: TimelineEvent): Correction[] {
  const of = (value: Correction['value'], label: string, prompt: string, now: string): Correction => ({ label, value, prompt, now, description: now === '' ? t('not known') : now });
  const time = of('at', `$(clock) ${t('Correct the time')}`, t('When did it happen? ISO 8601, e.g. {0}', EXAMPLE), event.at);
  const retract: Correction = { label: `$(discard) ${t('Retract')}`, value: 'retracted', now: '', description: t('it stays in the record and counts no more') };
  switch (event.type) {
    case 'incident.declared':
      return [
        { ...time, label: `$(clock) ${t('Correct the time of detection')}` },
        of('impactStartedAt', `$(pulse) ${t('Correct the start of the impact')}`, t('Since when do users feel it? ISO 8601, e.g. {0}', EXAMPLE), event.impactStartedAt ?? ''),
        of('title', `$(edit) ${t('Correct the title')}`, t('The title as it should be'), event.title),
      ];
    case 'finding.documented':
      return [time, of('text', `$(edit) ${t('Correct the text')}`, t('The text as it should be'), event.text), retract];
    default:
      return [time, retract];
  }
}
