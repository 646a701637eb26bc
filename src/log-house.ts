/** Wires the log stream: its channel, the doors into the source, the errors in the code, evidence and export. */
import * as vscode from 'vscode';
import type { Clock } from './incident/clock.ts';
import type { Redactor } from './incident/redact.ts';
import type { Ledger } from './ledger/ledger.ts';
import { LogStreamer } from './logs/stream.ts';
import type { LogCommandId } from './manifest-logs.ts';
import type { Runbook } from './runbook/schema.ts';
import type { ServiceFactory } from './service-factory.ts';
import { LogChannel } from './views/logs/log-channel.ts';
import { wait } from './wait.ts';

export interface LogHouseDeps {
  readonly context: vscode.ExtensionContext;
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly runbook: () => Promise<Runbook>;
  readonly services: () => ServiceFactory;
  readonly redact: () => Redactor;
  readonly isTrusted: () => boolean;
  readonly onError: (error: unknown) => void;
}

/** What a command does for a caller with an argument object, and what for a person. */
interface LogHandler {
  readonly api?: (args: Readonly<Record<string, unknown>>) => Promise<unknown>;
  readonly ui: () => Promise<unknown>;
}

export interface LogHouse extends vscode.Disposable {
  readonly streams: LogStreamer;
  readonly handlers: Readonly<Record<LogCommandId, LogHandler>>;
}

export function buildLogHouse({ clock, ledger, redact, onError }: LogHouseDeps): LogHouse {
  const channel = new LogChannel({ redact });
  const streams = new LogStreamer({ sink: channel, clock, wait });
  const subscriptions = vscode.Disposable.from(
    channel,
    { dispose: () => { streams.stop(); } },
    ledger.onDidChange((incident) => {
      if (streams.incident === incident) {
        ledger.read(incident).then(({ status }) => { if (status === 'closed') { streams.stop(incident); } }).catch(onError);
      }
    }),
  );
  const later = (): Promise<unknown> => Promise.reject(new Error('Not built yet.'));
  return {
    streams,
    handlers: {
      'incidentRunbook.pauseLogStream': { ui: later },
      'incidentRunbook.resumeLogStream': { ui: later },
      'incidentRunbook.stopLogStream': { ui: () => Promise.resolve(streams.stop()) },
      'incidentRunbook.exportLogs': { ui: later },
      'incidentRunbook.addEvidence': { ui: later },
      'incidentRunbook.openFrame': { ui: later },
      'incidentRunbook.compareWithWorkingTree': { ui: later },
      'incidentRunbook.showLogMessage': { ui: later },
      'incidentRunbook.toggleLogJson': { ui: () => channel.toggleJson() },
    },
    dispose: () => { subscriptions.dispose(); },
  };
}
