export interface SizeBudget {
  /** In kB (1,000 bytes), minified and gzipped. */
  readonly limit: number;
  /** What an application imports of the entry; the bundler leaves out the rest. Default: everything. */
  readonly imports?: readonly string[];
}

/**
 * The most that an entry may add to a browser bundle.
 * Peer dependencies are the application's own and not counted.
 */
export const sizeBudgets: Readonly<Record<string, SizeBudget>> = {
  '@countersign/core/browser': { limit: 14.5 },
  // Login, callback, silent login, refresh, interceptor and guard.
  '@countersign/angular': {
    limit: 16.5,
    imports: [
      'provideAuth',
      'withRefreshTokens',
      'withSilentLogin',
      'authInterceptor',
      'authGuard',
      'injectAuth',
    ],
  },
  '@countersign/next/client': { limit: 3 },
};

/** What has no place in a browser: server code that slipped in through an import. */
export const serverOnly = ['node:', 'undici', 'EncryptJWT', '__Host-'];
