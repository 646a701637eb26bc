/**
 * A command as a person would type it into a POSIX shell, for reading and copying; nothing is ever run from it.
 *
 * @param words the program and its arguments
 */
export function commandLine(...words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');
}
