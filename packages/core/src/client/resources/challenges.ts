/** One challenge of a `WWW-Authenticate` header. */
export interface Challenge {
  /** The authentication scheme, in lower case. */
  readonly scheme: string;
  /** The names are in lower case. */
  readonly parameters: Readonly<Record<string, string>>;
}

const token = /[\w!#$%&'*+.^`|~-]+/y;
const separator = /[\s,]*/y;
const assignment = /([\w!#$%&'*+.^`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([\w!#$%&'*+.^`|~-]+))/y;
const token68 = /[\w.~+/-]+=*(?=\s*(?:,|$))/y;

/** Maximum length of a header in characters. A longer one has no challenges: no known server sends it. */
const maxLength = 8192;

/**
 * Parses the challenges of a `WWW-Authenticate` header. Several headers may be joined with commas. Returns an empty array
 * if the header is malformed.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1
 */
export function parseChallenges(header: string | null): readonly Challenge[] {
  if (header === null || header.length > maxLength) return [];
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  let position = 0;
  const read = (pattern: RegExp) => {
    pattern.lastIndex = position;
    const match = pattern.exec(header);
    if (match) position = pattern.lastIndex;
    return match;
  };
  for (read(separator); position < header.length; read(separator)) {
    const pair = challenges.length > 0 ? read(assignment) : null;
    if (pair) {
      const [, name = '', quotedText, plain = ''] = pair;
      const current = challenges.at(-1) as { parameters: Record<string, string> };
      current.parameters[name.toLowerCase()] = quotedText?.replace(/\\(.)/g, '$1') ?? plain;
      continue;
    }
    const scheme = read(token)?.[0];
    if (scheme === undefined) return [];
    challenges.push({ scheme: scheme.toLowerCase(), parameters: Object.create(null) });
    if (/\s/.test(header[position] ?? '')) {
      read(/\s+/y);
      const parametersStart = position;
      if (read(assignment)) position = parametersStart;
      else read(token68);
    }
  }
  return challenges;
}
