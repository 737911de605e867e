import { ConfigurationError } from '../../errors.ts';

/** An address of the option `baseUrl`, parsed for comparison with the hosts of requests. */
interface Address {
  /** The configured text. */
  readonly text: string;
  readonly protocol: 'http:' | 'https:';
  /** The normalized host; for a pattern, the part after `*.`. `undefined` if the text is not an address. */
  readonly host: string | undefined;
  readonly isPattern: boolean;
  /** The configured path. */
  readonly path: string;
}

/** The address of the application that serves a request. */
export interface SelectedAddress {
  /** The configured address; a pattern is the same for all of its hosts. */
  readonly configuredAddress: string;
  readonly baseUrl: string;
}

/** Maximum characters of a host: a name has 253, a port 5 (RFC 1035 section 2.3.4). */
const maxHostLength = 260;

/**
 * Reads the host of a request. A client can send any value, so it is only compared with configured addresses. If there
 * are several forwarded hosts, the last one counts: the trusted proxy wrote it, and it received the preceding ones from
 * outside.
 */
export function readHost(
  headers: Headers,
  { trustProxy }: { readonly trustProxy: boolean | undefined },
): string | null {
  const forwardedHost = trustProxy ? headers.get('x-forwarded-host')?.split(',').at(-1)?.trim() : undefined;
  return forwardedHost || headers.get('host');
}

/**
 * Normalizes a host: lower case, punycode, without the default port and without a trailing dot.
 *
 * @returns `undefined` if the text is not a host
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-4.2.3
 */
export function normalizeHost(
  host: string | null,
  protocol: 'http:' | 'https:' = 'https:',
): string | undefined {
  // Reject characters at which a URL parser ends the host, or which it removes.
  if (host === null || host.length > maxHostLength || !/^[^\s/?#@\\%]+$/.test(host)) return undefined;
  const text = `${protocol}//${host}`;
  if (!URL.canParse(text)) return undefined;
  const { hostname, port } = new URL(text);
  const name = hostname.replace(/\.$/, '');
  return port === '' ? name : `${name}:${port}`;
}

/**
 * Creates a function that selects an address of the application: the one with the request's host, else a pattern that
 * the host matches, else the first address without a pattern.
 *
 * @throws ConfigurationError from the returned function if there are only patterns, and none matches
 */
export function createAddressSelector(
  allowedHosts: readonly string[],
): (host: string | null) => SelectedAddress {
  const addresses = allowedHosts.map(parseAddress);
  const [only] = addresses;
  if (addresses.length === 1 && only?.isPattern === false) {
    const selectedAddress = { configuredAddress: only.text, baseUrl: only.text };
    return () => selectedAddress;
  }
  return (host) => {
    const forms = { 'http:': normalizeHost(host, 'http:'), 'https:': normalizeHost(host, 'https:') };
    const exact = addresses.find(
      (each) => !each.isPattern && each.host === forms[each.protocol] && each.host,
    );
    const pattern = exact ? undefined : addresses.find((each) => matchesPattern(each, forms[each.protocol]));
    if (pattern) {
      const { protocol, path } = pattern;
      return { configuredAddress: pattern.text, baseUrl: `${protocol}//${forms[protocol]}${path}` };
    }
    const selectedAddress = exact ?? addresses.find(({ isPattern }) => !isPattern);
    if (selectedAddress) return { configuredAddress: selectedAddress.text, baseUrl: selectedAddress.text };
    throw new ConfigurationError(
      'invalid_option',
      'The host of the request matches no pattern of "baseUrl". Add an address without "*" to "baseUrl": it serves all other hosts.',
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
      `"baseUrl" is "${text}", expected "*" only as the first label, for example https://*.preview.example.`,
    );
  }
  return { text, protocol, host: normalizeHost(name, protocol), isPattern, path };
}

/** The asterisk matches exactly one label. */
function matchesPattern({ isPattern, host: suffix }: Address, host: string | undefined): boolean {
  if (!isPattern || suffix === undefined || !host?.endsWith(`.${suffix}`)) return false;
  return /^[a-z0-9-]+$/.test(host.slice(0, -suffix.length - 1));
}
