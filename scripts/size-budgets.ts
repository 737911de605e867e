export interface SizeBudget {
  /** In kB (1,000 bytes), minified and gzipped. */
  readonly limit: number;
  /** The names that an application imports from the entry. Default: all of them. */
  readonly imports?: readonly string[];
  /** Production builds of Angular contain only short messages of errors. Default: false. */
  readonly hasShortMessages?: boolean;
  /** The imported names contain no code of {@link optionalFeatures}. Default: false. */
  readonly excludesOptionalFeatures?: boolean;
}

/** The maximum size that an entry adds to a browser bundle. Peer dependencies do not count. */
export const sizeBudgets: Readonly<Record<string, SizeBudget>> = {
  // All names, with the features that most applications do not import: DPoP, storages, userinfo, idle times, popups.
  '@countersign/core/browser': { limit: 26, hasShortMessages: true },
  // Login, callback, silent login, refresh, interceptor and guard.
  '@countersign/angular': {
    limit: 27.1,
    hasShortMessages: true,
    excludesOptionalFeatures: true,
    imports: [
      'provideAuth',
      'withRefreshTokens',
      'withSilentLogin',
      'authInterceptor',
      'authGuard',
      'injectAuth',
    ],
  },
  // The warning before the expiry of a session is a third of the size.
  '@countersign/next/client': { limit: 4.5 },
};

/** Strings of server code, which browser bundles must not contain. */
export const serverOnly = ['node:', 'undici', 'A256GCM', '__Host-'];

/** A text of seven words, which is not a short message. */
export const longText = /(?:\b[A-Za-z]+[,:;]? ){6}[A-Za-z]+/;

/** A string of each feature that an application imports by name. */
export const optionalFeatures: Readonly<Record<string, string>> = {
  userinfo: 'userinfo.failed',
  'idle times': 'session.idle',
  'login in a window': 'countersign popup',
  DPoP: 'dpop+jwt',
  'storage in IndexedDB': 'readwrite',
};
