import type { Clock } from '../../src/incident/clock.ts';
import type { DatadogFake } from '../support/fakes/datadog.ts';
import type { Fake } from '../support/fakes/fake-server.ts';
import type { GitHubFake } from '../support/fakes/github.ts';
import type { PagerDutyFake } from '../support/fakes/pagerduty.ts';
import type { SlackFake } from '../support/fakes/slack.ts';
import type { SmtpFake } from '../support/fakes/smtp.ts';
import type { StatuspageFake } from '../support/fakes/statuspage.ts';
import type { WebhookFake } from '../support/fakes/webhook.ts';
import { allStarted, type Cleanup } from './cleanup.ts';
import type { PracticeConnections } from './connections.ts';
import type { IncidentModel } from './model.ts';
import { REPOSITORY } from './resources.ts';

/** What stands in for the outside systems, each on a port of its own. */
export interface ServiceFakes {
  readonly github: GitHubFake;
  readonly slack: SlackFake;
  readonly pagerduty: PagerDutyFake;
  readonly datadog: DatadogFake;
  readonly statuspage: StatuspageFake;
  readonly mail: SmtpFake;
  /** The webhook for in-app notifications. */
  readonly webhook: WebhookFake & { readonly state: Pick<WebhookFake, 'messages'> };
}

export type ServiceName = keyof ServiceFakes;

/** What all of them have in common. */
export type ServiceFake = Pick<Fake<string>, 'validation' | 'operations' | 'exchanges' | 'violations' | 'fault' | 'clearFaults' | 'clearExchanges'> & { readonly state: unknown };

export interface PracticeServices {
  readonly fakes: ServiceFakes;
  /** What the extension needs to reach them, as somebody with a token on GitHub; default ada. @throws ControlError for anybody else */
  connections(login?: string): PracticeConnections;
  /** What contradicted the descriptions of the vendors so far, one line each. */
  violations(): readonly string[];
  /** Datapoints and test results of Datadog that are due by now. */
  tick(): void;
  /** Lets Datadog see that the incident began or ended. */
  change(): void;
}

export interface ServicesOptions {
  readonly clock: Clock;
  readonly model: IncidentModel;
  /** When the running version was deployed, epoch ms. */
  readonly deployedAt: number;
}

/**
 * Starts the outside systems with what belongs to the practice incident in them. Their modules are loaded here, while
 * moto and PostgreSQL start; the vendors' descriptions are compiled by operation, with its first call.
 */
export async function startServices({ clock, model, deployedAt }: ServicesOptions, cleanup: Cleanup): Promise<PracticeServices> {
  const keep = async <Started extends { close(): Promise<void> }>(name: string, starting: Promise<Started>): Promise<Started> => {
    const started = await starting;
    cleanup.defer(name, () => started.close());
    return started;
  };
  const [github, slack, pagerduty, datadog, statuspage, mail, receiver] = await allStarted(
    keep('GitHub', import('../support/fakes/github.ts').then(({ startGitHub }) => startGitHub({ clock, repository: REPOSITORY }))),
    keep('Slack', import('../support/fakes/slack.ts').then(({ startSlack }) => startSlack({ clock }))),
    keep('PagerDuty', import('../support/fakes/pagerduty.ts').then(({ startPagerDuty }) => startPagerDuty({ clock }))),
    keep('Datadog', import('../support/fakes/datadog.ts').then(({ startDatadog }) => startDatadog({ clock }))),
    keep('Statuspage', import('../support/fakes/statuspage.ts').then(({ startStatuspage }) => startStatuspage({ clock }))),
    keep('mail server', import('../support/fakes/smtp.ts').then(({ startSmtp }) => startSmtp({ clock }))),
    keep('webhook', import('../support/fakes/webhook.ts').then(({ startWebhook }) => startWebhook({ clock }))),
  );
  const [{ connectionsOf }, { formatProblem }, { seedGitHub }, { seedPagerDuty, seedSlack, seedStatuspage }, { createDatadogStory }] = await Promise.all([
    import('./connections.ts'), import('../support/fakes/fake-server.ts'), import('./seed-github.ts'), import('./seed-services.ts'), import('./datadog-story.ts'),
  ]);
  seedGitHub(github.state, { startedAt: clock.now(), deployedAt });
  seedSlack(slack);
  seedPagerDuty(pagerduty.state);
  seedStatuspage(statuspage.state);
  const story = createDatadogStory(datadog.state, clock, model);

  const fakes: ServiceFakes = {
    github, slack, pagerduty, datadog, statuspage, mail, webhook: { ...receiver, state: { messages: receiver.messages } },
  };
  return {
    ...story, fakes,
    connections: (login) => connectionsOf(fakes, login),
    violations: () => Object.entries<ServiceFake>({ ...fakes }).flatMap(([name, { violations }]) => violations.map((problem) => `${name}: ${formatProblem(problem)}`)),
  };
}
