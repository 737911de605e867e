import {
  createTestAuthorizationServer,
  type Endpoint,
  type Fault,
  type TestAuthorizationServerOptions,
  type TestClient,
} from '@countersign/testing';
import { expect } from 'vitest';
import {
  type AuthorizationRequest,
  type Client,
  type ClientSettings,
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
} from '../../../src/index.ts';

/** A relying party with a test provider. */
export interface Harness {
  readonly server: Awaited<ReturnType<typeof createTestAuthorizationServer>>;
  readonly client: Client;
  /** The tokens that the application stores. */
  stored: TokenSet | undefined;
  userinfo: Userinfo | undefined;
  /** Logs in and fetches userinfo. */
  logIn(request?: AuthorizationRequest): Promise<TokenResponse>;
  /** Refreshes through the coordinator and fetches userinfo with the new token. */
  refresh(): Promise<void>;
  /** Lists the endpoints that were called, in order. */
  calls(): (Endpoint | undefined)[];
}

export const redirectUri = 'https://app.example.test/callback';

export interface HarnessOptions {
  readonly faults?: readonly Fault[];
  readonly server?: TestAuthorizationServerOptions;
  readonly client?: Partial<ClientSettings & { readonly issuer: string }>;
  /** Overrides of the default registration: `web` with `client_secret_basic`. */
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
    ...(options.faults && { faults: options.faults }),
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

/** The expected error of a rejection. */
export interface Rejection {
  readonly error:
    | 'ValidationError'
    | 'AuthorizationServerError'
    | 'ConfigurationError'
    | 'LoginRequiredError';
  readonly code: string;
  readonly check?: string;
}

/** Expects a rejection with a typed error, after the given call, and without stored tokens. Returns its code for the report. */
export async function expectRejection(
  harness: Harness,
  run: () => Promise<unknown>,
  rejection: Rejection,
  lastCall: Endpoint,
): Promise<string> {
  const storedBefore = harness.stored;
  const userinfoBefore = harness.userinfo;
  const outcome = await run().then(
    () => undefined,
    (error: unknown) => error as { name: string; code: string; check?: string },
  );
  expect(outcome, 'expected a rejection').toBeDefined();
  expect(outcome).toMatchObject({
    name: rejection.error,
    code: rejection.code,
    ...(rejection.check !== undefined && { check: rejection.check }),
  });
  const expectedTokens = rejection.code === 'session_ended' ? undefined : storedBefore;
  expect(harness.stored, 'stored tokens').toBe(expectedTokens);
  expect(harness.userinfo, 'stored userinfo').toBe(userinfoBefore);
  expect(harness.calls().at(-1), 'the last call').toBe(lastCall);
  return rejection.check === undefined ? rejection.code : `${rejection.code} (${rejection.check})`;
}
