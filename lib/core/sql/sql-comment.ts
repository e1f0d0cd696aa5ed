/**
 * Tags as a comment of SQL, as sqlcommenter writes them, for tools that read a server's log: `/*route='%2Fusers'*\/`. Keys
 * are sorted, keys and values percent-encoded, so that nothing in them can end the comment.
 */
export function sqlComment(tags: Readonly<Record<string, string>>): string {
  const pairs = Object.keys(tags)
    .sort()
    .map((key) => `${encoded(key)}='${encoded(tags[key] ?? '')}'`);
  return pairs.length === 0 ? '' : `/*${pairs.join(',')}*/`;
}

/** What encodeURIComponent leaves and could end a value or the comment. */
function encoded(text: string): string {
  // Half of a surrogate pair would make it throw.
  const wellFormed = Buffer.from(text).toString();
  return encodeURIComponent(wellFormed).replace(/[*']/g, (one) => (one === '*' ? '%2A' : '%27'));
}
