import { isAbsolute, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What `Error.captureStackTrace` has written to. */
export interface Trace {
  readonly stack?: string;
}

interface Frame {
  readonly words: string;
  readonly file: string;
  readonly line: string;
  readonly column: string;
}

const MOST_FRAMES = 10;
/** No frame is so long; a message may be. */
const LONGEST_LINE = 1000;

// Code that was evaluated, or came by a data: or https: URL, has no such place; its name could be anything.
const place = String.raw`((?:file:|webpack|[/\\]|[A-Za-z]:[/\\])[^<]*):(\d+):(\d+)`;
const frame = new RegExp(String.raw`^ +at (?:.*? \(${place}\)|(?:async )?${place})$`);

const inModules = /[/\\]node_modules[/\\]/;
const plumbing = /[/\\]node_modules[/\\](?:pg|pg-pool|express|router)[/\\]/;

/** The folders of this package's code: compiled and, where Node follows source maps, its source. None in a bundle. */
const own = ownFolders(import.meta.url);

/**
 * Where the application was when the stack was written: `file:line:column` of the first frame that is neither ours nor
 * in `node_modules`; where there is none, of the first that is not ours. Undefined where the stack has no such frame.
 */
export function callSite(trace: Trace): string | undefined {
  const found = framesOf(trace);
  const at = found.find(({ file }) => !inModules.test(file)) ?? found[0];
  return at && `${at.file}:${at.line}:${at.column}`;
}

/** Up to ten frames of the application, in V8's words: `at name (file:///…:1:2)`. Nothing of an error's message. */
export function frames(trace: Trace): string[] {
  return framesOf(trace)
    .slice(0, MOST_FRAMES)
    .map(({ words }) => words);
}

function framesOf(trace: Trace): Frame[] {
  const all = linesOf(trace)
    .map(parse)
    .filter((one) => one !== undefined);
  const others = all.filter(({ file }) => !plumbing.test(file));
  return others.length > 0 ? others : all;
}

/** The lines of frames at the end of the stack: a message of many lines comes before them. */
function linesOf(trace: Trace): string[] {
  const stack = stackOf(trace);
  if (typeof stack !== 'string') return [];
  const [, ...lines] = stack.split('\n');
  const lastOther = lines.findLastIndex((line) => !/^ +at /.test(line));
  return lines.slice(lastOther + 1);
}

// An application may have an Error.prepareStackTrace of its own, which runs now, and may return what it likes or throw.
function stackOf(trace: Trace): unknown {
  try {
    return trace.stack;
  } catch {
    return undefined;
  }
}

function parse(line: string): Frame | undefined {
  const match = line.length > LONGEST_LINE ? null : frame.exec(line);
  if (match === null) return undefined;
  const file = pathOf(match[1] ?? match[4] ?? '');
  if (own.some((folder) => file.startsWith(folder))) return undefined;
  return { words: line.trim(), file, line: match[2] ?? match[5] ?? '', column: match[3] ?? match[6] ?? '' };
}

function pathOf(file: string): string {
  if (!file.startsWith('file:')) return file;
  try {
    return fileURLToPath(file);
  } catch {
    // Of another machine, or with an encoded slash.
    return file;
  }
}

function ownFolders(url: string | undefined): string[] {
  const root =
    url === undefined
      ? undefined
      : /^(.*?[/\\])(?:dist[/\\])?lib[/\\]monitor[/\\]call-site\.[jt]s$/.exec(pathOf(url))?.[1];
  if (root === undefined || !isAbsolute(root)) return [];
  return [`${root}dist${sep}lib${sep}`, `${root}lib${sep}`];
}
