/** Whatever happens to a line of a runbook, the loader gives a whole runbook or problems that lie inside the file. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { loadRunbook } from '../../../src/runbook/load.ts';
import { formatProblems } from '../../../src/runbook/problems.ts';

const FILES = [
  { name: 'the bundled runbook', url: new URL('../../../media/healthflow.runbook.yaml', import.meta.url), runs: 40 },
  { name: "another team's runbook", url: new URL('team.runbook.yaml', import.meta.url), runs: 200 },
];

type Mutation = (line: string) => string[];

const text = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.constantFrom('', '- ', '  - id: x', '{', '[', '}', '"', "'", '|', '>-', '&a', '*a', '!t x', '---', '...', '%YAML 1.1', '\t', '# c', '? ', ': ', 'id:', '__proto__: { a: 1 }'),
);

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.constant<Mutation>(() => []),
  fc.constant<Mutation>((line) => [line, line]),
  fc.constant<Mutation>((line) => [`  ${line}`]),
  fc.constant<Mutation>((line) => [line.trimStart()]),
  fc.constant<Mutation>((line) => [line.replace(/: .*/, ':')]),
  fc.constant<Mutation>((line) => [line.replace(/: .*/, ': 7')]),
  fc.constant<Mutation>((line) => [line.replace(/[a-z]/, 'Z')]),
  text.map((by): Mutation => () => [by]),
  text.map((by): Mutation => (line) => [line, by]),
  text.map((by): Mutation => (line) => [`${line}${by}`]),
);

describe('loadRunbook with a changed line', () => {
  for (const { name, url, runs } of FILES) {
    it(`${name}: loads whole or tells where it is wrong`, function () {
      this.timeout(60_000);
      const lines = readFileSync(url, 'utf8').split('\n');
      fc.assert(fc.property(fc.nat(lines.length - 1), mutation, (index, mutate) => {
        const changed = lines.toSpliced(index, 1, ...mutate(lines[index] ?? '')).join('\n');
        const result = loadRunbook(changed, 'x.yaml');
        if (result.ok) {
          assert.ok(result.runbook.steps.length > 0 && result.runbook.severities.P4.section !== '');
          return;
        }
        assert.ok(result.problems.length > 0);
        const written = changed.split('\n');
        for (const problem of result.problems) {
          const line = written[problem.line - 1];
          const inside = line !== undefined && problem.column >= 1 && problem.column <= line.length + 1;
          assert.ok(inside, `outside the file: ${formatProblems([problem])}`);
          assert.match(problem.message, /[.?]$/);
        }
      }), { numRuns: runs });
    });
  }
});
