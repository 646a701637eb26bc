/** What a line of code says of the errors that it has thrown. No vscode here. */
import { formatDuration } from '../../incident/clock.ts';
import { inlineCode } from '../../incident/markdown.ts';
import { t, tn } from '../../l10n.ts';
import type { ErrorLine, ShapeCount } from '../../logs/error-counts.ts';

/** The one command that the hover may run. */
export const SHOW_MESSAGE = 'incidentRunbook.showLogMessage';

/** Shapes that a hover lists. */
const MAX_LISTED = 8;

/** Several places of deployed files can be one line of the editor: two commits run, or the file was deployed twice. */
export function mergeErrorLines(lines: readonly ErrorLine[]): Omit<ErrorLine, 'place'> {
  const shapes = new Map<string, ShapeCount>();
  for (const shape of lines.flatMap((line) => line.shapes)) {
    const known = shapes.get(shape.shape);
    const newest = known === undefined || shape.lastAt >= known.lastAt ? shape : known;
    shapes.set(shape.shape, { ...newest, count: shape.count + (known?.count ?? 0) });
  }
  return {
    count: lines.reduce((sum, { count }) => sum + count, 0),
    lastAt: Math.max(...lines.map(({ lastAt }) => lastAt)),
    others: lines.reduce((sum, { others }) => sum + others, 0),
    shapes: [...shapes.values()].sort((one, other) => other.count - one.count || other.lastAt - one.lastAt),
  };
}

/** `ERROR ×41, last 12 s ago`, for the end of the line. @param now epoch ms */
export function errorLineText({ count, lastAt }: Omit<ErrorLine, 'place'>, now: number): string {
  return t('ERROR ×{0}, last {1} ago', count, formatDuration(now - lastAt));
}

/** Markdown; what the logs say in it is code, so that nothing in it means anything. @param now epoch ms */
export function errorLineHover({ count, shapes, others }: Omit<ErrorLine, 'place'>, windowMs: number, now: number): string {
  const rows = shapes.slice(0, MAX_LISTED).map(({ shape, count: times, lastAt, line }) => {
    const show = `[${t('Show in log')}](command:${SHOW_MESSAGE}?${encodeURIComponent(JSON.stringify([{ line }]))})`;
    return `- **×${times}** ${inlineCode(shape)}  \n  ${t('last {0} ago', formatDuration(now - lastAt))} · ${show}`;
  });
  const unlisted = shapes.slice(MAX_LISTED).reduce((sum, shape) => sum + shape.count, others);
  return [
    `**${tn('{0} error thrown here in the last {1}', '{0} errors thrown here in the last {1}', count, formatDuration(windowMs))}**`,
    rows.join('\n'),
    ...(unlisted === 0 ? [] : [tn('{0} error with another message', '{0} errors with other messages', unlisted)]),
  ].join('\n\n');
}
