import { clientSecretBasic } from '@countersign/core';
import { TransportError } from '@countersign/core/resource-server';
import { Controller, Get } from '@nestjs/common';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { MaxAge, Principal, type VerifiedAccessToken } from '../../src/index.ts';
import { watchLogs } from '../support/fault-points.ts';
import { adapters, audience, type StartOptions, startApp } from '../support/start/start-app.ts';
import { createHolder } from '../support/tokens/dpop.ts';

// What providers and clients send, where the specifications leave a choice or a provider deviates from them.

@Controller('items')
class ItemsController {
  @Get()
  list(@Principal() { sub, kind, clientId, scopes }: VerifiedAccessToken) {
    return { sub, kind, clientId, scopes };
  }

  @MaxAge(60)
  @Get('recent')
  recent() {
    return {};
  }

  @Get(':name')
  read(@Principal('sub') sub: string) {
    return { sub };
  }
}

const { warnings, listen } = watchLogs();
const typ = { header: { typ: 'JWT' } };
/** Removes the claims that the default token has and these providers do not write. */
const none = { client_id: undefined, jti: undefined, scope: undefined, sub: undefined };

describe.each(adapters)('tokens of providers on %s', (adapter) => {
  const start = (options: StartOptions = {}) =>
    startApp({ controllers: [ItemsController] }, { adapter, before: (app) => listen(app), ...options });

  test('accepts an access token of Azure AD B2C with the nonce of the login, and no ID token', async () => {
    const claims = { ...none, sub: '4c77a906', scp: 'Items.Read', azp: 'web', nonce: 'defaultNonce' };
    const { call, mint } = await start({ auth: { profile: 'entra-b2c' } as StartOptions['auth'] & object });
    expect(await call('/items', await mint(claims, typ))).toMatchObject({
      status: 200,
      body: { sub: '4c77a906', kind: 'user', clientId: 'web', scopes: ['Items.Read'] },
    });
    for (const change of [{ scp: undefined }, { azp: undefined }, { at_hash: 'x' }])
      expect((await call('/items', await mint({ ...claims, ...change }, typ))).status).toBe(401);
  });

  test('accepts an access token of AD FS with an http issuer, and reads its auth_time, which is text', async () => {
    const iss = 'http://adfs.example.test/adfs/services/trust';
    const { call, mint, server } = await start({
      auth: { profile: 'adfs', accessTokenIssuer: iss } as StartOptions['auth'] & object,
    });
    const at = (ago: number) => new Date(server.clock.now() - ago * 1000).toISOString();
    const claims = { ...none, iss, upn: 'alice@example.test', appid: 'web', scp: 'openid', auth_time: at(5) };
    const token = await mint(claims, typ);
    expect(await call('/items', token)).toMatchObject({
      status: 200,
      body: { sub: 'alice@example.test', kind: 'user', clientId: 'web', scopes: ['openid'] },
    });
    expect((await call('/items/recent', token)).status).toBe(200);
    expect(await call('/items/recent', await mint({ ...claims, auth_time: at(600) }, typ))).toMatchObject({
      status: 401,
      challenge: expect.stringContaining('insufficient_user_authentication'),
    });
    for (const change of [{ auth_time: 'yesterday' }, { iss: undefined }, { nonce: 'n' }])
      expect((await call('/items', await mint({ ...claims, ...change }, typ))).status).toBe(401);
  });

  test.each<[string, Record<string, unknown>]>([
    ['null', { end_session_endpoint: null, registration_endpoint: null, userinfo_endpoint: null }],
    ['a URL with http', { end_session_endpoint: 'http://a.test', registration_endpoint: 'http://a.test' }],
    ['another type', { end_session_endpoint: 5, service_documentation: {}, scopes_supported: 'openid' }],
  ])('ignores members of the metadata that the API does not need: %s', async (_, metadata) => {
    const { call, mint } = await start({ server: { metadata } });
    expect((await call('/items', await mint())).status).toBe(200);
  });

  test('does not ignore the address of the keys in the metadata: an http URL is 503', async () => {
    const { call, mint } = await start({ server: { metadata: { jwks_uri: 'http://a.test/keys' } } });
    expect((await call('/items', await mint())).status).toBe(503);
  });

  test('accepts two keys with one "kid", and keys without "kid"', async () => {
    const pairs = await Promise.all([1, 2, 3].map(() => generateKeyPair('ES256', { extractable: true })));
    const [one, two, three] = await Promise.all(pairs.map(({ publicKey }) => exportJWK(publicKey)));
    const keys = [{ ...one, kid: 'same' }, { ...two, kid: 'same' }, { ...three }];
    const { call, server } = await start({ auth: { jwks: { keys } } as StartOptions['auth'] & object });
    const mint = (index: number, kid?: string) =>
      new SignJWT({ client_id: 'app', jti: '1' })
        .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', ...(kid !== undefined && { kid }) })
        .setIssuer(server.issuer)
        .setAudience(audience)
        .setSubject('alice')
        .setIssuedAt()
        .setExpirationTime('1h')
        .sign((pairs[index] as (typeof pairs)[number]).privateKey);
    for (const token of [mint(0, 'same'), mint(1, 'same'), mint(1), mint(2), mint(2, 'unknown')])
      expect((await call('/items', await token)).status).toBe(200);
    for (const token of [mint(2, 'same'), mint(0, 'unknown')])
      expect((await call('/items', await token)).status).toBe(401);
  });

  test('accepts an opaque token that ends with any count of "="', async () => {
    const { call, server } = await start({
      auth: {
        introspection: { clientId: 'api', clientAuthentication: clientSecretBasic('secret') },
      } as StartOptions['auth'] & object,
      server: { clients: [{ clientId: 'api', clientSecret: 'secret' }] },
    });
    for (const token of ['abc===', 'a='])
      expect(await call('/items', token), token).toMatchObject({
        status: 401,
        challenge: expect.stringContaining('invalid_token'),
      });
    expect(server.requestsTo('introspection')).toHaveLength(2);
    for (const token of ['abc=d', '='])
      expect(await call('/items', token), token).toMatchObject({
        status: 400,
        challenge: expect.stringContaining('invalid_request'),
      });
    expect(server.requestsTo('introspection')).toHaveLength(2);
  });

  test('A6: compares the URL of a DPoP proof without regard to its percent-encoding', async () => {
    const origin = 'https://api.example.test';
    const { call, mint, server } = await start({ auth: { dpop: { origin } } });
    const holder = await createHolder(mint);
    const get = async (path: string, htu: string) => {
      const proof = await holder.prove({ htm: 'GET', htu: origin + htu, now: server.clock.now() });
      return call(path, undefined, { headers: proof });
    };
    for (const [path, htu] of [
      ['/items/a%C3%A9', '/items/a%c3%a9'],
      ['/items/~me', '/items/%7Eme'],
      ['/items/%7Eme', '/items/~me'],
      ['/items/a%2Fb', '/items/a%2fb'],
    ] as const)
      expect((await get(path, htu)).status, htu).toBe(200);
    for (const [path, htu] of [
      ['/items/a%2Fb', '/items/a/b'],
      ['/items/a%252Fb', '/items/a%2Fb'],
      ['/items/~me', '/items/~you'],
    ] as const)
      expect((await get(path, htu)).status, htu).toBe(401);
  });

  test('responds with 503 to an outage inside "validate", and with 401 to its other exceptions', async () => {
    const outage = new TransportError('server_error', 'The user directory does not respond', {
      retryAfter: 7,
    });
    const { call, mint } = await start({
      auth: {
        validate: async ({ claims }: VerifiedAccessToken) => {
          if (claims.state === 'outage') throw outage;
          if (claims.state === 'blocked') throw new Error('The user is blocked');
        },
      } as StartOptions['auth'] & object,
    });
    const { status, headers, body, challenge } = await call('/items', await mint({ state: 'outage' }));
    expect([status, headers.get('retry-after'), challenge]).toEqual([503, '7', null]);
    expect(JSON.stringify(body)).not.toContain('directory');
    expect(warnings.join('\n')).toContain('The user directory does not respond');
    expect((await call('/items', await mint({ state: 'blocked' }))).status).toBe(401);
    expect((await call('/items', await mint())).status).toBe(200);
  });
});
