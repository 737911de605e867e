import { TransportError, toPrintableText } from '../errors.ts';
import { callListener, type EventListener } from '../events.ts';
import type { Clock } from '../internal/clock.ts';
import { isSignatureAlgorithm } from '../internal/signature-algorithms.ts';
import { createTextCache, type TextCache } from '../internal/text-cache.ts';
import type { AuthenticatedRequest } from './authenticated-request.ts';
import type { CachedToken } from './caches/cached-token.ts';
import type { VerifierCounts } from './caches/statistics.ts';
import { checkType, readClaims } from './claims/claims.ts';
import type { Introspected } from './introspection/introspection.ts';
import type { Issuer } from './issuers/issuer.ts';
import type { KeyLife } from './issuers/key-set.ts';
import { type CompactJws, parseJws, splitJws } from './jws.ts';
import { invalidToken, Rejection } from './rejections/rejection.ts';
import { isUnavailableError } from './rejections/unavailable-error.ts';
import type { VerifiedAccessToken } from './verified-access-token.ts';

export interface TokenVerificationOptions {
  readonly issuers: ReadonlyMap<string, Issuer>;
  readonly cache: TextCache<CachedToken>;
  readonly now: Clock;
  /** Seconds. */
  readonly clockTolerance: number;
  readonly maxTokenLength: number;
  readonly onEvent: EventListener | undefined;
  readonly counts: VerifierCounts;
  /** What a request is that brings this token and nothing else; `undefined` where it must bring more. */
  readonly plainRequest: (token: string, verified: VerifiedAccessToken) => AuthenticatedRequest | undefined;
}

export interface TokenVerification {
  /** @throws Rejection, TransportError */
  verify(token: string): Promise<VerifiedAccessToken>;
  /** What is remembered of a token and still holds. */
  findCachedRequest(token: string): CachedToken | undefined;
}

/** What an issuer said about a token that the application's own check has not accepted. */
interface UnacceptedToken extends Introspected {
  /** The token. */
  readonly text: string;
  readonly issuer: string;
}

/** What an issuer said about a token holds until its time is over, whatever happens to keys. */
const withoutKey: KeyLife = { retired: false };

/**
 * Verifies a token alone; what was verified once is remembered until it expires or its key goes.
 *
 * @see RFC 9068 section 4
 */
export function createTokenVerification(options: TokenVerificationOptions): TokenVerification {
  const { issuers, cache, now, clockTolerance, maxTokenLength, onEvent, counts, plainRequest } = options;
  // Answers about tokens that `validate` did not accept: it decides again each time, and the issuer is not asked again.
  const unaccepted = createTextCache<UnacceptedToken>({ maxEntries: 1_000, maxCharacters: 4_000_000 });
  const opaque = [...issuers.values()].filter(({ introspection }) => introspection?.accepts);

  async function verifyAfresh(token: string): Promise<VerifiedAccessToken> {
    if (token.length > maxTokenLength) throw invalidToken('length', 'The access token is too long');
    const parts = splitJws(token);
    if (!parts) return verifyOpaque(token);
    const jws = parseJws(token, { parts });
    const { iss } = jws.payload;
    // Only a look-up among the configured issuers: an unknown `iss` leads nowhere, least of all to its URL.
    const issuer = typeof iss === 'string' ? issuers.get(iss) : undefined;
    if (!issuer) throw invalidToken('iss', 'The issuer of the access token is not trusted');
    const { introspection } = issuer;
    return introspection?.ofJwts ? introspect(token, issuer, introspection) : verifyJwt(token, jws, issuer);
  }

  async function verifyOpaque(token: string): Promise<VerifiedAccessToken> {
    if (opaque.length === 0) throw invalidToken('format', 'The access token is not a JWT');
    // The token is a secret between its bearer and its issuer: no other issuer may see it.
    const [issuer, ...others] = opaque.filter(
      ({ introspection }) => introspection?.accepts?.(token) === true,
    );
    if (!issuer?.introspection || others.length > 0) {
      throw invalidToken('accepts', 'The access token belongs to no issuer, or to more than one');
    }
    return introspect(token, issuer, issuer.introspection);
  }

  async function verifyJwt(token: string, jws: CompactJws, issuer: Issuer): Promise<VerifiedAccessToken> {
    const { header, payload, data, signature } = jws;
    const { alg } = header;
    const kid = header.kid ?? undefined;
    // RFC 8725 section 3.1: the configuration says which algorithms there are, not the token.
    if (!isSignatureAlgorithm(alg) || !issuer.algorithms.includes(alg)) {
      throw invalidToken('alg', 'The signature algorithm of the access token is not accepted');
    }
    if (kid !== undefined && typeof kid !== 'string') {
      throw invalidToken('kid', 'The header of the access token is malformed');
    }
    checkType(header, issuer.profile);
    // Before the signature, which costs more: the claims of an expired token need not be authentic to refuse it.
    const verified = readClaims(payload, {
      issuer: issuer.issuer,
      audiences: issuer.audiences,
      profile: issuer.profile,
      now: Math.floor(now() / 1000),
      clockTolerance,
    });
    const { iat } = verified.claims;
    const issuedAt = iat === undefined ? undefined : iat * 1000;
    const key = await issuer.keys.verify({ alg, kid, data, signature, issuedAt });
    if (!key) throw invalidToken('signature', 'The signature of the access token is not valid');
    // RFC 7519 section 4.1.4 holds for every use of a token, not only for the first.
    return accept(token, issuer, verified, key, ((verified.expiresAt ?? 0) + clockTolerance) * 1000);
  }

  async function introspect(
    token: string,
    issuer: Issuer,
    introspection: NonNullable<Issuer['introspection']>,
  ): Promise<VerifiedAccessToken> {
    const known = unaccepted.get(token);
    const answer =
      known && known.issuer === issuer.issuer && now() < known.deadAt
        ? known
        : await introspection.introspect(token);
    const { verified, deadAt } = answer;
    try {
      return await accept(token, issuer, verified, withoutKey, deadAt);
    } catch (error) {
      if (answer !== known) unaccepted.set({ text: token, issuer: issuer.issuer, verified, deadAt });
      throw error;
    }
  }

  async function accept(
    token: string,
    issuer: Issuer,
    verified: VerifiedAccessToken,
    key: KeyLife,
    deadAt: number,
  ): Promise<VerifiedAccessToken> {
    if (issuer.validate) await runValidator(issuer.validate, verified);
    const keys = key === withoutKey ? undefined : issuer.keys;
    cache.set({
      text: token,
      issuer: issuer.issuer,
      verified,
      result: Promise.resolve(verified),
      deadAt,
      key,
      keys,
      // Without a key it was no JWT, and what else is well formed `verify` knows.
      request: keys && plainRequest(token, verified),
    });
    counts.accepted++;
    callListener(onEvent, { type: 'token.accepted', issuer: issuer.issuer, cached: false });
    return verified;
  }

  function findCachedRequest(token: string): CachedToken | undefined {
    const known = cache.get(token);
    if (known === undefined) return undefined;
    const time = now();
    const holds =
      time < known.deadAt && !known.key.retired && (known.keys === undefined || known.keys.usable(time));
    return holds ? known : undefined;
  }

  return {
    findCachedRequest,
    verify(token) {
      const known = findCachedRequest(token);
      if (!known) return verifyAfresh(token);
      counts.accepted++;
      counts.cacheHits++;
      if (onEvent) callListener(onEvent, { type: 'token.accepted', issuer: known.issuer, cached: true });
      return known.result;
    },
  };
}

/** The application's own check. Its words are for its developer, not for the caller. */
async function runValidator(
  validate: NonNullable<Issuer['validate']>,
  verified: VerifiedAccessToken,
): Promise<void> {
  try {
    await validate(verified);
  } catch (error) {
    if (isUnavailableError(error)) {
      throw new TransportError(
        'server_error',
        'The further check of this API cannot be made at the moment.',
        {
          cause: error,
          retryAfter: error instanceof TransportError ? error.retryAfter : undefined,
        },
      );
    }
    throw new Rejection(
      'invalid_token',
      'validate',
      'The access token does not meet the requirements of this API',
      { reason: readErrorMessage(error) },
    );
  }
}

/** A message of the application, for an event. */
export const readErrorMessage = (error: unknown): string =>
  toPrintableText(error instanceof Error ? error.message : typeof error === 'string' ? error : '', 300);
