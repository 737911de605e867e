/** Characters of a return address at most: it travels in a cookie. */
const maxLength = 2000;

/**
 * Where to send the user after login or logout: a path of this application, or the fallback.
 * The URL parser of browsers itself decides what is same-origin, not a pattern.
 *
 * @see RFC 9700 section 4.11
 */
export function sanitizeReturnTo(value: unknown, baseUrl: URL, fallback: string): string {
  if (typeof value !== 'string' || value === '' || value.length > maxLength) return fallback;
  // Browsers drop tabs and line breaks and read "\" as "/": what looks like a path may be another host.
  if (/[\p{Cc}\p{Cf}\\]/u.test(value)) return fallback;
  // A path or an absolute URL: "https:host" is a path to one parser and a host to another.
  if (!value.startsWith('/') && !value.startsWith(`${baseUrl.origin}/`)) return fallback;
  // Base and value are parsed together: "//host" and "user@host" show their origin then.
  const url = URL.canParse(value, baseUrl.origin) ? new URL(value, baseUrl.origin) : undefined;
  if (!url || url.origin !== baseUrl.origin || url.username !== '' || url.password !== '') return fallback;
  const path = url.pathname + url.search + url.hash;
  // "/.//host" and the like resolve to a path that begins with "//": as a relative reference that is a host again.
  return path.startsWith('//') ? fallback : path;
}
