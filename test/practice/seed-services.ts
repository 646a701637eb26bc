import { PAGERDUTY_ROUTING_KEY, type PagerDutyState } from '../support/fakes/pagerduty-model.ts';
import { SLACK_BOT } from '../support/fakes/slack-model.ts';
import type { SlackFake } from '../support/fakes/slack.ts';
import type { StatuspageState } from '../support/fakes/statuspage.ts';
import { PORTALS } from './resources.ts';
import { TEAM } from './team.ts';

/** Those that the bundled runbook posts in. */
const CHANNELS = ['incidents', 'digital-prescription-portals'];

export const ESCALATION_POLICY = 'PHFPOL1';
const POLICY = { escalationPolicy: ESCALATION_POLICY, policyName: 'HealthFlow on-call' };

/** The team, and its channels with the app in them. */
export function seedSlack(slack: SlackFake): void {
  const users = TEAM.map(({ login, email }, index) => ({ id: `U0000000${index + 1}`, name: login, email }));
  refill(slack.state.users, users);
  for (const name of CHANNELS) {
    const channel = slack.addChannel(name);
    [SLACK_BOT.user, ...users.map(({ id }) => id)].forEach((id) => channel.members.add(id));
  }
}

/** One service; its on-call engineer and, after them, the DevOps lead. */
export function seedPagerDuty(state: PagerDutyState): void {
  const users = TEAM.slice(0, 2).map(({ name, email }, index) => ({ id: `PHFUSR${index + 1}`, name, email }));
  refill(state.users, users);
  refill(state.services, [{ id: 'PHFSRV1', name: 'HealthFlow production', routingKey: PAGERDUTY_ROUTING_KEY, ...POLICY }]);
  refill(state.escalationPolicies, [{ id: ESCALATION_POLICY, name: POLICY.policyName }]);
  refill(state.oncalls, users.map((user, index) => ({ user, ...POLICY, level: index + 1 })));
}

/** The portals and the API; nobody has told the public anything yet. */
export function seedStatuspage(state: StatuspageState): void {
  refill(state.components, [...PORTALS.map(({ title }) => title), 'API'].map((name, index) => ({ id: `hfcomponent${index + 1}`, name, status: 'operational' as const })));
}

/** The fakes begin with contents of their own. */
function refill<Item>(list: Item[], items: readonly Item[]): void {
  list.splice(0, list.length, ...items);
}
