import { iso } from '../../src/incident/clock.ts';
import { DATABASE, REGION } from './resources.ts';
import type { Random } from './random.ts';
import type { StackTraces } from './stack-traces.ts';

/** Writes the lines of the sample service; `at` is epoch ms. All people and numbers in them are made up. */
export interface LogLines {
  info(at: number): string;
  /** The pool running low, before and during the exhaustion. */
  warn(at: number): string;
  error(at: number): string;
}

const NAMES = ['mariam.hassan', 'omar.farouk', 'nour.salem', 'youssef.adel', 'salma.ibrahim'] as const;
const PATHS = ['/v1/prescriptions', '/v1/dispensing', '/v1/prescriptions/search', '/v1/pharmacies/nearby'] as const;

export function createLogLines(random: Random, traces: StackTraces): LogLines {
  const prescription = (): string => `RX-2026-${String(random.whole(0, 99_999)).padStart(8, '0')}`;
  const email = (): string => `${random.pick(NAMES)}@example.com`;
  const phone = (): string => `+201${random.pick(['0', '1', '2', '5'])}${String(random.whole(0, 99_999_999)).padStart(8, '0')}`;
  const nationalId = (): string => `2${random.whole(60, 99)}0${random.whole(1, 9)}1${random.whole(0, 9)}01${random.whole(10_000, 99_999)}`;
  const line = (at: number, level: string, area: string, text: string): string => `${iso(at)} ${level} [${area}] ${text}`;

  const infos: [number, (at: number) => string][] = [
    [8, (at) => line(at, 'INFO', 'http', `GET ${random.pick(PATHS)} 200 ${random.whole(8, 90)}ms requestId=${random.uuid()}`)],
    [8, (at) => JSON.stringify({
      time: iso(at), level: 'info', area: 'http', message: 'request completed', method: 'GET',
      path: `/v1/prescriptions/${prescription()}`, status: 200, durationMs: random.whole(9, 120), requestId: random.uuid(),
    })],
    [4, (at) => line(at, 'INFO', 'http', `POST /v1/prescriptions 201 ${random.whole(20, 160)}ms requestId=${random.uuid()}`)],
    [2, (at) => line(at, 'INFO', 'dispensing', `${prescription()} dispensed by pharmacy ${random.whole(100, 999)}`)],
    [2, (at) => line(at, 'INFO', 'notifications', `sms for ${prescription()} queued to ${phone()}`)],
    [1, (at) => line(at, 'INFO', 'notifications', `e-mail for ${prescription()} sent to ${email()}`)],
    [1, (at) => line(at, 'INFO', 'patients', `eligibility confirmed nationalId=${nationalId()} requestId=${random.uuid()}`)],
  ];
  const errors: [number, (at: number) => string][] = [
    [6, (at) => line(at, 'ERROR', 'http', `requestId=${random.uuid()} FATAL: sorry, too many clients already${traces.find}`)],
    [3, (at) => line(at, 'ERROR', 'http', `requestId=${random.uuid()} FATAL: sorry, too many clients already${traces.list}`)],
    [5, (at) => line(at, 'ERROR', 'http', `requestId=${random.uuid()} Error: timeout exceeded when trying to connect${traces.dispense}`)],
    [3, (at) => line(at, 'ERROR', 'notifications', `requestId=${random.uuid()} Error: Request failed with 503${traces.sms}`)],
    [2, (at) => line(at, 'ERROR', 'health', `requestId=- FATAL: sorry, too many clients already${traces.health}`)],
    [3, (at) => line(at, 'ERROR', 'http',
      `POST /v1/prescriptions 503 ${random.whole(5000, 5040)}ms requestId=${random.uuid()} patient=${email()}`)],
    [1, (at) => line(at, 'ERROR', 'dispensing', `${prescription()} not dispensed, asked to call back ${phone()}: no database connection`)],
    [1, (at) => line(at, 'ERROR', 'db', 'connect failed for '
      + `postgresql://healthflow_app:Sample-Passw0rd@${DATABASE}.cxmpl0example.${REGION}.rds.amazonaws.com:5432/healthflow: `
      + 'sorry, too many clients already')],
  ];

  return {
    info: deck(infos, random),
    error: deck(errors, random),
    warn: (at) => line(at, 'WARN', 'db', `pool total=50 idle=0 waiting=${random.whole(1, 60)}`),
  };
}

/**
 * Draws writers like cards from a shuffled deck, so that each comes as often as its weight says, also in a short log:
 * a practice in which a rare shape never shows would be worth less.
 */
function deck(writers: readonly [number, (at: number) => string][], random: Random): (at: number) => string {
  let cards: ((at: number) => string)[] = [];
  return (at) => {
    if (cards.length === 0) {
      cards = writers
        .flatMap(([weight, write]) => Array.from({ length: weight }, () => write))
        .map((write) => ({ write, order: random.next() }))
        .sort((one, other) => one.order - other.order)
        .map(({ write }) => write);
    }
    const write = cards.pop();
    return write === undefined ? '' : write(at);
  };
}
