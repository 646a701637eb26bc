import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import { loadRunbook } from '../../../src/runbook/load.ts';
import { formatProblems, type Problem } from '../../../src/runbook/problems.ts';
import { type Fault, MEANING_FAULTS, SHAPE_FAULTS, SYNTAX_FAULTS } from './faults.ts';

const TEAM = readFileSync(new URL('team.runbook.yaml', import.meta.url), 'utf8');
const ACTIONS = ['checkServiceHealth', 'clearCache'];

function problemsOf(text: string, actions?: readonly string[]): readonly Problem[] {
  const result = loadRunbook(text, 'media/x.yaml', actions === undefined ? {} : { actions });
  return result.ok ? [] : result.problems;
}

function faulty({ replace, by }: Fault): string {
  if (replace === null) {
    return by;
  }
  assert.equal(TEAM.split(replace).length, 2, `"${replace}" must stand once in team.runbook.yaml`);
  return TEAM.replace(replace, () => by);
}

const SEVERAL = TEAM
  .replace('timeZone: Europe/Berlin', 'timeZone: 1')
  .replace('    responseMinutes: 5\n', '')
  .replace('methods: [phone]', 'methods: [pigeon]');

describe('loadRunbook', () => {
  it("reads another team's runbook, with aliases, whole", () => {
    const result = loadRunbook(TEAM, 'team.yaml', { actions: ACTIONS });
    assert.ok(result.ok, result.ok ? '' : formatProblems(result.problems));
    assert.equal(result.runbook.severities.P4.impact, 'Slow');
    assert.equal(result.runbook.environments['live']?.redis?.port, 6380);
  });

  it('reads Windows line ends and a byte-order mark', () => {
    assert.deepEqual(problemsOf(`\uFEFF${TEAM.replaceAll('\n', '\r\n')}`), []);
  });

  it('passes any action when it is not told which there are', () => {
    assert.deepEqual(problemsOf(TEAM.replace('action: clearCache', 'action: shell')), []);
  });

  for (const [kind, faults] of Object.entries({ syntax: SYNTAX_FAULTS, shape: SHAPE_FAULTS, meaning: MEANING_FAULTS })) {
    describe(`${kind}: says where and what`, () => {
      for (const fault of faults) {
        it(fault.title, () => {
          const problems = problemsOf(faulty(fault), ACTIONS);
          const text = formatProblems(problems, 100);
          for (const words of fault.says) {
            assert.ok(text.includes(words), `"${words}" is missing in:\n${text}`);
          }
          assert.deepEqual(problems.map(({ line, column }) => `${line}:${column}`), fault.at, text);
        });
      }
    });
  }

  it('reports several problems at once, sorted by position', () => {
    const problems = problemsOf(SEVERAL);
    assert.deepEqual(problems.map(({ line, column, path }) => [line, column, path]), [
      [6, 11, 'timeZone'],
      [25, 3, 'severities.P1.responseMinutes'],
      [87, 15, 'contacts.duty.methods[0]'],
    ]);
  });

  it('reads an alias within its own anchor without end', () => {
    assert.ok(problemsOf('name: &n [*n]\n').some(({ path, message }) => path === 'name' && message.includes('not a list')));
  });

  it('stops at a nesting too deep or a hundred problems', () => {
    assert.match(problemsOf(`${'['.repeat(100_000)}`)[0]?.message ?? '', /^The file is nested too deeply to read\.$/);
    assert.equal(problemsOf(TEAM.replace('references: []', `references: [${'1, '.repeat(500)}1]`)).length, 100);
  });
});

describe('formatProblems', () => {
  it('writes file, line, column and message, and counts what it leaves out', () => {
    const problems = problemsOf(SEVERAL);
    assert.equal(
      formatProblems(problems, 1),
      'media/x.yaml:6:11: timeZone must be text, not the number 1. Put it in quotes.\nand 2 more.',
    );
    assert.equal(formatProblems(problems).split('\n').length, 3);
  });
});
