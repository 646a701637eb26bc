import * as vscode from 'vscode';
import { SECTION } from '../../configuration.ts';

/** Errors are counted in the code for so long, ms. */
export function errorWindowMs(): number {
  return vscode.workspace.getConfiguration(SECTION).get('logs.errorWindowMinutes', 15) * 60_000;
}
