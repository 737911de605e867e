import { decodeBase64Url } from '#platform';
import type { IdTokenClaims } from '../../../client/wire/token-response.ts';
import { decodeUtf8 } from '../../../internal/encoding.ts';
import { isJsonObject, type JsonObject, removeNullMembers } from '../../../internal/json/json.ts';
import { parseUntrustedObject, tokenLimits } from '../../../internal/json/untrusted-json.ts';
import { normalizeVerificationClaims } from '../../../protocol/tokens/verification-claims.ts';
import { getIdentity, type TokenSet } from '../../../tokens/token-set.ts';
import { type CookieScope, isDefaultScope } from '../../cookies/cookie-scope.ts';
import { getSessionEnds, type SessionLifetimes } from './session-lifetimes.ts';

/**
 * Claims about the user. `iss` and `sub` together identify the user. After an OAuth 2 login, they are from a userinfo
 * response, which is not signed, and `iss` is the issuer of the preset.
 */
export interface User {
  readonly iss: string;
  readonly sub: string;
  readonly name?: string;
  readonly email?: string;
  readonly picture?: string;
  readonly [claim: string]: unknown;
}

/** A session as the application sees it. It contains no token and may be sent to the browser. */
export interface Session {
  readonly user: User;
  /**
   * `oauth2` if the provider has no OpenID Connect: the user is that of a userinfo response, and the time and the method of the
   * login are unknown. Absent after a login with an ID token.
   */
  readonly loginType?: 'oauth2';
  /** The scopes granted at login. */
  readonly scopes: readonly string[];
  /** Seconds since the epoch. */
  readonly createdAt: number;
  /**
   * Seconds since the epoch at which the session ends if it is not used again. A use extends it from time to time, by the
   * option `idleLifetime`.
   */
  readonly expiresAt: number;
  /** Seconds since the epoch at which the session ends even if it is in use, by the option `absoluteLifetime`. */
  readonly endsAt: number;
  /** Data of the application, see `updateSession`. */
  readonly data: Readonly<JsonObject>;
}

/** An access token that is not stored in the cookie because it does not fit. */
export interface OmittedToken {
  readonly resource?: string;
  readonly requestedScope?: string;
  /** Characters of the token. */
  readonly length: number;
}

/** The complete state of one login, encrypted in the cookie or in the store. */
export interface SessionState {
  /** The hash of a random identifier, new at every login. */
  readonly id: string;
  /** Issuer and client of the login. */
  readonly owner: string;
  readonly tokens: TokenSet;
  /** Claims of the UserInfo response, if it was requested. */
  readonly userinfo?: JsonObject;
  /** Seconds since the epoch. */
  readonly createdAt: number;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
  /** Time of a logout of all sessions of the user that precedes this session within the same second. */
  readonly precedingLogoutAt?: number;
  /** Seconds since the epoch of the last write. */
  readonly usedAt: number;
  readonly data?: Readonly<JsonObject>;
  /** The scope of the session cookie. Default: that of the default settings. */
  readonly cookieScope?: CookieScope;
  /** Only in cookie sessions. */
  readonly omittedTokens?: readonly OmittedToken[];
}

/** Claims of the protocol. They do not describe the user. */
const protocolClaims = new Set(
  'aud exp iat nbf jti nonce at_hash c_hash s_hash azp sid acr amr auth_time typ events'.split(' '),
);

/** Identifies a client at its provider. */
export const toOwner = ({
  issuer,
  clientId,
}: {
  readonly issuer: string;
  readonly clientId: string;
}): string => JSON.stringify([issuer, clientId]);

/** Caches the results of {@link toSession}. An entry is retained as long as its state. */
const knownSessions = new WeakMap<SessionState, Session>();

/**
 * Creates the application's view of a session. It is frozen, because all readers of one state share it.
 *
 * @returns `undefined` without an ID token or an identity from userinfo, because the user is unknown then
 */
export function toSession(state: SessionState, lifetimes: SessionLifetimes): Session | undefined {
  const { claims } = state.tokens;
  const identity = getIdentity(state.tokens);
  if (!identity) return undefined;
  const knownSession = knownSessions.get(state);
  if (knownSession) return knownSession;
  const userClaims = Object.entries(claims ?? {}).filter(([name]) => !protocolClaims.has(name));
  const { iss, sub } = identity;
  const user = { ...state.userinfo, ...Object.fromEntries(userClaims), iss, sub };
  const session: Session = Object.freeze({
    user: Object.freeze(user),
    ...(!claims && { loginType: 'oauth2' }),
    scopes: state.tokens.scopes,
    createdAt: state.createdAt,
    ...getSessionEnds(state, lifetimes),
    data: state.data ?? {},
  });
  knownSessions.set(state, session);
  return session;
}

/** Records the scope of the session cookie in a state. */
export function setCookieScope({ cookieScope: _, ...state }: SessionState, scope: CookieScope): SessionState {
  return isDefaultScope(scope) ? state : { ...state, cookieScope: scope };
}

/** Converts a state to plain data. Claims that the ID token contains are left out. */
export function packState(state: SessionState): JsonObject {
  const { claims, ...tokens } = state.tokens;
  const { idToken } = tokens;
  const isRedundant =
    claims === undefined ||
    (idToken !== undefined &&
      idToken.split('.').length === 3 &&
      // The ID token of a refresh may lack the `sid` of the login.
      (claims.sid === undefined || decodeClaims(idToken)?.sid === claims.sid));
  return { ...state, tokens: isRedundant ? tokens : state.tokens };
}

/**
 * Restores a state from the data of {@link packState}. Returns `undefined` for anything else, and for a session of
 * another provider or client: two applications that share a secret must not accept each other's sessions.
 */
export function unpackState(payload: JsonObject | undefined, owner: string): SessionState | undefined {
  if (!payload || !isJsonObject(payload.tokens) || typeof payload.id !== 'string') return undefined;
  if (payload.owner !== owner) return undefined;
  const state = payload as unknown as SessionState;
  const claims = state.tokens.claims ?? decodeClaims(state.tokens.idToken);
  return claims ? { ...state, tokens: { ...state.tokens, claims } } : state;
}

/** Reads the claims of an ID token that was validated before it was encrypted. `null` counts as absent. */
function decodeClaims(idToken: string | undefined): IdTokenClaims | undefined {
  const payload = idToken?.split('.')[1];
  if (payload === undefined) return undefined;
  const claims = parseUntrustedObject(decodeUtf8(decodeBase64Url(payload)), { limits: tokenLimits });
  return normalizeVerificationClaims(removeNullMembers(claims) as unknown as IdTokenClaims);
}
