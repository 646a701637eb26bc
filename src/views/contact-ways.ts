/** How a contact of the runbook can be reached, and whether now (runbook 13). No vscode here. */
import { formatDuration } from '../incident/clock.ts';
import type { Incident } from '../incident/fold.ts';
import { t } from '../l10n.ts';
import { isReachable, nextReachable } from '../runbook/hours.ts';
import type { Runbook, RunbookContact } from '../runbook/schema.ts';

/** One way to somebody that can be taken from here. */
export interface ContactWay {
  readonly kind: 'page' | 'phone' | 'mail' | 'slack' | 'url';
  /** What is done, as a button says it. */
  readonly title: string;
  /** Number, address, handle or URL; empty for a page. */
  readonly value: string;
}

/** Method of the runbook → the way it is here; the values come from the contact. */
const WAYS: Readonly<Record<string, (contact: RunbookContact) => ContactWay | undefined>> = {
  pagerduty: () => ({ kind: 'page', title: 'Page through PagerDuty', value: '' }),
  phone: ({ phone }) => way('phone', 'Copy the phone number', phone),
  email: ({ email }) => way('mail', 'Write a mail', email),
  slack: ({ slack }) => way('slack', 'Copy the Slack name', slack),
  console: ({ url }) => way('url', 'Open the page', url),
};

/** l10n: table phone, email, console */
const METHOD_NAMES: Readonly<Record<string, string>> = { pagerduty: 'PagerDuty', phone: 'phone', email: 'mail', slack: 'Slack', console: 'web page' };

function way(kind: ContactWay['kind'], title: string, value: string | undefined): ContactWay | undefined {
  return value === undefined ? undefined : { kind, title, value };
}

/** The ways that can be taken, the first to try first; what the runbook names without a number or an address is left out. */
export function contactWays(contact: RunbookContact): ContactWay[] {
  const rest = (['email', 'phone', 'slack', 'console'] as const).filter((method) => !contact.methods.includes(method));
  return [...contact.methods, ...rest].flatMap((method) => WAYS[method]?.(contact) ?? []);
}

/** The ways of the runbook that cannot be taken from here, because it gives no number or address: `phone, Slack`. */
export function missingWays(contact: RunbookContact): string {
  return contact.methods.filter((method) => WAYS[method]?.(contact) === undefined).map((method) => t(/* l10n: table */ METHOD_NAMES[method] ?? method)).join(', ');
}

/** `reachable now`, or when the contact can be reached again. @param now epoch ms */
export function reachability(contact: RunbookContact, runbook: Runbook, now: number): string {
  const next = nextReachable(contact, runbook, now);
  if (next === now) {
    return t('reachable now');
  }
  return next === undefined ? t('outside business hours') : t('outside business hours, reachable in {0}', formatDuration(next - now));
}

/** A contact as a command returns it. */
export interface ContactReport {
  readonly id: string;
  readonly title: string;
  readonly reachable: boolean;
  readonly ways: readonly ContactWay[];
  readonly note?: string;
}

/** Every contact of the runbook, those who can be reached now first. @param now epoch ms */
export function contactReports(runbook: Runbook, now: number): ContactReport[] {
  const all = Object.entries(runbook.contacts).map(([id, contact]): ContactReport => ({
    id, title: contact.title, reachable: isReachable(contact, runbook, now), ways: contactWays(contact),
    ...(contact.note === undefined ? {} : { note: contact.note }),
  }));
  return all.sort((a, b) => Number(b.reachable) - Number(a.reachable));
}

/**
 * Path and query of a `mailto:` URI. VS Code writes a URI down decoded and then escapes it as a whole, so characters
 * that part the fields of a query cannot be escaped in it: they become blanks.
 */
export function mailTo(address: string, incident: Pick<Incident, 'id' | 'severity' | 'title'> | undefined): { readonly path: string; readonly query: string } {
  const subject = incident === undefined ? '' : [incident.id, incident.severity, incident.title].filter((part) => part !== undefined).join(' ');
  return { path: address, query: subject === '' ? '' : `subject=${subject.replace(/[&#?+=\s]+/g, ' ').trim()}` };
}
