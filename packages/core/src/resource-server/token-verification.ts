import { AuthError, nameForeignError, TransportError, toPrintableText } from '../errors.ts';
import { callListener, type EventListener } from '../events.ts';
import type { Clock } from '../internal/clock.ts';
import type { JsonObject } from '../internal/json/json.ts';
import {
  isSignatureAlgorithm,
  type SignatureAlgorithm,
} from '../internal/signatures/signature-algorithms.ts';
import { storeVerifiedHeader } from './caches/verified-headers.ts';
import type { CachedToken } from './caches/verified-tokens.ts';
import type { VerifierCaches } from './caches/verifier-caches.ts';
import { checkType, readClaims } from './claims/claims.ts';
import type { VerifiedAccessToken } from './claims/verified-access-token.ts';
import { checkIntrospectedJwt } from './introspection/introspected-kind.ts';
import type { Issuer } from './issuers/issuer.ts';
import type { KeyStatus } from './issuers/signing-keys.ts';
import { createKeyFilter, findExpectedIssuer, findTrustedIssuer, requireTenant } from './issuers/tenants.ts';
import { type CompactJws, parseJws, splitJws } from './parse-jws.ts';
import { formatList, formatValue } from './rejections/format-mismatch.ts';
import { invalidToken, Rejection, type RejectionDetails } from './rejections/rejection.ts';
import { isUnavailableError } from './rejections/unavailable-error.ts';
import type { AuthenticatedRequest } from './requests/authenticated-request.ts';

export interface TokenVerificationOptions {
  readonly issuers: ReadonlyMap<string, Issuer>;
  readonly caches: VerifierCaches;
  readonly now: Clock;
  /** Seconds. */
  readonly clockTolerance: number;
  readonly maxTokenLength: number;
  readonly onEvent: EventListener | undefined;
  /** Creates the request that contains only this token; `undefined` if such a request needs further checks. */
  readonly createPlainRequest: (
    token: string,
    verifiedToken: VerifiedAccessToken,
  ) => AuthenticatedRequest | undefined;
}

export interface TokenVerification {
  /** @throws Rejection, TransportError */
  verify(token: string): Promise<VerifiedAccessToken>;
  /** Finds a token that was verified before, and counts the hit. */
  findVerified(token: string): CachedToken | undefined;
  /** Counts and reports the use of a cached token. */
  recordHit(cachedToken: CachedToken): void;
}

/** An introspected token depends on no key: its entry expires by time only. */
const introspectedKey: KeyStatus = { isRetired: false };

/** Verifies tokens without their requests, and caches them until they expire or their key is removed. RFC 9068 section 4. */
export function createTokenVerification(options: TokenVerificationOptions): TokenVerification {
  const { issuers, caches, now, clockTolerance, maxTokenLength, onEvent, createPlainRequest } = options;
  const { counts, verifiedTokens, introspectionResults } = caches;
  const opaqueTokenIssuers = [...issuers.values()].filter(({ introspection }) => introspection?.accepts);

  async function verifyUncached(token: string): Promise<VerifiedAccessToken> {
    if (token.length > maxTokenLength) throw invalidToken('length', 'The access token is too long');
    const parts = splitJws(token);
    if (!parts) return verifyOpaque(token);
    const jws = parseJws(token, { parts });
    const { iss } = jws.payload;
    // `iss` is looked up among the configured issuers. The verifier never connects to a URL from a token.
    const issuer = findTrustedIssuer(issuers, iss);
    if (!issuer) throw unknownIssuer(iss, issuers);
    const { introspection } = issuer;
    if (!introspection?.includesJwts) return verifyJwt(token, jws, issuer);
    checkIntrospectedJwt(jws, issuer.profile);
    return introspect(token, issuer, introspection, jws.payload);
  }

  async function verifyOpaque(token: string): Promise<VerifiedAccessToken> {
    if (opaqueTokenIssuers.length === 0) throw invalidToken('format', 'The access token is not a JWT');
    // The token is a secret between its bearer and its issuer. It must not be sent to another issuer.
    const [issuer, ...others] = opaqueTokenIssuers.filter(
      ({ introspection }) => introspection?.accepts?.(token) === true,
    );
    if (!issuer?.introspection || others.length > 0) {
      throw invalidToken('accepts', 'The access token matches no issuer, or more than one');
    }
    return introspect(token, issuer, issuer.introspection);
  }

  async function verifyJwt(token: string, jws: CompactJws, issuer: Issuer): Promise<VerifiedAccessToken> {
    const { header, payload, data, signature } = jws;
    const { alg, kid } = checkAlgorithm(header, issuer);
    checkType(header, issuer.profile);
    // The claims are checked before the signature, because they cost less and can only lead to a rejection.
    const verifiedToken = readClaims(payload, {
      issuer: findExpectedIssuer(issuer, payload),
      audiences: issuer.audiences,
      profile: issuer.profile,
      now: Math.floor(now() / 1000),
      clockTolerance,
    });
    const { iat } = verifiedToken.claims;
    const issuedAt = iat === undefined ? undefined : iat * 1000;
    const isKeyOfIssuer = createKeyFilter(issuer, payload);
    const key = await issuer.keys.verify({ alg, kid, data, signature, issuedAt, isKeyOfIssuer });
    if (!key) throw invalidToken('signature', 'The signature of the access token is not valid');
    storeVerifiedHeader(jws);
    await requireTenant(issuer, payload);
    // RFC 7519 section 4.1.4: `exp` applies to each use of the token, cached ones included.
    const expiresAt = ((verifiedToken.expiresAt ?? 0) + clockTolerance) * 1000;
    return accept({ token, issuer, verifiedToken, key, expiresAt });
  }

  async function introspect(
    token: string,
    issuer: Issuer,
    introspection: NonNullable<Issuer['introspection']>,
    payload?: JsonObject,
  ): Promise<VerifiedAccessToken> {
    const cachedToken = findIntrospection(token, issuer);
    if (cachedToken) counts.hits.introspectionResults++;
    const { verifiedToken, expiresAt } = cachedToken ?? (await introspection.introspect(token, payload));
    try {
      return await accept({ token, issuer, verifiedToken, key: introspectedKey, expiresAt });
    } catch (error) {
      // `validate` decides again for each request. The token is not introspected again.
      if (!cachedToken)
        introspectionResults.set({ text: token, issuer: issuer.issuer, verifiedToken, expiresAt });
      throw error;
    }
  }

  function findIntrospection(token: string, { issuer }: Issuer) {
    const cachedToken = introspectionResults.get(token);
    return cachedToken && cachedToken.issuer === issuer && now() < cachedToken.expiresAt
      ? cachedToken
      : undefined;
  }

  async function accept({
    token,
    issuer,
    verifiedToken,
    key,
    expiresAt,
  }: Verified): Promise<VerifiedAccessToken> {
    if (issuer.validate) await runValidator(issuer.validate, verifiedToken);
    const keys = key === introspectedKey ? undefined : issuer.keys;
    verifiedTokens.add({
      text: token,
      issuer: issuer.issuer,
      verifiedToken,
      result: Promise.resolve(verifiedToken),
      expiresAt,
      key,
      keys,
      // The syntax of an opaque token is checked by `verify` only, so that it has no shared request.
      request: keys && createPlainRequest(token, verifiedToken),
    });
    counts.accepted++;
    callListener(onEvent, { type: 'token.accepted', issuer: issuer.issuer, cached: false });
    return verifiedToken;
  }

  function recordHit(cachedToken: CachedToken): void {
    counts.accepted++;
    counts.hits.verifiedTokens++;
    if (onEvent) callListener(onEvent, { type: 'token.accepted', issuer: cachedToken.issuer, cached: true });
  }

  function findVerified(token: string): CachedToken | undefined {
    const cachedToken = verifiedTokens.find(token);
    if (cachedToken) recordHit(cachedToken);
    return cachedToken;
  }

  return {
    recordHit,
    findVerified,
    verify: (token) => findVerified(token)?.result ?? verifyUncached(token),
  };
}

export const unknownIssuer = (iss: unknown, issuers: ReadonlyMap<string, Issuer>): Rejection =>
  invalidToken('iss', 'The issuer of the access token is not trusted', () => ({
    expected: formatList([...issuers.keys()]),
    found: formatValue(iss),
  }));

/** RFC 8725 section 3.1: the configuration selects the algorithms, not the token. */
export function checkAlgorithm(
  { alg, kid = undefined }: JsonObject,
  { algorithms }: Issuer,
): { readonly alg: SignatureAlgorithm; readonly kid: string | undefined } {
  if (!isSignatureAlgorithm(alg) || !algorithms.includes(alg)) {
    throw invalidToken('alg', 'The signature algorithm of the access token is not accepted', () => ({
      expected: formatList(algorithms),
      found: formatValue(alg),
    }));
  }
  if (kid !== undefined && kid !== null && typeof kid !== 'string') {
    throw invalidToken('kid', 'The header of the access token is malformed');
  }
  return { alg, kid: kid ?? undefined };
}

interface Verified {
  readonly token: string;
  readonly issuer: Issuer;
  readonly verifiedToken: VerifiedAccessToken;
  readonly key: KeyStatus;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** Runs the application's check, `validate`. Its message is reported in an event and never sent to the client. */
async function runValidator(
  validate: NonNullable<Issuer['validate']>,
  verifiedToken: VerifiedAccessToken,
): Promise<void> {
  let result: unknown;
  try {
    result = await validate(verifiedToken);
  } catch (error) {
    if (isUnavailableError(error)) {
      throw new TransportError(
        'server_error',
        'The additional token check of this API is temporarily unavailable.',
        {
          cause: error,
          retryAfter: error instanceof TransportError ? error.retryAfter : undefined,
        },
      );
    }
    throw rejectByValidator(describeCause(error));
  }
  // Code without types can return a decision instead of throwing.
  if (result === undefined || result === true) return;
  throw rejectByValidator({ reason: 'The function validate returned a value other than undefined or true' });
}

const rejectByValidator = (details: RejectionDetails): Rejection =>
  new Rejection(
    'invalid_token',
    'validate',
    'The access token does not meet the requirements of this API',
    details,
  );

/**
 * Describes the cause of a failure for an event: its message, and for an error of other code its name. Only the name is
 * written to the default log, because such a message can contain a secret.
 */
export function describeCause(error: unknown): { readonly reason?: string; readonly errorName?: string } {
  const message = error instanceof Error ? error.message : typeof error === 'string' ? error : '';
  const reason = toPrintableText(message, 300);
  return {
    ...(reason && { reason }),
    ...(!(error instanceof AuthError) && { errorName: nameForeignError(error) }),
  };
}
