/** A server, a file's name or an argument may hold what moves a terminal's cursor; only line ends are let through. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, ' ');
}

/**
 * URLs have passwords in them, with blanks and quotes even, and a mistyped command line has them in the wrong place:
 * `--ulr=postgres://…`.
 */
export function withoutUrls(text: string): string {
  return text
    .replace(/[a-z][a-z0-9+.-]*:\/\/(?:.*@)?[^\s']+/gi, '[hidden]')
    .replace(/\b(password\s*=\s*)[^\s']+/gi, '$1[hidden]');
}
