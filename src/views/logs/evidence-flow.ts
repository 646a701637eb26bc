/** One key: what is selected goes to the timeline of the incident (runbook 5.3). */
import * as vscode from 'vscode';
import { UserError } from '../../errors.ts';
import { createChoosing } from '../../flows/choosing.ts';
import { iso } from '../../incident/clock.ts';
import type { NewEvent } from '../../incident/events.ts';
import { isHttps } from '../../incident/links.ts';
import type { Redactor } from '../../incident/redact.ts';
import { t } from '../../l10n.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { type Selected, evidenceEvent } from '../../logs/evidence.ts';
import { Inputs } from '../../steps/inputs.ts';
import { askText } from '../ask.ts';
import { type SelectionDeps, selectedInEditor, selectedInTerminal } from './selection.ts';

export interface EvidenceDeps extends SelectionDeps {
  readonly ledger: Ledger;
  /** The incident that the stream is for. */
  readonly streamed: () => string | undefined;
  readonly redact: () => Redactor;
  readonly onError: (error: unknown) => void;
}

export function createEvidenceFlow(deps: EvidenceDeps) {
  const { ledger, clock, onError } = deps;

  /** @param place `terminal` when the key was pressed there; else the editor, and the terminal when nothing is selected in that */
  async function add(place: string | undefined): Promise<{ incident: string; event: string } | undefined> {
    const selected = place === 'terminal' ? await selectedInTerminal() : await selectedInEditor(deps) ?? await selectedInTerminal();
    if (selected === undefined) {
      throw new UserError('Nothing is selected. Select log lines, code or text in the terminal first, then add it as evidence.');
    }
    const incident = await incidentOf();
    if (incident === undefined) {
      return undefined;
    }
    const { id } = await ledger.append(incident, eventOf(selected));
    tell(incident, id, selected).catch(onError);
    return { incident, event: id };
  }

  /** Redacted before it is shortened: half a secret looks like none. Nothing is recorded of the future, whatever a log says. */
  function eventOf(selected: Selected, note?: string): NewEvent {
    const at = selected.at === undefined ? undefined : Math.min(selected.at, clock.now());
    return evidenceEvent({ ...selected, text: deps.redact()(selected.text), at }, note);
  }

  async function incidentOf(): Promise<string | undefined> {
    const streamed = deps.streamed();
    return streamed !== undefined && (await ledger.read(streamed)).status !== 'closed'
      ? streamed
      : createChoosing({ ledger, clock }).incidentFor(undefined, t('Evidence for which incident?'));
  }

  async function tell(incident: string, event: string, { origin }: Selected): Promise<void> {
    const [undo, note] = [t('Undo'), t('Add note…')];
    const chosen = await vscode.window.showInformationMessage(t('Evidence of {0}: {1}', incident, origin), undo, note);
    if (chosen === undo) {
      await ledger.append(incident, { type: 'event.amended', amends: event, changes: { retracted: true } });
    } else if (chosen === note) {
      const text = await askText(t('Note'), t('What does it show?'));
      if (text !== undefined) {
        await ledger.append(incident, { type: 'event.amended', amends: event, changes: { text: text.trim() } });
      }
    }
  }

  /** `{ incident, text, origin, at?, link?, language?, note? }` → `{ incident, event }`. */
  async function record(args: Readonly<Record<string, unknown>>): Promise<{ incident: string; event: string }> {
    const inputs = new Inputs('incidentRunbook.addEvidence', args);
    const incident = inputs.text('incident');
    const text = inputs.text('text');
    const origin = inputs.text('origin');
    const [at, link] = [inputs.time('at'), inputs.optionalText('link')];
    if (at !== undefined && Date.parse(at) > clock.now()) {
      throw new UserError(`incidentRunbook.addEvidence: input "at" must not be in the future, not ${at}. It is ${iso(clock.now())}.`);
    }
    if (link !== undefined && !isHttps(link)) {
      throw new UserError(`incidentRunbook.addEvidence: input "link" must be an https address, not ${JSON.stringify(link)}.`);
    }
    const { id } = await ledger.append(incident, eventOf({
      text, origin, link, at: at === undefined ? undefined : Date.parse(at), source: origin, language: inputs.anyText('language'), startLine: 1, endLine: text.trimEnd().split('\n').length,
    }, inputs.optionalText('note')));
    return { incident, event: id };
  }

  return { add, record };
}
