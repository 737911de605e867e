import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
import { type ClientMetadata, type Configuration, Provider } from 'oidc-provider';

export const resource = 'https://api.example.test';

/** Starts a certified authorization server on the loopback interface. Each login signs in alice and grants consent. */
export async function startProvider(clients: ClientMetadata[]) {
  let handle: (request: IncomingMessage, response: ServerResponse) => void = () => {};
  const server = createServer((request, response) => handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, await createConfiguration(clients));
  const callback = provider.callback();
  handle = (request, response) => {
    if (!request.url?.startsWith('/interaction/')) return callback(request, response);
    approve(provider, request, response).catch(() => response.destroy());
  };
  return {
    issuer,
    provider,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function createConfiguration(clients: ClientMetadata[]): Promise<Configuration> {
  const keys = await Promise.all(
    ['RS256', 'PS256', 'ES256'].map(async (alg) => {
      const { privateKey } = await generateKeyPair(alg, { extractable: true });
      return { ...(await exportJWK(privateKey)), alg, use: 'sig', kid: alg };
    }),
  );
  const claims = { openid: ['sub'], profile: ['name'], email: ['email'] };
  return {
    clients,
    claims,
    jwks: { keys } as never,
    scopes: ['openid', 'offline_access'],
    // The default dispatcher rejects private addresses, but the client's logout endpoint is on the loopback interface.
    fetch: (input, init) => {
      const { dispatcher: _, ...rest } = (init ?? {}) as RequestInit & { dispatcher?: unknown };
      return fetch(input as string, rest);
    },
    cookies: { keys: ['a-cookie-key'] },
    clientAuthMethods: [
      'none',
      'client_secret_basic',
      'client_secret_post',
      'client_secret_jwt',
      'private_key_jwt',
    ],
    rotateRefreshToken: true,
    issueRefreshToken: async (_, client, code) =>
      client.grantTypeAllowed('refresh_token') && code.scopes.has('offline_access'),
    pkce: { required: () => true },
    findAccount: (_, accountId) => ({
      accountId,
      claims: async () => ({ sub: accountId, name: 'Alice Example', email: 'alice@example.test' }),
    }),
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      clientCredentials: { enabled: true },
      deviceFlow: { enabled: true },
      dPoP: { enabled: true, nonceSecret: Buffer.alloc(32, 1), requireNonce: () => true },
      encryption: { enabled: true },
      introspection: { enabled: true, allowedPolicy: async () => true },
      jwtIntrospection: { enabled: true },
      jwtResponseModes: { enabled: true },
      jwtUserinfo: { enabled: true },
      pushedAuthorizationRequests: { enabled: true },
      requestObjects: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: async () => undefined as never,
        useGrantedResource: async () => false,
        getResourceServerInfo: async () => ({
          scope: 'items:read',
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
      revocation: { enabled: true },
      rpInitiatedLogout: { enabled: true },
    },
    enabledJWA: {
      idTokenSigningAlgValues: ['RS256', 'PS256', 'ES256'],
      authorizationSigningAlgValues: ['RS256', 'PS256', 'ES256'],
      userinfoSigningAlgValues: ['RS256', 'PS256', 'ES256'],
      introspectionSigningAlgValues: ['RS256', 'PS256', 'ES256'],
    },
  } as Configuration;
}

/** Logs in as alice and grants consent. */
export async function approve(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { params } = await provider.interactionDetails(request, response);
  const grant = new provider.Grant({ accountId: 'alice', clientId: String(params.client_id) });
  grant.addOIDCScope('openid profile email offline_access');
  grant.addResourceScope(resource, 'items:read');
  const result = { login: { accountId: 'alice' }, consent: { grantId: await grant.save() } };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}
