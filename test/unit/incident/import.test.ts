import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { TimelineEvent } from '../../../src/incident/events.ts';
import { fold, summarize } from '../../../src/incident/fold.ts';
import type { PastTicket } from '../../../src/incident/import-facts.ts';
import { type ImportedIncident, type PastComment, importTicket, importedId } from '../../../src/incident/import.ts';
import { unshared } from '../../../src/incident/markers.ts';
import { isTimelineEvent } from '../../../src/incident/recognise.ts';
import { createEvents, INCIDENT } from '../../support/build-events.ts';

const OPENED = '2026-01-02T03:10:00Z';
const CLOSED = '2026-01-02T05:00:00Z';
const DEFAULTS = { environments: ['production', 'staging'], scenarios: ['databaseDown'], runbook: { name: 'Shop', version: '1.0.0' }, now: Date.UTC(2026, 10, 23) };

function ticket(text = '', changes: Partial<PastTicket> = {}): PastTicket {
  return {
    repository: 'acme/shop', number: 12, url: 'https://github.com/acme/shop/issues/12', title: 'INCIDENT: Portals answer 503', labels: ['incident'], author: 'ada', isBelieved: true,
    createdAt: OPENED, updatedAt: CLOSED, closedAt: CLOSED, closedBy: 'grace', text, ...changes,
  };
}

let count = 0;
function comment(text: string, at = '03:30', changes: Partial<PastComment> = {}): PastComment {
  count += 1;
  const createdAt = `2026-01-02T${at}:00Z`;
  return { id: count, author: 'grace', isBelieved: true, text, createdAt, updatedAt: createdAt, ...changes };
}

function read(issue: PastTicket, comments: readonly PastComment[] = [], recorded: readonly TimelineEvent[] = []): { readonly past: ImportedIncident; readonly incident: NonNullable<ReturnType<typeof fold>>; readonly note: string } {
  const past = importTicket(recorded[0]?.incident ?? importedId(issue.repository, issue.number, issue.createdAt), issue, comments, recorded, DEFAULTS);
  const incident = fold(past.events);
  assert.ok(incident !== undefined);
  return { past, incident, note: incident.imported?.note ?? '' };
}

const at = (time: string): string => `2026-01-02T${time}:00.000Z`;

describe('A closed ticket as an incident', () => {
  it('that says nothing has only what GitHub knows', () => {
    const { past, incident, note } = read(ticket('', { number: 7 }));
    assert.match(past.incident, /^INC-20260102-[0-9A-Z]{4}$/);
    assert.deepEqual(incident.times, {
      detected: { at: at('03:10'), event: past.events[0]?.id, corrected: false },
      resolved: { at: at('05:00'), event: incident.times.closed?.event, corrected: false }, closed: { at: at('05:00'), event: incident.times.closed?.event, corrected: false },
    });
    assert.deepEqual([incident.title, incident.environment, incident.detectedBy, incident.drill, incident.status, incident.severity, incident.resolution], ['Portals answer 503', 'production', 'monitoring', false, 'closed', undefined, undefined]);
    assert.deepEqual(incident.ticket, { repository: 'acme/shop', number: 7, url: 'https://github.com/acme/shop/issues/12' });
    assert.deepEqual(past.missing, ['severity', 'impact start', 'acknowledgement', 'end of the incident (its closing counts)', 'root cause', 'resolution']);
    assert.match(note, /Guessed: detected by monitoring; environment production; detected when the ticket was opened\./);
    assert.equal(incident.events.find(({ type }) => type === 'incident.closed')?.actor.name, 'grace');
  });

  it('that says everything lacks nothing', () => {
    const { past, incident, note } = read(ticket([
      '**Severity:** P1', 'Environment: staging', 'Detected by: CloudWatch alarm', '- **Impact started:** 2026-01-02 03:01 UTC', '* Detected at 2026-01-02 05:08 +02:00',
    ].join('\n')), [
      comment('Acknowledged.', '03:12', { author: 'linus' }),
      comment('The pool is full, mona@example.com saw it too', '03:40'),
      comment('Incident resolved. Root cause: The pool leaked in 2.14.1. Resolution: Rolled back to 2.14.0. Duration: 59 min.', '04:30', { author: 'ada' }),
    ]);
    assert.deepEqual(past.missing, []);
    assert.deepEqual(Object.fromEntries(Object.entries(summarize(incident)).filter(([, value]) => typeof value === 'string')), {
      id: past.incident, title: 'Portals answer 503', status: 'closed', severity: 'P1', environment: 'staging', detectedAt: at('03:08'), closedAt: at('05:00'), impactStartedAt: at('03:01'),
      acknowledgedAt: at('03:12'), resolvedAt: at('04:00'),
    });
    assert.equal(incident.detectedBy, 'cloudwatch');
    assert.deepEqual([incident.resolution?.rootCause, incident.resolution?.resolution, incident.resolution?.actor.name], ['The pool leaked in 2.14.1', 'Rolled back to 2.14.0', 'ada']);
    assert.equal(incident.events.find(({ type }) => type === 'incident.acknowledged')?.actor.name, 'linus');
    assert.deepEqual(incident.findings.map(({ text }) => text.slice(0, 16)), ['**Severity:** P1', 'The pool is full']);
    assert.match(note, /Worked out: the end from the written duration\./);
    assert.doesNotMatch(note, /Not readable|Not in the ticket/);
  });

  const SEVERITIES: readonly (readonly [string, readonly string[], string, string | undefined])[] = [
    ['a label', ['P2'], '', 'P2'], ['a label in small letters', ['p3'], '', 'P3'], ['a label with its kind', ['severity: P1'], '', 'P1'], ['a label with a slash', ['severity/P4'], '', 'P4'],
    ['the label, not the text', ['P2'], 'Severity: P1', 'P2'], ['the text', [], 'Severity: P3 (minor)', 'P3'], ['a heading', [], '## Severity\n\nP2', 'P2'], ['a table', [], '| Severity | P4 |', 'P4'],
    ['none of two labels', ['P1', 'P2'], '', undefined], ['the text when two labels differ', ['P1', 'P2'], 'Severity: P2', 'P2'], ['no form left open', [], 'Severity: [P1/P2/P3/P4]', undefined],
    ['no choice of two', [], 'Severity: P1 or P2', undefined], ['no other scheme', ['sev1'], 'Severity: high', undefined], ['no sentence', [], 'We thought it a P1 at first', undefined],
  ];
  for (const [what, labels, text, severity] of SEVERITIES) {
    it(`takes its severity from ${what}`, () => { assert.equal(read(ticket(text, { labels: ['incident', ...labels] })).incident.severity, severity); });
  }

  const STARTS = ['Impact started: 2026-01-02 03:04 UTC', 'Incident Start: 2026-01-02T03:04:00Z', 'Impact start: 2 January 2026 03:04 UTC', '- **Outage began:** Jan 2, 2026 at 3:04 AM UTC', 'Impact began at 2026-01-02 05:04 +02:00',
    '## Impact start\n2026-01-02 03:04 UTC', '| Start time | 2026-01-02 03:04 UTC |', '2026-01-02 03:04 UTC: Impact began', '_Incident start time_: `2026-01-02 03:04 UTC`', 'Summary. Impact started: 2026-01-02 03:04 UTC. More.'];
  for (const text of STARTS) {
    it(`reads the impact's start in ${JSON.stringify(text)}`, () => { assert.equal(read(ticket(text)).incident.times.impactStarted?.at, at('03:04')); });
  }

  const UNUSABLE: readonly (readonly [string, RegExp])[] = [
    ['Impact started: 2026-01-02 03:04', /impact start "2026-01-02 03:04": it names no time zone/], ['Incident Start: 01/02/2026 03:04 UTC', /day and month could be either/],
    ['Impact started: 03:04 UTC', /lacks the date/], ['Impact started: 2026-01-02 03:30 UTC', /impact start 2026-01-02T03:30:00\.000Z: it is after the detection/],
    ['Impact started: 2027-01-02 03:04 UTC', /later than the text itself/], ['Impact started: 2026-02-30 03:04 UTC', /no such date/],
  ];
  for (const [text, why] of UNUSABLE) {
    it(`leaves out ${text}`, () => {
      const { incident, past, note } = read(ticket(text));
      assert.equal(incident.times.impactStarted, undefined);
      assert.ok(past.missing.includes('impact start'));
      assert.match(note, why);
    });
  }

  it('does not read what is quoted, in code, hidden, or of strangers', () => {
    const { incident, note } = read(ticket('> Severity: P1\n```\nRoot cause: in code\n```\n<!-- Impact started: 2026-01-02 03:04 UTC -->'), [
      comment('Incident resolved. Root cause: Lies. Resolution: More lies.', '04:00', { author: 'mallory', isBelieved: false }), comment('Acknowledged', '03:15', { author: 'mallory', isBelieved: false }),
    ]);
    assert.deepEqual([incident.severity, incident.resolution, incident.times.impactStarted, incident.times.acknowledged], [undefined, undefined, undefined, undefined]);
    assert.ok(incident.findings.every(({ actor }) => actor.name !== 'mallory'));
    assert.match(note, /2 comments by people who may not write to the repository were left out\./);
  });

  const TAKEN = ['Acknowledged', 'ack', 'Ack!', 'I am investigating', "I'm on it", 'We’re looking into this', 'Investigating: it looks like the database', 'On-call engineer is investigating', 'Status: Investigating\nImpact: all', 'Looking into it now'];
  const NOT_TAKEN = ['Is anybody investigating?', 'Nobody has acknowledged this yet', 'AWS acknowledged the problem', 'not investigating this', '> Acknowledged', 'The customer is investigating on their side', 'Thanks'];
  for (const text of [...TAKEN, ...NOT_TAKEN]) {
    it(`${TAKEN.includes(text) ? 'is' : 'is not'} acknowledged by ${JSON.stringify(text)}`, () => {
      assert.equal(read(ticket(), [comment('Hm', '03:11'), comment(text, '03:20')]).incident.times.acknowledged?.at, TAKEN.includes(text) ? at('03:20') : undefined);
    });
  }

  it('is acknowledged by the first person, not by a bot, and a line with a time counts for more', () => {
    const bot = comment('Acknowledged', '03:11', { author: 'pagerduty[bot]' });
    assert.equal(read(ticket(), [bot, comment('Investigating', '03:20'), comment('Investigating', '03:25')]).incident.times.acknowledged?.at, at('03:20'));
    assert.equal(read(ticket(), [comment('Investigating', '03:20'), comment('Acknowledged by ada at 2026-01-02 03:14 UTC', '03:50')]).incident.times.acknowledged?.at, at('03:14'));
    const early = read(ticket(), [comment('Acknowledged: 2026-01-02 03:00 UTC', '03:20')]);
    assert.equal(early.incident.times.acknowledged, undefined);
    assert.match(early.note, /acknowledgement 2026-01-02T03:00:00\.000Z: it is before the detection/);
  });

  it('ends when the notice says so, when the closing comment was written, or when the ticket was closed', () => {
    const notice = 'The incident affecting the portals has been resolved.\n\nIncident Start: 2026-01-02 03:02 UTC\nIncident End: 2026-01-02 04:10 UTC\nDuration: 1 h 08 min\nRoot Cause: A leak\nResolution: Rolled back\n\nA detailed post-incident review will be shared.';
    const { incident } = read(ticket(), [comment(notice, '04:20')]);
    assert.deepEqual([incident.times.impactStarted?.at, incident.times.resolved?.at, incident.resolution?.rootCause, incident.resolution?.resolution], [at('03:02'), at('04:10'), 'A leak', 'Rolled back']);
    assert.equal(read(ticket(), [comment('Incident resolved. Root cause: x. Resolution: y. Duration: about an hour.', '04:20')]).incident.times.resolved?.at, at('04:20'));
    assert.equal(read(ticket(), [comment('Incident resolved. Root cause: x. Resolution: y.', '09:20')]).incident.times.resolved?.at, at('05:00'), 'a comment after the closing does not move the end');
    assert.ok(!read(ticket(), [comment('Incident resolved. Root cause: x. Resolution: y.', '05:00')]).past.missing.some((name) => name.startsWith('end')), 'said in the second of the closing, it is said');
    const only = read(ticket('Root cause: The disk was full\nOwner: ada'));
    assert.deepEqual([only.incident.times.resolved?.at, only.incident.resolution?.rootCause, only.incident.resolution?.resolution], [at('05:00'), 'The disk was full', 'Not recorded in the ticket']);
    const before = read(ticket('Resolved: 2026-01-02 03:00 UTC'));
    assert.equal(before.incident.times.resolved?.at, at('05:00'));
    assert.match(before.note, /end 2026-01-02T03:00:00\.000Z: it is before the detection/);
  });

  it('is read from the closing comment and the notice as the extension words them', () => {
    const closing = 'Incident resolved. Root cause: The pool was exhausted. Resolution: Restarted \\@the service. Duration: 45 minutes from detection to resolution, 1 hour from the start of the impact.\n\nReference: INC-20260102-7KQ4';
    const { incident } = read(ticket(), [comment(closing, '04:30')]);
    assert.deepEqual([incident.times.resolved?.at, incident.resolution?.rootCause, incident.resolution?.resolution], [at('03:55'), 'The pool was exhausted', 'Restarted @the service']);
    const notice = read(ticket(), [comment('The incident affecting Production has been resolved.\n\nIncident Start: 2026-01-02 03:09:00 UTC (detected; when it began is not known)\nIncident End: 2026-01-02 04:05:00 UTC\nDuration: 56 minutes', '04:10')]).incident.times;
    assert.deepEqual([notice.impactStarted, notice.detected.at, notice.resolved?.at], [undefined, at('03:09'), at('04:05')]);
  });

  it('has its cause, its scenario and whether it was a drill in its labels', () => {
    const { incident } = read(ticket('', { labels: ['incident', 'cause:full disk', 'scenario: DatabaseDown', 'drill'] }));
    assert.deepEqual([incident.resolution?.cause, incident.resolution?.scenario, incident.drill], ['full disk', 'databaseDown', true]);
    assert.equal(read(ticket('', { labels: ['cause:', 'scenario:unheard'] })).incident.resolution, undefined);
    assert.equal(read(ticket('', { title: 'INCIDENT: [DRILL] Lost database' })).incident.drill, true);
  });

  const TITLES = { 'INCIDENT: Portals answer 503': 'Portals answer 503', 'incident - Slow': 'Slow', '[Incident] Slow': 'Slow', 'Incidental costs': 'Incidental costs', Slow: 'Slow', 'INCIDENT: ': 'INCIDENT:' };
  for (const [title, bare] of Object.entries(TITLES)) {
    it(`calls ${JSON.stringify(title)} ${JSON.stringify(bare)}`, () => { assert.equal(read(ticket('', { title })).incident.title, bare); });
  }

  const SOURCES = {
    'Datadog alerted on the error rate': 'datadog', 'A CloudWatch alarm was raised': 'cloudwatch', 'It was reported by phone': 'phone', 'Pharmacists reported that nothing works': 'support ticket', 'Detected by: a support ticket': 'support ticket', 'Reported via: Slack': 'slack',
    'Found during testing': 'testing', 'We posted it in Slack': 'monitoring', 'Detection source: synthetic': 'synthetic',
  };
  for (const [text, source] of Object.entries(SOURCES)) {
    it(`guesses that ${JSON.stringify(text)} means ${source}`, () => { assert.equal(read(ticket(text)).incident.detectedBy, source); });
  }

  it('of a bot is the bot\'s, and of a closer nobody knows is somebody\'s', () => {
    const { closedBy: _closedBy, ...unknown } = ticket('', { author: 'datadog[bot]' });
    const { incident, note } = read(unknown);
    assert.deepEqual(incident.events.find(({ type }) => type === 'incident.declared')?.actor, { name: 'datadog[bot]', kind: 'extension' });
    assert.match(note, /GitHub did not say who closed it\./);
  });
});

describe('A closed ticket that the extension wrote', () => {
  const { declared, event } = createEvents();
  const recorded = (): TimelineEvent[] => [declared(), event('severity.set', { severity: 'P2', reasons: ['Because'] }, { minute: 1 }), event('delivery.requested', {
    delivery: { service: 'slack', call: 'postMessage', target: '#incidents', text: 'Hello', data: {}, step: 'notifyTeam' }, origin: 'a',
  }, { minute: 2 })];
  const closed = ticket('', { createdAt: '2026-11-23T03:01:00Z', closedAt: '2026-11-23T06:00:00Z', labels: ['incident', 'P1'] });

  it('keeps its id and its events; only what it lacks is added, and nothing of it is sent or shared', () => {
    const { past, incident } = read(closed, [comment('Incident resolved. Root cause: a. Resolution: b.', '04:00', { createdAt: '2026-11-23T04:00:00Z', updatedAt: '2026-11-23T04:00:00Z' })], recorded());
    assert.equal(past.incident, INCIDENT);
    assert.deepEqual([incident.severity, incident.status, incident.times.resolved?.at, incident.resolution?.rootCause], ['P2', 'closed', '2026-11-23T04:00:00.000Z', 'a']);
    assert.deepEqual(incident.deliveries.map(({ state }) => state), ['discarded']);
    assert.equal(summarize(incident).waiting, undefined);
    assert.deepEqual(unshared(past.events), []);
  });

  it('that has its end already gets no other one', () => {
    const { past, incident } = read(closed, [], [...recorded(), event('incident.resolved', { rootCause: 'r', resolution: 's' }, { minute: 60 }), event('incident.closed', { reason: 'Over' }, { minute: 61 })]);
    assert.deepEqual([incident.resolution?.rootCause, incident.closeReason], ['r', 'Over']);
    assert.deepEqual(past.events.filter(({ type }) => type === 'incident.closed').length, 1);
  });
});

describe('Whatever somebody wrote into a ticket', () => {
  const words = fc.constantFrom('Severity: ', 'Root cause: ', 'Resolution: ', 'Impact started: ', 'Incident End: ', 'Resolved at ', 'Acknowledged: ', 'Detected: ', 'Duration: ', '\n', '\n\n', '# ', '## Root Cause\n', '- ', '| ', ' | ', '**', '_', '> ', '```\n', '<!--', '-->', 'P1', 'P2',
    '2026-01-02 03:04 UTC', '2026-01-02 04:30 UTC', '2026-01-02T99:99Z', '0000-00-00 00:00 UTC', '2099-12-31 23:59 UTC', '01/02/2026 03:04', '3 h', 'Incident resolved. ', 'Investigating', '.', ': ', ' at ', ' by ', '@ada', '[', ']', '…');
  const text = fc.oneof(fc.string({ maxLength: 200 }), fc.array(fc.oneof(words, fc.string({ maxLength: 8 })), { maxLength: 30 }).map((parts) => parts.join('')));
  const moment = fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2026, 0, 4) }).map((ms) => `${new Date(ms).toISOString().slice(0, 19)}Z`);

  it('is read without a failure, into events that can be folded, in an order that can be', () => {
    fc.assert(fc.property(text, fc.array(fc.record({ text, at: moment, isBelieved: fc.boolean() }), { maxLength: 4 }), moment, moment, fc.string({ maxLength: 30 }), fc.array(fc.oneof(fc.constantFrom('P1', 'drill', 'cause:x'), fc.string({ maxLength: 10 })), { maxLength: 3 }), (body, texts, createdAt, closedAt, title, labels) => {
      const comments = texts.map((one, index): PastComment => ({ id: index, author: 'grace', text: one.text, isBelieved: one.isBelieved, createdAt: one.at, updatedAt: one.at }));
      const issue = ticket(body, { createdAt, closedAt, title, labels });
      const { past, incident } = read(issue, comments);
      assert.deepEqual(past.events.filter((event) => !isTimelineEvent(event)), []);
      assert.equal(new Set(past.events.map(({ id }) => id)).size, past.events.length);
      const { detected, resolved, acknowledged, impactStarted, closed } = incident.times;
      assert.ok(resolved !== undefined && closed !== undefined);
      assert.ok(resolved.at >= detected.at && closed.at >= resolved.at, `${detected.at} ${resolved.at} ${closed.at}`);
      assert.ok(acknowledged === undefined || (acknowledged.at >= detected.at && acknowledged.at <= resolved.at));
      assert.ok(impactStarted === undefined || impactStarted.at <= detected.at);
      assert.deepEqual(read(issue, comments).past, past, 'the same ticket gives the same events');
      assert.deepEqual(unshared(past.events), []);
    }), { numRuns: 500 });
  });

  const HARD = ['Root cause ', '2026-01-02 ', '| ', '<!--', '_', 'ack ', ' ', '1 ', 'at on ', '```\n', 'incident ', '\n', '# ', 'Resolved at ', 'a. ', '*', '[', 'i am ', 'P1 '];
  for (const word of HARD) {
    it(`is read soon, should it be ${JSON.stringify(word)} to GitHub's limit`, () => {
      const body = word.repeat(Math.floor(65_536 / word.length));
      assert.equal(read(ticket(body), [comment(body)]).incident.status, 'closed');
    }).timeout(20_000);
  }
});
