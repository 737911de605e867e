// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import {
  createTestAuthorizationServer,
  type FlavourName,
  type TestAuthorizationServerOptions,
} from '@countersign/testing';
import { decodeJwt, decodeProtectedHeader, type JWK } from 'jose';
import { describe, expect, test } from 'vitest';
import {
  type ClientSettings,
  clientSecretPost,
  createAuthorizationRequest,
  createClient,
  exchangeCode,
  none,
  type ProviderPreset,
  validateAuthorizationResponse,
} from '../../src/index.ts';
import { apple, line, linkedin, readAppleUser, twitch } from '../../src/providers/index.ts';
import { createNamedPreset } from '../../src/providers/named-presets.ts';
import { createWebApp } from '../support/web-browser.ts';

const redirectUri = 'https://app.example.test/auth/callback';
const post = clientSecretPost('web-secret');

interface Login {
  readonly client?: Partial<ClientSettings>;
  readonly server?: TestAuthorizationServerOptions;
}

async function logIn(provider: ProviderPreset, { client: options, server: serverOptions }: Login = {}) {
  const server = await createTestAuthorizationServer({
    flavour: provider.name as FlavourName,
    ...serverOptions,
  });
  server.clock.stop();
  const client = createClient({
    clientId: 'web',
    redirectUri,
    fetch: server.fetch,
    now: server.clock.now,
    ...options,
    provider,
  });
  const start = async () => {
    const { url, transaction } = await createAuthorizationRequest(client);
    const { parameters } = await server.authorize(url);
    const response = await validateAuthorizationResponse(client, parameters, transaction);
    return { response, tokens: await exchangeCode(client, response, transaction) };
  };
  return { server, client, start };
}

const invalidIdToken = (check: string) => expect.objectContaining({ code: 'id_token_invalid', check });
const withCredentials = expect.objectContaining({ name: 'ConfigurationError', code: 'invalid_option' });

describe('LinkedIn', () => {
  test('an ID token without nonce is accepted by the preset only', async () => {
    const { start } = await logIn(linkedin(), { client: { clientAuthentication: post } });
    expect((await start()).tokens.claims?.nonce).toBeUndefined();
    const strict = { ...linkedin(), allowIdTokenWithoutNonce: false };
    const other = await logIn(strict, { client: { clientAuthentication: post } });
    await expect(other.start()).rejects.toEqual(invalidIdToken('nonce'));
  });

  test('a nonce that is present must be that of the login', async () => {
    const { start } = await logIn(linkedin(), {
      client: { clientAuthentication: post },
      server: { faults: ['id_token_nonce_invalid'] },
    });
    await expect(start()).rejects.toEqual(invalidIdToken('nonce'));
  });

  test('a client without credentials is an error, because a stolen code would be enough', async () => {
    const { start } = await logIn(linkedin(), { client: { clientAuthentication: none() } });
    await expect(start()).rejects.toEqual(withCredentials);
  });
});

describe('LINE', () => {
  test('an ID token with HS256 is accepted with the channel secret of the preset only', async () => {
    const { start } = await logIn(line({ channelSecret: 'web-secret' }));
    expect((await start()).tokens.claims?.iss).toBe('https://access.line.me');
    const other = await logIn(line({ channelSecret: 'other' }), { client: { clientAuthentication: post } });
    await expect(other.start()).rejects.toEqual(invalidIdToken('signature'));
  });

  test('an application cannot select HMAC: neither by an option, nor by a preset of its own', async () => {
    const options = { issuer: 'https://access.line.me', clientId: 'web', clientAuthentication: post };
    const alg = 'HS256' as 'RS256';
    expect(() => createClient({ ...options, idTokenSignedResponseAlg: alg })).toThrow(withCredentials);
    const provider: ProviderPreset = { name: 'line', relaxes: [], issuer: options.issuer };
    const { start } = await logIn(provider, { client: { clientAuthentication: post } });
    await expect(start()).rejects.toEqual(invalidIdToken('alg'));
  });

  test('an ID token with another algorithm is rejected', async () => {
    const { start } = await logIn(line({ channelSecret: 'web-secret' }), {
      server: {
        clients: [
          {
            clientId: 'web',
            clientSecret: 'web-secret',
            idTokenSignedResponseAlg: 'RS256',
            tokenEndpointAuthMethod: 'client_secret_post',
          },
        ],
      },
    });
    const { start: startUnsigned } = await logIn(line({ channelSecret: 'web-secret' }), {
      server: { faults: ['id_token_alg_none'] },
    });
    for (const each of [start, startUnsigned]) await expect(each()).rejects.toEqual(invalidIdToken('alg'));
  });

  test('a client without credentials is an error', async () => {
    const { start } = await logIn(line({ channelSecret: 'web-secret' }), {
      client: { clientAuthentication: none() },
    });
    await expect(start()).rejects.toEqual(withCredentials);
    expect(() => line({ channelSecret: '' })).toThrow('channel secret');
    expect(() => createNamedPreset('line', undefined)).toThrow('channel secret');
  });

  test('the preset and its client do not reveal the secret', () => {
    const client = createClient({ provider: line({ channelSecret: 'revealed' }), clientId: 'web' });
    expect(JSON.stringify(client)).not.toContain('revealed');
  });
});

describe('Twitch', () => {
  test('the scopes of a token response are a list', async () => {
    const { start } = await logIn(twitch(), { client: { clientAuthentication: post } });
    expect((await start()).tokens.scopes).toEqual(['openid', 'user:read:email']);
  });

  test('a login can replace the claims parameter of the preset', async () => {
    const { client } = await logIn(twitch(), { client: { clientAuthentication: post } });
    const { url } = await createAuthorizationRequest(client, { claims: { userinfo: {} } });
    expect(url.searchParams.get('claims')).toBe('{"userinfo":{}}');
  });
});

describe('Apple', async () => {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
    'sign',
    'verify',
  ]);
  const exportPem = async (key: CryptoKey) => {
    const bytes = new Uint8Array(await crypto.subtle.exportKey('pkcs8', key));
    return `-----BEGIN PRIVATE KEY-----\n${btoa(String.fromCharCode(...bytes))}\n-----END PRIVATE KEY-----\n`;
  };
  const privateKey = await exportPem(pair.privateKey);
  const key = { teamId: 'A1B2C3D4E5', keyId: 'F6G7H8I9J0', privateKey };
  const jwk = { ...(await crypto.subtle.exportKey('jwk', pair.publicKey)), kid: key.keyId } as JWK;
  const server: TestAuthorizationServerOptions = {
    clients: [
      {
        clientId: 'web',
        clientSecret: 'unused',
        tokenEndpointAuthMethod: 'client_secret_post',
        jwks: { keys: [jwk] },
      },
    ],
  };

  test('each request has a new client secret, which expires', async () => {
    const { server: provider, start } = await logIn(apple({ key, secretLifetime: 120 }), { server });
    await start();
    provider.clock.advance(600);
    await start();
    const secrets = provider.requestsTo('token').map(({ body }) => String(body.client_secret));
    expect(secrets).toHaveLength(2);
    const now = Math.floor(provider.clock.now() / 1000);
    for (const [index, text] of secrets.entries()) {
      expect(decodeProtectedHeader(text)).toEqual({ alg: 'ES256', kid: key.keyId });
      const iat = now - (1 - index) * 600;
      expect(decodeJwt(text)).toEqual({
        iss: key.teamId,
        sub: 'web',
        aud: 'https://appleid.apple.com',
        iat,
        exp: iat + 120,
      });
    }
  });

  test('the key of an environment variable may have "\\n" as a text', async () => {
    const { start } = await logIn(
      apple({ key: { ...key, privateKey: privateKey.replaceAll('\n', '\\n') } }),
      {
        server,
      },
    );
    expect((await start()).tokens.claims?.sub).toEqual(expect.any(String));
  });

  test('an invalid key or lifetime is an error that does not contain the key', async () => {
    for (const change of [{ privateKey: 'MIGH' }, { privateKey: '' }, { teamId: '' }, { keyId: '' }])
      expect(() => apple({ key: { ...key, ...change } }), JSON.stringify(change)).toThrow(withCredentials);
    for (const secretLifetime of [0, 15_777_001, Number.NaN])
      expect(() => apple({ key, secretLifetime })).toThrow(withCredentials);
    const other = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-384' }, true, [
      'sign',
      'verify',
    ]);
    for (const wrong of [await exportPem(other.privateKey), pair.publicKey]) {
      const { start } = await logIn(apple({ key: { ...key, privateKey: wrong } }), { server });
      await expect(start()).rejects.toEqual(withCredentials);
    }
  });

  test('email_verified as a text is a Boolean in the claims', async () => {
    const { start } = await logIn(apple({ key }), { server });
    expect((await start()).tokens.claims?.email_verified).toBe(true);
  });

  test('the user of the first session has the name, and the e-mail address of the ID token', async () => {
    const app = await createWebApp(
      {},
      {
        server: { flavour: 'apple', ...server },
        client: { provider: apple({ key }), scope: undefined, clientAuthentication: undefined },
      },
    );
    const logInByForm = async (change: (parameters: URLSearchParams) => void = () => {}) => {
      const browser = app.open();
      const started = await browser.visit('/auth/login');
      const { parameters } = await app.server.authorize(started.headers.get('location') ?? '');
      change(parameters);
      await browser.visit('/auth/callback', {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: parameters.toString(),
      });
      return (await app.sessions.open(browser.header())).session?.user;
    };
    const first = await logInByForm((parameters) => {
      const user = JSON.parse(parameters.get('user') ?? '{}');
      parameters.set('user', JSON.stringify({ ...user, email: 'victim@example.test', sub: 'victim' }));
    });
    expect(first).toMatchObject({
      iss: 'https://appleid.apple.com',
      name: 'Alice Example',
      given_name: 'Alice',
      family_name: 'Example',
      email: 'alice@example.test',
      email_verified: true,
    });
    expect(first?.sub).not.toBe('victim');
    const second = await logInByForm();
    expect(second?.name).toBeUndefined();
    expect(second?.sub).toBe(first?.sub);
  });

  test.each([
    '',
    '{',
    '[]',
    '{"name":null}',
    '{"name":{"firstName":1}}',
    `{"name":{"firstName":"${'x'.repeat(300)}"}}`,
  ])('a malformed name is ignored: %#', (user) => {
    expect(readAppleUser(new URLSearchParams({ user }))).toEqual({});
  });
});
