import { clientSecretBasic } from '@countersign/core';
import type { InteropServer } from '../../server.ts';
import { account, createClients, startOidcProvider, version } from './start.ts';

const secret = 'web-secret_of.tests';

export const oidcProvider: InteropServer = {
  name: 'oidc-provider',
  version,
  source: 'npm',
  unsupported: {
    api: 'access tokens are opaque',
    revocation: 'disabled by default',
    rotation: 'keys are fixed when the process starts',
    backchannel: 'disabled by default',
  },
  provide: async () => undefined,
  async start(addresses) {
    const { web, direct } = createClients(addresses.application);
    const { endSessions, readLog, stop } = await startOidcProvider(addresses, {
      clients: [
        { ...web, client_secret: secret },
        { ...direct, token_endpoint_auth_method: 'none' },
      ],
    });
    return {
      options: {
        issuer: addresses.origin,
        scope: 'openid',
        // It ignores `offline_access` in requests without consent (OpenID Connect Core section 11).
        authorizationParameters: { prompt: 'consent' },
      },
      web: { clientId: web.client_id, clientAuthentication: clientSecretBasic(secret) },
      wrongAuthentication: clientSecretBasic(`${secret}-wrong`),
      direct: { clientId: direct.client_id },
      account,
      accessTokenLifetime: 3600,
      api: { audience: addresses.origin },
      endSessions,
      readLog,
      stop,
    };
  },
};
