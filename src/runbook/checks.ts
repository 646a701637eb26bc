/** What a schema cannot say: that names refer to something, that patterns compile, that clocks make sense. */
import { formatPath, type Path } from './problems.ts';
import { environmentsOf } from './query.ts';
import { availablePaths, lookUp, references } from './references.ts';
import type { GuidedRunbookStep, Runbook, StepInputs } from './schema.ts';
import type { Finding } from './shape.ts';
import { didYouMean, hint } from './suggest.ts';

/**
 * Everything wrong in a runbook that has the right shape.
 * @param actions the actions that steps may name; without it, any action passes
 */
export function checkMeaning(runbook: Runbook, actions?: readonly string[]): Finding[] {
  return [
    ...checkDuplicates(runbook),
    ...checkTime(runbook),
    ...checkAddresses(runbook),
    ...checkLinks(runbook),
    ...checkPeople(runbook),
    ...checkAssessment(runbook),
    ...checkSteps(runbook, actions),
    ...checkGuides(runbook),
    ...checkChecklists(runbook),
    ...checkPatterns(runbook),
  ];
}

function at(path: Path, message: string): Finding {
  return { path, at: 'value', message };
}

/** A finding when `name` is none of the `known`; `noun` is their plural. */
function unknownName(path: Path, name: string, known: readonly string[], noun: string): Finding[] {
  return known.includes(name)
    ? []
    : [at(path, `${formatPath(path)} is "${name}", which is none of the ${noun}.${hint(name, known, 'Allowed here')}`)];
}

function checkDuplicates(runbook: Runbook): Finding[] {
  const lists: [Path, readonly { readonly id: string }[]][] = [
    [['phases'], runbook.phases],
    [['steps'], runbook.steps],
    [['scenarios'], runbook.scenarios],
    [['situations'], runbook.situations ?? []],
    [['assessment', 'questions'], runbook.assessment.questions],
    ...runbook.assessment.questions.map((question, index): [Path, readonly { readonly id: string }[]] =>
      [['assessment', 'questions', index, 'options'], question.options]),
    [['escalation', 'triggers'], runbook.escalation.triggers],
    [['warRoom', 'roles'], runbook.warRoom.roles],
    [['statusPage', 'stages'], runbook.statusPage.stages],
    [['metrics'], runbook.metrics],
    ...Object.entries(runbook.checklists).map(([key, checklist]): [Path, readonly { readonly id: string }[]] =>
      [['checklists', key, 'items'], checklist.items]),
  ];
  return lists.flatMap(([path, items]) => {
    const ids = items.map((item) => item.id);
    return ids.flatMap((id, index) => {
      const first = ids.indexOf(id);
      const place: Path = [...path, index, 'id'];
      return first === index
        ? []
        : [at(place, `${formatPath(place)} is "${id}", the id of ${formatPath([...path, first])}. Each id may stand once.`)];
    });
  });
}

function checkTime({ timeZone, businessHours }: Runbook): Finding[] {
  return [
    ...(isTimeZone(timeZone)
      ? []
      : [at(['timeZone'], `timeZone is "${timeZone}", which is no IANA time zone.${didYouMean(timeZone, Intl.supportedValuesOf('timeZone'))} Write it as Area/City, e.g. Africa/Cairo.`)]),
    ...(businessHours.from < businessHours.to
      ? []
      : [at(['businessHours', 'to'], `businessHours.to must be later than businessHours.from (${businessHours.from}), not "${businessHours.to}".`)]),
  ];
}

function isTimeZone(name: string): boolean {
  try {
    // An offset such as +02:00 is accepted there as well, and would be wrong for half of the year.
    return !/^[+-]/.test(name) && new Intl.DateTimeFormat('en', { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}

interface Address {
  readonly path: Path;
  readonly url: string;
}

/** Pages that people open; they are shown and recorded. */
function linksOf({ datadog, warRoom }: Runbook): Address[] {
  const dashboards = Object.entries(datadog?.dashboards ?? {}).map(([key, { url }]) => ({ path: ['datadog', 'dashboards', key, 'url'], url }));
  return [...dashboards, { path: ['warRoom', 'video', 'url'], url: warRoom.video?.url }]
    .flatMap(({ path, url }) => (url === undefined ? [] : [{ path, url }]));
}

function checkAddresses(runbook: Runbook): Finding[] {
  const endpoints = environmentsOf(runbook).flatMap(({ key, data }) =>
    data.endpoints.map(({ url }, index): Address => ({ path: ['environments', key, 'endpoints', index, 'url'], url })));
  const contacts = Object.entries(runbook.contacts).flatMap(([key, { url }]): Address[] =>
    (url === undefined ? [] : [{ path: ['contacts', key, 'url'], url }]));
  return [...endpoints, ...contacts, ...linksOf(runbook)]
    .filter(({ url }) => !URL.canParse(url))
    .map(({ path, url }) => at(path, `${formatPath(path)} must be a full URL such as https://api.example.org/health, not "${url}".`));
}

function checkLinks(runbook: Runbook): Finding[] {
  const incomplete = Object.entries(runbook.datadog?.dashboards ?? {}).filter(([, { id, url }]) => id === undefined && url === undefined)
    .map(([key]): Path => ['datadog', 'dashboards', key])
    .map((path) => at(path, `${formatPath(path)} has neither id nor url. Write the id of the Datadog dashboard or its address.`));
  const video: Path = ['warRoom', 'video'];
  const nowhere = runbook.warRoom.video?.kind === 'url' && runbook.warRoom.video.url === undefined
    ? [at(video, `${formatPath(video)} is of kind url and has none. Add the address of the video call.`)] : [];
  const telling = linksOf(runbook).filter(({ url }) => URL.canParse(url) && (new URL(url).username !== '' || new URL(url).password !== ''))
    .map(({ path }) => at(path, `${formatPath(path)} holds a user name or password, and would show it to everybody. Take it out.`));
  return [...incomplete, ...nowhere, ...telling];
}

function checkPeople({ contacts, severities, escalation, review }: Runbook): Finding[] {
  const known = Object.keys(contacts);
  return [
    ...Object.entries(severities).flatMap(([level, severity]) => [
      ...severity.notify.contacts.flatMap((contact, index) =>
        unknownName(['severities', level, 'notify', 'contacts', index], contact, known, 'contacts')),
      ...severity.stakeholders.flatMap(({ contact }, index) =>
        unknownName(['severities', level, 'stakeholders', index, 'contact'], contact, known, 'contacts')),
    ]),
    ...escalation.path.flatMap(({ contact }, index) =>
      unknownName(['escalation', 'path', index, 'contact'], contact, known, 'contacts')),
    ...review.invite.flatMap(({ contacts: invited = [] }, index) => invited.flatMap((contact, place) =>
      unknownName(['review', 'invite', index, 'contacts', place], contact, known, 'contacts'))),
  ];
}

function checkAssessment({ assessment }: Runbook): Finding[] {
  const options = new Map(assessment.questions.map((question) => [question.id, question.options]));
  const doubtful = assessment.questions.flatMap((question, index) => {
    const definite = question.options.filter((option) => option.countsAs === undefined).map((option) => option.id);
    return question.options.flatMap(({ countsAs }, optionIndex) => (countsAs === undefined
      ? []
      : unknownName(['assessment', 'questions', index, 'options', optionIndex, 'countsAs'], countsAs, definite, `definite options of "${question.id}"`)));
  });
  const rules = assessment.rules.flatMap((rule, index) => Object.entries(rule.when).flatMap(([question, answers]): Finding[] => {
    const path: Path = ['assessment', 'rules', index, 'when', question];
    const allowed = options.get(question);
    if (allowed === undefined) {
      const message = `${formatPath(path)} is none of the questions.${hint(question, [...options.keys()], 'Allowed here')}`;
      return [{ path, at: 'key', message }];
    }
    return answers.flatMap((answer, answerIndex) => ruleAnswer([...path, answerIndex], question, answer, allowed));
  }));
  return [...doubtful, ...rules];
}

function ruleAnswer(path: Path, question: string, answer: string, options: Runbook['assessment']['questions'][number]['options']): Finding[] {
  const countsAs = options.find((option) => option.id === answer)?.countsAs;
  return countsAs === undefined
    ? unknownName(path, answer, options.filter((option) => option.countsAs === undefined).map((option) => option.id), `options of "${question}"`)
    : [at(path, `${formatPath(path)} is "${answer}", which is taken for "${countsAs}" before the rules are asked. Write "${countsAs}".`)];
}

function checkSteps(runbook: Runbook, actions: readonly string[] | undefined): Finding[] {
  const phases = runbook.phases.map((phase) => phase.id);
  return runbook.steps.flatMap((step, index) => {
    const path: Path = ['steps', index];
    return [
      ...unknownName([...path, 'phase'], step.phase, phases, 'phases'),
      ...(actions === undefined ? [] : unknownName([...path, 'action'], step.action, actions, 'actions')),
      ...(step.investigate === true && step.effect !== 'read'
        ? [at([...path, 'investigate'], `${formatPath(path)}.investigate may be true only where effect is read, and the effect of "${step.id}" is ${step.effect}.`)]
        : []),
      ...checkInputs(runbook, [...path, 'inputs'], step.inputs),
    ];
  });
}

function checkInputs(runbook: Runbook, path: Path, inputs: StepInputs = {}): Finding[] {
  const environments = environmentsOf(runbook);
  const available = [...new Set(environments.flatMap(availablePaths))];
  const check = (place: Path, value: unknown): Finding[] => {
    if (Array.isArray(value)) {
      return value.flatMap((item, index) => check([...place, index], item));
    }
    if (typeof value !== 'string') {
      return [];
    }
    const { paths, unclosed } = references(value);
    return [
      ...paths
        .filter((reference) => environments.every((environment) => lookUp(reference, environment) === undefined))
        .map((reference) => at(place, `${formatPath(place)} refers to \${${reference}}, which no environment has.${hint(reference, available, 'Available')}`)),
      ...(unclosed ? [at(place, `${formatPath(place)} begins a reference with \${ and does not end it with }.`)] : []),
    ];
  };
  return Object.entries(inputs).flatMap(([name, value]) => check([...path, name], value));
}

/** Scenarios and situations: lists of steps for a case. */
function checkGuides(runbook: Runbook): Finding[] {
  const steps = runbook.steps.map((step) => step.id);
  const guided = (path: Path, list: readonly GuidedRunbookStep[]): Finding[] => list.flatMap(({ step, inputs }, index) => [
    ...unknownName([...path, index, 'step'], step, steps, 'steps'),
    ...checkInputs(runbook, [...path, index, 'inputs'], inputs),
  ]);
  return [
    ...runbook.scenarios.flatMap((scenario, index) => [
      ...scenario.symptoms.flatMap(({ step }, symptom) => (step === undefined
        ? []
        : unknownName(['scenarios', index, 'symptoms', symptom, 'step'], step, steps, 'steps'))),
      ...guided(['scenarios', index, 'steps'], scenario.steps),
    ]),
    ...(runbook.situations ?? []).flatMap((situation, index) => guided(['situations', index, 'steps'], situation.steps)),
  ];
}

function checkChecklists(runbook: Runbook): Finding[] {
  const steps = runbook.steps.map((step) => step.id);
  return Object.entries(runbook.checklists).flatMap(([key, checklist]) => checklist.items.flatMap((item, index) =>
    (item.provedBy ?? []).flatMap((step, proof) =>
      unknownName(['checklists', key, 'items', index, 'provedBy', proof], step, steps, 'steps'))));
}

function checkPatterns(runbook: Runbook): Finding[] {
  const symptoms = runbook.scenarios.flatMap((scenario, index) => scenario.symptoms.map(({ pattern }, symptom) =>
    ({ path: ['scenarios', index, 'symptoms', symptom, 'pattern'], pattern })));
  const redaction = (runbook.redaction ?? []).map(({ pattern }, index) => ({ path: ['redaction', index, 'pattern'], pattern }));
  return [...symptoms, ...redaction].flatMap(({ path, pattern }) => {
    const wrong = pattern === undefined ? undefined : whyNot(pattern);
    return wrong === undefined ? [] : [at(path, `${formatPath(path)} ${wrong}`)];
  });
}

function whyNot(pattern: string): string | undefined {
  try {
    return new RegExp(pattern, 'i').test('') ? 'matches the empty text, and so would match everywhere. Make it longer.' : undefined;
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^Invalid regular expression: /, '') : String(error);
    return `is not a valid regular expression: ${reason}.`;
  }
}
