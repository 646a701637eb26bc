/** What a redaction rule cannot do without, looked for in one pass: hardly any line of a log holds a secret. */

export interface Needing {
  /** A text has to have one of these, in whatever case, for the rule to find anything; in lower case. None: any text may do. */
  readonly needs?: readonly string[];
}

interface Numbered<T extends Needing> {
  readonly rule: T;
  readonly bit: number;
  /** No need has a letter, so that a text needs no lower case to be looked through. */
  readonly caseless: boolean;
}

export interface NeedFinder<T extends Needing> {
  readonly rules: readonly Numbered<T>[];
  /** The bits of the rules that may find something; of the others it is certain that they do not. */
  possible(text: string): number;
}

/** Of rules without needs, and of those that no bit is left for. */
const ALWAYS = 1;
const MOST_BITS = 31;
/** The low five bits of a character do not tell its case. */
const [BITS, CHARACTER, WINDOW] = [5, 0x1f, 0x7fff];

/**
 * The first three characters of each need, five bits each, are looked up in a table for every three characters of a text.
 * Others may share these bits, so a bit that is set proves nothing; one that is not set does.
 */
export function createNeedFinder<T extends Needing>(rules: readonly T[]): NeedFinder<T> {
  const table = new Int32Array(WINDOW + 1);
  let bits = 1;
  const numbered = rules.map((rule): Numbered<T> => {
    const { needs = [] } = rule;
    const caseless = !needs.some((need) => /[a-z]/.test(need));
    if (needs.length === 0 || bits === MOST_BITS) {
      return { rule, bit: ALWAYS, caseless };
    }
    const bit = 1 << bits;
    bits += 1;
    for (const need of needs) {
      const length = Math.min(need.length, 3);
      const end = advance(need.slice(0, length));
      // Whatever stands before a need that is shorter.
      for (let before = 0; before < 1 << (BITS * (3 - length)); before += 1) {
        const place = (before << (BITS * length)) | end;
        table[place] = (table[place] ?? 0) | bit;
      }
    }
    return { rule, bit, caseless };
  });
  return {
    rules: numbered,
    possible(text) {
      let [window, found] = [0, ALWAYS];
      for (let index = 0; index < text.length; index += 1) {
        window = ((window << BITS) | (text.charCodeAt(index) & CHARACTER)) & WINDOW;
        found |= table[window] ?? 0;
      }
      return found;
    },
  };
}

function advance(text: string): number {
  let window = 0;
  for (let index = 0; index < text.length; index += 1) {
    window = (window << BITS) | (text.charCodeAt(index) & CHARACTER);
  }
  return window;
}
