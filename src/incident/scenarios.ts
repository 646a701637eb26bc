/** Runbook 12: which common scenario the evidence speaks for, and how far its guided list has come. */
import type { StepResult, TimelineEvent } from './events.ts';
import type { Level } from './evidence.ts';
import { timeOfDay } from './clock.ts';
import type { Incident } from './fold.ts';
import { unescapeMarkdown } from './markdown.ts';
import { onOneLine, shorten } from './shorten.ts';

/** What points to a scenario: words in the evidence of a step, a check that is not well, or something people see. */
export interface Symptom {
  readonly text: string;
  /** Unset: the evidence of every step is looked at, where there is a pattern. */
  readonly step?: string;
  /** Regular expression without slashes; upper and lower case are the same. */
  readonly pattern?: string;
}

/** A step in a guided list. */
export interface GuidedStep {
  readonly step: string;
  readonly note?: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
}

/** As much of a scenario of the runbook as is needed here. */
export interface Scenario {
  readonly id: string;
  readonly title: string;
  readonly symptoms: readonly Symptom[];
  readonly steps: readonly GuidedStep[];
}

/** What the guided list has to know of the steps of the runbook. */
export interface StepOutline {
  readonly id: string;
  readonly title: string;
  readonly effect: 'read' | 'change' | 'destructive' | 'post';
}

export interface SeenSymptom {
  readonly text: string;
  /** Step whose evidence shows it, and the event that holds that. */
  readonly step: string;
  readonly event: string;
  /** ISO 8601 UTC. */
  readonly at: string;
  /** The words that matched, on one line; the summary where the level of the check is the symptom. */
  readonly words: string;
}

export interface ScenarioMatch<S extends Scenario = Scenario> {
  readonly scenario: S;
  readonly seen: readonly SeenSymptom[];
  /** Looked at, and not there. */
  readonly notSeen: readonly Symptom[];
  /** Nobody has looked, or the check could not tell. */
  readonly notLooked: readonly Symptom[];
  /** No check can tell: people are asked. */
  readonly toAsk: readonly Symptom[];
  /** Symptoms seen, times their share of those that can be checked: many of few count for more than some of many. */
  readonly score: number;
}

export interface GuidedState extends GuidedStep {
  readonly title: string;
  /** `next` is the first that is not done; one that failed says so instead, and may be the next one all the same. */
  readonly state: 'done' | 'failed' | 'next' | 'later';
  /** What it is done or failed by; unset for the others. */
  readonly record?: GuidedRecord;
}

export interface GuidedRecord {
  readonly event: string;
  /** ISO 8601 UTC. */
  readonly at: string;
  readonly level: Level;
  /** Empty where the step left another trace than a result. */
  readonly summary: string;
}

export interface ScenarioGuide {
  /** What is done counts from here on: when the first symptom was seen, else the detection. ISO 8601 UTC. */
  readonly since: string;
  readonly steps: readonly GuidedState[];
  /** Unset when all are done. */
  readonly next?: GuidedState;
  /** Whether something was changed for it since the first symptom was seen. */
  readonly begun: boolean;
}

/** A suggestion for the guide. */
export interface ScenarioAction {
  readonly id: string;
  readonly step: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly title: string;
  readonly reason: string;
  readonly urgent: false;
}

/** How much of a result a pattern is held against, characters: patterns are a team's own and may be slow. */
const TEXT_LENGTH = 20_000;
const WORDS_LENGTH = 80;
/** How many characters of what was seen are a reason. */
const REASON_LENGTH = 60;

/**
 * Holds every scenario against the evidence, what speaks for it most first, the rest in the runbook's order. Only the
 * newest result of each step counts; an attempt that failed or was cancelled saw nothing and takes nothing back. A
 * check that is ok shows no symptom, whatever words its evidence holds: a healthy service has stopped tasks as well.
 *
 * @param now epoch ms; what came later is left out. Default: all there is
 */
export function matchScenarios<S extends Scenario>(incident: Incident, scenarios: readonly S[], now = Number.POSITIVE_INFINITY): ScenarioMatch<S>[] {
  const looks = looksOf(incident).filter(({ at }) => Date.parse(at) <= now);
  const newest = new Map(looks.map((look) => [look.result.step, look]));
  const current = looks.filter((look) => newest.get(look.result.step) === look).toReversed();
  return scenarios.map((scenario) => matchOne(scenario, current)).sort((a, b) => b.score - a.score);
}

/** `3 of 5 symptoms: too many clients, 53300`; without the words when none is seen. */
export function describeMatch({ scenario, seen }: ScenarioMatch): string {
  const words = [...new Set(seen.map((symptom) => symptom.words))].join(', ');
  return `${seen.length} of ${scenario.symptoms.length} symptom${scenario.symptoms.length === 1 ? '' : 's'}${words === '' ? '' : `: ${shorten(words, REASON_LENGTH)}`}`;
}

/**
 * How far the guided list of a scenario has come. A step is done when its newest result since the scenario was first
 * matched is. Where the list names a step again, only a result after those in between counts for the second time; and
 * a check behind changes is done when it is newer than the newest of them, so that it says what they did.
 *
 * @param outlines titles and effects; without them a step is called by its id and no check is held back
 */
export function guideScenario(incident: Incident, scenario: Scenario, outlines: readonly StepOutline[] = []): ScenarioGuide {
  const { events, times } = incident;
  const outlineOf = (step: string): StepOutline | undefined => outlines.find(({ id }) => id === step);
  const first = firstSeen(incident, scenario);
  const start = events.findIndex(({ id }) => id === (first ?? times.detected.event));
  const attempts = events.flatMap((event, index) => (index < start ? [] : attemptsIn(event).map((attempt): Attempt => ({ ...attempt, index }))));
  const latest: (Attempt | undefined)[] = [];
  for (const [place, { step }] of scenario.steps.entries()) {
    const gate = gateOf(scenario.steps, place, outlineOf);
    const passed = gate.flatMap((before) => doneAt(latest[before]) ?? []);
    const counting = gate.length > 0 && passed.length === 0 ? [] : attempts.filter((attempt) => attempt.step === step && attempt.index > Math.max(-1, ...passed));
    // What comes later belongs to the next time the list names it.
    const again = scenario.steps.slice(place + 1).some((other) => other.step === step);
    latest.push((again ? counting.find(({ outcome }) => outcome === 'done') : undefined) ?? counting.at(-1));
  }
  const next = latest.findIndex((attempt) => attempt?.outcome !== 'done');
  const steps = scenario.steps.map((guided, place): GuidedState => {
    const attempt = latest[place];
    const open = place === next ? 'next' : 'later';
    return {
      ...guided, title: outlineOf(guided.step)?.title ?? guided.step,
      ...(attempt === undefined ? { state: open } : { state: attempt.outcome, record: { event: attempt.event, at: attempt.at, level: attempt.level, summary: attempt.summary } }),
    };
  });
  const nextStep = steps[next];
  return {
    since: events[start]?.at ?? times.detected.at,
    steps,
    ...(nextStep === undefined ? {} : { next: nextStep }),
    begun: first !== undefined && steps.some(({ step, state }) => state === 'done' && changes(outlineOf(step))),
  };
}

/**
 * What the guide can suggest: the next step of the scenario that the evidence speaks for most, once at least half of
 * its symptoms that can be checked are seen.
 *
 * @param outlines as of guideScenario
 */
export function scenarioAction(incident: Incident, scenarios: readonly Scenario[], outlines: readonly StepOutline[] = []): ScenarioAction | undefined {
  const [best] = incident.status === 'closed' ? [] : matchScenarios(incident, scenarios);
  if (best === undefined || best.seen.length === 0 || best.seen.length < checkable(best) / 2) {
    return undefined;
  }
  const { next } = guideScenario(incident, best.scenario, outlines);
  if (next === undefined) {
    return undefined;
  }
  const { step, title, note, inputs, record } = next;
  const failed = record === undefined ? [] : [`failed ${timeOfDay(record.at)}`];
  return {
    id: `scenario/${best.scenario.id}/${step}`, step, title, urgent: false, ...(inputs === undefined ? {} : { inputs }),
    reason: [`${best.scenario.title}, ${describeMatch(best)}`, ...failed, ...(note === undefined ? [] : [note])].join(' · '),
  };
}

/** A check that was carried out. */
interface Look {
  readonly result: StepResult;
  /** Sums up others, which are looked at themselves. */
  readonly overview: boolean;
  readonly event: string;
  readonly at: string;
  /** Where patterns look, made once. */
  readonly text: () => string;
}

function looksOf({ events }: Incident): Look[] {
  return events.flatMap((event) => (event.type !== 'step.finished' ? [] : [event.result, ...(event.parts ?? [])]
    .filter(({ outcome }) => outcome === 'done')
    .map((result): Look => {
      let text: string | undefined;
      return { result, overview: result === event.result && (event.parts ?? []).length > 0, event: event.id, at: event.at, text: () => (text ??= textOf(result)) };
    })));
}

/** @param looks the newest one first */
function matchOne<S extends Scenario>(scenario: S, looks: readonly Look[]): ScenarioMatch<S> {
  const seen: SeenSymptom[] = [];
  const [notSeen, notLooked, toAsk]: [Symptom[], Symptom[], Symptom[]] = [[], [], []];
  for (const symptom of scenario.symptoms) {
    const places = looks.filter((look) => concerns(symptom, look));
    const found = places.flatMap((look) => sightingOf(symptom, look) ?? [])[0];
    if (found !== undefined) {
      seen.push(found);
    } else if (symptom.step === undefined && symptom.pattern === undefined) {
      toAsk.push(symptom);
    } else {
      (places.some(({ result }) => result.level !== 'unknown') ? notSeen : notLooked).push(symptom);
    }
  }
  const match = { scenario, seen, notSeen, notLooked, toAsk };
  return { ...match, score: seen.length === 0 ? 0 : seen.length ** 2 / checkable(match) };
}

/** How many of the symptoms a check can show. */
function checkable({ seen, notSeen, notLooked }: Pick<ScenarioMatch, 'seen' | 'notSeen' | 'notLooked'>): number {
  return seen.length + notSeen.length + notLooked.length;
}

function concerns({ step, pattern }: Symptom, { result, overview }: Look): boolean {
  return step === undefined ? pattern !== undefined && !overview : result.step === step;
}

function sightingOf({ text, pattern }: Symptom, look: Look): SeenSymptom | undefined {
  const { result, event, at } = look;
  const words = pattern === undefined ? troubleIn(result) : isFine(result) ? undefined : new RegExp(pattern, 'i').exec(look.text())?.[0];
  return words === undefined ? undefined : { text, step: result.step, event, at, words: shorten(onOneLine(words.trim() === '' ? result.summary : words), WORDS_LENGTH) };
}

function troubleIn({ level, summary }: StepResult): string | undefined {
  return level === 'warn' || level === 'bad' ? summary : undefined;
}

/** What a person wrote down is recorded as ok as well, and is no verdict. */
function isFine({ level, evidence }: StepResult): boolean {
  return level === 'ok' && evidence?.data['byHand'] !== true;
}

/** Summary, Markdown and data as people would read them. */
function textOf({ summary, evidence }: StepResult): string {
  const markdown = unescapeMarkdown((evidence?.markdown ?? '').slice(0, TEXT_LENGTH / 2));
  const data = JSON.stringify(evidence?.data ?? {}).slice(0, TEXT_LENGTH).replace(/\\(["\\nrt])/g, (_, character: string) => UNESCAPED[character] ?? character);
  return `${summary}\n${markdown}\n${data}`.slice(0, TEXT_LENGTH);
}

const UNESCAPED: Readonly<Record<string, string>> = { n: '\n', r: '\n', t: '\t' };

/** Id of the event that showed the first symptom of a scenario, whether it is still there or not. */
function firstSeen(incident: Incident, { symptoms }: Scenario): string | undefined {
  return looksOf(incident).find((look) => symptoms.some((symptom) => concerns(symptom, look) && sightingOf(symptom, look) !== undefined))?.event;
}

interface Attempt extends GuidedRecord {
  readonly step: string;
  readonly outcome: 'done' | 'failed';
  /** Place of the event on the timeline. */
  readonly index: number;
}

function doneAt(attempt: Attempt | undefined): number | undefined {
  return attempt?.outcome === 'done' ? attempt.index : undefined;
}

/** Steps that leave another trace than a result. */
const TRACES: Partial<Record<TimelineEvent['type'], string>> = {
  'incident.acknowledged': 'acknowledge', 'severity.set': 'assessSeverity', 'ticket.linked': 'createTicket',
  'finding.documented': 'documentFinding', 'update.posted': 'postUpdate', 'role.assigned': 'assignRoles',
};

function attemptsIn(event: TimelineEvent): Omit<Attempt, 'index'>[] {
  const head = { event: event.id, at: event.at };
  if (event.type === 'step.finished') {
    return [event.result, ...(event.parts ?? [])].flatMap(({ step, outcome, level, summary }) => (outcome === 'cancelled' ? [] : [{ ...head, step, outcome, level, summary }]));
  }
  const step = TRACES[event.type];
  return step === undefined ? [] : [{ ...head, step, outcome: 'done', level: 'ok', summary: '' }];
}

/** Places in the list of which one must be done, and a result be newer than it, before that counts at this place. */
function gateOf(steps: readonly GuidedStep[], place: number, outlineOf: (step: string) => StepOutline | undefined): number[] {
  const before = [...steps.slice(0, place).keys()];
  const changing = outlineOf(steps[place]?.step ?? '')?.effect === 'read' ? before.filter((index) => changes(outlineOf(steps[index]?.step ?? ''))) : [];
  if (changing.length > 0) {
    return changing;
  }
  const previous = before.findLast((index) => steps[index]?.step === steps[place]?.step);
  return previous === undefined ? [] : previous === place - 1 ? [previous] : before.slice(previous + 1);
}

function changes(outline: StepOutline | undefined): boolean {
  return outline?.effect === 'change' || outline?.effect === 'destructive';
}
