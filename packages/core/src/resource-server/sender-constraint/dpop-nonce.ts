import { ConfigurationError } from '../../errors.ts';
import type { Clock } from '../../internal/clock.ts';
import { encodeUtf8, toBase64Url } from '../../internal/encoding.ts';
import { checkRange } from '../../protocol/option-checks.ts';

/** Creates and checks the nonces of one resource server. */
export interface NonceSource {
  /** Returns the nonce that clients should use now. */
  getCurrent(): Promise<string>;
  /** Returns `previous` for a nonce that is valid but should be replaced, and `undefined` for an invalid one. */
  check(nonce: unknown): Promise<'current' | 'previous' | undefined>;
}

/** Nonces that DPoP proofs must contain. @see https://www.rfc-editor.org/rfc/rfc9449#section-9 */
export interface NonceOptions {
  /**
   * Secret of at least 32 characters, shared by all processes of the resource server. Default: a random one, which is
   * sufficient for a single process.
   */
  readonly secret?: string;
  /** Seconds after which the nonce changes, from 1 to 3,600. The previous nonce is valid for the same time. Default: 120. */
  readonly lifetime?: number;
}

/**
 * Creates nonces that need no store: a nonce is an HMAC of the time step, so that each process with the secret can check it.
 * RFC 9449 sections 8 and 9.
 */
export function createNonceSource(options: NonceOptions, now: Clock): NonceSource {
  const { secret, lifetime = 120 } = options;
  if (secret !== undefined && secret.length < 32) {
    throw new ConfigurationError(
      'invalid_option',
      `"dpop.nonce.secret" is a text of ${secret.length} characters, expected at least 32.`,
    );
  }
  checkRange('dpop.nonce.lifetime', lifetime, { min: 1, max: 3600, unit: 'seconds' });
  const material = secret === undefined ? crypto.getRandomValues(new Uint8Array(32)) : encodeUtf8(secret);
  const key = crypto.subtle.importKey('raw', material, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  const nonces = new Map<number, Promise<string>>();

  function getNonce(step: number): Promise<string> {
    let nonce = nonces.get(step);
    if (!nonce) {
      nonces.clear();
      nonce = createNonce(step);
      nonces.set(step, nonce);
    }
    return nonce;
  }

  async function createNonce(step: number): Promise<string> {
    const mac = await crypto.subtle.sign('HMAC', await key, encodeUtf8(`dpop-nonce:${step}`));
    return toBase64Url(new Uint8Array(mac).subarray(0, 18));
  }

  const getStep = () => Math.floor(now() / (lifetime * 1000));
  return {
    getCurrent: () => getNonce(getStep()),
    async check(nonce) {
      const step = getStep();
      if (nonce === (await getNonce(step))) return 'current';
      return nonce === (await createNonce(step - 1)) ? 'previous' : undefined;
    },
  };
}
