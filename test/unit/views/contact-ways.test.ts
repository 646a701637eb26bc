import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { RunbookContact } from '../../../src/runbook/schema.ts';
import { contactReports, contactWays, mailTo, missingWays, reachability } from '../../../src/views/contact-ways.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';
import { START } from '../../support/clock.ts';

function contact(changes: Partial<RunbookContact> = {}): RunbookContact {
  return { title: 'DevOps Lead', section: '13', methods: ['phone', 'slack', 'email'], availability: 'businessHours', ...changes };
}

describe('the ways to a contact', () => {
  it('come in the order of the runbook, and only those that can be taken', () => {
    const all = contact({ email: 'devops@example.com', phone: '+20 2 0000 0000', slack: '@devops' });
    assert.deepEqual(contactWays(all).map(({ kind, value }) => [kind, value]), [['phone', '+20 2 0000 0000'], ['slack', '@devops'], ['mail', 'devops@example.com']]);
    assert.equal(missingWays(all), '');
    const mailOnly = contact({ email: 'devops@example.com' });
    assert.deepEqual(contactWays(mailOnly).map(({ kind }) => kind), ['mail']);
    assert.equal(missingWays(mailOnly), 'phone, Slack');
  });

  it('include an address that the runbook gives without naming it a method', () => {
    assert.deepEqual(contactWays(contact({ methods: ['pagerduty'], email: 'oncall@example.com', url: 'https://oncall.example.com' })).map(({ kind }) => kind), ['page', 'mail', 'url']);
  });

  it('say when the contact can be reached again', () => {
    const runbook = bundledRunbook();
    assert.equal(reachability(contact({ availability: 'always' }), runbook, START), 'reachable now');
    // Monday, 05:00 in Cairo; the hours begin at nine.
    assert.equal(reachability(contact(), runbook, START), 'outside business hours, reachable in 4 h 00 min');
    assert.equal(reachability(contact(), runbook, START + 5 * 3_600_000), 'reachable now');
  });

  it('are listed for every contact of the runbook, those first who can be reached', () => {
    const reports = contactReports(bundledRunbook(), START);
    assert.deepEqual(reports.map(({ id, reachable }) => [id, reachable]), [
      ['onCallEngineer', true], ['executiveTeam', true], ['awsSupport', true], ['datadogSupport', true], ['devopsLead', false], ['techLead', false], ['productOwner', false],
    ]);
    assert.deepEqual(reports[1]?.ways, [], 'the runbook gives no number');
    assert.deepEqual(reports[2]?.ways.map(({ kind, value }) => [kind, value]), [['url', 'https://console.aws.amazon.com/support/home']]);
  });
});

describe('a mail', () => {
  it('names the incident in its subject', () => {
    assert.deepEqual(mailTo('a@b.example', { id: 'INC-1', severity: 'P1', title: 'Prescriptions fail' }), { path: 'a@b.example', query: 'subject=INC-1 P1 Prescriptions fail' });
    assert.deepEqual(mailTo('a@b.example', undefined), { path: 'a@b.example', query: '' });
  });

  it('takes no further field from the title of an incident', () => {
    assert.equal(mailTo('a@b.example', { id: 'INC-1', title: 'x&bcc=evil@example.com#y?z\r\nBcc: evil' }).query, 'subject=INC-1 x bcc evil@example.com y z Bcc: evil');
  });
});
