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
import { openTokenFile, type TokenFile } from './token-file.ts';

/** What every command works with. */
export interface Session {
  readonly config: Config;
  readonly client: Client;
  readonly file: TokenFile;
  readonly lock: RefreshLock;
  readonly coordinator: RefreshCoordinator;
  readonly now: () => number;
}

/** A public client (RFC 8252 section 8.4): no secret, PKCE, tokens validated before they are kept. */
export function openSession(
  config: Config,
  options: { readonly now: () => number; readonly onEvent: (event: AuthEvent) => void },
): Session {
  const { issuer, clientId, resource, audience } = config;
  const { now, onEvent } = options;
  const allowInsecureIssuer = isLoopback(issuer);
  const api = resource ?? audience;
  const verifier =
    api === undefined
      ? undefined
      : createAccessTokenVerifier({
          issuer,
          audience: api,
          now,
          allowInsecureIssuer,
          ...(audience !== undefined && { profile: 'auth0' as const }),
        });
  const client = createClient({
    issuer,
    clientId,
    scope: config.scope,
    tokenRequestFormat: config.tokenRequestFormat,
    allowInsecureIssuer,
    now,
    onEvent,
    ...(resource !== undefined && { resource }),
    ...(audience !== undefined && { authorizationParameters: { audience } }),
    async validateAccessToken(accessToken, expected) {
      // A token for no API in particular is for the provider's own userinfo and may be opaque.
      if (expected.resource !== undefined || audience !== undefined)
        await verifier?.verifyToken(accessToken, expected);
    },
  });
  const file = openTokenFile(config.home, client);
  const lock = createProcessLock(config.home);
  // A command line makes one call and ends: a short leeway uses tokens to their end.
  const coordinator = createRefreshCoordinator(client, { lock, leeway: 5 });
  return { config, client, file, lock, coordinator, now };
}
