import * as vscode from 'vscode';
import { SECTION } from '../../configuration.ts';

/** Errors are counted in the code for so long, ms. */
export function errorWindowMs(): number {
  const minutes = Number(vscode.workspace.getConfiguration(SECTION).get('logs.errorWindowMinutes'));
  return (minutes > 0 ? minutes : 15) * 60_000;
}
