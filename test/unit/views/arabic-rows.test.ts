/** What the trees and dialogs say to somebody who reads Arabic, with the texts that are shipped. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { fold } from '../../../src/incident/fold.ts';
import { describeEvent } from '../../../src/incident/describe.ts';
import { type Translations, useLanguage } from '../../../src/l10n.ts';
import { connectionNodes } from '../../../src/views/connection-nodes.ts';
import { correctionsOf } from '../../../src/views/corrections.ts';
import { metricsDocument } from '../../../src/views/metrics-document.ts';
import { type Node, type TreeInput, incidentNode, nothingOpenNode } from '../../../src/views/nodes.ts';
import { bundledRunbook } from '../../support/bundled-runbook.ts';
import { createEvents, stepResult } from '../../support/build-events.ts';
import { START } from '../../support/clock.ts';
import { ARABIC_BUNDLE } from '../../support/l10n.ts';
import { repositoryRoot } from '../../support/paths.ts';

const translations = JSON.parse(readFileSync(path.join(repositoryRoot, ARABIC_BUNDLE), 'utf8')) as Translations;

describe('rows in Arabic', () => {
  const { declared, event } = createEvents();
  const input: TreeInput = { runbook: bundledRunbook(), now: START + 7 * 60_000, running: new Set(), landed: new Map() };
  const tree = (...events: Parameters<typeof fold>[0]): Node => incidentNode(fold(events) ?? assert.fail(), input);
  const childrenOf = async (node: Node): Promise<readonly Node[]> => await node.children?.() ?? [];

  beforeEach(() => { useLanguage({ locale: 'ar', translations }); });
  afterEach(() => { useLanguage(undefined); });

  it('say how the incident stands and what to do next, and name what the team named as it did', async () => {
    const root = tree(declared());
    assert.deepEqual([root.label, root.description], ['Portals answer 503', 'لم تُقيَّم · 7 min · لم يُستلم']);
    const rows = await childrenOf(root);
    assert.deepEqual(rows.filter(({ kind }) => kind === 'next').map(({ label }) => label), ['استلام الحادث', 'تقييم الخطورة', 'التحقيق']);
    assert.deepEqual(rows.filter(({ kind }) => kind === 'phase').map(({ label }) => label), bundledRunbook().phases.map(({ title }) => title));
    assert.deepEqual(rows.filter(({ kind }) => kind === 'timeline' || kind === 'roles').map(({ label, description }) => [label, description]), [['الخط الزمني', 'حدث واحد'], ['الأدوار', 'لا أحد بعد']]);
    assert.equal(nothingOpenNode().label, 'لا يوجد حادث مفتوح');
  });

  it('count as Arabic counts, and tell what happened', async () => {
    const root = tree(declared(), event('incident.acknowledged', {}), event('severity.set', { severity: 'P1', answers: {}, reasons: [] }));
    const timeline = (await childrenOf(root)).find(({ kind }) => kind === 'timeline') ?? assert.fail();
    assert.equal(timeline.description, '3 أحداث');
    assert.deepEqual((await childrenOf(timeline)).map(({ label }) => label), ['Severity P1', 'استُلم الحادث', 'أُعلن عن الحادث']);
  });

  it('stand for the same steps, menus and commands as in English', async () => {
    const shape = async (node: Node): Promise<unknown> => [node.key, node.kind, node.mark, node.context, node.click, node.step, await Promise.all((await childrenOf(node)).map(shape))];
    const events = [declared(), event('step.finished', { result: stepResult('checkErrorRate') })];
    const arabic = await shape(tree(...events));
    useLanguage(undefined);
    assert.deepEqual(arabic, await shape(tree(...events)));
  });

  it('say of a connection what it is good for, and not a word else of its context', () => {
    const [row] = connectionNodes([{ service: 'statuspage', title: 'Statuspage', use: 'The public status page', state: 'not connected', fields: {} }]);
    assert.deepEqual([row?.label, row?.description, row?.mark, row?.context], ['Statuspage', 'صفحة الحالة العامة', 'not connected', 'connection.disconnected']);
  });

  it('offer what can be done', () => {
    assert.deepEqual(correctionsOf(declared()).map(({ label, value }) => [label, value]), [
      ['$(clock) تصحيح وقت الاكتشاف', 'at'], ['$(pulse) تصحيح بداية الأثر', 'impactStartedAt'], ['$(edit) تصحيح العنوان', 'title'],
    ]);
  });

  it('leave in English what is recorded and what the team shares', () => {
    assert.equal(describeEvent(declared()).title, 'Incident declared');
    assert.match(metricsDocument({ incidents: [], window: {}, runbook: bundledRunbook(), now: START }), /^# Incident metrics\n\nDetected at any time/);
  });
});
