import type { TestClock } from './clock.ts';
import type { Fault } from './faults/index.ts';
import type { Flavour } from './flavours/flavour.ts';
import type { Endpoint, Failure, TestAuthorizationServerOptions, TestClient, TestUser } from './options.ts';
import type { KeyRing } from './wire/keys.ts';

/** The permission that a user granted to a client in one login. */
export interface Grant {
  readonly id: string;
  readonly clientId: string;
  readonly sub: string | undefined;
  readonly sid: string | undefined;
  readonly scope: string;
  readonly resources: readonly string[];
  readonly nonce?: string | undefined;
  readonly authTime?: number | undefined;
  readonly acr?: string | undefined;
  readonly authorizationDetails?: unknown;
  /** Thumbprint of a DPoP key or certificate that tokens are bound to. */
  readonly binding?: Binding | undefined;
  readonly claims?: { id_token?: object; userinfo?: object } | undefined;
  /** Whether the login issues a refresh token. */
  readonly isOffline?: boolean;
  isEnded: boolean;
}

export interface Binding {
  readonly jkt?: string;
  readonly 'x5t#S256'?: string;
}

export interface Code {
  readonly grant: Grant;
  readonly redirectUri: string;
  readonly codeChallenge: string | undefined;
  /** The DPoP key that the code is bound to. */
  readonly jkt?: string | undefined;
  readonly expiresAt: number;
  isUsed: boolean;
}

export interface RefreshToken {
  readonly grant: Grant;
  readonly binding: Binding | undefined;
  /** The time of its rotation in seconds since the epoch. */
  rotatedAt?: number;
  readonly uses: number[];
}

export interface IssuedAccessToken {
  readonly grant: Grant;
  readonly scope: string;
  readonly audience: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly binding: Binding | undefined;
  isRevoked: boolean;
}

export interface DeviceLogin {
  readonly userCode: string;
  readonly clientId: string;
  readonly codeChallenge: string | undefined;
  readonly scope: string;
  readonly resources: readonly string[];
  readonly expiresAt: number;
  status: 'pending' | 'denied' | 'used' | { readonly sub: string };
  polledAt?: number;
  interval: number;
}

/** A request that the server received. */
export interface LoggedRequest {
  readonly endpoint: Endpoint | undefined;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string | string[]>>;
  /** The fields of a form or JSON body. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Status of the response; absent if the response was lost. */
  status?: number;
}

/** How the user responds to the next authorization request. */
export interface ScriptedAnswer {
  readonly error?: string;
  readonly errorDescription?: string;
  /** The scopes that the user grants. Default: all requested scopes. */
  readonly scope?: string;
}

export interface ServerState {
  issuer: string;
  readonly options: TestAuthorizationServerOptions;
  readonly flavour: Flavour;
  readonly clock: TestClock;
  readonly keys: KeyRing;
  readonly clients: Map<string, TestClient>;
  readonly users: Map<string, TestUser>;
  /** The session of the signed-in user at the provider. */
  session: { sub: string; sid: string; authTime: number } | undefined;
  readonly scriptedAnswers: ScriptedAnswer[];
  readonly codes: Map<string, Code>;
  readonly refreshTokens: Map<string, RefreshToken>;
  readonly accessTokens: Map<string, IssuedAccessToken>;
  readonly pushedRequests: Map<string, { readonly parameters: URLSearchParams; readonly expiresAt: number }>;
  readonly devices: Map<string, DeviceLogin>;
  readonly jtis: Set<string>;
  readonly nonces: Set<string>;
  readonly grants: Grant[];
  readonly requests: LoggedRequest[];
  readonly failures: Map<Endpoint, (Failure & { left: number })[]>;
  readonly heldRequests: Map<Endpoint, Promise<void>>;
  readonly faults: Set<Fault>;
}

/** Creates a random identifier. */
export const createRandomId = (): string => crypto.randomUUID().replaceAll('-', '');
