/** Reaches a contact of the runbook (13): pages, opens a mail, copies a number. */
import * as vscode from 'vscode';
import { UserError } from '../errors.ts';
import type { Clock } from '../incident/clock.ts';
import type { Incident } from '../incident/fold.ts';
import { t } from '../l10n.ts';
import { contactById } from '../runbook/query.ts';
import type { Runbook, RunbookContact } from '../runbook/schema.ts';
import { type ContactReport, type ContactWay, contactReports, contactWays, mailTo, missingWays, reachability } from './contact-ways.ts';

export interface ContactFlowDeps {
  readonly runbook: () => Promise<Runbook>;
  readonly clock: Clock;
  /** @throws UserError when there is no such incident */
  readonly incident: (id: string) => Promise<Incident>;
  /** Runs the step `pageOnCall` (runbook 4.4), asking for the incident when none is given. */
  readonly page: (incident: string | undefined) => Promise<unknown>;
}

/** What of a row is looked at: a contact, or a delivery that was meant for some. */
export interface ContactRow {
  readonly incident?: string;
  readonly contact?: string;
  readonly delivery?: string;
}

/** What is said once it is copied. */
const COPIED: Readonly<Record<'phone' | 'slack', (whose: string, value: string) => string>> = {
  phone: (whose, value) => t('The phone number of {0} is on the clipboard: {1}', whose, value),
  slack: (whose, value) => t('The Slack name of {0} is on the clipboard: {1}', whose, value),
};

export function createContactFlow({ runbook, clock, incident, page }: ContactFlowDeps) {
  /** Asks whom, unless the row says it, then how, unless there is one way only. */
  async function ask(row: ContactRow = {}): Promise<void> {
    const chosen = await contactOf(row, t('Whom?'));
    if (chosen === undefined) {
      return;
    }
    const ways = contactWays(chosen);
    const missing = missingWays(chosen);
    if (ways.length === 0) {
      const message = missing === '' ? t('The runbook gives no way to reach {0}. Add it to the contacts of the runbook.', chosen.title)
        : t('The runbook gives no way to reach {0}: {1} is named, without number or address. Add it to the contacts of the runbook.', chosen.title, missing);
      throw new UserError(message, {
        action: { title: t('Open runbook'), command: 'incidentRunbook.openRunbook' },
      });
    }
    const picked = await vscode.window.showQuickPick(ways.map((way) => ({ label: `$(${ICONS[way.kind]}) ${t(/* l10n: table */ way.title)}`, description: way.value, way })), {
      title: `${chosen.title}: ${reachability(chosen, await runbook(), clock.now())}`,
      placeHolder: [...(chosen.note === undefined ? [] : [chosen.note]), ...(missing === '' ? [] : [t('No number or address for: {0}', missing)])].join(' ') || t('How?'),
    });
    if (picked !== undefined) {
      await take(picked.way, chosen, row);
    }
  }

  /** Takes one way at once: the buttons of a row. @throws UserError when the runbook gives no such way */
  async function reach(kind: ContactWay['kind'], row: ContactRow = {}): Promise<void> {
    const chosen = await contactOf(row, t('Whom?'), kind);
    if (chosen === undefined) {
      return;
    }
    const way = contactWays(chosen).find((candidate) => candidate.kind === kind);
    if (way === undefined) {
      return ask(row);
    }
    await take(way, chosen, row);
  }

  /** `{}` → `{ contacts }`: who can be reached now, and how. */
  async function list(): Promise<{ contacts: readonly ContactReport[] }> {
    return { contacts: contactReports(await runbook(), clock.now()) };
  }

  async function contactOf({ incident: id, contact, delivery }: ContactRow, placeHolder: string, kind?: ContactWay['kind']): Promise<RunbookContact | undefined> {
    const book = await runbook();
    const meant = id === undefined || delivery === undefined ? undefined : (await incident(id)).deliveries.find((candidate) => candidate.id === delivery)?.contacts;
    const only = contact ?? (meant?.length === 1 ? meant[0] : undefined);
    const chosen = only ?? await pickContact(book, meant, placeHolder, kind);
    return chosen === undefined ? undefined : contactById(book, chosen);
  }

  async function pickContact(book: Runbook, meant: readonly string[] | undefined, placeHolder: string, kind: ContactWay['kind'] | undefined): Promise<string | undefined> {
    const reports = contactReports(book, clock.now())
      .filter((report) => (meant === undefined || meant.includes(report.id)) && (kind === undefined || report.ways.some((way) => way.kind === kind)));
    const picked = await vscode.window.showQuickPick(reports.map(({ id, title, reachable, ways, note }) => {
      const contact = contactById(book, id);
      return {
        label: `$(${reachable ? 'account' : 'circle-slash'}) ${title}`,
        description: contact === undefined ? '' : reachability(contact, book, clock.now()),
        detail: [...ways.map((way) => (way.value === '' ? t(/* l10n: table */ way.title) : way.value)), ...(note === undefined ? [] : [note])].join(' · '),
        id,
      };
    }), { title: t('Contacts'), placeHolder, matchOnDetail: true });
    return picked?.id;
  }

  async function take({ kind, value }: ContactWay, { title }: RunbookContact, { incident: id, delivery }: ContactRow): Promise<void> {
    switch (kind) {
      case 'page':
        await page(id);
        return;
      case 'url':
        await openExternal(vscode.Uri.parse(value, true), value);
        return;
      case 'mail': {
        const about = id === undefined ? undefined : await incident(id);
        const text = about?.deliveries.find((candidate) => candidate.id === delivery)?.text;
        if (text !== undefined) {
          await vscode.env.clipboard.writeText(text);
        }
        await openExternal(vscode.Uri.from({ scheme: 'mailto', ...mailTo(value, about) }), value);
        // Whether it is sent is not for the extension to know.
        void vscode.window.showInformationMessage(text === undefined ? t('A mail to {0} was opened in your mail app. Write and send it there.', title)
          : t('A mail to {0} was opened in your mail app. The text is on the clipboard: paste and send it there.', title));
        return;
      }
      case 'phone':
      case 'slack':
        await vscode.env.clipboard.writeText(value);
        void vscode.window.showInformationMessage(COPIED[kind](title, value));
        return;
    }
  }

  return { ask, reach, list };
}

const ICONS: Readonly<Record<ContactWay['kind'], string>> = { page: 'bell', phone: 'device-mobile', mail: 'mail', slack: 'comment', url: 'link-external' };

async function openExternal(uri: vscode.Uri, value: string): Promise<void> {
  if (!await vscode.env.openExternal(uri)) {
    await vscode.env.clipboard.writeText(value);
    throw new UserError(t('Nothing could be opened for {0}. It is on the clipboard instead.', value));
  }
}
