/** Links in what people, alarms and services give: nothing but https leads out. */

/** Whether an address may be drawn as a link, kept with a delivery, or opened: a whole https URL. */
export function isHttps(url: string | undefined): url is string {
  return url?.startsWith('https://') === true && URL.canParse(url);
}

/** A link in Markdown around text that is Markdown already; the text alone when the address is not https. */
export function linked(markdown: string, url: string | undefined): string {
  return isHttps(url)
    ? `[${markdown}](${new URL(url).href.replace(/[()|<>\\]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)})`
    : markdown;
}
