import { createTestAuthorizationServer } from '@countersign/testing';
import { expect, test } from 'vitest';
import { createAuthorizationRequest, createClient, requestDeviceAuthorization } from '../../index.ts';
import { google } from '../../providers/index.ts';

const keycloakEndpoint = 'https://id.example.test/realms/a/protocol/openid-connect/auth';

interface Case {
  readonly refreshTokens?: boolean;
  readonly clientScope?: string;
  readonly requestScope?: string;
  readonly metadata?: Record<string, unknown>;
}

async function setUp({ refreshTokens, clientScope, metadata }: Case) {
  const server = await createTestAuthorizationServer({ ...(metadata && { metadata }) });
  const client = createClient({
    issuer: server.issuer,
    clientId: 'app',
    redirectUri: 'https://app.example.test/callback',
    scope: clientScope,
    refreshTokens,
    fetch: server.fetch,
    now: server.clock.now,
  });
  return { server, client };
}

test.each<readonly [Case, string]>([
  [{}, 'openid'],
  [{ refreshTokens: false, clientScope: 'openid email' }, 'openid email'],
  [{ refreshTokens: true, clientScope: 'openid email' }, 'openid email offline_access'],
  [{ refreshTokens: true, clientScope: 'openid offline_access' }, 'openid offline_access'],
  [{ refreshTokens: true, requestScope: 'openid  items:read' }, 'openid items:read offline_access'],
  [{ refreshTokens: true, metadata: { scopes_supported: ['openid'] } }, 'openid'],
  [{ refreshTokens: true, metadata: { authorization_endpoint: keycloakEndpoint } }, 'openid'],
])('%j requests the scope "%s"', async (testCase, expected) => {
  const { client } = await setUp(testCase);
  const { requestScope: scope } = testCase;
  const { url, transaction } = await createAuthorizationRequest(client, scope === undefined ? {} : { scope });
  expect([url.searchParams.get('scope'), transaction.scope]).toEqual([expected, expected]);
});

test.each([
  [{ authorizationParameters: { prompt: 'select_account' } }, {}, 'select_account'],
  [{}, { parameters: { prompt: 'none' } }, 'none'],
  [{}, { prompt: 'login' }, 'login'],
  [{}, {}, 'consent'],
])('Google: with %j and %j the prompt is "%s"', async (options, request, expected) => {
  const server = await createTestAuthorizationServer({ flavour: 'google' });
  const client = createClient({
    provider: google(),
    clientId: 'app',
    redirectUri: 'https://app.example.test/callback',
    refreshTokens: true,
    fetch: server.fetch,
    ...options,
  });
  const { url } = await createAuthorizationRequest(client, request);
  expect(url.searchParams.get('prompt')).toBe(expected);
});

test('requests the same scope for a device', async () => {
  const { client } = await setUp({ refreshTokens: true });
  const { scopes } = await requestDeviceAuthorization(client);
  expect(scopes).toEqual(['openid', 'offline_access']);
});
