import { deepFreeze, isJsonObject, type JsonObject, removeNullMembers } from '../../internal/json/json.ts';
import { invalidToken } from '../rejections/rejection.ts';
import type { AccessTokenClaims, VerifiedAccessToken } from '../verified-access-token.ts';
import type { AccessTokenProfile } from './profiles.ts';
import { readSubject } from './subject.ts';

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
  const typ = header.typ ?? '';
  const type = typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : undefined;
  if (type === undefined || !profile.types.includes(type)) {
    throw invalidToken('typ', 'The token is not an access token');
  }
}

/** Checks all claims and reads them by the issuer's profile. RFC 9068 section 4, RFC 7519 section 4.1. */
export function readClaims(received: JsonObject, expected: ExpectedClaims): VerifiedAccessToken {
  const { profile, now, clockTolerance } = expected;
  // Some issuers write `null` for an absent claim. A required claim that is `null` is missing.
  const claims = removeNullMembers(received);
  if (claims.iss !== expected.issuer)
    throw invalidToken('iss', 'The issuer of the access token is not trusted');
  for (const name of profile.required) {
    if (claims[name] === undefined || claims[name] === '') {
      throw invalidToken(name, `The access token has no claim ${name}`);
    }
  }
  const reason = profile.reject?.(claims);
  if (reason !== undefined) throw invalidToken('profile', reason);

  // RFC 9068 section 4: otherwise a resource server could use the tokens of its callers at another one.
  const audience = profile.audience ? profile.audience(claims) : claims.aud;
  const audiences = Array.isArray(audience) ? audience : [audience];
  if (!audiences.some((name) => expected.audiences.includes(name))) {
    throw invalidToken('aud', 'The access token is for another audience');
  }

  const exp = readNumericDate(claims, 'exp');
  if (exp === undefined && expected.source !== 'introspection') {
    throw invalidToken('exp', 'The access token has no claim exp');
  }
  if (exp !== undefined && now >= exp + clockTolerance)
    throw invalidToken('exp', 'The access token has expired');
  const nbf = readNumericDate(claims, 'nbf');
  if (nbf !== undefined && now < nbf - clockTolerance) {
    throw invalidToken('nbf', 'The access token is not valid yet');
  }
  const iat = readNumericDate(claims, 'iat');
  if (iat !== undefined && now < iat - clockTolerance) {
    throw invalidToken('iat', 'The access token was issued in the future');
  }
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
