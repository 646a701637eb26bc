/** The fields of a message: what is prefilled, from where, and what a person has written over it. */
import { type TemplateResult, html } from 'lit';
import { ifDefined } from 'lit/directives/if-defined.js';
import { live } from 'lit/directives/live.js';
import { repeat } from 'lit/directives/repeat.js';
import { t } from '../l10n.ts';
import type { ChoiceField, Field, Message, Preview, TextField, Values } from '../protocol/composer.ts';
import { suggestionOf, valueOf } from './composer-draft.ts';

export interface Form {
  readonly message: Message;
  readonly written: Values;
  readonly preview: Preview | undefined;
  readonly disabled: boolean;
  readonly write: (field: Field, value: string | boolean) => void;
}

export function formOf(form: Form): TemplateResult {
  return html`<div class="fields">${repeat(form.message.fields, ({ id }) => `${form.message.kind}-${id}`, (field) => fieldOf(field, form))}</div>`;
}

function fieldOf(field: Field, form: Form): TemplateResult {
  switch (field.kind) {
    case 'text': return textField(field, form);
    case 'choice': return field.look === 'list' ? listField(field, form) : radioField(field, form);
    case 'flag': {
      const id = idOf(field, form);
      return html`<div class="field flag">
        <input type="checkbox" id=${id} .checked=${live(valueOf(field, form.written, form.preview) === true)} ?disabled=${form.disabled}
          aria-describedby=${ifDefined(field.hint === undefined ? undefined : `${id}-note`)}
          @change=${(event: Event) => { form.write(field, (event.currentTarget as HTMLInputElement).checked); }}>
        <label for=${id}>${field.label}</label>
        ${field.hint === undefined ? '' : html`<p class="note quiet" id="${id}-note">${field.hint}</p>`}
      </div>`;
    }
  }
}

function textField(field: TextField, form: Form): TemplateResult {
  const id = idOf(field, form);
  const value = String(valueOf(field, form.written, form.preview));
  const typed = (event: Event): void => { form.write(field, (event.currentTarget as HTMLInputElement | HTMLTextAreaElement).value); };
  const lines = Math.max(field.lines, Math.min(12, value.split('\n').length));
  const isMissing = form.preview?.missing.includes(field.id) === true;
  return html`<div class="field">
    <label for=${id}>${field.label}${field.hint === undefined ? '' : html` <span class="quiet hint">${field.hint}</span>`}</label>
    ${field.lines === 1
      ? html`<input type="text" dir="auto" autocomplete="off" id=${id} .value=${live(value)} ?required=${field.required} ?disabled=${form.disabled} class=${isMissing ? 'missing' : ''} aria-describedby="${id}-note" @input=${typed}>`
      : html`<textarea dir="auto" id=${id} rows=${lines} .value=${live(value)} ?required=${field.required} ?disabled=${form.disabled} class=${isMissing ? 'missing' : ''} aria-describedby="${id}-note" @input=${typed}></textarea>`}
    ${noteOf(field, form, id, isMissing)}
  </div>`;
}

/** Where it comes from, in a quiet line; the way back for what was written over it. */
function noteOf(field: Field, form: Form, id: string, isMissing: boolean): TemplateResult {
  const isWritten = form.written[field.id] !== undefined;
  const suggestion = suggestionOf(field, form.preview);
  const source = form.preview?.sources[field.id] ?? field.source;
  const words = isMissing ? t('To be written') : isWritten ? (field.kind === 'choice' ? t('Chosen by you') : t('Written by you')) : source === undefined || suggestion === '' ? '' : t('Prefilled: {0}', source);
  return html`<p class="note quiet" id="${id}-note">
    <span dir="auto">${words}</span>
    ${isWritten && suggestion !== '' && !form.disabled
      ? html`<button type="button" class="link" aria-label=${t('{0}: take what is suggested', field.label)} @click=${() => { form.write(field, suggestion); }}>${t('Take what is suggested')}</button>` : ''}
  </p>`;
}

function listField(field: ChoiceField, form: Form): TemplateResult {
  const id = idOf(field, form);
  const value = String(valueOf(field, form.written, form.preview));
  return html`<div class="field">
    <label for=${id}>${field.label}</label>
    <select id=${id} ?disabled=${form.disabled} @change=${(event: Event) => { form.write(field, (event.currentTarget as HTMLSelectElement).value); }}>
      ${field.options.map(({ id: option, label, note }) => html`<option value=${option} .selected=${live(option === value)}>${note === undefined ? label : `${label} (${note})`}</option>`)}
    </select>
  </div>`;
}

function radioField(field: ChoiceField, form: Form): TemplateResult {
  const id = idOf(field, form);
  const value = String(valueOf(field, form.written, form.preview));
  const chosen = field.options.findIndex((option) => option.id === value);
  return html`<fieldset class="field ${field.look}">
    <legend>${field.label}</legend>
    <div class="options">
      ${field.options.map((option, place) => html`<label class="option ${place < chosen ? 'passed' : ''} ${place === chosen ? 'chosen' : ''}">
        <input type="radio" name=${id} value=${option.id} .checked=${live(option.id === value)} ?disabled=${form.disabled} @change=${() => { form.write(field, option.id); }}>
        <span dir="auto">${option.label}</span>${option.note === undefined ? '' : html` <span class="tag">${option.note}</span>`}
      </label>`)}
    </div>
    ${noteOf(field, form, id, false)}
  </fieldset>`;
}

function idOf({ id }: Field, { message: { kind } }: Form): string {
  return `field-${kind}-${id}`;
}
