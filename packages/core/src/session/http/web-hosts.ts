import { ConfigurationError } from '../../errors.ts';

/** An address of the option `baseUrl`, ready to be compared with hosts of requests. */
interface Address {
  /** As it is configured. */
  readonly text: string;
  readonly protocol: 'http:' | 'https:';
  /** The host in its normal form; of a pattern, what follows the asterisk. `undefined`: this is no address. */
  readonly host: string | undefined;
  readonly isPattern: boolean;
  /** The path, as it is configured. */
  readonly path: string;
}

/** An address of the application that was chosen for a request. */
export interface ChosenAddress {
  /** The configured address; the same for all hosts of a pattern. */
  readonly configured: string;
  readonly baseUrl: string;
}

/** Characters of a host at most: a name has 253, a port 5 (RFC 1035 section 2.3.4). */
const maxHostLength = 260;

/**
 * The host that a request names. A client can write anything into it: it is compared with configured addresses, and never
 * used itself. Of several forwarded hosts the last one counts: the trusted proxy wrote it, and what stands before it came
 * to that proxy.
 */
export function readHost(headers: Headers, trustProxy: boolean | undefined): string | null {
  const forwarded = trustProxy ? headers.get('x-forwarded-host')?.split(',').at(-1)?.trim() : undefined;
  return forwarded || headers.get('host');
}

/**
 * The normal form of a host: lower case, punycode, without the default port and the dot of a fully qualified name.
 *
 * @returns `undefined` for a text that is no host
 * @see RFC 9110 section 4.2.3
 */
export function normalizeHost(
  host: string | null,
  protocol: 'http:' | 'https:' = 'https:',
): string | undefined {
  // Characters at which a URL parser would see the end of the host, or which it removes.
  if (host === null || host.length > maxHostLength || !/^[^\s/?#@\\%]+$/.test(host)) return undefined;
  const text = `${protocol}//${host}`;
  if (!URL.canParse(text)) return undefined;
  const { hostname, port } = new URL(text);
  const name = hostname.replace(/\.$/, '');
  return port === '' ? name : `${name}:${port}`;
}

/**
 * Chooses among the addresses of the application: the one with the request's host, else a pattern that the host matches,
 * else the first address without a pattern.
 *
 * @throws ConfigurationError from the returned function when there are only patterns, and none matches
 */
export function createAddressChooser(allowed: readonly string[]): (host: string | null) => ChosenAddress {
  const addresses = allowed.map(parseAddress);
  const [only] = addresses;
  if (addresses.length === 1 && only?.isPattern === false) {
    const chosen = { configured: only.text, baseUrl: only.text };
    return () => chosen;
  }
  return (host) => {
    const forms = { 'http:': normalizeHost(host, 'http:'), 'https:': normalizeHost(host, 'https:') };
    const exact = addresses.find(
      (each) => !each.isPattern && each.host === forms[each.protocol] && each.host,
    );
    const pattern = exact ? undefined : addresses.find((each) => matchesPattern(each, forms[each.protocol]));
    if (pattern) {
      const { protocol, path } = pattern;
      return { configured: pattern.text, baseUrl: `${protocol}//${forms[protocol]}${path}` };
    }
    const chosen = exact ?? addresses.find(({ isPattern }) => !isPattern);
    if (chosen) return { configured: chosen.text, baseUrl: chosen.text };
    throw new ConfigurationError(
      'invalid_option',
      'The host of the request matches no pattern of baseUrl. Put an address without * into baseUrl: it serves every other host.',
    );
  };
}

function parseAddress(text: string): Address {
  const [, protocolText = '', authority = '', path = ''] = /^(https?:)\/\/([^/]*)(.*)$/i.exec(text) ?? [];
  const protocol = protocolText.toLowerCase() === 'http:' ? 'http:' : 'https:';
  const isPattern = authority.startsWith('*.');
  const name = isPattern ? authority.slice(2) : authority;
  if (name.includes('*')) {
    throw new ConfigurationError(
      'invalid_option',
      `baseUrl "${text}" has an asterisk in another place than its first label. Write https://*.preview.example.`,
    );
  }
  return { text, protocol, host: normalizeHost(name, protocol), isPattern, path };
}

/** One label stands for the asterisk, never several. */
function matchesPattern({ isPattern, host: suffix }: Address, host: string | undefined): boolean {
  if (!isPattern || suffix === undefined || !host?.endsWith(`.${suffix}`)) return false;
  return /^[a-z0-9-]+$/.test(host.slice(0, -suffix.length - 1));
}
