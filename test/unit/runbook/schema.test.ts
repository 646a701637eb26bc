import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, it } from 'mocha';
import { parse } from 'yaml';
import { renderSchema, SCHEMA_FILE } from '../../support/generate-schema.ts';

describe('the published schema', () => {
  it('is the one generated from the types', () => {
    assert.equal(readFileSync(SCHEMA_FILE, 'utf8'), renderSchema(), 'run: node test/support/generate-schema.ts');
  });

  it('is what the bundled runbook names, and accepts it', () => {
    const runbook = readFileSync(new URL('../../../media/healthflow.runbook.yaml', import.meta.url), 'utf8');
    assert.match(runbook, /^# yaml-language-server: \$schema=runbook\.schema\.json$/m);
    const validate = new Ajv({ strict: true, allowUnionTypes: true }).compile(JSON.parse(readFileSync(SCHEMA_FILE, 'utf8')));
    assert.ok(validate(parse(runbook)), JSON.stringify(validate.errors));
  });

  it('describes every key', () => {
    assert.deepEqual(undescribed(JSON.parse(renderSchema()), ''), []);
  });
});

/** The simple values that an editor could say nothing about. */
function undescribed(node: unknown, path: string): string[] {
  if (typeof node !== 'object' || node === null) {
    return [];
  }
  const isSimple = 'type' in node && typeof node.type === 'string' && ['string', 'number', 'integer', 'boolean'].includes(node.type);
  const silent = isSimple && !('description' in node) && /\.properties\.\w+$/.test(path);
  return [...(silent ? [path] : []), ...Object.entries(node).flatMap(([key, child]) => undescribed(child, `${path}.${key}`))];
}
