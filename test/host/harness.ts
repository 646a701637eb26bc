/** What the tests inside the extension host share: the commands as calls, the practice environment's controls. */
import * as vscode from 'vscode';
import type { ServiceCall } from '../practice/service-control.ts';
import type { ServiceName } from '../practice/services.ts';
import type { FakeFault } from '../support/fakes/fake-faults.ts';

export interface StepAnswer {
  readonly status: string;
  readonly level?: string;
  readonly summary: string;
  readonly evidence?: { readonly level: string; readonly summary: string; readonly markdown: string; readonly data: Record<string, unknown>; readonly charts?: readonly unknown[] };
  readonly event?: string;
  readonly parts?: readonly Part[];
}

export interface Part {
  readonly step: string;
  readonly outcome: string;
  readonly level: string;
  readonly summary: string;
}

export interface Event {
  readonly id: string;
  readonly type: string;
  readonly at: string;
  readonly [key: string]: unknown;
}

export function call<T>(command: string, argument: Record<string, unknown>): Thenable<T> {
  return vscode.commands.executeCommand<T>(`incidentRunbook.${command}`, argument);
}

export async function declare(title: string, more: Record<string, unknown> = {}): Promise<string> {
  const { incident } = await call<{ incident: string }>('declare', { title, ...more });
  return incident;
}

export function runStep(incident: string | undefined, step: string, inputs: Record<string, unknown> = {}): Thenable<StepAnswer> {
  return call<StepAnswer>('runStep', { step, inputs, ...(incident === undefined ? {} : { incident }) });
}

export async function timeline(incident: string): Promise<readonly Event[]> {
  return (await call<{ events: readonly Event[] }>('timeline', { incident })).events;
}

export interface Delivery {
  readonly id: string;
  readonly target: string;
  readonly service: string;
  readonly state: string;
  readonly text: string;
  readonly reason?: string;
  readonly url?: string;
}

export async function deliveriesOf(incident: string): Promise<readonly Delivery[]> {
  return (await call<{ deliveries: readonly Delivery[] }>('deliveries', { incident })).deliveries;
}

/** Moves the extension's clock; that of the systems it asks goes on as it does. */
export async function advance(minutes: number): Promise<void> {
  const extension = vscode.extensions.getExtension<{ advance(ms: number): Promise<void> }>('incident-runbook.incident-runbook');
  if (extension === undefined) {
    throw new Error('The extension is not installed.');
  }
  await (await extension.activate()).advance(minutes * 60_000);
}

function practiceEndpoint(): string {
  return vscode.workspace.getConfiguration('incidentRunbook').get<string>('aws.endpoint', '');
}

/** Steers the practice environment over its HTTP controls. */
export async function practice(method: 'GET' | 'POST' | 'DELETE', control: string, body?: unknown): Promise<unknown> {
  const answer = await fetch(`${practiceEndpoint()}/_practice/${control}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  if (!answer.ok) {
    throw new Error(`The practice environment refused ${method} ${control}: ${answer.status} ${await answer.text()}`);
  }
  return answer.status === 204 ? undefined : answer.json();
}

/** A call to CloudWatch Logs as an application makes it. */
export async function logs(operation: string, input: object): Promise<void> {
  const answer = await fetch(practiceEndpoint(), {
    method: 'POST', body: JSON.stringify(input),
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `Logs_20140328.${operation}`, authorization: 'AWS4-HMAC-SHA256 Credential=practice/20261123/eu-central-1/logs/aws4_request, SignedHeaders=host, Signature=0' },
  });
  if (!answer.ok) {
    throw new Error(`CloudWatch Logs refused ${operation}: ${answer.status} ${await answer.text()}`);
  }
}

/** What an outside service of the practice environment holds, e.g. `service<SlackState>('slack')`; the mails of `mail`. */
export async function service<T>(name: ServiceName): Promise<T> {
  return await practice('GET', `services/${name}`) as T;
}

/** What was asked of it since the start, or since `practice('DELETE', 'services')`; oldest first. */
export async function serviceCalls(name: ServiceName): Promise<readonly ServiceCall[]> {
  return await practice('GET', `services/${name}/calls`) as readonly ServiceCall[];
}

/** Breaks it until it is mended. @param fault default: it is down */
export async function breakService(name: ServiceName, fault: FakeFault<string> = { kind: 'reset', acted: false }): Promise<void> {
  await practice('POST', `services/${name}/faults`, fault);
}

export async function mendServices(): Promise<void> {
  await practice('DELETE', 'services/faults');
}

/** What contradicted the vendors' descriptions so far, one line each. */
export async function violations(): Promise<readonly string[]> {
  return await practice('GET', 'violations') as readonly string[];
}

/** Runs with another value of a machine setting, and puts the old one back. */
export async function withSetting<T>(name: string, value: unknown, work: () => Promise<T>): Promise<T> {
  const settings = vscode.workspace.getConfiguration('incidentRunbook');
  const before = settings.inspect(name)?.globalValue;
  await settings.update(name, value, vscode.ConfigurationTarget.Global);
  try {
    return await work();
  } finally {
    await settings.update(name, before, vscode.ConfigurationTarget.Global);
  }
}

/** Waits until the condition holds; the error says what it was waiting for and what it saw last. */
export async function eventually<T>(what: string, look: () => T | Promise<T>, holds: (seen: T) => boolean, deadlineMs = 20_000): Promise<T> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const seen = await look();
    if (holds(seen)) {
      return seen;
    }
    if (Date.now() > end) {
      throw new Error(`${what} did not happen within ${deadlineMs} ms; last seen: ${JSON.stringify(seen).slice(0, 500)}`);
    }
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
}

export async function messageOf(promise: Thenable<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  throw new Error('It was expected to fail, and did not.');
}
