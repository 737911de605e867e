import { deepFreeze, isJsonObject, type JsonObject, removeNullMembers } from '../../internal/json/json.ts';
import type { AccessTokenProfile } from '../../protocol/tokens/access-token-profile.ts';
import { formatDistance, formatList, formatTime, formatValue } from '../rejections/format-mismatch.ts';
import { invalidToken } from '../rejections/rejection.ts';
import { findForeignClaim } from './profiles.ts';
import { readSubject } from './subject.ts';
import type { AccessTokenClaims, VerifiedAccessToken } from './verified-access-token.ts';

export interface ExpectedClaims {
  /** Default: `jwt`. An introspection response may omit `exp` (RFC 7662 section 2.2). */
  readonly source?: 'jwt' | 'introspection';
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly profile: AccessTokenProfile;
  /** Seconds since the epoch. */
  readonly now: number;
  /** Seconds. */
  readonly clockTolerance: number;
}

/** RFC 9068 section 4, RFC 8725 section 3.11: `typ` distinguishes access tokens from other JWTs of the issuer. */
export function checkType(header: JsonObject, profile: AccessTokenProfile): void {
  const type = readType(header);
  if (type === undefined || !profile.types.includes(type)) {
    throw invalidToken('typ', 'The token is not an access token', () => ({
      expected: formatList(profile.types),
      found: formatValue(header.typ),
    }));
  }
}

/** Returns the type in the form of the profiles: empty if it is absent, `undefined` if it is not a text. */
export function readType({ typ }: JsonObject): string | undefined {
  const type = typ ?? '';
  return typeof type === 'string' ? type.toLowerCase().replace(/^application\//, '') : undefined;
}

/** Checks all claims and reads them by the issuer's profile. RFC 9068 section 4, RFC 7519 section 4.1. */
export function readClaims(receivedClaims: JsonObject, expected: ExpectedClaims): VerifiedAccessToken {
  const { profile } = expected;
  // Some issuers write `null` for an absent claim. A required claim that is `null` is missing.
  const claims = replaceAuthTime(removeNullMembers(receivedClaims), profile);
  checkIssuer(claims, expected);
  checkRequiredClaims(claims, profile);
  checkProfile(claims, profile);
  checkAudience(claims, expected);
  const exp = checkTimes(claims, expected);
  readNumericDate(claims, 'auth_time');
  if (claims.acr !== undefined && typeof claims.acr !== 'string') throwMalformed('acr');
  if (claims.jti !== undefined && typeof claims.jti !== 'string') throwMalformed('jti');

  const clientId = profile.clientId ? profile.clientId(claims) : claims.client_id;
  if (clientId !== undefined && typeof clientId !== 'string') throwMalformed('client_id');
  const { kind, sub } = readSubject(claims, profile, clientId as string | undefined);

  return deepFreeze({
    issuer: expected.issuer,
    kind,
    sub,
    clientId: clientId as string | undefined,
    scopes: readScopes(profile.scopes ? profile.scopes(claims) : claims.scope),
    permissions: readList(profile.permissions ? profile.permissions(claims) : claims.permissions),
    roles: readList(profile.roles ? profile.roles(claims) : claims.roles),
    expiresAt: exp,
    ...readConfirmation(claims),
    claims: claims as AccessTokenClaims,
  });
}

/** The requirement of a recent login reads the claim. */
function replaceAuthTime(claims: JsonObject, { authTime }: AccessTokenProfile): JsonObject {
  const value = authTime?.(claims);
  return value === undefined || value === claims.auth_time ? claims : { ...claims, auth_time: value };
}

export function checkIssuer(claims: JsonObject, expected: Pick<ExpectedClaims, 'issuer'>): void {
  if (claims.iss === expected.issuer) return;
  throw invalidToken('iss', 'The issuer of the access token is not trusted', () => ({
    expected: formatList([expected.issuer]),
    found: formatValue(claims.iss),
  }));
}

export function checkRequiredClaims(claims: JsonObject, profile: AccessTokenProfile): void {
  for (const name of profile.required) {
    if (claims[name] !== undefined && claims[name] !== '') continue;
    throw invalidToken(name, `The access token has no claim ${name}`, () => ({
      expected: `the claim "${name}", which the profile "${profile.name}" requires`,
      found: 'none',
    }));
  }
}

export function checkProfile(claims: JsonObject, profile: AccessTokenProfile): void {
  const reason = profile.reject?.(claims);
  if (reason !== undefined) throw invalidToken('profile', reason);
  const foreign = findForeignClaim(claims, profile);
  if (foreign === undefined) return;
  throw invalidToken(foreign.claim, foreign.reason, () => ({
    expected: `no claim "${foreign.claim}". If the access tokens of this issuer have it, name it in allowedIdTokenClaims of the profile "${profile.name}"`,
    found: `a claim "${foreign.claim}"`,
  }));
}

/** RFC 9068 section 4: otherwise a resource server could use the tokens of its callers at another one. */
export function checkAudience(
  claims: JsonObject,
  { profile, audiences }: Pick<ExpectedClaims, 'profile' | 'audiences'>,
): void {
  const audience = profile.audience ? profile.audience(claims) : claims.aud;
  const list = Array.isArray(audience) ? audience : [audience];
  if (list.some((name) => audiences.includes(name))) return;
  throw invalidToken('aud', 'The access token is for another audience', () => ({
    expected: formatList(audiences),
    // The profile may read another claim, whose value is not shown.
    found:
      claims.aud === undefined && audience !== undefined
        ? `no claim "aud"; the profile "${profile.name}" compares another claim, which has another value`
        : formatValue(claims.aud),
  }));
}

/** Checks `exp`, `nbf` and `iat`. RFC 7519 section 4.1. */
export function checkTimes(
  claims: JsonObject,
  { source, now, clockTolerance }: Pick<ExpectedClaims, 'source' | 'now' | 'clockTolerance'>,
): number | undefined {
  const describe = (relation: 'after' | 'before', time: number) => () => ({
    expected: `a time ${relation} ${formatTime(now)}, the clock of this API, with a tolerance of ${clockTolerance} s`,
    found: `${formatTime(time)}, ${formatDistance(time - now)}`,
  });
  const exp = readNumericDate(claims, 'exp');
  if (exp === undefined && source !== 'introspection') {
    throw invalidToken('exp', 'The access token has no claim exp');
  }
  if (exp !== undefined && now >= exp + clockTolerance)
    throw invalidToken('exp', 'The access token has expired', describe('after', exp));
  const nbf = readNumericDate(claims, 'nbf');
  if (nbf !== undefined && now < nbf - clockTolerance) {
    throw invalidToken('nbf', 'The access token is not valid yet', describe('before', nbf));
  }
  const iat = readNumericDate(claims, 'iat');
  if (iat !== undefined && now < iat - clockTolerance) {
    throw invalidToken('iat', 'The access token was issued in the future', describe('before', iat));
  }
  return exp;
}

/**
 * Reads the claim `cnf`. RFC 7800 section 3.1: an unsupported confirmation method must not be ignored, so that an object
 * without a supported one is rejected. `cnf: null` names no key, and only the issuer can write it: the token is unbound.
 * A resource server that needs bound tokens sets `requireBinding`.
 */
function readConfirmation(
  claims: JsonObject,
): Pick<VerifiedAccessToken, 'dpopThumbprint' | 'certificateThumbprint'> {
  const { cnf } = claims;
  if (cnf === undefined) return { dpopThumbprint: undefined, certificateThumbprint: undefined };
  const { jkt, 'x5t#S256': x5t } = isJsonObject(cnf) ? removeNullMembers(cnf) : {};
  const isValid = (value: unknown) => value === undefined || (typeof value === 'string' && value !== '');
  if (!isValid(jkt) || !isValid(x5t) || (jkt === undefined && x5t === undefined)) {
    throw invalidToken('cnf', 'The access token has an unsupported confirmation method');
  }
  return {
    dpopThumbprint: jkt as string | undefined,
    certificateThumbprint: x5t as string | undefined,
  };
}

function readNumericDate(claims: JsonObject, name: string): number | undefined {
  const value = claims[name];
  if (value === undefined) return undefined;
  return typeof value === 'number' && Number.isFinite(value) ? value : throwMalformed(name);
}

function throwMalformed(name: string): never {
  throw invalidToken(name, `The claim ${name} of the access token is malformed`);
}

const readScopes = (value: unknown): string[] =>
  typeof value === 'string' ? value.split(' ').filter((scope) => scope !== '') : readList(value);

const readList = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
