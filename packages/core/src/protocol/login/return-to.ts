import { hasControlCharacter } from '../../internal/control-characters.ts';
import { parseUrl } from '../../internal/parse-url.ts';
import { findOrigin } from '../secure-url.ts';

export interface ReturnToOptions {
  /** The origin of the application, for example `https://app.example.com`, `file://` or `capacitor://localhost`. */
  readonly origin: string;
  /** Returned for a value that is rejected. Default: `/`. */
  readonly fallback?: string;
  /** Characters of the path. Default: 4000. */
  readonly maxLength?: number;
}

/** Maximum characters of a path. Servers limit the length of a URL, and the path is part of the login's URL. */
const defaultMaxLength = 4000;

/**
 * Validates the address to which the user returns after login or logout. The result is a path of the application, with
 * query and fragment: an open redirect is not possible.
 *
 * @param value a path that begins with `/`, or a URL of the origin
 * @returns the path, or the fallback for anything else
 * @see https://www.rfc-editor.org/rfc/rfc9700#section-4.11
 */
export function sanitizeReturnTo(value: unknown, options: ReturnToOptions): string {
  return checkReturnTo(value, options).path ?? options.fallback ?? '/';
}

/** Like {@link sanitizeReturnTo}, and returns why a value is rejected. */
export function checkReturnTo(
  value: unknown,
  { origin, maxLength = defaultMaxLength }: Omit<ReturnToOptions, 'fallback'>,
): { readonly path?: string; readonly problem?: 'too_long' | 'not_allowed' } {
  const notAllowed = { problem: 'not_allowed' } as const;
  const tooLong = { problem: 'too_long' } as const;
  if (typeof value !== 'string' || value === '') return notAllowed;
  if (value.length > maxLength) return tooLong;
  // Browsers remove tabs and line breaks and read "\" as "/", so a path could become another host.
  if (value.includes('\\') || hasControlCharacter(value)) return notAllowed;
  // Parsers disagree about "https:host": some read a path, others a host.
  if (!value.startsWith('/') && !/^[a-z][a-z\d+.-]*:\/\//i.test(value)) return notAllowed;
  // The URL parser decides the origin: it recognizes "//host" and "user@host", and equal spellings of a host. It encodes
  // other characters, for example a zero-width joiner.
  const url = parseUrl(value, origin);
  if (!url || !isOrigin(url, origin) || url.username !== '' || url.password !== '') return notAllowed;
  const path = url.pathname + url.search + url.hash;
  // "/.//host" resolves to a path that begins with "//". As a relative reference, that is a host.
  if (path.startsWith('//')) return notAllowed;
  return path.length > maxLength ? tooLong : { path };
}

/** A host with a trailing dot is the same host (RFC 9110 section 4.2.3, RFC 1034 section 3.1). */
function isOrigin(url: URL, origin: string): boolean {
  const { protocol, hostname, port } = url;
  const host = hostname.replace(/\.$/, '') + (port && `:${port}`);
  return findOrigin(url) === origin || findOrigin({ protocol, host }) === origin;
}
