/** What came of each call under each fault, as a table in Markdown. */

/** `1 found`: the look showed that the first had arrived. `1 again`: sent twice, which the service counts as once. */
export type Cell = '1 sent' | '1 found' | '1 again' | 'unknown' | 'refused' | '—';

/** What did not run is a question mark. */
export class OutcomeTable {
  readonly #title: string;
  readonly #columns: readonly string[];
  readonly #rows: ReadonlyMap<string, Map<string, string>>;

  constructor(title: string, rows: readonly string[], columns: readonly string[]) {
    this.#title = title;
    this.#columns = columns;
    this.#rows = new Map(rows.map((row) => [row, new Map<string, string>()]));
  }

  set(row: string, column: string, cell: Cell): void {
    this.#rows.get(row)?.set(column, cell);
  }

  /** Aligned, so that it can be read in a console as well. */
  format(): string {
    const columns = this.#columns;
    const lines = [[this.#title, ...columns], ...[...this.#rows].map(([row, cells]) => [row, ...columns.map((column) => cells.get(column) ?? '?')])];
    const widths = [this.#title, ...columns].map((_, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0)));
    const draw = (line: readonly string[]): string => `| ${line.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join(' | ')} |`;
    const [head = [], ...body] = lines;
    return [draw(head), draw(widths.map((width) => '-'.repeat(width))), ...body.map(draw)].join('\n');
  }
}
