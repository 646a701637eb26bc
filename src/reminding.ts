/** Wires what comes forward by itself: clocks that have run out, and deliveries of which nobody knows whether they arrived. */
import * as vscode from 'vscode';
import type { Clock } from './incident/clock.ts';
import type { ClockRules } from './incident/clocks.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { Outgoing } from './steps/posting.ts';
import { DeliveryDoubts } from './views/delivery-doubts.ts';
import { Reminders } from './views/reminders.ts';

export interface RemindingDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly rules: () => ClockRules | undefined;
  readonly outgoing: Pick<Outgoing, 'origin'>;
  /** Of the extension: which questions have been asked. */
  readonly state: vscode.Memento;
  readonly onError: (error: unknown) => void;
  /** Runs a contributed command. */
  readonly run: (command: string, argument: unknown) => Promise<unknown>;
}

export interface Reminding extends vscode.Disposable {
  /** Asks what an earlier session left open. */
  start(): Promise<void>;
  /** Looks at the clocks now. */
  tick(): Promise<void>;
}

/** Where the ids of questions that have been asked are kept, and how many. */
const ASKED = 'askedDeliveries';
const ASKED_MAX = 500;

export function startReminding({ ledger, clock, rules, outgoing, state, onError, run }: RemindingDeps): Reminding {
  const reminders = new Reminders({
    ledger, clock, onError,
    rules: () => (vscode.workspace.getConfiguration('incidentRunbook').get<boolean>('reminders', true) && vscode.workspace.isTrusted ? rules() : undefined),
    show: (message, buttons) => vscode.window.showInformationMessage(message, ...buttons),
    run: (step, incident, inputs) => run('incidentRunbook.runStep', { kind: 'next', key: `${incident}/${step}`, incident, step, inputs }),
    snooze: (incident, step, until) => ledger.append(incident, { type: 'reminder.snoozed', step, until: new Date(until).toISOString() }),
  });
  const asked = new Set(state.get<readonly string[]>(ASKED, []));
  const doubts = new DeliveryDoubts({
    ledger, onError,
    origin: () => outgoing.origin(),
    asked: {
      has: (question) => asked.has(question),
      add: (question) => {
        asked.add(question);
        void state.update(ASKED, [...asked].slice(-ASKED_MAX));
      },
    },
    show: (message, buttons) => vscode.window.showWarningMessage(message, ...buttons),
    confirm: (incident, delivery) => run('incidentRunbook.confirmDelivery', deliveryRow(incident, delivery)),
    retry: (incident, delivery) => run('incidentRunbook.retryDelivery', { incident, delivery }),
    discard: (incident, delivery) => run('incidentRunbook.discardDelivery', deliveryRow(incident, delivery)),
  });
  return {
    start: () => doubts.start(),
    tick: () => reminders.tick(),
    dispose: () => {
      reminders.dispose();
      doubts.dispose();
    },
  };
}

/** As if its row had been clicked: a command with a row asks what it needs to know. */
function deliveryRow(incident: string, delivery: string): object {
  return { kind: 'delivery', key: delivery, incident, delivery };
}
