import {
  createTestAuthorizationServer,
  type Endpoint,
  type Lie,
  type TestAuthorizationServerOptions,
  type TestClient,
} from '@countersign/testing';
import { expect } from 'vitest';
import {
  type AuthorizationRequest,
  type Client,
  type ClientOptions,
  clientSecretBasic,
  createAuthorizationRequest,
  createClient,
  createRefreshCoordinator,
  createTokenSet,
  exchangeCode,
  fetchUserinfo,
  type TokenHolder,
  type TokenResponse,
  type TokenSet,
  type Userinfo,
  validateAuthorizationResponse,
} from '../../src/index.ts';

/** A relying party as an application would build it, and the provider that it meets. */
export interface Harness {
  readonly server: Awaited<ReturnType<typeof createTestAuthorizationServer>>;
  readonly client: Client;
  /** What the application keeps. */
  stored: TokenSet | undefined;
  userinfo: Userinfo | undefined;
  /** A whole login, up to userinfo. */
  logIn(request?: AuthorizationRequest): Promise<TokenResponse>;
  /** A refresh through the coordinator, then userinfo with the new token. */
  refresh(): Promise<void>;
  /** Endpoints that were called, in order. */
  calls(): (Endpoint | undefined)[];
}

export const redirectUri = 'https://app.example.test/callback';

export interface HarnessOptions {
  readonly lies?: readonly Lie[];
  readonly server?: TestAuthorizationServerOptions;
  readonly client?: Partial<ClientOptions>;
  /** Registration that replaces the default: `web` with `client_secret_basic`. */
  readonly registration?: Partial<TestClient>;
}

export async function createHarness(options: HarnessOptions = {}): Promise<Harness> {
  const registration: TestClient = {
    clientId: 'web',
    clientSecret: 'web-secret',
    redirectUris: [redirectUri],
    ...options.registration,
  };
  const server = await createTestAuthorizationServer({
    clients: [registration],
    ...(options.lies && { lies: options.lies }),
    ...options.server,
  });
  const client = createClient({
    issuer: server.issuer,
    clientId: registration.clientId,
    clientAuthentication: clientSecretBasic('web-secret'),
    redirectUri,
    scope: 'openid profile offline_access',
    fetch: server.fetch,
    now: server.clock.now,
    ...options.client,
  });
  const coordinator = createRefreshCoordinator(client);
  const harness: Harness = {
    server,
    client,
    stored: undefined,
    userinfo: undefined,
    async logIn(request) {
      const { url, transaction } = await createAuthorizationRequest(client, request);
      const { parameters } = await server.authorize(url);
      const response = await validateAuthorizationResponse(client, parameters, transaction);
      const tokens = await exchangeCode(client, response, transaction);
      harness.stored = createTokenSet(tokens, Math.floor(server.clock.now() / 1000));
      if (tokens.claims)
        harness.userinfo = await fetchUserinfo(client, tokens.accessToken, tokens.claims.sub);
      return tokens;
    },
    async refresh() {
      const holder: TokenHolder = {
        read: async () => harness.stored,
        write: async (next) => {
          harness.stored = next;
          return {};
        },
        end: async () => {
          harness.stored = undefined;
        },
      };
      const { accessToken, tokens } = await coordinator.getAccessToken(holder, { forceRefresh: true });
      if (tokens.claims)
        harness.userinfo = await fetchUserinfo(client, accessToken.accessToken, tokens.claims.sub);
    },
    calls: () => server.requests.map(({ endpoint }) => endpoint),
  };
  return harness;
}

/** What a refusal must look like. */
export interface Refusal {
  readonly error: 'ValidationError' | 'AuthorizationServerError' | 'ConfigurationError';
  readonly code: string;
  readonly check?: string;
}

/** Runs what must be refused: with our own error, with nothing kept, and with the last call where it belongs. */
export async function expectRefusal(
  harness: Harness,
  run: () => Promise<unknown>,
  refusal: Refusal,
  lastCall: Endpoint,
): Promise<string> {
  const before = harness.stored;
  const userinfoBefore = harness.userinfo;
  const outcome = await run().then(
    () => undefined,
    (error: unknown) => error as { name: string; code: string; check?: string },
  );
  expect(outcome, 'nothing was refused').toBeDefined();
  expect(outcome).toMatchObject({
    name: refusal.error,
    code: refusal.code,
    ...(refusal.check !== undefined && { check: refusal.check }),
  });
  expect(harness.stored, 'something was stored').toBe(before);
  expect(harness.userinfo, 'userinfo was kept').toBe(userinfoBefore);
  expect(harness.calls().at(-1), 'the last call').toBe(lastCall);
  return refusal.check === undefined ? refusal.code : `${refusal.code} (${refusal.check})`;
}
