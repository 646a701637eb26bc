/** A YAML text as data that still knows where each of its values stands. */
import { type Alias, type Document, type ErrorCode, isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, visit, type YAMLError } from 'yaml';
import type { Path } from './problems.ts';

export interface Position {
  /** 1-based. */
  readonly line: number;
  /** 1-based. */
  readonly column: number;
}

export interface SyntaxProblem extends Position {
  readonly message: string;
}

export interface YamlDocument {
  readonly value: unknown;
  /** Where a value stands; with `key`, its key. What is missing or empty is placed at the nearest thing that is there. */
  locate(path: Path, at: 'key' | 'value'): Position;
}

/** A runbook is some 50 KB; beyond this size something else was opened, and parsing it would stall the window. */
const MAX_KB = 512;

/** One anchor may be used often, but an "alias bomb" grows by powers: the parser counts what an alias expands to. */
const MAX_ALIASES = 100;

const START: Position = { line: 1, column: 1 };

const TOO_DEEP = 'The file is nested too deeply to read.';

/** Parses one YAML 1.2 document. Never throws: whatever is wrong comes back with its position. */
export function readYaml(text: string): YamlDocument | readonly SyntaxProblem[] {
  const size = Math.ceil(Buffer.byteLength(text) / 1024);
  if (size > MAX_KB) {
    return [{ ...START, message: `The file is too large: ${size} KB. A runbook may have up to ${MAX_KB} KB.` }];
  }
  const lines = new LineCounter();
  const positionOf = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return line === 0 ? START : { line, column: col };
  };
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
    const found = untilBroken([...document.errors, ...document.warnings]);
    if (found.length > 0) {
      return found.map((error) => ({ ...positionOf(error.pos[0]), message: explain(error, text) }));
    }
    return withPositions(document, positionOf);
  } catch (error) {
    return [{ ...START, message: error instanceof RangeError ? TOO_DEEP : `The file cannot be read as YAML: ${String(error)}.` }];
  }
}

function withPositions(document: Document.Parsed, positionOf: (offset: number) => Position): YamlDocument | readonly SyntaxProblem[] {
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    const message = error instanceof ReferenceError && error.message.startsWith('Unresolved alias')
      ? `${error.message.replace('Unresolved alias (the anchor must be set before the alias):', 'No anchor stands before the alias')}.`
      : 'Aliases (*name) expand to too much. Write the values out.';
    return [{ ...positionOf(offendingAlias(document)), message }];
  }
  return {
    value,
    locate: (path, at) => positionOf(offsetOf(document, path, at)),
  };
}

/** Mistakes after which the parser still knows where it is. */
const HARMLESS: readonly ErrorCode[] = ['DUPLICATE_KEY', 'NON_STRING_KEY', 'TAG_RESOLVE_FAILED'];

/** The mistakes up to the first that breaks the structure: what comes after it is its consequence. */
function untilBroken(errors: readonly YAMLError[]): YAMLError[] {
  const sorted = [...errors].sort((a, b) => a.pos[0] - b.pos[0]);
  const broken = sorted.findIndex((error) => !HARMLESS.includes(error.code));
  return broken === -1 ? sorted : sorted.slice(0, broken + 1);
}

/** The parser's own words serve programmers; these say what to do. */
function explain(error: YAMLError, text: string): string {
  const at = text.slice(error.pos[0]).split('\n', 1)[0]?.slice(0, 60) ?? '';
  switch (error.code) {
    case 'DUPLICATE_KEY':
      return `The key ${JSON.stringify(/^[^:\s]+/.exec(at)?.[0] ?? at)} stands twice in the same mapping. Keep one.`;
    case 'MULTIPLE_DOCS':
      return 'A runbook file holds one document. Remove what follows the "---".';
    case 'TAB_AS_INDENT':
      return 'YAML does not allow tabs as indentation. Use spaces.';
    case 'NON_STRING_KEY':
      return 'A key must be a single word or text, not a list or a mapping.';
    case 'BLOCK_AS_IMPLICIT_KEY':
      return 'A value that contains ": " must stand in quotes, and a mapping must begin on a line of its own.';
    case 'TAG_RESOLVE_FAILED':
      return `${error.message}. Tags have no meaning in a runbook: remove it.`;
    default:
      // The parser hands on what the engine says when its recursion ends; there is no code for it.
      if (/stack overflow|call stack/i.test(error.message)) {
        return TOO_DEEP;
      }
      return `The file is not valid YAML here: ${error.message}.`;
  }
}

/** The alias that leads nowhere, or the first one: those that expand to too much build on each other. */
function offendingAlias(document: Document.Parsed): number {
  const aliases: Alias[] = [];
  visit(document, { Alias: (_, alias) => { aliases.push(alias); } });
  const alias = aliases.find((candidate) => candidate.resolve(document) === undefined) ?? aliases[0];
  return startOf(alias) ?? 0;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

function isEmpty(node: unknown): boolean {
  return !isNode(node) || (isScalar(node) && node.value === null && node.source === '');
}

function offsetOf(document: Document.Parsed, path: Path, at: 'key' | 'value'): number {
  let node: unknown = document.contents;
  let key = startOf(node) ?? 0;
  let value = key;
  for (const part of path) {
    const parent = isAlias(node) ? node.resolve(document) : node;
    if (isMap(parent)) {
      const pair = parent.items.find((item) => isScalar(item.key) && String(item.key.value) === String(part));
      if (pair === undefined) {
        return key;
      }
      key = startOf(pair.key) ?? key;
      node = pair.value;
    } else if (isSeq(parent)) {
      node = parent.items[Number(part)];
      key = startOf(node) ?? key;
    } else {
      return key;
    }
    value = isEmpty(node) ? key : (startOf(node) ?? key);
  }
  return at === 'key' ? key : value;
}
