/** Makes DPoP proofs with one key pair, and remembers the last nonce of each server. @see RFC 9449 */
export interface DpopProver {
  /** Thumbprint of the public key (RFC 7638), to which tokens are bound. */
  readonly thumbprint: string;
  /** A proof for one request; with `accessToken` for an API. */
  proof(method: string, url: string, accessToken?: string): Promise<string>;
  /** Keeps the `DPoP-Nonce` of an answer. @returns whether there was a new one */
  remember(url: string, headers: { get(name: string): string | null }): boolean;
}
