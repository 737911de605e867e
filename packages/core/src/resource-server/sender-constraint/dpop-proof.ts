import { importVerificationKey, sha256, verifySignature } from '#platform';
import { ConfigurationError, TransportError } from '../../errors.ts';
import { type Clock, seconds } from '../../internal/clock.ts';
import { isJsonObject, type JsonObject } from '../../internal/json/json.ts';
import {
  isSignatureAlgorithm,
  keyFits,
  type SignatureAlgorithm,
  signatureAlgorithms,
} from '../../internal/signature-algorithms.ts';
import { createMemoryReplayStore, type ReplayStore } from '../../tokens/replay-store.ts';
import { type ResourceRequest, singleHeader } from '../credentials.ts';
import { type CompactJws, parseJws } from '../jws.ts';
import { Rejection } from '../rejections/rejection.ts';
import { createNonceSource, type NonceOptions } from './dpop-nonce.ts';

/** How proofs of possession are checked. @see RFC 9449 section 4.3 */
export interface DpopOptions {
  /**
   * Where clients call this API, as they write it: `https://api.example.com`, with a path prefix if a proxy takes one
   * away. Never taken from the request: whoever sends it also writes its Host header.
   */
  readonly origin: string | readonly string[];
  /** Default: ES256, EdDSA, Ed25519, RS256 and PS256. */
  readonly algorithms?: readonly SignatureAlgorithm[];
  /** Seconds that a proof may be old, by its `iat`. Default: 60. @see RFC 9449 section 11.1 */
  readonly maxAge?: number;
  /** Demand a nonce of this API in each proof. Default: none, the replay store and `maxAge` limit a proof's use. */
  readonly nonce?: NonceOptions;
  /**
   * Default: in this process's memory. Several processes that serve one API need a shared one, such as
   * `createRedisReplayStore(redis)`. @see RFC 9449 section 11.1
   */
  readonly replayStore?: ReplayStore;
}

export interface DpopVerifier {
  readonly algorithms: readonly SignatureAlgorithm[];
  /**
   * Verifies the proof of a request for a token that is bound to `thumbprint`.
   *
   * @returns headers for the response, if a fresh nonce is due
   */
  verify(
    request: ResourceRequest,
    token: string,
    thumbprint: string,
  ): Promise<Readonly<Record<string, string>> | undefined>;
}

const defaultAlgorithms: readonly SignatureAlgorithm[] = ['ES256', 'EdDSA', 'Ed25519', 'RS256', 'PS256'];

const reject = (check: string, description: string): Rejection =>
  new Rejection('invalid_dpop_proof', check, description, { scheme: 'DPoP' });

/** @throws ConfigurationError when an option is missing or wrong */
export function createDpopVerifier(
  options: DpopOptions,
  context: { readonly now: Clock /** Seconds. */; readonly clockTolerance: number },
): DpopVerifier {
  const { now, clockTolerance } = context;
  const origins = originsOf(options.origin);
  const { algorithms = defaultAlgorithms, maxAge = 60 } = options;
  if (algorithms.length === 0 || !algorithms.every(isSignatureAlgorithm)) {
    throw new ConfigurationError(
      'invalid_option',
      `dpop.algorithms must be among ${signatureAlgorithms.join(', ')}`,
    );
  }
  if (!(maxAge >= 1 && maxAge <= 600)) {
    throw new ConfigurationError('invalid_option', `dpop.maxAge must be 1 to 600 seconds, got ${maxAge}`);
  }
  const nonces = options.nonce && createNonceSource(options.nonce, now);
  const replays = options.replayStore ?? createMemoryReplayStore({ now });

  async function checkNonce(claims: JsonObject): Promise<Readonly<Record<string, string>> | undefined> {
    if (!nonces) return undefined;
    const verdict = await nonces.judge(claims.nonce);
    const nonce = await nonces.current();
    if (verdict === 'current') return undefined;
    if (verdict === 'previous') return { 'DPoP-Nonce': nonce, 'Cache-Control': 'no-store' };
    throw new Rejection('use_dpop_nonce', 'nonce', 'The DPoP proof needs a nonce of this API', {
      scheme: 'DPoP',
      nonce,
    });
  }

  /** RFC 9449 section 4.3, in its order. */
  return {
    algorithms,
    async verify(request, token, thumbprint) {
      const { header, payload, data, signature } = readProof(request);
      if (header.typ !== 'dpop+jwt') throw reject('typ', 'The DPoP proof has the wrong typ');
      const { alg, jwk } = header;
      if (!isSignatureAlgorithm(alg) || !algorithms.includes(alg)) {
        throw reject('alg', 'The signature algorithm of the DPoP proof is not accepted');
      }
      if (!isJsonObject(jwk) || 'd' in jwk || 'k' in jwk || !keyFits(publicPart(jwk), alg)) {
        throw reject('jwk', 'The key of the DPoP proof is not accepted');
      }
      // Before the signature, which costs more: the proof must be by the key that the token is bound to, or a
      // stolen token could be used with any key.
      if ((await thumbprintOf(jwk)) !== thumbprint) {
        throw new Rejection('invalid_token', 'cnf', 'The access token is bound to another key', {
          scheme: 'DPoP',
        });
      }
      const key = await importVerificationKey(publicPart(jwk), alg).catch(() => undefined);
      if (!key || !(await verifySignature(alg, key, data, signature).catch(() => false))) {
        throw reject('signature', 'The signature of the DPoP proof is not valid');
      }
      const { jti, htm, htu, iat, ath } = payload;
      if (typeof jti !== 'string' || jti === '' || jti.length > 500) {
        throw reject('jti', 'The DPoP proof has no usable jti');
      }
      if (htm !== request.method) throw reject('htm', 'The DPoP proof is for another method');
      if (!matchesTarget(htu, request.url, origins)) throw reject('htu', 'The DPoP proof is for another URL');
      const time = seconds(now);
      if (typeof iat !== 'number' || time > iat + maxAge + clockTolerance || time < iat - clockTolerance) {
        throw reject('iat', 'The DPoP proof is too old or from the future');
      }
      if (ath !== (await sha256(token))) throw reject('ath', 'The DPoP proof is for another access token');
      const headers = await checkNonce(payload);
      // Last, so that only proofs that are right in everything else can fill the store.
      const timeToLive = (iat + maxAge + clockTolerance + 1) * 1000 - now();
      if (!(await claim(replays, `dpop ${await sha256(`${thumbprint} ${jti}`)}`, timeToLive))) {
        throw reject('jti', 'The DPoP proof was used before');
      }
      return headers;
    },
  };
}

/** A store that fails, however it does, is an outage: the proof may be good, and must not be taken unseen. */
async function claim(store: ReplayStore, key: string, timeToLive: number): Promise<boolean> {
  try {
    return await store.claim(key, timeToLive);
  } catch (error) {
    if (error instanceof TransportError) throw error;
    throw new TransportError('store_unavailable', 'The replay store failed.');
  }
}

function readProof(request: ResourceRequest): CompactJws {
  try {
    const proof = singleHeader(request, 'dpop');
    if (proof === undefined) throw reject('dpop', 'A DPoP proof is needed');
    if (proof.length > 8192) throw reject('length', 'The DPoP proof is too long');
    return parseJws(proof, { what: 'DPoP proof' });
  } catch (error) {
    if (error instanceof Rejection) throw reject(error.check, error.message);
    throw error;
  }
}

/** Compares without query and fragment, and after the normalisation of URLs (RFC 9449 section 4.3, check 9). */
function matchesTarget(htu: unknown, url: string | undefined, origins: readonly string[]): boolean {
  if (typeof htu !== 'string' || url === undefined || !URL.canParse(htu)) return false;
  const named = new URL(htu);
  const path = pathOf(url);
  return origins.some((origin) => {
    const target = origin + path;
    if (!URL.canParse(target)) return false;
    const { protocol, host, pathname } = new URL(target);
    return named.protocol === protocol && named.host === host && named.pathname === pathname;
  });
}

/** The path of a request target, which is a path with query or, rarely, a whole URL (RFC 9112 section 3.2). */
function pathOf(target: string): string {
  const path = target.startsWith('/') ? target : URL.canParse(target) ? new URL(target).pathname : '/';
  return path.replace(/[?#].*$/s, '');
}

/** The members that make the key, so that nothing else of the proof's header reaches the import. */
function publicPart(jwk: JsonObject): JsonObject {
  const { kty, crv, x, y, n, e } = jwk;
  const all = { kty, crv, x, y, n, e };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** @see RFC 7638 section 3.2, RFC 8037 section 2 */
async function thumbprintOf({ kty, crv, x, y, n, e }: JsonObject): Promise<string> {
  const members = kty === 'RSA' ? { e, kty, n } : kty === 'EC' ? { crv, kty, x, y } : { crv, kty, x };
  return sha256(JSON.stringify(members));
}

function originsOf(origin: string | readonly string[] | undefined): readonly string[] {
  const list = typeof origin === 'string' ? [origin] : (origin ?? []);
  if (list.length === 0) {
    throw new ConfigurationError(
      'missing_option',
      "dpop.origin is missing. Write dpop: { origin: 'https://api.example.com' }, where clients call this API.",
    );
  }
  return list.map((each) => {
    const url = URL.canParse(each) ? new URL(each) : undefined;
    if (!url || !/^https?:$/.test(url.protocol) || url.search || url.hash || url.username) {
      throw new ConfigurationError('invalid_option', `dpop.origin must be an https origin, got "${each}"`);
    }
    return (url.origin + url.pathname).replace(/\/$/, '');
  });
}
