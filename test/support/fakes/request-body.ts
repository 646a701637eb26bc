/** A request body as data. `texts`: every value is a string, as forms send it. Undefined when it is not what it says it is. */
export function parseBody(mediaType: string, text: string): { readonly value: unknown; readonly texts: boolean } | undefined {
  if (mediaType === 'application/x-www-form-urlencoded') {
    return { value: Object.fromEntries(new URLSearchParams(text)), texts: true };
  }
  try {
    return { value: JSON.parse(text) as unknown, texts: false };
  } catch {
    return undefined;
  }
}
