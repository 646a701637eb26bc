/** A sink that draws as the log channel does, into a text instead of VS Code. */
import { createRedactor } from '../../src/incident/redact.ts';
import type { LogEntry, LogSink } from '../../src/logs/log-entry.ts';
import { Pace } from '../../src/logs/pace.ts';
import { type Change, ShownLines } from '../../src/logs/shown-lines.ts';
import { LOG_SETTINGS } from '../../src/manifest-logs.ts';

export interface DrawnSink extends LogSink {
  /** Draws what still waits. */
  finish(): void;
}

export function drawnSink(groups: readonly string[], { onEntries, onDraw }: { readonly onEntries?: (entries: readonly LogEntry[]) => void; readonly onDraw: (change: Change) => void }): DrawnSink {
  const lines = new ShownLines({ time: 'utc', json: 'compact', redact: createRedactor(), groups }, LOG_SETTINGS['incidentRunbook.logs.maximumLines'].default, () => Date.now() - 900_000);
  const drawing = new Pace(() => {
    const change = lines.draw();
    if (change !== undefined) {
      onDraw(change);
    }
  });
  return {
    show: (entries) => {
      onEntries?.(entries);
      lines.add(entries);
      drawing.ask(lines.isBehind);
    },
    reveal: () => undefined,
    streaming: () => undefined,
    finish: () => { drawing.run(); },
  };
}
