/**
 * Where a browser stores a cookie, beside its name. A request contains none of it, so a session records the scope of its
 * cookie: after a change of the settings, the cookie can be deleted by one `Set-Cookie`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6265#section-5.3
 */
export interface CookieScope {
  /** Default: the host of the application only. */
  readonly domain?: string;
  /** Default: `/`. */
  readonly path?: string;
  /** Default: false. */
  readonly partitioned?: true;
}

/** Creates the scope of settings, with the spelling that browsers compare. */
export function createCookieScope({
  domain,
  path = '/',
  partitioned = false,
}: {
  readonly domain?: string | undefined;
  readonly path?: string | undefined;
  readonly partitioned?: boolean | undefined;
}): CookieScope {
  return {
    ...(domain !== undefined && { domain: domain.replace(/^\./, '').toLowerCase() }),
    ...(path !== '/' && { path }),
    ...(partitioned && { partitioned }),
  };
}

export const isSameScope = (a: CookieScope, b: CookieScope): boolean =>
  a.domain === b.domain && a.path === b.path && a.partitioned === b.partitioned;

/** Checks whether a scope is that of the default settings, which a session need not record. */
export const isDefaultScope = (scope: CookieScope): boolean => isSameScope(scope, {});
