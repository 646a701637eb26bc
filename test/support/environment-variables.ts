import { afterEach, beforeEach } from 'mocha';

type Variables = Readonly<Record<string, string | undefined>>;

/** Sets environment variables (undefined: unsets them) for each test of the surrounding `describe`, and puts them back. */
export function useEnvironment(variables: Variables | (() => Variables)): void {
  const saved = new Map<string, string | undefined>();
  beforeEach(() => {
    for (const [name, value] of Object.entries(typeof variables === 'function' ? variables() : variables)) {
      saved.set(name, process.env[name]);
      assign(name, value);
    }
  });
  afterEach(() => {
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
