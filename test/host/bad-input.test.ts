import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { type Part, call, declare, eventually, messageOf, practice, runStep, timeline, withSetting } from './harness.ts';

async function bundledRunbook(): Promise<string> {
  const extension = vscode.extensions.getExtension('incident-runbook.incident-runbook');
  assert.ok(extension);
  return new TextDecoder().decode(await vscode.workspace.fs.readFile(vscode.Uri.joinPath(extension.extensionUri, 'media', 'healthflow.runbook.yaml')));
}

describe('bad input', () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'runbook-'));
  });

  after(async () => {
    await practice('DELETE', 'faults');
    await rm(folder, { recursive: true, force: true });
  });

  afterEach(() => practice('DELETE', 'faults'));

  /** Runs with a runbook of the team's own: the bundled one, changed. */
  async function withRunbook<T>(change: (text: string) => string, work: (file: string) => Promise<T>): Promise<T> {
    const file = join(folder, `${Math.random().toString(36).slice(2)}.runbook.yaml`);
    await writeFile(file, change(await bundledRunbook()));
    return withSetting('file', file, () => work(file));
  }

  it('names the incidents and steps there are', async () => {
    const incident = await declare('Unknown ids');
    assert.match(await messageOf(call('acknowledge', { incident: 'INC-20200101-NONE' })), /no incident "INC-20200101-NONE".*Known: .*INC-/);
    assert.match(await messageOf(runStep('../../etc/passwd', 'investigate')), /no incident/);
    assert.match(await messageOf(runStep(incident, 'checkServiceHealht')), /no step "checkServiceHealht".*checkServiceHealth/);
    assert.match(await messageOf(call('declare', {})), /"title" must be a text/);
    assert.match(await messageOf(call('declare', { title: 'x', severity: 'P9' })), /P1, P2, P3, P4/);
    assert.match(await messageOf(call('declare', { title: 'x', impactStartedAt: '2999-01-01T00:00:00Z' })), /in the future/);
    assert.match(await messageOf(call('assessSeverity', { incident, answers: { unavailable: 'perhaps' } })), /"perhaps" is not an answer.*yes/);
    assert.match(await messageOf(call('step.investigate', {})), /"incident" is missing/);
  });

  it('says file, line and column of a typo in the runbook, in the message and in the Problems panel', async () => {
    const incident = await declare('Typo');
    await withRunbook((text) => text.replace('responseMinutes:', 'responseMinuts:'), async (file) => {
      assert.match(await messageOf(runStep(incident, 'investigate')), /runbook\.yaml:\d+:\d+: .*responseMinuts/);
      const problems = vscode.languages.getDiagnostics(vscode.Uri.file(file));
      assert.match(problems.map(({ message }) => message).join('\n'), /responseMinuts/);
      assert.equal((await timeline(incident)).length, 1, 'the timeline is readable without a runbook');
    });
    assert.equal((await runStep(incident, 'compareVersions')).status, 'done', 'the bundled runbook is back');
  });

  it('says that the runbook file is not there', async () => {
    const incident = await declare('No file');
    await withSetting('file', join(folder, 'nowhere.yaml'), async () => {
      assert.match(await messageOf(runStep(incident, 'investigate')), /nowhere\.yaml could not be read.*incidentRunbook\.file/);
    });
  });

  it('says which profile has expired and the command that renews it', async () => {
    const incident = await declare('Expired');
    await practice('POST', 'faults', { service: 'ecs', status: 400, body: JSON.stringify({ __type: 'ExpiredTokenException', message: 'The security token included in the request is expired' }), headers: { 'content-type': 'application/x-amz-json-1.1' } });
    const answer = await runStep(incident, 'showServiceEvents');
    assert.equal(answer.status, 'failed');
    assert.match(answer.summary, /profile "default" has expired.*aws sso login --profile default/);
    assert.equal((await timeline(incident)).length, 2, 'the failure is recorded');
  });

  it('says that there is no session, and for which profile', async () => {
    const incident = await declare('No session');
    await withSetting('aws.profile', 'night-shift', async () => {
      const answer = await runStep(incident, 'showServiceEvents');
      assert.equal(answer.status, 'failed');
      assert.match(answer.summary, /profile "night-shift".*aws sso login --profile night-shift/);
    });
  });

  it('goes on with the other checks when one AWS service answers with HTML', async () => {
    const incident = await declare('HTML');
    await practice('POST', 'faults', { service: 'ecs', status: 500, body: '<!DOCTYPE html><html><body>Internal Server Error</body></html>', headers: { 'content-type': 'text/html' } });
    const { parts = [] } = await runStep(incident, 'investigate');
    const failed = parts.filter(({ outcome }) => outcome === 'failed');
    assert.deepEqual(failed.map(({ step }) => step), ['showServiceEvents']);
    assert.match(failed[0]?.summary ?? '', /HTML page instead of data/);
    assert.equal(parts.find(({ step }) => step === 'checkConnectionPool')?.level, 'bad');
  });

  it('reports a service and a log group that do not exist, and goes on', async () => {
    const incident = await declare('Wrong names');
    await withRunbook((text) => text.replaceAll('healthflow-backend-service', 'healthflow-backnd-service').replaceAll('/aws/ecs/healthflow-production', '/aws/ecs/healthflow-prodution'), async () => {
      const { parts = [] } = await runStep(incident, 'investigate');
      const of = (step: string): Part | undefined => parts.find((part) => part.step === step);
      assert.match(of('showServiceEvents')?.summary ?? '', /healthflow-backnd-service: MISSING/);
      assert.equal(of('showServiceEvents')?.level, 'bad');
      assert.match(of('searchErrors')?.summary ?? '', /no log group "\/aws\/ecs\/healthflow-prodution"/);
      assert.equal(of('checkCpuMemory')?.level, 'unknown', 'no datapoints is unknown, never ok');
      assert.equal(of('checkConnectionPool')?.level, 'bad');
    });
  });

  it('gives up on a health endpoint that hangs, and only on that', async () => {
    const incident = await declare('Hangs');
    await practice('POST', 'api', { health: { hang: true } });
    try {
      await withRunbook((text) => text.replace(/(name: API health)/, '$1\n        timeoutMs: 300'), async () => {
        const answer = await runStep(incident, 'checkServiceHealth');
        assert.equal(answer.level, 'bad');
        assert.match(answer.summary, /no answer within 300 ms/);
      });
    } finally {
      await practice('POST', 'api', { health: null });
    }
  });

  it('finds that the database refuses connections', async () => {
    const incident = await declare('Refused');
    const port = await closedPort();
    const before = process.env['DATABASE_URL'];
    process.env['DATABASE_URL'] = `postgres://app:secret-password@127.0.0.1:${port}/healthflow`;
    try {
      const answer = await runStep(incident, 'checkDatabaseConnectivity');
      assert.equal(answer.level, 'bad');
      assert.match(answer.summary, /refuses connections.*ECONNREFUSED/);
      assert.doesNotMatch(JSON.stringify(answer), /secret-password/);
    } finally {
      process.env['DATABASE_URL'] = before;
    }
  });

  it('says which setting holds no URL', async () => {
    const incident = await declare('No URL');
    await withSetting('endpoints', { 'https://api.healthflow.gov.eg': 'localhost' }, async () => {
      await eventually('The setting', () => vscode.workspace.getConfiguration('incidentRunbook').get<Record<string, string>>('endpoints', {}), (seen) => Object.values(seen).includes('localhost'));
      const answer = await runStep(incident, 'checkServiceHealth');
      assert.match(answer.summary, /incidentRunbook\.endpoints.*"localhost".*not an http or https URL/);
    });
  });
});

async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const address = server.address();
  await new Promise((resolve) => { server.close(resolve); });
  return typeof address === 'object' && address !== null ? address.port : 1;
}
