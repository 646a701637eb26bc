/** Which ECS services a change acts on: those of the runbook's environment and no others. */
import { UserError } from '../errors.ts';
import { commandLine } from '../incident/command-line.ts';
import type { Json } from '../incident/evidence.ts';
import type { JsonObject } from '../incident/plan.ts';
import { lowerFirst } from '../text.ts';
import type { EcsService, ServiceDeployment } from '../services/aws/ecs.ts';
import type { ChangeContext } from './step.ts';

/** Services that ECS describes at once. */
const PER_CALL = 10;

/** @throws UserError when the environment names no AWS resources, or others */
function checkPlace({ environment: { key, data } }: ChangeContext, cluster: string, names: readonly string[]): void {
  const { aws } = data;
  if (aws === undefined) {
    throw new UserError(`The runbook names no AWS resources for "${key}". Add environments.${key}.aws to the runbook.`);
  }
  if (cluster !== aws.cluster) {
    throw new UserError(`The cluster "${cluster}" is not that of "${key}", which is ${aws.cluster}. Nothing was changed. Run the step without the input "cluster", or correct the runbook's environment.`);
  }
  const foreign = names.filter((name) => !aws.services.includes(name));
  if (foreign.length > 0) {
    throw new UserError(`"${foreign.join('", "')}" is no service of "${key}", which has ${aws.services.join(', ')}. Nothing was changed. Choose one of these, or add it to environments.${key}.aws.services.`);
  }
}

/**
 * The services as they are now, in the order of their names.
 *
 * @throws UserError when one is missing or not active
 */
export async function activeServices(context: ChangeContext, cluster: string, names: readonly string[], signal: AbortSignal): Promise<readonly EcsService[]> {
  checkPlace(context, cluster, names);
  const found = await describeAll(context, cluster, [...new Set(names)], signal);
  return found.map(({ name, service, reason }) => {
    if (service === undefined) {
      throw new UserError(`ECS does not know the service ${name} in the cluster ${cluster} (${reason}). Correct the names in the runbook, or the AWS account.`);
    }
    if (service.status !== 'ACTIVE') {
      throw new UserError(`The service ${name} is ${service.status}, so it cannot be changed. Look in the ECS console who is deleting it.`);
    }
    return service;
  });
}

/** One active service. @throws UserError when it is missing or not active */
export async function activeService(context: ChangeContext, cluster: string, name: string, signal: AbortSignal): Promise<EcsService> {
  const [service] = await activeServices(context, cluster, [name], signal);
  if (service === undefined) {
    throw new UserError(`ECS does not know the service ${name} in the cluster ${cluster}.`);
  }
  return service;
}

/** A service, or why ECS does not show it. */
export type Seen = { readonly name: string; readonly service: EcsService; readonly reason?: never } | { readonly name: string; readonly service?: never; readonly reason: string };

/** The services by name. @throws UserError when ECS cannot be asked */
export async function describeAll({ services, environment }: ChangeContext, cluster: string, names: readonly string[], signal: AbortSignal): Promise<readonly Seen[]> {
  const { describeServices } = await import('../services/aws/ecs.ts');
  const aws = services.aws(environment);
  const chunks = Array.from({ length: Math.ceil(names.length / PER_CALL) }, (_, index) => names.slice(index * PER_CALL, (index + 1) * PER_CALL));
  const answers = await Promise.all(chunks.map((chunk) => describeServices(aws, cluster, chunk, signal)));
  return names.map((name): Seen => {
    const service = answers.flatMap((answer) => answer.services).find((candidate) => candidate.name === name);
    const reason = answers.flatMap((answer) => answer.failures).find((failure) => failure.service === name)?.reason;
    return service === undefined ? { name, reason: reason ?? 'MISSING' } : { name, service };
  });
}

/** @throws UserError when ECS would refuse a new deployment of the service */
export function checkDeployable({ name, controller, desired }: EcsService, doing: string): void {
  if (controller !== 'ECS') {
    const who = controller === 'CODE_DEPLOY' ? 'CodeDeploy' : 'an external controller';
    throw new UserError(`${name} is deployed by ${who}, and ECS refuses to ${doing} it past that. Start a deployment there instead.`);
  }
  if (desired === 0) {
    throw new UserError(`${name} is set to 0 tasks, so there is nothing to ${doing}. Scale it first: run "scaleService".`);
  }
}

/** The deployment that is to become, or is, the only one. */
export function primaryOf({ deployments }: EcsService): ServiceDeployment | undefined {
  return deployments.find(({ status }) => status === 'PRIMARY');
}

/** `aws ecs …` for reading, each option on a line of its own. */
export function ecsCommand(operation: string, ...options: readonly (readonly string[])[]): string {
  return [['aws', 'ecs', operation], ...options].map((words) => commandLine(...words)).join(' \\\n  ');
}

/** A text of what a plan says. @throws UserError when it is not there: then it is no plan of this step */
export function textOf(object: JsonObject, name: string): string {
  return fieldOf(object, name, 'a text', (value) => (typeof value === 'string' ? value : undefined));
}

/** A number of what a plan says. @throws UserError when it is not there */
export function numberOf(object: JsonObject, name: string): number {
  return fieldOf(object, name, 'a number', (value) => (typeof value === 'number' ? value : undefined));
}

function fieldOf<T>(object: JsonObject, name: string, what: string, read: (value: Json | undefined) => T | undefined): T {
  const value = read(object[name]);
  if (value === undefined) {
    throw new UserError(`The plan does not say ${lowerFirst(name)} (${what}), so it cannot be used. Plan the step anew.`);
  }
  return value;
}

/** An object in what a plan says; empty when it is not there. */
export function objectOf(object: JsonObject, name: string): JsonObject {
  const value = object[name];
  return value !== undefined && isObject(value) ? value : {};
}

/** The objects of a list in what a plan says; what is no object is left out. */
export function objectsOf(object: JsonObject | undefined, name: string): readonly JsonObject[] {
  const value: Json | undefined = object?.[name];
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
