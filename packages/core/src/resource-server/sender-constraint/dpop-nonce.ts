import { ConfigurationError } from '../../errors.ts';
import type { Clock } from '../../internal/clock.ts';
import { encodeUtf8, toBase64Url } from '../../internal/encoding.ts';

/** Nonces that this API demands in proofs. */
export interface NonceSource {
  /** The nonce that clients should use now. */
  current(): Promise<string>;
  /** `current`, `previous` (still good, a fresh one should be handed out), or `undefined` for one that is not good. */
  judge(nonce: unknown): Promise<'current' | 'previous' | undefined>;
}

/** Nonces that clients must put into their proofs. @see RFC 9449 section 9 */
export interface NonceOptions {
  /**
   * At least 32 characters, shared by every process that serves the API. Default: random, which is right for one
   * process only.
   */
  readonly secret?: string;
  /** Seconds after which the nonce changes; the one before is still good for as long. Default: 120. */
  readonly life?: number;
}

/**
 * Nonces without a store: an authenticator of the time, so that any process can tell its own.
 *
 * @see RFC 9449 sections 8 and 9
 */
export function createNonceSource(options: NonceOptions, now: Clock): NonceSource {
  const { secret, life = 120 } = options;
  if (secret !== undefined && secret.length < 32) {
    throw new ConfigurationError('invalid_option', 'dpop.nonce.secret must have at least 32 characters');
  }
  if (!(life >= 1 && life <= 3600)) {
    throw new ConfigurationError('invalid_option', `dpop.nonce.life must be 1 to 3600 seconds, got ${life}`);
  }
  const material = secret === undefined ? crypto.getRandomValues(new Uint8Array(32)) : encodeUtf8(secret);
  const key = crypto.subtle.importKey('raw', material, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  const made = new Map<number, Promise<string>>();

  function nonceOf(step: number): Promise<string> {
    let nonce = made.get(step);
    if (!nonce) {
      made.clear();
      nonce = make(step);
      made.set(step, nonce);
    }
    return nonce;
  }

  async function make(step: number): Promise<string> {
    const mac = await crypto.subtle.sign('HMAC', await key, encodeUtf8(`dpop-nonce:${step}`));
    return toBase64Url(new Uint8Array(mac).subarray(0, 18));
  }

  const stepNow = () => Math.floor(now() / (life * 1000));
  return {
    current: () => nonceOf(stepNow()),
    async judge(nonce) {
      const step = stepNow();
      if (nonce === (await nonceOf(step))) return 'current';
      return nonce === (await make(step - 1)) ? 'previous' : undefined;
    },
  };
}
