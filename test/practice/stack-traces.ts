import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

/** The sample service whose files and lines the stack traces of the practice logs name. */
export const SAMPLE_WORKSPACE = fileURLToPath(new URL('./workspace', import.meta.url));
/** Where the service lives in its container. */
const DEPLOYED_AT = '/app';

interface Place {
  /** As V8 prints it; empty for an anonymous function. */
  readonly call: string;
  readonly file: string;
  /** Text that stands once in the file, where the call is made. */
  readonly marker: string;
}

/** Both reading functions begin like this; what they select tells them apart. */
const QUERY = 'withClient(async (client) => {\n    const { rows } = await client.query(\n      ';

const PLACES = {
  connect: { call: 'withClient', file: 'src/db/pool.js', marker: 'pool.connect()' },
  ping: { call: 'ping', file: 'src/db/pool.js', marker: "pool.query('SELECT 1')" },
  find: { call: 'findPrescription', file: 'src/routes/prescriptions.js', marker: `${QUERY}'SELECT id` },
  getRoute: { call: '', file: 'src/routes/prescriptions.js', marker: 'findPrescription(request' },
  list: { call: 'listOpenPrescriptions', file: 'src/routes/prescriptions.js', marker: `${QUERY}"SELECT id` },
  listRoute: { call: '', file: 'src/routes/prescriptions.js', marker: 'listOpenPrescriptions(request' },
  dispense: { call: 'dispense', file: 'src/routes/dispensing.js', marker: 'withClient(async' },
  dispenseRoute: { call: '', file: 'src/routes/dispensing.js', marker: 'dispense(request' },
  send: { call: 'send', file: 'src/notifications/sms.js', marker: 'new Error(`Request failed' },
  notify: { call: 'notifyPatient', file: 'src/notifications/sms.js', marker: 'send({ patientId' },
  postRoute: { call: '', file: 'src/routes/prescriptions.js', marker: 'notifyPatient(request' },
  health: { call: '', file: 'src/server.js', marker: 'ping();' },
} as const satisfies Record<string, Place>;

/** Stack traces as Node prints them, each beginning with a line break. */
export interface StackTraces {
  readonly find: string;
  readonly list: string;
  readonly dispense: string;
  readonly sms: string;
  readonly health: string;
}

/** Builds the stack traces with the lines and columns the sample service has now. Fails when a marker is not unique. */
export async function readStackTraces(workspace = SAMPLE_WORKSPACE): Promise<StackTraces> {
  const files = [...new Set(Object.values(PLACES).map((place) => place.file))];
  const sources = new Map(await Promise.all(files.map(async (file) =>
    [file, await readFile(join(workspace, file), 'utf8')] as const)));
  const at = (...names: (keyof typeof PLACES)[]): string =>
    names.map((name) => `\n    at async ${frame(PLACES[name], sources)}`).join('');
  const pool = '\n    at /app/node_modules/pg-pool/index.js:45:11'
    + '\n    at process.processTicksAndRejections (node:internal/process/task_queues:105:5)';
  return {
    find: pool + at('connect', 'find', 'getRoute'),
    list: pool + at('connect', 'list', 'listRoute'),
    dispense: pool + at('connect', 'dispense', 'dispenseRoute'),
    health: pool + at('ping', 'health'),
    sms: `\n    at ${frame(PLACES.send, sources)}`
      + '\n    at process.processTicksAndRejections (node:internal/process/task_queues:105:5)'
      + at('notify', 'postRoute'),
  };
}

function frame(place: Place, sources: ReadonlyMap<string, string>): string {
  const source = sources.get(place.file) ?? '';
  const index = source.indexOf(place.marker);
  if (index === -1 || source.includes(place.marker, index + 1)) {
    throw new Error(`The marker "${place.marker}" has to stand exactly once in ${place.file} of the sample service`);
  }
  const before = source.slice(0, index).split('\n');
  const position = `${DEPLOYED_AT}/${place.file}:${before.length}:${(before.at(-1) ?? '').length + 1}`;
  return place.call === '' ? position : `${place.call} (${position})`;
}
