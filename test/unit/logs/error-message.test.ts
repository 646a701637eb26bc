import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { isErrorMessage } from '../../../src/logs/error-message.ts';

const TRACE = '\n    at connect (/app/src/db/pool.js:12:9)';

const ERRORS = [
  `2026-11-23T03:07:12.345Z [1f2e3d4c] 2026-11-23T03:07:12.344Z ERROR [http] timeout${TRACE}`,
  `2026-11-23T03:07:12.345Z\t5d1a\tERROR\tInvoke Error${TRACE}`,
  `03:07:12.345Z 1f2e3d4c TypeError: undefined is not a function${TRACE}`,
  `05:07:12.345+02:00 backend/1f2e3d4c (late) ↳ ERROR timeout${TRACE}`,
  `[error] upstream timed out${TRACE}`,
  `level=error msg="no connection"${TRACE}`,
  'CRITICAL:root:cannot start\nTraceback (most recent call last):\n  File "/app/main.py", line 3, in <module>',
  `fail: HealthFlow.Api[0]\n      System.InvalidOperationException: no connection`,
  JSON.stringify({ level: 'error', message: 'x', stack: `Error: x${TRACE}` }),
  JSON.stringify({ severity: 'CRITICAL', message: 'x' }),
  JSON.stringify({ level: 50, msg: 'x' }),
  JSON.stringify({ message: 'INFO is no level here', '@l': 'Fatal' }),
  `TypeError: undefined is not a function${TRACE}`,
  'Traceback (most recent call last):\n  File "/app/main.py", line 3, in <module>\nValueError: x',
  'Exception in thread "main" java.lang.IllegalStateException: x\n\tat com.acme.Pool.get(Pool.java:9)',
  'java.sql.SQLException: no connection\n\tat com.acme.Pool.get(Pool.java:9)',
  'panic: runtime error: index out of range\n\ngoroutine 1 [running]:',
  'Unhandled exception. System.NullReferenceException: x\n   at Acme.Pool.Get() in /src/Pool.cs:line 9',
];

const NO_ERRORS = [
  `2026-11-23T03:07:12.345Z [1f2e3d4c] WARN [http] Error: slow${TRACE}`,
  `2026-11-23T03:07:12.345Z INFO [http] retried after ERROR 503${TRACE}`,
  `[info] Error: handled${TRACE}`,
  `level=warn msg="ERROR budget low"${TRACE}`,
  JSON.stringify({ level: 'warn', message: 'ERROR', stack: `Error: x${TRACE}` }),
  JSON.stringify({ level: 40, msg: 'ERROR' }),
  'GET /v1/prescriptions 200',
  `a place in the code${TRACE}`,
  'error.log was rotated',
];

describe('which messages are errors', () => {
  for (const text of ERRORS) {
    it(`counts ${JSON.stringify(text.slice(0, 70))}`, () => { assert.equal(isErrorMessage(text), true); });
  }

  for (const text of NO_ERRORS) {
    it(`does not count ${JSON.stringify(text.slice(0, 70))}`, () => { assert.equal(isErrorMessage(text), false); });
  }
});
