import { decodeBase64Url } from '#platform';
import type { IdTokenClaims } from '../../client/wire/token-response.ts';
import { decodeUtf8 } from '../../internal/encoding.ts';
import { isJsonObject, type JsonObject } from '../../internal/json/json.ts';
import { parseUntrustedObject, tokenLimits } from '../../internal/json/untrusted-json.ts';
import type { TokenSet } from '../../tokens/token-set.ts';

/** Claims about the user. Who they are is `iss` and `sub` together, and nothing else. */
export interface User {
  readonly iss: string;
  readonly sub: string;
  readonly name?: string;
  readonly email?: string;
  readonly picture?: string;
  readonly [claim: string]: unknown;
}

/** A session as the application sees it. It holds no token, and may be handed to the browser. */
export interface Session {
  readonly user: User;
  /** The scopes granted at login. */
  readonly scopes: readonly string[];
  /** Seconds since the epoch. */
  readonly createdAt: number;
  /** Seconds since the epoch at which the session ends at the latest, however much it is used. */
  readonly expiresAt: number;
  /** What the application keeps in the session. */
  readonly data: Readonly<JsonObject>;
}

/** Everything that is kept for one login; sealed in the cookie or in the store. */
export interface SessionState {
  /** Random, new at every login. */
  readonly id: string;
  /** Issuer and client that the login was for. */
  readonly owner: string;
  readonly tokens: TokenSet;
  /** Claims of userinfo, where they were asked for. */
  readonly userinfo?: JsonObject;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** When all sessions of the user ended, where that was in the second in which this one began, and before it. */
  readonly endedBefore?: number;
  /** Seconds since the epoch of the last write. */
  readonly usedAt: number;
  readonly data?: Readonly<JsonObject>;
}

/** Claims of the protocol, which say nothing about the user. */
const protocolClaims = new Set(
  'aud exp iat nbf jti nonce at_hash c_hash s_hash azp sid acr amr auth_time typ events'.split(' '),
);

/** Names a client at its provider. */
export const ownerOf = ({
  issuer,
  clientId,
}: {
  readonly issuer: string;
  readonly clientId: string;
}): string => JSON.stringify([issuer, clientId]);

const seenAs = new WeakMap<SessionState, Session>();

/**
 * Frozen, as everybody who asks for the session of this state is given the same.
 *
 * @returns `undefined` without an ID token: then nobody knows who the user is
 */
export function toSession(state: SessionState): Session | undefined {
  const { claims } = state.tokens;
  if (!claims) return undefined;
  const seen = seenAs.get(state);
  if (seen) return seen;
  const about = Object.entries(claims).filter(([name]) => !protocolClaims.has(name));
  const user = { ...state.userinfo, ...Object.fromEntries(about), iss: claims.iss, sub: claims.sub };
  const session: Session = Object.freeze({
    user: Object.freeze(user),
    scopes: state.tokens.scopes,
    createdAt: state.createdAt,
    expiresAt: state.expiresAt,
    data: state.data ?? {},
  });
  seenAs.set(state, session);
  return session;
}

/** Plain data to be sealed: the claims are left out where the ID token beside them holds them. */
export function packState(state: SessionState): JsonObject {
  const { claims, ...tokens } = state.tokens;
  const redundant =
    claims === undefined || (tokens.idToken !== undefined && tokens.idToken.split('.').length === 3);
  return { ...state, tokens: redundant ? tokens : state.tokens };
}

/**
 * The state of what {@link packState} made; `undefined` for anything else, and for a session of another provider or client:
 * two instances that share a secret must neither know each other's users nor spend each other's tokens.
 */
export function unpackState(payload: JsonObject | undefined, owner: string): SessionState | undefined {
  if (!payload || !isJsonObject(payload.tokens) || typeof payload.id !== 'string') return undefined;
  if (payload.owner !== owner) return undefined;
  const state = payload as unknown as SessionState;
  const claims = state.tokens.claims ?? claimsOf(state.tokens.idToken);
  return claims ? { ...state, tokens: { ...state.tokens, claims } } : state;
}

/** The claims of an ID token that was validated before it was sealed. */
function claimsOf(idToken: string | undefined): IdTokenClaims | undefined {
  const payload = idToken?.split('.')[1];
  if (payload === undefined) return undefined;
  const claims = parseUntrustedObject(decodeUtf8(decodeBase64Url(payload)), { limits: tokenLimits });
  return claims as unknown as IdTokenClaims;
}
