import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ClientMetadata } from 'oidc-provider';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAccessTokenVerifier } from '../../src/api/index.ts';
import {
  type AuthorizationRequest,
  type Client,
  type ClientAuthentication,
  type ClientOptions,
  clientSecretBasic,
  clientSecretJwt,
  clientSecretPost,
  createAuthorizationRequest,
  createClient,
  createEndSessionUrl,
  exchangeCode,
  fetchUserinfo,
  generateDpopKeyPair,
  introspectToken,
  none,
  pollDeviceAuthorization,
  privateKeyJwt,
  refreshTokens,
  requestClientCredentials,
  requestDeviceAuthorization,
  revokeToken,
  type TokenResponse,
  validateAuthorizationResponse,
  validateLogoutToken,
} from '../../src/index.ts';
import { createDecrypt } from '../../src/node/index.ts';
import { encryptionKey } from '../conformance/encryption-key.ts';
import { signingKey } from '../conformance/signing-key.ts';
import { createBrowser } from './browser.ts';
import { resource, startProvider } from './start-provider.ts';

const redirectUri = 'https://app.example.test/callback';
const secret = 'a-secret-of-at-least-thirty-two-characters';
const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';

let provider: Awaited<ReturnType<typeof startProvider>>;
let logoutReceiver: { readonly url: string; readonly received: string[]; close(): void };
let authentications: Record<string, ClientAuthentication>;
let signing: Awaited<ReturnType<typeof signingKey>>;
let encryption: Awaited<ReturnType<typeof encryptionKey>>;

beforeAll(async () => {
  signing = await signingKey('PS256');
  encryption = await encryptionKey('RSA-OAEP-256');
  logoutReceiver = await receiveLogouts();
  const jwks = { keys: [signing.jwk, encryption.jwk] } as never;
  const base: Omit<ClientMetadata, 'client_id'> = {
    redirect_uris: [redirectUri],
    response_types: ['code'],
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials', deviceGrant],
    post_logout_redirect_uris: ['https://app.example.test/'],
  };
  const client = (id: string, method: string, more: object = {}): ClientMetadata => ({
    ...base,
    client_id: id,
    token_endpoint_auth_method: method as never,
    ...(method.startsWith('client_secret') && { client_secret: secret }),
    ...(method === 'none' && { grant_types: ['authorization_code', 'refresh_token', deviceGrant] }),
    ...more,
  });
  provider = await startProvider([
    client('none', 'none'),
    client('client_secret_basic', 'client_secret_basic', {
      backchannel_logout_uri: logoutReceiver.url,
      backchannel_logout_session_required: true,
    }),
    client('client_secret_post', 'client_secret_post'),
    client('client_secret_jwt', 'client_secret_jwt'),
    client('private_key_jwt', 'private_key_jwt', { jwks }),
    client('fapi', 'private_key_jwt', {
      jwks,
      require_pushed_authorization_requests: true,
      dpop_bound_access_tokens: true,
      require_signed_request_object: true,
      request_object_signing_alg: 'PS256',
      id_token_signed_response_alg: 'PS256',
      authorization_signed_response_alg: 'PS256',
    }),
    client('encrypted', 'client_secret_basic', {
      jwks,
      id_token_encrypted_response_alg: 'RSA-OAEP-256',
      id_token_encrypted_response_enc: 'A256GCM',
      userinfo_signed_response_alg: 'ES256',
      introspection_signed_response_alg: 'ES256',
    }),
  ]);
  authentications = {
    none: none(),
    client_secret_basic: clientSecretBasic(secret),
    client_secret_post: clientSecretPost(secret),
    client_secret_jwt: clientSecretJwt(secret),
    private_key_jwt: privateKeyJwt({ key: signing.key, kid: signing.jwk.kid as string }),
  };
});

afterAll(async () => {
  await provider.close();
  logoutReceiver.close();
});

async function receiveLogouts() {
  const received: string[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    received.push(new URLSearchParams(body).get('logout_token') ?? '');
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/backchannel-logout`;
  return { url, received, close: () => void server.close() };
}

function clientOf(clientId: string, options: Partial<ClientOptions> = {}): Client {
  const clientAuthentication = authentications[clientId];
  return createClient({
    issuer: provider.issuer,
    clientId,
    redirectUri,
    scope: 'openid profile offline_access',
    allowInsecureIssuer: true,
    ...(clientAuthentication && { clientAuthentication }),
    ...options,
  });
}

const offline: AuthorizationRequest = { prompt: 'consent' };

async function logIn(
  client: Client,
  request = offline,
  browser = createBrowser(provider.issuer),
): Promise<TokenResponse> {
  const { url, transaction } = await createAuthorizationRequest(client, request);
  const { parameters } = await browser.visit(url);
  return exchangeCode(
    client,
    await validateAuthorizationResponse(client, parameters, transaction),
    transaction,
  );
}

describe('login, userinfo, refresh with rotation, reuse detection, revocation', () => {
  test.each(['none', 'client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt'])(
    'as %s',
    async (method) => {
      const client = clientOf(method);
      const tokens = await logIn(client);
      expect(tokens).toMatchObject({ tokenType: 'Bearer', claims: { sub: 'alice', aud: method } });
      expect(await fetchUserinfo(client, tokens.accessToken, 'alice')).toEqual({
        sub: 'alice',
        name: 'Alice Example',
      });
      const first = tokens.refreshToken as string;
      const second = await refreshTokens(client, first, { claims: tokens.claims });
      expect(second.refreshToken).not.toBe(first);
      expect(second.claims?.sub).toBe('alice');
      // Reuse: the whole family ends.
      await expect(refreshTokens(client, first)).rejects.toMatchObject({ error: 'invalid_grant' });
      await expect(refreshTokens(client, second.refreshToken as string)).rejects.toMatchObject({
        error: 'invalid_grant',
      });
      const other = await logIn(client);
      await revokeToken(client, other.refreshToken as string, { tokenTypeHint: 'refresh_token' });
      await expect(refreshTokens(client, other.refreshToken as string)).rejects.toMatchObject({
        error: 'invalid_grant',
      });
    },
  );

  test('a wrong secret is invalid_client, by either method', async () => {
    for (const [id, authentication] of [
      ['client_secret_basic', clientSecretBasic('wrong')],
      ['client_secret_post', clientSecretPost('wrong')],
    ] as const) {
      const client = clientOf(id, { clientAuthentication: authentication });
      await expect(refreshTokens(client, 'x')).rejects.toMatchObject({
        name: 'AuthorizationServerError',
        code: 'token_error',
        error: 'invalid_client',
        status: 401,
      });
    }
  });
});

describe('requests and answers', () => {
  test('a resource: the access token is a JWT for that API, verified before it is kept', async () => {
    const verifier = createAccessTokenVerifier({
      issuer: provider.issuer,
      audience: resource,
      allowInsecureIssuer: true,
    });
    let verified = 0;
    const client = clientOf('none', {
      resource,
      scope: 'openid offline_access items:read',
      validateAccessToken: async (token) => {
        await verifier.verifyToken(token);
        verified += 1;
      },
    });
    const tokens = await logIn(client);
    expect(tokens.scope).toBe('items:read');
    await refreshTokens(client, tokens.refreshToken as string, { resource, claims: tokens.claims });
    expect(verified).toBe(2);
  });

  test('pushed authorization requests', async () => {
    const client = clientOf('client_secret_basic', { pushedAuthorizationRequests: 'always' });
    const { url } = await createAuthorizationRequest(client);
    expect([...url.searchParams.keys()]).toEqual(['client_id', 'request_uri']);
    expect((await logIn(client)).claims?.sub).toBe('alice');
  });

  test.each(['form_post', 'jwt', 'query.jwt', 'form_post.jwt'] as const)(
    'response mode %s',
    async (responseMode) => {
      expect((await logIn(clientOf('client_secret_basic', { responseMode }))).claims?.sub).toBe('alice');
    },
  );

  test('max_age, acr_values and claims', async () => {
    const client = clientOf('none');
    const tokens = await logIn(client, { ...offline, maxAge: 60, claims: { id_token: { auth_time: null } } });
    expect(tokens.claims?.auth_time).toEqual(expect.any(Number));
  });

  test('a refusal by the provider is a typed error', async () => {
    const client = clientOf('none');
    const { url, transaction } = await createAuthorizationRequest(client, { prompt: 'none' });
    const { parameters } = await createBrowser(provider.issuer).visit(url);
    await expect(validateAuthorizationResponse(client, parameters, transaction)).rejects.toMatchObject({
      name: 'AuthorizationServerError',
      code: 'authorization_error',
      error: 'login_required',
    });
  });

  test('a public client with DPoP: nonces, bound tokens, and a refresh token bound to the key', async () => {
    const dpop = { keyPair: await generateDpopKeyPair() };
    const client = clientOf('none', { dpop });
    const tokens = await logIn(client);
    expect(tokens.tokenType).toBe('DPoP');
    expect(await fetchUserinfo(client, tokens.accessToken, 'alice')).toMatchObject({ sub: 'alice' });
    const stolen = clientOf('none', { dpop: { keyPair: await generateDpopKeyPair() } });
    await expect(refreshTokens(stolen, tokens.refreshToken as string)).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  });

  test('FAPI 2.0: private_key_jwt, PAR, signed request object, JARM, DPoP, PS256', async () => {
    const key = { key: signing.key, kid: signing.jwk.kid as string };
    const client = clientOf('fapi', {
      clientAuthentication: privateKeyJwt(key),
      requestObjectSigningKey: key,
      pushedAuthorizationRequests: 'always',
      responseMode: 'jwt',
      dpop: { keyPair: await generateDpopKeyPair() },
      idTokenSignedResponseAlg: 'PS256',
      authorizationSignedResponseAlg: 'PS256',
    });
    const tokens = await logIn(client);
    expect(tokens.tokenType).toBe('DPoP');
    expect(await fetchUserinfo(client, tokens.accessToken, 'alice')).toMatchObject({ sub: 'alice' });
    expect(
      await refreshTokens(client, tokens.refreshToken as string, { claims: tokens.claims }),
    ).toMatchObject({
      tokenType: 'DPoP',
    });
  });

  test('encrypted ID token, signed userinfo, signed introspection', async () => {
    const client = clientOf('encrypted', {
      clientAuthentication: clientSecretBasic(secret),
      decrypt: createDecrypt(encryption.privateKey),
      userinfoSignedResponseAlg: 'ES256',
      introspectionSignedResponseAlg: 'ES256',
    });
    const tokens = await logIn(client);
    expect(tokens.idToken?.split('.')).toHaveLength(5);
    expect(await fetchUserinfo(client, tokens.accessToken, 'alice')).toMatchObject({
      sub: 'alice',
      aud: 'encrypted',
    });
    expect(await introspectToken(client, tokens.accessToken)).toMatchObject({ active: true, sub: 'alice' });
    expect(await introspectToken(client, 'unknown')).toEqual({ active: false });
  });
});

describe('other grants', () => {
  test('device authorization', async () => {
    const client = clientOf('none');
    const device = await requestDeviceAuthorization(client, { scope: 'openid profile' });
    let polls = 0;
    const tokens = await pollDeviceAuthorization(client, device, {
      wait: async () => {
        polls += 1;
        if (polls < 2) return;
        const { page } = await createBrowser(provider.issuer).visit(device.verificationUriComplete as string);
        expect(page).toContain('Sign-in Success');
      },
    });
    expect(polls).toBe(2);
    expect(tokens.claims?.sub).toBe('alice');
  });

  test('client credentials', async () => {
    const tokens = await requestClientCredentials(clientOf('private_key_jwt'), {
      scope: 'items:read',
      resource,
    });
    expect(tokens).toMatchObject({ tokenType: 'Bearer', scope: 'items:read' });
  });
});

test('logout: the provider ends the session, tells us by back channel, and sends the user back with our state', async () => {
  const client = clientOf('client_secret_basic');
  const browser = createBrowser(provider.issuer);
  const tokens = await logIn(client, offline, browser);
  const url = (await createEndSessionUrl(client, {
    idTokenHint: tokens.idToken,
    postLogoutRedirectUri: 'https://app.example.test/',
    state: 'our-state',
  })) as URL;
  const arrival = await browser.visit(url);
  expect(arrival.url.href).toBe('https://app.example.test/?state=our-state');
  await expect.poll(() => logoutReceiver.received.length).toBe(1);
  expect(await validateLogoutToken(client, logoutReceiver.received[0] as string)).toMatchObject({
    iss: provider.issuer,
    sub: 'alice',
    sid: tokens.claims?.sid,
  });
});
