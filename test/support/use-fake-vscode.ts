/** From here on `import 'vscode'` gives the fake: the module exists inside VS Code only. */
import { registerHooks } from 'node:module';

const FAKE = new URL('fake-vscode.ts', import.meta.url).href;

registerHooks({
  resolve: (specifier, context, nextResolve) => (specifier === 'vscode' ? { url: FAKE, format: 'module-typescript', shortCircuit: true } : nextResolve(specifier, context)),
});
