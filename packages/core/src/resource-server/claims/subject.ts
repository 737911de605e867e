import type { JsonObject } from '../../internal/json/json.ts';
import type { AccessTokenProfile } from '../../protocol/tokens/access-token-profile.ts';
import { invalidToken } from '../rejections/rejection.ts';
import { isServiceAccount } from './service-account.ts';

/** The user or client that an access token represents. */
export interface Subject {
  readonly kind: 'user' | 'client';
  readonly sub: string;
}

/**
 * Claims that only describe users (RFC 7662 section 2.2, OpenID Connect Core sections 2 and 5.1, and claims of providers).
 * The token of a client that acts for itself contains none of them.
 */
const userClaims = [
  'username',
  'user_name',
  'user_id',
  'uid',
  'login',
  'preferred_username',
  'given_name',
  'family_name',
  'middle_name',
  'nickname',
  'email',
  'phone_number',
  'gender',
  'birthdate',
  'upn',
  'unique_name',
  'auth_time',
];

/**
 * Reads the subject. Never uses the client's identifier for a user: without `sub`, all users of the client would become
 * one principal. RFC 9068 sections 2.2 and 5, RFC 7662 section 2.2.
 *
 * @throws Rejection when no claim identifies the subject
 */
export function readSubject(
  claims: JsonObject,
  profile: AccessTokenProfile,
  clientId: string | undefined,
): Subject {
  if (claims.sub !== undefined && !isText(claims.sub)) {
    throw invalidToken('sub', 'The access token has no subject');
  }
  const user = profile.subject ? profile.subject(claims) : claims.sub;
  const kind = profile.kind ? profile.kind(claims) : readKind(claims, clientId, user);
  const sub = kind === 'user' ? user : (claims.sub ?? clientId);
  if (isText(sub)) return { kind: kind === 'user' ? 'user' : 'client', sub };
  throw invalidToken('sub', 'The access token has no subject');
}

/** RFC 9068 section 2.2: the `sub` of a client that acts for itself is the client's identifier. */
function readKind(claims: JsonObject, clientId: string | undefined, user: unknown): 'user' | 'client' {
  if (clientId !== undefined && claims.sub === clientId) return 'client';
  if (clientId !== undefined && claims.sub !== undefined) return 'user';
  if (claims.sub === undefined && isText(user)) return 'user';
  // Without `sub` or without a client there is nothing to compare. The default is a client.
  return userClaims.some((name) => describesUser(claims[name], clientId)) ? 'user' : 'client';
}

const describesUser = (value: unknown, clientId: string | undefined): boolean =>
  value !== undefined &&
  value !== null &&
  value !== '' &&
  value !== clientId &&
  !isServiceAccount(value, clientId);

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
