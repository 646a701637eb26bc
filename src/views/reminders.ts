/** Says when a clock of the runbook has run out, and offers the step that winds it up (runbook 7.1, 7.3, 8). No vscode here. */
import { type Clock, formatDuration } from '../incident/clock.ts';
import { type ClockRules, type DueStep, reminders } from '../incident/clocks.ts';
import type { Incident } from '../incident/fold.ts';
import { t } from '../l10n.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { lowerFirst } from '../text.ts';
import { readIncidents } from './read-incidents.ts';

/** How often the clocks are looked at, ms. */
const TICK_MS = 5_000;
/** How long a clock keeps quiet after it was put off or passed over, ms. */
const QUIET_MS = 5 * 60_000;

const BUTTONS: Readonly<Record<string, () => string>> = {
  postUpdate: () => t('Draft update'), notifyStakeholders: () => t('Notify…'), openWarRoom: () => t('Open war room'), escalate: () => t('Escalate'),
};

export interface RemindersOptions {
  readonly ledger: Ledger;
  readonly clock: Clock;
  /** The runbook's clocks, once it has been read. */
  readonly rules: () => ClockRules | undefined;
  /** Resolves with the button, or undefined when it was passed over. */
  readonly show: (message: string, buttons: readonly string[]) => PromiseLike<string | undefined>;
  /** Opens the step's draft. */
  readonly run: (step: string, incident: string, inputs: DueStep['inputs']) => PromiseLike<unknown>;
  /** Records that the clock keeps quiet until then, epoch ms. */
  readonly snooze: (incident: string, id: string, until: number) => PromiseLike<unknown>;
  readonly onError: (error: unknown) => void;
}

/**
 * One reminder at a time for each clock of each open incident. What is due derives from the timeline, so it survives
 * a reload; only that somebody has just passed a reminder over is kept here.
 */
export class Reminders {
  readonly #options: RemindersOptions;
  readonly #disposables: readonly { dispose(): void }[];
  /** Clock → when its reminder was put on the screen, epoch ms: VS Code hides one after a while, and keeps it pending. */
  readonly #showing = new Map<string, number>();
  /** Clock → when it was due, and until when it keeps quiet all the same, epoch ms. */
  readonly #quiet = new Map<string, { readonly at: number; readonly until: number }>();
  #open: readonly Incident[] | undefined;
  /** Counts the changes, so that what was read before the last one is not kept. */
  #changes = 0;
  #ticking: Promise<void> = Promise.resolve();
  #disposed = false;

  constructor(options: RemindersOptions) {
    this.#options = options;
    const tick = (): void => { void this.tick().catch(options.onError); };
    const timer = setInterval(tick, TICK_MS);
    timer.unref();
    this.#disposables = [
      { dispose: () => { clearInterval(timer); } },
      options.ledger.onDidChange(() => {
        this.#open = undefined;
        this.#changes += 1;
        tick();
      }),
    ];
  }

  /** Shows what is due now; ends when it is shown, not when it is answered. */
  tick(): Promise<void> {
    this.#ticking = this.#ticking.catch(() => undefined).then(() => this.#remind());
    return this.#ticking;
  }

  dispose(): void {
    this.#disposed = true;
    this.#disposables.forEach((disposable) => { disposable.dispose(); });
  }

  async #remind(): Promise<void> {
    const { clock, rules: read, onError } = this.#options;
    const rules = read();
    if (rules === undefined) {
      return;
    }
    const changes = this.#changes;
    const open = this.#open ?? await this.#readOpen();
    this.#open = changes === this.#changes ? open : undefined;
    const now = clock.now();
    for (const incident of this.#disposed ? [] : open) {
      for (const due of reminders(incident, rules, now)) {
        const key = `${incident.id}/${due.id}`;
        const quiet = this.#quiet.get(key);
        if (now - (this.#showing.get(key) ?? Number.NEGATIVE_INFINITY) >= QUIET_MS && (quiet?.at !== due.at || quiet.until <= now)) {
          this.#showing.set(key, now);
          void this.#show(incident, due, now).catch(onError).finally(() => {
            if (this.#showing.get(key) === now) {
              this.#showing.delete(key);
            }
            this.#quiet.set(key, { at: due.at, until: clock.now() + QUIET_MS });
          });
        }
      }
    }
  }

  /** The timelines are read only after they changed: the clocks are looked at far more often. */
  async #readOpen(): Promise<readonly Incident[]> {
    const { ledger, onError } = this.#options;
    return readIncidents(ledger, await ledger.list('open'), onError);
  }

  async #show(incident: Incident, due: DueStep, now: number): Promise<void> {
    const { clock, run, show, snooze } = this.#options;
    const button = BUTTONS[due.step]?.() ?? t(/* l10n: table */ due.title);
    const later = t('Snooze 5 min');
    const chosen = await show(reminderText(incident, due, now), [button, later]);
    if (chosen === button) {
      await run(due.step, incident.id, due.inputs);
    } else if (chosen === later) {
      await snooze(incident.id, due.id, clock.now() + QUIET_MS);
    }
  }
}

/** `P1 Prescriptions fail: post an update, due 3 min ago`. */
function reminderText({ severity, title }: Incident, due: DueStep, now: number): string {
  const late = now - due.at;
  const headline = `${severity === undefined ? '' : `${severity} `}${title}`;
  const what = lowerFirst(t(/* l10n: table */ due.title));
  return late < 60_000 ? t('{0}: {1}, due now', headline, what) : t('{0}: {1}, due {2} ago', headline, what, formatDuration(late));
}
