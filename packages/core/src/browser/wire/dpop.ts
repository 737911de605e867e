import { type Clock, seconds } from '../../internal/clock.ts';
import { createRandomToken, encodeUtf8, sha256, toBase64Url } from '../../internal/encoding.ts';
import { loadKeyPair } from './dpop-key.ts';

/**
 * Creates DPoP proofs with one key pair, and stores the last nonce of each server.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9449
 */
export interface DpopProver {
  /** The thumbprint of the public key, to which tokens are bound. @see https://www.rfc-editor.org/rfc/rfc7638 */
  readonly thumbprint: string;
  /** Creates the proof of one request. A request to a resource server needs `accessToken`. */
  createProof(method: string, url: string, accessToken?: string): Promise<string>;
  /** Stores the `DPoP-Nonce` of a response. @returns true for a new nonce */
  saveNonce(url: string, headers: { get(name: string): string | null }): boolean;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/**
 * Binds tokens to a key that cannot be extracted from the browser. It is stored in IndexedDB. A stolen token cannot be
 * used without the key.
 *
 * @param name the name under which the key is stored
 * @param now milliseconds since the epoch
 * @see https://www.rfc-editor.org/rfc/rfc9449
 * @example
 * ```ts
 * import { createBrowserAuth, createDpop } from '@countersign/core/browser';
 *
 * const auth = createBrowserAuth({
 *   issuer: 'https://id.example.com',
 *   clientId: 'my-app',
 *   redirectUri: 'https://app.example.com/callback',
 *   dpop: createDpop,
 * });
 * ```
 */
export async function createDpop(name: string, now: Clock): Promise<DpopProver> {
  const { privateKey, publicKey } = await loadKeyPair(name, () =>
    crypto.subtle.generateKey(algorithm, false, ['sign', 'verify']),
  );
  const { crv, kty, x, y } = await crypto.subtle.exportKey('jwk', publicKey);
  const jwk = { crv, kty, x, y };
  const nonces = new Map<string, string>();
  const encode = (value: object) => toBase64Url(encodeUtf8(JSON.stringify(value)));
  return {
    thumbprint: await sha256(JSON.stringify(jwk)),
    async createProof(method, url, accessToken) {
      const { origin, pathname } = new URL(url);
      const header = encode({ typ: 'dpop+jwt', alg: 'ES256', jwk });
      const payload = encode({
        jti: createRandomToken(),
        htm: method,
        // Without query and fragment (RFC 9449 section 4.2).
        htu: origin + pathname,
        iat: seconds(now),
        nonce: nonces.get(origin),
        ath: accessToken && (await sha256(accessToken)),
      });
      const signature = await crypto.subtle.sign(algorithm, privateKey, encodeUtf8(`${header}.${payload}`));
      return `${header}.${payload}.${toBase64Url(new Uint8Array(signature))}`;
    },
    saveNonce(url, headers) {
      const nonce = headers.get('dpop-nonce');
      const { origin } = new URL(url);
      if (!nonce || nonces.get(origin) === nonce) return false;
      nonces.set(origin, nonce);
      return true;
    },
  };
}
