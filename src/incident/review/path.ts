/** Where the review document of an incident is kept. */
import type { Incident } from '../fold.ts';

export const REVIEW_PATH = 'docs/incidents/${date}-${slug}.md';

/** Of the part of a file's name that comes from the title, in characters. */
const LONGEST_SLUG = 60;

/**
 * The path from the setting, filled: `${date}` of the detection (UTC), `${slug}` of the title, `${incident}`, the id.
 *
 * @returns relative to the workspace folder, with slashes; undefined when it is none (absolute, outside, no Markdown file)
 */
export function reviewPath(incident: Pick<Incident, 'id' | 'title' | 'times'>, setting: string): string | undefined {
  const values: Readonly<Record<string, string>> = { date: incident.times.detected.at.slice(0, 10), slug: slugOf(incident.title) || incident.id.toLowerCase(), incident: incident.id };
  const filled = setting.trim().replace(/\$\{(\w+)\}/g, (placeholder: string, name: string) => values[name] ?? placeholder);
  return isInside(filled) ? filled.replace(/^\.\//, '') : undefined;
}

/** Whether a path stays below the folder by its words; links are looked at when it is written. */
export function isInside(file: string): boolean {
  return /\.md$/i.test(file) && !/^[/\\]|^[a-z]:|\\|\0/i.test(file) && !file.split('/').some((part) => part === '..' || part === '');
}

/** The review document that the timeline knows of, relative to the workspace folder. */
export function reviewFileOf({ reviewFile, deliveries }: Pick<Incident, 'reviewFile' | 'deliveries'>): string | undefined {
  // One that was written late, after the step had ended, is named by its delivery only.
  const written = deliveries.findLast(({ service, call, state }) => service === 'workspace' && call === 'writeReview' && state === 'done')?.result?.['file'];
  return typeof written === 'string' ? written : reviewFile;
}

function slugOf(title: string): string {
  return title.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '-').slice(0, LONGEST_SLUG).replace(/^-+|-+$/g, '');
}
