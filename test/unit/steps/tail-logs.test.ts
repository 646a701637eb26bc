import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { iso } from '../../../src/incident/clock.ts';
import type { LogStreamRequest } from '../../../src/logs/log-streams.ts';
import { defaultSince } from '../../../src/steps/chapter-5-logs.ts';
import { useAwsStub, data } from '../../support/aws-stub.ts';
import { buildRunner } from '../../support/build-runner.ts';
import { START, createClock } from '../../support/clock.ts';
import { useTemporaryFolder } from '../../support/temporary-folder.ts';

const HOUR = 3_600_000;

describe('where the log stream begins', () => {
  const folder = useTemporaryFolder();
  const aws = useAwsStub();

  async function start(inputs: Readonly<Record<string, unknown>>, impactStartedAt?: string) {
    const requests: LogStreamRequest[] = [];
    const runner = await buildRunner(folder(), {
      aws: aws.session, clock: createClock(),
      logStreams: { start: (request) => { requests.push(request); return Promise.resolve({ shown: 2, errors: 1 }); } },
    });
    if (impactStartedAt !== undefined) {
      const { events: [declared = assert.fail()] } = await runner.onDisk();
      await runner.ledger.append(runner.incident, { type: 'event.amended', amends: declared.id, changes: { impactStartedAt } });
    }
    const result = await runner.run('tailLogs', inputs);
    return { result, request: requests[0] };
  }

  it('is the start of the impact', async () => {
    const { request, result } = await start({}, iso(START - 2 * HOUR));
    assert.equal(request?.from, START - 2 * HOUR);
    assert.match(result.summary, /: 2 lines since 2 h 00 min, 1 with ERROR$/);
  });

  it('is the detection while nobody knows since when users feel it, and an hour ago at least', async () => {
    assert.equal((await start({})).request?.from, START - HOUR);
    assert.equal(defaultSince({ times: { detected: { at: iso(START - 3 * HOUR), event: 'x', corrected: false } } }, START), START - 3 * HOUR);
  });

  it('is a day ago at most, unless somebody asks for more', async () => {
    const impact = iso(START - 60 * HOUR);
    assert.equal((await start({}, impact)).request?.from, START - 24 * HOUR);
    assert.equal((await start({ since: impact }, impact)).request?.from, START - 60 * HOUR);
  });

  it('is what a caller says, in minutes or as a time', async () => {
    assert.equal((await start({ sinceMinutes: 7 }, iso(START - 2 * HOUR))).request?.from, START - 7 * 60_000);
    const { result } = await start({ since: iso(START + HOUR) });
    assert.deepEqual([result.status, /must not be in the future/.test(result.summary)], ['failed', true]);
  });

  it('brings the rollouts of the environment as markers', async () => {
    const began = START - 600_000;
    aws.on('DescribeServices', () => data({ services: [{ serviceName: 'backend', deployments: [{ id: 'd', rolloutState: 'IN_PROGRESS', taskDefinition: 'a/backend:7', createdAt: began / 1000 }] }] }));
    const { request } = await start({});
    assert.deepEqual(await request?.markers?.(began, START, new AbortController().signal), [{ key: 'd began', at: began, text: 'backend: rollout of backend:7 began' }]);
  });
});
