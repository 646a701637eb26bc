/** How a text becomes what people read: src/l10n.ts. That every text has a translation is tested in l10n.test.ts. */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { currentLanguage, t, tn, useLanguage } from '../../src/l10n.ts';

const arabic = (translations: Readonly<Record<string, string>>) => ({ locale: 'ar', translations });
/** Begins at the right; runs either way; the end of both. */
const [RIGHT, EITHER, END] = ['\u2067', '\u2068', '\u2069'];

afterEach(() => { useLanguage(undefined); });

describe('a text in English', () => {
  it('has its values where their places are, as often as they are named and in any order', () => {
    assert.equal(t('{1} of {0}: {1}, {0}', 'all', 2), '2 of all: 2, all');
  });

  it('keeps a place without a value, and braces that are no place', () => {
    assert.equal(t('{0} {1} {name} {} {{0}} ${date}', 'x'), 'x {1} {name} {} {x} ${date}');
  });

  it('takes a value as it is, even one that looks like a place or a replacement', () => {
    assert.equal(t('{0} and {1}', '{1} $& $1', ''), '{1} $& $1 and ');
  });

  it('counts with the two forms it is given', () => {
    assert.deepEqual([0, 1, 2, 11].map((count) => tn('{0} step of {1}', '{0} steps of {1}', count, 'INC-1')), ['0 steps of INC-1', '1 step of INC-1', '2 steps of INC-1', '11 steps of INC-1']);
  });
});

describe('a text in another language', () => {
  const steps = { zero: 'لا خطوات', one: 'خطوة واحدة', two: 'خطوتان', few: '{0} خطوات', many: '{0} خطوة', other: '{0} خطوة' };

  it('is its translation, which may place the values anew', () => {
    useLanguage(arabic({ '{0} asks {1}': '{1} يسأله {0}' }));
    assert.equal(t('{0} asks {1}', 'Mona', 'Omar'), `${EITHER}Omar${END} يسأله ${EITHER}Mona${END}`);
  });

  it('is English where there is none, or the language is English again', () => {
    useLanguage(arabic({ Open: 'فتح' }));
    assert.deepEqual([t('Open'), t('Close {0}', 'INC-1'), currentLanguage().locale], ['فتح', 'Close INC-1', 'ar']);
    useLanguage(undefined);
    assert.deepEqual([t('Open'), currentLanguage().locale], ['Open', 'en']);
  });

  it('has the forms of a count that its grammar has', () => {
    useLanguage(arabic(Object.fromEntries(Object.entries(steps).map(([category, form]) => [`{0} steps|${category}`, form]))));
    assert.deepEqual([0, 1, 2, 3, 10, 11, 99, 100, 103].map((count) => tn('{0} step', '{0} steps', count)), [
      'لا خطوات', 'خطوة واحدة', 'خطوتان', '3 خطوات', '10 خطوات', '11 خطوة', '99 خطوة', '100 خطوة', '103 خطوات',
    ]);
  });

  it('counts with one form where there is only one, and in English where there is none', () => {
    useLanguage(arabic({ '{0} steps': 'الخطوات: {0}' }));
    assert.deepEqual([tn('{0} step', '{0} steps', 2), tn('{0} event', '{0} events', 1), tn('{0} event', '{0} events', 2)], ['الخطوات: 2', '1 event', '2 events']);
  });
});

describe('a text that runs from right to left', () => {
  const translations = { '{0} is closed.': 'أُغلق {0}.', '{0} steps|few': '{0} خطوات في {1}' };

  it('brings its direction to the workbench, and keeps a name in it together', () => {
    useLanguage(arabic(translations), 'workbench');
    assert.equal(t('{0} is closed.', 'INC-1 (P1)'), `${RIGHT}أُغلق ${EITHER}INC-1 (P1)${END}.${END}`);
    assert.equal(tn('{0} step', '{0} steps', 3, 'INC-1'), `${RIGHT}3 خطوات في ${EITHER}INC-1${END}${END}`, 'a number needs nothing');
    assert.equal(t('Not translated: {0}', 'x'), 'Not translated: x');
  });

  it('leaves it to the page, which has one, but keeps a value together there as well', () => {
    useLanguage(arabic(translations));
    assert.equal(t('{0} is closed.', '#incidents'), `أُغلق ${EITHER}#incidents${END}.`);
    assert.equal(tn('{0} step', '{0} steps', 3, '+20 100'), `3 خطوات في ${EITHER}+20 100${END}`);
  });

  it('is not one of a language that runs the other way', () => {
    useLanguage({ locale: 'fr', translations: { Open: 'Ouvrir {0}' } }, 'workbench');
    assert.equal(t('Open', 'INC-1'), 'Ouvrir INC-1');
    useLanguage(undefined, 'workbench');
    assert.equal(t('Close {0}', 'INC-1'), 'Close INC-1');
  });
});
