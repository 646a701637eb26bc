/** What can stand at a place of a review document, from its incident and the runbook (runbook 10.3). */
import { iso, shortTime, timeOfDay } from '../incident/clock.ts';
import { describeEvent } from '../incident/describe.ts';
import { SEVERITIES } from '../incident/events.ts';
import type { Incident } from '../incident/fold.ts';
import { plain } from '../incident/review/sections.ts';
import { isTold, targetOf } from '../incident/told.ts';
import { t, tn } from '../l10n.ts';
import type { Runbook } from '../runbook/schema.ts';

export interface Suggestion {
  readonly kind: 'event' | 'owner' | 'severity' | 'date';
  /** What is shown, and what is written in place of the text from `from` on. */
  readonly text: string;
  readonly detail: string;
  /** 0-based column where the text it replaces begins. */
  readonly from: number;
}

export interface SuggestionInput {
  /** Undefined when its timeline is not on this machine. */
  readonly incident: Incident | undefined;
  /** Undefined while it cannot be read. */
  readonly runbook: Pick<Runbook, 'contacts' | 'severities' | 'warRoom'> | undefined;
  /** Epoch ms. */
  readonly now: number;
}

const FIELD_END = String.raw`[*_]*\s*:[*_]*\s*`;
const OWNER = new RegExp(String.raw`\bowner${FIELD_END}(?<begun>@?[\w-]*)$`, 'i');
const DUE = new RegExp(String.raw`\bdue(?: date)?${FIELD_END}(?<begun>[\d-]*)$`, 'i');
const SEVERITY = new RegExp(String.raw`\bseverity${FIELD_END}(?<begun>p?\d?)$`, 'i');
/** `12:` anywhere, or the beginning of a point of a list. */
const TIME = /(?:^|\s)(?<begun>\d{1,2}:\d{0,2})$|^\s*[-*+]\s+(?<point>\d{0,2})$/;

const DAY_MS = 86_400_000;
const DUE_IN_DAYS = [7, 14, 30];
const LONGEST_EVENT = 120;

/** @param before the line up to the cursor */
export function reviewSuggestions(before: string, input: SuggestionInput): Suggestion[] {
  const at = (pattern: RegExp): number | undefined => {
    const { begun, point } = pattern.exec(before)?.groups ?? {};
    const text = begun ?? point;
    return text === undefined ? undefined : before.length - text.length;
  };
  const [owner, due, severity] = [at(OWNER), at(DUE), at(SEVERITY)];
  if (owner !== undefined) {
    return ownersOf(input, owner);
  }
  if (due !== undefined) {
    return DUE_IN_DAYS.map((days) => ({ kind: 'date', text: iso(input.now + days * DAY_MS).slice(0, 10), detail: tn('in {0} day', 'in {0} days', days), from: due }));
  }
  if (severity !== undefined) {
    return severitiesOf(input, severity);
  }
  const time = at(TIME);
  return time === undefined ? [] : eventsOf(input, time);
}

/** Whoever holds a role, and the contacts that have a login; each once. */
function ownersOf({ incident, runbook }: SuggestionInput, from: number): Suggestion[] {
  const roles = Object.entries(incident?.roles ?? {}).map(([role, person]) => ({ text: person, detail: runbook?.warRoom.roles.find(({ id }) => id === role)?.title ?? role }));
  const contacts = Object.values(runbook?.contacts ?? {}).flatMap(({ title, github }) => (github === undefined ? [] : [{ text: `@${github.replace(/^@/, '')}`, detail: title }]));
  const all = [...roles, ...contacts];
  return all.filter(({ text }, place) => all.findIndex((other) => other.text === text) === place).map(({ text, detail }) => ({ kind: 'owner', text, detail, from }));
}

/** That of the incident first. */
function severitiesOf({ incident, runbook }: SuggestionInput, from: number): Suggestion[] {
  const sorted = [...SEVERITIES].sort((one, other) => Number(other === incident?.severity) - Number(one === incident?.severity));
  return sorted.map((level) => ({ kind: 'severity', text: level, detail: [runbook?.severities[level].impact ?? '', ...(level === incident?.severity ? [t('(this incident)')] : [])].join(' '), from }));
}

/** `03:12 UTC: Incident acknowledged`; with the date where the incident lasted longer than a day. */
function eventsOf({ incident }: SuggestionInput, from: number): Suggestion[] {
  const told = incident?.events.filter(isTold) ?? [];
  const days = new Set(told.map((event) => event.at.slice(0, 10)));
  return incident === undefined ? [] : told.map((event) => {
    const { title, detail } = describeEvent(event, (request) => targetOf(incident, request));
    const words = plain([title, detail].filter((part) => part !== '').join(': '), LONGEST_EVENT);
    const when = days.size === 1 ? timeOfDay(event.at) : shortTime(event.at, Date.parse(incident.times.detected.at));
    return { kind: 'event', text: `${when}: ${words}`, detail: event.actor.name, from };
  });
}
