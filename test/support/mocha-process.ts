// node test/support/mocha-process.ts FOLDER TIMEOUT_MS: runs every *.test.ts below a folder in this process.
import { globSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { runMocha } from './mocha-run.ts';

const [folder, timeoutMs] = process.argv.slice(2);
if (folder === undefined || timeoutMs === undefined) throw new Error('Usage: mocha-process.ts FOLDER TIMEOUT_MS');

// By way of `exit`, so that VS Code servers and databases started by a test end as well.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const files = globSync('**/*.test.ts', { cwd: folder }).sort().map((file) => path.resolve(folder, file));
const counts = await runMocha(files, { timeoutMs: Number(timeoutMs) });
// A handle that a test forgot must not keep CI waiting.
process.exit(counts.failed > 0 ? 1 : 0);
