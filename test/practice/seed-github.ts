import type { FakeCommit, FakeJob, FakeRun, GitHubState } from '../support/fakes/github-model.ts';
import { createRandom } from './random.ts';
import { RELEASE } from './resources.ts';

export interface GitHubSeed {
  /** The start of the practice environment, epoch ms. */
  readonly startedAt: number;
  /** When the running version was deployed, epoch ms. */
  readonly deployedAt: number;
}

interface Change {
  /** Epoch ms. */
  readonly at: number;
  readonly author: 'ada' | 'grace' | 'linus';
  readonly message: string;
  /** File, lines added, lines removed. */
  readonly file: readonly [string, number, number];
  /** The commit that a version was made of, and when that was deployed, epoch ms. */
  readonly release?: { readonly version: string; readonly deployedAt: number };
  readonly sha?: string;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** A workflow run begins that long before it deploys, ms. */
const BUILD_MS = 4 * MINUTE_MS;
/** Staging comes that long before production, ms. */
const STAGING_MS = 12 * MINUTE_MS;

const CHECKS = ['lint', 'unit tests', 'integration tests'];
const DEPLOYMENT = ['build image', 'staging', 'production', 'smoke test'];
/** The same hashes in every practice. */
const SEED = 2_141;

/**
 * What the practice incident left behind on GitHub: the release that the backend runs, the change that leaks
 * connections in it, their workflow runs and deployments. No issue: the ticket is for the practitioner to open.
 */
export function seedGitHub(state: GitHubState, { startedAt, deployedAt }: GitHubSeed): void {
  const random = createRandom(SEED);
  let id = 9_100;
  const commits = changes(startedAt, deployedAt).map((change): Change & { readonly sha: string } => ({ sha: random.hex(40), ...change }));
  const run = ({ sha, at, jobs, ...more }: Pick<FakeRun, 'sha' | 'at' | 'jobs'> & Pick<Partial<FakeRun>, 'name' | 'file' | 'branch' | 'event'>): FakeRun => ({
    id: id += 1, name: 'CI', file: 'ci.yml', branch: 'main', event: 'push', ...more, sha, at, jobs, status: 'completed',
    conclusion: jobs.some(({ conclusion }) => conclusion === 'failure') ? 'failure' : 'success',
  });
  const passed = (names: readonly string[]): FakeJob[] => names.map((name) => ({ name, conclusion: 'success' }));

  state.labels.push(
    { id: 2, name: 'incident', color: 'b60205', description: 'Something happened in production' },
    { id: 3, name: 'database', color: '0e8a16', description: null },
    { id: 4, name: 'dependencies', color: '0366d6', description: null },
  );
  state.commits.push(...commits.map(({ sha, message, author, at, file: [filename, additions, deletions] }): FakeCommit =>
    ({ sha, message, author, at, files: [{ filename, additions, deletions }] })));
  state.refs['main'] = commits.at(-1)?.sha ?? RELEASE.commit;

  const released = commits.flatMap(({ release, sha, author }) => release === undefined ? [] : [{ ...release, sha, author }]);
  for (const { version, sha } of released) {
    state.refs[`v${version}`] = sha;
  }
  state.deployments.push(...released.flatMap(({ version, sha, author, deployedAt: at }) => [
    { environment: 'staging', at: at - STAGING_MS }, { environment: 'production', at },
  ].map((place, index) => ({ id: 8_000 + 10 * released.findIndex((one) => one.version === version) + index, sha, ref: `v${version}`, creator: author, ...place }))));

  state.runs.push(...[
    ...commits.slice(-4).map(({ sha, at }) => run({ sha, at: at + MINUTE_MS, jobs: passed(CHECKS) })),
    run({
      sha: random.hex(40), at: deployedAt - 5 * HOUR_MS, branch: 'dependencies/express-5.2', event: 'pull_request', jobs: [
        ...passed(CHECKS.slice(0, 2)),
        { name: 'integration tests', conclusion: 'failure', steps: [{ name: 'install', conclusion: 'success' }, { name: 'dispense a prescription twice', conclusion: 'failure' }] },
      ],
    }),
    ...released.map(({ sha, deployedAt: at }) =>
      run({ name: 'Deploy', file: 'deploy.yml', event: 'workflow_dispatch', sha, at: at - STAGING_MS - BUILD_MS, jobs: passed(DEPLOYMENT) })),
  ].toSorted((one, other) => one.at - other.at));
}

/** Oldest first. */
function changes(startedAt: number, deployedAt: number): readonly Change[] {
  const older = (days: number, version: string, author: Change['author'], message: string, file: Change['file']): Change => ({
    at: deployedAt - days * DAY_MS - HOUR_MS, author, message, file, release: { version, deployedAt: deployedAt - days * DAY_MS },
  });
  return [
    older(26, '2.13.2', 'linus', 'Answer 404 for a prescription that does not exist', ['src/routes/prescriptions.js', 7, 2]),
    older(19, '2.13.3', 'ada', 'Log the service and the version with every request', ['src/log.js', 6, 1]),
    older(12, '2.13.4', 'linus', 'Dispense a prescription only once', ['src/routes/dispensing.js', 3, 2]),
    older(4, '2.14.0', 'ada', 'Tell patients by text message that a prescription is ready', ['src/notifications/sms.js', 26, 0]),
    { at: deployedAt - 3 * HOUR_MS, author: 'grace', message: 'Take every connection through withClient', file: ['src/db/pool.js', 8, 0] },
    { at: deployedAt - 2 * HOUR_MS, author: 'linus', message: 'List the open prescriptions of a patient', file: ['src/routes/prescriptions.js', 15, 0] },
    {
      at: deployedAt - 35 * MINUTE_MS, author: 'ada', message: `Release ${RELEASE.version}`, file: ['package.json', 1, 1], sha: RELEASE.commit,
      release: { version: RELEASE.version, deployedAt },
    },
    { at: startedAt - 18 * MINUTE_MS, author: 'linus', message: 'Describe the routes in the README', file: ['README.md', 6, 0] },
  ];
}
