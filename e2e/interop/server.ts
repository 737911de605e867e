import type { ClientAuthentication, ClientOptions } from '@countersign/core';
import type { AccessTokenProfile, AccessTokenProfileName } from '@countersign/core/resource-server';
import type { Account } from './support/user-agent.ts';

/** The checks, in the order in which they run at each server. */
export const checkTitles = {
  login: 'login of a confidential client with web sessions',
  public: 'login of a public client with PKCE',
  refresh: '50 refreshes at once, one token request',
  userinfo: 'userinfo',
  api: 'an API accepts its access tokens and rejects its ID tokens',
  secret: 'a wrong client secret ends no session',
  administrator: 'an administrator ends the session: the next refresh signs out',
  revocation: 'revocation ends the refresh token',
  rotation: 'login and API after a key rotation',
  backchannel: 'back-channel logout',
  logout: 'RP-initiated logout, and back with state',
} as const;

export type CheckName = keyof typeof checkTitles;

/** The addresses of a server and of the application that logs in there. */
export interface Addresses {
  /** The public origin. All requests pass a proxy that counts them. */
  readonly origin: string;
  /** The port on which the server itself listens. */
  readonly port: number;
  /** The origin of the application. */
  readonly application: string;
}

/** The redirect URIs and further addresses that the clients are registered with. */
export const createRegistration = (application: string) => ({
  redirectUri: `${application}/auth/callback`,
  directRedirectUri: `${application}/direct/callback`,
  postLogoutRedirectUri: `${application}/`,
  backchannelLogoutUri: `${application}/auth/backchannel-logout`,
});

export interface ClientRegistration {
  readonly clientId: string;
  /** Absent for a public client. */
  readonly clientAuthentication?: ClientAuthentication;
}

/** A running server with two clients and one account. */
export interface RunningServer {
  readonly options: Omit<ClientOptions, 'clientId'>;
  /** The client of the web sessions. */
  readonly web: ClientRegistration;
  /** The authentication of `web` with a wrong secret or key. */
  readonly wrongAuthentication: ClientAuthentication;
  /** The client that holds its tokens itself: a public client, where the server allows it. */
  readonly direct: ClientRegistration;
  readonly account: Account;
  /** Lifetime of access tokens in seconds. */
  readonly accessTokenLifetime: number;
  readonly api: {
    readonly audience: string | readonly string[];
    readonly profile?: AccessTokenProfileName | AccessTokenProfile;
  };
  /** Ends all sessions of the user, as an administrator does. */
  readonly endSessions?: (sub: string) => Promise<void>;
  /** Replaces the signing key. */
  readonly rotateKeys?: () => Promise<void>;
  /** The last lines of its output. */
  readonly readLog: () => string;
  readonly stop: () => Promise<void>;
}

export interface InteropServer {
  readonly name: string;
  /** The exact version that is downloaded. */
  readonly version: string;
  /** What downloads it. */
  readonly source: 'Maven' | 'npm' | 'PyPI' | 'Go modules';
  /** The checks that do not run at it, with the reason. */
  readonly unsupported: Partial<Record<CheckName, string>>;
  /** Installs what is missing. Returns the reason if the machine lacks a program. */
  readonly provide: () => Promise<string | undefined>;
  readonly start: (addresses: Addresses) => Promise<RunningServer>;
}
