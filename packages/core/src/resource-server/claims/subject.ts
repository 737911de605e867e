import type { JsonObject } from '../../internal/json/json.ts';
import { invalidToken } from '../rejections/rejection.ts';
import type { AccessTokenProfile } from './profiles.ts';
import { isServiceAccount } from './service-account.ts';

/** For whom an access token stands. */
export interface Subject {
  readonly kind: 'user' | 'client';
  readonly sub: string;
}

/**
 * Claims that say something about a user (RFC 7662 section 2.2, OpenID Connect Core sections 2 and 5.1, and claims that
 * providers add). A client that acts for itself has none of them.
 */
const userClaims = [
  'username',
  'user_name',
  'user_id',
  'uid',
  'preferred_username',
  'email',
  'upn',
  'auth_time',
];

/**
 * Reads for whom the token stands. The identifier of a client never becomes the identifier of a user: if a user has no
 * `sub`, every user of the client would be the same principal.
 *
 * @throws Rejection when nothing identifies the subject
 * @see RFC 9068 sections 2.2 and 5, RFC 7662 section 2.2
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
  const kind = profile.kind ? profile.kind(claims) : kindOf(claims, clientId, user);
  const sub = kind === 'user' ? user : (claims.sub ?? clientId);
  if (isText(sub)) return { kind: kind === 'user' ? 'user' : 'client', sub };
  throw invalidToken('sub', 'The access token has no subject');
}

/** RFC 9068 section 2.2: the `sub` of a client that acts for itself names the client. */
function kindOf(claims: JsonObject, clientId: string | undefined, user: unknown): 'user' | 'client' {
  if (clientId !== undefined && claims.sub === clientId) return 'client';
  if (clientId !== undefined && claims.sub !== undefined) return 'user';
  if (claims.sub === undefined && isText(user)) return 'user';
  // Without `sub` or without a client there is nothing to compare. What is not known to be a user is a client.
  return userClaims.some((name) => isAboutUser(claims[name], clientId)) ? 'user' : 'client';
}

const isAboutUser = (value: unknown, clientId: string | undefined): boolean =>
  value !== undefined && value !== null && value !== '' && value !== clientId && !isServiceAccount(value);

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
