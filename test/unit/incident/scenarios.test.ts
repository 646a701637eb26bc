import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { StepResult } from '../../../src/incident/events.ts';
import type { Incident } from '../../../src/incident/fold.ts';
import { type Scenario, type ScenarioMatch, type Symptom, describeMatch, matchScenarios, scenarioAction } from '../../../src/incident/scenarios.ts';
import { data, useAwsStub } from '../../support/aws-stub.ts';
import { minute } from '../../support/build-events.ts';
import { API, buildRunner } from '../../support/build-runner.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';
import { START } from '../../support/clock.ts';
import { useHttpServers } from '../../support/http-stub.ts';
import { usePostgresStubs } from '../../support/postgres-stub.ts';
import { EXHAUSTED, EXPIRED, FLOODED, HEALTHY, LEAKING, check, timeline } from '../../support/scenario-evidence.ts';
import { useTemporaryFolder } from '../../support/temporary-folder.ts';

const { scenarios } = bundledRunbook();

function investigated(parts: readonly StepResult[]): Incident {
  const { investigated: add, incident } = timeline();
  if (parts.length > 0) {
    add(parts, 3);
  }
  return incident();
}

const counts = (matches: readonly ScenarioMatch[]): string[] => matches.map(({ scenario, seen }) => `${scenario.id} ${seen.length}`);

/** How one symptom is judged. */
function judge(symptom: Omit<Symptom, 'text'>, ...results: readonly StepResult[]): string {
  const [{ seen, notSeen, notLooked, toAsk } = assert.fail()] = matchScenarios(investigated(results), [{ id: 'x', title: 'X', symptoms: [{ text: 'It', ...symptom }], steps: [] }]);
  assert.equal(seen.length + notSeen.length + notLooked.length + toAsk.length, 1);
  return seen[0] === undefined ? (notSeen.length > 0 ? 'not seen' : notLooked.length > 0 ? 'not looked at' : 'to ask') : `${seen[0].step}: ${seen[0].words}`;
}

describe('matchScenarios on the bundled runbook', () => {
  const SITUATIONS: readonly (readonly [title: string, evidence: readonly StepResult[], expected: readonly string[], words: readonly string[]])[] = [
    ['connections run out', EXHAUSTED, ['connectionPoolExhaustion 4', 'memoryLeak 2', 'ddosAttack 2', 'certificateExpiration 0'], ['too many clients', 'too many clients', '200 of 200 connections (100 %)', 'timeout']],
    ['memory leaks', LEAKING, ['memoryLeak 3', 'connectionPoolExhaustion 0', 'ddosAttack 0', 'certificateExpiration 0'], ['memory 93 %', 'heap limit', 'OutOfMemory']],
    ['a certificate has expired', EXPIRED, ['certificateExpiration 2', 'connectionPoolExhaustion 0', 'memoryLeak 0', 'ddosAttack 0'], ['certificate has expired', 'certificate has expired']],
    ['a flood of requests', FLOODED, ['ddosAttack 3', 'connectionPoolExhaustion 0', 'memoryLeak 0', 'certificateExpiration 0'], ['RequestCount', 'slow', '503']],
  ];
  for (const [title, evidence, expected, words] of SITUATIONS) {
    it(`${title}: ${expected[0] ?? ''}`, () => {
      const matches = matchScenarios(investigated(evidence), scenarios);
      assert.deepEqual([counts(matches)[0], counts(matches).toSorted()], [expected[0], [...expected].sort()]);
      assert.deepEqual(matches[0]?.seen.map((symptom) => symptom.words), words);
    });
  }

  it('shows none when all is well, in the order of the runbook', () => {
    const matches = matchScenarios(investigated(HEALTHY), scenarios);
    assert.deepEqual(counts(matches), scenarios.map(({ id }) => `${id} 0`));
    assert.deepEqual(matches.map(({ score, notSeen, notLooked, toAsk }) => [score, notSeen.length, notLooked.length, toAsk.length]), [[0, 5, 0, 0], [0, 3, 0, 0], [0, 3, 0, 0], [0, 2, 0, 1]]);
  });

  it('knows of nothing before anybody has looked, and of what is to be asked', () => {
    const matches = matchScenarios(timeline().incident(), scenarios);
    assert.deepEqual(matches.map(({ notLooked, toAsk }) => [notLooked.length, toAsk.map(({ text }) => text)]), [[5, []], [3, []], [3, []], [2, ['Browser warnings']]]);
  });

  it('says where and when it was seen', () => {
    const { investigated: add, incident } = timeline();
    const id = add(EXHAUSTED, 3);
    assert.deepEqual(matchScenarios(incident(), scenarios)[0]?.seen[2], { text: 'Connections near the limit', step: 'checkConnectionPool', event: id, at: minute(3), words: '200 of 200 connections (100 %)' });
  });

  it('counts what is true now: the newest result of each step', () => {
    const { investigated: add, ran, incident } = timeline();
    add(EXHAUSTED, 3);
    ran(HEALTHY.find(({ step }) => step === 'checkConnectionPool') ?? assert.fail(), 9);
    assert.equal(counts(matchScenarios(incident(), scenarios))[0], 'connectionPoolExhaustion 3');
    add(HEALTHY, 10);
    assert.deepEqual(counts(matchScenarios(incident(), scenarios)), scenarios.map(({ id }) => `${id} 0`));
    assert.equal(counts(matchScenarios(incident(), scenarios, START + 5 * 60_000))[0], 'connectionPoolExhaustion 4', 'as of minute 5');
    assert.equal(counts(matchScenarios(incident(), scenarios, START + 2 * 60_000))[0], 'connectionPoolExhaustion 0', 'as of minute 2');
  });

  it('lets an attempt that failed or was cancelled show nothing and take nothing back', () => {
    const { investigated: add, ran, incident } = timeline();
    ran({ ...check('searchErrors', 'unknown', 'CloudWatch timed out, deadline exceeded'), outcome: 'failed' }, 2);
    assert.deepEqual(matchScenarios(incident(), scenarios).map(({ seen }) => seen.length), [0, 0, 0, 0]);
    add(EXHAUSTED, 3);
    add(EXHAUSTED.map((result) => ({ ...result, outcome: 'failed', level: 'unknown' })), 4);
    add(EXHAUSTED.map((result) => ({ ...result, outcome: 'cancelled', level: 'unknown' })), 5);
    assert.equal(counts(matchScenarios(incident(), scenarios))[0], 'connectionPoolExhaustion 4');
  });

  it('does not count what was retracted, and again when that is', () => {
    const { investigated: add, amended, incident } = timeline();
    const retraction = amended(add(EXHAUSTED, 3), { retracted: true }, 4);
    assert.deepEqual(matchScenarios(incident(), scenarios).map(({ seen }) => seen.length), [0, 0, 0, 0]);
    assert.equal(scenarioAction(incident(), scenarios), undefined);
    amended(retraction, { retracted: true }, 5);
    assert.equal(counts(matchScenarios(incident(), scenarios))[0], 'connectionPoolExhaustion 4');
  });
});

describe('a symptom', () => {
  it('with a step and a pattern is looked for in the evidence of that step', () => {
    const symptom = { step: 'a', pattern: 'too many (clients|connections)' };
    assert.equal(judge(symptom, check('a', 'bad', 'FATAL: sorry, Too Many\u0020Clients')), 'a: Too Many Clients');
    assert.equal(judge(symptom, check('a', 'bad', 'x', '', { lines: ['too many connections'] })), 'a: too many connections');
    assert.equal(judge(symptom, check('a', 'bad', 'timeout'), check('b', 'bad', 'too many clients')), 'not seen');
    assert.equal(judge(symptom, check('b', 'bad', 'too many clients')), 'not looked at');
  });

  it('is not shown by a check that is ok, whatever it says', () => {
    assert.equal(judge({ step: 'a', pattern: '\\b50[234]\\b' }, check('a', 'ok', 'ok, 503 ms')), 'not seen');
    assert.equal(judge({ step: 'a' }, check('a', 'ok', 'fine')), 'not seen');
  });

  it('is shown by what a person wrote down, which is no verdict', () => {
    assert.equal(judge({ step: 'a', pattern: 'too many clients' }, check('a', 'ok', 'By hand: too many clients in the log', '', { byHand: true })), 'a: too many clients');
    assert.equal(judge({ step: 'a' }, check('a', 'ok', 'By hand: too many clients in the log', '', { byHand: true })), 'not seen');
  });

  it('without a pattern is the level of the check', () => {
    assert.deepEqual((['bad', 'warn', 'ok', 'unknown'] as const).map((level) => judge({ step: 'a' }, check('a', level, 'all\nof it'))), ['a: all of it', 'a: all of it', 'not seen', 'not looked at']);
  });

  it('is not known from a check that could not tell, unless its words are there', () => {
    assert.equal(judge({ step: 'a', pattern: 'slow' }, check('a', 'unknown', 'no datapoints')), 'not looked at');
    assert.equal(judge({ step: 'a', pattern: 'slow' }, check('a', 'unknown', 'slow, and the rest is not known')), 'a: slow');
  });

  it('without a step is looked for everywhere, the newest first, and not in what sums others up', () => {
    const { investigated: add, ran, incident } = timeline();
    const scenario: Scenario = { id: 'x', title: 'X', symptoms: [{ text: 'It', pattern: 'dead\\w+' }], steps: [] };
    add([check('a', 'bad', 'deadlock'), check('b', 'bad', 'x')], 1);
    const places = (): (string | undefined)[] => matchScenarios(incident(), [scenario]).map(({ seen }) => seen[0]?.step);
    assert.deepEqual(places(), ['a']);
    add([check('c', 'bad', 'deadline')], 2);
    assert.deepEqual(places(), ['c']);
    ran(check('a', 'bad', 'x'), 3);
    ran(check('c', 'ok', 'x'), 3);
    assert.deepEqual(places(), [undefined]);
    assert.equal(judge({ pattern: 'slow' }), 'not looked at');
  });

  it('is found through the escapes of Markdown and JSON', () => {
    assert.equal(judge({ step: 'a', pattern: '\\bCERT_HAS_EXPIRED\\b' }, check('a', 'bad', 'x', 'Reason\\: CERT\\_HAS\\_EXPIRED')), 'a: CERT_HAS_EXPIRED');
    assert.equal(judge({ step: 'a', pattern: '\\boom\\b' }, check('a', 'bad', 'x', '', { sample: 'ERROR\noom\tkilled' })), 'a: oom');
    assert.equal(judge({ step: 'a', pattern: 'said "no"' }, check('a', 'bad', 'x', '', { sample: 'he said "no"' })), 'a: said "no"');
    assert.equal(judge({ step: 'a', pattern: '(?=slow)' }, check('a', 'bad', 'so slow')), 'a: so slow', 'a pattern of no words');
  });

  it('is looked for in 20,000 characters, in which long Markdown leaves room for the data', () => {
    const long = 'x '.repeat(15_000);
    assert.equal(judge({ step: 'a', pattern: 'needle' }, check('a', 'bad', 'x', `${long}needle`)), 'not seen');
    assert.equal(judge({ step: 'a', pattern: 'needle' }, check('a', 'bad', 'x', long, { sample: 'needle' })), 'a: needle');
    assert.equal(judge({ step: 'a', pattern: 'needle' }, check('a', 'bad', 'x', '', { sample: `${long}needle` })), 'not seen');
    assert.equal(judge({ step: 'a', pattern: 'needle' }, check('a', 'bad', 'x', long, { sample: `${long.slice(0, 12_000)}needle` })), 'not seen');
    assert.equal(judge({ step: 'a', pattern: 'x.*x' }, check('a', 'bad', 'y', long)).length, 'a: '.length + 80);
  });

  it('with neither step nor pattern is asked of people', () => { assert.equal(judge({}, check('a', 'bad', 'x')), 'to ask'); });
});

describe('the best match', () => {
  const scenario = (id: string, seen: number, of: number): Scenario => ({ id, title: id, steps: [], symptoms: Array.from({ length: of }, (_, index) => ({ text: String(index), step: index < seen ? 'bad' : 'fine' })) });

  it('has many of few symptoms rather than some of many, and of two alike is the first of the runbook', () => {
    const incident = investigated([check('bad', 'bad', 'x'), check('fine', 'ok', 'x')]);
    const order = (...list: readonly Scenario[]): string[] => matchScenarios(incident, list).map(({ scenario: { id } }) => id);
    assert.deepEqual(order(scenario('2 of 5', 2, 5), scenario('2 of 2', 2, 2), scenario('4 of 5', 4, 5), scenario('0 of 1', 0, 1)), ['4 of 5', '2 of 2', '2 of 5', '0 of 1']);
    assert.deepEqual(order(scenario('a', 1, 2), scenario('b', 1, 2)), ['a', 'b']);
  });

  it('is described with the words, once each and not too many', () => {
    const [best = assert.fail()] = matchScenarios(investigated(EXHAUSTED), scenarios);
    assert.equal(describeMatch(best), '4 of 5 symptoms: too many clients, 200 of 200 connections (100 %), timeout');
    assert.equal(describeMatch({ ...best, seen: [] }), '0 of 5 symptoms');
    assert.equal(describeMatch({ ...best, seen: best.seen.map((symptom) => ({ ...symptom, words: 'word '.repeat(40) })) }).length, '4 of 5 symptoms: '.length + 60);
  });
});

describe('with the checks as they are', () => {
  const folder = useTemporaryFolder();
  const aws = useAwsStub();
  const serve = useHttpServers();
  const postgres = usePostgresStubs();

  async function investigate(connections: number, health: readonly [status: number, body: string], errors: readonly string[]): Promise<Incident> {
    const now = START / 1000;
    aws.on('DescribeAlarms', () => data({ MetricAlarms: [] }));
    aws.on('DescribeServices', () => data({ services: [{ serviceName: 'healthflow-backend-service', status: 'ACTIVE', runningCount: 4, desiredCount: 4, pendingCount: 0, deployments: [], events: [{ createdAt: now - 7_200, message: 'has stopped 4 running tasks' }] }] }));
    aws.on('GetMetricStatistics', ({ MetricName }) => data({ Datapoints: [{ Timestamp: now - 60, Average: MetricName === 'DatabaseConnections' ? connections : 40, Maximum: MetricName === 'DatabaseConnections' ? connections : 42 }] }));
    aws.on('DescribeDBInstances', () => data({ DBInstances: { DBInstance: { Engine: 'postgres', DBInstanceClass: 'db.r6g.large', DBInstanceStatus: 'available', DBParameterGroups: { DBParameterGroup: { DBParameterGroupName: 'g' } } } } }));
    aws.on('DescribeDBParameters', () => data({ Parameters: { Parameter: { ParameterName: 'max_connections', ParameterValue: '100' } } }));
    aws.on('FilterLogEvents', () => data({ events: errors.map((message, index) => ({ eventId: String(index), logStreamName: 's', timestamp: START - 60_000, message })) }));
    const web = await serve((request, response) => {
      response.statusCode = request.url === '/version' ? 200 : health[0];
      response.end(request.url === '/version' ? '{"version":"1.4.2"}' : health[1]);
    });
    const { run, onDisk } = await buildRunner(folder(), {
      aws: aws.session, origins: Object.fromEntries([API, 'https://portal.healthflow.gov.eg', 'https://pharmacy.healthflow.gov.eg', 'https://doctor.healthflow.gov.eg'].map((origin) => [origin, web])),
      databaseUrl: await postgres(connections > 95 ? { kind: 'refuse', code: '53300', message: 'sorry, too many clients already' } : { kind: 'usage', used: connections, max: 100 }),
    });
    assert.equal((await run('investigate')).status, 'done');
    return onDisk();
  }

  it('exhaustion is what the evidence speaks for most', async () => {
    const [best] = matchScenarios(await investigate(100, [503, '{"status":"unhealthy"}'], ['ERROR FATAL: sorry, too many clients already', 'ERROR timeout exceeded when trying to connect']), scenarios);
    assert.deepEqual([best?.scenario.id, best?.seen.map(({ step }) => step), best?.notSeen.map(({ text }) => text), best?.notLooked], [
      'connectionPoolExhaustion', ['searchErrors', 'checkDatabaseConnectivity', 'checkConnectionPool', 'searchErrors'], ['Slow API responses'], [],
    ]);
  }).timeout(10_000);

  it('nothing is seen when all is well', async () => {
    const matches = matchScenarios(await investigate(40, [200, '{"status":"ok"}'], []), scenarios);
    assert.deepEqual(matches.map(({ seen, notLooked }) => [seen, notLooked]), scenarios.map(() => [[], []]));
  }).timeout(10_000);
});
