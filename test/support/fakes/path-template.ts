/** A path with parameters in braces, as OpenAPI writes it: `/repos/{owner}/issues/{issue_number}`. */
export interface PathTemplate<Value> {
  readonly method: string;
  readonly template: string;
  readonly value: Value;
}

export interface PathMatch<Value> extends PathTemplate<Value> {
  /** Decoded. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** The template that a request meets; of several the one with the fewest parameters, as OpenAPI asks. */
export function matchPath<Value>(templates: readonly PathTemplate<Value>[], method: string, path: string): PathMatch<Value> | undefined {
  return templates
    .filter((candidate) => candidate.method === method.toUpperCase())
    .flatMap((candidate) => {
      const parameters = parametersOf(candidate.template, path);
      return parameters === undefined ? [] : [{ ...candidate, parameters }];
    })
    .toSorted((one, other) => Object.keys(one.parameters).length - Object.keys(other.parameters).length)[0];
}

function parametersOf(template: string, path: string): Record<string, string> | undefined {
  const expected = template.split('/');
  const actual = path.split('/');
  if (expected.length !== actual.length) {
    return undefined;
  }
  const parameters: Record<string, string> = {};
  for (const [index, part] of expected.entries()) {
    const segment = actual[index] ?? '';
    const name = /^\{(.+)\}$/.exec(part)?.[1];
    if (name !== undefined && segment !== '') {
      parameters[name] = decodeURIComponent(segment);
    } else if (part !== segment) {
      return undefined;
    }
  }
  return parameters;
}
