/** The events as a list: what the picture shows, for reading and searching. */
import '@vscode-elements/elements/dist/vscode-button/index.js';
import { type TemplateResult, html, nothing } from 'lit';
import { t, tn } from '../../l10n.ts';
import { LANES, type Mark } from '../../protocol/overview.ts';
import { moment, number } from '../format.ts';
import type { ListFilter } from './event-filter.ts';
import { levelSign } from './glyphs.ts';
import { deliveryName, laneName, levelName } from './words.ts';

export const EVENTS_ON_PAGE = 50;

export interface ListActions {
  readonly filter: (filter: ListFilter) => void;
  readonly turn: (page: number) => void;
  readonly open: (event: string) => void;
}

export function eventList(found: readonly Mark[], total: number, filter: ListFilter, page: number, now: number, { filter: choose, turn, open }: ListActions): TemplateResult {
  const pages = Math.max(1, Math.ceil(found.length / EVENTS_ON_PAGE));
  const current = Math.min(page, pages - 1);
  const first = current * EVENTS_ON_PAGE;
  const shown = found.slice(first, first + EVENTS_ON_PAGE);
  const { between, ...rest } = filter;
  return html`<div class="list-tools">
      <label>${t('Kind')} <select @change=${(event: Event) => { choose({ ...filter, lane: (event.target as HTMLSelectElement).value as ListFilter['lane'] }); }}>
        <option value="all" .selected=${filter.lane === 'all'}>${t('All')}</option>
        ${LANES.map((lane) => html`<option value=${lane} .selected=${filter.lane === lane}>${laneName(lane)}</option>`)}
      </select></label>
      <label class="search">${t('Text')} <input type="search" .value=${filter.text} placeholder=${t('What, who or where')} @input=${(event: Event) => { choose({ ...filter, text: (event.target as HTMLInputElement).value }); }}></label>
      ${between === undefined ? nothing : html`<vscode-button secondary @click=${() => { choose(rest); }}>${t('Only {0} to {1}: show all', moment(between[0], now), moment(between[1], now))}</vscode-button>`}
      <span class="quiet found" role="status">${found.length === total ? tn('{1} event', '{1} events', total, number(total)) : tn('{1} of {2} event', '{1} of {2} events', total, number(found.length), number(total))}</span>
    </div>
    ${shown.length === 0 ? html`<p class="quiet">${t('No event matches. Choose another kind or another text.')}</p>` : html`<div class="wide"><table class="events">
      <thead><tr><th scope="col">${t('Time')}</th><th scope="col">${t('What')}</th><th scope="col">${t('Detail')}</th><th scope="col">${t('Who')}</th></tr></thead>
      <tbody>${shown.map(({ id, at, title, detail, by, level, state }) => html`<tr data-event=${id}>
        <td class="number">${moment(at, now)}</td>
        <td>${level === undefined ? nothing : html`<span class="sign level-${level}" aria-hidden="true">${levelSign(level)}</span><span class="hidden-text">${levelName(level)}: </span>`}<button type="button" class="link" @click=${() => { open(id); }}><bdi>${title}</bdi></button>${state === undefined ? nothing : html` <span class="quiet">(${deliveryName(state)})</span>`}</td>
        <td class="detail"><bdi>${detail}</bdi></td>
        <td><bdi>${by}</bdi></td>
      </tr>`)}</tbody>
    </table></div>`}
    ${pages === 1 ? nothing : html`<nav class="pager" aria-label=${t('Pages of events')}>
      <vscode-button secondary ?disabled=${current === 0} @click=${() => { turn(current - 1); }}>${t('Newer')}</vscode-button>
      <span class="number">${t('{0} to {1} of {2}', number(first + 1), number(first + shown.length), number(found.length))}</span>
      <vscode-button secondary ?disabled=${current === pages - 1} @click=${() => { turn(current + 1); }}>${t('Older')}</vscode-button>
    </nav>`}`;
}
