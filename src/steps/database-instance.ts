/** What the changes to the database share: which instance they may touch, and what its states mean. */
import { UserError } from '../errors.ts';
import { commandLine } from '../incident/command-line.ts';
import { escapeMarkdown, inlineCode, table } from '../incident/markdown.ts';
import type { Hazard } from '../incident/plan.ts';
import type { DatabaseInstance, DatabaseParameter } from '../services/aws/rds.ts';
import type { Inputs } from './inputs.ts';
import type { ChangeContext } from './step.ts';

/** As the plans call the system. */
export const RDS = 'Amazon RDS';

/** States from which RDS does not come back by itself, and what they mean (RDS User Guide, "DB instance status"). */
const BROKEN: Readonly<Record<string, string>> = {
  'failed': 'it has failed and RDS cannot recover it: restore it from a snapshot or to a point in time',
  'inaccessible-encryption-credentials': 'its encryption key cannot be used: check the KMS key',
  'incompatible-credentials': 'its credentials in Secrets Manager cannot be used',
  'incompatible-network': 'its network does not fit any more: check its subnets and their free addresses',
  'incompatible-option-group': 'an option does not fit: correct its option group',
  'incompatible-parameters': 'a parameter does not fit the instance: correct its parameter group, then reboot it',
  'incompatible-restore': 'it cannot be restored to that point in time',
  'insufficient-capacity': 'AWS has not enough capacity of that class in its zone: choose another class',
  'restore-error': 'it could not be restored',
  'storage-full': 'its storage is full: give it more storage first',
};

/** The database answers in these states, whatever else goes on. */
const OPERABLE: ReadonlySet<string> = new Set([
  'available', 'backing-up', 'configuring-enhanced-monitoring', 'configuring-iam-database-auth', 'configuring-log-exports', 'storage-optimization', 'storage-config-upgrade', 'storage-initialization',
]);

const GOING_ON: Readonly<Record<string, string>> = {
  'backing-up': 'a backup is being taken',
  'maintenance': 'maintenance is being applied',
  'storage-optimization': 'its storage is being optimized, which can take hours',
  'stopped': 'it is stopped and must be started first',
};

/** What a state means that needs a person; undefined for all others. */
export function brokenMeaning(status: string): string | undefined {
  return BROKEN[status];
}

export function isOperable(status: string): boolean {
  return OPERABLE.has(status);
}

/** The hazard, or nothing, for a list of them. */
export function hazardIf(there: boolean, level: Hazard['level'], text: string): readonly Hazard[] {
  return there ? [{ level, text }] : [];
}

/** Whether the group itself sets it; a formula that RDS supplies is not set. */
export function isSet(parameter: DatabaseParameter | undefined): boolean {
  const { value, source = '' } = parameter ?? {};
  return value !== undefined && (source === '' ? /^\d+$/.test(value) : source === 'user');
}

/** The environment's instance. @throws UserError for any other: what another environment has is never touched */
export function instanceOf({ environment }: ChangeContext, inputs: Inputs): string {
  const own = environment.data.aws?.databaseInstance;
  const wanted = inputs.text('instance', own);
  if (wanted !== own) {
    throw new UserError(`"${wanted}" is not the database instance of "${environment.key}"${own === undefined ? ', which names none' : ` (that is ${own})`}. Nothing was changed. Correct the input "instance", or the runbook's environment.`);
  }
  return wanted;
}

/** @throws UserError unless the instance is `available`, with what it is doing and what to do */
export function requireAvailable({ identifier, status }: DatabaseInstance, region: string, doing: string): void {
  if (status === 'available') {
    return;
  }
  const meaning = BROKEN[status] ?? GOING_ON[status];
  const next = BROKEN[status] !== undefined ? 'Put that right first.'
    : `Wait until it is available (${commandLine('aws', 'rds', 'wait', 'db-instance-available', '--db-instance-identifier', identifier, '--region', region)}) and plan it again.`;
  throw new UserError(`${identifier} is "${status}"${meaning === undefined ? '' : `: ${meaning}`}. ${doing} needs an instance that is available. ${next}`);
}

/** The instance as it is now, Markdown. */
export function instanceTable({ identifier, instanceClass, status, parameterGroup, parameterStatus, pending }: DatabaseInstance): string {
  return table(['Instance', 'Class', 'State', 'Parameters', 'Pending'], [[
    inlineCode(identifier), escapeMarkdown(instanceClass), escapeMarkdown(status), escapeMarkdown(`${parameterGroup} ${parameterStatus}`.trim()),
    pending.length === 0 ? 'nothing' : escapeMarkdown(pending.map(({ name, to }) => `${name} ${to}`).join(', ')),
  ]]);
}

const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const DAY_MIN = 1440;

/**
 * Whether a window of RDS (`03:00-03:30` each day, `sun:04:00-sun:05:00` each week, UTC) is open.
 *
 * @param now epoch ms
 */
export function isInWindow(window: string, now: number): boolean {
  const [, fromDay, fromHour, fromMinute, toDay, toHour, toMinute] = /^(?:(\w{3}):)?(\d\d):(\d\d)-(?:(\w{3}):)?(\d\d):(\d\d)$/.exec(window) ?? [];
  if (fromHour === undefined) {
    return false;
  }
  const weekly = fromDay !== undefined;
  const minutes = (day: string | undefined, hour: string | undefined, minute: string | undefined): number =>
    (weekly ? WEEKDAYS.indexOf(day ?? '') * DAY_MIN : 0) + Number(hour) * 60 + Number(minute);
  const date = new Date(now);
  const [from, to] = [minutes(fromDay, fromHour, fromMinute), minutes(toDay, toHour, toMinute)];
  const at = (weekly ? date.getUTCDay() * DAY_MIN : 0) + date.getUTCHours() * 60 + date.getUTCMinutes();
  return from <= to ? at >= from && at < to : at >= from || at < to;
}
