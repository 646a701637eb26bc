/** Logs of a time into a file, in the background; what was cut off is gone on with (runbook 5.1). */
import path from 'node:path';
import * as vscode from 'vscode';
import { CancelledError, UserError, messageOf } from '../../errors.ts';
import { type Clock, iso, shortTime } from '../../incident/clock.ts';
import type { Redactor } from '../../incident/redact.ts';
import { t, tn } from '../../l10n.ts';
import { cleanText } from '../../logs/clean-text.ts';
import { type ExportFormat, type ExportQuery, type ExportState, exportLogs, unfinishedExport } from '../../logs/export.ts';
import type { LogStreamRequest } from '../../logs/log-streams.ts';
import { environmentByKey } from '../../runbook/query.ts';
import type { Runbook } from '../../runbook/schema.ts';
import type { LogEvent } from '../../services/aws/logs.ts';
import { Inputs } from '../../steps/inputs.ts';
import type { Services } from '../../steps/step.ts';
import { askStream } from './ask-stream.ts';

export interface ExportDeps {
  readonly clock: Clock;
  readonly runbook: () => Promise<Runbook>;
  readonly services: () => Pick<Services, 'aws'>;
  readonly redact: () => Redactor;
  /** What is streamed now. */
  readonly streamed: () => LogStreamRequest | undefined;
  readonly memento: vscode.Memento;
  readonly onError: (error: unknown) => void;
}

type Result = Awaited<ReturnType<typeof exportLogs>>;

export function createExportFlow(deps: ExportDeps) {
  const { clock, runbook, services, redact, streamed } = deps;
  const running = new Set<string>();

  /** @throws UserError when it cannot be gone on with; CancelledError */
  async function run(query: ExportQuery, file: string, onProgress: (state: ExportState) => void, signal: AbortSignal): Promise<Result> {
    if (running.has(file)) {
      throw new UserError(`${file} is being exported already. Wait for it, or choose another file.`);
    }
    running.add(file);
    try {
      const aws = services().aws(environmentByKey(await runbook(), query.environment));
      return await exportLogs(query, file, { aws, onProgress, lineOf: lineOf(query.format, redact()) }, signal);
    } finally {
      running.delete(file);
    }
  }

  /** `{ groups?, environment?, from, to?, file, format?, pattern? }` → `{ file, events, resumed }`. */
  async function call(args: Readonly<Record<string, unknown>>): Promise<Result> {
    const inputs = new Inputs('incidentRunbook.exportLogs', args);
    const environment = environmentByKey(await runbook(), inputs.optionalText('environment'));
    const file = inputs.text('file');
    if (!path.isAbsolute(file)) {
      throw new UserError(`incidentRunbook.exportLogs: input "file" must be an absolute path, not ${JSON.stringify(file)}.`);
    }
    const before = (await unfinishedExport(file))?.query;
    const query: ExportQuery = {
      environment: environment.key, groups: inputs.list('groups', environment.data.aws?.logGroups), pattern: inputs.anyText('pattern'),
      from: Date.parse(inputs.time('from') ?? inputs.text('from')),
      to: Date.parse(inputs.time('to') ?? iso(before?.to ?? clock.now())),
      format: inputs.choice('format', ['log', 'ndjson'] as const) ?? formatOf(file),
    };
    if (query.to <= query.from) {
      throw new UserError(`incidentRunbook.exportLogs: "to" must be after "from", not ${iso(query.to)}.`);
    }
    return run(query, file, () => undefined, new AbortController().signal);
  }

  async function ask(): Promise<void> {
    const request = streamed();
    const now = clock.now();
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
    const name = `logs-${iso(now).slice(0, 16).replaceAll(':', '')}.log`;
    const target = await vscode.window.showSaveDialog({
      title: t('Export Logs'), filters: { [t('Log')]: ['log'], [t('JSON, an event a line')]: ['ndjson'] },
      ...(folder === undefined ? {} : { defaultUri: vscode.Uri.joinPath(folder, name) }),
    });
    if (target === undefined) {
      return;
    }
    const query = await goOn(target.fsPath) ?? await askQuery(target.fsPath, request, now);
    if (query !== undefined) {
      background(query, target.fsPath).catch(deps.onError);
    }
  }

  /** The query of an export of this file that was cut off, when the person wants that. */
  async function goOn(file: string): Promise<ExportQuery | undefined> {
    const before = await unfinishedExport(file);
    if (before === undefined) {
      return undefined;
    }
    const go = t('Go on');
    const chosen = await vscode.window.showInformationMessage(t('An export of this file was cut off.'), {
      modal: true, detail: tn('{0} event is written, up to {1}.', '{0} events are written, up to {1}.', before.events, shortTime(iso(before.at), clock.now())),
    }, go, t('Start anew'));
    if (chosen === undefined) {
      throw new CancelledError();
    }
    return chosen === go ? before.query : undefined;
  }

  async function askQuery(file: string, request: LogStreamRequest | undefined, now: number): Promise<ExportQuery | undefined> {
    const format = formatOf(file);
    const environment = environmentByKey(await runbook(), request?.environment);
    if (request !== undefined) {
      const whole = t('The whole stream');
      const other = t('Another time…');
      const chosen = await vscode.window.showQuickPick([{ label: whole, description: t('since {0}', shortTime(iso(request.from), now)) }, { label: other }], { title: t('Export Logs') });
      if (chosen?.label !== other) {
        return chosen === undefined ? undefined : { environment: environment.key, groups: request.groups, pattern: request.pattern, from: request.from, to: now, format };
      }
    }
    const choice = await askStream({ title: t('Export Logs'), incident: undefined, groups: request?.groups ?? environment.data.aws?.logGroups ?? [], clock, memento: deps.memento });
    return choice === undefined ? undefined : { environment: environment.key, groups: choice.logGroups, pattern: choice.pattern ?? '', from: Date.parse(choice.since), to: now, format };
  }

  async function background(query: ExportQuery, file: string): Promise<void> {
    const name = path.basename(file);
    let done: Result;
    try {
      done = await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: t('Export of {0}', name), cancellable: true }, (progress, token) => {
        const abort = new AbortController();
        token.onCancellationRequested(() => { abort.abort(); });
        let shown = 0;
        return run(query, file, ({ at, events }) => {
          const share = Math.floor(100 * (at - query.from) / (query.to - query.from));
          progress.report({ increment: share - shown, message: tn('{0} event', '{0} events', events) });
          shown = share;
        }, abort.signal);
      });
    } catch (error) {
      const resume = t('Resume');
      const why = error instanceof CancelledError ? t('It was cancelled.') : redact()(messageOf(error));
      if (await vscode.window.showWarningMessage(t('The export of {0} is not complete. {1}', name, why), resume) === resume) {
        await background(query, file);
      }
      return;
    }
    const open = t('Open');
    if (await vscode.window.showInformationMessage(tn('{1} holds {0} event.', '{1} holds {0} events.', done.events, name), open) === open) {
      await vscode.window.showTextDocument(vscode.Uri.file(file));
    }
  }

  return { ask, call };
}

function formatOf(file: string): ExportFormat {
  return /\.(?:nd)?jsonl?$/i.test(file) ? 'ndjson' : 'log';
}

/** Each line stands for itself, wherever an export was cut off: with the whole time, the group and the stream. */
function lineOf(format: ExportFormat, redact: Redactor): (event: LogEvent) => string {
  return format === 'ndjson'
    ? ({ id, group, stream, at, ingestedAt, message }) => JSON.stringify({ group, stream, at: iso(at), ingestedAt: iso(ingestedAt), id, message: redact(cleanText(message)) })
    : ({ group, stream, at, message }) => `${iso(at)} ${group} ${stream} ${redact(cleanText(message)).trimEnd().replaceAll('\n', '\n    ')}`;
}
