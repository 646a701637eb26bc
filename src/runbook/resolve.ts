import { UserError } from '../errors.ts';
import { availablePaths, lookUp, type NamedEnvironment, REFERENCE, references, type ReferenceValue, wholeReference } from './references.ts';
import type { RunbookStep, StepInputs } from './schema.ts';
import { hint } from './suggest.ts';

/**
 * The inputs of a step with every `${environment.…}` replaced. A text that is exactly one reference takes the type of
 * what it refers to, so `${environment.aws.services}` becomes the list; inside a longer text a value is written out,
 * a list with commas; inside a list, a referenced list is spliced in. Replaced values are not looked at again.
 * @param overrides take the place of the step's own inputs of the same name
 * @throws UserError naming step, reference and what is available, when the environment lacks what is referred to
 */
export function resolveInputs(
  step: Pick<RunbookStep, 'id' | 'inputs'>,
  environment: NamedEnvironment,
  overrides: StepInputs = {},
): StepInputs {
  const find = (path: string): ReferenceValue => lookUp(path, environment) ?? fail(step.id, path, environment);
  return Object.fromEntries(
    Object.entries({ ...step.inputs, ...overrides }).map(([name, value]) => [name, resolveValue(value, find)]),
  );
}

type Find = (path: string) => ReferenceValue;

function resolveValue(value: StepInputs[string], find: Find): StepInputs[string] {
  if (Array.isArray(value)) {
    return value.flatMap((item) => {
      const resolved = resolveText(item, find);
      return typeof resolved === 'object' ? [...resolved] : [String(resolved)];
    });
  }
  if (typeof value !== 'string') {
    return value;
  }
  const resolved = resolveText(value, find);
  return typeof resolved === 'object' ? [...resolved] : resolved;
}

function resolveText(text: string, find: Find): ReferenceValue {
  const whole = wholeReference(text);
  if (whole !== undefined) {
    return find(whole);
  }
  if (references(text).unclosed) {
    throw new UserError(`"${text}" begins a reference with \${ and does not end it with }. Correct the inputs.`);
  }
  return text.replaceAll(REFERENCE, (_, path: string) => {
    const value = find(path);
    return typeof value === 'object' ? value.join(',') : String(value);
  });
}

function fail(step: string, path: string, environment: NamedEnvironment): never {
  throw new UserError(
    `Step "${step}" refers to \${${path}}, which the environment "${environment.key}" does not have.`
    + hint(path, availablePaths(environment), 'Available')
    + ' Correct the step or the environment in the runbook file.',
  );
}
