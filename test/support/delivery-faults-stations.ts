/** Where deliveries arrive: each service as a fake, and how often what was asked for is really there. */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { DeliveryRequest, DeliveryService } from '../../src/incident/events.ts';
import type { Connection } from '../../src/services/connections.ts';
import { startAwsSupport } from './fakes/aws-support.ts';
import { startSmtp } from './fakes/smtp.ts';
import { seedSlack } from '../practice/seed-services.ts';
import type { ServiceFake } from '../practice/services.ts';
import type { TestClock } from './clock.ts';
import { DATADOG_KEYS, startDatadog } from './fakes/datadog.ts';
import { formatProblem } from './fakes/fake-server.ts';
import { startGitHub } from './fakes/github.ts';
import { PAGERDUTY_ROUTING_KEY } from './fakes/pagerduty-model.ts';
import { startPagerDuty } from './fakes/pagerduty.ts';
import { SLACK_BOT, SLACK_TOKEN, type SlackChannel } from './fakes/slack-model.ts';
import { startSlack } from './fakes/slack.ts';
import { STATUSPAGE_KEY, STATUSPAGE_PAGE, startStatuspage } from './fakes/statuspage.ts';
import { WEBHOOK_TOKEN, startWebhook } from './fakes/webhook.ts';
import { idsOnTicket } from './shared-world.ts';

/** Of the page that Datadog On-Call has sent. */
export const DATADOG_PAGE = '15e74b8b-f865-48d0-bcc5-453323ed2c8f';
export const REPOSITORY = 'acme/shop';

/** The review document in the workspace. */
export const REVIEW = { file: 'review.md', text: '## Action Items\n- [ ] Alert on the pool - Owner: @ada - Due: 2026-12-01\n' } as const;

/** How often a delivery is there, counted in what the service remembers and not in what it was asked. */
type Effects = Readonly<Record<string, (request: DeliveryRequest) => number>>;

type StationFake = Pick<ServiceFake, 'exchanges' | 'fault' | 'violations'>;

export interface Station {
  /** Undefined for the workspace and AWS: there is nothing to connect to. */
  readonly connection?: Connection;
  /** Of AWS, which is no connection: the session of the machine is used. */
  readonly awsEndpoint?: string;
  readonly fake?: StationFake;
  /** By call. */
  readonly effects: Effects;
  /** How often an event is on a ticket. */
  readonly onTicket?: (ticket: number, event: string) => number;
  /** Somebody resolves the incident on the status page itself. */
  readonly resolve?: () => void;
  /** Makes writing impossible; returns what makes it possible again. */
  readonly refuse?: () => () => void;
  close(): Promise<void>;
}

/** @param workspace folder of the status page that is kept as files */
export async function startStation(service: DeliveryService, clock: TestClock, workspace: string): Promise<Station> {
  switch (service) {
    case 'github': return github(clock);
    case 'slack': return slack(clock);
    case 'pagerduty': return pagerduty(clock);
    case 'datadog': return datadog(clock);
    case 'statuspage': return statuspage(clock);
    case 'mail': return mail(clock);
    case 'webhook': return webhook(clock);
    case 'workspace': return statusFiles(workspace);
    case 'aws': return awsSupport(clock);
  }
}

/** @throws Error when an exchange contradicted the vendor's description */
export async function closeStation({ fake, close }: Station): Promise<void> {
  await close();
  const problems = fake?.violations ?? [];
  if (problems.length > 0) {
    throw new Error(problems.map(formatProblem).join('\n'));
  }
}

const count = <Item>(items: readonly Item[], isIt: (item: Item) => boolean): number => items.filter(isIt).length;

async function github(clock: TestClock): Promise<Station> {
  const fake = await startGitHub({ clock, repository: REPOSITORY });
  const opened = ({ data }: DeliveryRequest): number => count(fake.state.issues, ({ title }) => title === data['title']);
  return {
    fake, connection: { url: fake.url, repository: REPOSITORY, token: 'gho_invented-push' }, close: () => fake.close(),
    effects: {
      createIssue: opened, createFollowUp: opened,
      comment: ({ text }) => count(fake.state.comments, ({ body }) => body.includes(text)),
      closeIssue: () => count(fake.state.issues, ({ state, stateReason }) => state === 'closed' && stateReason === 'completed'),
    },
    onTicket: (ticket, event) => count(idsOnTicket(fake, ticket), (id) => id === event),
  };
}

async function slack(clock: TestClock): Promise<Station> {
  const fake = await startSlack({ clock });
  seedSlack(fake);
  const others = new Set(fake.state.channels);
  const created = (): SlackChannel[] => fake.state.channels.filter((channel) => !others.has(channel));
  return {
    fake, connection: { url: fake.url, token: SLACK_TOKEN }, close: () => fake.close(),
    effects: {
      postMessage: ({ text }) => count(fake.state.channels.flatMap(({ messages }) => messages), (message) => message.text.includes(text)),
      createChannel: () => created().length,
      setTopic: ({ data }) => count(created(), ({ topic }) => topic === data['topic']),
      invite: () => count(created().flatMap(({ members }) => [...members]), (user) => user !== SLACK_BOT.user),
      addBookmark: ({ data }) => count(created().flatMap(({ bookmarks }) => bookmarks), ({ link }) => link === data['link']),
    },
  };
}

async function pagerduty(clock: TestClock): Promise<Station> {
  const fake = await startPagerDuty({ clock });
  const { incidents } = fake.state;
  return {
    fake, connection: { eventsUrl: fake.eventsUrl, routingKey: PAGERDUTY_ROUTING_KEY }, close: () => fake.close(),
    effects: {
      trigger: () => incidents.length,
      acknowledge: () => incidents.flatMap(({ acknowledgements }) => acknowledgements).length,
      resolve: () => count(incidents, ({ status }) => status === 'resolved'),
    },
  };
}

async function datadog(clock: TestClock): Promise<Station> {
  const fake = await startDatadog({ clock });
  fake.state.pages.push({ id: DATADOG_PAGE, status: 'triggered' });
  return {
    fake, connection: { url: fake.url, apiKey: DATADOG_KEYS.api, applicationKey: DATADOG_KEYS.application, onCallUrl: fake.onCallUrl }, close: () => fake.close(),
    effects: { acknowledgePage: () => count(fake.state.pages, ({ status }) => status === 'acknowledged') },
  };
}

async function statuspage(clock: TestClock): Promise<Station> {
  const fake = await startStatuspage({ clock });
  return {
    fake, connection: { url: fake.url, page: STATUSPAGE_PAGE, token: STATUSPAGE_KEY }, close: () => fake.close(),
    effects: {
      createIncident: ({ data }) => count(fake.state.incidents, ({ name }) => name === data['name']),
      updateIncident: ({ text }) => count(fake.state.incidents.flatMap(({ updates }) => updates), ({ body }) => body === text),
    },
    resolve: () => { fake.state.incidents.forEach((incident) => { incident.status = 'resolved'; }); },
  };
}

async function mail(clock: TestClock): Promise<Station> {
  const fake = await startSmtp({ clock });
  return {
    fake, connection: { host: fake.host, port: String(fake.port), from: 'incidents@healthflow.gov.eg' }, close: () => fake.close(),
    effects: { send: ({ data }) => count(fake.state, ({ subject }) => subject === data['subject']) },
  };
}

async function webhook(clock: TestClock): Promise<Station> {
  const fake = await startWebhook({ clock });
  return {
    fake, connection: { url: fake.url, token: WEBHOOK_TOKEN }, close: () => fake.close(),
    effects: { post: ({ text }) => count(fake.messages, ({ message }) => message === text) },
  };
}

async function awsSupport(clock: TestClock): Promise<Station> {
  const fake = await startAwsSupport({ clock });
  return {
    fake, awsEndpoint: fake.origin, close: () => fake.close(),
    effects: { createCase: ({ text }) => count(fake.cases, ({ body }) => body.includes(text)) },
  };
}

function statusFiles(workspace: string): Station {
  const issues = path.join(workspace, 'content', 'issues');
  const review = path.join(workspace, REVIEW.file);
  const drafted = path.join(workspace, 'reviews', 'first.md');
  mkdirSync(issues, { recursive: true });
  writeFileSync(review, REVIEW.text);
  return {
    effects: {
      writeStatusPage: ({ text }) => readdirSync(issues).filter((name) => name.endsWith('.md'))
        .reduce((sum, name) => sum + readFileSync(path.join(issues, name), 'utf8').split(text).length - 1, 0),
      writeReview: () => (existsSync(drafted) ? readFileSync(drafted, 'utf8').split('<!-- incident-runbook:review ').length - 1 : 0),
      writeActionLinks: ({ data }) => readFileSync(review, 'utf8').split(`](${String(data['url'])})`).length - 1,
    },
    refuse: () => {
      rmSync(issues, { recursive: true });
      writeFileSync(issues, 'No folder');
      rmSync(review);
      rmSync(path.dirname(drafted), { recursive: true, force: true });
      writeFileSync(path.dirname(drafted), 'No folder');
      return () => {
        rmSync(path.dirname(drafted));
        writeFileSync(review, REVIEW.text);
        rmSync(issues);
        mkdirSync(issues);
      };
    },
    close: () => Promise.resolve(),
  };
}
