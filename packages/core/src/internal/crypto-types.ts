type GeneratedKey = Awaited<ReturnType<typeof crypto.subtle.generateKey>>;

/**
 * A key of Web Crypto, as the global `crypto` returns it. The name `CryptoKey` is not defined in projects without the
 * library `DOM`: with `skipLibCheck` each value would be accepted there.
 */
export type WebCryptoKey = Extract<GeneratedKey, { readonly algorithm: unknown }>;

/** A key pair of Web Crypto. */
export interface WebCryptoKeyPair {
  readonly publicKey: WebCryptoKey;
  readonly privateKey: WebCryptoKey;
}
