import { ConfigurationError } from '../errors.ts';

/** The type of an option. An object names its expected value in words. */
export type OptionType =
  | 'string'
  | 'number'
  | 'boolean'
  | 'function'
  | 'object'
  | 'text list'
  | { readonly expected: string; accepts(value: unknown): boolean };

/**
 * Checks the types of options, for applications that no compiler checks. `undefined` is an option that is not set. An
 * unknown option is ignored, unless its name resembles that of a known one, or is another name for it.
 *
 * @param caller for the message, for example `createClient()`
 * @param hints remedies for names that are not options here
 * @throws ConfigurationError `invalid_option`, without the value, or `missing_option` if there are no options
 */
export function checkOptions(
  caller: string,
  options: object,
  {
    types,
    hints = {},
  }: {
    readonly types: Readonly<Record<string, OptionType>>;
    readonly hints?: Readonly<Record<string, string>>;
  },
): void {
  if (typeof options !== 'object' || options === null) {
    throw new ConfigurationError('missing_option', `${caller} requires an object with options.`);
  }
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const type = Object.hasOwn(types, name) ? types[name] : undefined;
    if (type === undefined) rejectNearName(caller, name, { types, hints });
    else if (!isOfType(value, type)) {
      const expected = typeof type === 'string' ? expectations[type] : type.expected;
      throw new ConfigurationError(
        'invalid_option',
        `The option "${name}" of ${caller} is ${describeType(value)}, expected ${expected}.`,
      );
    }
  }
}

const expectations = {
  string: 'a string',
  number: 'a number',
  boolean: 'true or false',
  function: 'a function',
  object: 'an object',
  'text list': 'a string or an array of strings',
} as const;

function isOfType(value: unknown, type: OptionType): boolean {
  if (typeof type === 'object') return type.accepts(value);
  if (type === 'text list') return [value].flat().every((each) => typeof each === 'string');
  if (type === 'object') return typeof value === 'object' && value !== null;
  return typeof value === type;
}

function describeType(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value !== 'object') return `a ${typeof value}`;
  const name = Object.getPrototypeOf(value)?.constructor?.name;
  return typeof name === 'string' && name !== 'Object' && /^\w{1,40}$/.test(name)
    ? `a ${name} object`
    : 'an object';
}

function rejectNearName(
  caller: string,
  name: string,
  { types, hints }: { readonly types: object; readonly hints: Readonly<Record<string, string>> },
): void {
  const hint = Object.hasOwn(hints, name) ? hints[name] : undefined;
  const near = Object.keys(types).find((optionName) => isNear(name, optionName));
  if (hint === undefined && near === undefined) return;
  throw new ConfigurationError(
    'invalid_option',
    `${caller} has no option "${name}". ${hint ?? `Did you mean "${near}"?`}`,
  );
}

/** Whether the names differ in case, or in one letter that is missing, added, replaced or swapped. */
function isNear(one: string, other: string): boolean {
  const [a, b] = [one.toLowerCase(), other.toLowerCase()];
  if (a === b) return true;
  if (Math.abs(a.length - b.length) > 1 || Math.min(a.length, b.length) < 4) return false;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start += 1;
  let end = 0;
  const shorter = Math.min(a.length, b.length) - start;
  while (end < shorter && a.at(-1 - end) === b.at(-1 - end)) end += 1;
  const [x, y] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  return (x.length <= 1 && y.length <= 1) || (x.length === 2 && y === `${x[1]}${x[0]}`);
}
