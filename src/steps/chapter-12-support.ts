/** Runbook 12.3 and 13: AWS Support, told what is known. */
import { stands } from '../incident/deliveries.ts';
import { UserError } from '../errors.ts';
import type { Severity } from '../incident/events.ts';
import { escapeMarkdown } from '../incident/markdown.ts';
import { onOneLine, shorten } from '../incident/shorten.ts';
import { resultsOf } from '../incident/step-records.ts';
import type { SupportOffer } from '../services/aws/support.ts';
import { type Composing, assessed, headline, situation, time } from './letters.ts';
import type { Letter, PostAction } from './step.ts';

/** The codes of AWS Support, the gravest first. */
const LEVELS = ['critical', 'urgent', 'high', 'normal', 'low'] as const;
type SupportLevel = (typeof LEVELS)[number];

/** AWS's own descriptions: business-critical system down, production system down, production system impaired, system impaired, guidance. */
const WISHED: Readonly<Record<Severity, SupportLevel>> = { P1: 'critical', P2: 'high', P3: 'normal', P4: 'low' };

const REQUEST = 'Please help us to mitigate what looks like a DDoS attack: tell us what you see of it, and what we can do with AWS WAF and AWS Shield beyond what was tried.';
/** Leaves room for the reference; a case takes 8,000 characters. */
const BODY_LENGTH = 7900;
const LINE_LENGTH = 300;
const MOST_LINES = 10;
/** Where the list of topics has none for attacks. */
const GENERAL = { service: 'general-info', category: 'using-aws' };

/** Opens a support case, or prepares it for the console where the support plan has no API (runbook 12.3). */
export const contactAwsSupport: PostAction = {
  kind: 'post',
  async compose(context, inputs, signal) {
    const { environment, incident, services } = context;
    const severity = assessed(incident);
    const open = incident.deliveries.find((delivery) => delivery.service === 'aws' && delivery.call === 'createCase' && stands(delivery));
    if (open !== undefined) {
      throw new UserError(open.state === 'done'
        ? `A support case was opened at ${time(open.at)}${open.url === undefined ? '' : `: ${open.url}`}. Add to that one in the console, so that AWS has everything in one place.`
        : 'A support case is on its way, or waits for you among the deliveries. Send it or discard it there.');
    }
    const aws = services.aws(environment);
    const [{ NEW_CASE_URL, supportOffer }, { callerIn }] = await Promise.all([import('../services/aws/support.ts'), import('../services/aws/caller.ts')]);
    await callerIn(aws, environment.key, environment.data.aws?.account, signal);
    const offer = await supportOffer(aws, signal);
    const level = levelFor(severity, offer?.levels ?? LEVELS);
    const topic = topicOf(offer);
    const letter: Letter = {
      service: 'aws', call: 'createCase', target: 'AWS Support', text: bodyOf(context, inputs.optionalText('request') ?? REQUEST),
      data: { subject: `DDoS: ${headline(incident)}`, serviceCode: topic.service, categoryCode: topic.category, severityCode: level },
      ...byHand(incident.drill, offer, NEW_CASE_URL),
    };
    const isLower = offer !== undefined && level !== WISHED[severity];
    return {
      events: [], letters: [letter],
      summary: letter.byHand === undefined ? `A case for AWS Support with severity "${level}"` : 'A case for AWS Support, to be opened by hand',
      level: letter.byHand === undefined ? 'ok' : 'warn',
      notes: [
        ...(letter.byHand === undefined ? [] : [`[Open the AWS Support console](${NEW_CASE_URL}) and paste the text.`]),
        ...(isLower ? [`Your support plan offers ${escapeMarkdown(offer.levels.join(', '))}: a ${severity} goes as ${escapeMarkdown(level)}.`] : []),
        ...(topic.isGeneral ? ['AWS Support lists no topic for attacks, so the case goes to general questions. Choose a better one in the console.'] : []),
      ],
      facts: { severityCode: level, serviceCode: topic.service, hasApi: offer !== undefined },
    };
  },
};

/** As grave as the incident is, or the next lower level that the plan has. */
export function levelFor(severity: Severity, offered: readonly string[]): string {
  const wished = LEVELS.slice(LEVELS.indexOf(WISHED[severity]));
  return wished.find((level) => offered.includes(level)) ?? offered[0] ?? 'low';
}

interface Topic {
  readonly service: string;
  readonly category: string;
  readonly isGeneral: boolean;
}

/** AWS names the topics by lists that change: the one for attacks is looked for by its name. */
export function topicOf(offer: SupportOffer | undefined): Topic {
  const service = offer?.services.find(({ name }) => /denial of service/i.test(name));
  const category = service?.categories.find(({ name }) => /inbound/i.test(name)) ?? service?.categories[0];
  return service === undefined || category === undefined ? { ...GENERAL, isGeneral: offer !== undefined } : { service: service.code, category: category.code, isGeneral: false };
}

function byHand(drill: boolean, offer: SupportOffer | undefined, url: string): Pick<Letter, 'byHand'> {
  return drill ? { byHand: 'This is a drill: no case is opened with AWS' }
    : offer === undefined ? { byHand: `The account's support plan has no API. A person opens the case at ${url} and pastes the text` } : {};
}

function bodyOf(context: Composing, request: string): string {
  const { environment: { data }, incident } = context;
  const parts: readonly (readonly [title: string, lines: readonly string[]])[] = [
    ['', [request]],
    ['Incident', situation(context)],
    ['Resources', resourcesOf(data)],
    ['Seen', latestProblems(context)],
    ['Found', incident.findings.slice(-MOST_LINES).map(({ text }) => lineOf(text))],
    ['Done so far', incident.changes.filter(({ state }) => state !== 'planned').slice(-MOST_LINES).map(({ plan, plannedAt, state }) => `${time(plannedAt)}: ${lineOf(plan.summary)} (${state})`)],
  ];
  const body = parts.filter(([, lines]) => lines.length > 0).map(([title, lines]) => [...(title === '' ? [] : [`${title}:`]), ...lines.map((line) => (title === '' ? line : `- ${line}`))].join('\n'));
  return shorten([headline(incident), ...body].join('\n\n'), BODY_LENGTH);
}

function resourcesOf({ aws, endpoints }: Composing['environment']['data']): string[] {
  return [
    ...(aws === undefined ? [] : [
      `AWS account: ${aws.account ?? 'unknown'}, region: ${aws.region}`,
      `Amazon ECS: cluster ${aws.cluster}, ${aws.services.join(', ')}`,
      ...(aws.loadBalancer === undefined ? [] : [`Load balancer: ${aws.loadBalancer}`]),
      ...(aws.waf === undefined ? [] : [`AWS WAF: web ACL ${aws.waf.webAcl} (${aws.waf.scope})${aws.waf.ipSet === undefined ? '' : `, IP set ${aws.waf.ipSet}`}`]),
    ]),
    `Endpoints: ${[...new Set(endpoints.map(({ url }) => new URL(url).origin))].join(', ')}`,
  ];
}

/** Of each step the latest result, where something is wrong. */
function latestProblems({ incident }: Composing): string[] {
  const latest = new Map(resultsOf(incident).map((result) => [result.step, result]));
  return [...latest.values()].filter(({ level }) => level === 'bad' || level === 'warn').slice(-MOST_LINES).map(({ title, summary }) => `${title}: ${lineOf(summary)}`);
}

function lineOf(text: string): string {
  return shorten(onOneLine(text), LINE_LENGTH);
}
