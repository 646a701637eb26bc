/** Wires the log stream: its channel, the doors into the source, the errors in the code, evidence and export. */
import * as vscode from 'vscode';
import { SECTION } from './configuration.ts';
import type { Clock } from './incident/clock.ts';
import type { Redactor } from './incident/redact.ts';
import type { Ledger } from './ledger/ledger.ts';
import { LogStreamer } from './logs/stream.ts';
import { StreamKeeper } from './logs/stream-keeper.ts';
import type { LogCommandId } from './manifest-logs.ts';
import { environmentByKey } from './runbook/query.ts';
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
  /** @param row where it was called from */
  readonly ui: (row?: { readonly key: string }) => Promise<unknown>;
}

export interface LogHouse extends vscode.Disposable {
  readonly streams: LogStreamer;
  readonly handlers: Readonly<Record<LogCommandId, LogHandler>>;
}

export function buildLogHouse({ context, clock, ledger, runbook, services, redact, isTrusted, onError }: LogHouseDeps): LogHouse {
  const channel = new LogChannel({ redact });
  const streams = new LogStreamer({ sink: channel, clock, wait, live: () => vscode.workspace.getConfiguration(SECTION).get('logs.liveTail', true) });
  const keeper = new StreamKeeper({ directory: (context.storageUri ?? context.globalStorageUri).fsPath, streams, clock, onError });
  /** Goes on with the stream of the window before, as long as its incident is open. */
  const restore = async (): Promise<void> => {
    const last = isTrusted() ? keeper.last() : undefined;
    if (last === undefined || (last.incident !== undefined && (await ledger.read(last.incident)).status === 'closed')) {
      return;
    }
    const book = await runbook();
    const { streamRequest } = await import('./steps/stream-request.ts');
    const { position, paused, ...stream } = last;
    streams.restore(streamRequest({ runbook: book, environment: environmentByKey(book, last.environment), services: services(), clock }, stream), position, paused);
  };
  void restore().catch(onError);
  const subscriptions = vscode.Disposable.from(
    keeper, channel,
    { dispose: () => { streams.stop(); } },
    ledger.onDidChange((incident) => {
      if (streams.incident === incident) {
        ledger.read(incident).then(({ status }) => { if (status === 'closed') { streams.stop(incident); } }).catch(onError);
      }
    }),
  );
  const evidence = async () => (await import('./views/logs/evidence-flow.ts')).createEvidenceFlow({
    ledger, clock, onError,
    messageAt: (line) => channel.messageAt(line),
    streamed: () => streams.incident,
    region: async () => streams.request?.aws.options.region ?? environmentByKey(await runbook(), undefined).data.aws?.region,
  });
  let exports: Promise<ReturnType<typeof import('./views/logs/export-flow.ts').createExportFlow>> | undefined;
  // One for all, so that two exports never write the same file.
  const exporting = () => exports ??= import('./views/logs/export-flow.ts').then(({ createExportFlow }) => createExportFlow({
    clock, runbook, services, redact, onError, memento: context.globalState, streamed: () => streams.request,
  }));
  const later = (): Promise<unknown> => Promise.reject(new Error('Not built yet.'));
  return {
    streams,
    handlers: {
      'incidentRunbook.pauseLogStream': { ui: () => Promise.resolve(streams.pause()) },
      'incidentRunbook.resumeLogStream': { ui: () => Promise.resolve(streams.resume()) },
      'incidentRunbook.stopLogStream': { ui: () => Promise.resolve(streams.stop()) },
      'incidentRunbook.exportLogs': { api: async (args) => (await exporting()).call(args), ui: async () => (await exporting()).ask() },
      'incidentRunbook.addEvidence': {
        // The terminal's context menu passes the terminal, which is no argument object.
        api: async (args) => ('shellIntegration' in args ? (await evidence()).add('terminal') : (await evidence()).record(args)),
        ui: async (row) => (await evidence()).add(row?.key),
      },
      'incidentRunbook.openFrame': { ui: later },
      'incidentRunbook.compareWithWorkingTree': { ui: later },
      'incidentRunbook.showLogMessage': { ui: later },
      'incidentRunbook.toggleLogJson': { ui: () => channel.toggleJson() },
    },
    dispose: () => { subscriptions.dispose(); },
  };
}
