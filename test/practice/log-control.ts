import { ControlError } from './control-error.ts';
import type { LiveTailFaults, PracticeLiveTail, SessionEnd } from './live-tail.ts';
import type { LateEvents } from './log-journal.ts';
import type { Asked } from './service-control.ts';

/** Steers CloudWatch Logs. */
export interface PracticeLogs {
  readonly liveTail: PracticeLiveTail;
  /** How late the events written from now on are shown, to FilterLogEvents and Live Tail; undefined for at once. */
  late(behaviour: LateEvents | undefined): void;
}

type LogControl = (control: { readonly logs: PracticeLogs }, asked: Asked) => unknown;

const ENDS: readonly SessionEnd[] = ['cut', 'SessionTimeoutException', 'SessionStreamingException'];
const FAULTS: Readonly<Record<keyof LiveTailFaults, 'number' | 'string'>> = {
  drop: 'number', delayedShare: 'number', delayMs: 'number', cutAfterMs: 'number', sessionMs: 'number', sampleAbove: 'number', refuse: 'string',
};

/** The controls of CloudWatch Logs: `POST live-tail` with all LiveTailFaults there shall be, `POST late-events` with LateEvents. */
export const LOG_CONTROLS: Readonly<Record<string, LogControl>> = {
  'GET live-tail': ({ logs }) => ({ sessions: logs.liveTail.sessions }),
  'POST live-tail': ({ logs }, { body }) => logs.liveTail.faults(faultsOf(body as object)),
  'DELETE live-tail': ({ logs }) => logs.liveTail.faults({}),
  'POST live-tail/end': ({ logs }, { body }) => ({ ended: logs.liveTail.end(endOf(body as { readonly how?: SessionEnd })) }),
  'POST late-events': ({ logs }, { body }) => logs.late(body as LateEvents),
  'DELETE late-events': ({ logs }) => logs.late(undefined),
};

/** A misspelt fault would never strike, and the test that asked for it would pass for the wrong reason. */
function faultsOf(body: object): LiveTailFaults {
  const wrong = Object.entries(body).find(([name, value]) => FAULTS[name as keyof LiveTailFaults] !== typeof value);
  if (wrong !== undefined) {
    throw new ControlError(400, `Live Tail has no fault ${wrong[0]} of ${JSON.stringify(wrong[1])}, only ${Object.keys(FAULTS).join(', ')}`);
  }
  return body;
}

function endOf({ how = 'cut' }: { readonly how?: SessionEnd }): SessionEnd {
  if (!ENDS.includes(how)) {
    throw new ControlError(400, `A session cannot end by ${how}, only by ${ENDS.join(', ')}`);
  }
  return how;
}
