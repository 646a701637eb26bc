/** What the shapes mean. */
import { type TemplateResult, html } from 'lit';
import { t } from '../../l10n.ts';
import { type Glyph, glyphOf, glyphPath } from './glyphs.ts';
import type { Point } from './picture-model.ts';
import { deliveryName, levelName } from './words.ts';

const AT = { id: '', at: 0, title: '', detail: '', by: '' } as const;

function mark(more: Partial<NonNullable<Point['mark']>>): Glyph {
  return glyphOf({ kind: 'mark', at: 0, mark: { ...AT, lane: 'steps', ...more } });
}

export function legend(): TemplateResult {
  const entries: readonly (readonly [Glyph, string])[] = [
    [mark({ level: 'ok' }), levelName('ok')], [mark({ level: 'warn' }), `${levelName('warn')}, ${deliveryName('by hand')}`], [mark({ level: 'bad' }), `${levelName('bad')}, ${deliveryName('failed')}`], [mark({ level: 'unknown' }), levelName('unknown')],
    [mark({ isUpdate: true }), t('Update')], [mark({ state: 'done' }), deliveryName('done')], [mark({ state: 'pending' }), deliveryName('pending')],
    [glyphOf({ kind: 'span', at: 0, span: { id: '', kind: 'deployment', from: 0, title: '', detail: '' } }), t('Deployment')],
    [mark({ lane: 'notes' }), t('Finding or note')],
  ];
  return html`<ul class="shapes" aria-label=${t('What the shapes mean')}>${entries.map(([{ shape, look }, text]) => html`<li><svg width="16" height="16" aria-hidden="true"><path class="glyph ${look}" d=${glyphPath(shape, 8, 8, 6)}></path></svg>${text}</li>`)}</ul>`;
}
