import { createTestAuthorizationServer, type TestClient } from '@countersign/testing';
import {
  type ClientAuthentication,
  type ClientSettings,
  createAuthorizationRequest,
  createClient,
  createRefreshCoordinator,
  createTokenSet,
  exchangeCode,
  type TokenHolder,
  type TokenSet,
  validateAuthorizationResponse,
} from '../../src/index.ts';
import { auth0 } from '../../src/providers/index.ts';

const domain = 'tenant.auth.example.test';
export const audience = 'https://api.example.test';
export const redirectUri = 'https://app.example.test/android/callback';

interface Setup {
  readonly format?: 'json' | 'form';
  readonly scope?: string;
  readonly registration?: Partial<TestClient>;
  readonly authentication?: ClientAuthentication;
  readonly rotation?: boolean;
  readonly options?: Partial<Omit<ClientSettings, 'provider'>>;
}

/** Creates a native app with Auth0 that stores its tokens in memory. */
export async function createApp(setup: Setup = {}) {
  const server = await createTestAuthorizationServer({
    flavour: 'auth0',
    clients: [{ clientId: 'native', redirectUris: [redirectUri], ...setup.registration }],
    refreshTokens: setup.rotation ? 'rotate' : 'keep',
  });
  server.clock.stop();
  const client = createClient({
    provider: auth0({ domain, audience }),
    clientId: 'native',
    redirectUri,
    scope: setup.scope ?? 'openid profile offline_access',
    fetch: server.fetch,
    now: server.clock.now,
    ...(setup.format && { tokenRequestFormat: setup.format }),
    ...(setup.authentication && { clientAuthentication: setup.authentication }),
    ...setup.options,
  });
  let stored: TokenSet | undefined;
  const holder: TokenHolder = {
    read: async () => stored,
    write: async (next) => {
      stored = next;
      return {};
    },
    end: async () => {
      stored = undefined;
    },
  };
  const coordinator = createRefreshCoordinator(client);
  return {
    server,
    client,
    stored: () => stored,
    getAccessToken: (request?: { forceRefresh?: boolean; resource?: string }) =>
      coordinator.getAccessToken(holder, request),
    async logIn() {
      const { url, transaction } = await createAuthorizationRequest(client);
      const { parameters } = await server.authorize(url);
      const response = await validateAuthorizationResponse(client, parameters, transaction);
      const tokens = await exchangeCode(client, response, transaction);
      stored = createTokenSet(tokens, Math.floor(server.clock.now() / 1000));
      return { tokens, transaction, code: parameters.get('code') as string };
    },
  };
}
