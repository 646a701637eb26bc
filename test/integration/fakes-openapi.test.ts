import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { before, describe, it } from 'mocha';
import { createClock } from '../support/clock.ts';
import { type Answered, ask } from '../support/fakes/ask.ts';
import { DATADOG_KEYS, startDatadog } from '../support/fakes/datadog.ts';
import { DescriptionError } from '../support/fakes/description-document.ts';
import { startGitHub } from '../support/fakes/github.ts';
import { createDescription, type Description, type Problem, specsAvailable, specsFolder } from '../support/fakes/openapi.ts';
import { startPagerDuty } from '../support/fakes/pagerduty.ts';
import { PAGERDUTY_ROUTING_KEY, PAGERDUTY_TOKEN } from '../support/fakes/pagerduty-model.ts';
import { startSlack } from '../support/fakes/slack.ts';
import { SLACK_TOKEN } from '../support/fakes/slack-model.ts';
import { startStatuspage, STATUSPAGE_KEY, STATUSPAGE_PAGE } from '../support/fakes/statuspage.ts';
import { useFake } from '../support/fakes/use-fake.ts';

/** A description with one operation, to break in one place at a time. */
function tiny(change: (schema: Record<string, unknown>) => void = () => undefined): object {
  const schema: Record<string, unknown> = {
    type: 'object', required: ['id', 'name'],
    properties: {
      id: { type: 'integer', readOnly: true }, name: { type: 'string', maxLength: 5 }, level: { type: 'string', nullable: true, enum: ['high', 'low'] },
      parent: { $ref: '#/components/schemas/Thing' },
    },
  };
  change(schema);
  const content = { 'application/json': { schema: { $ref: '#/components/schemas/Thing' } } };
  return {
    openapi: '3.0.3', servers: [{ url: 'https://api.example.com/v1' }], components: { schemas: { Thing: schema } },
    paths: {
      '/things/{id}': {
        put: {
          parameters: [
            { name: 'id', in: 'path', required: true, schema: { type: 'integer' } }, { name: 'dry', in: 'query', schema: { type: 'boolean' } },
            { name: 'From', in: 'header', required: true, schema: { type: 'string', format: 'email' } },
          ],
          requestBody: { required: true, content }, responses: { 200: { description: '', content }, 204: { description: '' } },
        },
      },
    },
  };
}

const found = (problems: readonly Problem[]): string[] => problems.map(({ pointer, message }) => `${pointer} ${message}`);

describe('The validation of requests and answers', () => {
  const description = createDescription('tiny.json', tiny());
  const url = (target: string): URL => new URL(target, 'http://fake.invalid');
  const json = { 'content-type': 'application/json', 'from': 'ada@example.com' };
  const check = (target: string, body: unknown, headers: Readonly<Record<string, string>> = json): string[] =>
    found(description.validateRequest('PUT', url(target), headers, JSON.stringify(body)));
  const answer = (status: number, body: unknown): string[] => found(description.validateResponse('PUT', '/v1/things/1', status, body));

  it('accepts what is described; what is read-only need not be sent, what is nullable may be null', () => {
    assert.deepEqual(check('/v1/things/1?dry=true', { name: 'one', level: null, parent: { name: 'two' } }), []);
    assert.deepEqual(answer(200, { id: 1, name: 'one', level: null }), []);
    assert.deepEqual(answer(204, undefined), []);
  });

  it('points to what is wrong in a request', () => {
    assert.deepEqual(check('/v1/things/x?dry=maybe&wet=1', { parent: { name: 'too long', nmae: 'x' } }, { 'content-type': 'application/json' }), [
      '/path/id must be integer', '/query/dry must be boolean', '/query/wet is no parameter that the vendor describes', '/headers/from is required',
      '/body must have required property \'name\'', '/body/parent/name must NOT have more than 5 characters', '/body/parent/nmae is no field that the vendor describes',
    ]);
    assert.deepEqual(check('/v1/things/1', { name: 'one' }, { ...json, 'content-type': 'text/plain' }), ['/headers/content-type is text/plain, described: application/json']);
    assert.deepEqual(found(description.validateRequest('PUT', url('/v1/things/1'), json, '{')), ['/body is no application/json']);
    assert.deepEqual(found(description.validateRequest('PUT', url('/v1/things/1'), json, '')), ['/body is required']);
    assert.deepEqual(found(description.validateRequest('GET', url('/v1/things/1'), json, '')), [' the vendor describes no such operation']);
    assert.deepEqual(found(description.validateRequest('PUT', url('/things/1'), json, '')), [' the vendor describes no such operation']);
  });

  it('points to what is wrong in an answer', () => {
    assert.deepEqual(answer(200, { name: 'one', level: 'medium', extra: 1 }), [
      '/body must have required property \'id\'', '/body/level must be equal to one of the allowed values: ["high","low",null]', '/body/extra is no field that the vendor describes',
    ]);
    assert.deepEqual(answer(418, {}), ['/status 418 is not described, only 200, 204']);
    assert.deepEqual(answer(200, undefined), ['/body is required for 200']);
    assert.deepEqual(answer(204, {}), ['/body must be empty: the vendor describes none for 204']);
  });
});

describe('A description that cannot be used', () => {
  const broken = (change: (schema: Record<string, unknown>) => void): (() => unknown) => () => createDescription('tiny.json', tiny(change)).compileAll();
  const properties = (value: object) => (schema: Record<string, unknown>): void => { Object.assign(schema.properties as object, value); };
  const thing = 'tiny\\.json#/components/schemas/Thing';
  const cases: Readonly<Record<string, readonly [(schema: Record<string, unknown>) => void, RegExp]>> = {
    'an unknown type': [properties({ name: { type: 'strin' } }), new RegExp(`^${thing}/properties/name/type: is no valid schema`)],
    'a reference that leads nowhere': [properties({ parent: { $ref: '#/components/schemas/Gone' } }), new RegExp(`^${thing}/properties/parent: .*#/components/schemas/Gone leads nowhere`)],
    'a format that nobody knows': [properties({ name: { type: 'string', format: 'zipcode' } }), new RegExp(`^${thing}/properties/name/format: .*zipcode`)],
    'a keyword that would be ignored': [properties({ name: { type: 'string', maximumLength: 3 } }), new RegExp(`^${thing}/properties/name/maximumLength: `)],
    'a list that is none': [(schema) => { schema.required = 'name'; }, new RegExp(`^${thing}/required: is no valid schema`)],
    'a pattern that is no regular expression': [properties({ name: { type: 'string', pattern: '(' } }), /^tiny\.json#\/\S*: \S/],
  };
  for (const [name, [change, message]] of Object.entries(cases)) {
    it(`fails loudly, naming file and pointer: ${name}`, () => {
      assert.throws(broken(change), (error) => error instanceof DescriptionError && message.test(error.message));
    });
  }

  it('fails when a correction does not fit any more, and for other versions of OpenAPI', () => {
    const correction = { op: 'remove', pointer: '/components/schemas/Gone', reason: 'of a test' } as const;
    assert.throws(() => createDescription('tiny.json', tiny(), { corrections: [correction] }), /^DescriptionError: tiny\.json#\/components\/schemas\/Gone: the correction "remove"/);
    assert.throws(() => createDescription('tiny.json', { ...tiny(), openapi: '3.1.0' }), /tiny\.json#\/openapi: only OpenAPI 3\.0/);
  });
});

describe('The descriptions of the vendors', () => {
  before(function () {
    if (!specsAvailable) {
      this.skip();
    }
  });
  const clock = createClock();
  const github = useFake(() => startGitHub({ clock }));
  const slack = useFake(() => startSlack({ clock }));
  const pagerduty = useFake(() => startPagerDuty({ clock }));
  const datadog = useFake(() => startDatadog({ clock }));
  const statuspage = useFake(() => startStatuspage({ clock }));

  it('compile to the last schema', () => {
    const descriptions: Description[] = [github(), slack(), pagerduty(), datadog(), statuspage()].flatMap((fake) => fake.descriptions);
    const counts = descriptions.map((description) => [description.file, description.compileAll()] as const);
    assert.deepEqual(counts.map(([file]) => file), ['github.json', 'slack.json', 'pagerduty-events.json', 'pagerduty-rest.json', 'datadog-v1.json', 'statuspage.json']);
    assert.ok(counts.every(([, count]) => count > 0));
  });

  it('fail loudly when one schema of the real file is broken', () => {
    const source = JSON.parse(readFileSync(path.join(specsFolder, 'github.json'), 'utf8')) as object;
    const description = createDescription('github.json', source, { corrections: [{ op: 'replace', pointer: '/components/schemas/label/properties/color/type', value: 'colour', reason: 'of a test' }] });
    assert.throws(() => description.validateResponse('POST', '/repos/a/b/labels', 201, {}), /^DescriptionError: github\.json#\/components\/schemas\/label\/properties\/color\/type: /);
  });

  interface Wrong {
    readonly takeViolations: () => readonly Problem[];
    readonly send: () => Promise<Answered>;
    readonly expected: string;
  }
  const reports = async ({ send, takeViolations, expected }: Wrong): Promise<void> => {
    const answered = await send();
    const [problem] = takeViolations();
    assert.equal(answered.status, 500);
    assert.equal(problem === undefined ? 'nothing' : `${problem.side} of ${problem.operation}: ${problem.pointer}`, expected);
    assert.match(answered.text, /violations/);
  };

  const authorization = 'Bearer gho_invented-push';
  const rest = { 'authorization': `Token token=${PAGERDUTY_TOKEN}`, 'accept': 'application/vnd.pagerduty+json;version=2', 'content-type': 'application/json' };
  const keys = { 'dd-api-key': DATADOG_KEYS.api, 'dd-application-key': DATADOG_KEYS.application };
  const page = `/pages/${STATUSPAGE_PAGE}`;
  const without = (name: string) => (reply: { status: number; body?: unknown }): { status: number; body: unknown } =>
    ({ status: reply.status, body: Object.fromEntries(Object.entries(reply.body as object).filter(([key]) => key !== name)) });

  const requests: Readonly<Record<string, () => Wrong>> = {
    'GitHub: a body that is no text': () => ({
      ...github(), send: () => ask('POST', `${github().url}/repos/acme/shop/issues`, { headers: { authorization }, json: { title: 'x', body: 3 } }),
      expected: 'request of github.json POST /repos/{owner}/{repo}/issues: /body/body',
    }),
    'GitHub: a misspelt field': () => ({
      ...github(), send: () => ask('POST', `${github().url}/repos/acme/shop/issues`, { headers: { authorization }, json: { title: 'x', asignees: ['ada'] } }),
      expected: 'request of github.json POST /repos/{owner}/{repo}/issues: /body/asignees',
    }),
    'GitHub: a state that does not exist': () => ({
      ...github(), send: () => ask('GET', `${github().url}/repos/acme/shop/issues?state=done`, { headers: { authorization } }),
      expected: 'request of github.json GET /repos/{owner}/{repo}/issues: /query/state',
    }),
    'GitHub: an operation that nobody describes': () => ({
      ...github(), send: () => ask('GET', `${github().url}/gists`, { headers: { authorization } }), expected: 'request of GitHub GET /gists: ',
    }),
    'Slack: no channel': () => ({
      ...slack(), send: () => ask('POST', `${slack().url}chat.postMessage`, { headers: { authorization: `Bearer ${SLACK_TOKEN}` }, form: { text: 'x' } }),
      expected: 'request of slack.json POST /chat.postMessage: /body',
    }),
    'Slack: blocks that are no JSON': () => ({
      ...slack(), send: () => ask('POST', `${slack().url}chat.postMessage`, { headers: { authorization: `Bearer ${SLACK_TOKEN}` }, form: { channel: 'C00000001', blocks: '[' } }),
      expected: 'request of slack.json POST /chat.postMessage: /body/blocks',
    }),
    'Slack: no token': () => ({
      ...slack(), send: () => ask('POST', `${slack().url}chat.postMessage`, { form: { channel: 'C00000001', text: 'x' } }),
      expected: 'request of slack.json POST /chat.postMessage: /headers/token',
    }),
    'PagerDuty: a severity that does not exist': () => ({
      ...pagerduty(), send: () => ask('POST', `${pagerduty().eventsUrl}/enqueue`, { json: { routing_key: PAGERDUTY_ROUTING_KEY, event_action: 'trigger', payload: { summary: 'x', source: 'y', severity: 'high' } } }),
      expected: 'request of pagerduty-events.json POST /enqueue: /body/payload/severity',
    }),
    'PagerDuty: a write without From': () => ({
      ...pagerduty(), send: () => ask('PUT', `${pagerduty().restUrl}/incidents`, { headers: rest, json: { incidents: [] } }),
      expected: 'request of pagerduty-rest.json PUT /incidents: /headers/from',
    }),
    'Datadog: a time that is no number': () => ({
      ...datadog(), send: () => ask('GET', `${datadog().url}/api/v1/query?from=yesterday&to=1&query=x`, { headers: keys }),
      expected: 'request of datadog-v1.json GET /api/v1/query: /query/from',
    }),
    'Statuspage: a state of a component that does not exist': () => ({
      ...statuspage(), send: () => ask('POST', `${statuspage().url}${page}/incidents`, { headers: { authorization: `OAuth ${STATUSPAGE_KEY}` }, json: { incident: { name: 'x', components: { comp00000001: 'broken' } } } }),
      expected: 'request of statuspage.json POST /pages/{page_id}/incidents: /body/incident/components/comp00000001',
    }),
  };
  const answers: Readonly<Record<string, () => Wrong>> = {
    'GitHub: an issue without its number': () => {
      github().alter('createIssue', without('number'));
      return { ...github(), send: () => ask('POST', `${github().url}/repos/acme/shop/issues`, { headers: { authorization }, json: { title: 'x' } }), expected: 'response of github.json POST /repos/{owner}/{repo}/issues: /body' };
    },
    'Slack: a channel without its id': () => {
      slack().alter('conversations.create', (reply) => ({ ...reply, body: { ok: true, channel: { name: 'x' } } }));
      return {
        ...slack(), send: () => ask('POST', `${slack().url}conversations.create`, { headers: { authorization: `Bearer ${SLACK_TOKEN}` }, form: { name: 'x' } }),
        expected: 'response of slack.json POST /conversations.create: /body/channel',
      };
    },
    'Slack: an error that does not exist': () => {
      slack().alter('auth.test', () => ({ status: 200, body: { ok: false, error: 'no_idea' } }));
      return {
        ...slack(), send: () => ask('POST', `${slack().url}auth.test`, { headers: { authorization: `Bearer ${SLACK_TOKEN}` } }),
        expected: 'response of slack.json GET /auth.test: /body/error',
      };
    },
    'PagerDuty: a status that is not described': () => {
      pagerduty().alter('listOncalls', (reply) => ({ ...reply, status: 206 }));
      return { ...pagerduty(), send: () => ask('GET', `${pagerduty().restUrl}/oncalls`, { headers: rest }), expected: 'response of pagerduty-rest.json GET /oncalls: /status' };
    },
    'Datadog: errors that are no list': () => {
      datadog().alter('validate', () => ({ status: 403, body: { errors: 'Forbidden' } }));
      return { ...datadog(), send: () => ask('GET', `${datadog().url}/api/v1/validate`, { headers: keys }), expected: 'response of datadog-v1.json GET /api/v1/validate: /body/errors' };
    },
    'Statuspage: a field of our own': () => {
      statuspage().alter('listComponents', (reply) => ({ ...reply, body: [{ colour: 'red' }] }));
      return {
        ...statuspage(), send: () => ask('GET', `${statuspage().url}${page}/components`, { headers: { authorization: `OAuth ${STATUSPAGE_KEY}` } }),
        expected: 'response of statuspage.json GET /pages/{page_id}/components: /body/0/colour',
      };
    },
  };
  for (const [name, wrong] of Object.entries(requests)) {
    it(`reports a wrong request, ${name}`, () => reports(wrong()));
  }
  for (const [name, wrong] of Object.entries(answers)) {
    it(`reports a wrong answer, ${name}`, () => reports(wrong()));
  }

  it('make assertClean fail with everything that was wrong', async () => {
    await ask('GET', `${github().url}/repos/acme/shop/issues?state=done&page=x`, { headers: { authorization } });
    assert.throws(() => { github().assertClean(); }, /GitHub: .*\nrequest of github\.json GET \S+ \/query\/state .*\nrequest of github\.json GET \S+ \/query\/page must be integer$/);
    assert.equal(github().takeViolations().length, 2);
  });
});
