/** The bundled rules of runbook 2.1 and 2.2, tried with every answer there is. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import { loadRunbook } from '../../../src/runbook/load.ts';
import type { AssessmentRules } from '../../../src/runbook/schema.ts';

type Answers = Readonly<Record<string, string>>;

function bundledRules(): AssessmentRules {
  const file = new URL('../../../media/healthflow.runbook.yaml', import.meta.url);
  const result = loadRunbook(readFileSync(file, 'utf8'), 'media/healthflow.runbook.yaml');
  assert.ok(result.ok);
  return result.runbook.assessment;
}

/** The gravest rule that holds; `P1` sorts before `P4`. */
function assess({ rules, otherwise }: AssessmentRules, answers: Answers): string {
  const held = rules.filter(({ when }) => Object.entries(when).every(([question, allowed]) => allowed.includes(answers[question] ?? '')));
  return held.map((rule) => rule.severity).sort()[0] ?? otherwise.severity;
}

function combinations([first, ...rest]: AssessmentRules['questions']): Answers[] {
  if (first === undefined) {
    return [{}];
  }
  const definite = first.options.filter((option) => option.countsAs === undefined);
  return combinations(rest).flatMap((others) => definite.map((option) => ({ [first.id]: option.id, ...others })));
}

const MILD: Answers = { unavailable: 'no', affected: 'none', security: 'no', workaround: 'yes', businessImpact: 'low' };

const EXAMPLES: readonly (readonly [title: string, answers: Answers, severity: string])[] = [
  ['all portals down', { unavailable: 'yes', affected: 'many', workaround: 'no', businessImpact: 'high' }, 'P1'],
  ['database breach', { security: 'yes' }, 'P1'],
  ['API errors affecting 25 % of requests', { unavailable: 'partly', affected: 'many' }, 'P2'],
  ['single portal feature not working', { unavailable: 'partly', affected: 'some', workaround: 'no', businessImpact: 'moderate' }, 'P3'],
  ['cosmetic issue that everybody sees', { affected: 'many' }, 'P4'],
  ['non-critical bug with a workaround', { affected: 'some' }, 'P4'],
];

describe('the bundled severity assessment', () => {
  it('asks the five questions of the text', () => {
    assert.deepEqual(bundledRules().questions.map((question) => question.id), Object.keys(MILD));
  });

  for (const [title, answers, severity] of EXAMPLES) {
    it(`${title}: ${severity}`, () => {
      assert.equal(assess(bundledRules(), { ...MILD, ...answers }), severity);
    });
  }

  it('takes every doubtful answer for the gravest', () => {
    for (const { id, options } of bundledRules().questions) {
      const doubtful = options.filter((option) => option.countsAs !== undefined);
      assert.deepEqual(doubtful.map((option) => option.countsAs), [options[0]?.id], id);
    }
  });

  it('never lowers the severity for a graver answer', () => {
    const rules = bundledRules();
    const all = combinations(rules.questions);
    assert.equal(all.length, 3 * 3 * 3 * 2 * 3);
    for (const answers of all) {
      for (const { id, options } of rules.questions) {
        const graver = options.slice(0, options.findIndex((option) => option.id === answers[id]));
        for (const option of graver) {
          const changed = { ...answers, [id]: option.id };
          assert.ok(assess(rules, changed) <= assess(rules, answers), `${JSON.stringify(answers)} → ${JSON.stringify(changed)}`);
        }
      }
    }
  });

  it('needs every rule', () => {
    const rules = bundledRules();
    const all = combinations(rules.questions);
    const idle = rules.rules.filter((rule) => {
      const others = { ...rules, rules: rules.rules.filter((other) => other !== rule) };
      return all.every((answers) => assess(others, answers) === assess(rules, answers));
    });
    assert.deepEqual(idle.map((rule) => rule.reason), []);
  });
});
