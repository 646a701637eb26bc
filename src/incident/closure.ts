/** The boxes that must hold before an incident is closed (runbook 9.1): what proves each, or what would. */
import type { ChecklistMarked } from './closing-events.ts';
import { formatDuration, iso, shortTime } from './clock.ts';
import type { Delivery } from './deliveries.ts';
import type { Severity } from './events.ts';
import type { Incident } from './fold.ts';
import type { StepOutline } from './scenarios.ts';
import { type TimedResult, resultsOf } from './step-records.ts';

/** Key in the runbook's `checklists`. */
export const CLOSURE_CHECKLIST = 'confirmResolution';

export interface ClosureRules {
  readonly items: readonly { readonly id: string; readonly text: string; readonly provedBy?: readonly string[] }[];
  readonly steps: readonly Pick<StepOutline, 'id' | 'title'>[];
  /** Steps that change production. */
  readonly mitigations: readonly string[];
  /** Contacts that have to hear of the end. */
  readonly stakeholders: Readonly<Record<Severity, readonly { readonly contact: string; readonly title: string }[]>>;
}

export interface ClosureBox {
  readonly id: string;
  readonly text: string;
  /** `proved`: evidence shows it. `confirmed`: a person says so. */
  readonly state: 'proved' | 'confirmed' | 'open';
  /** Of a box that is not open. */
  readonly by?: ClosureProof;
  /** Of an open box: what would prove it. */
  readonly request?: { readonly step?: string; readonly text: string };
}

export interface ClosureProof {
  /** Id of the event that holds it. */
  readonly event: string;
  /** ISO 8601 UTC. */
  readonly at: string;
  /** As it reads after "proved by" or "confirmed by": a step's title, a person. */
  readonly title: string;
  /** What was seen, or what the person said. */
  readonly detail: string;
  readonly step?: string;
}

/** For so long a look at metrics or health describes the present, ms. */
const FRESH_MS = 30 * 60_000;

const FINDING = 'documentFinding';
const WATCH = 'monitorStability';
const VERIFICATION = 'verifyMitigation';
const NOTICE = 'sendResolutionNotice';
const NOTIFICATION = 'notifyStakeholders';
/** What is done once after the last change, and holds until the next one. */
const LASTING: readonly string[] = [VERIFICATION, WATCH];

/** A sight of one box: what speaks for it, or why nothing does. */
type Sight = { readonly proof: ClosureProof; readonly byHand: boolean } | { readonly request: NonNullable<ClosureBox['request']> };

/**
 * The boxes in the runbook's order. What was seen before the last change to production ended proves nothing any more,
 * and what somebody said before it neither; the root cause stays known.
 *
 * @param now epoch ms
 */
export function closureBoxes(incident: Incident, rules: ClosureRules, now: number): ClosureBox[] {
  const changed = lastChange(incident, rules.mitigations);
  return rules.items.map(({ id, text, provedBy = [] }): ClosureBox => {
    const since = provedBy.includes(FINDING) ? NEVER : changed;
    const mark = incident.marks.get(`${CLOSURE_CHECKLIST}/${id}`);
    const marked = mark === undefined ? Number.NEGATIVE_INFINITY : Date.parse(mark.at);
    const sight = sightOf(incident, { id, provedBy }, rules, since, now);
    if ('proof' in sight && (mark?.checked !== false || Date.parse(sight.proof.at) > marked)) {
      return { id, text, state: sight.byHand ? 'confirmed' : 'proved', by: sight.proof };
    }
    if (mark?.checked === true && marked >= since.at) {
      return { id, text, state: 'confirmed', by: wordOf(mark) };
    }
    const request = 'request' in sight ? sight.request : { text: `${mark?.actor.name ?? 'Somebody'} took it back at ${shortTime(mark?.at ?? '', now)}${mark?.note === undefined ? '' : `: ${mark.note}`}` };
    return { id, text, state: 'open', request };
  });
}

/** Boxes that neither evidence nor a person's word stands for. */
export function openBoxes(boxes: readonly ClosureBox[]): ClosureBox[] {
  return boxes.filter(({ state }) => state === 'open');
}

/** What a row or a list says of a box. @param now epoch ms */
export function describeBox({ state, by, request }: ClosureBox, now: number): string {
  return by === undefined ? request?.text ?? '' : `${state} by ${by.title}, ${shortTime(by.at, now)}${state === 'confirmed' && by.detail !== '' ? `: ${by.detail}` : ''}`;
}

/** When the last change to production ended, epoch ms; infinite while one is under way or where there is none. */
export function lastChanged(incident: Incident, mitigations: readonly string[]): number {
  return lastChange(incident, mitigations).at;
}

interface Since {
  /** Epoch ms; infinite while a change is under way. */
  readonly at: number;
  /** What happened then: `"Restart the service" ended`. */
  readonly what: string;
}

const NEVER: Since = { at: Number.NEGATIVE_INFINITY, what: '' };

/** When the last change to production ended, or it turned out not to be over. */
function lastChange(incident: Incident, mitigations: readonly string[]): Since {
  const underWay = incident.changes.find(({ state }) => state === 'applying' || state === 'following');
  if (underWay !== undefined) {
    return { at: Number.POSITIVE_INFINITY, what: `"${underWay.plan.title}" is still under way` };
  }
  const made = incident.changes.filter(({ request }) => request !== undefined)
    .map(({ plan, made: done, end, request }): Since => ({ at: Date.parse(end?.at ?? done?.at ?? request?.at ?? ''), what: `"${plan.title}" ended` }));
  const byHand = incident.events.flatMap((event): Since[] => (event.type === 'step.finished' && event.change === undefined && event.result.outcome === 'done' && mitigations.includes(event.result.step)
    ? [{ at: Date.parse(event.at), what: `"${event.result.title}" ended` }] : []));
  const reopened = incident.events.filter(({ type }) => type === 'incident.reopened').map(({ at }): Since => ({ at: Date.parse(at), what: 'it was reopened' }));
  return [...made, ...byHand, ...reopened].reduce((last, one) => (one.at > last.at ? one : last), NEVER);
}

function sightOf(incident: Incident, { id, provedBy }: { readonly id: string; readonly provedBy: readonly string[] }, rules: ClosureRules, since: Since, now: number): Sight {
  if (provedBy.includes(FINDING)) {
    return findingOf(incident, rules);
  }
  const runnable = provedBy.find((step) => rules.steps.some((known) => known.id === step));
  if (since.at === Number.POSITIVE_INFINITY) {
    return { request: { text: since.what } };
  }
  if (provedBy.includes(NOTICE) || provedBy.includes(NOTIFICATION)) {
    return noticeOf(incident, provedBy, rules, since);
  }
  const results = resultsOf(incident).filter(({ step, outcome }) => provedBy.includes(step) && outcome === 'done');
  const last = results.at(-1);
  if (runnable === undefined) {
    return { request: { text: id === 'noUserReports' ? 'Ask support and the users’ channels, then tick it' : 'No check can tell: tick it when it holds' } };
  }
  const title = titleOf(rules, runnable);
  const ask = (why: string): Sight => ({ request: { step: runnable, text: `${why}: run "${title}"` } });
  if (last === undefined) {
    return { request: { step: runnable, text: `Run "${title}"` } };
  }
  const words = byHandIn(last);
  if (last.time <= since.at) {
    return ask(`Seen at ${shortTime(iso(last.time), now)}, before ${since.what}`);
  }
  if (last.level !== 'ok') {
    return ask(`It ended ${last.level} at ${shortTime(iso(last.time), now)} (${last.summary})`);
  }
  if (last.step === WATCH && !words && !isQuietSince(incident, last, since.at)) {
    return ask(`The watch began before ${since.what}`);
  }
  if (!LASTING.includes(last.step) && now - last.time > FRESH_MS) {
    return ask(`The last look is ${formatDuration(now - last.time)} old`);
  }
  return { proof: { event: last.event, at: iso(last.time), title: words ? last.by : titleOf(rules, last.step), detail: last.summary, step: last.step }, byHand: words };
}

function findingOf({ findings }: Incident, rules: ClosureRules): Sight {
  const last = findings.at(-1);
  return last === undefined
    ? { request: { step: FINDING, text: `Run "${titleOf(rules, FINDING)}": what was it?` } }
    : { proof: { event: last.event, at: last.at, title: `a finding of ${last.actor.name}`, detail: last.text, step: FINDING }, byHand: false };
}

/**
 * Everybody who has to hear of the end was reached after it. What stakeholders were told while it went on is no such
 * word, so of that only what came after the watch counts.
 */
function noticeOf(incident: Incident, provedBy: readonly string[], rules: ClosureRules, since: Since): Sight {
  const results = resultsOf(incident);
  const watched = results.find(({ step, outcome, level, time }) => step === WATCH && outcome === 'done' && level === 'ok' && time > since.at)?.time;
  const over = Math.min(watched ?? Number.POSITIVE_INFINITY, Date.parse(incident.resolution?.at ?? '') || Number.POSITIVE_INFINITY);
  const counts = (step: string, time: number): boolean => provedBy.includes(step) && time > since.at && (step === NOTICE || time >= over);
  const told = incident.deliveries.filter(({ step, at }) => counts(step, Date.parse(at)));
  const arrived = told.filter(({ state }) => state === 'done');
  const due = incident.severity === undefined ? [] : rules.stakeholders[incident.severity];
  const missing = due.filter(({ contact }) => !arrived.some(({ contacts = [] }) => contacts.includes(contact)));
  const last = arrived.at(-1);
  if (last !== undefined && missing.length === 0) {
    return { proof: { event: last.id, at: last.at, title: titleOf(rules, last.step), detail: arrived.map(({ target }) => target).join(', '), step: last.step }, byHand: false };
  }
  const byHand = results.findLast((result) => byHandIn(result) && counts(result.step, result.time));
  if (byHand !== undefined) {
    return { proof: { event: byHand.event, at: iso(byHand.time), title: byHand.by, detail: byHand.summary, step: byHand.step }, byHand: true };
  }
  const waiting = told.find(({ state, contacts = [] }) => state !== 'done' && state !== 'discarded' && missing.some(({ contact }) => contacts.includes(contact)));
  if (waiting !== undefined) {
    return { request: { text: `The word to ${waiting.target} is ${stateOf(waiting)}: see the deliveries` } };
  }
  const step = provedBy.find((candidate) => rules.steps.some(({ id }) => id === candidate)) ?? NOTICE;
  const whom = missing.length === due.length ? 'Nobody has been told that it is over' : `${missing.map(({ title }) => title).join(', ')} ${missing.length === 1 ? 'has' : 'have'} not been told that it is over`;
  return { request: { step, text: `${whom}: run "${titleOf(rules, step)}"` } };
}

function stateOf({ state }: Delivery): string {
  return { pending: 'on its way', 'by hand': 'to be given by hand', failed: 'not delivered', unknown: 'perhaps not delivered', done: 'delivered', discarded: 'not to be sent' }[state];
}

function byHandIn({ evidence }: Pick<TimedResult, 'evidence'>): boolean {
  return evidence?.data['byHand'] === true;
}

/** Whether the quiet time of the watch behind a result began after that. */
function isQuietSince({ watches }: Incident, { evidence, time }: TimedResult, since: number): boolean {
  const watch = watches.find(({ id }) => id === evidence?.data['watch']);
  return watch === undefined ? time > since : watch.quietSince >= since;
}

function wordOf({ id, at, actor, note = '' }: ChecklistMarked): ClosureProof {
  return { event: id, at, title: actor.name, detail: note };
}

function titleOf({ steps }: ClosureRules, id: string): string {
  return steps.find((step) => step.id === id)?.title ?? id;
}

/** The first part of a sentence about what it was: the last finding; undefined when nobody documented one. */
export function draftRootCause({ findings, resolution }: Incident): string | undefined {
  return resolution?.rootCause ?? findings.at(-1)?.text;
}

/** What ended it: the changes that were made and not undone, and what was done by hand; undefined when there is none. */
export function draftResolution(incident: Incident, mitigations: readonly string[]): string | undefined {
  const made = incident.changes.filter(({ state, plan }) => state === 'done' && plan.undoes === undefined).map(({ end, plan }) => ({ at: end?.at ?? '', text: `${plan.title} (${plan.target.resource})` }));
  const byHand = resultsOf(incident).filter((result) => mitigations.includes(result.step) && byHandIn(result)).map(({ time, title, summary }) => ({ at: iso(time), text: `${title}: ${summary.replace(/^By hand: /, '')}` }));
  const all = [...made, ...byHand].sort((a, b) => (a.at < b.at ? -1 : 1)).map(({ text }) => text);
  return incident.resolution?.resolution ?? (all.length === 0 ? undefined : [...new Set(all)].join('; '));
}
