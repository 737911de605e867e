/**
 * Checks whether a path is one of these paths or below one. Paths are compared by segments, decoded and without repeated
 * slashes: `/admin` covers `/admin/users` and `/%61dmin`, not `/administrator`. Malformed escapes stay as they are.
 *
 * @see https://www.rfc-editor.org/rfc/rfc3986#section-6.2.2
 * @example
 * ```ts
 * import { isPathBelow } from '@countersign/core/session/adapter';
 *
 * export const isProtected = ({ url }: Request): boolean => isPathBelow(new URL(url).pathname, ['/admin']);
 * ```
 */
export function isPathBelow(pathname: string, parents: readonly string[]): boolean {
  if (parents.length === 0) return false;
  const path = normalize(pathname);
  return parents.some((parent) => {
    const prefix = parent.endsWith('/') ? parent.replace(/\/+$/, '') : parent;
    return path === prefix || path.startsWith(`${prefix}/`);
  });
}

/**
 * Checks whether two paths may lead to the same page. In addition to {@link isPathBelow}, upper case and slashes at the end
 * make no difference: servers can be configured to ignore both.
 */
export const isSamePage = (pathname: string, other: string): boolean =>
  toPageKey(pathname) === toPageKey(other);

const toPageKey = (pathname: string): string => normalize(pathname).replace(/\/+$/, '').toLowerCase();

/**
 * Decodes each run of escapes separately. Invalid UTF-8 becomes U+FFFD, and `%zz` stays as it is: an escape that
 * cannot be decoded must not exclude the rest of the path from the comparison.
 */
function normalize(pathname: string): string {
  if (!/%|\/\//.test(pathname)) return pathname;
  return pathname.replace(/(?:%[\da-f]{2})+/gi, decodeEscapes).replace(/\/{2,}/g, '/');
}

/** RFC 3986 section 2.1. */
function decodeEscapes(escapes: string): string {
  const bytes = Uint8Array.from(escapes.slice(1).split('%'), (hex) => Number.parseInt(hex, 16));
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}
