import { parseUrl } from '../internal/parse-url.ts';

/**
 * Checks that codes and tokens can be sent to a URL. Only https protects them in transit; plain http is for development.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-3.1.2.1
 */
export function isSecureUrl(
  url: unknown,
  { allowInsecure = false }: { readonly allowInsecure?: boolean | undefined } = {},
): url is string {
  const protocol = typeof url === 'string' ? parseUrl(url)?.protocol : undefined;
  return protocol === 'https:' || (protocol === 'http:' && allowInsecure);
}

/**
 * Returns scheme and host of a URL. Unlike `URL.origin`, it also distinguishes URLs of custom schemes (`capacitor://app`)
 * and of files.
 */
export const findOrigin = ({
  protocol,
  host,
}: {
  readonly protocol: string;
  readonly host: string;
}): string => `${protocol}//${host}`;
