import type { NewEvent } from './events.ts';
import { type NeedFinder, createNeedFinder } from './redaction-needs.ts';

/** A pattern hidden from everything that is recorded or leaves the machine. */
export interface RedactionRule {
  /** Shown in place of the text: `[redacted: name]`. */
  readonly name: string;
  /** What a group `stays` at the beginning of the match holds is not hidden. */
  readonly pattern: RegExp;
  /** In lower case; wherever the pattern finds something, one of these stands in the text, in whatever case. */
  readonly needs?: readonly string[];
}

/** Credentials of every service used here, then personal data: this is a health service. Repetitions are bounded, so that no line takes long. */
export const BUILT_IN_RULES: readonly RedactionRule[] = [
  { name: 'private key', needs: ['-----begin '], pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g },
  { name: 'password', needs: ['://'], pattern: /\b(?<stays>[a-z][a-z0-9+.-]{0,30}:\/\/[^\s:/@"']{0,200}:)[^\s/"']+(?=@)/gi },
  // A password with an unescaped slash; digits before a slash are a port.
  { name: 'password', needs: ['://'], pattern: /\b(?<stays>[a-z][a-z0-9+.-]{0,30}:\/\/[^\s:/@"']{0,200}:)(?!\d+[/?#]|\[redacted)[^\s"'@]+(?=@)/gi },
  {
    name: 'authorization',
    needs: ['authorization'],
    pattern: /\b(?<stays>authorization\\*["']?\s*[:=]\s*\\*["']?(?:(?:bearer|basic|token|oauth)\s+(?:token=)?\\*["']?)?)(?!(?:(?:bearer|basic|token|oauth)\s+)?(?:token=)?\\*["']?\[redacted)[^\s"',;]{6,}/gi,
  },
  { name: 'bearer token', needs: ['bearer'], pattern: /\b(?<stays>bearer\s+)[A-Za-z0-9._~+/=-]{12,}/gi },
  { name: 'GitHub token', needs: ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_', 'github_pat_'], pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})/g },
  { name: 'Slack token', needs: ['xox', 'xapp-'], pattern: /\bx(?:ox[a-z]|app)-[A-Za-z0-9-]{8,}/g },
  { name: 'Slack webhook', needs: ['hooks.slack.com'], pattern: /https:\/\/hooks\.slack\.com\/[^\s"')]+/g },
  { name: 'AWS key id', needs: ['akia', 'asia'], pattern: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g },
  { name: 'token', needs: ['eyj'], pattern: /(?<![\w-])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g },
  {
    // A quoted value ends with the quote it began with, escaped as often: JSON inside JSON is common in logs.
    name: 'secret',
    needs: ['passw', 'passphrase', 'passcode', 'pwd', 'secret', 'key', 'token', 'credential'],
    pattern: /\b(?<stays>[A-Za-z0-9_-]{0,60}(?:passw(?:or)?d|passphrase|passcode|pwd|secret|credential|(?:api|app|application|access|routing|private)[_-]?key|(?:session|auth|access|refresh|id)[_-]?token|token(?==|\\*["']\s*:))[A-Za-z0-9_-]{0,60}\\*["']?\s*(?:=>|[:=](?!>))\s*(?<quote>\\*["'])?)(?:(?!\[redacted)(?:(?!\k<quote>)\\?.)+|(?!\\*["']|\[redacted|[[{](?:["'\s]|$)|(?:true|false|null|undefined)\b)[^\s"',;&]+)/gi,
  },
  { name: 'cookie', needs: ['cookie'], pattern: /\b(?<stays>(?:set-)?cookie\\*["']?\s*:\s*\\*["']?)(?!\[redacted)[\w.-]{1,60}=[^\r\n"']+/gi },
  { name: 'e-mail address', needs: ['@'], pattern: /\b[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,8}\.[A-Za-z]{2,}\b/g },
  // Egypt's national id: century, date of birth, governorate, serial, check digit.
  { name: 'national id', pattern: /(?<!\d)[23]\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:0[1-4]|[12]\d|3[1-5]|88)\d{5}(?!\d)/g },
  { name: 'phone number', needs: [...'123456789'].flatMap((digit) => [`+${digit}`, `00${digit}`]), pattern: /(?<![\w.:-])(?:\+|00)(?=(?:[\s.()-]?\d){8})[1-9]\d{0,2}[\s.-]?(?:\(?\d{1,4}\)?[\s.-]?){2,4}\d{2,4}(?![\w-])/g },
  { name: 'phone number', needs: ['010', '011', '012', '015'], pattern: /(?<![\w.-])01[0125](?:[\s-]?\d){8}(?!\w)/g },
];

/** Keys of structured data whose value is a secret whatever it looks like. */
const SECRET_KEY = /passw(?:or)?d|passphrase|passcode|pwd|secret|credential|cookie|(?:api|private)[_-]?key|app(?:lication)?[_-]?key|access[_-]?key|token|authorization/i;

/** Takes any JSON value and gives one of the same shape. */
export type Redactor = <T>(value: T) => T;

/**
 * Hides secrets and personal data in a string, or in every string (and key) of a JSON value.
 *
 * @param extra the runbook's own patterns, applied after the built-in ones
 */
export function createRedactor(extra: readonly { name: string; pattern: string }[] = []): Redactor {
  const rules = [...BUILT_IN_RULES, ...extra.map(({ name, pattern }): RedactionRule => ({ name, pattern: new RegExp(pattern, 'gu') }))];
  const finder = createNeedFinder(rules);
  const redactText = (text: string): string => (text.includes('\\') && ESCAPE.test(text) ? hideEscaped(text, finder) : hidePlain(text, finder));
  const redactValue = (value: unknown, secret = false): unknown => {
    if (typeof value === 'string' || (secret && typeof value === 'number')) {
      return secret ? '[redacted: secret]' : redactText(String(value));
    }
    if (Array.isArray(value)) {
      return value.map((item) => redactValue(item, secret));
    }
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [redactText(key), redactValue(item, secret || SECRET_KEY.test(key))]));
    }
    return value;
  };
  return <T>(value: T) => redactValue(value) as T;
}

/** A backslash escape of Markdown, and of JSON's quotes. */
const ESCAPE = /\\[!-/:-@[-`{-~]/;

type Finder = NeedFinder<RedactionRule>;

/** A text as the rules look at it: what they need is looked for before the patterns are tried. */
class Searched {
  readonly #text: string;
  readonly #possible: number;
  #lower: string | undefined;

  constructor(text: string, finder: Finder) {
    this.#text = text;
    this.#possible = finder.possible(text);
  }

  /** Where a rule finds something to hide: from, to. Undefined for nowhere. */
  hiddenBy({ rule: { pattern, needs }, bit, caseless }: Finder['rules'][number]): (readonly [number, number])[] | undefined {
    if ((this.#possible & bit) === 0) {
      return undefined;
    }
    const text = this.#text;
    if (needs !== undefined) {
      const searched = caseless ? text : (this.#lower ??= text.toLowerCase());
      if (!needs.some((need) => searched.includes(need))) {
        return undefined;
      }
    }
    // `search` makes no copy of the pattern, as `matchAll` does.
    if (text.search(pattern) === -1) {
      return undefined;
    }
    return [...text.matchAll(pattern)].map((match) => [match.index + (match.groups?.['stays']?.length ?? 0), match.index + match[0].length] as const);
  }
}

function hidePlain(text: string, finder: Finder): string {
  let [hidden, searched] = [text, new Searched(text, finder)];
  for (const rule of finder.rules) {
    const places = searched.hiddenBy(rule);
    if (places !== undefined) {
      hidden = hide(hidden, rule.rule, places);
      searched = new Searched(hidden, finder);
    }
  }
  return hidden;
}

function hide(text: string, rule: RedactionRule, places: readonly (readonly [number, number])[]): string {
  let [result, end] = ['', 0];
  for (const [from, to] of places) {
    result += text.slice(end, from) + markOf(rule);
    end = to;
  }
  return result + text.slice(end);
}

/**
 * Evidence is Markdown by the time it is redacted, and an escaped `mona\\@example.com` looks like no e-mail address.
 * So the patterns read the text without the backslashes, and what they find is hidden in the text with them.
 */
function hideEscaped(text: string, finder: Finder): string {
  // One entry for each character of the plain text: that character, with its backslash where it has one.
  let written: string[] = text.match(/\\[!-/:-@[-`{-~]|[^]/g) ?? [];
  const plain = (): Searched => new Searched(written.map((character) => character.slice(-1)).join(''), finder);
  let searched = plain();
  for (const rule of finder.rules) {
    const places = searched.hiddenBy(rule);
    if (places === undefined) {
      continue;
    }
    const parts: string[][] = [];
    let end = 0;
    for (const [from, to] of places) {
      parts.push(written.slice(end, from), [...markOf(rule.rule)]);
      end = to;
    }
    written = [...parts, written.slice(end)].flat();
    searched = plain();
  }
  return written.join('');
}

function markOf({ name }: RedactionRule): string {
  return `[redacted: ${name}]`;
}

/**
 * An event as it may be written down. Ids and names of people in roles stay: they are what the event is about.
 */
export function redactEvent<T extends NewEvent>(event: T, redact: Redactor): T {
  if (event.type === 'role.assigned' || event.type === 'incident.acknowledged') {
    return event;
  }
  return redact(event);
}
