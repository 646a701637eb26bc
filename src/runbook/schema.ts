/**
 * The shape of a runbook file: one source for the types, the validation and the published JSON schema
 * (media/runbook.schema.json, generated from here). Only types of this file reach the activation bundle.
 */
import { type Static, type TSchema, Type } from '@sinclair/typebox';
import { DETECTION_SOURCES, SEVERITIES } from '../incident/events.ts';
import { APPROVALS } from '../incident/plan.ts';

const closed = { additionalProperties: false } as const;
const oneOf = <T extends string>(values: readonly T[], description?: string) =>
  Type.Unsafe<T>({ type: 'string', enum: [...values], ...(description === undefined ? {} : { description }) });
const listOf = <T extends TSchema>(items: T, description: string) => Type.Array(items, { minItems: 1, description });
const text = (description: string) => Type.String({ minLength: 1, description });

// The description of a pattern completes the sentence "must be …" of the loader's messages: it starts with an article.
const Section = Type.String({ pattern: '^\\d+(\\.\\d+)*$', description: 'A place in the runbook text, e.g. "5.1".' });
const Id = Type.String({ pattern: '^[a-z][A-Za-z0-9]*$', description: 'An identifier in camelCase, e.g. checkEndpoints.' });
const Url = Type.String({ pattern: '^https?://[^\\s]+$', description: 'An http or https URL.' });
const HttpsUrl = Type.String({ pattern: '^https://[^\\s]+$', description: 'An https URL.' });
const Email = Type.String({ pattern: '^[^\\s@]+@[^\\s@]+$', description: 'An e-mail address.' });
const TimeOfDay = Type.String({ pattern: '^([01]\\d|2[0-3]):[0-5]\\d$', description: 'A time of day as HH:MM, e.g. 09:00.' });
const SeverityName = oneOf(SEVERITIES, 'Severity level.');
const Minutes = Type.Number({ minimum: 0, description: 'Minutes.' });
/** Keys are identifiers; without `closed` a key of another form would pass unchecked. */
const byId = <T extends TSchema>(value: T, options: { description?: string; minProperties?: number } = {}) =>
  Type.Record(Id, value, { ...closed, ...options });

const Endpoint = Type.Object({
  name: text('Name people use for it.'),
  url: Url,
  kind: oneOf(['health', 'version', 'portal', 'api'], 'What the URL answers.'),
  timeoutMs: Type.Optional(Type.Integer({ minimum: 100, maximum: 60000, description: 'How long to wait for an answer, ms. Default 5000.' })),
  slowMs: Type.Optional(Type.Integer({ minimum: 1, description: 'Slower than this is a warning, ms. Default 1000.' })),
}, closed);

const Environment = Type.Object({
  title: text('Name shown to people.'),
  section: Section,
  aws: Type.Optional(Type.Object({
    region: Type.String({ pattern: '^[a-z]{2}(-[a-z]+)+-\\d$', description: 'An AWS region, e.g. eu-west-1.' }),
    account: Type.Optional(Type.String({ pattern: '^\\d{12}$', description: 'An AWS account id of 12 digits; changes are refused for any other.' })),
    cluster: text('ECS cluster name.'),
    services: listOf(text('ECS service name.'), 'ECS services, the most important first.'),
    databaseInstance: text('RDS DB instance identifier.'),
    logGroups: listOf(text('CloudWatch log group name.'), 'Log groups to read.'),
    loadBalancer: Type.Optional(text('Name of the Application Load Balancer in front of the services.')),
    waf: Type.Optional(Type.Object({
      scope: oneOf(['REGIONAL', 'CLOUDFRONT'], 'REGIONAL for a load balancer or an API, CLOUDFRONT for a distribution.'),
      webAcl: text('Name of the web ACL.'),
      ipSet: Type.Optional(text('Name of the IP set whose addresses the web ACL blocks.')),
    }, { ...closed, description: 'AWS WAF in front of the environment (runbook 12.3).' })),
  }, { ...closed, description: 'AWS resources of the environment.' })),
  endpoints: listOf(Endpoint, 'What can be asked over HTTP.'),
  expectedVersion: Type.Optional(text('Version or commit that should be running.')),
  redis: Type.Optional(Type.Object({
    host: text('Host name.'),
    port: Type.Integer({ minimum: 1, maximum: 65535, description: 'TCP port.' }),
    tls: Type.Optional(Type.Boolean({ description: 'Whether the connection is encrypted. Default true.' })),
    database: Type.Optional(Type.Integer({ minimum: 0, maximum: 15, description: 'Number of the database. Default 0.' })),
    prefixes: Type.Optional(listOf(text('Prefix.'), 'Prefixes of keys that can be cleared without harm, e.g. cache:.')),
  }, { ...closed, description: 'The cache. User and password are no part of it: they belong to the connection.' })),
}, closed);

const SeverityLevel = Type.Object({
  section: Section,
  impact: text('What this level means for users.'),
  responseMinutes: Minutes,
  example: text('Examples.'),
  updateEveryMinutes: Minutes,
  targetResolutionMinutes: Type.Optional(Minutes),
  notify: Type.Object({
    channels: listOf(text('Channel, e.g. #incidents.'), 'Channels to post in.'),
    contacts: Type.Array(Id, { description: 'Contacts to notify at once.' }),
    page: Type.Boolean({ description: 'Whether the on-call engineer is paged.' }),
    assign: Type.Boolean({ description: 'Whether a team member is assigned.' }),
  }, closed),
  stakeholders: Type.Array(Type.Object({
    contact: Id,
    withinMinutes: Minutes,
    everyMinutes: Type.Optional(Minutes),
  }, closed), { description: 'Who hears of it, by when, and how often after that (runbook 7.3).' }),
}, closed);

const Question = Type.Object({
  id: Id,
  section: Section,
  text: text('The question as asked.'),
  hint: Type.Optional(text('An example that helps to answer.')),
  options: listOf(Type.Object({
    id: Id,
    label: text('The answer as shown.'),
    countsAs: Type.Optional(Id),
  }, closed), 'Possible answers. `countsAs` names the option a doubtful answer is taken for: in doubt the higher level.'),
}, closed);

const AssessmentRule = Type.Object({
  when: byId(listOf(Id, 'Answers, any of which holds.'), { description: 'Question id → answers; all questions must hold.', minProperties: 1 }),
  severity: SeverityName,
  reason: text('Why, in words a responder can say aloud.'),
}, closed);

const Contact = Type.Object({
  title: text('Role.'),
  section: Section,
  email: Type.Optional(Email),
  phone: Type.Optional(text('Phone number.')),
  slack: Type.Optional(text('Slack handle or channel.')),
  slackUser: Type.Optional(Type.String({ pattern: '^[UW][A-Z0-9]+$', description: 'A Slack member id, e.g. U012AB3CD; without one the member is looked up by e-mail address.' })),
  github: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?$', description: 'A GitHub login without @; tickets and action items are assigned to it.' })),
  url: Type.Optional(Url),
  methods: listOf(oneOf(['pagerduty', 'slack', 'phone', 'email', 'console']), 'Ways to reach the contact, the first to try first.'),
  availability: oneOf(['always', 'businessHours'], 'When the contact can be reached.'),
  note: Type.Optional(text('Anything to know before calling.')),
}, closed);

export const EFFECTS = ['read', 'change', 'destructive', 'post'] as const;

/** One schema with several types, not a union: a union makes one wrong value four messages. */
const InputValue = Type.Unsafe<string | number | boolean | string[]>({
  type: ['string', 'number', 'boolean', 'array'], items: { type: 'string' },
  description: 'Text, a number, true or false, or a list of texts.',
});
const Inputs = byId(InputValue, { description: 'Inputs of the action; ${environment.…} refers to the environment, e.g. ${environment.aws.cluster} or ${environment.aws.services.0}.' });

const Step = Type.Object({
  id: Id,
  section: Section,
  phase: Id,
  title: text('What the step does, in a few words.'),
  description: text('What happens, and where it differs from the runbook text and why.'),
  effect: oneOf(EFFECTS, 'read: changes nothing outside the incident\'s own records. change: can be undone. destructive: cannot. post: reaches people.'),
  action: Id,
  inputs: Type.Optional(Inputs),
  approval: Type.Optional(oneOf(APPROVALS, 'Of a change, who must agree to its plan. none: whoever applies it. confirm: the same person once more. twoPeople: a second person, on the ticket. Default confirm.')),
  investigate: Type.Optional(Type.Boolean({ description: 'Whether "Investigate" runs it together with the others.' })),
  runbookCommand: Type.Optional(text('The command of the runbook text, corrected, for those who want to run it by hand.')),
}, closed);

const GuidedStep = Type.Object({
  step: Id,
  note: Type.Optional(text('What to mind.')),
  inputs: Type.Optional(Inputs),
}, { ...closed, description: 'A step in a guided list; its inputs take the place of those of the step.' });

const Scenario = Type.Object({
  id: Id,
  section: Section,
  title: text('Name.'),
  symptoms: listOf(Type.Object({
    text: text('What people see.'),
    step: Type.Optional(Id),
    pattern: Type.Optional(text('Regular expression looked for in the evidence, case-insensitive.')),
  }, closed), 'What points to it. `pattern` is looked for in the evidence of `step`, or of every step where none is named; a `step` without pattern counts when it is warn or bad; with neither, people are asked.'),
  steps: listOf(GuidedStep, 'Steps in order.'),
}, closed);

const Situation = Type.Object({
  id: Id,
  section: Section,
  title: text('Name.'),
  steps: listOf(GuidedStep, 'Steps that help, in order.'),
}, closed);

const Threshold = (level: string) => Type.Optional(Type.Number({ description: `A number in the unit of the query; a last value above it is ${level}. Without thresholds the values are shown and not judged.` }));

const Dashboard = Type.Object({
  title: text('Name people use for it.'),
  section: Section,
  id: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9-]+$', description: 'An id of a Datadog dashboard, e.g. abc-def-ghi, the part of its address after /dashboard/.' })),
  url: Type.Optional(HttpsUrl),
  queries: Type.Optional(listOf(Type.Object({
    title: text('Name of the metric.'),
    query: text('Datadog metric query, e.g. sum:trace.http.request.errors{env:production}.as_count().'),
    unit: text('Unit of its values as people read it, e.g. %, ms or errors.'),
    warnAbove: Threshold('a warning'),
    badAbove: Threshold('bad'),
  }, closed), 'Metrics that are read as well when Datadog is connected.')),
}, { ...closed, description: 'A dashboard, by id or by url; the url takes precedence.' });

const Datadog = Type.Object({
  section: Type.Optional(Section),
  monitorQuery: Type.Optional(text('Which monitors are listed, in the search syntax of the monitor list, e.g. tag:"service:healthflow"; the states Alert, Warn and No Data are added to it. Default: all monitors.')),
  synthetics: Type.Optional(listOf(Type.String({ pattern: '^[a-z0-9]{3}-[a-z0-9]{3}-[a-z0-9]{3}$', description: 'A public id of a synthetic API test, e.g. abc-def-ghi.' }), 'Synthetic API tests that are asked.')),
  dashboards: Type.Optional(byId(Dashboard, { description: 'Dashboards; the steps open errorRates and performance unless their input "dashboard" says otherwise.' })),
}, { ...closed, description: 'What is looked at in Datadog. Keys and addresses are no part of it: they belong to the connection.' });

const Deployment = Type.Object({
  section: Type.Optional(Section),
  workflow: Type.Optional(text('File name of the GitHub workflow that deploys, e.g. deploy.yml.')),
  branch: Type.Optional(text('Branch that is deployed, e.g. main. Default: the default branch of the repository.')),
}, { ...closed, description: 'How the service is deployed.' });

const Video = Type.Object({
  kind: oneOf(['slackHuddle', 'jitsi', 'url'], 'slackHuddle: the huddle of the channel. jitsi: a room that nobody can guess. url: always the same address.'),
  url: Type.Optional(HttpsUrl),
}, { ...closed, description: 'Video link of the war room. url is the address of kind url, and the server of kind jitsi (default https://meet.jit.si).' });

export const RunbookSchema = Type.Object({
  name: text('Name of the runbook.'),
  version: text('Version.'),
  date: Type.Optional(text('Date of the version.')),
  author: Type.Optional(text('Who wrote it.')),
  history: Type.Optional(Type.Array(Type.Object({
    version: text('Version.'), date: text('Date of the version.'), author: text('Who wrote it.'), changes: text('What changed.'),
  }, closed), { description: 'Versions of the runbook.' })),
  section: Section,
  purpose: text('What it is for (runbook 1).'),
  timeZone: text('IANA time zone of business hours, e.g. Africa/Cairo.'),
  businessHours: Type.Object({
    days: listOf(oneOf(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']), 'Working days.'),
    from: TimeOfDay,
    to: TimeOfDay,
  }, closed),
  environments: byId(Environment, { minProperties: 1, description: 'Environments; the first is the default.' }),
  severities: Type.Object({ P1: SeverityLevel, P2: SeverityLevel, P3: SeverityLevel, P4: SeverityLevel }, closed),
  assessment: Type.Object({
    section: Section,
    questions: listOf(Question, 'Asked in this order.'),
    rules: listOf(AssessmentRule, 'The gravest rule that holds wins.'),
    otherwise: Type.Object({ severity: SeverityName, reason: text('Why.') }, closed),
  }, closed),
  detection: Type.Array(Type.Object({
    source: oneOf(DETECTION_SOURCES, 'How it came to be known.'), section: Section, title: text('Name.'), examples: Type.Optional(text('Examples.')),
  }, closed), { minItems: 1 }),
  phases: listOf(Type.Object({ id: Id, section: Section, title: text('Name.'), description: text('What it is for.') }, closed), 'Phases in order.'),
  steps: listOf(Step, 'Every step of the runbook.'),
  scenarios: Type.Array(Scenario),
  situations: Type.Optional(Type.Array(Situation, { description: 'Common issues and what to look at or do for each (runbook 5.2, 6.1).' })),
  contacts: byId(Contact),
  escalation: Type.Object({
    section: Section,
    triggers: listOf(Type.Object({ id: Id, section: Section, text: text('The trigger.'), seen: Type.Boolean({ description: 'Whether the timeline shows it by itself.' }) }, closed), 'When to escalate.'),
    path: listOf(Type.Object({ level: Type.Integer({ minimum: 1, description: 'Place on the path; 1 is asked first.' }), contact: Id, methods: listOf(text('Way.'), 'Ways.') }, closed), 'Whom, in order.'),
  }, closed),
  warRoom: Type.Object({
    section: Section,
    severities: Type.Array(SeverityName, { minItems: 1 }),
    afterMinutes: Minutes,
    channel: text('Channel name; YYYYMMDD stands for the date.'),
    video: Type.Optional(Video),
    roles: listOf(Type.Object({ id: Id, section: Section, title: text('Name.'), duty: text('What the role does.') }, closed), 'Roles.'),
  }, closed),
  statusPage: Type.Object({
    section: Section,
    stages: listOf(Type.Object({
      id: Id, section: Section, title: text('Stage.'),
      statuspage: oneOf(['investigating', 'identified', 'monitoring', 'resolved'], 'State on Statuspage.'),
      markdown: text('State on a Markdown status page.'),
      body: Type.Optional(text('Text sent with the stage.')),
    }, closed), 'Stages in order.'),
  }, closed),
  userNotifications: Type.Object({
    section: Section,
    severities: Type.Array(SeverityName, { minItems: 1 }),
    channels: listOf(text('Channel.'), 'Ways users are told.'),
    recipients: Type.Optional(listOf(Email, 'Addresses that mail to users goes to, e.g. a mailing list.')),
  }, closed),
  datadog: Type.Optional(Datadog),
  deployment: Type.Optional(Deployment),
  checklists: byId(Type.Object({
    section: Section, title: text('Name.'),
    items: listOf(Type.Object({ id: Id, text: text('What must hold.'), provedBy: Type.Optional(listOf(Id, 'Steps whose evidence proves it; any one of them does.')) }, closed), 'Boxes.'),
  }, closed)),
  templates: byId(Type.Object({ section: Section, title: text('Name.'), body: text('Text with [placeholders] as in the runbook.') }, closed)),
  stability: Type.Object({ section: Section, minutes: Minutes, watch: listOf(text('What is watched.'), 'What is watched.') }, closed),
  review: Type.Object({
    section: Section,
    withinHours: Type.Number({ minimum: 1, description: 'Hours from the resolution to the review meeting.' }),
    invite: listOf(Type.Object({
      who: text('Group or contact, as people say it. Incident responders are those on the timeline.'),
      contacts: Type.Optional(listOf(Id, 'Contacts who get the invitation for it. Default: the contact of that title.')),
      severities: Type.Optional(Type.Array(SeverityName, { minItems: 1 })),
    }, closed), 'Invitees.'),
    topics: listOf(Type.Object({ title: text('Topic.'), question: text('What to discuss.') }, closed), 'Agenda.'),
    actionItems: Type.Object({ section: Section, label: text('Label.'), titlePrefix: text('Prefix of the issue title.') }, closed),
  }, closed),
  metrics: listOf(Type.Object({
    id: oneOf(['mttd', 'mtta', 'mttr', 'recurrence'], 'What is measured.'), section: Section, title: text('Name.'),
    targetMinutes: Type.Optional(Minutes),
    targetMinutesBySeverity: Type.Optional(Type.Partial(Type.Object({ P1: Minutes, P2: Minutes, P3: Minutes, P4: Minutes }, closed))),
    targetPercent: Type.Optional(Type.Number({ minimum: 0, maximum: 100, description: 'Less than this, per cent.' })),
  }, closed), 'Targets.'),
  references: Type.Array(Type.Object({ title: text('Name.'), section: Section, target: text('URL, or path relative to the runbook.') }, closed)),
  redaction: Type.Optional(Type.Array(Type.Object({
    name: text('Name shown in place of the text.'), pattern: text('Regular expression.'),
  }, closed), { description: 'Patterns hidden from evidence besides the built-in ones.' })),
}, { ...closed, $id: 'incident-runbook', title: 'Incident runbook' });

export type Runbook = Static<typeof RunbookSchema>;
export type RunbookStep = Static<typeof Step>;
export type RunbookEnvironment = Static<typeof Environment>;
export type RunbookEndpoint = Static<typeof Endpoint>;
export type RunbookScenario = Static<typeof Scenario>;
export type RunbookSituation = Static<typeof Situation>;
export type GuidedRunbookStep = Static<typeof GuidedStep>;
export type RunbookContact = Static<typeof Contact>;
export type RunbookDashboard = Static<typeof Dashboard>;
export type StepInputs = Static<typeof Inputs>;
export type AssessmentRules = Runbook['assessment'];
export type StepEffect = (typeof EFFECTS)[number];
