import { decodeJwt } from 'jose';
import { describe, expect, test } from 'vitest';
import { createLoginUrl, createServer, decode, logIn, post, refresh } from '../support/log-in.ts';
import { signAssertion } from '../support/sign-assertion.ts';
import { users } from '../support/users.ts';

describe('entra', () => {
  test('access tokens are for the API of the scope, with scp, azp and tid', async () => {
    const server = await createServer('entra', { users });
    const { body } = await logIn(server, {
      scope: 'openid profile api://items/Items.Read api://items/Items.Write',
    });
    const { header, claims } = decode(body.access_token);
    expect(header.typ).toBe('JWT');
    expect(claims).toMatchObject({
      iss: server.issuer,
      aud: 'items',
      scp: 'Items.Read Items.Write',
      azp: 'web',
      azpacr: '1',
      ver: '2.0',
      tid: server.issuer.split('/')[3],
      oid: 'alice',
      uti: expect.any(String),
      roles: ['admin'],
      groups: ['staff'],
    });
    for (const name of ['client_id', 'scope', 'jti']) expect(claims).not.toHaveProperty(name);
  });

  test('access tokens without an API are for Microsoft Graph', async () => {
    const server = await createServer('entra');
    const { body } = await logIn(server, { scope: 'openid' });
    expect(decode(body.access_token).claims.aud).toBe('00000003-0000-0000-c000-000000000000');
  });

  test('ID tokens have no at_hash, and oid only with the scope profile', async () => {
    const server = await createServer('entra');
    const { body } = await logIn(server, { scope: 'openid' });
    const { claims } = decode(body.id_token);
    expect(claims).toMatchObject({ ver: '2.0', nonce: 'a-nonce', tid: server.issuer.split('/')[3] });
    expect(claims).not.toHaveProperty('at_hash');
    expect(claims).not.toHaveProperty('oid');
  });

  test('issues a refresh token only for offline_access, and keeps the previous one', async () => {
    const server = await createServer('entra');
    expect((await logIn(server, { scope: 'openid' })).body).not.toHaveProperty('refresh_token');
    const { body } = await logIn(server, { scope: 'openid offline_access' });
    expect(body.expires_in).toBe(3599);
    expect((await refresh(server, body.refresh_token)).body.refresh_token).not.toBe(body.refresh_token);
    expect((await refresh(server, body.refresh_token)).status).toBe(200);
  });

  test('rejects the parameter resource', async () => {
    const server = await createServer('entra');
    const { parameters } = await server.authorize(
      await createLoginUrl(server, { scope: 'openid', resource: 'https://api.example.test' }),
    );
    expect(parameters.get('error_description')).toMatch(/^AADSTS901002/);
    const { body } = await post(server, 'token', {
      grant_type: 'client_credentials',
      resource: 'https://api.example.test',
    });
    expect(body).toMatchObject({ error: 'invalid_request', error_codes: [901002] });
  });

  test('reports an invalid refresh token with error_codes', async () => {
    const { status, body } = await refresh(await createServer('entra'), 'unknown');
    expect([status, body]).toMatchObject([
      400,
      {
        error: 'invalid_grant',
        error_description: expect.stringMatching(/^AADSTS70008/),
        error_codes: [70008],
      },
    ]);
  });

  test('accepts a client assertion only for the token endpoint', async () => {
    const { client, sign } = await signAssertion();
    const server = await createServer('entra', { clients: [client] });
    const request = async (aud: string) =>
      (await post(server, 'token', { grant_type: 'client_credentials', ...(await sign(aud, server)) }))
        .status;
    expect(await request(server.issuer)).toBe(401);
    expect(await request(String(server.metadata.token_endpoint))).toBe(200);
  });
});

describe('entra-multitenant', () => {
  test('the issuer of the metadata and of each key has a placeholder', async () => {
    const server = await createServer('entra-multitenant');
    expect(server.metadata.issuer).toBe('https://login.microsoftonline.com/{tenantid}/v2.0');
    const keys = await server.fetch(String(server.metadata.jwks_uri)).then((response) => response.json());
    expect(keys.keys.map(({ issuer }: { issuer: string }) => issuer)).toEqual([server.metadata.issuer]);
  });

  test('the user decides the tenant of the tokens', async () => {
    const server = await createServer('entra-multitenant');
    const issuers: unknown[] = [];
    for (const sub of ['alice', 'bob']) {
      server.signIn(sub);
      const { body } = await logIn(server, { scope: 'openid' });
      const id = decode(body.id_token).claims;
      expect(id.iss).toBe(`https://login.microsoftonline.com/${id.tid}/v2.0`);
      expect(decode(body.access_token).claims).toMatchObject({ iss: id.iss, tid: id.tid });
      issuers.push(id.iss);
    }
    expect(new Set(issuers).size).toBe(2);
    expect(decodeJwt(await server.mintAccessToken()).iss).toBe(issuers[0]);
    expect(decodeJwt(await server.mintIdToken()).iss).toBe(issuers[0]);
    expect(decodeJwt(await server.mintLogoutToken()).iss).toBe(issuers[1]);
  });
});
