/** Server settings by their names in postgresql.conf. */
export type Settings = Readonly<Record<string, string | number | boolean>>;

/** Lines of postgresql.conf; of two lines for one setting the server takes the last. */
export function settingLines(settings: Settings): string {
  return Object.entries(settings)
    .map(([name, value]) => `${checkedName(name)} = '${quoted(name, value)}'\n`)
    .join('');
}

function checkedName(name: string): string {
  if (name === 'port' || name === 'data_directory') {
    throw new Error(`settings.${name} cannot be set: ${name === 'port' ? 'use the option port' : 'it is chosen anew'}`);
  }
  if (!/^[a-z_][a-z0-9_.]*$/i.test(name)) throw new Error(`settings: "${name}" is not the name of a server setting`);
  return name;
}

function quoted(name: string, value: string | number | boolean): string {
  const text = typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value);
  if (/[\r\n\0]/.test(text)) throw new Error(`settings.${name} holds a line break or NUL, which no setting may`);
  return text.replace(/[\\']/g, '\\$&');
}
