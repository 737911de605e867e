/**
 * The most that an entry may add to a browser bundle, in kB (1,000 bytes), minified and gzipped.
 * Peer dependencies are the application's own and not counted.
 */
export const sizeBudgets: Readonly<Record<string, number>> = {
  '@countersign/core/browser': 10.5,
  '@countersign/angular': 12,
  '@countersign/next/client': 3,
};

/** What has no place in a browser: server code that slipped in through an import. */
export const serverOnly = ['node:', 'undici', 'EncryptJWT', '__Host-'];
