import type { RefreshTokenRequest } from '../../providers/provider.ts';
import { findRefreshTokenRequest } from '../../providers/recognize-provider.ts';
import type { Client } from '../client.ts';
import { getClientContext } from '../client-context.ts';
import { resolveProvider } from '../resolve-provider.ts';
import type { AuthorizationServerMetadata } from '../wire/server-metadata.ts';

/** The scope of a login, and what else the provider needs to issue a refresh token. */
export interface RequestedTokens extends Pick<RefreshTokenRequest, 'parameters' | 'prompt'> {
  readonly scope: string;
}

/**
 * Finds the scope to request: `scope`, or else the scope of the client. With the option `refreshTokens`, what the provider
 * needs to issue a refresh token is added.
 */
export function findRequestedTokens(
  client: Client,
  metadata: AuthorizationServerMetadata,
  scope: string | undefined,
): RequestedTokens {
  const { options, scope: defaultScope } = getClientContext(client);
  const names = (scope ?? defaultScope).split(' ').filter((name) => name !== '');
  if (!options.refreshTokens) return { scope: names.join(' ') };
  const provider = resolveProvider(client, metadata);
  const { scope: addedScope, ...others } = findRefreshTokenRequest(provider, metadata.scopes_supported);
  return { ...others, scope: [...new Set([...names, ...(addedScope?.split(' ') ?? [])])].join(' ') };
}
