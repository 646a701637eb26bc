/** The rules that keep it a house, checked on the files themselves. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { before, describe, it } from 'mocha';
import ts from 'typescript';
import { STEPS_WITHOUT_INCIDENT, STEP_COMMAND_PREFIX, manifest as generate } from '../../src/manifest.ts';
import { PANEL_KINDS } from '../../src/protocol/panel.ts';
import { CONNECTIONS_VIEW, DELIVERIES_VIEW, VIEW } from '../../src/view-ids.ts';
import { automatedActions } from '../../src/steps/catalog.ts';
import { bundledRunbook } from '../support/bundled-runbook.ts';
import { repositoryRoot } from '../support/paths.ts';

const LONGEST = 400;
/** Where the build begins: the extension, and the page of each panel. */
const ENTRIES = ['src/extension.ts', ...PANEL_KINDS.map((kind) => `src/webview/${kind}.ts`)];

interface Module {
  readonly source: string;
  readonly dependencies: readonly { readonly resolved: string }[];
}
interface Cruise {
  readonly modules: readonly Module[];
  readonly summary: { readonly violations: readonly { readonly from: string; readonly to: string; readonly rule: { readonly name: string } }[] };
}

function files(...patterns: readonly string[]): string[] {
  return globSync([...patterns], { cwd: repositoryRoot, exclude: ['**/node_modules/**'] }).map((file) => file.split(path.sep).join('/')).sort();
}

function read(file: string): string {
  return readFileSync(path.join(repositoryRoot, file), 'utf8');
}

function manifest(): { readonly contributes: Readonly<Record<string, unknown>> & { readonly commands: readonly { readonly command: string }[]; readonly configuration: { readonly properties: object } } } {
  return JSON.parse(read('package.json')) as ReturnType<typeof manifest>;
}

describe('every file', () => {
  it(`has at most ${LONGEST} lines`, () => {
    const long = files('src/**/*.ts', 'test/**/*.ts', 'test/**/*.{mjs,mts}', '*.mjs').map((file) => [file, read(file).trimEnd().split('\n').length] as const).filter(([, lines]) => lines > LONGEST);
    assert.deepEqual(long, []);
  });

  it('says what its values are: no any', () => {
    const found: string[] = [];
    for (const file of files('src/**/*.ts', 'test/**/*.ts')) {
      const source = ts.createSourceFile(file, read(file), ts.ScriptTarget.ES2023);
      const visit = (node: ts.Node): void => {
        if (node.kind === ts.SyntaxKind.AnyKeyword) {
          found.push(`${file}:${source.getLineAndCharacterOfPosition(node.pos).line + 1}`);
        }
        ts.forEachChild(node, visit);
      };
      visit(source);
    }
    assert.deepEqual(found, []);
  }).timeout(10_000);

  it('is named for what it holds: no index.ts', () => {
    assert.deepEqual(files('{src,test}/**/index.ts'), []);
  });
});

describe('the rooms', () => {
  let cruise: Cruise;
  before(async function () {
    this.timeout(60_000);
    const bin = path.join(repositoryRoot, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs');
    // It ends with an error when a rule is broken; what is broken stands in the output all the same.
    const { stdout } = await promisify(execFile)(process.execPath, [bin, 'src', '--config', '.dependency-cruiser.json', '--output-type', 'json'], { cwd: repositoryRoot, maxBuffer: 64 * 1024 * 1024 })
      .catch((error: unknown) => error as { stdout: string });
    cruise = JSON.parse(stdout) as Cruise;
  });

  it('import only what they may', () => {
    assert.deepEqual(cruise.summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`), []);
  });

  it('can all be reached from the entries', () => {
    const byName = new Map(cruise.modules.map((module) => [module.source, module]));
    const reached = new Set<string>();
    const visit = (file: string): void => {
      if (!reached.has(file)) {
        reached.add(file);
        byName.get(file)?.dependencies.forEach(({ resolved }) => { visit(resolved); });
      }
    };
    ENTRIES.forEach(visit);
    assert.deepEqual(files('src/**/*.ts').filter((file) => !file.endsWith('.d.ts') && !reached.has(file)), []);
  });
});

describe('package.json', () => {
  it('says what the manifest and the bundled runbook say, and package.nls.json its texts', () => {
    const { placeholders, texts } = generate(bundledRunbook().steps);
    const expected = JSON.parse(JSON.stringify(placeholders)) as object;
    assert.deepEqual(manifest(), { ...manifest(), ...expected }, 'run: node esbuild.mjs --manifest');
    assert.deepEqual(JSON.parse(read('package.nls.json')), texts, 'run: node esbuild.mjs --manifest');
  });

  it('has a command for every step of the runbook, and none for a step that there is not', () => {
    const commands = manifest().contributes.commands.map(({ command }) => command);
    assert.deepEqual(commands.filter((command, index) => commands.indexOf(command) !== index), []);
    const steps = bundledRunbook().steps.map(({ id }) => id);
    // A step that is a command of its own has no second one.
    const ofSteps = steps.map((id) => (commands.includes(`incidentRunbook.${id}`) ? `incidentRunbook.${id}` : STEP_COMMAND_PREFIX + id));
    assert.deepEqual(ofSteps.filter((command) => !commands.includes(command)), []);
    assert.deepEqual(commands.filter((command) => command.startsWith(STEP_COMMAND_PREFIX) && !ofSteps.includes(command)), []);
  });

  it('names every command, setting and view that the code speaks of', () => {
    const { contributes: { commands, configuration } } = manifest();
    const contextsAndItems = ['incidentRunbook.open', 'incidentRunbook.stream', 'incidentRunbook.status', 'incidentRunbook.planOffers', 'incidentRunbook.logs.patterns'];
    const known = new Set([...commands.map(({ command }) => command), ...Object.keys(configuration.properties), VIEW, DELIVERIES_VIEW, CONNECTIONS_VIEW, ...contextsAndItems]);
    const spoken = files('src/**/*.ts').flatMap((file) => [...read(file).matchAll(/'(incidentRunbook\.[\w.]*\w)'/g)].map(([, name]) => `${file} ${name ?? ''}`));
    assert.ok(spoken.length > 30);
    assert.deepEqual(spoken.filter((line) => !known.has(line.split(' ')[1] ?? '')), []);
  });
});

describe('the catalog of steps', () => {
  it('carries out only actions that the bundled runbook has', () => {
    const actions = bundledRunbook().steps.map(({ action }) => action);
    assert.deepEqual(automatedActions().filter((action) => !actions.includes(action)), []);
  });

  it('lets only steps that exist, and only read, run before an incident is declared', () => {
    assert.deepEqual(STEPS_WITHOUT_INCIDENT.map((id) => bundledRunbook().steps.find((step) => step.id === id)?.effect), STEPS_WITHOUT_INCIDENT.map(() => 'read'));
    assert.deepEqual(STEPS_WITHOUT_INCIDENT.filter((id) => !automatedActions().includes(id)), []);
  });
});
