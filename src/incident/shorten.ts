/** Cuts what others wrote down to size. */

/**
 * Cuts a text that is too long, and never through the middle of a character: services refuse that.
 *
 * @param length in UTF-16 units, `ending` included: never more characters than that, however a service counts them
 * @param ending what shows that something is missing
 */
export function shorten(text: string, length: number, ending = '…'): string {
  return text.length <= length ? text : text.slice(0, length - ending.length).replace(/[\uD800-\uDBFF]$/, '').trimEnd() + ending;
}

/** The first line that is not blank, without the white space around it; empty when there is none. */
export function firstLine(text: string): string {
  return text.split('\n').map((line) => line.trim()).find((line) => line !== '') ?? '';
}

/** The whole text on one line, without white space around it. */
export function onOneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
