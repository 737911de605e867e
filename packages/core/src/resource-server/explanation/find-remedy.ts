import { type JsonObject, removeNullMembers } from '../../internal/json/json.ts';
import { isSignatureAlgorithm } from '../../internal/signatures/signature-algorithms.ts';
import { checkProfile, checkRequiredClaims, checkType } from '../claims/claims.ts';
import { profiles } from '../claims/profiles.ts';
import type { Issuer } from '../issuers/issuer.ts';
import type { CompactJws } from '../parse-jws.ts';
import { formatValue } from '../rejections/format-mismatch.ts';

interface RemedyOptions {
  readonly token: string;
  /** `undefined` if the token cannot be parsed. */
  readonly jws: CompactJws | undefined;
  readonly issuers: ReadonlyMap<string, Issuer>;
  /** Seconds since the epoch. */
  readonly now: number;
}

/** Finds what a developer can do about a failed check. Names an option only if it accepts the token. */
export function findRemedy(check: string, options: RemedyOptions): string {
  const { jws } = options;
  switch (check) {
    case 'format':
      return describeFormat(options.token);
    case 'length':
      return 'Raise maxTokenLength if the provider issues tokens of this length.';
    case 'accepts':
      return 'Set introspection.accepts, so that exactly one issuer accepts the token.';
    case 'active':
      return 'The issuer reports that the token is not valid: request a new one.';
    case 'iss':
      return describeIssuer(jws?.payload.iss, [...options.issuers.keys()]);
    case 'alg':
      return isSignatureAlgorithm(jws?.header.alg)
        ? `If the provider signs with it, add it to the option: algorithms: [..., ${formatValue(jws.header.alg)}].`
        : 'No option accepts this algorithm. Configure the provider to sign with RS256, PS256 or ES256.';
    case 'aud':
      return describeAudience(jws?.payload.aud);
    case 'exp':
    case 'nbf':
    case 'iat':
      return describeTime(check, options);
    case 'signature':
      return (
        'No key of the issuer verifies the signature. Check that the token is complete and unchanged, and that jwksUri or jwks, ' +
        'if set, contains the keys of this issuer.'
      );
    case 'keys':
      return 'Configure the provider to send a kid in its tokens, or to publish fewer keys.';
    case 'validate':
      return 'The function of the option validate rejects it. The reason is in the event token.rejected.';
    case 'cnf':
      return 'The option dpop accepts tokens that are bound by DPoP, mtls those that are bound to a certificate; requireBinding rejects unbound tokens.';
    case 'crit':
    case 'header':
    case 'payload':
      return 'No option accepts it. Check that the token is complete and unchanged.';
    case 'server_error':
    case 'network_error':
    case 'timeout':
      return 'The API responds with 503 meanwhile. Check that it can reach the issuer.';
    default:
      return describeProfile(jws);
  }
}

function describeFormat(token: unknown): string {
  if (typeof token !== 'string') return 'Pass the token as a string.';
  if (/^\s|\s$|^["']|["']$/.test(token)) return 'Remove the white space or the quotation marks around it.';
  if (/^(bearer|dpop)\s/i.test(token)) return 'Pass the token without its scheme.';
  if (token.split('.').length === 5) {
    return 'It is encrypted (JWE), and no option accepts that. Configure the provider to issue signed tokens for this API.';
  }
  return (
    'If it is an opaque token, set the option introspection. Some providers issue opaque tokens only if the client requests ' +
    'no audience or resource: request the token for this API.'
  );
}

function describeIssuer(iss: unknown, issuers: readonly string[]): string {
  if (typeof iss !== 'string') return 'Only tokens that name their issuer are accepted.';
  const similar = issuers.find((each) => normalizeIssuer(each) === normalizeIssuer(iss));
  if (similar !== undefined) {
    return `It differs from ${formatValue(similar)} only in a slash at the end, in case or in its scheme. Write the option issuer exactly as the token does.`;
  }
  return `If this API trusts that provider, add { issuer: ${formatValue(iss)}, audience } to the option issuers. If it is the "iss" that a configured provider writes into access tokens (AD FS, Entra ID version 1), set its option accessTokenIssuer.`;
}

const normalizeIssuer = (issuer: string): string =>
  issuer
    .toLowerCase()
    .replace(/^http:/, 'https:')
    .replace(/\/$/, '');

function describeAudience(aud: unknown): string {
  if (aud === undefined) {
    return 'Request the token for this API (the parameter audience or resource of the client), or choose the profile of the provider.';
  }
  return (
    `Request the token for this API (the parameter audience or resource of the client). If ${formatValue(aud)} identifies this API ` +
    'and nothing else, add it to the option audience.'
  );
}

function describeTime(check: 'exp' | 'nbf' | 'iat', { jws, now }: RemedyOptions): string {
  const time = jws?.payload[check];
  if (typeof time !== 'number')
    return 'The provider must write it as seconds since the epoch; no option accepts it.';
  if (Math.abs(time) > 1e11)
    return 'The value is in milliseconds. The provider must write seconds since the epoch.';
  if (check === 'exp' && now - time >= 300)
    return 'Request a new token. If it is new, correct the clock of this machine.';
  if (check !== 'exp' && time - now > 300) return 'Correct the clock of this machine or of the provider.';
  return 'Correct the clocks; clockTolerance (up to 300 seconds) accepts a small difference.';
}

/** Finds the profiles that accept the type and the claims of the token. */
function describeProfile(jws: CompactJws | undefined): string {
  if (!jws) return 'No option accepts it.';
  const claims = removeNullMembers(jws.payload);
  const accepting = Object.values(profiles).filter((profile) => {
    try {
      checkType(jws.header, profile);
      checkRequiredClaims(claims, profile);
      checkProfile(claims, profile);
      return true;
    } catch {
      return false;
    }
  });
  if (isIdToken(claims)) return 'It looks like an ID token. The client must send its access token.';
  if (accepting.length === 0) {
    return 'No built-in profile accepts it. If it is an access token, write a profile: { ...profiles.rfc9068, types: [...], required: [...] }.';
  }
  const names = accepting.map(({ name }) => `'${name}'`).join(' or ');
  return `If the provider writes its access tokens like this, the option profile: ${names} accepts it.`;
}

const isIdToken = (claims: JsonObject): boolean =>
  ['nonce', 'at_hash', 'c_hash'].some((name) => claims[name] !== undefined) && claims.scp === undefined;
