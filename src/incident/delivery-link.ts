/** What a person made by hand instead of the extension: its link holds what later deliveries need to know. */
import type { Delivery } from './deliveries.ts';
import type { Json } from './evidence.ts';

type Result = { readonly [key: string]: Json };

interface LinkRule {
  /** What to paste, completing "Link of …". */
  readonly what: string;
  readonly example: string;
  readonly pattern: RegExp;
  result(groups: Readonly<Record<string, string>>, url: string, delivery: Pick<Delivery, 'data'>): Result;
}

const ISSUE: LinkRule = {
  what: 'the issue', example: 'https://github.com/owner/name/issues/12',
  pattern: /^https:\/\/[^/\s]+\/(?<repository>[\w.-]+\/[\w.-]+)\/issues\/(?<number>[1-9]\d*)(?:[#?]\S*)?$/,
  result: ({ repository = '', number }, url) => ({ repository, number: Number(number), url, labels: [], assignees: [] }),
};

/** `service.call` → how its link is read. */
const RULES: Readonly<Record<string, LinkRule>> = {
  'github.createIssue': ISSUE,
  'github.createFollowUp': ISSUE,
  'slack.createChannel': {
    what: 'the channel', example: 'https://team.slack.com/archives/C0123456789',
    pattern: /^https:\/\/[^/\s]+\/(?:archives|client\/\w+)\/(?<channel>[CG][A-Z0-9]+)(?:[/?]\S*)?$/,
    result: ({ channel = '' }, url, { data }) => ({ channel, name: typeof data['name'] === 'string' ? data['name'] : channel, url }),
  },
  'statuspage.createIncident': {
    what: 'the incident on the status page', example: 'https://manage.statuspage.io/pages/abc/incidents/xyz',
    pattern: /^https:\/\/[^\s?#]+\/incidents\/(?<id>\w+)(?:[/?#]\S*)?$/,
    result: ({ id = '' }, url) => ({ id, url }),
  },
};

function ruleOf({ service, call }: Pick<Delivery, 'service' | 'call'>): LinkRule | undefined {
  return RULES[`${service}.${call}`];
}

/** How to ask for the link; undefined when nothing later depends on it. */
export function linkQuestion(delivery: Pick<Delivery, 'service' | 'call'>): { readonly what: string; readonly example: string } | undefined {
  return ruleOf(delivery);
}

/** What the link says; undefined when it does not look like one of those. */
export function resultOfLink(delivery: Pick<Delivery, 'service' | 'call' | 'data'>, link: string): Result | undefined {
  const rule = ruleOf(delivery);
  const url = link.trim();
  const groups = rule?.pattern.exec(url)?.groups;
  return rule === undefined || groups === undefined ? undefined : rule.result(groups, url, delivery);
}
