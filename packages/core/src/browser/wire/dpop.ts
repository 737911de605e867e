import { type Clock, seconds } from '../../internal/clock.ts';
import { createRandomToken, encodeUtf8, sha256, toBase64Url } from '../../internal/encoding.ts';
import { keyPairOf } from './dpop-key.ts';

/** Makes DPoP proofs with one key pair, and remembers the last nonce of each server. @see RFC 9449 */
export interface DpopProver {
  /** Thumbprint of the public key, to which tokens are bound. @see RFC 7638 */
  readonly thumbprint: string;
  /** A proof for one request; with `accessToken` for an API. */
  proof(method: string, url: string, accessToken?: string): Promise<string>;
  /** Keeps the `DPoP-Nonce` of an answer. @returns whether it is a new one */
  remember(url: string, headers: { get(name: string): string | null }): boolean;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/**
 * Sender-constrains tokens with a key that cannot be extracted and is kept in IndexedDB: give it to the option `dpop`.
 * Who steals a token gets something that is of no use elsewhere.
 *
 * @param name under which the key is kept
 * @see RFC 9449
 */
export async function createDpop(name: string, now: Clock): Promise<DpopProver> {
  const { privateKey, publicKey } = await keyPairOf(name, () =>
    crypto.subtle.generateKey(algorithm, false, ['sign', 'verify']),
  );
  const { crv, kty, x, y } = await crypto.subtle.exportKey('jwk', publicKey);
  const jwk = { crv, kty, x, y };
  const nonces = new Map<string, string>();
  const encode = (value: object) => toBase64Url(encodeUtf8(JSON.stringify(value)));
  return {
    thumbprint: await sha256(JSON.stringify(jwk)),
    async proof(method, url, accessToken) {
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
    remember(url, headers) {
      const nonce = headers.get('dpop-nonce');
      const { origin } = new URL(url);
      if (!nonce || nonces.get(origin) === nonce) return false;
      nonces.set(origin, nonce);
      return true;
    },
  };
}
