/** What a person decides about a delivery: send it again, say that it arrived, let it go, take its text. */
import * as vscode from 'vscode';
import { type DeliveriesApi, deliveryById } from '../api/deliveries-api.ts';
import { UserError } from '../errors.ts';
import { type Clock, formatDuration } from '../incident/clock.ts';
import { type Delivery, openDeliveries } from '../incident/deliveries.ts';
import { linkQuestion, resultOfLink } from '../incident/delivery-link.ts';
import type { Incident } from '../incident/fold.ts';
import { isHttps } from '../incident/links.ts';
import { t } from '../l10n.ts';
import type { Ledger } from '../ledger/ledger.ts';

export interface DeliveryFlowDeps {
  readonly ledger: Ledger;
  readonly api: DeliveriesApi;
  readonly clock: Clock;
  /** Opens the text of a delivery as a document. */
  readonly open: (incident: string, delivery: Delivery) => Promise<unknown>;
}

/** What of a row is looked at; without one a person is asked. */
export interface DeliveryRow {
  readonly incident?: string;
  readonly delivery?: string;
}

interface Chosen {
  readonly incident: string;
  readonly delivery: Delivery;
}

export function createDeliveryFlow({ ledger, api, clock, open }: DeliveryFlowDeps) {
  async function retry(row?: DeliveryRow): Promise<void> {
    const chosen = await choose(row, t('Send which one again?'));
    if (chosen === undefined) {
      return;
    }
    const { incident, delivery } = chosen;
    if (delivery.state === 'unknown' && !await agreed(t('The message to {0} may have arrived. Sent again, it may stand there twice.', delivery.target), t('Send again'))) {
      return;
    }
    await api.retry({ incident, delivery: delivery.id });
    vscode.window.setStatusBarMessage(`$(sync) ${t('To {0}: it is sent again', delivery.target)}`, 4_000);
  }

  async function confirm(row?: DeliveryRow): Promise<void> {
    const chosen = await choose(row, t('Which one arrived, or was done by hand?'));
    if (chosen === undefined) {
      return;
    }
    const { incident, delivery } = chosen;
    const question = linkQuestion(delivery);
    const url = question === undefined ? '' : await vscode.window.showInputBox({
      title: t('To {0}', delivery.target), placeHolder: question.example, ignoreFocusOut: true,
      prompt: t('Link of {0}, so that what follows finds it. Leave it empty when there is none.', t(/* l10n: table */ question.what)),
      validateInput: (value) => (value.trim() === '' || resultOfLink(delivery, value) !== undefined ? undefined : t('It looks like {0}.', question.example)),
    });
    if (url === undefined) {
      return;
    }
    await api.confirm({ incident, delivery: delivery.id, ...(url.trim() === '' ? {} : { url: url.trim() }) });
    vscode.window.setStatusBarMessage(`$(check) ${t('To {0}: recorded as delivered', delivery.target)}`, 4_000);
  }

  async function discard(row?: DeliveryRow): Promise<void> {
    const chosen = await choose(row, t('Which one is not to be sent?'));
    if (chosen === undefined) {
      return;
    }
    const { incident, delivery } = chosen;
    const reason = await vscode.window.showInputBox({
      title: t('Do not send to {0}', delivery.target), prompt: t('Why? It is recorded on the timeline.'), ignoreFocusOut: true,
      validateInput: (text) => (text.trim() === '' ? t('Write at least one word, or press Escape to cancel.') : undefined),
    });
    if (reason !== undefined) {
      await api.discard({ incident, delivery: delivery.id, reason: reason.trim() });
    }
  }

  async function copyText(row?: DeliveryRow): Promise<void> {
    const chosen = await choose(row, t('Copy which text?'), () => true);
    if (chosen !== undefined) {
      await vscode.env.clipboard.writeText(chosen.delivery.text);
      vscode.window.setStatusBarMessage(`$(check) ${t('Copied the text for {0}', chosen.delivery.target)}`, 3_000);
    }
  }

  async function openLink(row?: DeliveryRow): Promise<void> {
    const chosen = await choose(row, t('Open which one?'), ({ url }) => isHttps(url));
    if (chosen === undefined) {
      return;
    }
    const { url } = chosen.delivery;
    if (!isHttps(url)) {
      throw new UserError(t('The delivery to {0} has no link.', chosen.delivery.target));
    }
    await vscode.env.openExternal(vscode.Uri.parse(url, true));
  }

  async function openText(row?: DeliveryRow): Promise<void> {
    const chosen = await choose(row, t('Open which one?'), () => true);
    if (chosen !== undefined) {
      await open(chosen.incident, chosen.delivery);
    }
  }

  /** The delivery of the row, or the one chosen among those that fit. */
  async function choose(row: DeliveryRow | undefined, placeHolder: string, fits?: (delivery: Delivery) => boolean): Promise<Chosen | undefined> {
    if (row?.incident !== undefined && row.delivery !== undefined) {
      return { incident: row.incident, delivery: deliveryById(await ledger.read(row.incident), row.delivery) };
    }
    const summaries = (await ledger.list()).filter(({ status, waiting }) => status !== 'closed' || (waiting ?? 0) > 0);
    const incidents = await Promise.all(summaries.map(({ id }) => ledger.read(id)));
    const choices = incidents.flatMap((incident) => (fits === undefined ? openDeliveries(incident.deliveries) : incident.deliveries.filter(fits)).map((delivery) => choice(incident, delivery)));
    if (choices.length === 0) {
      throw new UserError(fits === undefined ? t('Nothing waits to be delivered.') : t('There is no such delivery.'));
    }
    return vscode.window.showQuickPick(choices, { placeHolder, matchOnDescription: true, matchOnDetail: true });
  }

  function choice(incident: Incident, delivery: Delivery): vscode.QuickPickItem & Chosen {
    return {
      label: delivery.target,
      description: [t(/* l10n: table */ delivery.state), formatDuration(clock.now() - Date.parse(delivery.at)), incident.title].join(' · '),
      detail: delivery.text.trim().split('\n')[0] ?? '',
      incident: incident.id, delivery,
    };
  }

  return { retry, confirm, discard, copyText, openLink, openText };
}

async function agreed(message: string, button: string): Promise<boolean> {
  return await vscode.window.showWarningMessage(message, { modal: true }, button) === button;
}
