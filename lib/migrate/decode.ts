import { isUtf8 } from 'node:buffer';
import { MigrationRefusedError } from '../errors/migration-errors.js';

const NEWLINE = 0x0a;

/**
 * The text of a file: without BOM, and with LF line ends, so that neither changes what is run or its checksum.
 * Throws `MigrationRefusedError` with reason `encoding`.
 */
export function decode(bytes: Buffer, file: string): string {
  const mark = bytes.toString('latin1', 0, 2);
  if (mark === '\xff\xfe' || mark === '\xfe\xff') {
    throw new MigrationRefusedError('encoding', 'it is in UTF-16. Save it in UTF-8.', { file });
  }
  const nul = bytes.indexOf(0);
  if (nul !== -1) {
    const line = lineAt(bytes, nul);
    throw new MigrationRefusedError(
      'encoding',
      'it has a NUL byte, as UTF-16 without a mark has. Save it as text in UTF-8.',
      { file, line },
    );
  }
  if (!isUtf8(bytes)) {
    throw new MigrationRefusedError('encoding', 'it is not in UTF-8. Save it in UTF-8.', {
      file,
      line: firstWrongLine(bytes),
    });
  }
  return new TextDecoder().decode(bytes).replace(/\r\n?/g, '\n');
}

function lineAt(bytes: Buffer, end: number): number {
  let line = 1;
  for (let at = bytes.indexOf(NEWLINE); at !== -1 && at < end; at = bytes.indexOf(NEWLINE, at + 1)) line++;
  return line;
}

function firstWrongLine(bytes: Buffer): number {
  let line = 1;
  let start = 0;
  for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
    if (!isUtf8(bytes.subarray(start, end))) break;
    start = end + 1;
    line++;
  }
  return line;
}
