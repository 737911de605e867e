/**
 * Whether a path is one of these or below it. Compared by segments, decoded and without doubled slashes:
 * `/admin` covers `/admin/users` and `/%61dmin`, not `/administrator`. A path with a malformed escape is compared by
 * what can be decoded.
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
 * Decodes each run of escapes on its own. What is not UTF-8 becomes U+FFFD, and `%zz` stays as it is: an escape that
 * cannot be decoded must not hide the rest of the path from the comparison.
 */
function normalize(pathname: string): string {
  if (!/%|\/\//.test(pathname)) return pathname;
  return pathname.replace(/(?:%[\da-f]{2})+/gi, decodeEscapes).replace(/\/{2,}/g, '/');
}

/** @see RFC 3986 section 2.1 */
function decodeEscapes(escapes: string): string {
  const bytes = Uint8Array.from(escapes.slice(1).split('%'), (hex) => Number.parseInt(hex, 16));
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}
