import {
  type AuthEvent,
  type Client,
  createClient,
  createRefreshCoordinator,
  type RefreshCoordinator,
  type RefreshLock,
} from '@countersign/core';
import { createAccessTokenVerifier } from '@countersign/core/resource-server';
import { type Config, isLoopback } from './config.ts';
import { createProcessLock } from './process-lock.ts';
import { createTokenFile, type TokenFile } from './token-file.ts';

/** The configuration and the services that all commands use. */
export interface Session {
  readonly config: Config;
  readonly client: Client;
  readonly file: TokenFile;
  readonly lock: RefreshLock;
  readonly coordinator: RefreshCoordinator;
  readonly now: () => number;
}

/** Creates the services of a public client (RFC 8252 section 8.4). It has no secret, and validates tokens before it stores them. */
export function createSession(
  config: Config,
  options: { readonly now: () => number; readonly onEvent: (event: AuthEvent) => void },
): Session {
  const { issuer, clientId, resource, audience } = config;
  const { now, onEvent } = options;
  const allowInsecureIssuer = isLoopback(issuer);
  const apiAudience = resource ?? audience;
  const verifier =
    apiAudience === undefined
      ? undefined
      : createAccessTokenVerifier({
          issuer,
          audience: apiAudience,
          now,
          allowInsecureIssuer,
          ...(audience !== undefined && { profile: 'auth0' as const }),
        });
  const client = createClient({
    issuer,
    clientId,
    scope: config.scope,
    refreshTokens: config.refreshTokens,
    tokenRequestFormat: config.tokenRequestFormat,
    allowInsecureIssuer,
    now,
    onEvent,
    ...(resource !== undefined && { resource }),
    ...(audience !== undefined && { authorizationParameters: { audience } }),
    async validateAccessToken(accessToken, expected) {
      // A token without a resource is for the userinfo endpoint and can be opaque.
      if (expected.resource !== undefined || audience !== undefined)
        await verifier?.verifyToken(accessToken, expected);
    },
  });
  const file = createTokenFile(config.home, client);
  const lock = createProcessLock(config.home);
  // Each command sends one request, so a short leeway is sufficient.
  const coordinator = createRefreshCoordinator(client, { lock, leeway: 5 });
  return { config, client, file, lock, coordinator, now };
}
