interface CorsHeaders {
  /** Request headers that a browser may send: a list, or a string with commas. */
  readonly allowedHeaders?: string | readonly string[] | undefined;
  /** Response headers that a browser may read: a list, or a string with commas. */
  readonly exposedHeaders?: string | readonly string[] | undefined;
}

/**
 * Adds the headers of access tokens to the options of `app.enableCors()`, so that browser applications can send
 * credentials and read why a request was rejected.
 *
 * It adds `authorization` and `dpop` to `allowedHeaders`, if that option is set; otherwise browsers may send every
 * header. It adds `WWW-Authenticate`, `DPoP-Nonce` and `Retry-After` to `exposedHeaders`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-3
 * @see https://www.rfc-editor.org/rfc/rfc9449#section-8
 * @example
 * ```ts
 * app.enableCors(accessTokenCors({ origin: 'https://app.example.com' }));
 * ```
 */
export function accessTokenCors<T extends object>(
  options: T & CorsHeaders,
): Omit<T, keyof CorsHeaders> & { allowedHeaders?: string[]; exposedHeaders: string[] } {
  const { allowedHeaders, exposedHeaders, ...others } = options;
  return {
    ...others,
    ...(allowedHeaders !== undefined && {
      allowedHeaders: addHeaderNames(allowedHeaders, ['authorization', 'dpop']),
    }),
    exposedHeaders: addHeaderNames(exposedHeaders, ['WWW-Authenticate', 'DPoP-Nonce', 'Retry-After']),
  };
}

function addHeaderNames(list: string | readonly string[] | undefined, names: readonly string[]): string[] {
  const present = typeof list === 'string' ? list.split(',').map((name) => name.trim()) : (list ?? []);
  const presentNames = new Set(present.map((name) => name.toLowerCase()));
  return [...present, ...names.filter((name) => !presentNames.has(name.toLowerCase()))];
}
