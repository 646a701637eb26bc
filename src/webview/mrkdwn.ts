/** A text as Slack shows it: marks, links and code as pieces, of which elements are made. No HTML comes into it. */

export interface Piece {
  readonly text: string;
  readonly look: 'plain' | 'bold' | 'italic' | 'strike' | 'code' | 'block' | 'link';
}

/**
 * Marks stand between a beginning and an end of words, within a line. The texts are sent with `<`, `>` and `&` escaped,
 * so `<https://…|label>` is no link in Slack either.
 * https://docs.slack.dev/messaging/formatting-message-text
 */
const MARKS = /```([^]+?)```|`([^`\n]+)`|(?<![\w*])\*(?!\s)([^*\n]+?)(?<!\s)\*(?![\w*])|(?<![\w_])_(?!\s)([^_\n]+?)(?<!\s)_(?![\w_])|(?<![\w~])~(?!\s)([^~\n]+?)(?<!\s)~(?![\w~])|(https?:\/\/[^\s<>"'`|]*[^\s<>"'`|.,;:!?)\]])/g;
const LOOKS = ['block', 'code', 'bold', 'italic', 'strike', 'link'] as const;

export function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(MARKS)) {
    const groups = match.slice(1);
    const place = groups.findIndex((group) => group !== undefined);
    if (match.index > end) {
      pieces.push({ look: 'plain', text: text.slice(end, match.index) });
    }
    pieces.push({ look: LOOKS[place] ?? 'plain', text: groups[place] ?? match[0] });
    end = match.index + match[0].length;
  }
  return end < text.length ? [...pieces, { look: 'plain', text: text.slice(end) }] : pieces;
}
