/** The same characters in memory of their own: a slice of a string keeps the whole of it, be it a hundred kilobytes. */
export function copyOf(text: string): string {
  return Buffer.from(text, 'utf16le').toString('utf16le');
}
