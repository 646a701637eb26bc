import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { webAddress } from '../../../src/services/datadog.ts';

/** API address of a site, and where people look at it. */
const SITES: readonly (readonly [api: string, web: string])[] = [
  ['https://api.datadoghq.com', 'https://app.datadoghq.com'],
  ['https://api.datadoghq.eu/', 'https://app.datadoghq.eu'],
  ['https://api.us3.datadoghq.com', 'https://us3.datadoghq.com'],
  ['https://api.ap1.datadoghq.com', 'https://ap1.datadoghq.com'],
  ['https://api.ddog-gov.com', 'https://app.ddog-gov.com'],
  ['https://api.us2.ddog-gov.com', 'https://us2.ddog-gov.com'],
  ['https://api.datadoghq.eu.example.org', 'https://app.datadoghq.com'],
  ['https://apixdatadoghq.eu', 'https://app.datadoghq.com'],
  ['http://127.0.0.1:8080', 'https://app.datadoghq.com'],
];

describe('webAddress', () => {
  for (const [api, web] of SITES) {
    it(`${api}: ${web}`, () => {
      assert.equal(webAddress({ url: api }), web);
    });
  }

  it('is that of the largest site when Datadog is not connected', () => {
    assert.equal(webAddress(undefined), 'https://app.datadoghq.com');
  });
});
