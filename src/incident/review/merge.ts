/**
 * Writes a review document anew without losing what people wrote in it. Each block that comes from the timeline stands
 * between hidden marks, with a hash of its text: who changes the text keeps it, who deletes it is not given it again.
 */
import { createHash } from 'node:crypto';

/** A block is written anew with every update, a text only once. */
export interface Part {
  readonly kind: 'block' | 'text';
  /** Of a block: small letters and hyphens. */
  readonly id?: string;
  /** Without line breaks at the end. No line of it may look like one of the marks. */
  readonly text: string;
}

export interface Merged {
  readonly text: string;
  /** Blocks that people changed, as they left them; `newer` when the timeline says something else by now. */
  readonly kept: readonly { readonly id: string; readonly newer: boolean }[];
}

const OPEN = /^<!-- incident-runbook:block ([a-z-]+) ([0-9a-f]{12}) -->\s*$/;
const CLOSE = /^<!-- \/incident-runbook:block -->\s*$/;
const NEWER = /^<!-- incident-runbook:newer ([a-z-]+): .*-->\s*$/;
/** The incident, and every block that was ever written: one that is named here and not there was deleted. */
const REVIEW = /^<!-- incident-runbook:review (\S+)((?: [a-z-]+)*) -->\s*$/;

interface Block {
  readonly kind: 'block';
  readonly id: string;
  readonly hash: string;
  /** As they stand in the document, the marks included. */
  readonly lines: readonly string[];
  readonly body: string;
}

type Piece = Block | { readonly kind: 'line'; readonly line: string } | { readonly kind: 'review'; readonly ids: readonly string[] };

/** The incident that a document reviews; undefined when it is none of ours. */
export function incidentOf(text: string): string | undefined {
  return linesOf(text).map((line) => REVIEW.exec(line)?.[1]).find((incident) => incident !== undefined);
}

/** Blocks of which the timeline knows something newer than what a person wrote. Lines are 0-based, each that of the block's mark. */
export function newerBlocks(text: string): { readonly id: string; readonly line: number }[] {
  const lines = linesOf(text);
  return lines.flatMap((line, index) => {
    const id = NEWER.exec(line)?.[1];
    const open = id === undefined ? -1 : lines.findLastIndex((candidate, at) => at < index && OPEN.exec(candidate)?.[1] === id);
    return id === undefined || open === -1 ? [] : [{ id, line: open }];
  });
}

/** The document as it is written the first time. */
export function formatReview(incident: string, parts: readonly Part[]): string {
  const ids = parts.flatMap(({ id }) => (id === undefined ? [] : [id]));
  return [...parts.map(formatPart), reviewMark(incident, ids)].join('\n\n');
}

/**
 * @param existing the document as it is; of this incident
 * @param take blocks that are written anew although a person changed them, because a person says so
 */
export function mergeReview(existing: string, incident: string, parts: readonly Part[], take: readonly string[] = []): Merged {
  if (existing.trim() === '') {
    return { text: `${formatReview(incident, parts)}\n`, kept: [] };
  }
  const end = (existing.match(/\r\n/g)?.length ?? 0) * 2 > (existing.match(/\n/g)?.length ?? 0) ? '\r\n' : '\n';
  const pieces = read(existing);
  const fresh = new Map(parts.flatMap(({ id, text }) => (id === undefined ? [] : [[id, text] as const])));
  const kept: { id: string; newer: boolean }[] = [];
  const written = pieces.map((piece): Piece | Written => {
    const text = piece.kind === 'block' ? fresh.get(piece.id) : undefined;
    if (piece.kind !== 'block' || text === undefined) {
      return piece;
    }
    if (take.includes(piece.id) || [piece.hash, hashOf(text)].includes(hashOf(piece.body))) {
      return { kind: 'written', id: piece.id, text: withEnd(formatPart({ kind: 'block', id: piece.id, text }), end) };
    }
    const newer = hashOf(text) !== piece.hash;
    kept.push({ id: piece.id, newer });
    return { kind: 'written', id: piece.id, text: ensureEnd(piece.lines.join(''), end) + (newer ? newerMark(piece.id) + end : '') };
  });
  const known = pieces.flatMap((piece) => (piece.kind === 'review' ? piece.ids : []));
  const ids = [...new Set([...known, ...fresh.keys()])];
  // Without the list nobody can tell what was deleted, so nothing is added.
  const added = pieces.some(({ kind }) => kind === 'review') ? insertNew(written, parts, known, end) : written;
  return { text: assemble(added, reviewMark(incident, ids), end), kept };
}

/** A piece as it will stand in the document. */
interface Written {
  readonly kind: 'written';
  readonly id: string;
  readonly text: string;
}

/** Blocks that a newer version of this extension, or of the template, knows: each behind the block that it follows. */
function insertNew(pieces: readonly (Piece | Written)[], parts: readonly Part[], known: readonly string[], end: string): (Piece | Written)[] {
  const result = [...pieces];
  const idOf = (piece: Piece | Written): string | undefined => (piece.kind === 'written' || piece.kind === 'block' ? piece.id : piece.kind === 'line' ? OPEN.exec(piece.line)?.[1] : undefined);
  const order = parts.flatMap(({ id }) => (id === undefined ? [] : [id]));
  for (const part of parts) {
    const { id } = part;
    if (id === undefined || known.includes(id) || result.some((piece) => idOf(piece) === id)) {
      continue;
    }
    const before = order.slice(0, order.indexOf(id));
    const behind = result.findLastIndex((piece) => piece.kind === 'written' && before.includes(piece.id));
    const place = behind === -1 ? result.findIndex(({ kind }) => kind === 'review') : behind + 1;
    const text = withEnd(formatPart(part), end);
    result.splice(place, 0, { kind: 'written', id, text: behind === -1 ? text + end : end + text });
  }
  return result;
}

/** The list stands where it stood first, once, or at the end. */
function assemble(pieces: readonly (Piece | Written)[], mark: string, end: string): string {
  const first = pieces.findIndex(({ kind }) => kind === 'review');
  const text = pieces.map((piece, index) => {
    switch (piece.kind) {
      case 'written': return piece.text;
      case 'block': return piece.lines.join('');
      case 'line': return piece.line;
      case 'review': return index === first ? mark + end : '';
    }
  }).join('');
  return first === -1 ? `${ensureEnd(text, end)}${end}${mark}${end}` : text;
}

/** What is no whole block, cut or mixed up, is text like any other. */
function read(text: string): Piece[] {
  const lines = linesOf(text);
  const pieces: Piece[] = [];
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? '';
    const [, id, hash] = OPEN.exec(line) ?? [];
    const last = id === undefined ? -1 : closeOf(lines, index);
    const ids = REVIEW.exec(line)?.[2];
    if (id !== undefined && hash !== undefined && last !== -1) {
      pieces.push({ kind: 'block', id, hash, lines: lines.slice(index, last + 1), body: lines.slice(index + 1, last).map(bare).join('\n') });
      index = last;
    } else if (ids !== undefined) {
      pieces.push({ kind: 'review', ids: ids.trim().split(' ').filter((word) => word !== '') });
    } else if (!NEWER.test(line)) {
      pieces.push({ kind: 'line', line });
    }
  }
  return pieces;
}

/** Where the block that begins there ends; -1 when it does not before another one begins. */
function closeOf(lines: readonly string[], open: number): number {
  const next = lines.findIndex((line, index) => index > open && (CLOSE.test(line) || OPEN.test(line) || REVIEW.test(line)));
  return next !== -1 && CLOSE.test(lines[next] ?? '') ? next : -1;
}

function formatPart({ id, text }: Part): string {
  return id === undefined ? text : `<!-- incident-runbook:block ${id} ${hashOf(text)} -->\n${text}\n<!-- /incident-runbook:block -->`;
}

function reviewMark(incident: string, ids: readonly string[]): string {
  return `<!-- ${['incident-runbook:review', incident, ...ids].join(' ')} -->`;
}

function newerMark(id: string): string {
  return `<!-- incident-runbook:newer ${id}: you changed this block, so it stays as it is. The timeline says something newer; "Take the newer text" above the block replaces yours. -->`;
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

/** With their line breaks. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function bare(line: string): string {
  return line.replace(/\r?\n$/, '');
}

function withEnd(text: string, end: string): string {
  return text.split('\n').map((line) => line + end).join('');
}

function ensureEnd(text: string, end: string): string {
  return text === '' || text.endsWith('\n') ? text : text + end;
}
