import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { client as datadogClient, v1 as datadog } from '@datadog/datadog-api-client';
import { Octokit } from '@octokit/rest';
import { WebClient } from '@slack/web-api';
import { after, afterEach, before, describe, it } from 'mocha';
import { createTransport } from 'nodemailer';
import { CONNECTABLE, CONNECTION_KINDS, readConnection } from '../../src/services/connections.ts';
import type { PracticeConnections } from '../practice/connections.ts';
import { ON_CALL_PAGE, SYNTHETIC_TESTS } from '../practice/datadog-story.ts';
import { startPractice, type Practice } from '../practice/environment.ts';
import { STORY } from '../practice/model.ts';
import { ALARMS, PORTALS, RELEASE, REPOSITORY } from '../practice/resources.ts';
import type { ServiceCall } from '../practice/service-control.ts';
import { TEAM } from '../practice/team.ts';
import { bundledRunbook } from '../support/bundled-runbook.ts';
import { ask, fieldsOf } from '../support/fakes/ask.ts';
import { specsAvailable } from '../support/fakes/openapi.ts';
import { SLACK_BOT } from '../support/fakes/slack-model.ts';
import type { ReceivedMail } from '../support/fakes/smtp.ts';

const MINUTE_MS = 60_000;
const [owner = '', repo = ''] = REPOSITORY.split('/');

describe('the outside services of the practice environment', function () {
  this.timeout(60_000);
  let dir: string;
  let practice: Practice;
  // Time passes by moving the clock; the tick by itself would never come.
  const startedAt = Date.now();
  let ahead = 0;
  const now = (): number => startedAt + ahead;
  let octokit: Octokit;
  let slack: WebClient;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'practice-services-'));
    practice = await startPractice({ dir, clock: { now }, tickMs: 3_600_000 });
    octokit = octokitOf(practice.connections);
    slack = new WebClient(practice.connections.slack['token'], { slackApiUrl: practice.connections.slack['url'] ?? '', retryConfig: { retries: 0 } });
  });
  after(async () => {
    await practice?.stop();
    await rm(dir, { recursive: true, force: true });
  });
  afterEach(async () => {
    const violations = (await control('GET', 'violations')).body;
    await control('DELETE', 'services');
    assert.deepEqual(violations, []);
  });

  const octokitOf = ({ github: { url = '', token } }: PracticeConnections): Octokit =>
    new Octokit({ auth: token, baseUrl: url, log: { debug() {}, info() {}, warn() {}, error() {} } });
  const control = async (method: 'GET' | 'POST' | 'DELETE', name: string, json?: unknown): Promise<{ readonly status: number; readonly body: unknown }> => {
    const { status, text } = await ask(method, `${practice.awsEndpoint}/_practice/${name}`, json === undefined ? {} : { json });
    return { status, body: text === '' ? undefined : JSON.parse(text) as unknown };
  };
  const notify = (json: unknown): ReturnType<typeof ask> => ask('POST', practice.connections.webhook['url'] ?? '', {
    json, headers: { authorization: `Bearer ${practice.connections.webhook['token']}` },
  });
  const calls = async (service: string): Promise<readonly ServiceCall[]> => (await control('GET', `services/${service}/calls`)).body as readonly ServiceCall[];
  const minutesAgo = (at: string): number => Math.round((now() - Date.parse(at)) / MINUTE_MS);
  const pagerDuty = (path: string): ReturnType<typeof ask> => ask('GET', `${practice.connections.pagerduty['restUrl']}${path}`, {
    headers: {
      authorization: `Token token=${practice.connections.pagerduty['token']}`, accept: 'application/vnd.pagerduty+json;version=2', 'content-type': 'application/json',
    },
  });
  const send = (mail: { to: readonly string[]; subject?: string }): Promise<{ rejected: readonly unknown[] }> => {
    const { mail: { host = '', port, from } } = practice.connections;
    return createTransport({ host, port: Number(port) }).sendMail({
      from, to: [...mail.to], subject: mail.subject ?? 'Incident Resolved', text: 'Prescriptions work again.\n', messageId: '<delivery-1@practice>',
    });
  };
  const mails = async (): Promise<readonly ReceivedMail[]> => (await control('GET', 'services/mail')).body as readonly ReceivedMail[];

  it('are connected by values that the extension takes, over the settings unless a test wants none', async () => {
    assert.equal(practice.settings['incidentRunbook.practice'], practice.awsEndpoint);
    assert.deepEqual(Object.keys(practice.connections).toSorted(), [...CONNECTABLE].toSorted());
    for (const service of CONNECTABLE) {
      assert.deepEqual(readConnection(service, practice.connections[service]), practice.connections[service], CONNECTION_KINDS[service].title);
    }
    assert.deepEqual((await control('GET', 'connections')).body, practice.connections);
  });

  it('know two people on GitHub', async () => {
    const { body } = await control('GET', 'connections?as=grace');
    const logins = await Promise.all([octokit, octokitOf(body as PracticeConnections)].map(async (client) => (await client.users.getAuthenticated()).data.login));
    assert.deepEqual(logins, ['ada', 'grace']);
    assert.equal((await control('GET', 'connections?as=nobody')).status, 404);
  });

  it('tell on GitHub of the release that the backend runs', async () => {
    const { data: deployments } = await octokit.repos.listDeployments({ owner, repo, environment: 'production', per_page: 5 });
    assert.equal(deployments.length, 5);
    assert.deepEqual([deployments[0]?.sha, deployments[0]?.ref], [RELEASE.commit, `v${RELEASE.version}`]);
    assert.equal(minutesAgo(deployments[0]?.created_at ?? ''), STORY.deployedMinutesAgo);
    const { data: { workflow_runs: runs } } = await octokit.actions.listWorkflowRunsForRepo({ owner, repo, per_page: 5 });
    const { workflow, branch } = bundledRunbook().deployment ?? {};
    assert.ok(runs.some(({ path, head_branch: on, head_sha: sha, conclusion }) => path.endsWith(`/${workflow}`) && on === branch && sha === RELEASE.commit && conclusion === 'success'));
    assert.deepEqual(runs.map(({ created_at: at }) => at), runs.map(({ created_at: at }) => at).toSorted().toReversed(), 'newest first');
    const { data: newest } = await octokit.actions.listJobsForWorkflowRun({ owner, repo, run_id: runs[0]?.id ?? 0 });
    assert.deepEqual([...new Set(newest.jobs.map(({ conclusion }) => conclusion))], ['success']);
    const { data: { workflow_runs: failed } } = await octokit.actions.listWorkflowRunsForRepo({ owner, repo, status: 'failure' });
    assert.equal(failed.length, 1);
  });

  it('show on GitHub what the release changed, and labels but no issue', async () => {
    const { data: compared } = await octokit.repos.compareCommitsWithBasehead({ owner, repo, basehead: `v2.14.0...v${RELEASE.version}` });
    assert.ok(compared.files?.some(({ filename }) => filename === 'src/db/pool.js'));
    assert.equal(compared.commits.at(-1)?.sha, RELEASE.commit);
    const { data: labels } = await octokit.issues.listLabelsForRepo({ owner, repo });
    assert.ok(labels.some(({ name }) => name === 'incident'));
    assert.deepEqual((await octokit.issues.listForRepo({ owner, repo, state: 'all' })).data, []);
  });

  it('have in Slack the channels of the runbook, and the people it can reach there', async () => {
    const { channels = [] } = await slack.conversations.list();
    const { severities, contacts } = bundledRunbook();
    const wanted = Object.values(severities).flatMap(({ notify }) => notify.channels);
    assert.deepEqual(new Set(channels.filter(({ is_member: isMember }) => isMember).map(({ name }) => `#${name}`)), new Set(wanted));
    for (const [id, { email = '', methods }] of Object.entries(contacts).filter(([, contact]) => contact.methods.includes('slack'))) {
      const { user } = await slack.users.lookupByEmail({ email });
      assert.equal(user?.name, TEAM.find(({ contact }) => contact === id)?.login, methods.join());
    }
    const { channel, ts } = await slack.chat.postMessage({ channel: '#incidents', text: 'Incident acknowledged - investigating' });
    const { messages } = await slack.conversations.history({ channel: channel ?? '' });
    assert.equal(messages?.[0]?.ts, ts);
  });

  it('have in PagerDuty the on-call engineer, whom an event pages', async () => {
    const { eventsUrl, routingKey, escalationPolicy } = practice.connections.pagerduty;
    const oncalls = await pagerDuty(`/oncalls?escalation_policy_ids[]=${escalationPolicy}`);
    assert.deepEqual(fieldsOf(oncalls.body, 'escalation_level', 'oncalls'), [1, 2]);
    const named = { escalation_policy: { id: escalationPolicy, summary: 'HealthFlow on-call' } };
    assert.partialDeepStrictEqual(oncalls.body, { oncalls: [named, named] });
    assert.deepEqual(fieldsOf((await pagerDuty('/escalation_policies')).body, 'name', 'escalation_policies'), ['HealthFlow on-call']);
    assert.deepEqual(fieldsOf(oncalls.body, 'user', 'oncalls').map((user) => (user as { summary: string }).summary), TEAM.slice(0, 2).map(({ name }) => name));
    const event = await ask('POST', `${eventsUrl}/enqueue`, {
      json: { routing_key: routingKey, event_action: 'trigger', dedup_key: 'INC-1', payload: { summary: 'Prescriptions', source: 'HealthFlow', severity: 'critical' } },
    });
    assert.equal(event.status, 202);
    assert.partialDeepStrictEqual((await pagerDuty('/incidents?incident_key=INC-1')).body, { incidents: [{ title: 'Prescriptions', ...named }] });
  });

  it('show in Datadog what the incident does, until it ends', async () => {
    const { url = '', apiKey = '', applicationKey = '' } = practice.connections.datadog;
    const configuration = datadogClient.createConfiguration({
      baseServer: new datadogClient.BaseServerConfiguration(url, {}), authMethods: { apiKeyAuth: apiKey, appKeyAuth: applicationKey },
    });
    const monitors = new datadog.MonitorsApi(configuration);
    const statuses = async (query: string): Promise<unknown[]> => ((await monitors.searchMonitors({ query })).monitors ?? []).map(({ status }) => status);
    const newest = async (test: string): Promise<unknown> => (await new datadog.SyntheticsApi(configuration).getAPITestLatestResults({ publicId: test })).results?.[0]?.result?.passed;
    const [errorRate = '', latency = ''] = Object.values(bundledRunbook().datadog?.dashboards ?? {}).flatMap(({ queries = [] }) => queries.map(({ query }) => query));
    const points = async (query: string): Promise<number[]> => {
      const to = Math.floor(now() / 1000);
      const { series } = await new datadog.MetricsApi(configuration).queryMetrics({ from: to - 3600, to, query });
      return (series?.[0]?.pointlist ?? []).map(([, value]) => value);
    };
    assert.deepEqual([await statuses('status:alert'), await statuses('status:warn')], [['Alert'], ['Warn']]);
    const [triggered] = (await monitors.searchMonitors({ query: 'status:alert' })).monitors ?? [];
    const alarm = ALARMS.find(({ name }) => name.endsWith('5xx'));
    assert.equal(Math.round((now() / 1000 - (triggered?.lastTriggeredTs ?? 0)) / 60), STORY.exhaustedMinutesAgo - (alarm?.firesAfterMinutes ?? 0), 'together with the alarm of CloudWatch');
    assert.deepEqual(bundledRunbook().datadog?.synthetics, Object.values(SYNTHETIC_TESTS));
    assert.deepEqual([await newest(SYNTHETIC_TESTS.patientPortal), await newest(SYNTHETIC_TESTS.doctorPortal)], [false, true]);
    const rates = await points(errorRate);
    assert.ok(rates.length >= 59, 'a point a minute');
    assert.ok((rates[0] ?? 100) < 1 && (rates.at(-1) ?? 0) > 50, `${rates[0]} to ${rates.at(-1)} percent`);
    const latencies = await points(latency);
    assert.ok((latencies[0] ?? 9) < 2 && (latencies.at(-1) ?? 0) > 4, `${latencies[0]} to ${latencies.at(-1)} s`);

    await practice.control.state('healthy');
    ahead += 10 * MINUTE_MS;
    await practice.control.tick();
    assert.deepEqual(await statuses('status:ok'), Array.from({ length: 4 }, () => 'OK'));
    assert.equal(await newest(SYNTHETIC_TESTS.patientPortal), true);
    assert.ok(((await points(errorRate)).at(-1) ?? 100) < 1);
  });

  it('take the acknowledgement of a page of Datadog On-Call', async () => {
    const { onCallUrl, apiKey = '', applicationKey = '' } = practice.connections.datadog;
    const answer = await ask('POST', `${onCallUrl}/api/v2/on-call/pages/${ON_CALL_PAGE}/acknowledge`, { headers: { 'dd-api-key': apiKey, 'dd-application-key': applicationKey } });
    assert.equal(answer.status, 202);
    assert.partialDeepStrictEqual((await control('GET', 'services/datadog')).body, { pages: [{ id: ON_CALL_PAGE, status: 'acknowledged' }] });
  });

  it('have on Statuspage a component for each portal and the API', async () => {
    const { url, page, token } = practice.connections.statuspage;
    const { body } = await ask('GET', `${url}/pages/${page}/components`, { headers: { authorization: `OAuth ${token}` } });
    assert.deepEqual(fieldsOf(body, 'name'), [...PORTALS.map(({ title }) => title), 'API']);
    assert.deepEqual([...new Set(fieldsOf(body, 'status'))], ['operational']);
  });

  it('take mail over SMTP and show it parsed', async () => {
    const to = ['product@healthflow.gov.eg', 'support@example.com'];
    await send({ to, subject: 'Incident Resolved – prescriptions' });
    assert.partialDeepStrictEqual((await mails()).at(-1), {
      envelope: { from: 'incidents@healthflow.gov.eg', to }, from: 'incidents@healthflow.gov.eg', to, subject: 'Incident Resolved – prescriptions',
      text: 'Prescriptions work again.\n', messageId: '<delivery-1@practice>',
    });
    assert.partialDeepStrictEqual(await calls('mail'), [{ operation: 'message', method: 'SMTP', target: `incidents@healthflow.gov.eg → ${to.join(', ')}`, status: 250, acted: true }]);
  });

  it('take a message to the users over the webhook', async () => {
    const message = { title: 'Prescriptions are delayed', severity: 'P1' };
    assert.equal((await notify(message)).status, 202);
    assert.partialDeepStrictEqual((await control('GET', 'services/webhook')).body, { messages: [message] });
  });

  describe('are controlled over HTTP', () => {
    it('tell their state, Sets as arrays', async () => {
      const { body } = await control('GET', 'services/slack');
      const { channels, revokedTokens } = body as { channels: readonly { name: string; members: readonly string[] }[]; revokedTokens: unknown };
      assert.ok(channels.find(({ name }) => name === 'incidents')?.members.includes(SLACK_BOT.user));
      assert.deepEqual(revokedTokens, []);
      assert.equal((await control('GET', 'services/teams')).status, 404);
    });

    it('tell what was asked of them, bodies included and tokens left out, until that is cleared', async () => {
      await slack.chat.postMessage({ channel: '#incidents', text: 'Hello' });
      const [call, ...others] = await calls('slack');
      assert.partialDeepStrictEqual(call, {
        operation: 'chat.postMessage', method: 'POST', target: '/api/chat.postMessage', status: 200, acted: true, body: { text: 'Hello' }, reply: { ok: true },
      });
      assert.deepEqual(others, []);
      assert.doesNotMatch(JSON.stringify(call), /xoxb-/);
      await control('DELETE', 'services');
      assert.deepEqual(await calls('slack'), []);
    });

    it('break one operation a number of times', async () => {
      await control('POST', 'services/github/faults', { kind: 'server-error', acted: true, operation: 'createIssue', times: 1 });
      await assert.rejects(octokit.issues.create({ owner, repo, title: 'One' }), { status: 500 });
      assert.equal((await octokit.issues.create({ owner, repo, title: 'Two' })).data.number, 2);
      assert.partialDeepStrictEqual(await calls('github'), [{ status: 500, acted: true, fault: { kind: 'server-error' } }, { status: 201, acted: true }]);
    });

    it('take a service down until it is mended, and leave the others alone', async () => {
      const down = { kind: 'reset', acted: false };
      const reach = { github: () => octokit.users.getAuthenticated(), slack: () => slack.auth.test(), mail: () => send({ to: ['product@healthflow.gov.eg'] }) };
      const before = (await mails()).length;
      for (const name of ['github', 'mail', 'webhook']) {
        assert.equal((await control('POST', `services/${name}/faults`, down)).status, 204);
      }
      await assert.rejects(reach.github());
      await assert.rejects(reach.github());
      await assert.rejects(reach.mail());
      await assert.rejects(notify({}));
      await reach.slack();
      await control('DELETE', 'services/github/faults');
      await reach.github();
      await assert.rejects(reach.mail());
      await control('DELETE', 'services/faults');
      await reach.mail();
      assert.equal((await mails()).length, before + 1);
    });

    it('refuse a fault that could never strike', async () => {
      assert.equal((await control('POST', 'services/github/faults', { kind: 'reset', acted: false, operation: 'createTicket' })).status, 400);
      assert.equal((await control('POST', 'services/github/faults', { kind: 'broken' })).status, 400);
      assert.equal((await control('POST', 'services/github/faults', { kind: 'reset', acted: false, operation: 'createIssue' })).status, 204);
    });

    it('let somebody else comment on an issue, which is no call of ours', async () => {
      const { data: { number: issue } } = await octokit.issues.create({ owner, repo, title: 'Prescriptions' });
      const { data: ours } = await octokit.issues.createComment({ owner, repo, issue_number: issue, body: 'Ours' });
      await control('DELETE', 'services');
      await control('POST', 'services/github/faults', { kind: 'reset', acted: false });
      const { status, body } = await control('POST', 'services/github/comments', { issue, body: 'I restarted it', author: 'grace' });
      assert.deepEqual([status, await calls('github')], [200, []]);
      assert.ok((body as { id: number }).id > ours.id);
      await control('DELETE', 'services/faults');
      const { data: comments } = await octokit.issues.listComments({ owner, repo, issue_number: issue });
      assert.deepEqual(comments.map((comment) => [comment.user?.login, comment.body]), [['ada', 'Ours'], ['grace', 'I restarted it']]);
      assert.equal((await control('POST', 'services/github/comments', { issue: 999, body: 'Where?' })).status, 400);
    });

    it('tell what contradicted them', async () => {
      assert.equal((await ask('POST', new URL('/elsewhere', practice.connections.webhook['url']).href, { json: {} })).status, 500);
      const { body } = await control('GET', 'violations');
      practice.control.services.fakes.webhook.takeViolations();
      assert.deepEqual(body, ['webhook: request of Webhook POST /elsewhere the fake has no such operation']);
    });

    it('tell which of them exist, and whether they are validated', async () => {
      const { body } = await control('GET', 'services');
      const services = body as Readonly<Record<string, { validation: string; calls: number }>>;
      assert.deepEqual(Object.keys(services).toSorted(), ['datadog', 'github', 'mail', 'pagerduty', 'slack', 'statuspage', 'webhook']);
      const validated = Object.entries(services).filter(([, { validation }]) => validation === 'active').map(([name]) => name);
      assert.deepEqual(validated.toSorted(), specsAvailable ? ['datadog', 'github', 'pagerduty', 'slack', 'statuspage'] : []);
    });
  });

  describe('lose mail', () => {
    const to = ['product@healthflow.gov.eg'];
    const spoilt = async (fault: object): Promise<readonly [number, ServiceCall | undefined]> => {
      const before = (await mails()).length;
      await control('POST', 'services/mail/faults', fault);
      await assert.rejects(send({ to }));
      return [(await mails()).length - before, (await calls('mail')).at(-1)];
    };

    for (const [name, fault, arrived, call] of [
      ['a refusal of the mail', { kind: 'server-error', acted: false, operation: 'message', status: 554 }, 0, { operation: 'message', status: 554, acted: false }],
      ['a refusal at the door', { kind: 'rate-limit', retryAfterS: 1 }, 0, { operation: 'connect', status: 421, acted: false }],
      ['a refusal after the mail was taken', { kind: 'server-error', acted: true }, 1, { operation: 'message', status: 451, acted: true }],
      ['a connection lost after the mail was taken', { kind: 'reset', acted: true }, 1, { operation: 'message', status: 0, acted: true }],
      ['an answer that is no SMTP', { kind: 'malformed', acted: true, body: 'html' }, 1, { operation: 'message', status: 0, acted: true }],
    ] as const) {
      it(`by ${name}`, async () => {
        const [count, last] = await spoilt({ ...fault, times: 1 });
        assert.equal(count, arrived);
        assert.partialDeepStrictEqual(last, call);
      });
    }

    it('to one recipient and not to another', async () => {
      await control('POST', 'services/mail/faults', { kind: 'server-error', acted: false, operation: 'recipient', address: 'nobody@healthflow.gov.eg', status: 550, times: 1 });
      const { rejected } = await send({ to: [...to, 'nobody@healthflow.gov.eg'] });
      assert.deepEqual(rejected, ['nobody@healthflow.gov.eg']);
      assert.deepEqual((await mails()).at(-1)?.envelope.to, to);
    });
  });
});

describe('the outside services, when the practice ends', function () {
  this.timeout(60_000);

  it('are out of reach, whatever was under way; and settings can leave them out', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'practice-services-'));
    const practice = await startPractice({ dir, state: 'healthy', connected: false });
    const { fakes } = practice.control.services;
    const hanging = connect(fakes.mail.port, fakes.mail.host);
    try {
      assert.equal(practice.settings['incidentRunbook.practice'], undefined);
      assert.deepEqual(fakes.datadog.state.monitors.map(({ status }) => status), Array.from({ length: 4 }, () => 'OK'));
      fakes.webhook.fault({ kind: 'time-out', acted: false });
      const lost = assert.rejects(ask('POST', fakes.webhook.url, { json: {} }));
      await new Promise((resolve) => { hanging.once('data', resolve); });
      const closed = new Promise((resolve) => { hanging.once('close', resolve); });
      await practice.stop();
      await Promise.all([lost, closed]);
      for (const { origin } of [fakes.github, fakes.slack, fakes.pagerduty, fakes.datadog, fakes.statuspage, fakes.webhook]) {
        await assert.rejects(fetch(origin));
      }
      await assert.rejects(createTransport({ host: fakes.mail.host, port: fakes.mail.port }).verify());
    } finally {
      hanging.destroy();
      await practice.stop();
      await rm(dir, { recursive: true, force: true });
    }
  });
});
