/** `1 alarm`, `3 alarms`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** For the middle of a sentence; leaves abbreviations such as AWS and IANA as they are. */
export function lowerFirst(text: string): string {
  return /^[A-Z](?![A-Z])/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}

/** A sentence for the middle of another one. */
export function withoutPeriod(text: string): string {
  return text.replace(/\.$/, '');
}
