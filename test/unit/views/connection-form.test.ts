import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { CONNECTABLE, CONNECTION_KINDS, type ConnectableService, type Connection, readConnection } from '../../../src/services/connections.ts';
import { type Answers, type FieldQuestion, nextQuestion } from '../../../src/views/connection-form.ts';

/** Answers every question: with what is given for its field, else with what stands in the box. */
function fill(service: ConnectableService, given: Record<string, string>, before?: Connection): { answers: Answers; asked: FieldQuestion[] } {
  let answers: Answers = {};
  const asked: FieldQuestion[] = [];
  for (let question = nextQuestion(service, before, answers); question !== undefined; question = nextQuestion(service, before, answers)) {
    const name = CONNECTION_KINDS[service].fields[asked.length]?.name ?? assert.fail();
    const answer = given[name] ?? question.value;
    assert.equal(question.problem(answer), undefined, `${name}: ${answer}`);
    asked.push(question);
    answers = question.with(answer);
  }
  return { answers, asked };
}

describe('the questions of a connection', () => {
  it('are one for each field, with presets, and secrets hidden', () => {
    const { answers, asked } = fill('slack', { token: 'xoxb-1-2' });
    assert.deepEqual(asked.map(({ title, value, secret }) => [title, value, secret]), [
      ['Connect Slack (1/2): API address', 'https://slack.com/api/', false], ['Connect Slack (2/2): Bot token', '', true],
    ]);
    assert.match(asked[1]?.prompt ?? '', /channels:history/);
    assert.deepEqual(readConnection('slack', answers), { url: 'https://slack.com/api/', token: 'xoxb-1-2' });
  });

  it('say what is wrong without repeating it', () => {
    const token = fill('slack', { token: 'xoxb-1' }).asked[1];
    const problem = token?.problem('xoxp-not-a-bot') ?? '';
    assert.match(problem, /"Bot token" is missing or wrong/);
    assert.doesNotMatch(problem, /xoxp/);
    assert.equal(token?.problem('  xoxb-pasted-with-blanks \n'), undefined);
    assert.deepEqual(token?.with('  xoxb-1 \n')['token'], 'xoxb-1');
  });

  it('leave optional fields empty', () => {
    const { answers, asked } = fill('github', { repository: 'acme/shop', token: '' });
    assert.equal(asked.at(-1)?.placeHolder, 'May be left empty');
    assert.deepEqual(readConnection('github', answers), { url: 'https://api.github.com', repository: 'acme/shop' });
  });

  it('lead to a connection that can be read, for every service', () => {
    const given: Readonly<Record<string, string>> = {
      repository: 'acme/shop', routingKey: 'R0123456789', apiKey: 'a', applicationKey: 'b', page: 'abc', host: 'smtp.example.com', from: 'a@b.example', url: 'https://services.example.com', token: 'xoxb-1',
    };
    for (const service of CONNECTABLE) {
      assert.doesNotThrow(() => readConnection(service, fill(service, { ...given }).answers), service);
    }
  });

  const before = { url: 'https://ghe.acme.example/api/v3', repository: 'acme/shop', token: 'ghp_secret' };

  it('start from what there is when it is changed, and keep a secret that is left empty', () => {
    const { answers, asked } = fill('github', { repository: 'acme/web' }, before);
    assert.deepEqual(asked.map(({ value, placeHolder }) => [value, placeHolder]), [
      [before.url, ''], ['acme/shop', ''], ['', 'Leave it empty to keep the one there is'],
    ]);
    assert.deepEqual(answers, { ...before, repository: 'acme/web' });
  });

  it('take a token only to the address it was given for', () => {
    const { answers, asked } = fill('github', { url: 'https://other.example/api/v3' }, before);
    assert.equal(asked[2]?.placeHolder, 'May be left empty');
    assert.equal(answers['token'], '');
    const mail = { host: 'smtp.example.com', port: '587', from: 'a@b.example', user: 'u', password: 'secret' };
    assert.equal(fill('mail', { from: 'c@b.example' }, mail).answers['password'], 'secret');
    assert.equal(fill('mail', { host: 'smtp.other.example' }, mail).answers['password'], '');
    assert.equal(fill('mail', { port: '25' }, mail).answers['password'], '');
    const slack = { url: 'https://slack.com/api/', token: 'xoxb-1' };
    const moved = nextQuestion('slack', slack, { url: 'https://slack-gov.com/api/' });
    assert.match(moved?.problem('') ?? '', /"Bot token" is missing/);
  });
});
