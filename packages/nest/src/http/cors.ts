interface Headers {
  /** Headers that a browser may send; a list, or a text with commas. */
  readonly allowedHeaders?: string | readonly string[];
  /** Headers that a browser may read; a list, or a text with commas. */
  readonly exposedHeaders?: string | readonly string[];
}

/**
 * Options for `app.enableCors()`, so that browsers may send credentials and read why they are refused:
 * `app.enableCors(accessTokenCors({ origin: 'https://app.example.com' }))`.
 *
 * Without `allowedHeaders` of your own every header may be sent, as ever.
 *
 * @see RFC 6750 section 3, RFC 9449 section 8
 */
export function accessTokenCors<T extends object>(
  options: T & Headers,
): Omit<T, keyof Headers> & { allowedHeaders?: string[]; exposedHeaders: string[] } {
  const { allowedHeaders, exposedHeaders, ...others } = options;
  return {
    ...others,
    ...(allowedHeaders !== undefined && { allowedHeaders: added(allowedHeaders, 'authorization', 'dpop') }),
    exposedHeaders: added(exposedHeaders, 'WWW-Authenticate', 'DPoP-Nonce', 'Retry-After'),
  };
}

const added = (list: string | readonly string[] | undefined, ...names: string[]): string[] => {
  const own = typeof list === 'string' ? list.split(',').map((name) => name.trim()) : (list ?? []);
  const known = new Set(own.map((name) => name.toLowerCase()));
  return [...own, ...names.filter((name) => !known.has(name.toLowerCase()))];
};
