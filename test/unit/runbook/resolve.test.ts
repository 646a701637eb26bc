import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import { UserError } from '../../../src/errors.ts';
import { loadRunbook } from '../../../src/runbook/load.ts';
import { contactById, environmentByKey, stepById } from '../../../src/runbook/query.ts';
import { availablePaths, type NamedEnvironment } from '../../../src/runbook/references.ts';
import { resolveInputs } from '../../../src/runbook/resolve.ts';
import type { Runbook, StepInputs } from '../../../src/runbook/schema.ts';

const STAGING: NamedEnvironment = {
  key: 'staging',
  data: {
    title: 'Staging ${environment.key}',
    section: '1',
    aws: { region: 'eu-west-1', cluster: 'parcels', services: ['api', 'worker'], databaseInstance: 'db', logGroups: ['/parcels'] },
    endpoints: [{ name: 'Health', url: 'https://staging.parcels.example/health', kind: 'health' }],
    redis: { host: 'cache', port: 6380 },
  },
};

function resolve(inputs: StepInputs, overrides?: StepInputs): StepInputs {
  return resolveInputs({ id: 'flush', inputs }, STAGING, overrides);
}

function userError(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof UserError, String(error));
    return error.message;
  }
  return assert.fail('nothing was thrown');
}

const VALUES: readonly (readonly [title: string, input: StepInputs[string], resolved: StepInputs[string]])[] = [
  ['a whole reference to a text', '${environment.aws.cluster}', 'parcels'],
  ['a whole reference to a list', '${environment.aws.services}', ['api', 'worker']],
  ['a whole reference to a number', '${environment.redis.port}', 6380],
  ['one entry of a list', '${environment.aws.services.1}', 'worker'],
  ['a list of mappings by index', '${environment.endpoints.0.url}', 'https://staging.parcels.example/health'],
  ['the key of the environment', '${environment.key}', 'staging'],
  ['references inside a text', 'redis://${environment.redis.host}:${environment.redis.port}', 'redis://cache:6380'],
  ['a list inside a text', 'services=${environment.aws.services}', 'services=api,worker'],
  ['two references and nothing else', '${environment.key}${environment.key}', 'stagingstaging'],
  ['references in a list', ['all', '${environment.aws.services}', '${environment.redis.port}'], ['all', 'api', 'worker', '6380']],
  ['a reference in what was referred to', '${environment.title}', 'Staging ${environment.key}'],
  ['no reference', 'a $HOME and {braces}', 'a $HOME and {braces}'],
  ['a number', 5, 5],
  ['false', false, false],
  ['an empty list', [], []],
];

describe('resolveInputs', () => {
  for (const [title, input, resolved] of VALUES) {
    it(title, () => {
      assert.deepEqual(resolve({ value: input }), { value: resolved });
    });
  }

  it('gives nothing for a step without inputs', () => {
    assert.deepEqual(resolveInputs({ id: 'health' }, STAGING), {});
  });

  it('lets the overrides take the place of inputs of the same name', () => {
    const inputs = { cluster: '${environment.missing}', count: 6 };
    assert.deepEqual(resolve(inputs, { cluster: '${environment.key}' }), { cluster: 'staging', count: 6 });
    assert.equal(inputs.count, 6);
  });

  it('hands out a copy of a list of the environment', () => {
    const { value } = resolve({ value: '${environment.aws.services}' });
    assert.ok(Array.isArray(value));
    value.push('third');
    assert.deepEqual(STAGING.data.aws?.services, ['api', 'worker']);
  });

  it('names the step, the reference and the nearest one there is', () => {
    assert.equal(
      userError(() => resolve({ value: '${environment.aws.clutser}' })),
      'Step "flush" refers to ${environment.aws.clutser}, which the environment "staging" does not have. '
      + 'Did you mean "environment.aws.cluster"? Correct the step or the environment in the runbook file.',
    );
  });

  it('lists what is available when nothing is near', () => {
    const message = userError(() => resolve({ value: 'x ${password}' }));
    assert.match(message, /refers to \$\{password\}/);
    assert.ok(message.includes(`Available: ${availablePaths(STAGING).join(', ')}.`), message);
  });

  for (const path of ['environment', 'environment.aws', 'environment.endpoints', 'environment.aws.services.2', 'environment.toString', 'environment.aws.services.length', '']) {
    it(`refuses \${${path}}`, () => {
      assert.match(userError(() => resolve({ value: [`\${${path}}`] })), /does not have/);
    });
  }

  it('refuses an unclosed reference', () => {
    assert.match(userError(() => resolve({ value: 'a ${environment.key' })), /does not end it with \}/);
  });
});

describe('availablePaths', () => {
  it('names every value once, lists as a whole', () => {
    assert.deepEqual(availablePaths({ ...STAGING, data: { ...STAGING.data, endpoints: [] } }), [
      'environment.key', 'environment.title', 'environment.section', 'environment.aws.region', 'environment.aws.cluster',
      'environment.aws.services', 'environment.aws.databaseInstance', 'environment.aws.logGroups', 'environment.endpoints',
      'environment.redis.host', 'environment.redis.port',
    ]);
  });
});

describe('query', () => {
  function team(): Runbook {
    const result = loadRunbook(readFileSync(new URL('team.runbook.yaml', import.meta.url), 'utf8'), 'team.yaml');
    assert.ok(result.ok);
    return result.runbook;
  }

  it('takes the first environment unless one is named', () => {
    assert.equal(environmentByKey(team()).key, 'staging');
    assert.equal(environmentByKey(team(), 'live').data.title, 'Live');
  });

  it('names the environments there are when one is unknown', () => {
    assert.equal(
      userError(() => environmentByKey(team(), 'production')),
      'The runbook has no environment "production". Choose one of: staging, live.',
    );
  });

  it('finds steps and contacts by id, and nothing by another name', () => {
    const runbook = team();
    assert.equal(stepById(runbook, 'flush')?.effect, 'destructive');
    assert.equal(contactById(runbook, 'duty')?.title, 'Duty engineer');
    assert.deepEqual([stepById(runbook, 'x'), contactById(runbook, 'toString')], [undefined, undefined]);
  });
});
