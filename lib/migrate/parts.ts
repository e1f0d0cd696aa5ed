import { createHash } from 'node:crypto';
import { Tokenizer } from '../core/sql/tokenizer.js';
import { MigrationRefusedError } from '../errors/migration-errors.js';
import type { MigrationFileName } from './file-name.js';
import { lineOf, readMarkers } from './markers.js';
import type { Marker } from './markers.js';
import type { MigrationPart } from './migration.js';
import type { MigrationDirection } from './reports.js';

/** What one file holds. A part with nothing but comments is undefined: to take nothing back would be no way down. */
export type MigrationParts = Partial<Record<MigrationDirection, MigrationPart | undefined>>;

/** Throws `MigrationRefusedError` with reason `markers` or `empty`. */
export function readParts(text: string, { file, version, holds }: MigrationFileName): MigrationParts {
  const markers = readMarkers(text, file);
  checkOrder(markers, file, holds);
  checkBefore(text, markers[0], file);
  const parts: MigrationParts = {};
  if (markers.length === 0) {
    const direction = holds === 'down' ? 'down' : 'up';
    parts[direction] = partOf(text, file, undefined);
  }
  for (const [index, marker] of markers.entries()) {
    parts[marker.direction] = partOf(text.slice(marker.end, markers[index + 1]?.start), file, marker);
  }
  if (holds !== 'down' && parts.up === undefined) {
    const message = 'there is no statement in the part up. Write one, or delete the file.';
    throw new MigrationRefusedError('empty', message, { version, file, line: markers[0]?.line });
  }
  return parts;
}

function partOf(text: string, file: string, marker: Marker | undefined): MigrationPart | undefined {
  if (!hasStatement(text)) return undefined;
  return {
    file,
    text,
    firstLine: marker === undefined ? 1 : marker.line + 1,
    checksum: createHash('sha256').update(text.trim()).digest('hex'),
    transaction: marker?.transaction ?? true,
    idempotent: marker?.idempotent ?? false,
  };
}

function checkOrder(markers: readonly Marker[], file: string, holds: MigrationFileName['holds']): void {
  const seen = new Map<MigrationDirection, Marker>();
  for (const marker of markers) {
    const { direction, line } = marker;
    const refuse = (message: string) => new MigrationRefusedError('markers', message, { file, line });
    const first = seen.get(direction);
    if (holds !== 'both' && direction !== holds) {
      throw refuse(`migrate:${direction} in a file that is all ${holds} by its name. Move the part to its own file.`);
    }
    if (first !== undefined) {
      throw refuse(`migrate:${direction} is there a second time, after line ${String(first.line)}. Join the parts.`);
    }
    if (holds === 'both' && direction === 'down' && !seen.has('up')) {
      throw refuse('migrate:down comes without migrate:up before it. Put the part up first.');
    }
    seen.set(direction, marker);
  }
}

function checkBefore(text: string, marker: Marker | undefined, file: string): void {
  if (marker === undefined) return;
  const offset = firstToken(text.slice(0, marker.start));
  if (offset === -1) return;
  const message = `there is SQL before migrate:${marker.direction}, where only comments may stand. Move it below the marker.`;
  throw new MigrationRefusedError('markers', message, { file, line: lineOf(text, offset) });
}

function hasStatement(text: string): boolean {
  return firstToken(text, ';') !== -1;
}

/** Where the first token begins that is neither white space nor a comment, nor `passedOver`; -1 without one. */
function firstToken(text: string, passedOver?: string): number {
  const token = new Tokenizer(text);
  while (token.next()) {
    const { kind, start, end } = token;
    if (kind === 'whitespace' || kind === 'line-comment' || kind === 'block-comment') continue;
    if (text.slice(start, end) !== passedOver) return start;
  }
  return -1;
}
