/** Wires the log stream: its channel, the doors into the source, the errors in the code, evidence and export. */
import * as vscode from 'vscode';
import type { Clock } from './incident/clock.ts';
import type { Redactor } from './incident/redact.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { LogStreamRequest, LogStreams } from './logs/log-streams.ts';
import { LogStreamer } from './logs/stream.ts';
import type { LogCommandId } from './manifest-logs.ts';
import type { Runbook } from './runbook/schema.ts';
import type { ServiceFactory } from './service-factory.ts';
import { LogChannel } from './views/logs/log-channel.ts';
import type { StackFrames } from './views/logs/stack-frames.ts';
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
  readonly streams: LogStreams;
  readonly handlers: Readonly<Record<LogCommandId, LogHandler>>;
}

export function buildLogHouse({ clock, ledger, redact, isTrusted, onError }: LogHouseDeps): LogHouse {
  const channel = new LogChannel(redact);
  const streams = new LogStreamer({ sink: channel, clock, wait });
  let frames: Promise<StackFrames> | undefined;
  const stackFrames = (): Promise<StackFrames> => frames ??= import('./views/logs/stack-frames.ts').then(({ createStackFrames }) => createStackFrames(isTrusted));
  const followFrames = async (request: LogStreamRequest, signal: AbortSignal): Promise<void> => {
    const note = await (await stackFrames()).follow(request, signal);
    if (note !== undefined) {
      channel.show([{ kind: 'note', at: clock.now(), text: note }]);
    }
  };
  const subscriptions = vscode.Disposable.from(
    channel,
    { dispose: () => { streams.stop(); } },
    { dispose: () => { frames?.then((built) => { built.dispose(); }, onError); } },
    ledger.onDidChange((incident) => {
      if (streams.incident === incident) {
        ledger.read(incident).then(({ status }) => { if (status === 'closed') { streams.stop(incident); } }).catch(onError);
      }
    }),
  );
  const later = (): Promise<unknown> => Promise.reject(new Error('Not built yet.'));
  return {
    streams: {
      start: (request, signal) => {
        followFrames(request, signal).catch(onError);
        return streams.start(request, signal);
      },
    },
    handlers: {
      'incidentRunbook.pauseLogStream': { ui: later },
      'incidentRunbook.resumeLogStream': { ui: later },
      'incidentRunbook.stopLogStream': { ui: () => Promise.resolve(streams.stop()) },
      'incidentRunbook.exportLogs': { ui: later },
      'incidentRunbook.addEvidence': { ui: later },
      'incidentRunbook.openFrame': { api: async (args) => (await stackFrames()).doors.open(args), ui: async () => (await stackFrames()).doors.open({}) },
      'incidentRunbook.compareWithWorkingTree': { api: async (args) => (await stackFrames()).doors.compare(args), ui: async () => (await stackFrames()).doors.compare({}) },
      'incidentRunbook.showLogMessage': { ui: later },
      'incidentRunbook.toggleLogJson': { ui: later },
    },
    dispose: () => { subscriptions.dispose(); },
  };
}
