/** Where a change of max_connections, and the reboot after it, stand: judged from one look. */
import type { JsonObject } from '../incident/plan.ts';
import type { DatabaseInstance, DatabaseParameter } from '../services/aws/rds.ts';
import { brokenMeaning, instanceTable, isOperable, isSet } from './database-instance.ts';
import type { Outlook } from './step.ts';

/** For so long RDS may show the state of before after it has taken a change, ms. */
const LAG_MS = 60_000;

interface Seen {
  readonly instance: DatabaseInstance;
  /** max_connections in the group; undefined when the group does not have it. */
  readonly parameter: DatabaseParameter | undefined;
  /** Since RDS took the call, ms; undefined when it is not known that it did. */
  readonly sinceMs: number | undefined;
}

/** Whether the group is as the plan says, and what the instance makes of it. */
export function parameterOutlook({ instance, parameter, sinceMs, before, after }: Seen & { readonly before: JsonObject; readonly after: JsonObject }): Outlook {
  const { identifier, parameterStatus } = instance;
  const group = String(after['parameterGroup']);
  const value = parameter?.value ?? null;
  const data = { value, parameterStatus, status: instance.status };
  const seen = { data, markdown: instanceTable(instance) };
  const set = isSet(parameter);
  const isThere = after['value'] === null ? !set : set && value === after['value'];
  const isAsBefore = before['set'] === true ? set && value === before['value'] : !set;
  const words = after['value'] === null ? 'left to the default of RDS' : String(after['value']);
  if (!isThere) {
    const now = value ?? 'not set';
    if (!isAsBefore) {
      return { ...seen, state: 'unclear', summary: `max_connections in ${group} is ${now}, which is neither the value of before nor ${words}: somebody else has changed it` };
    }
    return sinceMs === undefined ? { ...seen, state: 'not made', summary: `max_connections in ${group} is ${now}, as before` }
      : sinceMs < LAG_MS ? { ...seen, state: 'underway', summary: `RDS has taken the change and still shows ${now}` }
        : { ...seen, state: 'failed', summary: `RDS took the change, and max_connections in ${group} is ${now} as before: somebody has set it back` };
  }
  const there = `max_connections in ${group} is ${words}`;
  if (instance.parameterGroup !== group) {
    return { ...seen, state: 'unclear', summary: `${there}, but ${identifier} takes its parameters from ${instance.parameterGroup} now` };
  }
  if (parameterStatus === 'failed-to-apply') {
    return { ...seen, state: 'failed', summary: `${there}, but ${identifier} could not apply its parameters (failed-to-apply): check them in the group` };
  }
  if (parameterStatus === 'applying') {
    return { ...seen, state: 'underway', summary: `${there}, and ${identifier} is applying it`, portion: 0.5 };
  }
  if (after['method'] === 'immediate') {
    return { ...seen, state: 'done', summary: `${there} and takes effect at once; the parameters of ${identifier} are ${parameterStatus}` };
  }
  if (parameterStatus !== 'pending-reboot' && sinceMs !== undefined && sinceMs < LAG_MS) {
    return { ...seen, state: 'underway', summary: `${there}; ${identifier} does not show yet that it waits for a reboot (${parameterStatus})`, portion: 0.5 };
  }
  return { ...seen, state: 'done', summary: parameterStatus === 'pending-reboot'
    ? `${there}. It takes effect after a reboot of ${identifier}: plan it with the same step and the input reboot: true`
    : `${there}. It takes effect after a reboot; ${identifier} is ${parameterStatus}, so either it has been rebooted meanwhile or RDS has not noticed yet` };
}

/** Whether the instance is back with its parameters in effect. */
export function rebootOutlook({ instance, parameter, sinceMs }: Seen): Outlook {
  const { identifier, status, parameterGroup, parameterStatus } = instance;
  const value = parameter?.value ?? null;
  const seen = { data: { value, parameterStatus, status }, markdown: instanceTable(instance) };
  const broken = brokenMeaning(status);
  if (broken !== undefined) {
    return { ...seen, state: 'failed', summary: `${identifier} is "${status}" after the reboot: ${broken}` };
  }
  if (!isOperable(status)) {
    return { ...seen, state: 'underway', summary: `${identifier} is ${status}` };
  }
  switch (parameterStatus) {
    case 'in-sync':
      return { ...seen, state: 'done', summary: `${identifier} is ${status} again and its parameters are in effect${value === null ? '' : `: max_connections ${value}`}` };
    case 'pending-reboot':
      return sinceMs === undefined ? { ...seen, state: 'not made', summary: `${identifier} is ${status} and ${parameterGroup} still waits for a reboot` }
        : sinceMs < LAG_MS ? { ...seen, state: 'underway', summary: `RDS has taken the reboot; ${identifier} is still ${status}` }
          : { ...seen, state: 'failed', summary: `${identifier} is ${status} and ${parameterGroup} still waits for a reboot: it did not restart, or a parameter was changed again meanwhile` };
    case 'failed-to-apply':
      return { ...seen, state: 'failed', summary: `${identifier} is ${status} again but could not apply its parameters (failed-to-apply): check max_connections in ${parameterGroup}` };
    default:
      return { ...seen, state: 'underway', summary: `${identifier} is ${status}, its parameters are ${parameterStatus}`, portion: 0.8 };
  }
}
