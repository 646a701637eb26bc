/** Scenarios as rows below an incident: what the evidence speaks for, with the guided list of each (runbook 12). No vscode here. */
import { timeOfDay } from '../incident/clock.ts';
import type { Incident } from '../incident/fold.ts';
import { escapeMarkdown } from '../incident/markdown.ts';
import { type GuidedState, type ScenarioGuide, type ScenarioMatch, describeMatch, guideScenario, matchScenarios } from '../incident/scenarios.ts';
import { t } from '../l10n.ts';
import { environmentsOf, stepById } from '../runbook/query.ts';
import { resolveInputs } from '../runbook/resolve.ts';
import type { Runbook, RunbookScenario, RunbookStep, StepInputs } from '../runbook/schema.ts';
import { isAutomated } from '../steps/catalog.ts';
import type { Mark, Node } from './nodes.ts';

/** A row. A step in a list carries what the step rows of the phases carry, so that it is run and recorded like them. */
export interface ScenarioNode extends Omit<Node, 'kind' | 'children'> {
  readonly kind: 'scenario-group' | 'scenario' | 'symptom' | 'step';
  readonly children?: () => readonly ScenarioNode[];
}

export interface ScenarioInput {
  readonly runbook: Runbook;
  /** `incident/step` of what runs this moment. */
  readonly running: ReadonlySet<string>;
}

interface Shown {
  readonly match: ScenarioMatch<RunbookScenario>;
  /** Computed where it decides what is shown, else when the row is opened: it reads the whole timeline. */
  readonly guide: () => ScenarioGuide;
  /** Something was changed for it, though its symptoms may be gone. */
  readonly begun: boolean;
}

/** Where an answer is written down, where the runbook has it. */
const ANSWER_STEP = 'documentFinding';

/**
 * The group "Scenarios", what the evidence speaks for most first; below it, or alone while nothing speaks for any,
 * "Other scenarios". A scenario for which something was changed stays among the first when its symptoms are gone: its
 * list may have more to do. Empty when the runbook has no scenarios.
 */
export function scenarioNodes(incident: Incident, input: ScenarioInput): ScenarioNode[] {
  const { runbook } = input;
  const all = matchScenarios(incident, runbook.scenarios).map((match): Shown => {
    let guide: ScenarioGuide | undefined;
    const guided = (): ScenarioGuide => (guide ??= guideScenario(incident, match.scenario, runbook.steps));
    return { match, guide: guided, begun: match.scenario.steps.some(({ step }) => isChange(stepById(runbook, step)) && incident.steps.has(step)) && guided().begun };
  });
  const offered = all.filter(({ match, begun }) => match.seen.length > 0 || begun);
  const others = all.filter((shown) => !offered.includes(shown));
  const looked = all.some(({ match: { seen, notSeen } }) => seen.length + notSeen.length > 0);
  const rest: ScenarioNode[] = others.length === 0 ? [] : [{
    kind: 'scenario-group', key: `${incident.id}/other-scenarios`, incident: incident.id, label: t('Other scenarios'),
    description: looked ? t('no symptom seen') : t('nothing looked at yet'), mark: 'phase', context: 'scenarios',
    children: () => others.map((shown) => scenarioNode(incident, shown, input, false)),
  }];
  return offered.length === 0 ? rest : [{
    kind: 'scenario-group', key: `${incident.id}/scenarios`, incident: incident.id, label: t('Scenarios'),
    description: t('{0} of {1}', offered.length, all.length), mark: 'phase', context: 'scenarios', expanded: true,
    children: () => [...offered.map((shown, place) => scenarioNode(incident, shown, input, place === 0)), ...rest],
  }];
}

function isChange(step: RunbookStep | undefined): boolean {
  return step?.effect === 'change' || step?.effect === 'destructive';
}

function scenarioNode(incident: Incident, { match, guide, begun }: Shown, input: ScenarioInput, expanded: boolean): ScenarioNode {
  const { scenario, seen } = match;
  return {
    kind: 'scenario', key: `${incident.id}/scenario/${scenario.id}`, incident: incident.id, label: scenario.title,
    description: seen.length === 0 && begun ? goneWith(guide()) : describeMatch(match),
    tooltip: scenarioTooltip(match, input.runbook),
    mark: seen.length === 0 ? 'todo' : 'warn', context: 'scenario', expanded,
    children: () => [...askNodes(incident, match, input.runbook), ...guidedNodes(incident, scenario, guide(), input)],
  };
}

function goneWith({ steps }: ScenarioGuide): string {
  return t('no symptom left · {0} of {1} steps done', steps.filter(({ state }) => state === 'done').length, steps.length);
}

/** Symptoms that no check can tell. */
function askNodes(incident: Incident, { scenario, toAsk }: ScenarioMatch, runbook: Runbook): ScenarioNode[] {
  const step = stepById(runbook, ANSWER_STEP);
  return toAsk.map((symptom): ScenarioNode => ({
    kind: 'symptom', key: `${incident.id}/scenario/${scenario.id}/symptom/${scenario.symptoms.indexOf(symptom)}`, incident: incident.id,
    label: t('Ask people: {0}', symptom.text), description: t('no check can tell'),
    tooltip: [
      `**${escapeMarkdown(symptom.text)}**`,
      t('A symptom of {0} that no check can tell: ask those who report the incident.', escapeMarkdown(scenario.title)),
      ...(step === undefined ? [] : [t('Write down what they say as a finding.')]),
    ].join('\n\n'),
    mark: 'manual', context: 'symptom',
    ...(step === undefined ? {} : { step: step.id, click: 'incidentRunbook.runStep' }),
  }));
}

function guidedNodes(incident: Incident, scenario: RunbookScenario, { steps, next }: ScenarioGuide, { runbook, running }: ScenarioInput): ScenarioNode[] {
  return steps.flatMap((guided, place): ScenarioNode[] => {
    const step = stepById(runbook, guided.step);
    if (step === undefined) {
      return [];
    }
    const automated = isAutomated(step.action);
    const runs = running.has(`${incident.id}/${step.id}`);
    const inputs = inputsOf(runbook, incident, step.id, scenario.steps[place]?.inputs);
    const evidence = incident.events.find(({ id, type }) => id === guided.record?.event && type === 'step.finished');
    return [{
      kind: 'step', key: `${incident.id}/scenario/${scenario.id}/step/${place}`, incident: incident.id, step: step.id,
      label: `${place + 1}. ${guided.title}`,
      description: runs ? t('running…') : stateOf(guided, guided === next, automated),
      tooltip: guidedTooltip(step, guided, guided === next, automated),
      mark: runs ? 'running' : markOf(guided, automated),
      context: `step.${automated ? 'automated' : 'manual'}${step.runbookCommand === undefined ? '' : '.command'}`,
      click: 'incidentRunbook.openStep',
      ...(evidence === undefined ? {} : { event: evidence.id }),
      ...(inputs === undefined ? {} : { inputs }),
    }];
  });
}

/** `done · 03:05 UTC · 4 of 4 tasks running`, `next · by hand · Temporarily.` */
function stateOf({ state, record, note }: GuidedState, isNext: boolean, automated: boolean): string {
  const words = record === undefined
    ? [...(state === 'next' ? [t('next')] : []), ...(automated ? [] : [t('by hand')]), note]
    : [...(isNext ? [t('next')] : []), t(/* l10n: table */ state), timeOfDay(record.at), record.summary];
  return words.filter((word) => word !== undefined && word !== '').join(' · ');
}

function markOf({ state, record }: GuidedState, automated: boolean): Mark {
  return record?.level ?? (state === 'next' ? 'next' : automated ? 'todo' : 'manual');
}

/** @returns undefined where the list has none: then those of the step hold, and a person is asked for the rest */
function inputsOf(runbook: Runbook, incident: Incident, id: string, inputs: StepInputs | undefined): StepInputs | undefined {
  const environment = environmentsOf(runbook).find(({ key }) => key === incident.environment);
  if (inputs === undefined || environment === undefined) {
    return inputs;
  }
  try {
    return resolveInputs({ id }, environment, inputs);
  } catch {
    // Another environment has what is referred to. Run as it stands it fails and names the reference; left out, something else would run.
    return inputs;
  }
}

function scenarioTooltip({ scenario, seen, notSeen, notLooked, toAsk }: ScenarioMatch<RunbookScenario>, runbook: Runbook): string {
  const titleOf = (step: string | undefined): string => (step === undefined ? '' : ` (${escapeMarkdown(stepById(runbook, step)?.title ?? step)})`);
  return [
    `**${escapeMarkdown(scenario.title)}** (${t('runbook {0}', escapeMarkdown(scenario.section))})`,
    [
      ...seen.map(({ text, step, at, words }) => `- ${t('Seen: {0}: “{1}”{2}, {3}', escapeMarkdown(text), escapeMarkdown(words), titleOf(step), timeOfDay(at))}`),
      ...notSeen.map(({ text, step }) => `- ${t('Not seen: {0}', escapeMarkdown(text) + titleOf(step))}`),
      ...notLooked.map(({ text, step }) => `- ${t('Not known yet: {0}', escapeMarkdown(text) + titleOf(step))}`),
      ...toAsk.map(({ text }) => `- ${t('Ask people: {0}', escapeMarkdown(text))}`),
    ].join('\n'),
  ].join('\n\n');
}

function guidedTooltip(step: RunbookStep, { note, state, record }: GuidedState, isNext: boolean, automated: boolean): string {
  return [
    `**${escapeMarkdown(step.title)}** (${t('runbook {0}, {1}', escapeMarkdown(step.section), t(/* l10n: table */ step.effect))})`,
    ...(note === undefined ? [] : [escapeMarkdown(note)]),
    escapeMarkdown(step.description),
    ...(automated ? [] : [t('Done by hand: open it for the command, and record what came of it.')]),
    ...(record === undefined ? [] : [escapeMarkdown(`${isNext ? `${t('next')}, ` : ''}${t(/* l10n: table */ state)} ${timeOfDay(record.at)}, ${t(/* l10n: table */ record.level)}${record.summary === '' ? '' : `: ${record.summary}`}`)]),
  ].join('\n\n');
}
