import { setPrivateCaching } from '@countersign/core/session/adapter';

/** Marks the response of a handler that has read the session, so that no shared cache stores it. */
export function markPrivate(
  { hasSetCookies }: { readonly hasSetCookies: boolean },
  response: Response,
): void {
  try {
    setHeaders(response.headers, { hasSetCookies });
  } catch {
    // The headers of `Response.redirect()` and of fetched responses are immutable. Next reads this property.
    const headers = new Headers(response.headers);
    setHeaders(headers, { hasSetCookies });
    Object.defineProperty(response, 'headers', { value: headers, configurable: true });
  }
}

function setHeaders(headers: Headers, { hasSetCookies }: { readonly hasSetCookies: boolean }): void {
  // A shared cache must not store a response with a session cookie, even if the application allows it (RFC 9111 section 7.3).
  if (hasSetCookies) headers.set('cache-control', 'private, no-store');
  setPrivateCaching(headers);
}
