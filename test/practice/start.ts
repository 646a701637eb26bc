// npm start: the extension in a real VS Code on the practice environment, until Ctrl+C or until its window is closed.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { iso, systemClock } from '../../src/incident/clock.ts';
import { randomIds } from '../../src/ledger/ids.ts';
import { LocalLedger } from '../../src/ledger/local-ledger.ts';
import { workbenchAddress } from '../support/browser.ts';
import { repositoryRoot } from '../support/paths.ts';
import { type ProcessGroup, startProcessGroup } from '../support/process-group.ts';
import { quietSettings, startVsCodeServer, testEnvironment } from '../support/vscode-server.ts';
import { type Practice, startPractice } from './environment.ts';

const EXTENSION_ID = 'incident-runbook.incident-runbook';

/** How long the impact has lasted when the practice begins, ms: as long as the practice environment's story says. */
const IMPACT_MS = 25 * 60_000;

const scratch = await mkdtemp(path.join(os.tmpdir(), 'incident-practice-'));
const folder = path.join(scratch, 'healthflow-backend');
const dataDir = path.join(scratch, 'data');
const undo: (() => Promise<unknown>)[] = [() => rm(scratch, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })];

let ending = false;
async function end(code: number): Promise<void> {
  if (ending) {
    return;
  }
  ending = true;
  for (let next = undo.pop(); next !== undefined; next = undo.pop()) {
    await next().catch((error: unknown) => { console.error(error); });
  }
  process.exit(code);
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    console.log('\nEnding the practice environment…');
    void end(0);
  });
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  await end(1);
}

async function main(): Promise<void> {
  console.log('Building the extension and starting the practice environment…');
  const build = startProcessGroup(process.execPath, ['esbuild.mjs'], { cwd: repositoryRoot, inherit: true });
  await cp(path.join(repositoryRoot, 'test', 'practice', 'workspace'), folder, { recursive: true });
  const practice = await startPractice({ dir: path.join(scratch, 'practice'), log: (line) => { console.log(line); } });
  undo.push(() => practice.stop());
  if (await build.ended !== 0) {
    throw new Error('The extension could not be built; the lines above say why.');
  }
  const program = await findDesktop();
  const opened = program === undefined ? await openInServer(practice) : await openOnDesktop(program, practice);
  console.log([
    '',
    opened.where,
    '',
    'HealthFlow production is emulated on this machine, and its connection pool is exhausted. In the Incidents view:',
    '  1. Acknowledge the incident, assess its severity, investigate.',
    '  2. Read the evidence, watch the logs, open src/db/pool.js and document what you find.',
    '  3. Run "Restart the service": read the plan, apply it, and see the incident heal. Then verify, and watch the stability.',
    '  4. Confirm the resolution, close the ticket, and have the review drafted.',
    '',
    'GitHub, Slack, PagerDuty, Datadog, Statuspage, the mail server and the in-app webhook are practised on this machine',
    'too: no account is needed, and nothing you send leaves it. What each of them has received:',
    `  ${practice.awsEndpoint}/_practice/services/slack (or github, pagerduty, datadog, statuspage, mail, webhook)`,
    '',
    'Ctrl+C ends everything.',
  ].join('\n'));
  await opened.group.ended;
  await end(0);
}

/** Where timelines live below a VS Code's own folder: one incident is on record when the window opens. */
async function declareIncident(globalStorage: string): Promise<void> {
  const clock = systemClock;
  const ledger = new LocalLedger({
    directory: path.join(globalStorage, EXTENSION_ID, 'incidents'), clock, ids: randomIds(), redact: (event) => event,
    actor: () => ({ name: 'cloudwatch', kind: 'extension' }),
  });
  await ledger.declare({
    type: 'incident.declared', title: 'Practice: prescriptions cannot be opened', environment: 'production', detectedBy: 'cloudwatch',
    impactStartedAt: iso(clock.now() - IMPACT_MS), drill: true, runbook: { name: 'HealthFlow', version: '1.0.0' },
  });
}

interface Opened {
  readonly where: string;
  readonly group: Pick<ProcessGroup, 'ended'>;
}

async function openInServer(practice: Practice): Promise<Opened> {
  await declareIncident(path.join(dataDir, 'data', 'User', 'globalStorage'));
  const connectionToken = randomBytes(16).toString('hex');
  const server = await startVsCodeServer({
    dataDir, extensionsDir: path.join(scratch, 'extensions'), trust: true, connectionToken,
    env: practice.env, settings: practice.settings, installedExtension: repositoryRoot,
  });
  undo.push(() => server.stop());
  const address = new URL(workbenchAddress({
    server, folder, extraPayload: [['openFile', `vscode-remote://127.0.0.1:${server.port}${path.join(folder, 'README.md')}`]],
  }));
  address.searchParams.set('tkn', connectionToken);
  return { where: `No desktop VS Code here, so it runs as a server. Open this address in a browser:\n\n  ${address.href}`, group: server };
}

async function openOnDesktop(program: string, practice: Practice): Promise<Opened> {
  const user = path.join(dataDir, 'User');
  await mkdir(user, { recursive: true });
  await writeFile(path.join(user, 'settings.json'), JSON.stringify({ ...quietSettings, ...practice.settings }));
  await declareIncident(path.join(user, 'globalStorage'));
  const group = startProcessGroup(program, [
    folder, path.join(folder, 'README.md'), '--wait', '--new-window', `--extensionDevelopmentPath=${repositoryRoot}`,
    '--user-data-dir', dataDir, '--extensions-dir', path.join(scratch, 'extensions'), '--disable-workspace-trust', '--skip-welcome',
  ], { env: testEnvironment(practice.env) });
  undo.push(() => group.stop());
  return { where: `VS Code is open (${program}).`, group };
}

/** A desktop VS Code: the one installed, else the one to be downloaded; undefined where there is no display for it. */
async function findDesktop(): Promise<string | undefined> {
  const hasDisplay = process.platform !== 'linux' || Boolean(process.env['DISPLAY'] ?? process.env['WAYLAND_DISPLAY']);
  if (!hasDisplay || process.env['VSCODE_HOST'] === 'server') {
    return undefined;
  }
  const installed = process.platform === 'win32' ? 'code.cmd' : 'code';
  if (spawnSync(installed, ['--version'], { stdio: 'ignore' }).status === 0) {
    return installed;
  }
  try {
    const { downloadAndUnzipVSCode } = await import('@vscode/test-electron');
    return await downloadAndUnzipVSCode();
  } catch {
    console.log('VS Code is not installed as "code" and could not be downloaded.');
    return undefined;
  }
}
