/** Rows of every tree as VS Code draws them: one icon and theme colour for each mark. */
import * as vscode from 'vscode';
import { t } from '../l10n.ts';
import type { ConnectionMark } from './connection-nodes.ts';
import type { DeliveryMark } from './delivery-nodes.ts';
import type { FollowUpMark } from './follow-up-nodes.ts';
import type { Node } from './nodes.ts';

type RowMark = Node['mark'] | DeliveryMark | ConnectionMark | FollowUpMark;

const ICONS: Readonly<Record<RowMark, readonly [icon: string, color?: string]>> = {
  bad: ['error', 'testing.iconFailed'],
  warn: ['warning', 'list.warningForeground'],
  ok: ['pass', 'testing.iconPassed'],
  unknown: ['question', 'descriptionForeground'],
  P1: ['flame', 'charts.red'],
  P2: ['flame', 'charts.orange'],
  P3: ['flame', 'charts.yellow'],
  P4: ['flame', 'charts.blue'],
  unassessed: ['flame', 'descriptionForeground'],
  running: ['loading~spin'],
  todo: ['circle-outline'],
  manual: ['person'],
  next: ['arrow-right', 'charts.blue'],
  urgent: ['arrow-right', 'charts.red'],
  phase: ['list-tree'],
  timeline: ['history'],
  event: ['circle-small-filled'],
  roles: ['organization'],
  role: ['account'],
  closed: ['archive'],
  doubt: ['question', 'list.warningForeground'],
  waiting: ['clock', 'charts.blue'],
  delivered: ['inbox'],
  away: ['account', 'descriptionForeground'],
  planned: ['checklist', 'charts.blue'],
  undone: ['discard', 'descriptionForeground'],
  overdue: ['warning', 'list.warningForeground'],
  'follow-up': ['issues'],
  connected: ['plug', 'testing.iconPassed'],
  practice: ['beaker', 'charts.blue'],
  'signed out': ['sign-in', 'list.warningForeground'],
  'not connected': ['debug-disconnect', 'descriptionForeground'],
};

/** What a row needs for its item; `kind` and the ids on it are for commands. */
export interface Row extends Omit<Node, 'kind' | 'mark' | 'children'> {
  readonly mark: RowMark;
  readonly children?: () => readonly Row[] | Promise<readonly Row[]>;
}

export function treeItem(row: Row): vscode.TreeItem {
  const item = new vscode.TreeItem(row.label, row.children === undefined
    ? vscode.TreeItemCollapsibleState.None
    : row.expanded === true ? vscode.TreeItemCollapsibleState.Expanded : vscode.TreeItemCollapsibleState.Collapsed);
  const [icon, color] = ICONS[row.mark];
  item.id = row.key;
  item.iconPath = new vscode.ThemeIcon(icon, color === undefined ? undefined : new vscode.ThemeColor(color));
  // The mark in words: an icon and its colour are never the only sign.
  item.accessibilityInformation = { label: [row.label, row.description, t(/* l10n: table */ row.mark)].filter(Boolean).join(', ') };
  if (row.description !== undefined) {
    item.description = row.description;
  }
  if (row.tooltip !== undefined) {
    item.tooltip = new vscode.MarkdownString(row.tooltip);
  }
  if (row.context !== undefined) {
    item.contextValue = row.context;
  }
  if (row.checkbox !== undefined) {
    item.checkboxState = {
      state: row.checkbox === 'checked' ? vscode.TreeItemCheckboxState.Checked : vscode.TreeItemCheckboxState.Unchecked,
      tooltip: row.checkbox === 'checked' ? t('It holds. Untick it when it does not.') : t('Open. Tick it to say that it holds.'),
      accessibilityInformation: { label: row.checkbox === 'checked' ? t('{0}: holds', row.label) : t('{0}: open', row.label) },
    };
  }
  if (row.click !== undefined) {
    item.command = { command: row.click, title: row.label, arguments: [row] };
  }
  return item;
}
