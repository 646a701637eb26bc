import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { Barriers } from '../practice/barriers.ts';
import type { ControlError } from '../practice/control-error.ts';

const is = (status: ControlError['status'], text: RegExp) => (error: ControlError): boolean => error.status === status && text.test(error.message);

describe('barriers of the practice environment', () => {
  it('hold whoever comes until all are there, and tell each of them what the others brought', async () => {
    const barriers = new Barriers();
    const order: string[] = [];
    const first = barriers.meet('start', { who: 'ada', parties: 2, brings: [1] }).then((met) => { order.push('ada'); return met; });
    await barriers.meet('elsewhere', { who: 'ada', parties: 1 });
    assert.deepEqual(order, []);
    const both = await Promise.all([first, barriers.meet('start', { who: 'grace', parties: 2 })]);
    assert.deepEqual(both, Array(2).fill({ ada: [1], grace: null }));
    assert.deepEqual(await Promise.all(['grace', 'ada'].map((who) => barriers.meet('start', { who, parties: 2, brings: who }))), Array(2).fill({ ada: 'ada', grace: 'grace' }));
  });

  it('let go of whoever waits in vain', async () => {
    const barriers = new Barriers();
    await assert.rejects(barriers.meet('start', { who: 'ada', parties: 2, withinMs: 1 }), is(408, /Only ada came to start within 1 ms/));
    const waiting = barriers.meet('start', { who: 'ada', parties: 2 });
    await assert.rejects(barriers.meet('start', { who: 'ada', parties: 2 }), is(409, /ada waits at start already/));
    barriers.break('grace has left');
    await assert.rejects(waiting, is(409, /Nobody comes to start: grace has left/));
    await assert.rejects(barriers.meet('later', { who: 'ada', parties: 2 }), is(409, /grace has left/));
  });

  it('want to know who comes, and how many they are for', async () => {
    const barriers = new Barriers();
    await assert.rejects(barriers.meet('start', { who: 'ada' } as never), is(400, /how many/));
    await assert.rejects(barriers.meet('start', { parties: 2 } as never), is(400, /who comes/));
  });
});
