/** The extension's side of the composer panel. */
import type { ComposerContract } from '../../protocol/composer.ts';
import type { PanelDeps } from './panel-deps.ts';
import type { PanelFactory } from './panels.ts';

export function composerPanel({ ledger }: PanelDeps): PanelFactory<ComposerContract> {
  return (session) => ({
    title: 'Composer',
    handlers: {
      load: async () => ({ title: session.subject().incident === undefined ? '' : (await ledger.read(session.subject().incident ?? '')).title }),
    },
  });
}
