/** Text and names as Slack takes them. */

/** Slack refuses a topic, or a purpose, that is longer: characters. */
export const TOPIC_MAX = 250;

const CHANNEL_NAME_MAX = 80;

/**
 * Text from outside so that nothing in it is a command: `<!channel>`, `<@U…>` and links with another label all need
 * the three characters. A bare `@channel` is text as long as `link_names` is off.
 * https://docs.slack.dev/messaging/formatting-message-text#escaping
 */
export function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** The escaped text, cut so that it has at most so many characters, escapes counted, and ends with an ellipsis if it was. */
export function escapeAndCut(text: string, max: number): string {
  const whole = escapeText(text);
  if (whole.length <= max) {
    return whole;
  }
  let cut = '';
  for (const character of text) {
    const escaped = escapeText(character);
    if (cut.length + escaped.length > max - 1) {
      break;
    }
    cut += escaped;
  }
  return `${cut.trimEnd()}…`;
}

/**
 * A channel name that Slack takes: lower case, digits, hyphen and underscore, at most 80 characters.
 *
 * @param number from 2 on, the name ends with it: the one without is taken
 */
export function channelName(wanted: string, number = 1): string {
  const plain = wanted.normalize('NFKD').toLowerCase().replaceAll(/\p{M}/gu, '').replaceAll(/[^a-z0-9_]+/g, '-').replaceAll(/^-+|-+$/g, '');
  const suffix = number === 1 ? '' : `-${number}`;
  return (plain === '' ? 'incident' : plain).slice(0, CHANNEL_NAME_MAX - suffix.length).replace(/-+$/, '') + suffix;
}
