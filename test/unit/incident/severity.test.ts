import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { UnknownAnswerError, assess, compareSeverity } from '../../../src/incident/severity.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';

type Answers = Readonly<Record<string, string>>;

const MILD: Answers = { unavailable: 'no', affected: 'none', security: 'no', workaround: 'yes', businessImpact: 'low' };

const EXAMPLES: readonly (readonly [title: string, changes: Answers, severity: string, reason: RegExp])[] = [
  ['nothing that holds anybody up', {}, 'P4', /minor issue/],
  ['all portals down', { unavailable: 'yes', affected: 'many', workaround: 'no', businessImpact: 'high' }, 'P1', /completely unavailable/],
  ['data exposed while everything works', { security: 'yes' }, 'P1', /exposed/],
  ['most users cannot work', { affected: 'many', workaround: 'no', businessImpact: 'high' }, 'P1', /outage to them/],
  ['a quarter of the requests fail', { unavailable: 'partly', affected: 'many' }, 'P2', /significantly degraded/],
  ['prescriptions held up', { businessImpact: 'high' }, 'P2', /held up/],
  ['an unused weakness', { security: 'weakness' }, 'P2', /weakness/],
  ['one feature missing', { unavailable: 'partly' }, 'P3', /part of the service/],
  ['some users without a workaround', { affected: 'some', workaround: 'no' }, 'P3', /no workaround/],
  ['a needed function missing', { businessImpact: 'moderate' }, 'P3', /function/],
  ['some users with a workaround', { affected: 'some' }, 'P4', /workaround/],
];

const { assessment } = bundledRunbook();

describe('assess', () => {
  for (const [title, changes, severity, reason] of EXAMPLES) {
    it(`${title}: ${severity}`, () => {
      const result = assess(assessment, { ...MILD, ...changes });
      assert.equal(result.severity, severity);
      assert.match(result.reasons.join(' '), reason);
    });
  }

  it('gives the reasons of the level chosen, not those of a milder one', () => {
    const { reasons } = assess(assessment, { ...MILD, unavailable: 'yes', security: 'yes', businessImpact: 'moderate' });
    assert.deepEqual(reasons, ['The service is completely unavailable.', 'Data or systems are or may have been exposed.']);
  });

  it('takes the higher level when in doubt, and says so', () => {
    const { severity, reasons } = assess(assessment, { ...MILD, security: 'unsure' });
    assert.equal(severity, 'P1');
    assert.match(reasons.at(-1) ?? '', /In doubt about "Is there a security or data privacy concern\?"/);
  });

  it('takes the higher level for a question left open, and names it', () => {
    const { unavailable: _open, ...answers } = MILD;
    const { severity, reasons } = assess(assessment, answers);
    assert.equal(severity, 'P1');
    assert.match(reasons.at(-1) ?? '', /Not answered: "Is the service completely unavailable\?"/);
    assert.equal(assess(assessment, {}).severity, 'P1');
    assert.equal(assess(assessment, {}).reasons.filter((line) => line.startsWith('Not answered')).length, assessment.questions.length);
  });

  it('refuses a question that the runbook does not ask', () => {
    assert.throws(() => assess(assessment, { ...MILD, weather: 'rain' }), (error: UnknownAnswerError) =>
      error instanceof UnknownAnswerError && error.message.startsWith('"weather" is not a question') && error.allowed.includes('workaround'));
  });

  it('refuses an answer that the question does not have, and lists those it has', () => {
    assert.throws(() => assess(assessment, { ...MILD, affected: 'everybody' }), /"everybody" is not an answer to "affected"\. Allowed: many, some, none, unsure\./);
  });

  it('never gives a lower level for a doubtful or an open answer', () => {
    const all = assessment.questions.reduce<Answers[]>((sets, { id, options }) =>
      sets.flatMap((set) => [set, ...options.map((option) => ({ ...set, [id]: option.id }))]), [{}]);
    for (const answers of all) {
      const level = assess(assessment, answers).severity;
      for (const { id, options } of assessment.questions) {
        const { [id]: _answer, ...open } = answers;
        for (const doubtful of [open, ...options.filter(({ countsAs }) => countsAs !== undefined).map((option) => ({ ...answers, [id]: option.id }))]) {
          assert.ok(answers[id] === undefined || compareSeverity(assess(assessment, doubtful).severity, level) <= 0, `${JSON.stringify(answers)} → ${JSON.stringify(doubtful)}`);
        }
      }
    }
  });
});

describe('compareSeverity', () => {
  it('puts the gravest first', () => {
    assert.deepEqual((['P3', 'P1', 'P4', 'P2'] as const).toSorted(compareSeverity), ['P1', 'P2', 'P3', 'P4']);
  });
});
