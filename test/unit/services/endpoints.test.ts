import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { UserError } from '../../../src/errors.ts';
import { Endpoints } from '../../../src/services/endpoints.ts';

describe('Endpoints', () => {
  it('asks what the runbook says when nothing is replaced', () => {
    const endpoints = new Endpoints({});
    assert.equal(endpoints.resolve('https://api.healthflow.gov.eg/health?deep=1').href, 'https://api.healthflow.gov.eg/health?deep=1');
    assert.deepEqual([endpoints.replaced, endpoints.aws, new Endpoints({}, '').aws], [false, undefined, undefined]);
  });

  it('asks another origin for the same path', () => {
    const endpoints = new Endpoints({ 'https://api.healthflow.gov.eg': 'http://127.0.0.1:8080' }, 'http://127.0.0.1:5000/');
    assert.equal(endpoints.resolve('https://api.healthflow.gov.eg/health?deep=1').href, 'http://127.0.0.1:8080/health?deep=1');
    assert.equal(endpoints.resolve('https://api.healthflow.gov.eg:8443/health').href, 'https://api.healthflow.gov.eg:8443/health');
    assert.equal(endpoints.resolve('https://portal.healthflow.gov.eg//evil.com/x').host, 'portal.healthflow.gov.eg');
    assert.equal(endpoints.resolve('https://api.healthflow.gov.eg//evil.com/x').host, '127.0.0.1:8080');
    assert.deepEqual([endpoints.replaced, endpoints.aws], [true, 'http://127.0.0.1:5000']);
  });

  for (const [origins, aws, setting] of [
    [{ 'not a url': 'http://a' }, undefined, 'incidentRunbook.endpoints'],
    [{ 'https://a': 'ftp://b' }, undefined, 'incidentRunbook.endpoints'],
    [{}, 'localhost:5000', 'incidentRunbook.aws.endpoint'],
    [{}, 'file:///etc/passwd', 'incidentRunbook.aws.endpoint'],
  ] as const) {
    it(`refuses ${JSON.stringify([origins, aws])} and names the setting`, () => {
      assert.throws(() => new Endpoints(origins, aws), (error: UserError) =>
        error instanceof UserError && error.message.includes(`The setting ${setting}`) && error.action?.args?.[0] === setting);
    });
  }
});
