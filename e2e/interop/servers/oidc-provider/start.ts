import { join } from 'node:path';
import type { ClientMetadata, Configuration } from 'oidc-provider';
import { startService } from '../../../../scripts/lib/processes/process.ts';
import { type Addresses, createRegistration } from '../../server.ts';
import { waitForServer } from '../support/wait-for-server.ts';

export const version = '9.13.3';
export const account = { login: 'alice', password: 'any' };

/** Starts oidc-provider in its own process. */
export async function startOidcProvider(
  { origin: issuer, port }: Addresses,
  configuration: Configuration & { readonly audience?: string },
) {
  const service = startService('oidc-provider', {
    command: process.execPath,
    args: [join(import.meta.dirname, 'serve.ts')],
    env: { SETTINGS: JSON.stringify({ ...configuration, issuer, port }) },
  });
  await waitForServer(service, `http://127.0.0.1:${port}/.well-known/openid-configuration`);
  return {
    endSessions: async () => {
      await fetch(`http://127.0.0.1:${port}/administration/end`, { method: 'POST' });
    },
    readLog: () => service.tail(),
    stop: () => service.stop(),
  };
}

/** The registrations of the two clients. */
export function createClients(application: string, metadata: Partial<ClientMetadata> = {}) {
  const registration = createRegistration(application);
  const grants = { grant_types: ['authorization_code', 'refresh_token'], ...metadata };
  return {
    web: {
      ...grants,
      client_id: 'web',
      redirect_uris: [registration.redirectUri],
      post_logout_redirect_uris: [registration.postLogoutRedirectUri],
    },
    direct: { ...grants, client_id: 'direct', redirect_uris: [registration.directRedirectUri] },
  };
}
