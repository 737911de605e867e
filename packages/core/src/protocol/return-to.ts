import { findOrigin } from './secure-url.ts';

export interface ReturnToOptions {
  /** The origin of the application, for example `https://app.example.com`, `file://` or `capacitor://localhost`. */
  readonly origin: string;
  /** Returned for a value that is rejected. Default: `/`. */
  readonly fallback?: string;
  /** Characters. Default: 2000, because the value is usually stored in a cookie. */
  readonly maxLength?: number;
}

/**
 * Validates the address to which the user returns after login or logout. The result is a path of the application, with
 * query and fragment: an open redirect is not possible.
 *
 * @param value a path that begins with `/`, or a URL of the origin
 * @returns the path, or the fallback for anything else
 * @see https://www.rfc-editor.org/rfc/rfc9700#section-4.11
 */
export function sanitizeReturnTo(value: unknown, options: ReturnToOptions): string {
  const { origin, fallback = '/', maxLength = 2000 } = options;
  if (typeof value !== 'string' || value === '' || value.length > maxLength) return fallback;
  // Browsers remove tabs and line breaks and read "\" as "/", so a path could become another host.
  if (/[\p{Cc}\p{Cf}\\]/u.test(value)) return fallback;
  // Parsers disagree about "https:host": some read a path, others a host.
  if (!value.startsWith('/') && !value.startsWith(`${origin}/`)) return fallback;
  // The URL parser decides the origin: it recognizes "//host" and "user@host".
  const url = URL.canParse(value, origin) ? new URL(value, origin) : undefined;
  if (!url || findOrigin(url) !== origin || url.username !== '' || url.password !== '') return fallback;
  const path = url.pathname + url.search + url.hash;
  // "/.//host" resolves to a path that begins with "//". As a relative reference, that is a host.
  return path.startsWith('//') ? fallback : path;
}
