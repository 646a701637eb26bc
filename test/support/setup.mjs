// Sets a machine up for development and tests. Runs with whatever Node is there (20 and later) and nothing installed.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');
const modules = path.join(root, 'node_modules');
const installs = path.join(root, '.vscode-test');
const serverDirectory = path.join(installs, 'server');
const serverMain = path.join(serverDirectory, 'node_modules', 'code-server', 'lib', 'vscode', 'out', 'server-main.js');
const serverManifest = path.join(root, 'test', 'support', 'vscode-server', 'package.json');
const serverStamp = path.join(serverDirectory, '.installed');
const motoDirectory = path.join(installs, 'moto');
const motoRequirement = 'moto[server]==5.2.*';

const debianPackages = {
  browser: ['ca-certificates', 'chromium'],
  compiler: [
    'ca-certificates', 'git', 'python3', 'make', 'g++', 'pkg-config',
    'libkrb5-dev', 'libx11-dev', 'libxkbfile-dev', 'libsecret-1-dev',
  ],
  redis: ['redis-server'],
};

const say = (text) => console.log(`setup: ${text}`);

// Needs, in the order in which they must be met.
const needs = {
  node_modules: ensureModules,
  chromium: ensureChromium,
  server: ensureServer,
  moto: ensureMoto,
  redis: ensureRedis,
};

export async function ensureAll({ need = Object.keys(needs) } = {}) {
  for (const [name, ensure] of Object.entries(needs)) {
    if (need.includes(name)) await ensure();
  }
}

export function findChromium() {
  return findProgram(
    process.env.CHROMIUM_PATH,
    'chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  );
}

export function findMotoServer() {
  return findProgram('moto_server', path.join(motoDirectory, 'bin', 'moto_server'));
}

export function findRedisServer() {
  return findProgram(process.env.REDIS_SERVER_PATH, 'redis-server');
}

export function findVsCodeServer() {
  return existsSync(serverMain) && read(serverStamp) === serverFingerprint() ? serverMain : undefined;
}

async function ensureModules() {
  if (modulesAreCurrent()) return;
  say('installing node_modules (npm ci)');
  await npm(['ci', '--no-audit', '--no-fund'], root, environmentWithout(modules));
}

// npm writes the hidden lockfile at the end of a complete install. Optional packages are those of other platforms.
function modulesAreCurrent() {
  const installed = read(path.join(modules, '.package-lock.json'));
  if (installed === undefined) return false;
  const { packages } = JSON.parse(installed);
  const wanted = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')).packages;
  return Object.entries(wanted).every(([place, { version, optional, devOptional }]) => (
    place === '' || optional || devOptional || packages[place]?.version === version
  ));
}

async function ensureChromium() {
  if (findChromium() !== undefined) return;
  if (process.platform !== 'linux') {
    throw new Error('No Chrome or Chromium found. Install one, or set CHROMIUM_PATH to its program.');
  }
  await installDebianPackages(debianPackages.browser, 'Chromium');
}

async function ensureServer() {
  if (findVsCodeServer() !== undefined) return;
  if (process.platform === 'win32') {
    say('no headless VS Code on Windows; tests use the desktop one, which is downloaded when they start');
    return;
  }
  if (process.platform === 'linux') await installDebianPackages(debianPackages.compiler, 'the headless VS Code');
  say('installing the headless VS Code (compiles a few modules, about 2 minutes)');
  // Whatever an interrupted install left behind.
  await rm(path.join(serverDirectory, 'node_modules'), { recursive: true, force: true });
  await rm(serverStamp, { force: true });
  await mkdir(serverDirectory, { recursive: true });
  await cp(serverManifest, path.join(serverDirectory, 'package.json'));
  const node = await ensureNodeWithHeaders();
  // npm's install scripts call `node`: only the real folder will do, npm rewrites `.bin` folders while it works.
  const env = environmentWithout(modules);
  env.PATH = [path.join(node, 'bin'), env.PATH].join(path.delimiter);
  env.npm_config_nodedir = node;
  await npm(['install', '--no-audit', '--no-fund', '--no-package-lock'], serverDirectory, env);
  await run(path.join(node, 'bin', 'node'), [serverMain, '--version'], serverDirectory, env);
  await writeFile(serverStamp, serverFingerprint());
}

// The `node` package in node_modules brings the program alone; compiling needs its headers, and npm may prune them.
async function ensureNodeWithHeaders() {
  const { version } = JSON.parse(readFileSync(path.join(modules, 'node', 'package.json'), 'utf8'));
  const name = `node-${process.platform}-${process.arch}`;
  const folder = path.join(installs, 'node');
  const home = path.join(folder, 'node_modules', name);
  if (existsSync(path.join(home, 'include')) && read(path.join(folder, '.installed')) === version) return home;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'package.json'), JSON.stringify({ private: true, dependencies: { [name]: version } }));
  await npm(['install', '--no-audit', '--no-fund', '--no-package-lock'], folder, environmentWithout(modules));
  await writeFile(path.join(folder, '.installed'), version);
  return home;
}

async function ensureMoto() {
  if (findMotoServer() !== undefined) return;
  say(`installing ${motoRequirement} (the AWS emulator) into .vscode-test/moto`);
  const help = `moto_server (the AWS emulator) is missing. Install it with: pip install '${motoRequirement}'`;
  try {
    await run('python3', ['-m', 'venv', motoDirectory], root, process.env);
    await run(path.join(motoDirectory, 'bin', 'pip'), ['install', '--quiet', motoRequirement], root, process.env);
  } catch (error) {
    await rm(motoDirectory, { recursive: true, force: true });
    throw new Error(`${help}\n(python3 -m venv needs python3 and, on Debian, the package python3-venv.)`, { cause: error });
  }
}

async function ensureRedis() {
  if (findRedisServer() !== undefined) return;
  if (process.platform !== 'linux') {
    throw new Error(`redis-server (7 or later, with TLS) is missing. ${process.platform === 'darwin' ? 'Install it with: brew install redis' : 'Redis does not run on Windows: use the Windows Subsystem for Linux'}, or set REDIS_SERVER_PATH to the program.`);
  }
  await installDebianPackages(debianPackages.redis, 'the cache of the practice environment');
}

async function installDebianPackages(names, purpose) {
  const missing = names.filter((name) => !existsSync(`/var/lib/dpkg/info/${name}.list`) && !hasMultiarchList(name));
  if (missing.length === 0) return;
  const install = ['apt-get', 'install', '--yes', '--no-install-recommends', ...missing];
  if (findProgram('apt-get') === undefined) {
    throw new Error(`${purpose} needs these packages (names as in Debian): ${missing.join(' ')}. Install them, then run this again.`);
  }
  if (process.getuid?.() !== 0) {
    throw new Error(`${purpose} needs packages. Run this, then run this script again:\n  sudo apt-get update && sudo ${install.join(' ')}`);
  }
  say(`installing Debian packages for ${purpose}: ${missing.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update'], root, env);
  await run('apt-get', install.slice(1), root, env);
}

let dpkgLists;

// Libraries are listed as name:architecture.list.
function hasMultiarchList(name) {
  dpkgLists ??= existsSync('/var/lib/dpkg/info') ? readdirSync('/var/lib/dpkg/info') : [];
  return dpkgLists.some((file) => file.startsWith(`${name}:`) && file.endsWith('.list'));
}

function serverFingerprint() {
  return createHash('sha256').update(readFileSync(serverManifest)).digest('hex');
}

function npm(args, cwd, env) {
  return process.platform === 'win32'
    ? run('cmd', ['/c', 'npm', ...args], cwd, env)
    : run('npm', args, cwd, env);
}

/** Runs a program; its output is kept back, and its tail shown only when it fails. */
function run(command, args, cwd, env) {
  return new Promise((resolve, reject) => {
    // A group of its own, so that an interrupted setup leaves no compiler behind.
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: process.platform !== 'win32' });
    const end = () => {
      if (process.platform === 'win32') child.kill();
      else if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
    };
    process.once('exit', end);
    let tail = '';
    const keep = (chunk) => {
      tail = (tail + chunk).slice(-4_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', (error) => {
      process.off('exit', end);
      reject(new Error(`Cannot run ${command}: ${error.message}`, { cause: error }));
    });
    child.once('close', (code) => {
      process.off('exit', end);
      if (code === 0) resolve();
      else reject(new Error(`${[command, ...args].join(' ')} ended with code ${code}:\n${tail}`));
    });
  });
}

/**
 * This process's environment for an npm of its own: with nothing below a folder on the PATH, and without what an npm that
 * started this script says about itself (the version of its Node, its package, its folders). Its settings stay.
 */
function environmentWithout(folder) {
  const told = /^npm_(?!config_)|^npm_config_(user_agent|prefix|local_prefix|global_prefix)$/;
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !told.test(name)));
  env.PATH = (process.env.PATH ?? '').split(path.delimiter).filter((entry) => !entry.startsWith(folder)).join(path.delimiter);
  return env;
}

function findProgram(...candidates) {
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  for (const candidate of candidates) {
    if (!candidate) continue;
    const places = path.isAbsolute(candidate) ? [candidate] : folders.map((folder) => path.join(folder, candidate));
    const found = places.find(isExecutable);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const asked = process.argv.slice(2);
  const unknown = asked.filter((name) => !(name in needs));
  if (unknown.length > 0) {
    console.error(`setup: unknown need ${unknown.join(', ')}; known are ${Object.keys(needs).join(', ')}`);
    process.exit(2);
  }
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
  ensureAll(asked.length > 0 ? { need: asked } : {}).catch((error) => {
    console.error(`setup: ${error.message}`);
    process.exit(1);
  });
}
