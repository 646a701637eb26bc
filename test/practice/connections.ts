import type { ConnectableService, Connection } from '../../src/services/connections.ts';
import { DATADOG_KEYS } from '../support/fakes/datadog.ts';
import { GITHUB_TOKENS } from '../support/fakes/github-model.ts';
import { PAGERDUTY_ROUTING_KEY, PAGERDUTY_TOKEN } from '../support/fakes/pagerduty-model.ts';
import { SLACK_TOKEN } from '../support/fakes/slack-model.ts';
import { STATUSPAGE_KEY, STATUSPAGE_PAGE } from '../support/fakes/statuspage.ts';
import { WEBHOOK_TOKEN } from '../support/fakes/webhook.ts';
import { ControlError } from './control-error.ts';
import { REPOSITORY } from './resources.ts';
import { ESCALATION_POLICY } from './seed-services.ts';
import type { ServiceFakes } from './services.ts';

export type PracticeConnections = Readonly<Record<ConnectableService, Connection>>;

/** Whom the practitioner is on GitHub when nothing else is said. */
const PRACTITIONER = 'ada';

/**
 * What the extension needs to reach the services of the practice.
 *
 * @param login who it is on GitHub: ada and grace may push, mallory may only read
 * @throws ControlError for a login without a token
 */
export function connectionsOf(services: ServiceFakes, login: string = PRACTITIONER): PracticeConnections {
  const token = Object.entries(GITHUB_TOKENS).find(([, known]) => known.login === login)?.[0];
  if (token === undefined) {
    throw new ControlError(404, `${login} has no token for GitHub, only ${Object.values(GITHUB_TOKENS).map((known) => known.login).join(', ')}`);
  }
  return {
    github: { url: services.github.url, repository: REPOSITORY, token },
    slack: { url: services.slack.url, token: SLACK_TOKEN },
    pagerduty: {
      eventsUrl: services.pagerduty.eventsUrl, routingKey: PAGERDUTY_ROUTING_KEY, restUrl: services.pagerduty.restUrl, token: PAGERDUTY_TOKEN,
      escalationPolicy: ESCALATION_POLICY,
    },
    datadog: { url: services.datadog.url, apiKey: DATADOG_KEYS.api, applicationKey: DATADOG_KEYS.application, onCallUrl: services.datadog.onCallUrl },
    statuspage: { url: services.statuspage.url, page: STATUSPAGE_PAGE, token: STATUSPAGE_KEY },
    mail: { host: services.mail.host, port: String(services.mail.port), from: 'incidents@healthflow.gov.eg' },
    webhook: { url: services.webhook.url, token: WEBHOOK_TOKEN },
  };
}
