/** Every text that people read goes through src/l10n.ts, and there is an Arabic one for it. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import { t, tn, useLanguage } from '../../src/l10n.ts';
import { chooseLanguage } from '../../src/language.ts';
import { ARABIC_BUNDLE, type FoundText, bundleProblems, findAllTexts, findTexts } from '../support/l10n.ts';
import { repositoryRoot } from '../support/paths.ts';

const IMPORT = "import { t, tn as count } from '../l10n.ts';\n";

describe('the texts of the source', () => {
  it('are literals with a value for each of their places, and are all there in Arabic', () => {
    const found = findAllTexts();
    const all = [...found.problems, ...bundleProblems(found, readFileSync(path.join(repositoryRoot, ARABIC_BUNDLE), 'utf8'))];
    assert.ok(found.texts.length > 100 && all.length === 0, ['node test/support/l10n.ts', ...all].join('\n'));
  }).timeout(20_000);
});

describe('finding texts', () => {
  const found = (code: string) => findTexts('src/a.ts', IMPORT + code);

  it('takes literals, both sides of a condition, and the form for many of a count', () => {
    const { texts, problems } = found("t('Open {0}', id);\nsay(t(late ? 'Overdue' : (`Due`)));\ncount('{0} step of {1}', '{0} steps of {1}', n, id);");
    assert.deepEqual(texts, [
      { text: 'Open {0}', isCount: false, place: 'src/a.ts:2' }, { text: 'Overdue', isCount: false, place: 'src/a.ts:3' }, { text: 'Due', isCount: false, place: 'src/a.ts:3' },
      { text: '{0} steps of {1}', isCount: true, place: 'src/a.ts:4' },
    ]);
    assert.deepEqual(problems, []);
  });

  it('takes the marked properties of a marked table, or all that it says', () => {
    const { texts, problems } = found("/** Rows. l10n: table title, hint */\nconst ROWS = [{ id: 'a', title: 'First', more: { hint: 'Why' } }];\n// l10n: table\nconst WORDS = { ok: 'Fine' };\nt(/* l10n: table */ ROWS[0].title);");
    assert.deepEqual(texts.map(({ text }) => text), ['First', 'Why', 'Fine']);
    assert.deepEqual(problems, []);
  });

  it('tells of what it cannot find', () => {
    const { problems } = found("t(row.title);\nt(`Open ${id}`);\ncount(/* l10n: table */ one, other, 2);\nrows.map(t);");
    assert.deepEqual(problems.map((problem) => problem.replace(/ \(.*/, '')), [
      'src/a.ts:2 the text is no literal', 'src/a.ts:3 the text is no literal', 'src/a.ts:4 the text is no literal', 'src/a.ts:5 t is passed on, so its texts are not found',
    ]);
  });

  it('tells of values without a place, and places without a value', () => {
    assert.deepEqual(found("t('Open {0}');\nt('Open', id);\nt('Open', ...ids);\ncount('One step', '{0} steps', n);\ncount('It waits', 'They wait', n);").problems, [
      'src/a.ts:2 "Open {0}" has places for {0}, and 0 given', 'src/a.ts:3 "Open" has places for nothing, and 1 given',
    ]);
  });

  it('leaves alone what only has the same name', () => {
    for (const { texts, problems } of [found("view.t('Elsewhere'); const row = { t: 1 };"), findTexts('src/a.ts', "const t = (text: string) => text; t('Elsewhere');")]) {
      assert.deepEqual({ texts, problems }, { texts: [], problems: [] });
    }
  });
});

describe('holding texts against their translation', () => {
  const place = 'src/a.ts:2';
  const count = { text: '{0} steps', isCount: true, place };
  const forms = { zero: 'لا خطوات', one: 'خطوة واحدة', two: 'خطوتان', few: '{0} خطوات', many: '{0} خطوة', other: '{0} خطوة' };
  const bundle = (texts: object): string => JSON.stringify(texts, null, 2);
  const problemsOf = (texts: readonly FoundText[], json: string): string[] => bundleProblems({ texts, written: new Set(['In a table']) }, json);

  it('finds nothing wrong with one that has every form, and says small numbers by the word', () => {
    const all = Object.fromEntries(Object.entries(forms).map(([category, text]) => [`{0} steps|${category}`, text]));
    assert.deepEqual(problemsOf([count, { text: 'CPU {0}', isCount: false, place }], bundle({ ...all, 'CPU {0}': '{0} CPU' })), []);
  });

  it('finds what is missing, left over, twice, in English, in other digits, and without its value', () => {
    const texts = ['Open {0}', 'Close', 'Ten'].map((text) => ({ text, isCount: false, place }));
    assert.deepEqual(problemsOf([...texts, count], bundle({ 'Open {0}': 'فتح', Close: 'Close', Ten: '١٠ فقط', 'In a table': 'في جدول', Gone: 'ذهب', ...Object.fromEntries(Object.entries(forms).slice(0, 5).map(([category]) => [`{0} steps|${category}`, 'خطوة'])) })), [
      'src/a.ts:2 missing: "{0} steps|other"', 'media/l10n/bundle.l10n.ar.json nobody says: "Gone"', 'src/a.ts:2 places none instead of {0}: "Open {0}"', 'src/a.ts:2 left in English: "Close"',
      'src/a.ts:2 digits that are not Latin: "Ten"', 'src/a.ts:2 places none instead of {0}: "{0} steps|few"', 'src/a.ts:2 places none instead of {0}: "{0} steps|many"',
    ]);
    assert.deepEqual(problemsOf([{ text: 'Close', isCount: false, place }], '{\n"Close": "إغلاق",\n"Close": "أغلق"\n}'), ['media/l10n/bundle.l10n.ar.json twice: "Close"']);
  });
});

describe('the language people read', () => {
  let folder: string;
  let arabicFile: string;
  const english = { setting: 'auto', displayed: 'en', bundle: undefined };
  const translations = { Open: 'فتح', '{0} steps|two': 'خطوتان' };

  before(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'language-'));
    arabicFile = path.join(folder, 'bundle.json');
    writeFileSync(arabicFile, JSON.stringify(translations));
  });
  after(() => { rmSync(folder, { recursive: true }); });
  afterEach(() => { useLanguage(undefined); });

  it('is that of VS Code, with the texts that it has found, or ours', () => {
    const missing = path.join(folder, 'nothing.json');
    assert.equal(chooseLanguage({ ...english, arabicFile: missing }), undefined);
    assert.deepEqual(chooseLanguage({ ...english, displayed: 'ar-eg', arabicFile }), { locale: 'ar-eg', translations });
    assert.deepEqual(chooseLanguage({ ...english, displayed: 'fr', bundle: { Open: 'Ouvrir' }, arabicFile: missing }), { locale: 'fr', translations: { Open: 'Ouvrir' } });
    assert.equal(chooseLanguage({ ...english, displayed: 'de', arabicFile: missing }), undefined);
  });

  it('is that of the setting, whatever VS Code speaks', () => {
    assert.deepEqual(chooseLanguage({ ...english, setting: 'ar', arabicFile }), { locale: 'ar', translations });
    assert.deepEqual(chooseLanguage({ setting: 'ar', displayed: 'fr', bundle: { Open: 'Ouvrir' }, arabicFile }), { locale: 'ar', translations });
    assert.equal(chooseLanguage({ setting: 'en', displayed: 'ar', bundle: translations, arabicFile }), undefined);
  });

  it('is not taken from a file that is broken', () => {
    for (const content of ['{', 'null', '{"Open": {"nested": "فتح"}}']) {
      const broken = path.join(folder, 'broken.json');
      writeFileSync(broken, content);
      assert.throws(() => chooseLanguage({ ...english, setting: 'ar', arabicFile: broken }), content);
    }
  });

  it('is what texts and counts come out in, English where there is no translation', () => {
    useLanguage(chooseLanguage({ ...english, setting: 'ar', arabicFile }));
    assert.deepEqual([t('Open'), t('Close {0}', 'INC-1'), tn('{0} step', '{0} steps', 2), tn('{0} step', '{0} steps', 7)], ['فتح', 'Close INC-1', 'خطوتان', '7 steps']);
  });
});
