import assert from 'node:assert/strict';
import { globSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'mocha';
import { WALKTHROUGH, WELCOME } from '../../../src/manifest-welcome.ts';
import { COMMANDS, CONNECT_COMMANDS, STEP_COMMAND_PREFIX } from '../../../src/manifest.ts';
import { PRACTICE_STAGES } from '../../../src/incident/practice.ts';
import { CONNECTABLE, SLACK_SCOPES } from '../../../src/services/connections.ts';
import { CONNECTIONS_VIEW, DELIVERIES_VIEW, FOLLOW_UPS_VIEW, VIEW } from '../../../src/view-ids.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';
import { repositoryRoot } from '../../support/paths.ts';

const FOLDER = path.join(repositoryRoot, 'media', 'walkthrough');
const read = (file: string): string => readFileSync(path.join(FOLDER, file), 'utf8');
const pictures = globSync('*.svg', { cwd: FOLDER });
const pages = globSync('*.md', { cwd: FOLDER });
/** Commands that a text links to. */
const linked = (text: string): string[] => [...text.matchAll(/\(command:([\w.]+)[?)]/g)].map(([, command]) => command ?? '');
const ours = new Set([...COMMANDS.map(({ id }) => id), ...Object.keys(CONNECT_COMMANDS), ...bundledRunbook().steps.map(({ id }) => STEP_COMMAND_PREFIX + id)]);
const unknown = (text: string): string[] => linked(text).filter((command) => command.startsWith('incidentRunbook.') && !ours.has(command));

describe('the walkthrough', () => {
  it('has a picture or a page for each of its steps, and none without a step', () => {
    const media = WALKTHROUGH.steps.map((step) => ('svg' in step.media ? step.media.svg : step.media.markdown));
    assert.deepEqual([...media].sort(), readdirSync(FOLDER).map((file) => `media/walkthrough/${file}`).sort());
  });

  it('says what each picture shows, to those who do not see it', () => {
    assert.deepEqual(WALKTHROUGH.steps.filter(({ media }) => 'svg' in media && media.altText.length < 40).map(({ id }) => id), []);
  });

  it('has a button in each step, for a command that there is', () => {
    for (const { id, description } of WALKTHROUGH.steps) {
      assert.match(description, /^\[[^\]]+\]\(command:[^)]+\)$/m, id);
      assert.deepEqual(unknown(description), [], id);
    }
  });

  it('is done by what is so: each connection, the runbook, each stage of a practice; by no click', () => {
    const keys = [
      ...CONNECTABLE.map((service) => `connected.${service}`), 'ownRunbook', 'keptRunbook', ...PRACTICE_STAGES.map((stage) => `practice.${stage}`),
    ];
    const events = WALKTHROUGH.steps.flatMap(({ completionEvents }) => completionEvents);
    assert.deepEqual([...events].sort(), keys.map((key) => `onContext:incidentRunbook.${key}`).sort());
  });

  it('names every scope that the Slack app needs, and none besides', () => {
    const named = [...read('people.md').matchAll(/`([a-z]+:[a-z.]+)`/g)].map(([, scope]) => scope);
    assert.deepEqual(new Set(named), new Set<string | undefined>(SLACK_SCOPES));
  });

  it('has no code block: one that is wider than its column is cut off', () => {
    assert.deepEqual(pages.filter((file) => /^(```| {4}\S)/m.test(read(file))), []);
  });

  it('draws its pictures in the colours of the theme, and with nothing that VS Code would not let through', () => {
    assert.ok(pictures.length >= 6);
    for (const file of pictures) {
      const colours = [...read(file).matchAll(/(?:fill|stroke)="([^"]*)"/g)].map(([, colour]) => colour ?? '');
      assert.deepEqual(colours.filter((colour) => colour !== 'none' && !/^var\(--vscode-[\w-]+(, var\(--vscode-[\w-]+(, var\(--vscode-[\w-]+\))?\))?\)$/.test(colour)), [], file);
      // In high contrast this one is black on black.
      assert.doesNotMatch(read(file), /charts-orange|<style|style=|<script|<image|href=/, file);
    }
  });
});

describe('an empty view', () => {
  it('says what to do next with a button, whichever view it is, in Restricted Mode, too', () => {
    const circumstances = WELCOME.map(({ view, ...rest }) => `${view} ${'when' in rest ? rest.when : ''}`.trim()).sort();
    const both = [VIEW, DELIVERIES_VIEW, FOLLOW_UPS_VIEW].flatMap((view) => [`${view} isWorkspaceTrusted`, `${view} !isWorkspaceTrusted`]);
    assert.deepEqual(circumstances, [...both, CONNECTIONS_VIEW].sort());
    for (const { view, contents } of WELCOME) {
      assert.match(contents, /^\[[^\]]+\]\(command:[^)]+\)$/m, view);
      assert.deepEqual(unknown(contents), [], view);
    }
  });

  it('opens the walkthrough by the name that VS Code knows it by', () => {
    const { name, publisher } = JSON.parse(readFileSync(path.join(repositoryRoot, 'package.json'), 'utf8')) as { readonly name: string; readonly publisher: string };
    const [, args = ''] = /openWalkthrough\?([^)]+)\)/.exec(WELCOME[0]?.contents ?? '') ?? [];
    assert.deepEqual(JSON.parse(decodeURIComponent(args)), [`${publisher}.${name}#${WALKTHROUGH.id}`, false]);
  });
});
