import { readFileSync } from 'node:fs';
import type { Language, Translations } from './l10n.ts';

export interface LanguageChoice {
  /** `incidentRunbook.language`: `auto`, or the language itself. */
  readonly setting: string | undefined;
  /** VS Code's own, BCP 47. */
  readonly displayed: string;
  /** Our texts in that language, if VS Code has found them; it has no Arabic of its own, so mostly it has not. */
  readonly bundle: Translations | undefined;
  /** Path of the Arabic texts; read only when they are wanted. */
  readonly arabicFile: string;
}

/**
 * Which language people read.
 *
 * @returns undefined for English
 * @throws Error when the Arabic texts cannot be read
 */
export function chooseLanguage({ setting = 'auto', displayed, bundle, arabicFile }: LanguageChoice): Language | undefined {
  const locale = setting === 'auto' ? displayed : setting;
  if (bundle !== undefined && primary(locale) === primary(displayed)) {
    return { locale, translations: bundle };
  }
  return primary(locale) === 'ar' ? { locale, translations: read(arabicFile) } : undefined;
}

function primary(locale: string): string {
  return locale.toLowerCase().split('-')[0] ?? '';
}

function read(file: string): Translations {
  const found: unknown = JSON.parse(readFileSync(file, 'utf8'));
  if (typeof found !== 'object' || found === null || !Object.values(found).every((text) => typeof text === 'string')) {
    throw new Error(`${file} holds something else than texts.`);
  }
  return found as Translations;
}
