/** What is wrong with one option, in words that are safe to log. */
export interface OptionProblem {
  option: string;
  message: string;
}

/** What one option accepts. Rules describe and test; who reports a problem decides which error it becomes. */
export interface Rule {
  /** Completes the sentence "expected …". */
  readonly expected: string;
  /** The value never appears in a message. */
  readonly secret?: boolean;
  /** The option exists elsewhere and is not taken here: why, and what to do instead. */
  readonly refusal?: string;
  accepts(value: unknown): boolean;
}

/** One rule for every option of a group, so that the compiler notices a missing one. */
export type Rules<Options> = { readonly [Name in keyof Required<Options>]: Rule };

type RuleTable = Readonly<Record<string, Rule>>;

export const boolean: Rule = { expected: 'true or false', accepts: (value) => typeof value === 'boolean' };

export const callback: Rule = { expected: 'a function', accepts: (value) => typeof value === 'function' };

export const record: Rule = { expected: 'an object', accepts: isPlainObject };

export function integer(least: number, most: number, unit = ''): Rule {
  return {
    expected: `a whole number${unit && ` of ${unit}`} from ${String(least)} to ${String(most)}`,
    accepts: (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most,
  };
}

export function number(least: number, most: number, unit = ''): Rule {
  return {
    expected: `a number${unit && ` of ${unit}`} from ${String(least)} to ${String(most)}`,
    accepts: (value) => typeof value === 'number' && value >= least && value <= most,
  };
}

export function text(least = 1, most = Infinity): Rule {
  const size = most === Infinity ? '' : ` of ${String(least)} to ${String(most)} characters`;
  return {
    expected: size === '' && least > 0 ? 'a string that is not empty' : `a string${size}`,
    accepts: (value) => typeof value === 'string' && value.length >= least && value.length <= most,
  };
}

export function oneOf(...values: (string | number | boolean | null)[]): Rule {
  return {
    expected: values.map((value) => (typeof value === 'string' ? `"${value}"` : String(value))).join(' or '),
    accepts: (value) => values.some((allowed) => allowed === value),
  };
}

export function either(...rules: Rule[]): Rule {
  return {
    expected: rules.map((rule) => rule.expected).join(', or '),
    accepts: (value) => rules.some((rule) => rule.accepts(value)),
  };
}

export function objectWith(...methods: string[]): Rule {
  return {
    expected: `an object with the functions ${methods.join(', ')}`,
    accepts: (value) => typeof value === 'object' && hasMethods(value, methods),
  };
}

export function classWith(...methods: string[]): Rule {
  return {
    expected: `a class with the methods ${methods.join(', ')}`,
    accepts: (value) => typeof value === 'function' && hasMethods(value.prototype, methods),
  };
}

export function secret(rule: Rule): Rule {
  return { ...rule, secret: true };
}

/** The same rule, telling more about what is expected. */
export function explained(rule: Rule, expected: string): Rule {
  return { ...rule, expected };
}

/** For a name that people bring from elsewhere and that has no place here. */
export function refused(reason: string, accepts: Rule['accepts'] = () => false): Rule {
  return { expected: 'nothing', refusal: reason, accepts };
}

/**
 * The first option that is unknown or has an impossible value. `undefined` counts as not given.
 *
 * @param hint what an unknown option may have been meant for
 * @param group the option whose own options these are
 */
export function findProblem(rules: RuleTable, given: unknown, hint = '', group?: string): OptionProblem | undefined {
  const prefix = group === undefined ? '' : `${group}.`;
  if (!isPlainObject(given)) {
    const received = typeof given === 'string' ? 'a string' : show(given);
    return { option: 'options', message: `Options: received ${received}; expected an object` };
  }
  for (const option of Object.keys(given)) {
    if (!Object.hasOwn(rules, option)) return unknownOption(option, rules, hint, prefix);
  }
  for (const option of Object.keys(given)) {
    const [value, rule] = [given[option], rules[option]];
    if (value === undefined || rule === undefined || rule.accepts(value)) continue;
    return { option: prefix + option, message: refusalOf(`Option "${prefix}${option}"`, value, rule) };
  }
  return undefined;
}

export function refusalOf(subject: string, value: unknown, rule: Rule): string {
  if (rule.refusal !== undefined) return `${subject} is not supported: ${rule.refusal}`;
  return `${subject}: received ${rule.secret ? '[redacted]' : show(value)}; expected ${rule.expected}`;
}

/** A value as an error message may show it: short, and without what could be a credential. */
export function show(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return showText(value);
    case 'bigint':
      return `${String(value)}n`;
    case 'function':
      return 'a function';
    case 'symbol':
      return 'a symbol';
    case 'object':
      if (value === null) return 'null';
      return Array.isArray(value) ? 'an array' : 'an object';
    default:
      return String(value);
  }
}

/** An object literal, of this realm or of another (a test runner's, say), and not an instance of a class. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || (Object.getPrototypeOf(prototype) === null && !Array.isArray(value));
}

const shownCharacters = 60;

// A connection string that was given to the wrong option is the likeliest way for a password to end up here.
function showText(value: string): string {
  return /:\/\/|@|passw|pwd|secret/i.test(value) ? '[redacted]' : cut(value);
}

function cut(value: string): string {
  const shown = JSON.stringify(value);
  return shown.length > shownCharacters ? `${shown.slice(0, shownCharacters - 1)}…` : shown;
}

function hasMethods(value: unknown, methods: string[]): boolean {
  return value != null && methods.every((name) => typeof (value as Record<string, unknown>)[name] === 'function');
}

function unknownOption(option: string, rules: RuleTable, hint: string, prefix: string): OptionProblem {
  const taken = Object.keys(rules).filter((name) => rules[name]?.refusal === undefined);
  const nearest = nearestName(option, taken);
  const named = /:\/\/|@/.test(option) ? '[redacted]' : cut(prefix + option);
  const message = `Unknown option ${named}${nearest === undefined ? '' : ` (did you mean "${nearest}"?)`}`;
  return { option: prefix + option, message: hint === '' ? message : `${message}. ${hint}` };
}

function nearestName(option: string, known: string[]): string | undefined {
  const furthest = Math.min(3, Math.ceil(option.length / 3));
  let nearest: string | undefined;
  let least = furthest + 1;
  for (const name of known) {
    if (Math.abs(name.length - option.length) > furthest) continue;
    const distance = editDistance(option.toLowerCase(), name.toLowerCase());
    if (distance < least) [nearest, least] = [name, distance];
  }
  return nearest;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const substitution = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(substitution, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
