import type { Client } from '../client/client.ts';
import { createClient } from '../client/create-client.ts';
import { clientSecretBasic, none } from '../client/wire/client-authentication.ts';
import { toOwner } from './backends/session-state.ts';
import { createSessionContext, type SessionContext } from './context.ts';
import { createAddressSelector } from './http/web-hosts.ts';
import { getSharedState } from './shared-state.ts';
import { resolveEnvironment, type WebAuthOptions } from './web-auth-options.ts';
import { createSessionsForContext, type WebSessions } from './web-sessions.ts';

/** Client and sessions of one application at one address. */
export interface WebAuth {
  readonly client: Client;
  readonly sessions: WebSessions;
  /** Origins that receive access tokens, see {@link createSessionFetch}. */
  readonly apiOrigins: readonly string[];
}

/**
 * Creates client and sessions from options and environment: `AUTH_ISSUER`, `AUTH_CLIENT_ID`, `AUTH_CLIENT_SECRET`,
 * `AUTH_SECRET` (several separated by commas; the first one encrypts), `AUTH_BASE_URL`, `AUTH_SCOPE`, `AUTH_RESOURCE`,
 * `AUTH_API_ORIGINS`.
 *
 * @param host the host of the request; it only selects one of the addresses of the option `baseUrl`
 * @throws ConfigurationError that names all missing and invalid options
 * @example
 * ```ts
 * import { createWebAuth } from '@countersign/core/session';
 *
 * const { sessions } = createWebAuth({ scope: 'openid profile email offline_access' }, null);
 *
 * export async function handle(request: Request): Promise<Response> {
 *   return (await sessions.handle(request)) ?? new Response('not found', { status: 404 });
 * }
 * ```
 */
export function createWebAuth(options: WebAuthOptions, host: string | null): WebAuth {
  return createApplication(options)(host);
}

/** Finds the sessions of the address with this host. */
export type Application = (host: string | null) => WebAuth;

/** Creates one client, and the sessions of each configured address. Unknown hosts add nothing. */
export function createApplication(options: WebAuthOptions): Application {
  const { issuer, clientId, secret, baseUrls, scope, resource, clientSecret, apiOrigins } =
    resolveEnvironment(options);
  const selectAddress = createAddressSelector(baseUrls);
  const client = createClient({
    ...options,
    issuer,
    clientId,
    scope,
    ...(resource !== undefined && { resource }),
    clientAuthentication:
      options.clientAuthentication ?? (clientSecret === undefined ? none() : clientSecretBasic(clientSecret)),
  });
  const { lock, successors, tombstones, replay } = getSharedState(toOwner({ issuer, clientId }));
  const addresses = new Map<string, { readonly context: SessionContext; readonly webAuth: WebAuth }>();

  return (host) => {
    const { configured, baseUrl } = selectAddress(host);
    let address = addresses.get(configured);
    if (!address) {
      const context = createSessionContext(client, {
        ...options,
        secret,
        baseUrl,
        tombstones: options.tombstones ?? tombstones,
        replay: options.replay ?? replay,
        refresh: { lock, successors, ...options.refresh },
      });
      address = { context, webAuth: { client, sessions: createSessionsForContext(context), apiOrigins } };
      addresses.set(configured, address);
    }
    if (configured === baseUrl) return address.webAuth;
    // A host of a pattern shares protocol and path, and so the names and attributes of cookies, with the pattern.
    const context = { ...address.context, baseUrl: new URL(baseUrl) };
    return { client, sessions: createSessionsForContext(context), apiOrigins };
  };
}
