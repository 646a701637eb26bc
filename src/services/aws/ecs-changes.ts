/** What changes ECS services and their task definitions. Each write is sent once. */
import {
  type ContainerDefinition, DescribeTaskDefinitionCommand, ECSClient, RegisterTaskDefinitionCommand, type TaskDefinition as WireDefinition, UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import { UserError } from '../../errors.ts';
import { type EcsService, readService, shortArn } from './ecs.ts';
import type { AwsSession } from './session.ts';

export interface ServiceUpdate {
  readonly cluster: string;
  readonly service: string;
  readonly forceNewDeployment?: true;
  readonly desiredCount?: number;
  /** `family:revision` or ARN. */
  readonly taskDefinition?: string;
}

/**
 * ECS UpdateService, once.
 *
 * @param doing for the message of an error: `restarting healthflow-backend-service`
 * @returns the service right after it
 * @throws UserError in words a responder can act on; the update may have been made all the same when no answer came
 */
export async function updateService(aws: AwsSession, update: ServiceUpdate, doing: string): Promise<EcsService> {
  const { signal } = new AbortController();
  try {
    const client = aws.writer('ecs', (config) => new ECSClient(config));
    const { service } = await client.send(new UpdateServiceCommand(update), { abortSignal: signal });
    if (service === undefined) {
      throw new UserError(`What answered while ${doing} is not ECS. Something between here and AWS answered: check the proxy, VPN or the setting incidentRunbook.aws.endpoint.`);
    }
    return readService(service);
  } catch (error) {
    throw aws.explain(error, doing, signal);
  }
}

export interface Container {
  readonly name: string;
  readonly image: string;
  /** Hard limit, MiB. */
  readonly memory: number | undefined;
  /** Soft limit, MiB. */
  readonly memoryReservation: number | undefined;
  /** The setting by which the program itself limits its heap, e.g. `--max-old-space-size=1536`. */
  readonly heap: string | undefined;
  /** The commit or version that its labels or variables name. */
  readonly revision?: string;
}

export interface TaskDefinition {
  readonly arn: string;
  /** `family:revision`. */
  readonly name: string;
  readonly family: string;
  readonly revision: number;
  /** False once it is deregistered: then no service can be moved to it. */
  readonly active: boolean;
  readonly fargate: boolean;
  /** CPU units of the whole task, 1024 to a vCPU; undefined where only the containers have limits. */
  readonly cpu: number | undefined;
  /** Of the whole task, MiB. */
  readonly memory: number | undefined;
  readonly containers: readonly Container[];
}

/**
 * ECS DescribeTaskDefinition.
 *
 * @param name `family:revision` or ARN; the family alone stands for its newest active revision
 * @throws UserError in words a responder can act on
 */
export async function describeTaskDefinition(aws: AwsSession, name: string, signal: AbortSignal): Promise<TaskDefinition> {
  return readDefinition((await describeWire(aws, name, signal)).definition);
}

/** Memory of a new revision, MiB; what is left out stays as it is. */
export interface MemoryLimits {
  readonly cpu?: number;
  readonly memory?: number;
  readonly containers: readonly { readonly name: string; readonly memory?: number; readonly memoryReservation?: number }[];
}

/**
 * Registers a revision that differs from another one in its memory only (RegisterTaskDefinition, once). The rest,
 * secrets and tags included, goes straight from AWS to AWS.
 *
 * @param base `family:revision`
 * @throws UserError in words a responder can act on; it may have been registered all the same when no answer came
 */
export async function registerWithMemory(aws: AwsSession, base: string, limits: MemoryLimits): Promise<TaskDefinition> {
  const { signal } = new AbortController();
  const { definition, tags } = await describeWire(aws, base, signal);
  try {
    const client = aws.writer('ecs', (config) => new ECSClient(config));
    const { taskDefinition } = await client.send(new RegisterTaskDefinitionCommand({
      ...registrable(definition),
      family: definition.family,
      containerDefinitions: (definition.containerDefinitions ?? []).map((container) => {
        const { memory, memoryReservation } = limits.containers.find(({ name }) => name === container.name) ?? {};
        return { ...container, ...(memory === undefined ? {} : { memory }), ...(memoryReservation === undefined ? {} : { memoryReservation }) };
      }),
      ...(limits.cpu === undefined ? {} : { cpu: String(limits.cpu) }),
      ...(limits.memory === undefined ? {} : { memory: String(limits.memory) }),
      ...(tags.length === 0 ? {} : { tags }),
    }), { abortSignal: signal });
    return readDefinition(taskDefinition ?? {});
  } catch (error) {
    throw aws.explain(error, `registering a new revision of ${definition.family ?? base}`, signal);
  }
}

interface Described {
  readonly definition: WireDefinition;
  /** Without those of AWS itself, which nobody else may set. */
  readonly tags: { readonly key: string; readonly value: string }[];
}

async function describeWire(aws: AwsSession, name: string, signal: AbortSignal): Promise<Described> {
  try {
    const client = aws.client('ecs', (config) => new ECSClient(config));
    const { taskDefinition, tags = [] } = await client.send(new DescribeTaskDefinitionCommand({ taskDefinition: name, include: ['TAGS'] }), { abortSignal: signal });
    if (taskDefinition === undefined) {
      throw new UserError(`ECS knows no task definition ${name}. Look in the console which one the service uses.`);
    }
    return {
      definition: taskDefinition,
      tags: tags.flatMap(({ key = '', value = '' }) => (key === '' || key.startsWith('aws:') ? [] : [{ key, value }])),
    };
  } catch (error) {
    throw aws.explain(error, `describing the task definition ${name}`, signal);
  }
}

/** Without the fields that AWS writes and refuses to be given. */
function registrable(definition: WireDefinition): Omit<WireDefinition, ReadOnlyField> {
  const {
    taskDefinitionArn: _arn, revision: _revision, status: _status, requiresAttributes: _attributes, compatibilities: _compatibilities,
    registeredAt: _registered, registeredBy: _by, deregisteredAt: _deregistered, deleteRequestedAt: _deleted, ...rest
  } = definition;
  return rest;
}

type ReadOnlyField = 'taskDefinitionArn' | 'revision' | 'status' | 'requiresAttributes' | 'compatibilities' | 'registeredAt' | 'registeredBy' | 'deregisteredAt' | 'deleteRequestedAt';

function readDefinition(definition: WireDefinition): TaskDefinition {
  const { taskDefinitionArn: arn, family = '', revision = 0, status, requiresCompatibilities = [], cpu, memory, containerDefinitions = [] } = definition;
  return {
    arn: arn ?? '', name: shortArn(arn), family, revision,
    active: status === undefined || status === 'ACTIVE',
    fargate: requiresCompatibilities.includes('FARGATE'),
    cpu: numberOf(cpu),
    memory: numberOf(memory),
    containers: containerDefinitions.map((container) => ({
      name: container.name ?? '', image: container.image ?? '',
      memory: container.memory, memoryReservation: container.memoryReservation,
      heap: heapOf(container),
      ...revisionOf(container),
    })),
  };
}

/** Zero and nothing both mean that there is no limit. */
function numberOf(text: string | undefined): number | undefined {
  const value = Number(text);
  return value > 0 ? value : undefined;
}

/** Of Node.js and the JVM. Nothing else of a variable is taken: it may hold secrets. */
const HEAP = /--max[-_]old[-_]space[-_]size[= ]\d+|-Xmx\d+[kmgKMG]?/;

function heapOf({ environment = [], command = [], entryPoint = [] }: ContainerDefinition): string | undefined {
  return [...environment.map(({ value = '' }) => value), [...entryPoint, ...command].join(' ')]
    .flatMap((text) => HEAP.exec(text)?.[0] ?? [])[0];
}

/** The first that is set counts. https://specs.opencontainers.org/image-spec/annotations/ */
const REVISION_LABELS = ['org.opencontainers.image.revision', 'org.opencontainers.image.version', 'version'];
const REVISION_VARIABLES = ['GIT_COMMIT', 'GIT_SHA', 'COMMIT_SHA'];

function revisionOf({ environment = [], dockerLabels = {} }: ContainerDefinition): Pick<Container, 'revision'> {
  const revision = [
    ...REVISION_VARIABLES.map((wanted) => environment.find(({ name }) => name === wanted)?.value),
    ...REVISION_LABELS.map((label) => dockerLabels[label]),
  ].find((value) => value !== undefined && value !== '');
  return revision === undefined ? {} : { revision };
}
