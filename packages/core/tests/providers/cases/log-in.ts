import { createTestAuthorizationServer, type TestAuthorizationServerOptions } from '@countersign/testing';
import {
  clientSecretBasic,
  clientSecretPost,
  createAuthorizationRequest,
  createClient,
  createRefreshCoordinator,
  createTokenSet,
  exchangeCode,
  type TokenSet,
  validateAuthorizationResponse,
} from '../../../src/index.ts';
import type { ProviderPreset } from '../../../src/providers/index.ts';
import type { CellOptions, ProviderRow } from '../provider-row.ts';

const redirectUri = 'https://app.example.test/callback';

/** The client of each row, unless the row has another one. */
const defaultClient = { clientId: 'web', clientSecret: 'web-secret' };

/** Creates a test server of the flavour, and a client with the preset. */
export async function createProviderClient(
  row: ProviderRow,
  { options, server: settings }: CellOptions = {},
  tests: TestAuthorizationServerOptions = {},
) {
  const server = await createTestAuthorizationServer({
    flavour: row.flavour,
    ...row.server,
    ...settings,
    ...tests,
  });
  server.clock.stop();
  const { clientId, clientSecret } = row.client ?? defaultClient;
  const provider = row.createPreset(server.issuer);
  const client = createClient({
    provider,
    clientId,
    clientAuthentication: createClientAuthentication(provider, clientSecret),
    redirectUri,
    ...(provider.scope === undefined && { scope: 'openid profile' }),
    refreshTokens: true,
    // The test server parses forms only.
    tokenRequestFormat: 'form',
    fetch: server.fetch,
    now: server.clock.now,
    ...options,
  });
  return { server, client, provider };
}

/** Sends the secret as web sessions do. A preset that creates the secret also sends it. */
function createClientAuthentication(
  { createClientSecret, tokenEndpointAuthMethod }: ProviderPreset,
  clientSecret: string,
) {
  if (createClientSecret) return undefined;
  return tokenEndpointAuthMethod === 'client_secret_post'
    ? clientSecretPost(clientSecret)
    : clientSecretBasic(clientSecret);
}

/** Logs a user in at the provider of the row. */
export async function logIn(
  row: ProviderRow,
  cell: CellOptions = {},
  tests: TestAuthorizationServerOptions = {},
) {
  const { server, client, provider } = await createProviderClient(row, cell, tests);
  const { url, transaction } = await createAuthorizationRequest(client);
  const { parameters } = await server.authorize(url);
  const response = await validateAuthorizationResponse(client, parameters, transaction);
  const tokens = await exchangeCode(client, response, transaction);
  return { server, client, provider, url, tokens };
}

/** Logs a user in, and stores the tokens in a holder. */
export async function logInWithHolder(row: ProviderRow, cell: CellOptions = {}) {
  const login = await logIn(row, cell);
  const { server, client, tokens } = login;
  let storedTokens: TokenSet | undefined = createTokenSet(tokens, Math.floor(server.clock.now() / 1000));
  const holder = {
    read: async () => storedTokens,
    write: async (next: TokenSet) => {
      storedTokens = next;
      return {};
    },
    end: async () => {
      storedTokens = undefined;
    },
  };
  const coordinator = createRefreshCoordinator(client);
  return { ...login, holder, coordinator, getStoredTokens: () => storedTokens };
}
