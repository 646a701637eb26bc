/** What a person reads of the timeline on the ticket: a short passage for each event, Markdown. */
import { describeEvent } from '../../incident/describe.ts';
import type { StepFinished, TimelineEvent } from '../../incident/events.ts';
import type { Chart } from '../../incident/evidence.ts';
import { excerptMarkdown } from '../../incident/excerpt.ts';
import { planMarkdown } from '../../incident/plan-markdown.ts';
import { isHttps } from '../../incident/links.ts';
import { withoutMarks } from '../../incident/markers.ts';
import { escapeMarkdown, levelMark, sparkline, utc } from '../../incident/markdown.ts';
import { lowerFirst } from '../../text.ts';
import { serviceName } from '../../incident/service-names.ts';

/** Finds the event that another one names; what is asked for in one comment is often done in the next. */
export type FindEvent = (id: string) => TimelineEvent | undefined;

interface Passage {
  readonly kind: 'paragraph' | 'bullet';
  readonly markdown: string;
}

const FIRST_LINE = 120;

/** The events as a person reads them, one passage each; a delivery that is asked for and made is one line. */
export function tell(events: readonly TimelineEvent[], find: FindEvent): string {
  const passages = events.flatMap((event, index): Passage[] => {
    const outcome = event.type === 'delivery.requested' ? events.slice(index + 1).findLast((later) => 'request' in later && later.request === event.id) : undefined;
    const isTold = 'request' in event && events.slice(0, index).some(({ id }) => id === event.request);
    return isTold ? [] : [outcome === undefined ? passageOf(event, find) : bullet(deliveryLine(outcome, find), event)];
  });
  return quiet(passages.map(({ kind, markdown }, index) => (kind === 'bullet' && passages[index - 1]?.kind === 'bullet' ? `\n${markdown}` : `\n\n${markdown}`)).join('').trim());
}

function passageOf(event: TimelineEvent, find: FindEvent): Passage {
  switch (event.type) {
    case 'delivery.requested':
    case 'delivery.attempted':
    case 'delivery.done':
    case 'delivery.failed':
    case 'delivery.unknown':
    case 'delivery.held':
    case 'delivery.retried':
    case 'delivery.discarded':
      return bullet(deliveryLine(event, find), event);
    case 'step.released': {
      const claim = find(event.claim);
      return bullet(`Ended ${claim?.type === 'step.claimed' ? escapeMarkdown(claim.step) : 'a step'}`, event);
    }
    case 'ticket.linked':
      return bullet('Follows the incident on this ticket', event);
    case 'incident.declared':
    case 'severity.set':
    case 'incident.closed':
    case 'incident.reopened':
      return paragraph(event, lines(describeEvent(event).detail));
    case 'finding.documented':
      return paragraph(event, [lines(event.text), ...excerptMarkdown(event.excerpt)].join('\n\n'));
    case 'change.planned':
      return paragraph(event, planMarkdown(event.plan));
    case 'update.posted':
      return paragraph(event, lines(event.text));
    case 'step.finished':
      return paragraph(event, stepBody(event));
    default: {
      const { title, detail } = describeEvent(event);
      return bullet(`${escapeMarkdown(title)}${detail === '' ? '' : `: ${escapeMarkdown(detail)}`}`, event);
    }
  }
}

function paragraph(event: TimelineEvent, body: string): Passage {
  return { kind: 'paragraph', markdown: [`**${escapeMarkdown(describeEvent(event).title)}** · ${byline(event)}`, ...(body === '' ? [] : [body])].join('\n\n') };
}

function bullet(text: string, event: TimelineEvent): Passage {
  return { kind: 'bullet', markdown: `- ${text} · ${byline(event)}` };
}

function byline({ actor, at }: TimelineEvent): string {
  return `${escapeMarkdown(actor.name)}, ${utc(Date.parse(at))}`;
}

function deliveryLine(event: TimelineEvent, find: FindEvent): string {
  const asked = event.type === 'delivery.requested' ? event : 'request' in event ? find(event.request) : undefined;
  const delivery = asked?.type === 'delivery.requested' ? asked.delivery : undefined;
  const target = delivery === undefined ? 'A delivery' : `To **${escapeMarkdown(delivery.target)}** (${serviceName(delivery.service)})`;
  if (event.type === 'delivery.requested') {
    const [first = ''] = event.delivery.text.split('\n');
    return `${target}: on its way. ${escapeMarkdown(first.length > FIRST_LINE ? `${first.slice(0, FIRST_LINE)}…` : first)}`.trim();
  }
  const { title, detail } = describeEvent(event);
  if (event.type === 'delivery.done') {
    const link = isHttps(event.url) ? `[${title.toLowerCase()}](${linkTarget(event.url)})` : title.toLowerCase();
    return `${target}: ${link}${event.note === undefined ? '' : `. ${escapeMarkdown(event.note)}`}`;
  }
  return `${target}: ${lowerFirst(title)}${detail === '' ? '' : `: ${escapeMarkdown(detail)}`}`;
}

function stepBody({ result, parts = [] }: StepFinished): string {
  const evidence = [result, ...parts].flatMap(({ title, evidence: seen }) => {
    const links = (seen?.links ?? []).filter(({ url }) => isHttps(url)).map((link) => `[${escapeMarkdown(link.title)}](${linkTarget(link.url)})`);
    const text = [...(seen?.charts ?? []).map(chartLines), ...(seen === undefined || seen.markdown.trim() === '' ? [] : [seen.markdown.trim()]), ...links].join('\n\n');
    return text === '' ? [] : [parts.length === 0 ? text : `**${escapeMarkdown(title)}**\n\n${text}`];
  });
  return [
    `${levelMark(result.level)} ${result.outcome === 'done' ? '' : `${result.outcome}: `}${escapeMarkdown(result.summary)}`,
    ...(parts.length === 0 ? [] : [parts.map((part) => `- ${levelMark(part.level)} **${escapeMarkdown(part.title)}**: ${escapeMarkdown(part.summary)}`).join('\n')]),
    ...(evidence.length === 0 ? [] : [`<details><summary>Evidence</summary>\n\n${evidence.join('\n\n')}\n\n</details>`]),
  ].join('\n\n');
}

/** GitHub shows no drawings that are part of a text. */
function chartLines({ title, unit, series, limit }: Chart): string {
  return series.map(({ label, points }) => {
    const values = points.map(([, value]) => value);
    return `- ${escapeMarkdown(title)}, ${escapeMarkdown(label)}: ${sparkline(values, limit?.value)} ${values.at(-1) ?? 'no data'} ${escapeMarkdown(unit)}${limit === undefined ? '' : ` (${escapeMarkdown(limit.label)})`}`;
  }).join('\n');
}

/** Outside text with its line breaks, which GitHub keeps in comments. */
function lines(text: string): string {
  return text.trim().split(/\r?\n/).map(escapeMarkdown).join('\n');
}

function linkTarget(url: string): string {
  return new URL(url).href.replaceAll('(', '%28').replaceAll(')', '%29');
}

const FENCE = /^ {0,3}(`{3,}|~{3,})/;

/**
 * Evidence quotes what strangers wrote into a log. It must not call people (`@name` does, escaped or not; in code it
 * does not), and nothing in it may pass for a hidden event.
 */
function quiet(markdown: string): string {
  let fence = '';
  return withoutMarks(markdown).split('\n').map((line) => {
    const [, run = ''] = FENCE.exec(line) ?? [];
    const isInside = fence !== '';
    fence = nextFence(fence, run, line);
    return isInside || run !== '' ? line : line.replace(/(?<![\w/])@(?=\w)/g, '@\u200b');
  }).join('\n');
}

/** The fence that is open after a line. @param run of backticks or tildes at the beginning of the line */
function nextFence(fence: string, run: string, line: string): string {
  if (fence === '') {
    return run;
  }
  return run.startsWith(fence) && line.trim() === run ? '' : fence;
}

/**
 * Cuts Markdown at the end of a line, and closes what is open there.
 *
 * @param length in characters, `ending` included
 */
export function shorten(markdown: string, length: number, ending: string): string {
  if (markdown.length <= length) {
    return markdown;
  }
  // Room for a fence, the end of the details and the blank lines between.
  let text = markdown.slice(0, Math.max(0, length - ending.length - 120)).replace(/[\uD800-\uDBFF]$/, '');
  text = text.slice(0, text.lastIndexOf('\n') > text.length / 2 ? text.lastIndexOf('\n') : text.length);
  const fence = text.split('\n').reduce((open, line) => nextFence(open, FENCE.exec(line)?.[1] ?? '', line), '');
  const isOpen = text.split('<details>').length > text.split('</details>').length;
  return `${text}${fence === '' ? '' : `\n${fence.slice(0, 100)}`}${isOpen ? '\n\n</details>' : ''}\n\n${ending}`;
}
