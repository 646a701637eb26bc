import { after, afterEach, before, beforeEach } from 'mocha';

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Sets environment variables (undefined: unsets them) for each test of the surrounding `describe`, and puts them back.
 *
 * @param span `suite`: from its first test to its last, for tests that run beside one another
 */
export function useEnvironment(variables: Variables | (() => Variables), span: 'test' | 'suite' = 'test'): void {
  const saved = new Map<string, string | undefined>();
  (span === 'suite' ? before : beforeEach)(() => {
    for (const [name, value] of Object.entries(typeof variables === 'function' ? variables() : variables)) {
      saved.set(name, process.env[name]);
      assign(name, value);
    }
  });
  (span === 'suite' ? after : afterEach)(() => {
    saved.forEach((value, name) => { assign(name, value); });
    saved.clear();
  });
}

function assign(name: string, value: string | undefined): void {
  if (value === undefined) {
    delete process.env[name];
  } else {
    process.env[name] = value;
  }
}
