import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { DeliveryRequest } from '../../src/incident/events.ts';
import type { Runbook } from '../../src/runbook/schema.ts';
import type { Call, DeliveryError, Parcel } from '../../src/services/courier.ts';
import { mailCalls, testMail } from '../../src/services/mail.ts';
import { buildParcels } from '../support/build-parcel.ts';
import { bundledRunbook } from '../support/bundled-runbook.ts';
import { createClock } from '../support/clock.ts';
import { closedPort } from '../support/closed-port.ts';
import type { FaultKind } from '../support/fakes/fake-faults.ts';
import { type SmtpFake, type SmtpFault, type SmtpOperation, type SmtpOptions, startSmtp } from '../support/fakes/smtp.ts';
import { useFake } from '../support/fakes/use-fake.ts';
import { followPolicy } from '../support/follow-policy.ts';
import { until } from '../support/until.ts';

const FROM = 'incidents@example.com';
/** The SMTP reply code in the place of an answer. */
const refuse = (status: number): FaultKind => ({ kind: 'server-error', acted: false, status });
const idle = (): AbortSignal => new AbortController().signal;

function connectionTo({ host, port }: Pick<SmtpFake, 'host' | 'port'>, change: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  return { host, port: String(port), from: FROM, ...change };
}

function send(connection: Readonly<Record<string, string>>, timeouts?: Parameters<typeof mailCalls>[1]): Call {
  const call = mailCalls(connection, timeouts)['send'];
  assert.ok(call !== undefined);
  return call;
}

/** The bundled runbook with users to mail. */
function runbookWith(recipients: string[]): Runbook {
  return { ...bundledRunbook(), userNotifications: { ...bundledRunbook().userNotifications, recipients } };
}

function parcel(data: DeliveryRequest['data'] = {}, { runbook = bundledRunbook(), text = 'The portals are down.\n\nWe are working on it.' } = {}): Parcel {
  const builder = buildParcels(runbook);
  return builder.parcel(builder.ask({ service: 'mail', call: 'send', text, data: { to: ['devopsLead'], subject: 'P1: portals answer 503', ...data } }));
}

describe('a mail', () => {
  const smtp = useFake(() => startSmtp({ clock: createClock() }));
  const post = (asked: Parcel): ReturnType<Call['send']> => send(connectionTo(smtp())).send(asked, idle());
  /** The last message as it came over the wire. */
  const source = (): string => smtp().exchanges.at(-1)?.text ?? assert.fail('No message came');

  it('reaches the contacts by the addresses of the runbook, with an id that a second copy would have, too', async () => {
    const asked = parcel({ to: ['devopsLead', 'techLead'] });
    assert.deepEqual(await post(asked), { result: { accepted: 2, rejected: 0 } });
    const [mail] = smtp().state;
    assert.deepEqual(mail?.envelope, { from: FROM, to: ['devops-lead@healthflow.gov.eg', 'tech-lead@healthflow.gov.eg'] });
    assert.deepEqual([mail?.to, mail?.from], [['devops-lead@healthflow.gov.eg', 'tech-lead@healthflow.gov.eg'], FROM]);
    assert.deepEqual([mail?.subject, mail?.text.trim()], ['P1: portals answer 503', 'The portals are down.\n\nWe are working on it.']);
    assert.equal(mail?.messageId, `<${asked.delivery.id}@incident-runbook>`);
  });

  it('shows users nothing of each other, and goes to each once', async () => {
    const runbook = runbookWith(['mona@example.com', 'omar@example.com', 'Mona@example.com']);
    assert.deepEqual((await post(parcel({ to: ['users'] }, { runbook }))).result, { accepted: 2, rejected: 0 });
    const [mail] = smtp().state;
    assert.deepEqual([mail?.envelope.to, mail?.to], [['Mona@example.com', 'omar@example.com'], []]);
    assert.doesNotMatch(source(), /mona@|omar@/i);
  });

  it('has one subject, whatever line breaks are in it', async () => {
    await post(parcel({ subject: 'Portals\r\nBcc: eve@example.com\u2028down\u0000 now — الآن' }));
    const [mail] = smtp().state;
    assert.deepEqual([mail?.subject, mail?.envelope.to], ['Portals Bcc: eve@example.com down now — الآن', ['devops-lead@healthflow.gov.eg']]);
    assert.doesNotMatch(source(), /^bcc:/im);
  });

  it('takes its text for text: no file, no address is read for it', async () => {
    const text = '<b>data:text/plain,x</b>\n.\n{"path":"/etc/passwd"}';
    await post(parcel({}, { text }));
    assert.equal(smtp().state[0]?.text.trim(), text);
  });

  it('tells whom of the contacts it could not be addressed to', async () => {
    assert.match((await post(parcel({ to: ['devopsLead', 'awsSupport', 'nobody'] }))).note ?? '', /^The runbook has no e-mail address for AWS Support, nobody\.$/);
  });

  for (const [to, message] of [
    [['awsSupport'], /no e-mail address for AWS Support\. Add it to the contacts/],
    [['users'], /names no users to mail\. Add their addresses to userNotifications\.recipients/],
    [[], /no e-mail address for mail\./],
  ] as const) {
    it(`is refused without a recipient: ${to.join() || 'nobody named'}`, async () => {
      await assert.rejects(post(parcel({ to })), { kind: 'refused', message });
      assert.deepEqual(smtp().reached, []);
    });
  }

  it('tells who was refused when the others got it', async () => {
    const runbook = runbookWith(['mona@example.com', 'omar@example.com']);
    smtp().fault({ ...refuse(550), operation: 'recipient', address: 'tech-lead@healthflow.gov.eg', times: 1 });
    smtp().fault({ ...refuse(452), operation: 'recipient', address: 'omar@example.com', times: 1 });
    const { result, note } = await post(parcel({ to: ['devopsLead', 'techLead', 'users'] }, { runbook }));
    assert.deepEqual(result, { accepted: 2, rejected: 2 });
    assert.match(note ?? '', /^The mail server refused Tech Lead, 1 other recipient\. Check the addresses/);
    assert.deepEqual(smtp().state.map(({ envelope }) => envelope.to), [['devops-lead@healthflow.gov.eg', 'mona@example.com']]);
  });
});

describe('a mail server that asks for a password', () => {
  const smtp = useFake(() => startSmtp({ clock: createClock(), credentials: { user: 'ada', password: 'right' } }));

  it('gets it', async () => {
    await send(connectionTo(smtp(), { user: 'ada', password: 'right' })).send(parcel(), idle());
    assert.equal(smtp().state.length, 1);
  });

  for (const [what, change] of [['a wrong one', { user: 'ada', password: 'wrong' }], ['none', { user: 'ada' }]] as const) {
    it(`refuses ${what}, and the message names the fix and no password`, async () => {
      await assert.rejects(send(connectionTo(smtp(), change)).send(parcel(), idle()), (error: DeliveryError) => {
        assert.deepEqual([error.kind, error.message.includes('wrong')], ['refused', false]);
        assert.match(error.message, /refused the user or the password .*Connect mail again/);
        return true;
      });
      assert.deepEqual(smtp().state, []);
    });
  }

  it('refuses a mail without sign-in by its own words', async () => {
    await assert.rejects(send(connectionTo(smtp())).send(parcel(), idle()), { kind: 'refused', message: /530/ });
  });
});

describe('a user for a mail server that knows no sign-in', () => {
  const smtp = useFake(() => startSmtp({ clock: createClock() }));
  it('is not left out without a word', async () => {
    await assert.rejects(send(connectionTo(smtp(), { user: 'ada', password: 'right' })).send(parcel(), idle()), { kind: 'refused', message: /refused the user or the password/ });
    assert.deepEqual(smtp().state, []);
  });
});

/** Any address of this machine that does not call itself local. */
const ELSEWHERE = '0.0.0.0';

for (const [what, options, kind, message] of [
  ['offers no encryption', { credentials: { user: 'ada', password: 'right' } }, 'refused', /offers no encryption .* such as 465/],
  ['has a certificate that nobody trusts', { credentials: { user: 'ada', password: 'right' }, startTls: true }, 'not sent', /could not be used: .*certificate/],
] as const satisfies readonly (readonly [string, SmtpOptions, string, RegExp])[]) {
  describe(`a mail server elsewhere that ${what}`, () => {
    const smtp = useFake(() => startSmtp({ clock: createClock(), ...options }));
    it('gets neither the mail nor the password', async () => {
      const connection = connectionTo({ host: ELSEWHERE, port: smtp().port }, { user: 'ada', password: 'right' });
      await assert.rejects(send(connection).send(parcel(), idle()), { name: 'DeliveryError', kind, message });
      assert.deepEqual([smtp().state, smtp().passwords, smtp().reached], [[], [], ['connect']]);
    });
  });
}

/** What goes wrong in a session, and what is to come of it. */
const FAULTS: Readonly<Record<string, { readonly fault: SmtpFault & { readonly operation: SmtpOperation }; readonly outcome: 'sent' | 'refused' | 'asked'; readonly mails: number; readonly retryAfterMs?: number }>> = {
  'refuses the session for now (421)': { fault: { ...refuse(421), operation: 'connect' }, outcome: 'sent', mails: 1, retryAfterMs: 60_000 },
  'refuses the session (554)': { fault: { ...refuse(554), operation: 'connect' }, outcome: 'sent', mails: 1 },
  'hangs up before it greets': { fault: { kind: 'reset', acted: false, operation: 'connect' }, outcome: 'sent', mails: 1 },
  'never greets': { fault: { kind: 'time-out', acted: false, operation: 'connect' }, outcome: 'sent', mails: 1 },
  'hangs up at the sender': { fault: { kind: 'reset', acted: false, operation: 'sender' }, outcome: 'sent', mails: 1 },
  'hangs up before it takes the message': { fault: { kind: 'reset', acted: false, operation: 'recipient' }, outcome: 'sent', mails: 1 },
  'falls silent before it takes the message': { fault: { kind: 'time-out', acted: false, operation: 'recipient' }, outcome: 'sent', mails: 1 },
  'defers the recipient (451)': { fault: { ...refuse(451), operation: 'recipient' }, outcome: 'sent', mails: 1, retryAfterMs: 60_000 },
  'refuses the recipient (550)': { fault: { ...refuse(550), operation: 'recipient' }, outcome: 'refused', mails: 0 },
  'refuses the sender (550)': { fault: { ...refuse(550), operation: 'sender' }, outcome: 'refused', mails: 0 },
  'defers the message (451)': { fault: { ...refuse(451), operation: 'message' }, outcome: 'sent', mails: 1, retryAfterMs: 60_000 },
  'refuses the message (550)': { fault: { ...refuse(550), operation: 'message' }, outcome: 'refused', mails: 0 },
  'hangs up with the message, and loses it': { fault: { kind: 'reset', acted: false, operation: 'message' }, outcome: 'asked', mails: 0 },
  'hangs up with the message, and keeps it': { fault: { kind: 'reset', acted: true, operation: 'message' }, outcome: 'asked', mails: 1 },
  'falls silent with the message': { fault: { kind: 'time-out', acted: true, operation: 'message' }, outcome: 'asked', mails: 1 },
};

describe('a mail server that', () => {
  const smtp = useFake(() => startSmtp({ clock: createClock() }));

  for (const [what, { fault, outcome, mails, retryAfterMs }] of Object.entries(FAULTS)) {
    it(`${what}: ${outcome === 'sent' ? 'the mail goes once, later' : outcome === 'asked' ? 'a person is asked' : 'the mail is refused'}`, async () => {
      smtp().fault({ ...fault, times: 1 });
      const followed = await followPolicy(send(connectionTo(smtp())), parcel(), {
        // Nobody answers: the test gives up as soon as the server is where it falls silent.
        signal: (attempt) => {
          const abort = new AbortController();
          if (fault.kind === 'time-out' && attempt === 1) {
            void until(`the server to get to ${fault.operation}`, () => smtp().reached.includes(fault.operation)).then(() => { abort.abort(); });
          }
          return abort.signal;
        },
      });
      assert.deepEqual([followed.outcome, followed.failures.map(({ kind }) => kind)], [outcome, [{ sent: 'not sent', refused: 'refused', asked: 'in doubt' }[outcome]]]);
      assert.equal(followed.failures[0]?.retryAfterMs, retryAfterMs);
      assert.equal(smtp().state.length, mails);
      assert.equal(smtp().reached.filter((place) => place === 'connect').length, outcome === 'sent' ? 2 : 1);
    });
  }

  it('never greets is given up in time', async () => {
    smtp().fault({ kind: 'time-out', acted: false, operation: 'connect', times: 1 });
    await assert.rejects(send(connectionTo(smtp()), { connectMs: 50, answerMs: 10_000 }).send(parcel(), idle()), { kind: 'not sent', message: /could not be used: .*(?:Greeting never received|Connection timeout)/ });
  });

  it('never answers is given up in time, and it counts how far the mail had got', async () => {
    smtp().fault({ kind: 'time-out', acted: true, operation: 'message', times: 1 });
    await assert.rejects(send(connectionTo(smtp()), { connectMs: 10_000, answerMs: 1_000 }).send(parcel(), idle()), { kind: 'in doubt', message: /broke before it said whether it has the mail \(Timeout\)/ });
    assert.equal(smtp().state.length, 1);
  }).timeout(10_000);

  it('does not listen has got nothing', async () => {
    await assert.rejects(send(connectionTo({ host: '127.0.0.1', port: await closedPort() })).send(parcel(), idle()), { kind: 'not sent', message: /ECONNREFUSED/ });
  });

  it('is not called for a mail that was cancelled', async () => {
    await assert.rejects(send(connectionTo(smtp())).send(parcel(), AbortSignal.abort()), { kind: 'not sent' });
    assert.deepEqual(smtp().reached, []);
  });
});

describe('the test of the connection for mail', () => {
  const smtp = useFake(() => startSmtp({ clock: createClock(), credentials: { user: 'ada', password: 'right' } }));

  it('signs in and sends nothing', async () => {
    const line = await testMail(connectionTo(smtp(), { user: 'ada', password: 'right' }), idle());
    assert.equal(line, `Connected to 127.0.0.1:${smtp().port} as ada. Mail is sent from ${FROM}.`);
    assert.deepEqual([smtp().reached, smtp().passwords], [['connect'], ['right']]);
  });

  it('says what is wrong', async () => {
    await assert.rejects(testMail(connectionTo(smtp(), { user: 'ada', password: 'wrong' }), idle()), { kind: 'refused', message: /Connect mail again/ });
    await assert.rejects(testMail(connectionTo({ host: '127.0.0.1', port: await closedPort() }), idle()), { kind: 'not sent' });
  });

  it('can be cancelled', async () => {
    smtp().fault({ kind: 'time-out', acted: false, operation: 'connect', times: 1 });
    const abort = new AbortController();
    const testing = assert.rejects(testMail(connectionTo(smtp()), abort.signal), { kind: 'not sent', message: /cancelled/ });
    await until('the server to be called', () => smtp().reached.includes('connect'));
    abort.abort();
    await testing;
  });
});
