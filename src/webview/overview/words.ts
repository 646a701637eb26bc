/** What the overview calls things. */
import { t } from '../../l10n.ts';
import type { DeliveryState, Interval, Lane, Level, Phase, Span, Standing } from '../../protocol/overview.ts';
import type { Preset } from './time-range.ts';

export function laneName(lane: Lane): string {
  switch (lane) {
    case 'phases': return t('Phases');
    case 'steps': return t('Steps');
    case 'changes': return t('Changes and deploys');
    case 'messages': return t('Updates and messages');
    case 'notes': return t('Findings and notes');
  }
}

export function phaseName(phase: Phase): string {
  switch (phase) {
    case 'undetected': return t('Not detected yet');
    case 'unacknowledged': return t('Not acknowledged');
    case 'unmitigated': return t('Being worked on');
    case 'unresolved': return t('Mitigated');
    case 'unclosed': return t('Resolved');
  }
}

export function spanTitle({ kind, title }: Span): string {
  return kind === 'phase' ? phaseName(title as Phase) : title;
}

export function levelName(level: Level): string {
  switch (level) {
    case 'ok': return t('OK');
    case 'warn': return t('Warning');
    case 'bad': return t('Bad');
    case 'unknown': return t('Unknown');
  }
}

export function deliveryName(state: DeliveryState): string {
  switch (state) {
    case 'pending': return t('on its way');
    case 'by hand': return t('to be done by hand');
    case 'done': return t('delivered');
    case 'failed': return t('not delivered');
    case 'unknown': return t('perhaps delivered');
    case 'discarded': return t('not to be sent');
  }
}

export function standingName(standing: Standing): string {
  switch (standing) {
    case 'declared': return t('Not acknowledged');
    case 'acknowledged': return t('Acknowledged');
    case 'mitigated': return t('Mitigated');
    case 'resolved': return t('Resolved');
    case 'closed': return t('Closed');
  }
}

export function intervalName(kind: Interval['kind']): string {
  switch (kind) {
    case 'detected': return t('Detected after');
    case 'acknowledged': return t('Acknowledged after');
    case 'mitigated': return t('Mitigated after');
    case 'resolved': return t('Resolved after');
  }
}

export function presetName(preset: Preset): string {
  switch (preset) {
    case 'whole': return t('Whole incident');
    case 'hour': return t('Last hour');
    case 'quarter': return t('Last 15 min');
  }
}

/** `5:07`, `1:05:12`, `2:01:05:12`. @param ms below zero counts as zero */
export function stopwatch(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const parts = [Math.floor(seconds / 86_400), Math.floor(seconds / 3_600) % 24, Math.floor(seconds / 60) % 60, seconds % 60];
  // Minutes and seconds always.
  const first = Math.min(...[parts.findIndex((part) => part > 0), 2].filter((index) => index >= 0));
  return parts.slice(first).map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, '0'))).join(':');
}
