/** Runbook 5.1 and 5.2: what the application logs say. */
import { UserError } from '../errors.ts';
import { formatDuration, iso } from '../incident/clock.ts';
import type { Level } from '../incident/evidence.ts';
import type { Incident } from '../incident/fold.ts';
import { groupByShape } from '../logs/shape.ts';
import type { LogEvent, LogQuery } from '../services/aws/logs.ts';
import type { AwsSession } from '../services/aws/session.ts';
import { plural } from '../text.ts';
import { codeBlock, escapeMarkdown, inlineCode, levelMark, table, utc } from '../incident/markdown.ts';
import type { Inputs } from './inputs.ts';
import type { ReadAction, StepContext } from './step.ts';
import { streamRequest } from './stream-request.ts';

/** Events read before the search stops and says so; grouping more would not change the picture. */
const MOST_EVENTS = 20_000;
/** Errors this recent are happening now, ms. */
const NOW_MS = 5 * 60_000;
const GROUPS_SHOWN = 20;

export interface FoundLines {
  readonly found: readonly LogEvent[];
  /** Why a log group could not be read, a sentence for each. */
  readonly missing: readonly string[];
  /** Whether there are more than were read. */
  readonly cut: boolean;
}

/**
 * The lines of the log groups that match, up to `MOST_EVENTS` of each.
 *
 * @param query `from` and `to` in epoch ms
 * @throws UserError when the only log group cannot be read; of several, those that can are read
 */
export async function findLines(aws: AwsSession, groups: readonly string[], query: Omit<LogQuery, 'group'>, signal: AbortSignal): Promise<FoundLines> {
  const { filterLogEvents } = await import('../services/aws/logs.ts');
  const missing: string[] = [];
  let cut = false;
  const found = (await Promise.all(groups.map(async (group) => {
    const events: LogEvent[] = [];
    try {
      for await (const page of filterLogEvents(aws, { ...query, group }, signal)) {
        events.push(...page);
        if (events.length >= MOST_EVENTS) {
          cut = true;
          break;
        }
      }
    } catch (error) {
      if (!(error instanceof UserError) || groups.length === 1) {
        throw error;
      }
      missing.push(error.message);
    }
    return events;
  }))).flat();
  return { found, missing, cut };
}

/** FilterLogEvents for ERROR, grouped by message shape (runbook 5.2; `aws logs filter-pattern` is not a command). */
export const searchErrors: ReadAction = {
  kind: 'read',
  async run({ environment, services, clock }, inputs, signal) {
    const names = inputs.list('logGroups', environment.data.aws?.logGroups);
    const pattern = inputs.text('pattern', 'ERROR');
    const minutes = inputs.count('minutes', { min: 1, max: 10_080, fallback: 60 });
    const now = clock.now();
    const { found, missing, cut } = await findLines(services.aws(environment), names, { pattern, from: now - minutes * 60_000, to: now + 1 }, signal);
    const groups = groupByShape(found);
    const recent = found.filter(({ at }) => now - at <= NOW_MS).length;
    const level: Level = recent > 0 ? 'bad' : found.length > 0 ? 'warn' : missing.length > 0 ? 'unknown' : 'ok';
    const top = groups[0];
    return {
      level,
      summary: top === undefined
        ? `No ${pattern} in ${minutes} min`
        : `${cut ? `${found.length}+ lines` : plural(found.length, 'line')} with ${pattern} in ${plural(groups.length, 'shape')}, ${recent} in the last 5 min; most often: ${top.shape.slice(0, 100)} (×${top.count})`,
      markdown: [
        ...missing.map((message) => `${levelMark('unknown')} ${escapeMarkdown(message)}`),
        ...(cut ? [`Only the first ${MOST_EVENTS} lines were read: narrow the time or the pattern to see the rest.`] : []),
        groups.length === 0
          ? `No line matches ${inlineCode(pattern)} in the last ${minutes} min.`
          : table(['Count', 'Message shape', 'First seen', 'Last seen', 'Streams'], groups.slice(0, GROUPS_SHOWN).map((group) => [
            String(group.count), inlineCode(group.shape), utc(group.firstAt), `${utc(group.lastAt)} (${formatDuration(now - group.lastAt)} ago)`, String(group.streams),
          ])),
        ...(groups.length > GROUPS_SHOWN ? [`${plural(groups.length - GROUPS_SHOWN, 'rarer shape')} not shown.`] : []),
        ...groups.slice(0, 3).map((group) => `**Newest of** ${inlineCode(group.shape)}\n\n${codeBlock(group.sample.slice(0, 3_000))}`),
      ].join('\n\n'),
      data: {
        pattern, minutes, total: found.length, recent, truncated: cut,
        groups: groups.slice(0, GROUPS_SHOWN).map((group) => ({ shape: group.shape, count: group.count, firstAt: iso(group.firstAt), lastAt: iso(group.lastAt), sample: group.sample.slice(0, 1_000) })),
      },
    };
  },
};

/** Without an incident the stream begins so long ago, ms. */
const SINCE_MS = 60 * 60_000;
/** However long ago the impact began: the errors of today say more than a week of lines, ms. */
const DEEPEST_MS = 24 * 60 * 60_000;

/**
 * The log stream, live, into the log channel (runbook 5.1).
 * Inputs: logGroups, pattern; since (ISO 8601) or sinceMinutes. Without them since the impact began, at most 24 h ago;
 * while nobody knows when that was since the incident was detected, at least an hour; without an incident since an hour.
 */
export const tailLogs: ReadAction = {
  kind: 'read',
  async run(context, inputs, signal) {
    const { environment, services, clock, incident } = context;
    const groups = inputs.list('logGroups', environment.data.aws?.logGroups);
    const now = clock.now();
    const from = streamStart(context, inputs, now);
    const { shown, errors } = await services.logStreams.start(streamRequest(context, {
      groups,
      pattern: inputs.optionalText('pattern') ?? '',
      from,
      ...(incident === undefined ? {} : { incident: incident.id }),
    }), signal);
    return {
      level: 'ok',
      summary: `Streaming ${groups.join(', ')}: ${plural(shown, 'line')} since ${formatDuration(now - from)}, ${errors} with ERROR`,
      markdown: `The stream began at ${utc(from)}. It runs in the output channel **Incident Logs** and ends with the incident or with **Incident: Stop Log Stream**.\n\n${groups.map((group) => `- ${inlineCode(group)}`).join('\n')}`,
      data: { groups, since: iso(from), sinceMinutes: Math.round((now - from) / 60_000), shown, errors },
    };
  },
};

/** Epoch ms. */
function streamStart({ incident }: Pick<StepContext, 'incident'>, inputs: Inputs, now: number): number {
  const since = inputs.time('since');
  if (since !== undefined && Date.parse(since) > now) {
    throw new UserError(`tailLogs: input "since" must not be in the future, not ${since}.`);
  }
  const minutes = inputs.optionalCount('sinceMinutes', { min: 1, max: 1440 });
  if (since !== undefined) {
    return Date.parse(since);
  }
  if (minutes !== undefined) {
    return now - minutes * 60_000;
  }
  return defaultSince(incident, now);
}

/** Since when the logs of an incident are shown unless somebody says so, epoch ms. @param now epoch ms */
export function defaultSince(incident: Pick<Incident, 'times'> | undefined, now: number): number {
  const impact = incident?.times.impactStarted?.at;
  // What is detected has begun before.
  const begun = impact === undefined ? Math.min(now - SINCE_MS, Date.parse(incident?.times.detected.at ?? iso(now))) : Date.parse(impact);
  return Math.min(now, Math.max(begun, now - DEEPEST_MS));
}
