/** Wires the log stream: its channel, the doors into the source, the errors in the code, evidence and export. */
import * as vscode from 'vscode';
import { SECTION } from './configuration.ts';
import { UserError } from './errors.ts';
import type { Clock } from './incident/clock.ts';
import type { Redactor } from './incident/redact.ts';
import { t } from './l10n.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { LogSink } from './logs/log-entry.ts';
import type { LogStreamRequest, LogStreams } from './logs/log-streams.ts';
import { LogStreamer } from './logs/stream.ts';
import { StreamKeeper } from './logs/stream-keeper.ts';
import type { LogCommandId } from './manifest-logs.ts';
import { environmentByKey } from './runbook/query.ts';
import type { Runbook } from './runbook/schema.ts';
import type { ServiceFactory } from './service-factory.ts';
import { LateErrorMarks } from './views/logs/late-error-marks.ts';
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

/** What is drawn at lines of code cannot be read back from VS Code; of tests only. */
const DRAWN_LINES = '_incidentRunbook.drawnLines';

/** What a command does for a caller with an argument object, and what for a person. */
interface LogHandler {
  readonly api?: (args: Readonly<Record<string, unknown>>) => Promise<unknown>;
  /** @param row where it was called from */
  readonly ui: (row?: { readonly key: string }) => Promise<unknown>;
}

export interface LogHouse extends vscode.Disposable {
  readonly streams: LogStreams;
  readonly handlers: Readonly<Record<LogCommandId, LogHandler>>;
}

export function buildLogHouse({ context, clock, ledger, runbook, services, redact, isTrusted, onError }: LogHouseDeps): LogHouse {
  const channel = new LogChannel({ redact, now: () => clock.now() });
  let frames: Promise<StackFrames> | undefined;
  const stackFrames = (): Promise<StackFrames> => frames ??= import('./views/logs/stack-frames.ts').then(({ createStackFrames }) => createStackFrames(isTrusted));
  let following = Promise.resolve();
  const followFrames = async (request: LogStreamRequest, signal: AbortSignal): Promise<void> => {
    const note = await (await stackFrames()).follow(request, signal);
    if (note !== undefined) {
      channel.show([{ kind: 'note', at: clock.now(), text: note }]);
    }
  };
  const marks = new LateErrorMarks(async () => {
    const [{ createErrorMarks }, { framesIn }, { fileOfCommit }, { locator }] = await Promise.all([
      import('./views/logs/error-marks.ts'), import('./logs/frames.ts'), import('./services/git.ts'), stackFrames(),
    ]);
    return createErrorMarks({
      clock, framesIn, onError,
      showFile: fileOfCommit,
      onPlacesChange: locator.onDidChange,
      // Before it is known what was deployed, a line would be looked for in the wrong text.
      locator: { locate: (frame) => following.then(() => locator.locate(frame)) },
    });
  }, onError);
  const follow = (request: LogStreamRequest, signal: AbortSignal): void => { following = followFrames(request, signal).catch(onError); };
  const sink: LogSink = {
    show: (entries) => { channel.show(entries); },
    reveal: () => { channel.reveal(); },
    streaming: (state, groups) => {
      channel.streaming(state, groups);
      marks.streaming(state);
    },
  };
  const streams = new LogStreamer({ sink, clock, wait, live: () => vscode.workspace.getConfiguration(SECTION).get('logs.liveTail', true) });
  const keeper = new StreamKeeper({ directory: (context.storageUri ?? context.globalStorageUri).fsPath, streams, clock, onError });
  /** Goes on with the stream of the window before, as long as its incident is open. */
  const restore = async (): Promise<void> => {
    const last = isTrusted() ? keeper.last() : undefined;
    if (last === undefined || (last.incident !== undefined && (await ledger.read(last.incident)).status === 'closed')) {
      return;
    }
    const book = await runbook();
    const { streamRequest } = await import('./steps/stream-request.ts');
    if (streams.request !== undefined) {
      // Somebody was faster: their stream is the one that is wanted.
      return;
    }
    const { position, paused, ...stream } = last;
    const request = streamRequest({ runbook: book, environment: environmentByKey(book, last.environment), services: services(), clock }, stream);
    follow(request, new AbortController().signal);
    streams.restore(request, position, paused);
  };
  void restore().catch(onError);
  /** Nobody looks at it any more, and Live Tail is paid by the minute. */
  const rest = (): void => {
    if (streams.state === 'running') {
      streams.pause();
      void vscode.window.showInformationMessage(t('The log stream rests, because its channel was closed. Nothing is lost: what arrives meanwhile is shown when it goes on.'), t('Resume'), t('Stop'))
        .then((chosen) => {
          if (chosen === t('Resume')) {
            channel.reveal();
            streams.resume();
          } else if (chosen === t('Stop')) {
            streams.stop();
          }
        });
    }
  };
  const subscriptions = vscode.Disposable.from(
    // Where it stands is kept before it ends, and its end is the last thing that the channel shows.
    keeper, { dispose: () => { streams.stop(); } }, channel, marks,
    channel.onDidShow((messages) => { marks.add(messages); }),
    channel.onDidClose(() => { rest(); }),
    ...(context.extensionMode === vscode.ExtensionMode.Test ? [vscode.commands.registerCommand(DRAWN_LINES, () => marks.drawn())] : []),
    { dispose: () => { frames?.then((built) => { built.dispose(); }, onError); } },
    ledger.onDidChange((incident) => {
      if (streams.incident === incident) {
        ledger.read(incident).then(({ status }) => { if (status === 'closed') { streams.stop(incident); } }).catch(onError);
      }
    }),
  );
  const evidence = async () => (await import('./views/logs/evidence-flow.ts')).createEvidenceFlow({
    ledger, clock, redact, onError,
    messageAt: (line) => channel.messageAt(line),
    streamed: () => streams.incident,
    region: async () => streams.request?.aws.options.region ?? environmentByKey(await runbook(), undefined).data.aws?.region,
  });
  let exports: Promise<ReturnType<typeof import('./views/logs/export-flow.ts').createExportFlow>> | undefined;
  // One for all, so that two exports never write the same file.
  const exporting = () => {
    if (!isTrusted()) {
      throw new UserError(t('This workspace is in Restricted Mode, so no log is read. Trust it first.'), { action: { title: t('Manage Workspace Trust'), command: 'workbench.trust.manage' } });
    }
    return exports ??= import('./views/logs/export-flow.ts').then(({ createExportFlow }) => createExportFlow({
      clock, runbook, services, redact, onError, memento: context.globalState, streamed: () => streams.request,
    }));
  };
  return {
    streams: {
      start: (request, signal) => {
        follow(request, signal);
        return streams.start(request, signal);
      },
    },
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
      'incidentRunbook.openFrame': { api: async (args) => (await stackFrames()).doors.open(args), ui: async () => (await stackFrames()).doors.open({}) },
      'incidentRunbook.compareWithWorkingTree': { api: async (args) => (await stackFrames()).doors.compare(args), ui: async () => (await stackFrames()).doors.compare({}) },
      'incidentRunbook.showLogMessage': { api: async ({ line }) => ({ shown: typeof line === 'number' && await showMessage(channel, line) }), ui: () => Promise.resolve(channel.reveal()) },
      'incidentRunbook.toggleLogJson': { ui: () => channel.toggleJson() },
    },
    dispose: () => { subscriptions.dispose(); },
  };
}

/** @throws UserError when the message is no longer in the channel */
async function showMessage(channel: LogChannel, line: number): Promise<true> {
  if (!await channel.showLine(line)) {
    throw new UserError(t('This message has left the log channel. Export the logs of its time to read it.'));
  }
  return true;
}
