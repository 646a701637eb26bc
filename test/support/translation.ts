/** What holds for every translation, of package.json's texts and of those in the source. */

/** Read the same in every language: products, protocols, formats, units, figures. */
const NAMES = /\b(?:VS Code|HealthFlow|Incident Runbook|GitHub|Slack|PagerDuty|Datadog|Statuspage|PostgreSQL|Redis|AWS|ECS|RDS|ALB|WAF|ACM|CloudWatch|CPU|HTTP|HTTPS|TLS|SMTP|URL|UTC|CSV|JSON|YAML|Markdown|API|ID|MTTD|MTTA|MTTR|P[1-4]|ms|s|MB|GB)\b/g;

/** `{0}`, `${date}` and the like, each once, sorted. */
export function placeholdersOf(text: string): string[] {
  return [...new Set([...text.matchAll(/\$?\{\w+\}/g)].map(([placeholder]) => placeholder))].sort();
}

/** Whether an Arabic text has no Arabic letter, though there is something to translate. */
export function leftInEnglish(english: string, arabic: string): boolean {
  return !/\p{Script=Arabic}/u.test(arabic) && /\p{L}/u.test(english.replace(/\{\w+\}/g, '').replace(NAMES, ''));
}

/** Figures are compared with those of logs and consoles, so they are written in the same digits. */
export function hasOtherDigits(text: string): boolean {
  return /[٠-٩۰-۹]/.test(text);
}

const [EMBED_RIGHT_TO_LEFT, END_EMBEDDING, RIGHT_TO_LEFT_MARK] = ['\u202b', '\u202c', '\u200f'];
const MARKS = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * An Arabic text with the marks that it needs to be read in the right order among texts from left to right, as VS Code
 * shows those of package.json: it has no layout from right to left. A line with Latin words or figures is embedded whole, so
 * that these do not change places with what stands around them; at one without, only the full stop or the dots would end
 * up on the wrong side. What it has of these marks is replaced.
 */
export function withDirection(arabic: string): string {
  return arabic.replace(MARKS, '').split('\n').map((line) => {
    // A line that is a link and nothing else becomes a button; with a mark before it, it would not.
    const [, text, target] = /^\[([^\]]*)\](\([^)]*\))$/.exec(line) ?? [];
    return text === undefined ? directed(line) : `[${directed(text)}]${target ?? ''}`;
  }).join('\n');
}

function directed(line: string): string {
  const shown = line.replace(/\]\([^)]*\)/g, ']');
  if (leftInEnglish('a', line)) {
    return line;
  }
  return /[a-z\d]/i.test(shown)
    ? EMBED_RIGHT_TO_LEFT + line + END_EMBEDDING
    : line.replace(/^(?=[^\p{L}\p{N}])/u, RIGHT_TO_LEFT_MARK).replace(/(?<=[^\p{L}\p{N}])$/u, RIGHT_TO_LEFT_MARK);
}

/** JSON in which marks that nobody sees can be seen. */
export function visibleJson(content: object): string {
  return `${JSON.stringify(content, null, 2).replace(MARKS, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`;
}
