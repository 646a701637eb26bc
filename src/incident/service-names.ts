/** The outside systems as people call them. */
import type { DeliveryService } from './events.ts';

const NAMES: Readonly<Record<DeliveryService, string>> = {
  github: 'GitHub', slack: 'Slack', pagerduty: 'PagerDuty', datadog: 'Datadog', statuspage: 'Statuspage', mail: 'Mail', webhook: 'The webhook for in-app notifications', workspace: 'The workspace', aws: 'AWS Support',
};

/** A service as people call it. */
export function serviceName(service: DeliveryService): string {
  return NAMES[service];
}
