import { needsOfflineAccess } from '../../protocol/login/offline-access.ts';
import type { Client } from '../client.ts';
import { getClientContext } from '../client-context.ts';
import type { AuthorizationServerMetadata } from '../client-options.ts';

/**
 * Returns the scope to request: `scope`, or else the scope of the client. With the option `refreshTokens`, the scope
 * `offline_access` is added at providers that need it.
 */
export function findRequestedScope(
  client: Client,
  metadata: AuthorizationServerMetadata,
  scope: string | undefined,
): string {
  const { options, scope: defaultScope } = getClientContext(client);
  const names = (scope ?? defaultScope).split(' ').filter((name) => name !== '');
  if (options.refreshTokens && !names.includes('offline_access')) {
    const facts = {
      issuer: client.issuer,
      authorizationEndpoint: metadata.authorization_endpoint,
      scopesSupported: metadata.scopes_supported,
    };
    if (needsOfflineAccess(facts)) names.push('offline_access');
  }
  return names.join(' ');
}
