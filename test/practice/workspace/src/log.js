/** Writes one entry per call to standard output, where the log driver of the container picks it up. */
function write(level, area, text) {
  process.stdout.write(`${new Date().toISOString()} ${level} [${area}] ${text}\n`);
}

export const log = {
  info: (area, text) => write('INFO', area, text),
  warn: (area, text) => write('WARN', area, text),
  error: (area, error, requestId = '-') => write('ERROR', area, `requestId=${requestId} ${error.stack}`),
};
