/** Stack frames in log text, as the runtimes print them. */
import type { Frame } from './frame.ts';

type Parser = (segment: string) => Iterable<Frame>;

/** Line breaks of a trace inside a JSON string. */
const BREAK_IN_JSON = /(?<!\\)(?:\\r)?\\n(?:\s|\\t){0,32}/g;
/** Elsewhere `\n` may belong to a Windows path. */
const BREAK_IN_TEXT = /(?<!\\)(?:\\r)?\\n(?:(?:\s|\\t){1,32}|(?=at ))/g;
/** Every frame has a number after a colon or the word `line`. */
const NUMBERED = /:\d|line \d/;
/** Longer words are data, not the name of a function or file. */
const MOST = 1_000;

/** Frames that name a file and a line, in the order of the text. Takes time in proportion to the text, whatever it holds. */
export function framesIn(text: string): Frame[] {
  const frames: Frame[] = [];
  let start = 0;
  while (start < text.length) {
    const end = endOfLine(text, start);
    const line = text.slice(start, end);
    addFrames(frames, line, start);
    start = end + 1;
  }
  return frames;
}

function endOfLine(text: string, start: number): number {
  const end = text.indexOf('\n', start);
  return end === -1 ? text.length : end;
}

function addFrames(frames: Frame[], line: string, offset: number): void {
  for (const { text, start } of segmentsOf(line)) {
    if (!NUMBERED.test(text)) {
      continue;
    }
    for (const frame of PARSERS.flatMap((parse) => [...parse(text)]).sort((one, other) => one.start - other.start)) {
      frames.push({ ...frame, start: frame.start + offset + start, end: frame.end + offset + start });
    }
  }
}

function* segmentsOf(line: string): Generator<{ readonly text: string; readonly start: number }> {
  let start = 0;
  if (line.includes('\\n')) {
    for (const { 0: { length }, index } of line.matchAll(line.includes('{"') ? BREAK_IN_JSON : BREAK_IN_TEXT)) {
      yield { text: line.slice(start, index), start };
      start = index + length;
    }
  }
  yield { text: line.slice(start), start };
}

const NODE_PLACE = /:(\d{1,7}):(\d{1,7})(?![\d:])/g;
/** Where a call begins: `at `, as a word of its own. */
const NODE_CALL = /(?:^|[\s"'])at (?:async )?/g;
const JAVASCRIPT = /\.(?:[cm]?[jt]sx?|vue|svelte)$/i;
/** A header before the source line that cannot be parsed, or at which the process died: the only place of a SyntaxError. */
const NODE_HEADER = /(?:^|\] )((?:file:\/\/)?(?:\/|[A-Za-z]:[\\/])[^\s:"'()]{1,1000}\.[cm]?[jt]sx?):(\d{1,7})\s{0,8}$/;

function* nodeFrames(segment: string): Generator<Frame> {
  let from = 0;
  for (const match of segment.matchAll(NODE_PLACE)) {
    const before = segment.slice(Math.max(from, match.index - MOST), match.index);
    const end = match.index + match[0].length;
    from = end;
    const call = [...before.matchAll(NODE_CALL)].at(-1);
    if (call === undefined) {
      continue;
    }
    const words = before.slice(call.index + call[0].length);
    const place = segment[end] === ')' ? words.slice(openingOf(words) + 1) : words;
    const path = nodePath(place);
    if (path !== undefined) {
      yield { language: 'node', path, line: Number(match[1]), column: Number(match[2]), start: match.index - place.length, end };
    }
  }
  const header = NODE_HEADER.exec(segment);
  const path = header?.[1] === undefined ? undefined : nodePath(header[1]);
  if (header !== null && path !== undefined) {
    const start = header.index + header[0].indexOf(header[1] ?? '');
    yield { language: 'node', path, line: Number(header[2]), start, end: start + (header[1]?.length ?? 0) + 1 + (header[2]?.length ?? 0) };
  }
}

/** Index of the bracket that the end of the text lies in: folders such as `(auth)` have brackets of their own. */
function openingOf(text: string): number {
  let depth = 0;
  for (let index = text.length - 1; index >= 0; index--) {
    if (text[index] === ')') {
      depth += 1;
    } else if (text[index] === '(' && depth-- === 0) {
      return index;
    }
  }
  return -1;
}

function nodePath(place: string): string | undefined {
  const bundled = /^(?:webpack|webpack-internal|turbopack):\/\/[^/]{0,200}\/(?:\([\w-]{1,50}\)\/|\[project\]\/)?(?:\.\/)?([^?]{1,1000})/.exec(place);
  if (bundled?.[1] !== undefined) {
    return /^(?:webpack|external|node)[\s:/]/.test(bundled[1]) ? undefined : bundled[1];
  }
  if (place.startsWith('file://')) {
    return decoded(place.slice('file://'.length)).replace(/^\/(?=[A-Za-z]:)/, '');
  }
  if (/^(?:\/|[A-Za-z]:[\\/])/.test(place)) {
    return /[A-Za-z]/.test(place.slice(2)) ? slashes(place) : undefined;
  }
  // A bare name could be anything, so its ending has to be one of the language.
  return /^[\w.@-][^\s:<>"'()]{0,999}$/.test(place) && JAVASCRIPT.test(place) ? slashes(place).replace(/^\.\//, '') : undefined;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** Also of a path inside a JSON string, whose backslashes are doubled. */
function slashes(path: string): string {
  return path.replace(/\\+/g, '/');
}

const PYTHON = /\bFile (\\?")([^"<>\n]{1,1000}?)\1, line (\d{1,7})(?=, in |\s*$|\\n|")/g;

function* pythonFrames(segment: string): Generator<Frame> {
  for (const { 0: { length }, 2: path = '', 3: line, index } of segment.matchAll(PYTHON)) {
    yield { language: 'python', path: slashes(path), line: Number(line), start: index, end: index + length };
  }
}

/** The function with the loader and module before it, then the file. */
const JAVA = /(?<![^\s"'|])at ([^\s()"']{3,600})\(([\w$-]{1,200}\.(?:java|kts?|scala|groovy|cljc?)):(\d{1,7})\)/g;

function* javaFrames(segment: string): Generator<Frame> {
  for (const { 0: { length }, 1: call = '', 2: file = '', 3: line, index } of segment.matchAll(JAVA)) {
    const names = (call.split('/').at(-1) ?? '').split('.');
    // The last two are the class and the method.
    const folders = names.slice(0, -2);
    if (names.length >= 2 && !folders.includes('')) {
      yield { language: 'java', path: [...folders, file].join('/'), line: Number(line), start: index + 'at '.length + call.length + 1, end: index + length - 1 };
    }
  }
}

/** With the offset into the function, or alone on its line as error libraries print it. */
const GO = /(?<=^|\s|\\t)([^\s:"'()\\]{1,1000}\.go):(\d{1,7})(?: \+0x[0-9a-f]{1,16}(?=\s|\\|"|$)|(?=\s{0,8}$|"))/g;
const GO_ON_WINDOWS = /(?<=^|\s|\\t)([A-Za-z]:[\\/][^\s:"'()]{1,1000}\.go):(\d{1,7})(?: \+0x[0-9a-f]{1,16}(?=\s|\\|"|$)|(?=\s{0,8}$|"))/g;

function* goFrames(segment: string): Generator<Frame> {
  if (!segment.includes('.go:')) {
    return;
  }
  for (const pattern of [GO, GO_ON_WINDOWS]) {
    for (const { 0: words, 1: path = '', 2: line = '', index } of segment.matchAll(pattern)) {
      // Without the offset it is a place only where nothing else stands on the line.
      if (words.includes(' +0x') || /^(?:.{0,200}\])?(?:\s|\\t){0,16}$/.test(segment.slice(0, index))) {
        yield { language: 'go', path: slashes(path), line: Number(line), start: index, end: index + path.length + 1 + line.length };
      }
    }
  }
}

const DOTNET_LINE = /:line (\d{1,7})(?!\d)/g;

function* dotnetFrames(segment: string): Generator<Frame> {
  let from = 0;
  for (const { 0: { length }, 1: line, index } of segment.matchAll(DOTNET_LINE)) {
    const before = segment.slice(Math.max(from, index - 4 * MOST), index);
    from = index + length;
    const at = before.lastIndexOf(') in ');
    const path = before.slice(at + ') in '.length);
    if (at !== -1 && /(?:^|[\s"'])at \S/.test(before.slice(0, at)) && /^(?:\/|[A-Za-z]:[\\/])/.test(path)) {
      yield { language: 'dotnet', path: slashes(path), line: Number(line), start: index - path.length, end: index + length };
    }
  }
}

const PARSERS: readonly Parser[] = [nodeFrames, pythonFrames, javaFrames, goFrames, dotnetFrames];
