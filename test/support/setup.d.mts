export type Need = 'node_modules' | 'chromium' | 'server' | 'moto' | 'redis';

/** Path of a Chromium or Chrome, or undefined. `CHROMIUM_PATH` comes first. */
export function findChromium(): string | undefined;

/** Path of moto's server program (on the PATH, or installed by setup), or undefined. */
export function findMotoServer(): string | undefined;

/** Path of redis-server, or undefined. `REDIS_SERVER_PATH` comes first. */
export function findRedisServer(): string | undefined;

/** Path of the server-main.js of the headless VS Code, or undefined when it is not (completely) installed. */
export function findVsCodeServer(): string | undefined;

/**
 * Installs what is missing of `need` (default: all), one printed line a step; silent and quick when all is there.
 *
 * @throws Error whose message says what to run by hand.
 */
export function ensureAll(options?: { need?: readonly Need[] }): Promise<void>;
