import assert from 'node:assert/strict';
import path from 'node:path';
import { beforeEach, describe, it } from 'mocha';
import { UserError } from '../../../src/errors.ts';
import type { Evidence } from '../../../src/incident/evidence.ts';
import { fold } from '../../../src/incident/fold.ts';
import { environmentByKey, stepById } from '../../../src/runbook/query.ts';
import type { Runbook, RunbookEndpoint } from '../../../src/runbook/schema.ts';
import { AwsSession } from '../../../src/services/aws/session.ts';
import { Endpoints } from '../../../src/services/endpoints.ts';
import { listDeployments, viewLatestRun } from '../../../src/steps/chapter-5-deployments.ts';
import { Inputs } from '../../../src/steps/inputs.ts';
import type { ReadAction, StepContext } from '../../../src/steps/step.ts';
import { viewOnGitHub } from '../../../src/steps/version-comparison.ts';
import { createEvents } from '../../support/build-events.ts';
import { API, buildRunner, runbookWith } from '../../support/build-runner.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';
import { createClock, START } from '../../support/clock.ts';
import { type GitHubFake, startGitHub } from '../../support/fakes/github.ts';
import type { FakeDeployment, FakeRun } from '../../support/fakes/github-model.ts';
import { useFake } from '../../support/fakes/use-fake.ts';
import { assertGolden } from '../../support/golden.ts';
import { useHttpServers } from '../../support/http-stub.ts';
import { repositoryRoot } from '../../support/paths.ts';
import { renderMarkdown } from '../../support/render-markdown.ts';
import { useTemporaryFolder } from '../../support/temporary-folder.ts';

const MINUTE = 60_000;
/** The impact of the incident began here; it was detected at START, and it is ten minutes later now. */
const IMPACT = START - 10 * MINUTE;
const NOW = START + 10 * MINUTE;
const never = new AbortController().signal;

const sha = (number: number): string => String(number).repeat(40).slice(0, 40);
const connectionTo = (github: GitHubFake): Readonly<Record<string, string>> => ({ url: github.url, repository: 'acme/shop', token: 'gho_invented-push' });

/** @param at epoch ms */
function run(id: number, at: number, change: Partial<FakeRun> = {}): FakeRun {
  return { id, name: 'Deploy', sha: sha(id), branch: 'main', event: 'push', status: 'completed', conclusion: 'success', at, jobs: [], ...change };
}

function deployment(id: number, at: number, change: Partial<FakeDeployment> = {}): FakeDeployment {
  return { id, sha: sha(id), ref: 'main', environment: 'production', creator: 'grace', at, ...change };
}

interface Around {
  readonly connected?: boolean;
  readonly declared?: boolean;
  /** Empty: not known. */
  readonly impactStartedAt?: string;
  /** Whether the runbook names the workflow and branch that deploy. */
  readonly named?: boolean;
}

function withoutDeployment({ deployment: _, ...runbook }: Runbook): Runbook {
  return runbook;
}

describe('Deployments', () => {
  const github = useFake(() => startGitHub({ clock: createClock() }));
  beforeEach(() => {
    github().state.commits.push(...[1, 2, 3, 4, 5, 6].map((number) => ({ sha: sha(number), message: `Change ${number}\n\nin detail`, author: 'ada', at: IMPACT - (100 - number) * MINUTE })));
  });

  const context = (step: string, { connected = true, declared = true, impactStartedAt = new Date(IMPACT).toISOString(), named = true }: Around = {}): StepContext => {
    const runbook = named ? bundledRunbook() : withoutDeployment(bundledRunbook());
    const found = stepById(runbook, step);
    assert.ok(found !== undefined);
    return {
      incident: declared ? fold([createEvents().declared(impactStartedAt === '' ? {} : { impactStartedAt })]) : undefined,
      step: found, runbook, environment: environmentByKey(runbook, 'production'), clock: createClock(NOW),
      services: {
        endpoints: new Endpoints({}), aws: () => new AwsSession({ region: 'eu-central-1', endpoint: 'http://127.0.0.1:1' }),
        databaseUrl: () => Promise.resolve(undefined), redisUrl: () => Promise.resolve(undefined), tasks: { folder: () => undefined, start: () => Promise.reject(new Error('This test runs no program')), find: () => undefined }, logStreams: { start: () => Promise.reject(new Error('This test has no log stream')) },
        connections: { get: (service) => Promise.resolve(connected && service === 'github' ? connectionTo(github()) : undefined) },
      },
    };
  };
  const look = (action: ReadAction, step: string, inputs: Readonly<Record<string, unknown>> = {}, around: Around = {}): Promise<Evidence> =>
    action.run(context(step, around), new Inputs(`Step "${step}"`, inputs), never);
  const list = (inputs: Readonly<Record<string, unknown>> = {}, around: Around = {}): Promise<Evidence> => look(listDeployments, 'listDeployments', inputs, around);
  const latest = (inputs: Readonly<Record<string, unknown>> = {}, around: Around = {}): Promise<Evidence> => look(viewLatestRun, 'viewLatestRun', inputs, around);
  const suspects = ({ data }: Evidence, name: 'runs' | 'deployments'): unknown[] => (data[name] as readonly { readonly id: number; readonly suspect: boolean }[]).filter(({ suspect }) => suspect).map(({ id }) => id);
  const ids = ({ data }: Evidence, name: 'runs' | 'deployments'): unknown[] => (data[name] as readonly { readonly id: number }[]).map(({ id }) => id);

  describe('listDeployments', () => {
    it('marks the runs that began within an hour before the impact', async () => {
      // From just before the hour to just after the impact.
      github().state.runs.push(run(1, IMPACT - 61 * MINUTE), run(2, IMPACT - 60 * MINUTE), run(3, IMPACT - 12 * MINUTE, { conclusion: 'failure' }), run(4, IMPACT + MINUTE, { status: 'in_progress', conclusion: null }));
      const evidence = await list();
      assert.deepEqual([evidence.level, evidence.summary], ['warn', '2 workflow runs within an hour before the impact began: 3333333 by ada Deploy #3, failure, 12 min before']);
      assert.deepEqual(suspects(evidence, 'runs'), [3, 2]);
      assert.deepEqual(evidence.links, [{ title: 'Deployments', url: `${github().origin}/acme/shop/deployments` }, { title: 'Workflow runs', url: `${github().origin}/acme/shop/actions` }].filter(({ url }) => url.startsWith('https:')));
    });

    it('is well when nothing began within the hour, and says what was last', async () => {
      github().state.runs.push(run(1, IMPACT - 26 * 60 * MINUTE));
      const evidence = await list();
      assert.deepEqual([evidence.level, evidence.summary], ['ok', 'Last workflow run: 1111111 by ada Deploy #1, success, 1 d 2 h ago; none within an hour before the impact began']);
      assert.equal((await list({ minutesBeforeImpact: 1440 })).level, 'ok');
      assert.equal((await list({ minutesBeforeImpact: 120 })).level, 'ok');
    });

    it('goes by the detection when the start of the impact is not known, and by nothing before there is an incident', async () => {
      github().state.runs.push(run(1, START - 5 * MINUTE));
      assert.equal((await list()).level, 'ok');
      const detected = await list({}, { impactStartedAt: '' });
      assert.deepEqual([detected.level, detected.summary], ['warn', '1 workflow run within an hour before the incident was detected: 1111111 by ada Deploy #1, success, 5 min before']);
      const undeclared = await list({}, { declared: false });
      assert.deepEqual([undeclared.level, undeclared.summary], ['ok', 'Last workflow run: 1111111 by ada Deploy #1, success, 15 min ago']);
      assert.match(undeclared.markdown, /Nothing is marked: there is no incident yet/);
    });

    it('shows five, and leaves out those of pull requests', async () => {
      github().state.runs.push(...[1, 2, 3, 4, 5, 6].map((id) => run(id, IMPACT - (200 - id) * MINUTE)), run(7, IMPACT - MINUTE, { event: 'pull_request' }));
      assert.deepEqual(ids(await list(), 'runs'), [6, 5, 4, 3, 2]);
      assert.deepEqual(ids(await list({ limit: 2 }), 'runs'), [6, 5]);
    });

    it('shows those of one workflow, by file or name, and of one branch', async () => {
      github().state.runs.push(
        run(1, IMPACT - 90 * MINUTE, { branch: 'hotfix' }), run(2, IMPACT - 80 * MINUTE),
        ...Array.from({ length: 40 }, (_, index) => run(100 + index, IMPACT - 70 * MINUTE, { name: 'Tests', file: 'test.yml', sha: sha(3) })),
      );
      assert.deepEqual(ids(await list({ workflow: 'deploy.yml', limit: 1 }), 'runs'), [2]);
      assert.deepEqual(ids(await list({ workflow: 'deploy', branch: 'hotfix' }), 'runs'), [1]);
      assert.deepEqual(ids(await list({ workflow: 'Tests', limit: 1 }), 'runs'), [139]);
      assert.deepEqual([(await list({ workflow: 'nothing.yml' })).level], ['unknown']);
    });

    it('prefers deployments to the environment, each with what became of its run', async () => {
      github().state.runs.push(run(2, IMPACT - 30 * 60 * MINUTE), run(3, IMPACT - 21 * MINUTE, { conclusion: 'failure' }), run(4, IMPACT - 7 * MINUTE, { name: 'Tests', file: 'test.yml' }));
      github().state.deployments.push(
        deployment(1, IMPACT - 50 * 60 * MINUTE), deployment(2, IMPACT - 30 * 60 * MINUTE), deployment(3, IMPACT - 20 * MINUTE), deployment(4, IMPACT - 5 * MINUTE, { environment: 'staging' }),
      );
      const evidence = await list();
      assert.deepEqual([evidence.level, evidence.summary], ['warn', '1 deployment within an hour before the impact began: 3333333 by grace to production, failure, 20 min before']);
      assert.deepEqual([ids(evidence, 'deployments'), suspects(evidence, 'deployments'), ids(evidence, 'runs')], [[3, 2, 1], [3], [3, 2]]);
      assert.deepEqual((evidence.data['deployments'] as readonly { result: unknown }[]).map(({ result }) => result), ['failure', 'success', null]);
      assertGolden(path.join(repositoryRoot, 'test/unit/steps/golden/deployments.md'), evidence.markdown.replaceAll(github().origin, 'https://github.com'));
    });

    it('tells how a deployment went from the run of the workflow that deploys, or of one that says so', async () => {
      const at = IMPACT - 90 * MINUTE;
      github().state.runs.push(
        run(1, at, { sha: sha(1), conclusion: 'failure' }), run(2, at, { sha: sha(1), name: 'Deploy preview', file: 'preview.yml' }), run(3, at, { sha: sha(1), name: 'Tests', file: 'test.yml' }),
        run(4, at, { sha: sha(2), name: 'Deploy preview', file: 'preview.yml', conclusion: 'cancelled' }), run(5, at, { sha: sha(2), name: 'Tests', file: 'test.yml' }),
        run(6, at, { sha: sha(3), name: 'Tests', file: 'test.yml' }),
      );
      github().state.deployments.push(deployment(1, at), deployment(2, at), deployment(3, at));
      assert.deepEqual(((await list()).data['deployments'] as readonly { result: unknown }[]).map(({ result }) => result), [null, 'cancelled', 'failure']);
    });

    it('shows the runs of every workflow when the one that the runbook names has none, or it names none', async () => {
      github().state.runs.push(run(1, IMPACT - 90 * MINUTE, { name: 'Ship it', file: 'ship.yml' }), run(2, IMPACT - 80 * MINUTE, { name: 'Tests', file: 'test.yml' }));
      const evidence = await list();
      assert.deepEqual(ids(evidence, 'runs'), [2, 1]);
      assert.match(evidence.markdown, /The runbook says that ` deploy\.yml ` deploys .*, but it has no run, so these are the runs of every workflow\./);
      const unnamed = await list({}, { named: false });
      assert.deepEqual(ids(unnamed, 'runs'), [2, 1]);
      assert.doesNotMatch(unnamed.markdown, /deploy\.yml/);
    });

    it('shows all deployments when the environment has another name there', async () => {
      github().state.deployments.push(deployment(1, IMPACT - 50 * 60 * MINUTE, { environment: 'prod-eu' }));
      assert.deepEqual(ids(await list(), 'deployments'), [1]);
      assert.deepEqual(ids(await list({ deploymentEnvironment: 'prod-eu' }), 'deployments'), [1]);
    });

    it('warns of a run although no deployment began in time', async () => {
      github().state.runs.push(run(4, IMPACT - 7 * MINUTE));
      github().state.deployments.push(deployment(1, IMPACT - 50 * 60 * MINUTE));
      const { level, summary } = await list();
      assert.deepEqual([level, summary], ['warn', 'Last deployment: 1111111 by grace to production, 2 d 2 h ago; but 1 workflow run within an hour before the impact began']);
    });

    it('is unknown when there is neither', async () => {
      const { level, summary } = await list();
      assert.deepEqual([level, summary], ['unknown', 'acme/shop has neither deployments nor workflow runs']);
    });

    it('takes no Markdown from commits, branches and workflows', async () => {
      const evil = '[x](https://evil.example) | <img src=x> `';
      github().state.commits.push({ sha: sha(7), message: evil, author: 'ada', at: START });
      github().state.runs.push(run(7, IMPACT, { name: evil, branch: evil }));
      github().state.deployments.push(deployment(7, IMPACT, { ref: evil, environment: 'production' }));
      const html = renderMarkdown((await list()).markdown);
      assert.doesNotMatch(html, /href="[^"]*evil|<img/);
      assert.match(html, /\[x\]\(https:\/\/evil\.example\) \| &lt;img src=x&gt; `/);
      assert.equal([...html.matchAll(/<tr>/g)].length, 4, 'two tables with a head and a row each');
    });

    it('is not possible without a connection, and says what to do', async () => {
      await assert.rejects(list({}, { connected: false }), (error: unknown) => error instanceof UserError
        && error.message === 'GitHub is not connected. Connect it with "Incident: Connect GitHub…", or run: gh run list --limit 5.' && error.action?.command === 'incidentRunbook.connectGitHub');
    });

    it('says why GitHub cannot be asked', async () => {
      github().fault({ kind: 'server-error', acted: false });
      await assert.rejects(list(), (error: unknown) => error instanceof UserError && error.message === 'GitHub failed (500): Internal server error.');
    });
  });

  describe('viewLatestRun', () => {
    const jobs: FakeRun['jobs'] = [
      { name: 'build', conclusion: 'success', steps: [{ name: 'Set up', conclusion: 'success' }] },
      { name: 'deploy', conclusion: 'failure', steps: [{ name: 'Set up', conclusion: 'success' }, { name: 'Apply', conclusion: 'failure' }, { name: 'Clean up', conclusion: 'skipped' }] },
    ];

    it('shows jobs and failed step of the newest run of the deploy workflow', async () => {
      github().state.runs.push(...Array.from({ length: 40 }, (_, index) => run(100 + index, IMPACT - 200 * MINUTE, { sha: sha(1) })), run(1, IMPACT - 90 * MINUTE), run(2, IMPACT - 12 * MINUTE, { conclusion: 'failure', jobs }), run(3, IMPACT, { name: 'Deploy preview', file: 'preview.yml' }), run(4, IMPACT, { name: 'Tests', file: 'test.yml' }));
      const evidence = await latest();
      assert.deepEqual([evidence.level, evidence.summary], ['bad', 'Deploy #42 failed, begun 32 min ago: job deploy, step Apply (2222222 by ada)']);
      assert.deepEqual(evidence.data['jobs'], [{ name: 'build', result: 'success', failedSteps: [] }, { name: 'deploy', result: 'failure', failedSteps: ['Apply'] }]);
      assert.equal(github().of('listRuns').length, 1, 'one page is enough');
      assertGolden(path.join(repositoryRoot, 'test/unit/steps/golden/latest-run.md'), evidence.markdown);
    });

    for (const [title, change, level, summary] of [
      ['that went well', {}, 'ok', 'Deploy #1 succeeded, begun 25 min ago (1111111 by ada)'],
      ['that was cancelled', { conclusion: 'cancelled' }, 'warn', 'Deploy #1 was cancelled, begun 25 min ago (1111111 by ada)'],
      ['that is under way', { status: 'in_progress', conclusion: null, jobs: [{ name: 'deploy', conclusion: null }] }, 'warn', 'Deploy #1 is in progress, begun 25 min ago (1111111 by ada)'],
      ['that is under way and has failed already', { status: 'in_progress', conclusion: null, jobs }, 'bad', 'Deploy #1 is in progress, begun 25 min ago: job deploy, step Apply (1111111 by ada)'],
    ] as const) {
      it(`a run ${title}: ${level}`, async () => {
        github().state.runs.push(run(1, IMPACT - 5 * MINUTE, change));
        const evidence = await latest();
        assert.deepEqual([evidence.level, evidence.summary], [level, summary]);
      });
    }

    it('takes one that deploys by its name when the runbook names none, and says so', async () => {
      github().state.runs.push(run(1, IMPACT - 9 * MINUTE, { name: 'Release', file: 'cd.yml' }), run(2, IMPACT - 5 * MINUTE, { name: 'Tests', file: 'test.yml' }));
      for (const named of [false, true]) {
        const evidence = await latest({}, { named });
        assert.equal(evidence.summary, 'Release #1 succeeded, begun 29 min ago (1111111 by ada)');
        assert.match(evidence.markdown, /` cd\.yml ` was taken for the deploy workflow by its name\. Name the workflow that deploys in the runbook/);
      }
    });

    it('takes the newest run of all when no workflow deploys by its name, and says so; or the one it is told', async () => {
      github().state.runs.push(run(1, IMPACT - 9 * MINUTE, { name: 'Ship it', file: 'ship.yml' }), run(2, IMPACT - 5 * MINUTE, { name: 'Tests', file: 'test.yml' }));
      const evidence = await latest();
      assert.equal(evidence.summary, 'Tests #2 succeeded, begun 25 min ago (2222222 by ada)');
      assert.match(evidence.markdown, /No workflow says by its name that it deploys/);
      const named = await latest({ workflow: 'ship.yml' });
      assert.equal(named.summary, 'Ship it #1 succeeded, begun 29 min ago (1111111 by ada)');
      assert.doesNotMatch(named.markdown, /by its name/);
    });

    it('a run that took too long, and one that did not run', async () => {
      github().alter('listRuns', (reply) => ({ ...reply, body: JSON.parse(JSON.stringify(reply.body).replaceAll('"failure"', '"timed_out"').replaceAll('"cancelled"', '"skipped"')) as unknown }));
      github().state.runs.push(run(1, IMPACT - 5 * MINUTE, { conclusion: 'failure' }));
      assert.deepEqual((({ level, summary }) => [level, summary])(await latest()), ['bad', 'Deploy #1 timed out, begun 25 min ago (1111111 by ada)']);
      github().state.runs.push(run(2, IMPACT, { conclusion: 'cancelled' }));
      assert.deepEqual((({ level, summary }) => [level, summary])(await latest()), ['unknown', 'Deploy #2 ended as skipped, begun 20 min ago (2222222 by ada)']);
    });

    it('is unknown without a run', async () => {
      const evidence = await latest({ workflow: 'ship.yml', branch: 'main' });
      assert.deepEqual([evidence.level, evidence.summary], ['unknown', 'acme/shop has no workflow run of ship.yml on main']);
    });
  });

  describe('compareVersions with GitHub', () => {
    const folder = useTemporaryFolder();
    const serve = useHttpServers();
    const VERSION: RunbookEndpoint = { name: 'API version', url: `${API}/version`, kind: 'version' };
    const compare = async (running: object, { expectedVersion, connected = true, inputs = {}, named = true }: { readonly expectedVersion?: string; readonly connected?: boolean; readonly inputs?: object; readonly named?: boolean } = {}): Promise<readonly [level: string | undefined, summary: string, markdown: string]> => {
      const origin = await serve((_request, response) => { response.end(JSON.stringify(running)); });
      const runbook = runbookWith({ endpoints: [VERSION], ...(expectedVersion === undefined ? {} : { expectedVersion }) });
      const runner = await buildRunner(folder(), {
        origins: { [API]: origin }, runbook: named ? runbook : withoutDeployment(runbook),
        ...(connected ? { connections: { github: connectionTo(github()) } } : {}), clock: createClock(NOW),
      });
      const { level, summary, evidence } = await runner.run('compareVersions', { ...inputs });
      return [level, summary, evidence?.markdown ?? ''];
    };
    beforeEach(() => { Object.assign(github().state.refs, { 'main': sha(6), 'v1.4.2': sha(4), 'hotfix': sha(3) }); });

    it('expects the last deployment that went well', async () => {
      github().state.runs.push(run(4, IMPACT - 90 * MINUTE), run(5, IMPACT - 60 * MINUTE, { conclusion: 'failure' }));
      github().state.deployments.push(deployment(4, IMPACT - 90 * MINUTE), deployment(5, IMPACT - 60 * MINUTE), deployment(6, IMPACT, { environment: 'staging' }));
      const [level, summary, markdown] = await compare({ version: '1.4.1', commit: sha(2) });
      assert.deepEqual([level, summary], ['warn', 'Running 1.4.1 @ 222222222222, expected 4444444 (the last deployment to production): 2 commits behind']);
      assert.match(markdown, /2 commits.* expected, but not running/);
      assert.deepEqual([...markdown.matchAll(/Change (\d)/g)].map(([, number]) => number), ['4', '3']);
      const [well, sentence] = await compare({ commit: sha(4) });
      assert.deepEqual([well, sentence], ['ok', 'Running 444444444444, as expected (the last deployment to production)']);
    });

    it('takes a deployment without a run as it is', async () => {
      github().state.deployments.push(deployment(4, IMPACT - 90 * MINUTE));
      assert.equal((await compare({ commit: sha(4) }))[1], 'Running 444444444444, as expected (the last deployment to production)');
    });

    it('expects the head of the branch when nothing was deployed, and says how far ahead the other is', async () => {
      const [level, summary] = await compare({ commit: sha(6) });
      assert.deepEqual([level, summary], ['ok', 'Running 666666666666, as expected (the head of main)']);
      assert.equal((await compare({ commit: sha(6) }, { named: false }))[1], 'Running 666666666666, as expected (the head of the default branch)');
      const [warn, ahead, markdown] = await compare({ commit: sha(6) }, { inputs: { branch: 'hotfix' } });
      assert.deepEqual([warn, ahead], ['warn', 'Running 666666666666, expected 3333333 (the head of hotfix): 3 commits ahead']);
      assert.match(markdown, /3 commits.* running, but not expected/);
    });

    it('finds tags, with and without a v in front', async () => {
      assert.deepEqual((await compare({ commit: sha(3) }, { expectedVersion: '1.4.2' })).slice(0, 2), ['warn', 'Running 333333333333, expected 1.4.2: 1 commit behind']);
      assert.deepEqual((await compare({ commit: sha(4) }, { expectedVersion: 'v1.4.2' })).slice(0, 2), ['ok', 'Running 444444444444, as expected']);
      assert.deepEqual((await compare({ version: '1.4.2' })).slice(0, 2), ['warn', 'Running 1.4.2, expected 6666666 (the head of main): 2 commits behind']);
    });

    it('a version that GitHub does not know is not held against a commit', async () => {
      assert.deepEqual((await compare({ version: '2026-11' })).slice(0, 2), ['unknown', 'Running 2026-11, expected 6666666 (the head of main)']);
      assert.deepEqual((await compare({ commit: 'abcdef0123' })).slice(0, 2), ['warn', 'Running abcdef0123, expected 6666666 (the head of main)']);
      assert.deepEqual((await compare({ commit: '../../../user' })).slice(0, 2), ['warn', 'Running ../../../use, expected 6666666 (the head of main)']);
      assert.deepEqual(github().of('compare').map(({ target }) => target).filter((target) => target.includes('user')), []);
    });

    it('says what it can when GitHub cannot be asked', async () => {
      github().fault({ kind: 'server-error', acted: false });
      const [level, summary, markdown] = await compare({ commit: sha(4) }, { expectedVersion: sha(3) });
      assert.deepEqual([level, summary], ['warn', `Running 444444444444, expected ${sha(3)}`]);
      assert.match(markdown, /GitHub could not be asked for the commits: GitHub failed \\\(500\\\)/);
    });

    it('says what it can when VS Code is not signed in to GitHub', async () => {
      const { expected, lags, problem } = await viewOnGitHub({
        ...context('compareVersions'), services: { ...context('compareVersions').services, connections: { get: () => Promise.reject(new UserError('VS Code is not signed in to GitHub.')) } },
      }, '1.4.2', [{ version: '1.4.1', commit: undefined }], new Inputs('Step "compareVersions"', {}), never);
      assert.deepEqual([expected, lags, problem], [{ ref: '1.4.2' }, [], 'VS Code is not signed in to GitHub.']);
    });

    it('works without GitHub as ever', async () => {
      assert.deepEqual((await compare({ commit: sha(4) }, { connected: false })).slice(0, 2), ['unknown', 'Running 444444444444; the runbook expects no particular version']);
      assert.equal(github().exchanges.length, 0);
    });
  });
});
