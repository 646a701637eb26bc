/** Texts as they stand on GitHub: cut to its limit, with hidden marks below by which they are found again. */
import { withoutMarks } from '../../incident/markers.ts';
import { shorten } from '../../incident/shorten.ts';

/** GitHub's limit, in characters. */
const MAX_BODY = 65_536;
const CUT = '\n\n… *shortened: the whole text is on the timeline.*';

/** Hidden in what is sent, so that it is found again. @param delivery its id */
export function deliveryMarker(delivery: string): string {
  return `<!-- incident-delivery ${delivery} -->`;
}

/** The text with the marks below it; what people or alarms wrote does not pass for a mark of ours. */
export function markedBody(text: string, marks: readonly string[]): { readonly body: string; readonly isCut: boolean } {
  const below = marks.map((mark) => `\n\n${mark}`).join('');
  const said = withoutMarks(text);
  const shown = shorten(said, MAX_BODY - below.length, CUT);
  return { body: shown + below, isCut: shown !== said };
}
