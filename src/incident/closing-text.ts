/** The closing comment and the resolution notice (runbook 9.2, 9.3): the runbook's templates, filled from the timeline. */
import { durationInWords } from './clock.ts';
import type { Incident } from './fold.ts';
import { utc } from './markdown.ts';
import { onOneLine } from './shorten.ts';

/** Label before a placeholder, or its own name, in lower case → what stands there; undefined is not known. */
export type ClosingFields = Readonly<Record<string, string | undefined>>;

export interface FilledTemplate {
  readonly text: string;
  /** Placeholders that nothing is known for, by their label. Such a text is not sent. */
  readonly missing: readonly string[];
}

/** A placeholder with the label before it, but neither a check box nor a link. */
const PLACEHOLDER = /(?:([A-Za-z][A-Za-z /-]*):[ \t]*)?\[([^\]\n]+)\](?!\()(\.?)/g;

/**
 * Fills the `[placeholders]` of a template. The same placeholder stands for different things ("Root cause:
 * [description]. Resolution: [description]."), so the label before it says which.
 *
 * @param escape makes the values harmless where the text is Markdown
 */
export function fillClosing(template: string, fields: ClosingFields, escape: (value: string) => string = (value) => value): FilledTemplate {
  const missing: string[] = [];
  const text = template.replace(PLACEHOLDER, (whole: string, label: string | undefined, name: string, stop: string) => {
    if (/^[ xX]$/.test(name)) {
      return whole;
    }
    const key = [label, name].map((word) => word?.trim().toLowerCase() ?? '').find((word) => Object.hasOwn(fields, word));
    const value = key === undefined ? undefined : fields[key];
    if (value === undefined || value.trim() === '') {
      missing.push(key ?? label?.trim() ?? name);
      return whole;
    }
    const ended = stop === '' ? value : value.replace(/\.+$/, '');
    return `${whole.slice(0, whole.length - stop.length - name.length - 2)}${escape(onOneLine(ended))}${stop}`;
  });
  return { text, missing: [...new Set(missing)] };
}

/** What the timeline knows of the end. @param component what was affected, as people call it */
export function closingFields(incident: Incident, component: string): ClosingFields {
  const { resolution, times: { detected, impactStarted, resolved } } = incident;
  const end = resolution === undefined ? undefined : resolved;
  const start = impactStarted !== undefined && (end === undefined || impactStarted.at <= end.at) ? impactStarted : detected;
  const duration = end === undefined ? undefined : spanOf(start.at, end.at);
  return {
    'root cause': resolution?.rootCause, 'resolution': resolution?.resolution,
    'incident start': start === impactStarted ? timeOf(start.at) : `${timeOf(start.at)} (detected; when it began is not known)`,
    'incident end': end === undefined ? undefined : timeOf(end.at),
    'duration': duration, 'time': duration, 'component': component, 'brief description': incident.title,
    'severity': incident.severity, 'incident': incident.id,
  };
}

/** `1 hour 5 minutes from detection to resolution, 1 hour 12 minutes from the start of the impact`; undefined before the end. */
export function closingDuration({ resolution, times: { detected, impactStarted, resolved } }: Incident): string | undefined {
  if (resolution === undefined || resolved === undefined) {
    return undefined;
  }
  const impact = impactStarted === undefined || impactStarted.at > resolved.at ? '' : `, ${spanOf(impactStarted.at, resolved.at)} from the start of the impact`;
  return `${spanOf(detected.at, resolved.at)} from detection to resolution${impact}`;
}

/** The subject that a template of a mail begins with, and the rest. */
export function splitSubject(text: string): { readonly subject: string | undefined; readonly body: string } {
  const [, subject, body = ''] = /^Subject:[ \t]*([^\n]+)\n+([^]*)$/.exec(text) ?? [];
  return subject === undefined ? { subject, body: text } : { subject: subject.trim(), body };
}

function spanOf(from: string, to: string): string {
  return durationInWords(Date.parse(to) - Date.parse(from));
}

function timeOf(at: string): string {
  return utc(Date.parse(at));
}
