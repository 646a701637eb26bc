/** Runs tests a few at a time, as most of what they do is to wait. */
import { after, it } from 'mocha';

/**
 * `it` for the surrounding `describe`, except that its tests begin together with the first of them, so many at a time.
 * They must share nothing.
 *
 * @param timeoutMs for all of them together, ms
 */
export function createTogether(atOnce: number, timeoutMs: number): (title: string, test: () => Promise<void>) => void {
  const tests: (() => Promise<void>)[] = [];
  let results: Promise<void>[] | undefined;
  const start = (): Promise<void>[] => {
    const lanes: Promise<unknown>[] = Array.from({ length: atOnce }, () => Promise.resolve());
    return tests.map((test, index) => {
      const lane = index % atOnce;
      const result = (lanes[lane] ?? Promise.resolve()).then(test);
      lanes[lane] = result.catch(() => undefined);
      return result;
    });
  };
  // Those that nobody asked for have begun as well.
  after(async function () {
    this.timeout(timeoutMs);
    await Promise.allSettled(results ?? []);
  });
  return (title, test) => {
    const index = tests.push(test) - 1;
    it(title, async () => {
      results ??= start();
      await results[index];
    }).timeout(timeoutMs);
  };
}
