import { deepFreeze, isJsonObject, type JsonObject, removeNullMembers } from '../../internal/json/json.ts';
import { invalidToken } from '../rejections/rejection.ts';
import type { AccessTokenClaims, VerifiedAccessToken } from '../verified-access-token.ts';
import type { AccessTokenProfile } from './profiles.ts';
import { readSubject } from './subject.ts';

export interface ExpectedClaims {
  /** An issuer that is asked need not say when the token ends (RFC 7662 section 2.2). Default: `jwt`. */
  readonly source?: 'jwt' | 'introspection';
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly profile: AccessTokenProfile;
  /** Seconds since the epoch. */
  readonly now: number;
  /** Seconds. */
  readonly clockTolerance: number;
}

/** The `typ` of an access token, so that no other JWT of the issuer passes for one (RFC 9068 section 4, RFC 8725 section 3.11). */
export function checkType(header: JsonObject, profile: AccessTokenProfile): void {
  const typ = header.typ ?? '';
  const name = typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : undefined;
  if (name === undefined || !profile.types.includes(name)) {
    throw invalidToken('typ', 'The token is not an access token');
  }
}

/** Every check on the claims, and their meaning. @see RFC 9068 section 4, RFC 7519 section 4.1 */
export function readClaims(received: JsonObject, expected: ExpectedClaims): VerifiedAccessToken {
  const { profile, now, clockTolerance } = expected;
  // Issuers write `null` for what they do not say. A required claim is then missing.
  const claims = removeNullMembers(received);
  if (claims.iss !== expected.issuer)
    throw invalidToken('iss', 'The issuer of the access token is not trusted');
  for (const name of profile.required) {
    if (claims[name] === undefined || claims[name] === '') {
      throw invalidToken(name, `The access token has no claim ${name}`);
    }
  }
  const refused = profile.reject?.(claims);
  if (refused !== undefined) throw invalidToken('profile', refused);

  // A token for another API must not work here, or any API could use its callers' tokens elsewhere.
  const audience = profile.audience ? profile.audience(claims) : claims.aud;
  const audiences = Array.isArray(audience) ? audience : [audience];
  if (!audiences.some((name) => expected.audiences.includes(name))) {
    throw invalidToken('aud', 'The access token is for another audience');
  }

  const exp = numericDate(claims, 'exp');
  if (exp === undefined && expected.source !== 'introspection') {
    throw invalidToken('exp', 'The access token has no claim exp');
  }
  if (exp !== undefined && now >= exp + clockTolerance)
    throw invalidToken('exp', 'The access token has expired');
  const nbf = numericDate(claims, 'nbf');
  if (nbf !== undefined && now < nbf - clockTolerance) {
    throw invalidToken('nbf', 'The access token is not valid yet');
  }
  const iat = numericDate(claims, 'iat');
  if (iat !== undefined && now < iat - clockTolerance) {
    throw invalidToken('iat', 'The access token is from the future');
  }
  numericDate(claims, 'auth_time');
  if (claims.acr !== undefined && typeof claims.acr !== 'string') malformed('acr');
  if (claims.jti !== undefined && typeof claims.jti !== 'string') malformed('jti');

  const clientId = profile.clientId ? profile.clientId(claims) : claims.client_id;
  if (clientId !== undefined && typeof clientId !== 'string') malformed('client_id');
  const { kind, sub } = readSubject(claims, profile, clientId as string | undefined);

  return deepFreeze({
    issuer: expected.issuer,
    kind,
    sub,
    clientId: clientId as string | undefined,
    scopes: scopesOf(profile.scopes ? profile.scopes(claims) : claims.scope),
    permissions: listOf(profile.permissions ? profile.permissions(claims) : claims.permissions),
    roles: listOf(profile.roles ? profile.roles(claims) : claims.roles),
    expiresAt: exp,
    ...confirmationOf(claims),
    claims: claims as AccessTokenClaims,
  });
}

/**
 * The `cnf` claim. One that is not understood must not be passed over (RFC 7800 section 3.1), so an object without a
 * known method is refused. `cnf: null` names no key, and only the issuer can write it: the token is not bound, as if it
 * had no `cnf`. An API that needs a binding sets `requireBinding`.
 */
function confirmationOf(
  claims: JsonObject,
): Pick<VerifiedAccessToken, 'dpopThumbprint' | 'certificateThumbprint'> {
  const { cnf } = claims;
  if (cnf === undefined) return { dpopThumbprint: undefined, certificateThumbprint: undefined };
  const { jkt, 'x5t#S256': x5t } = isJsonObject(cnf) ? removeNullMembers(cnf) : {};
  const known = (value: unknown) => value === undefined || (typeof value === 'string' && value !== '');
  if (!known(jkt) || !known(x5t) || (jkt === undefined && x5t === undefined)) {
    throw invalidToken('cnf', 'The access token is bound in a way that is not understood');
  }
  return {
    dpopThumbprint: jkt as string | undefined,
    certificateThumbprint: x5t as string | undefined,
  };
}

function numericDate(claims: JsonObject, name: string): number | undefined {
  const value = claims[name];
  if (value === undefined) return undefined;
  return typeof value === 'number' && Number.isFinite(value) ? value : malformed(name);
}

function malformed(name: string): never {
  throw invalidToken(name, `The claim ${name} of the access token is malformed`);
}

const scopesOf = (value: unknown): string[] =>
  typeof value === 'string' ? value.split(' ').filter((scope) => scope !== '') : listOf(value);

const listOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
