import { afterEach, beforeEach } from 'mocha';

interface Closable {
  assertClean(): void;
  close(): Promise<void>;
}

/** A fresh fake for each test of the surrounding `describe`. A test during which something contradicted the vendor's description fails. */
export function useFake<Started extends Closable>(start: () => Promise<Started>): () => Started {
  let fake: Started | undefined;
  beforeEach(async () => { fake = await start(); });
  afterEach(async () => {
    await fake?.close();
    fake?.assertClean();
  });
  return () => {
    if (fake === undefined) {
      throw new Error('The fake runs only while a test runs');
    }
    return fake;
  };
}
