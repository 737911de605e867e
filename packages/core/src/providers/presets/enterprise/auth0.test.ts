import { createTestAuthorizationServer, type TestAuthorizationServerOptions } from '@countersign/testing';
import { describe, expect, test } from 'vitest';
import {
  createAuthorizationRequest,
  createClient,
  createEndSessionUrl,
  createRefreshCoordinator,
  createTokenSet,
  exchangeCode,
  refreshTokens,
  type TokenHolder,
  type TokenSet,
  validateAuthorizationResponse,
} from '../../../index.ts';
import { auth0 } from '../../index.ts';

const domain = 'tenant.auth.example.test';

async function setUp(
  options: {
    claims?: Record<string, unknown>;
    organization?: string;
    metadata?: object;
    server?: TestAuthorizationServerOptions;
  } = {},
) {
  const server = await createTestAuthorizationServer({
    flavour: 'auth0',
    clients: [{ clientId: 'app' }],
    users: [{ sub: 'auth0|1', ...(options.claims && { claims: options.claims }) }],
    ...(options.metadata && { metadata: options.metadata as Record<string, unknown> }),
    ...options.server,
  });
  const client = createClient({
    provider: auth0({ domain, organization: options.organization }),
    clientId: 'app',
    redirectUri: 'https://app.example.test/callback',
    refreshTokens: true,
    fetch: server.fetch,
    now: server.clock.now,
  });
  return { server, client };
}

async function logIn({ server, client }: Awaited<ReturnType<typeof setUp>>) {
  const { url, transaction } = await createAuthorizationRequest(client);
  const { parameters } = await server.authorize(url);
  return exchangeCode(
    client,
    await validateAuthorizationResponse(client, parameters, transaction),
    transaction,
  );
}

test('sets the issuer with a trailing slash and no optional parameter', () => {
  expect(auth0({ domain })).toMatchObject({ issuer: `https://${domain}/`, authorizationParameters: {} });
  const options = { provider: auth0({ domain }), clientId: 'app' };
  expect(createClient(options).options.tokenRequestFormat).toBe('json');
  expect(createClient({ ...options, tokenRequestFormat: 'form' }).options.tokenRequestFormat).toBe('form');
});

test('adds audience, organization and connection to the authorization parameters', () => {
  const { options } = createClient({
    provider: auth0({
      domain,
      audience: 'https://api.example.test',
      organization: 'org_1',
      connection: 'google',
    }),
    clientId: 'app',
    authorizationParameters: { screen_hint: 'signup' },
  });
  expect(options.authorizationParameters).toEqual({
    audience: 'https://api.example.test',
    organization: 'org_1',
    connection: 'google',
    screen_hint: 'signup',
  });
});

test('rejects a domain that is not a host name', () => {
  for (const invalid of [
    '',
    'https://tenant.auth0.com',
    'tenant.auth0.com/path',
    'tenant.auth0.com?x',
    'a b',
    'user@host',
  ]) {
    expect(() => auth0({ domain: invalid }), invalid).toThrow(
      expect.objectContaining({ name: 'ConfigurationError', code: 'invalid_option' }),
    );
  }
});

describe('organization', () => {
  test.each([
    ['org_1', { org_id: 'org_1' }, undefined],
    ['org_1', { org_id: 'org_2' }, 'org_id'],
    ['org_1', {}, 'org_id'],
    ['Acme', { org_id: 'org_1', org_name: 'acme' }, undefined],
    ['acme', { org_id: 'org_1', org_name: 'other' }, 'org_name'],
    ['acme', { org_id: 'org_1' }, 'org_name'],
  ] as const)(
    'validates the ID token of an organization login: requested %s, received %j',
    async (organization, claims, wrong) => {
      const login = logIn(await setUp({ organization, claims }));
      if (wrong === undefined) await expect(login).resolves.toMatchObject({ claims });
      else await expect(login).rejects.toMatchObject({ code: 'id_token_invalid', check: wrong });
    },
  );
});

test('logs out at the standard endpoint, or at v2/logout if the tenant has none', async () => {
  const request = { postLogoutRedirectUri: 'https://app.example.test/', idTokenHint: 'hint', state: 's' };
  const standard = await createEndSessionUrl((await setUp()).client, request);
  expect(standard?.pathname).toBe('/oidc/logout');
  expect(standard?.searchParams.get('id_token_hint')).toBe('hint');
  const old = await createEndSessionUrl(
    (await setUp({ metadata: { end_session_endpoint: undefined } })).client,
    request,
  );
  expect(old?.href).toBe(
    `https://${domain}/v2/logout?client_id=app&returnTo=https%3A%2F%2Fapp.example.test%2F`,
  );
});

test('reads invalid_grant with status 403, and the pause of a rate limit from x-ratelimit-reset', async () => {
  const { server, client } = await setUp();
  await expect(refreshTokens(client, 'unknown')).rejects.toMatchObject({
    code: 'token_error',
    error: 'invalid_grant',
    status: 403,
  });
  server.clock.stop();
  const now = Math.floor(server.clock.now() / 1000);
  server.fail('token', { status: 429, headers: { 'x-ratelimit-reset': String(now + 42) } });
  const limited = await refreshTokens(client, 'unknown').catch((error: unknown) => error);
  expect(limited).toMatchObject({ name: 'TransportError', code: 'rate_limited', status: 429 });
  expect([42, 41]).toContain((limited as { retryAfter: number }).retryAfter);
});

test('repeats a refresh with the same token after its response was lost, within the rotation leeway', async () => {
  const app = await setUp({ server: { refreshTokens: 'rotate', refreshTokenGrace: 10 } });
  let stored: TokenSet | undefined = createTokenSet(await logIn(app), Math.floor(Date.now() / 1000));
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
  const coordinator = createRefreshCoordinator(app.client);
  app.server.clock.advance(86_400);
  app.server.fail('token', { loseResponse: true });
  await expect(coordinator.getAccessToken(holder)).rejects.toMatchObject({ code: 'network_error' });
  await coordinator.getAccessToken(holder);
  const [, lost, again] = app.server.requestsTo('token').map(({ body }) => body.refresh_token);
  expect(again).toBe(lost);
  expect(stored?.refreshToken).not.toBe(lost);
});
