import type { CryptoKey } from 'jose';
import type { TestClock } from '../clock.ts';
import type { KeyRing } from '../wire/keys.ts';

/** The parts of the server's state that faults use. */
export interface FaultContext {
  readonly clock: TestClock;
  readonly keys: KeyRing;
}

/** The kinds of tokens that the server signs. */
export type JwtKind =
  | 'id_token'
  | 'access_token'
  | 'logout_token'
  | 'authorization_response'
  | 'userinfo'
  | 'introspection';

/** A token before it is signed. Faults change it. */
export interface Jws {
  readonly kind: JwtKind;
  header: Record<string, unknown> & { alg: string };
  claims: Record<string, unknown>;
  /** The client that the token is for. */
  readonly client: { readonly clientSecret?: string } | undefined;
  /** Default: the server's current key for the algorithm; bytes for HMAC. */
  key?: CryptoKey | Uint8Array;
  /** Changes the text of the claims before it is signed. */
  payload?: (json: string) => string;
  /** Changes the compact serialisation. */
  finish?: (jwt: string) => string;
}

/** The algorithms that sign and encrypt userinfo, if any. */
export interface UserinfoProtection {
  signed?: string | undefined;
  encrypted?: string | undefined;
}

/** The values that faults change before they are sent. */
export interface FaultTargets {
  jws: Jws;
  metadata: Record<string, unknown>;
  jwks: { keys: Record<string, unknown>[] };
  authorizationResponse: URLSearchParams;
  tokenResponse: Record<string, unknown>;
  userinfoResponse: Record<string, unknown>;
  userinfoProtection: UserinfoProtection;
  logoutResponse: URLSearchParams;
}
