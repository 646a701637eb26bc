import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, it } from 'mocha';
import { wait } from '../../src/wait.ts';

describe('wait', () => {
  it('ends as soon as the signal fires, and at once when it has fired', async () => {
    const abort = new AbortController();
    const waiting = wait(600_000, abort.signal);
    abort.abort();
    await waiting;
    await wait(600_000, abort.signal);
  });

  it('ends by itself and leaves nothing behind', async () => {
    const { signal } = new AbortController();
    const waiting = wait(1, signal);
    assert.equal(getEventListeners(signal, 'abort').length, 1);
    // Its timer keeps no process alive, so this one has to.
    const alive = setTimeout(() => undefined, 10_000);
    await waiting;
    clearTimeout(alive);
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  });
});
