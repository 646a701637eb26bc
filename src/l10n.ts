/**
 * What people read, in their language. The English text is the key, as in `vscode.l10n`, whose bundle is used where VS
 * Code has one; this module exists because VS Code itself has no Arabic, so the language can be chosen by a setting, and
 * because the pages of the panels need the same texts without `vscode`. What is recorded is never translated: a timeline
 * is read by people of several languages.
 */

/** English text → translation. The forms of a count are at `English plural|category`, by the categories of Intl.PluralRules. */
export type Translations = Readonly<Record<string, string>>;

export interface Language {
  /** BCP 47, of the texts: `en`, `ar`. */
  readonly locale: string;
  readonly translations: Translations;
}

const ENGLISH: Language = { locale: 'en', translations: {} };
/** Texts that begin at the right, a value in them whichever way it runs, and the end of either. */
const [RIGHT_TO_LEFT, EITHER_WAY, END] = ['\u2067', '\u2068', '\u2069'];
let language = ENGLISH;
let isRightToLeft = false;
/** Each text brings its own direction. */
let isDirected = false;

/**
 * @param chosen undefined for English
 * @param place the workbench runs from left to right whatever it says, so there each text brings its own direction;
 * a page of ours runs as its language does
 */
export function useLanguage(chosen: Language | undefined, place: 'workbench' | 'page' = 'page'): void {
  language = chosen ?? ENGLISH;
  // Of the languages that we have or expect.
  isRightToLeft = /^(ar|fa|he|ur)\b/i.test(language.locale);
  isDirected = place === 'workbench';
}

export function currentLanguage(): Language {
  return language;
}

/** @param message a literal, with `{0}`, `{1}`, … where the values go: the texts are collected from the source */
export function t(message: string, ...values: readonly (string | number)[]): string {
  return spoken(language.translations[message], message, values);
}

/** A text with a count, which is `{0}`; further values are `{1}`, `{2}`, …. Both texts are literals. */
export function tn(one: string, other: string, count: number, ...values: readonly (string | number)[]): string {
  const category = new Intl.PluralRules(language.locale).select(count);
  return spoken(language.translations[`${other}|${category}`] ?? language.translations[other], count === 1 ? one : other, [count, ...values]);
}

function spoken(translation: string | undefined, english: string, values: readonly (string | number)[]): string {
  if (translation === undefined || !isRightToLeft) {
    return fill(translation ?? english, values);
  }
  // A value keeps together: "#incidents" and "+20 100" would lose their sign to the other side.
  const text = fill(translation, values.map((value) => (typeof value === 'number' ? value : EITHER_WAY + value + END)));
  return isDirected ? RIGHT_TO_LEFT + text + END : text;
}

function fill(text: string, values: readonly (string | number)[]): string {
  return text.replace(/\{(\d+)\}/g, (place: string, index: string) => String(values[Number(index)] ?? place));
}
