import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'mocha';
import { SLACK_SCOPES } from '../../../src/services/connections.ts';
import { repositoryRoot } from '../../support/paths.ts';

const FOLDER = path.join(repositoryRoot, 'media', 'walkthrough');
const read = (file: string): string => readFileSync(path.join(FOLDER, file), 'utf8');

interface Manifest {
  readonly contributes: { readonly walkthroughs?: readonly { readonly steps: readonly { readonly media: { readonly markdown: string } }[] }[] };
}

describe('the walkthrough', () => {
  it('has a page for each of its steps, and no page without a step', () => {
    const { contributes } = JSON.parse(readFileSync(path.join(repositoryRoot, 'package.json'), 'utf8')) as Manifest;
    const pages = (contributes.walkthroughs ?? []).flatMap(({ steps }) => steps.map(({ media }) => media.markdown));
    assert.deepEqual([...pages].sort(), readdirSync(FOLDER).map((file) => `media/walkthrough/${file}`).sort());
  });

  it('names every scope that the Slack app needs, and none besides', () => {
    const named = [...read('slack.md').matchAll(/`([a-z]+:[a-z.]+)`/g)].map(([, scope]) => scope);
    assert.deepEqual(new Set(named), new Set<string | undefined>(SLACK_SCOPES));
  });

  it('has no code block: one that is wider than its column is cut off', () => {
    assert.deepEqual(readdirSync(FOLDER).filter((file) => /^(```| {4}\S)/m.test(read(file))), []);
  });
});
