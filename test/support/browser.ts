import { chromium, type Browser, type ConsoleMessage, type Page } from 'playwright-core';
import { findChromium } from './setup.mjs';
import type { VsCodeServer } from './vscode-server.ts';

export interface OpenWorkbenchOptions {
  readonly server: Pick<VsCodeServer, 'origin' | 'port'>;
  /** Absolute path of the folder to open. */
  readonly folder: string;
  /** Absolute path of the extension to run from source; without it only built-in and installed ones run. */
  readonly extensionPath?: string;
  /** Absolute path, with its extension, of a compiled suite exporting `run()`, to execute in the extension host. */
  readonly testsPath?: string;
  /** More pairs for the workbench's payload, for instance `[['openFile', 'vscode-remote://…']]`. */
  readonly extraPayload?: readonly (readonly [key: string, value: string])[];
  /** Functions that the page may call, by name; in place before the workbench loads. */
  readonly expose?: Readonly<Record<string, (...args: unknown[]) => unknown>>;
  /** Gets the errors of the page's console, without those of services that are deliberately out of reach. */
  readonly onPageError?: (text: string) => void;
}

// The extension gallery, telemetry and experiments are not reachable in a test, and the workbench complains.
const expectedNoise = [
  /Failed to load resource/,
  /net::ERR_/,
  /ERR_NAME_NOT_RESOLVED/,
  /open-vsx\.org|vscode-cdn\.net|gallerycdn|exp-tas\.com|\.vscode\.dev/,
  /Failed to fetch/,
  // A window that goes while lines are added to its output panel, in VS Code's own words.
  /Throttler is disposed[\s\S]*\/workbench\.js/,
  // A service worker of the server's own wrapper, which does not run here.
  /ServiceWorker|bad HTTP response code \(404\) was received when fetching the script/,
  // Secrets are kept in the browser, half of their key in that wrapper: without it they are kept all the same.
  /Method Not Allowed[\s\S]*getServerKeyPart|getServerKeyPart[\s\S]*Method Not Allowed/,
  // Signing in to GitHub is an extension that this server does not have; who wants to sign in is told so.
  /Timed out waiting for authentication provider 'github' to register/,
  // VS Code draws the rows of a tree anew for another theme while the tree itself changes.
  /\[TreeView\] Failed to resolve parent/,
  // A window that is loaded anew ends at once in a browser, whatever it still wanted to keep.
  /\[lifecycle\] Long running operations during shutdown|IndexedDB database 'vscode-web-db' is closed/,
  // It brings the output panel back before the channels that other extensions have there.
  /Unable to resolve resource output:/,
];

/**
 * Starts a headless Chromium.
 *
 * @throws Error when none is installed.
 */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) {
    throw new Error('No Chromium found. Run: node test/support/setup.mjs, or set CHROMIUM_PATH.');
  }
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/**
 * Opens a folder in a running VS Code server, in a browser profile of its own, 1600 × 1000 pixels. The page may still
 * be loading on return: see `waitForWorkbench`.
 */
export async function openWorkbench(browser: Browser, options: OpenWorkbenchOptions): Promise<Page> {
  const { server } = options;
  const context = await browser.newContext({ viewport: { width: 1600, height: 1000 } });
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.origin });
  const page = await context.newPage();
  for (const [name, body] of Object.entries(options.expose ?? {})) await page.exposeFunction(name, body);
  if (options.onPageError) watchErrors(page, options.onPageError);
  await page.goto(workbenchAddress(options), { waitUntil: 'domcontentloaded' });
  return page;
}

function watchErrors(page: Page, report: (text: string) => void): void {
  const note = (text: string): void => {
    if (!expectedNoise.some((pattern) => pattern.test(text))) report(text);
  };
  page.on('pageerror', (error) => note(error.stack ?? error.message));
  page.on('console', (message: ConsoleMessage) => {
    if (message.type() === 'error') note(`${message.text()} ${message.location().url}`);
  });
}

/** The address that shows a folder in a running server, with what the workbench is told to do. */
export function workbenchAddress(options: OpenWorkbenchOptions): string {
  const { server } = options;
  // The authority must be exactly the page's own host and port: the workbench connects to no other.
  const remote = (file: string): string => `vscode-remote://127.0.0.1:${server.port}${encodeURI(file)}`;
  const payload: (readonly [string, string])[] = [];
  if (options.extensionPath !== undefined) payload.push(['extensionDevelopmentPath', remote(options.extensionPath)]);
  if (options.testsPath !== undefined) payload.push(['extensionTestsPath', remote(options.testsPath)]);
  payload.push(...(options.extraPayload ?? []));
  const address = new URL(server.origin);
  address.searchParams.set('folder', options.folder);
  if (payload.length > 0) address.searchParams.set('payload', JSON.stringify(payload));
  return address.href;
}
