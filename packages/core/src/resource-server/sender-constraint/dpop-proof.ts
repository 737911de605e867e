import { importVerificationKey, sha256, verifySignature } from '#platform';
import { ConfigurationError, TransportError } from '../../errors.ts';
import { type Clock, seconds } from '../../internal/clock.ts';
import { isJsonObject, type JsonObject } from '../../internal/json/json.ts';
import { listAcceptedNames } from '../../internal/signatures/algorithm-names.ts';
import {
  isKeyForAlgorithm,
  isSignatureAlgorithm,
  type SignatureAlgorithm,
  signatureAlgorithms,
} from '../../internal/signatures/signature-algorithms.ts';
import { checkRange } from '../../protocol/option-checks.ts';
import { createMemoryReplayStore, type ReplayStore } from '../../tokens/stores/replay-store.ts';
import { callStore } from '../../tokens/stores/store-call.ts';
import { type CompactJws, parseJws } from '../parse-jws.ts';
import { Rejection } from '../rejections/rejection.ts';
import { type ResourceRequest, readSingleHeader } from '../requests/credentials.ts';
import { createNonceSource, type NonceOptions } from './dpop-nonce.ts';

/**
 * How DPoP proofs are verified.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9449#section-4.3
 * @example
 * ```ts
 * import { createMemoryReplayStore, type DpopOptions } from '@countersign/core/resource-server';
 *
 * const dpop: DpopOptions = {
 *   origin: 'https://api.example.com',
 *   maxAge: 30,
 *   replayStore: createMemoryReplayStore(),
 * };
 * ```
 */
export interface DpopOptions {
  /**
   * The origin that clients use to call this API, for example `https://api.example.com`, with a path prefix if a proxy
   * removes one. It is not read from the request, because a client controls its Host header.
   */
  readonly origin: string | readonly string[];
  /** Accepted signature algorithms. `EdDSA` includes `Ed25519` (RFC 9864). Default: ES256, EdDSA, Ed25519, RS256 and PS256. */
  readonly algorithms?: readonly SignatureAlgorithm[] | undefined;
  /** Maximum age of a proof in seconds, by its `iat`, from 1 to 600. Default: 60. @see https://www.rfc-editor.org/rfc/rfc9449#section-11.1 */
  readonly maxAge?: number | undefined;
  /** Requires a nonce of this API in each proof. Default: none; the replay store and `maxAge` limit the use of a proof. */
  readonly nonce?: NonceOptions | undefined;
  /**
   * Stores used proofs. Several processes of one API require a shared store, such as `createRedisReplayStore(redis)`.
   * Default: the memory of this process.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9449#section-11.1
   */
  readonly replayStore?: Pick<ReplayStore, 'claim'> | undefined;
}

export interface DpopVerifier {
  readonly algorithms: readonly SignatureAlgorithm[];
  /** Verifies the proof for a token that is bound to `thumbprint`. Returns headers for the response if it needs a new nonce. */
  verify(
    request: ResourceRequest,
    token: string,
    thumbprint: string,
  ): Promise<Readonly<Record<string, string>> | undefined>;
}

const defaultAlgorithms: readonly SignatureAlgorithm[] = ['ES256', 'EdDSA', 'Ed25519', 'RS256', 'PS256'];

const invalidProof = (check: string, description: string): Rejection =>
  new Rejection('invalid_dpop_proof', check, description, { scheme: 'DPoP' });

/** @throws ConfigurationError when an option is missing or invalid */
export function createDpopVerifier(
  options: DpopOptions,
  context: { readonly now: Clock /** Seconds. */; readonly clockTolerance: number },
): DpopVerifier {
  const { now, clockTolerance } = context;
  const origins = readOrigins(options.origin);
  const { algorithms: configuredAlgorithms = defaultAlgorithms, maxAge = 60 } = options;
  if (configuredAlgorithms.length === 0 || !configuredAlgorithms.every(isSignatureAlgorithm)) {
    throw new ConfigurationError(
      'invalid_option',
      `"dpop.algorithms" is ${JSON.stringify(configuredAlgorithms)}, expected one or more of ${signatureAlgorithms.join(', ')}.`,
    );
  }
  const algorithms = [...new Set(configuredAlgorithms.flatMap(listAcceptedNames))];
  checkRange('dpop.maxAge', maxAge, { min: 1, max: 600, unit: 'seconds' });
  const nonces = options.nonce && createNonceSource(options.nonce, now);
  const replayStore = options.replayStore ?? createMemoryReplayStore({ now });

  async function checkNonce(claims: JsonObject): Promise<Readonly<Record<string, string>> | undefined> {
    if (!nonces) return undefined;
    const nonceState = await nonces.check(claims.nonce);
    const nonce = await nonces.getCurrent();
    if (nonceState === 'current') return undefined;
    if (nonceState === 'previous') return { 'DPoP-Nonce': nonce, 'Cache-Control': 'no-store' };
    throw new Rejection('use_dpop_nonce', 'nonce', 'The DPoP proof requires a nonce of this API', {
      scheme: 'DPoP',
      nonce,
    });
  }

  // RFC 9449 section 4.3.
  return {
    algorithms,
    async verify(request, token, thumbprint) {
      const { header, payload, data, signature } = readProof(request);
      if (header.typ !== 'dpop+jwt') throw invalidProof('typ', 'The DPoP proof has the wrong typ');
      const { alg, jwk } = header;
      if (!isSignatureAlgorithm(alg) || !algorithms.includes(alg)) {
        throw invalidProof('alg', 'The signature algorithm of the DPoP proof is not accepted');
      }
      if (!isJsonObject(jwk) || 'd' in jwk || 'k' in jwk || !isKeyForAlgorithm(toPublicKey(jwk), alg)) {
        throw invalidProof('jwk', 'The key of the DPoP proof is not accepted');
      }
      // RFC 9449 section 4.3, check 12: otherwise a stolen token could be used with any key. Checked before the signature,
      // because it costs less.
      if ((await computeJwkThumbprint(jwk)) !== thumbprint) {
        throw new Rejection('invalid_token', 'cnf', 'The access token is bound to another key', {
          scheme: 'DPoP',
        });
      }
      const key = await importVerificationKey(toPublicKey(jwk), alg).catch(() => undefined);
      if (!key || !(await verifySignature(alg, key, data, signature).catch(() => false))) {
        throw invalidProof('signature', 'The signature of the DPoP proof is not valid');
      }
      const { jti, htm, htu, iat, ath } = payload;
      if (typeof jti !== 'string' || jti === '' || jti.length > 500) {
        throw invalidProof('jti', 'The DPoP proof has no valid jti');
      }
      if (htm !== request.method) throw invalidProof('htm', 'The DPoP proof is for another method');
      if (!matchesTarget(htu, request.url, origins))
        throw invalidProof('htu', 'The DPoP proof is for another URL');
      const time = seconds(now);
      if (typeof iat !== 'number' || time > iat + maxAge + clockTolerance || time < iat - clockTolerance) {
        throw invalidProof('iat', 'The DPoP proof is too old or was issued in the future');
      }
      if (ath !== (await sha256(token)))
        throw invalidProof('ath', 'The DPoP proof is for another access token');
      const headers = await checkNonce(payload);
      // Checked last, so that only valid proofs are stored.
      const timeToLive = (iat + maxAge + clockTolerance + 1) * 1000 - now();
      if (!(await claimProof(replayStore, `dpop ${await sha256(`${thumbprint} ${jti}`)}`, timeToLive))) {
        throw invalidProof('jti', 'The DPoP proof was already used');
      }
      return headers;
    },
  };
}

/** Fails closed: if the store is unavailable, the proof is neither accepted nor rejected. */
async function claimProof(
  store: Pick<ReplayStore, 'claim'>,
  key: string,
  timeToLive: number,
): Promise<boolean> {
  try {
    return await callStore(() => store.claim(key, timeToLive));
  } catch (error) {
    if (error instanceof TransportError) throw error;
    throw new TransportError('store_unavailable', 'The replay store failed.');
  }
}

function readProof(request: ResourceRequest): CompactJws {
  try {
    const proof = readSingleHeader(request, 'dpop');
    if (proof === undefined) throw invalidProof('dpop', 'A DPoP proof is required');
    if (proof.length > 8192) throw invalidProof('length', 'The DPoP proof is too long');
    return parseJws(proof, { name: 'DPoP proof' });
  } catch (error) {
    if (error instanceof Rejection) throw invalidProof(error.check, error.message);
    throw error;
  }
}

/** RFC 9449 section 4.3, check 9: compares normalized URLs without query and fragment. */
function matchesTarget(htu: unknown, url: string | undefined, origins: readonly string[]): boolean {
  if (typeof htu !== 'string' || url === undefined || !URL.canParse(htu)) return false;
  const proofUrl = new URL(htu);
  const path = readPath(url);
  return origins.some((origin) => {
    const target = origin + path;
    if (!URL.canParse(target)) return false;
    const { protocol, host, pathname } = new URL(target);
    return (
      proofUrl.protocol === protocol &&
      proofUrl.host === host &&
      normalizePath(proofUrl.pathname) === normalizePath(pathname)
    );
  });
}

/**
 * Normalizes percent-encoding: upper-case digits, and unreserved characters decoded. Encoded reserved characters stay,
 * because they can have another meaning (RFC 3986 sections 6.2.2.1 and 6.2.2.2).
 */
const normalizePath = (path: string): string =>
  path.replace(/%[\da-f]{2}/gi, (encodedPart) => {
    const character = String.fromCharCode(Number.parseInt(encodedPart.slice(1), 16));
    return /[\w.~-]/.test(character) ? character : encodedPart.toUpperCase();
  });

/** Reads the path of a request target: a path with query, or an absolute URL (RFC 9112 section 3.2). */
function readPath(target: string): string {
  const path = target.startsWith('/') ? target : URL.canParse(target) ? new URL(target).pathname : '/';
  return path.replace(/[?#].*$/s, '');
}

/** Selects the members of the public key, so that no other member of the proof's header is imported. */
function toPublicKey(jwk: JsonObject): JsonObject {
  const { kty, crv, x, y, n, e } = jwk;
  const all = { kty, crv, x, y, n, e };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** RFC 7638 section 3.2, RFC 8037 section 2. */
async function computeJwkThumbprint({ kty, crv, x, y, n, e }: JsonObject): Promise<string> {
  const members = kty === 'RSA' ? { e, kty, n } : kty === 'EC' ? { crv, kty, x, y } : { crv, kty, x };
  return sha256(JSON.stringify(members));
}

function readOrigins(origin: string | readonly string[] | undefined): readonly string[] {
  const list = typeof origin === 'string' ? [origin] : (origin ?? []);
  if (list.length === 0) {
    throw new ConfigurationError(
      'missing_option',
      "dpop.origin is missing. Write dpop: { origin: 'https://api.example.com' }, the origin that clients use to call this API.",
    );
  }
  return list.map((each) => {
    const url = URL.canParse(each) ? new URL(each) : undefined;
    if (!url || !/^https?:$/.test(url.protocol) || url.search || url.hash || url.username) {
      throw new ConfigurationError('invalid_option', `"dpop.origin" is "${each}", expected an https origin.`);
    }
    return (url.origin + url.pathname).replace(/\/$/, '');
  });
}
