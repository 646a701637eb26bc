/** The commands about changes as functions: one argument object in, JSON out (DESIGN, commands). */
import { UserError } from '../errors.ts';
import { APPROVAL_MS, type Change } from '../incident/changes.ts';
import { type Clock, iso } from '../incident/clock.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { Inputs } from '../steps/inputs.ts';
import type { Outgoing } from '../steps/posting.ts';
import type { RunResult } from '../steps/run.ts';
import type { StepRunner } from '../steps/runner.ts';

type Arguments = Readonly<Record<string, unknown>>;

export interface ChangesApiDeps {
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly runner: StepRunner;
  readonly outgoing: Pick<Outgoing, 'origin'>;
}

export interface ChangesApi {
  /** `{ incident, event, approve? }` → as `runStep`: the way back from a change, planned, and with a hash applied. */
  undo(args: Arguments, signal?: AbortSignal): Promise<RunResult>;
  /** `{ incident, hash }` → `{ event, until }`: a second person agrees to the plan with that hash (DESIGN, a step). */
  approve(args: Arguments): Promise<{ event: string; until: string }>;
  /** `{ incident, event }` → as `runStep`: looks what became of a change, and follows it to its end. */
  follow(args: Arguments, signal?: AbortSignal): Promise<RunResult>;
}

export function createChangesApi({ clock, ledger, runner, outgoing }: ChangesApiDeps): ChangesApi {
  return {
    undo(args, signal = new AbortController().signal) {
      const inputs = new Inputs('incidentRunbook.undoStep', args);
      return runner.undo({ incident: inputs.text('incident'), event: inputs.text('event'), approve: inputs.optionalText('approve') }, signal);
    },
    async approve(args) {
      const inputs = new Inputs('incidentRunbook.approveChange', args);
      const [id, hash] = [inputs.text('incident'), inputs.text('hash')];
      const incident = await ledger.read(id);
      const change = incident.changes.findLast(({ plan }) => plan.hash === hash);
      const refusal = refusalOf(change, hash, await outgoing.origin());
      if (change === undefined || refusal !== undefined) {
        throw new UserError(refusal ?? 'There is nothing to approve.');
      }
      const until = iso(clock.now() + APPROVAL_MS);
      const { id: event } = await ledger.append(id, { type: 'change.approved', plan: change.id, hash, until });
      return { event, until };
    },
    async follow(args, signal = new AbortController().signal) {
      const inputs = new Inputs('incidentRunbook.followChange', args);
      const result = await runner.followUp(inputs.text('incident'), inputs.text('event'), signal);
      return result ?? { status: 'refused', summary: 'Another window follows it this moment. Look at the timeline for what it sees.' };
    },
  };
}

/** Accounts are compared when the plan is applied; this says at once what can be seen here. */
function refusalOf(change: Change | undefined, hash: string, origin: string): string | undefined {
  if (change === undefined) {
    return `No plan with the hash ${hash.slice(0, 8)} is on the timeline. Open the plan that you were asked to approve.`;
  }
  if (change.request !== undefined) {
    return `${change.request.actor.name} has applied this plan already, so there is nothing to approve.`;
  }
  return change.origin === origin ? 'You made this plan on this machine: a second person must approve it, from their own window.' : undefined;
}
