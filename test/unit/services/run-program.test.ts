import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'mocha';
import { MAX_OUTPUT, Programs, type RunningProgram, runProgram } from '../../../src/services/run-program.ts';
import { useTemporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // Gone but not yet waited for counts as gone.
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

describe('a program', function () {
  if (process.platform === 'win32') {
    this.pending = true;
  }
  const folder = useTemporaryFolder();
  const script = (code: string, options?: Parameters<typeof runProgram>[1]): RunningProgram =>
    runProgram({ title: 'x', command: [process.execPath, '-e', code], cwd: folder() }, options);
  const shell = (code: string, options?: Parameters<typeof runProgram>[1]): RunningProgram =>
    runProgram({ title: 'x', command: ['/bin/sh', '-c', code], cwd: folder() }, options);

  it('gives its exit code and what it printed on both streams', async () => {
    const program = shell('echo out; echo err >&2; pwd; exit 3');
    assert.equal(program.end, undefined);
    assert.deepEqual(await program.ended, { exitCode: 3 });
    assert.deepEqual(program.end, { exitCode: 3 });
    assert.deepEqual(program.output().split('\n').sort(), ['', folder(), 'err', 'out'].sort());
    assert.ok(program.pid !== undefined);
  });

  it('gets its arguments as they are, never through a shell', async () => {
    const program = runProgram({ title: 'x', command: [process.execPath, '-e', 'console.log(JSON.stringify(process.argv.slice(1)))', '$(id)', '; exit 4', '*', "it's", ''], cwd: folder() });
    assert.deepEqual(await program.ended, { exitCode: 0 });
    assert.deepEqual(JSON.parse(program.output()), ['$(id)', '; exit 4', '*', "it's", '']);
  });

  it('shows colours and keeps none, wherever a sequence is torn apart', async () => {
    const sequences = ['\x1b[1;31m', '\x1b]8;;https://example.com\x07', '\x1b]0;title\x1b\\', '\x1b(B'];
    const program = script(`
      const write = (text) => new Promise((resolve) => process.stdout.write(text, resolve));
      for (const sequence of ${JSON.stringify(sequences)}) for (let cut = 0; cut <= sequence.length; cut++) {
        await write('a' + sequence.slice(0, cut));
        await new Promise((resolve) => setTimeout(resolve, 1));
        await write(sequence.slice(cut) + 'b\\n');
      }`);
    let shown = '';
    program.onOutput((text) => { shown += text; });
    await program.ended;
    const count = sequences.reduce((sum, { length }) => sum + length + 1, 0);
    assert.equal(program.output(), 'ab\n'.repeat(count));
    sequences.forEach((sequence) => { assert.ok(shown.includes(sequence)); });
  });

  it('is told to use colours, unless nobody wants them, and nothing of VS Code', async () => {
    const show = async (env: NodeJS.ProcessEnv): Promise<string> => {
      const program = script('console.log(["FORCE_COLOR", "NO_COLOR", "VSCODE_PID", "ELECTRON_RUN_AS_NODE", "OTHER"].map((name) => process.env[name]).join())', { env });
      await program.ended;
      return program.output().trim().split('\n').at(-1) ?? '';
    };
    assert.equal(await show({ VSCODE_PID: '1', ELECTRON_RUN_AS_NODE: '1', OTHER: 'stays' }), '1,,,,stays');
    assert.equal(await show({ NO_COLOR: '1' }), ',1,,,');
  });

  it('counts a line that is drawn over as its last state', async () => {
    const program = shell(String.raw`printf '1%%\r50%%\r100%%\r\nnext\r\n\a\0end\r'`);
    await program.ended;
    assert.equal(program.output(), '100%\nnext\nend');
  });

  it('keeps the last 200,000 characters, in whole lines and whole characters', async () => {
    const program = script('for (let line = 0; line < 60_000; line++) process.stdout.write(`line ${line} 🚑\\n`)');
    assert.deepEqual(await program.ended, { exitCode: 0 });
    const lines = program.output().split('\n');
    assert.ok(program.output().length <= MAX_OUTPUT && program.output().length > MAX_OUTPUT - 20, `${program.output().length}`);
    assert.ok(lines.slice(0, -1).every((line, index) => line === `line ${60_000 - lines.length + 1 + index} 🚑`), lines[0]);
  });

  it('has no standard input to wait for', async () => {
    const program = shell('read answer || echo nobody answers');
    await program.ended;
    assert.equal(program.output(), 'nobody answers\n');
  });

  it('that cannot be started has ended, with the reason', async () => {
    const missing = runProgram({ title: 'x', command: ['/nope/nothing'], cwd: folder() });
    const { exitCode, reason } = await missing.ended;
    assert.deepEqual([missing.pid, exitCode, missing.output()], [undefined, undefined, '']);
    assert.match(reason ?? '', /"\/nope\/nothing".*does not exist/);
    assert.match((await runProgram({ title: 'x', command: [folder()], cwd: folder() }).ended).reason ?? '', /may not be run/);
    assert.match((await runProgram({ title: 'x', command: ['a\0b'], cwd: folder() }).ended).reason ?? '', /null bytes/);
    missing.stop();
  });

  it('ends with everything it started', async () => {
    const program = shell('sleep 600 & echo $!; wait');
    const child = Number(await until('the child', () => program.output().includes('\n') && program.output()));
    assert.ok(isAlive(child));
    program.stop();
    assert.deepEqual(await program.ended, { exitCode: undefined, reason: 'ended by SIGTERM' });
    await until('the end of the child', () => !isAlive(child));
  });

  it('is ended the hard way when it does not listen', async () => {
    const program = shell('trap "" TERM; echo ready; while :; do sleep 0.05; done', { graceMs: 20 });
    await until('the trap', () => program.output().includes('ready'));
    program.stop();
    assert.deepEqual(await program.ended, { exitCode: undefined, reason: 'ended by SIGKILL' });
  });

  it('has ended even when what it left running holds its output open', async () => {
    const program = shell('sleep 600 & echo $!');
    assert.deepEqual(await program.ended, { exitCode: 0 });
    const left = Number(program.output());
    assert.ok(isAlive(left), 'what a program leaves running on purpose is not ended');
    process.kill(left);
  });
});

describe('programs', () => {
  const folder = useTemporaryFolder();

  it('are found by their key, the last one with it', async () => {
    const programs = new Programs();
    const start = (key?: string): RunningProgram => programs.start({ title: 'x', command: [process.execPath, '--version'], cwd: folder(), ...(key === undefined ? {} : { key }) });
    const [first, second, nameless] = [start('a'), start('a'), start()];
    assert.equal(programs.find('a'), second);
    assert.equal(programs.find('b'), undefined);
    await Promise.all([first, second, nameless].map(({ ended }) => ended));
    assert.equal(programs.find('a')?.end?.exitCode, 0);
  });

  it('that have ended are forgotten after twenty others', async () => {
    const programs = new Programs();
    const start = (key: string): Promise<unknown> => programs.start({ title: 'x', command: [path.join(folder(), 'missing')], cwd: folder(), key }).ended;
    await start('first');
    for (let number = 0; number < 20; number++) {
      await start(`${number}`);
    }
    await start('last');
    assert.deepEqual([programs.find('first'), programs.find('last') === undefined], [undefined, false]);
  });
});
