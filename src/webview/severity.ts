/** The page of the severity panel. */
import { html, nothing } from 'lit';
import { CallFailed } from '../protocol/channel.ts';
import type { Answers, Judgement, Severity, SeverityContract, SeverityDraft, SeverityModel } from '../protocol/severity.ts';
import { HouseClock } from './house-clock.ts';
import { openPage } from './page.ts';
import { follows, levelsTable, verdict } from './severity-consequences.ts';
import { blockedNotice, done, newsNotice, pageHead } from './severity-done.ts';
import { type Form, LEVEL_GROUP, isOverride, levelChoice, questions, recordBar } from './severity-form.ts';
import './severity.css';

/** What outlives the page: the severity that was seen, and what was recorded from here. Answers are kept as a draft. */
interface Kept {
  /** Id of its event; empty for none. */
  readonly known?: string;
  readonly recorded?: string;
}

/** How often what is counted from now is counted anew, ms. */
const REFRESH_MS = 20_000;

const page = openPage<SeverityContract, Kept>();
const { caller } = page;

let model: SeverityModel | undefined;
let judgement: Judgement | undefined;
const clock = new HouseClock();
let kept: Kept = page.state ?? {};
let answers: Answers = {};
let level: Severity | undefined;
let reason = '';
let fault: Form['fault'];
let isBusy = false;
let judging = new AbortController();
let judged: Promise<void> = Promise.resolve();

function keep(next: Kept): void {
  kept = next;
  page.keep(next);
}

/** The assessment that was recorded from here and is still the last one. */
function recorded(): SeverityModel['current'] {
  return model?.current !== undefined && model.current.event === kept.recorded ? model.current : undefined;
}

function form(shown: SeverityModel): Form {
  return { model: shown, judgement, answers, level, reason, fault, isBusy };
}

function draw(): void {
  if (model === undefined) {
    return;
  }
  const now = clock.now();
  const current = recorded();
  const isNews = !isBusy && current === undefined && kept.known !== undefined && kept.known !== (model.current?.event ?? '');
  const shown = form(model);
  page.draw(html`
    ${pageHead(model, now)}
    ${blockedNotice(model, now)}
    <div role="status">${isNews ? newsNotice(model.current, now, dismissNews) : nothing}</div>
    ${current !== undefined ? done(model, current, judgement, now, isBusy, doneActs) : html`
      <div class="assessment">
        ${questions(shown, acts)}
        <div>
          ${verdict(judgement, model.levels, levelChoice(shown, acts))}
          ${judgement === undefined || model.blocked === 'closed' ? nothing : follows(judgement, model, now, false)}
        </div>
        ${levelsTable(model, judgement)}
      </div>
      ${recordBar(shown, acts)}`}
  `);
}

function show(next: SeverityModel): void {
  model = next;
  clock.set(next.now);
  if (kept.known === undefined) {
    keep({ ...kept, known: next.current?.event ?? '' });
  }
  draw();
  judge();
}

/** Asks what the answers come to. The latest answer wins; what is shown stays until it is there. */
function judge(): void {
  judging.abort();
  judging = new AbortController();
  const current = recorded();
  const given = current === undefined ? { answers, ...(level === undefined ? {} : { level }) } : { answers: current.answers ?? {}, level: current.severity };
  const work = async (signal: AbortSignal): Promise<void> => {
    const next = await caller.call('judge', given, { signal });
    if (!signal.aborted) {
      judgement = next;
      draw();
    }
  };
  judged = work(judging.signal).catch((error: unknown) => {
    if (!(error instanceof CallFailed && error.failure.kind === 'cancelled')) {
      page.run(() => Promise.reject(error as Error));
    }
  });
}

function draft(): SeverityDraft | undefined {
  return Object.keys(answers).length === 0 && level === undefined && reason === '' ? undefined : { answers, reason, ...(level === undefined ? {} : { level }) };
}

/** Something was answered, chosen or written. */
function answered(): void {
  fault = undefined;
  const written = draft();
  void caller.call('keep', written === undefined ? {} : { draft: written }).catch((error: unknown) => { page.run(() => Promise.reject(error as Error)); });
  draw();
}

function clear(): void {
  answers = {};
  level = undefined;
  reason = '';
  fault = undefined;
}

const acts = {
  answer(question: string, option: string): void {
    answers = { ...answers, [question]: option };
    answered();
    judge();
  },
  choose(chosen: Severity): void {
    level = chosen === judgement?.recommended ? undefined : chosen;
    answered();
    judge();
  },
  write(text: string): void {
    reason = text;
    answered();
  },
  record(): void {
    void record();
  },
  restart(): void {
    clear();
    answered();
    judge();
    focusNextOpen();
  },
  reuse(): void {
    const known = new Map(model?.questions.map(({ id, options }) => [id, options.map((option) => option.id)]));
    answers = Object.fromEntries(Object.entries(model?.current?.answers ?? {}).filter(([question, option]) => known.get(question)?.includes(option) === true));
    answered();
    judge();
    focusGroup(model?.questions[0]?.id);
  },
};

async function record(): Promise<void> {
  if (isBusy || model === undefined || model.blocked !== undefined || recorded() !== undefined) {
    return;
  }
  await judged;
  // Asked for twice while it was judged, by a key held down: once is enough.
  if (isBusy || recorded() !== undefined || judgement === undefined) {
    return;
  }
  const shown = judgement.level;
  const needsReason = isOverride(form(model));
  if (needsReason ? reason.trim() === '' : Object.keys(answers).length === 0) {
    fault = needsReason ? 'reason' : 'empty';
    draw();
    if (needsReason) {
      document.getElementById('reason')?.focus();
    } else {
      focusNextOpen();
    }
    return;
  }
  const seen = model.current?.event ?? '';
  change(async () => {
    const { event } = await caller.call('record', { answers, reason, seen, shown, ...(needsReason && level !== undefined ? { level } : {}) });
    clear();
    judgement = undefined;
    const next = await caller.call('load', {});
    keep({ known: event, recorded: event });
    return next;
  }, () => { document.getElementById('done')?.focus(); });
}

const doneActs = {
  next(step: 'notifyTeam' | 'createTicket'): void {
    page.run(async () => { await caller.call('run', { step }); });
  },
  takeBack(): void {
    const event = kept.recorded ?? '';
    change(async () => {
      await caller.call('takeBack', { event });
      judgement = undefined;
      const next = await caller.call('load', {});
      keep({ known: next.current?.event ?? '' });
      return next;
    }, focusNextOpen);
  },
  again,
  openOverview(): void {
    page.run(async () => { await caller.call('open', { what: 'overview', incident: model?.incident ?? '' }); });
  },
};

function again(): void {
  keep({ known: model?.current?.event ?? '' });
  judgement = undefined;
  draw();
  judge();
  focusNextOpen();
}

/** What changes the timeline: one at a time, and what comes of it is shown before anything else is told of it. */
function change(work: () => Promise<SeverityModel>, after: () => void): void {
  isBusy = true;
  draw();
  page.run(async () => {
    try {
      const next = await work();
      isBusy = false;
      show(next);
      after();
    } finally {
      if (isBusy) {
        // Refused: what would follow by now.
        isBusy = false;
        draw();
        judge();
      }
    }
  });
}

function dismissNews(): void {
  keep({ known: model?.current?.event ?? '' });
  draw();
  focusNextOpen();
}

function groups(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>('fieldset[data-question]')];
}

function focusGroup(name: string | undefined): void {
  const group = groups().find(({ dataset }) => dataset['question'] === name);
  const target = group?.querySelector<HTMLElement>('input:checked') ?? group?.querySelector<HTMLElement>('input');
  group?.scrollIntoView({ block: 'nearest' });
  target?.focus({ preventScroll: true });
}

/** The first question that is not answered; behind the last one what records it. */
function focusNextOpen(): void {
  const open = model?.questions.find(({ id }) => answers[id] === undefined);
  if (open === undefined) {
    document.getElementById('record')?.focus();
  } else {
    focusGroup(open.id);
  }
}

function digitOf({ key, code, shiftKey }: KeyboardEvent): number | undefined {
  // By its place where the keyboard writes other digits, or none without Shift.
  const [digit] = /^[1-9]$/.exec(key) ?? (shiftKey ? null : /(?<=^(?:Digit|Numpad))[1-9]$/.exec(code)) ?? [];
  return digit === undefined ? undefined : Number(digit);
}

/** Chooses an option of the question in focus, or of the first open one, and goes on. @returns whether there is such an option */
function pressDigit(digit: number, focused: string | undefined): boolean {
  const name = focused ?? model?.questions.find(({ id }) => answers[id] === undefined)?.id;
  if (name === LEVEL_GROUP) {
    const chosen = model?.levels[digit - 1]?.severity;
    if (chosen === undefined || judgement === undefined) {
      return false;
    }
    acts.choose(chosen);
    document.getElementById(level === undefined ? 'record' : 'reason')?.focus();
    return true;
  }
  const place = model?.questions.findIndex(({ id }) => id === name) ?? -1;
  const chosen = model?.questions[place]?.options[digit - 1]?.id;
  if (name === undefined || chosen === undefined) {
    return false;
  }
  acts.answer(name, chosen);
  const next = model?.questions[place + 1]?.id;
  if (next === undefined) {
    focusNextOpen();
  } else {
    focusGroup(next);
  }
  return true;
}

function pressBackspace(focused: string | undefined): boolean {
  const names = groups().map(({ dataset }) => dataset['question']);
  const place = focused === undefined ? names.length : names.indexOf(focused);
  const before = names[place - 1];
  focusGroup(before);
  return before !== undefined;
}

document.addEventListener('keydown', (event) => {
  const target = event.target instanceof HTMLElement ? event.target : undefined;
  if (model === undefined || model.blocked !== undefined || recorded() !== undefined || event.isComposing || event.altKey || isBusy) {
    return;
  }
  if (event.ctrlKey || event.metaKey) {
    if (event.key === 'Enter') {
      event.preventDefault();
      acts.record();
    }
    return;
  }
  if (target?.matches('textarea') === true) {
    return;
  }
  const focused = target?.closest<HTMLElement>('fieldset[data-question]')?.dataset['question'];
  const digit = digitOf(event);
  if (digit === undefined ? event.key === 'Backspace' && pressBackspace(focused) : pressDigit(digit, focused)) {
    event.preventDefault();
  }
});

caller.on('changed', (next) => {
  if (isBusy) {
    model = next;
  } else {
    show(next);
  }
});
caller.on('subject', () => {
  // Asked for anew: whoever has just recorded wants to assess again.
  if (recorded() !== undefined) {
    again();
  }
});
setInterval(() => {
  if (document.visibilityState === 'visible' && model !== undefined && !isBusy) {
    judge();
  }
}, REFRESH_MS);

page.run(async () => {
  const first = await caller.call('load', {});
  ({ answers = {}, reason = '' } = first.draft ?? {});
  level = first.draft?.level;
  show(first);
  if (recorded() === undefined) {
    focusNextOpen();
  }
});
