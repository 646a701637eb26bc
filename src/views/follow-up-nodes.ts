/** Rows of the Follow-ups view (runbook 10.4). */
import { formatDuration } from '../incident/clock.ts';
import { type FollowUp, byDueDate } from '../incident/follow-ups.ts';
import { escapeMarkdown } from '../incident/markdown.ts';
import { t } from '../l10n.ts';

export type FollowUpMark = 'overdue' | 'follow-up';

export interface FollowUpNode {
  readonly kind: 'follow-up';
  readonly key: string;
  readonly incident: string;
  /** Id of the delivery that opened the issue. */
  readonly delivery: string;
  readonly label: string;
  readonly description: string;
  readonly tooltip: string;
  readonly mark: FollowUpMark;
  readonly context: 'followUp';
  /** Opens the issue. */
  readonly click: 'incidentRunbook.openDeliveryLink';
}

/** Open ones only: overdue ones first, then by due date. @param now epoch ms */
export function followUpNodes(followUps: readonly FollowUp[], now: number): FollowUpNode[] {
  return followUps.filter(({ state }) => state === 'open')
    .sort((one, other) => Number(other.overdue) - Number(one.overdue) || byDueDate(one, other))
    .map((followUp): FollowUpNode => {
      const { incident, delivery, text, owner, number, title, overdue, repository } = followUp;
      const when = whenDue(followUp, now);
      return {
        kind: 'follow-up', key: `${incident}/follow-up/${delivery}`, incident, delivery,
        label: text, description: [when, owner === '' ? t('nobody') : owner, `#${number}`, title].join(' · '),
        tooltip: [`**${escapeMarkdown(text)}**`, escapeMarkdown(`${repository}#${number}, ${when}, ${owner === '' ? t('assigned to nobody') : owner}`), `${incident} ${escapeMarkdown(title)}`].join('\n\n'),
        mark: overdue ? 'overdue' : 'follow-up', context: 'followUp', click: 'incidentRunbook.openDeliveryLink',
      };
    });
}

/** Due until the end of the day in UTC. */
function whenDue({ due, overdue }: FollowUp, now: number): string {
  if (due === undefined) {
    return t('no due date');
  }
  return overdue ? t('overdue by {0}', formatDuration(now - Date.parse(`${due}T24:00:00Z`))) : t('due {0}', due);
}
