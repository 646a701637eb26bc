/** Since when, of which log groups and which lines: one list, whose first choice is the usual one. */
import * as vscode from 'vscode';
import type { Clock } from '../../incident/clock.ts';
import { formatDuration, iso, shortTime } from '../../incident/clock.ts';
import type { Incident } from '../../incident/fold.ts';
import { t } from '../../l10n.ts';
import { parseSince } from '../../logs/since.ts';
import { defaultSince } from '../../steps/chapter-5-logs.ts';

export interface StreamQuestion {
  readonly title: string;
  readonly incident: Incident | undefined;
  /** Log groups of the environment. */
  readonly groups: readonly string[];
  readonly clock: Clock;
  /** Keeps the patterns that were used. */
  readonly memento: vscode.Memento;
}

export interface StreamChoice {
  /** ISO 8601 UTC. */
  readonly since: string;
  readonly logGroups: readonly string[];
  readonly pattern?: string;
}

interface SinceItem extends vscode.QuickPickItem {
  /** Epoch ms; undefined asks for it. */
  readonly since: number | undefined;
}

const PATTERNS = 'incidentRunbook.logs.patterns';
const PATTERNS_KEPT = 10;
const MINUTE = 60_000;

/** Undefined when the person let it go. */
export async function askStream(question: StreamQuestion): Promise<StreamChoice | undefined> {
  let [groups, pattern] = [question.groups, ''];
  // Loaded while somebody chooses, so that the first lines are there at once.
  void import('../../services/aws/logs.ts').catch(() => undefined);
  for (;;) {
    const answer = await askSince(question, groups, pattern);
    if (answer === 'groups') {
      groups = await askGroups(question, groups) ?? groups;
    } else if (answer === 'pattern') {
      pattern = await askPattern(question) ?? pattern;
    } else {
      const since = answer === 'own' ? await askTime(question) : answer;
      if (since !== undefined && pattern !== '') {
        await question.memento.update(PATTERNS, [pattern, ...patternsOf(question).filter((used) => used !== pattern)].slice(0, PATTERNS_KEPT));
      }
      return since === undefined ? undefined : { since: iso(since), logGroups: groups, ...(pattern === '' ? {} : { pattern }) };
    }
  }
}

function askSince({ title, incident, groups: all, clock }: StreamQuestion, groups: readonly string[], pattern: string): Promise<number | 'own' | 'groups' | 'pattern' | undefined> {
  const now = clock.now();
  const usual = defaultSince(incident, now);
  const pick = vscode.window.createQuickPick<SinceItem>();
  const groupsButton: vscode.QuickInputButton = { iconPath: new vscode.ThemeIcon('list-filter'), tooltip: t('Choose log groups') };
  const patternButton: vscode.QuickInputButton = { iconPath: new vscode.ThemeIcon('filter'), tooltip: t('Filter pattern') };
  pick.title = title;
  pick.placeholder = [t('Since when?'), ...(groups.length === all.length ? [] : [groups.join(', ')]), ...(pattern === '' ? [] : [pattern])].join(' · ');
  pick.buttons = [...(all.length > 1 ? [groupsButton] : []), patternButton];
  pick.items = [
    {
      label: incident?.times.impactStarted === undefined ? t('The last {0}', formatDuration(now - usual)) : t('Since the impact began'),
      description: shortTime(iso(usual), now), since: usual,
    },
    ...[15, 60, 360, 1_440].map((minutes) => ({ label: t('The last {0}', formatDuration(minutes * MINUTE)), description: shortTime(iso(now - minutes * MINUTE), now), since: now - minutes * MINUTE }))
      .filter(({ since }) => since !== usual),
    { label: t('Another time…'), since: undefined },
  ];
  return new Promise((resolve) => {
    pick.onDidTriggerButton((button) => { resolve(button === groupsButton ? 'groups' : 'pattern'); pick.hide(); });
    pick.onDidAccept(() => {
      const [chosen] = pick.selectedItems;
      if (chosen !== undefined) {
        resolve(chosen.since ?? 'own');
        pick.hide();
      }
    });
    pick.onDidHide(() => {
      resolve(undefined);
      pick.dispose();
    });
    pick.show();
  });
}

/** At least one; undefined leaves them as they are. */
async function askGroups({ title, groups }: StreamQuestion, chosen: readonly string[]): Promise<readonly string[] | undefined> {
  const picked = await vscode.window.showQuickPick(groups.map((label) => ({ label, picked: chosen.includes(label) })), { title, placeHolder: t('Which log groups?'), canPickMany: true });
  return picked === undefined || picked.length === 0 ? undefined : picked.map(({ label }) => label);
}

/** One that was used before, or another; undefined leaves it as it is. */
async function askPattern(question: StreamQuestion): Promise<string | undefined> {
  const used = patternsOf(question);
  const another = t('Another pattern…');
  const chosen = used.length === 0 ? another : await vscode.window.showQuickPick([...used, another], { title: question.title, placeHolder: t('Which lines?') });
  return chosen !== another ? chosen : (await vscode.window.showInputBox({ title: question.title, prompt: t('CloudWatch filter pattern, e.g. {0}; empty for every line', '?ERROR ?WARN') }))?.trim();
}

function patternsOf({ memento }: StreamQuestion): readonly string[] {
  return memento.get<readonly string[]>(PATTERNS, []);
}

async function askTime({ title, clock }: StreamQuestion): Promise<number | undefined> {
  const written = await vscode.window.showInputBox({
    title, prompt: t('Since when? {0} or {1}; without a zone it is this machine\'s time', '03:00', '2026-11-23T03:00Z'),
    validateInput: (text) => (parseSince(text, clock.now()) === undefined ? t('Write a time in the past, such as {0}.', '2026-11-23T03:00Z') : undefined),
  });
  return written === undefined ? undefined : parseSince(written, clock.now());
}
