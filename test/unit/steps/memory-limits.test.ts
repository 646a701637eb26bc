import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { UserError } from '../../../src/errors.ts';
import type { Container } from '../../../src/services/aws/ecs-changes.ts';
import { nextSize, sizeWith } from '../../../src/steps/fargate-sizes.ts';
import { raiseMemory } from '../../../src/steps/memory-limits.ts';
import { taskDefinition } from '../../support/ecs-service.ts';

const container = (name: string, memory?: number, memoryReservation?: number): Container => ({ name, image: 'image', memory, memoryReservation, heap: undefined });

describe('Fargate sizes', () => {
  for (const [cpu, memory, next] of [
    [256, 512, [256, 1024]],
    [256, 1024, [256, 2048]],
    [256, 2048, [512, 3072]],
    [1024, 2048, [1024, 3072]],
    [1024, 8192, [2048, 9216]],
    [4096, 30720, [8192, 32768]],
    [8192, 16384, [8192, 20480]],
    [8192, 61440, [16384, 65536]],
    [16384, 122880, undefined],
  ] as const) {
    it(`after ${memory} MiB with ${cpu} units comes ${next === undefined ? 'nothing' : next.join(' units with ')}`, () => {
      assert.deepEqual(nextSize({ cpu, memory }), next === undefined ? undefined : { cpu: next[0], memory: next[1] });
    });
  }

  it('a size has exactly the memory asked for, and never less CPU', () => {
    assert.deepEqual(sizeWith(4096, { cpu: 256 }), { cpu: 512, memory: 4096 });
    assert.deepEqual(sizeWith(4096, { cpu: 1024 }), { cpu: 1024, memory: 4096 });
    assert.equal(sizeWith(512, { cpu: 1024 }), undefined);
    assert.equal(sizeWith(5000, { cpu: 1024 }), undefined);
  });
});

describe('more memory for a task', () => {
  it('raises what its containers may use in proportion', () => {
    const definition = taskDefinition({ containers: [container('backend', 1536, 1024), container('sidecar', 333), container('free')] });
    assert.deepEqual(raiseMemory(definition), {
      from: 2048, to: 3072,
      limits: { memory: 3072, containers: [{ name: 'backend', memory: 2304, memoryReservation: 1536 }, { name: 'sidecar', memory: 499 }] },
    });
  });

  it('says that CPU must rise as well', () => {
    const { cpu, to, limits } = raiseMemory(taskDefinition({ memory: 8192 }));
    assert.deepEqual([cpu, to, limits.cpu], [{ from: 1024, to: 2048 }, 9216, 2048]);
  });

  it('takes half as much again where the task runs on instances, with or without a limit of the task', () => {
    const own = raiseMemory(taskDefinition({ fargate: false, memory: 1000, containers: [container('backend', 1000)] }));
    assert.deepEqual([own.to, own.limits], [1536, { memory: 1536, containers: [{ name: 'backend', memory: 1536 }] }]);
    const containers = raiseMemory(taskDefinition({ fargate: false, cpu: undefined, memory: undefined, containers: [container('backend', 768), container('sidecar', undefined, 256)] }), 2048);
    assert.deepEqual([containers.from, containers.limits], [1024, { containers: [{ name: 'backend', memory: 1536 }, { name: 'sidecar', memoryReservation: 512 }] }]);
  });

  for (const [title, definition, wanted, why] of [
    ['less', {}, 1024, /never lowers it: 1024 MiB is less/],
    ['the same', {}, 2048, /never lowers it: 2048 MiB is the same/],
    ['a size that Fargate does not offer', { memory: 8192 }, 9000, /no tasks with 9000 MiB of memory\. Ask for 9216 MiB/],
    ['more than there is', { cpu: 16384, memory: 122_880 }, undefined, /the most that Fargate offers/],
    ['more of what has no limit', { fargate: false, memory: undefined }, undefined, /no memory limit, .* nothing to raise/],
  ] as const) {
    it(`refuses ${title}`, () => {
      assert.throws(() => raiseMemory(taskDefinition(definition), wanted), (error) => error instanceof UserError && why.test(error.message));
    });
  }
});
