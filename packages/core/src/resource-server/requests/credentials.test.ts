import { describe, expect, test } from 'vitest';
import { request, startVerifier } from '../../../tests/support/resource-server/start-verifier.ts';
import { parseAuthorization } from './credentials.ts';

describe('A9: the Authorization header', () => {
  test.each([
    'Bearer',
    'Bearer ',
    'Bearer %',
    'Bearer a b',
    'Bearer a, Bearer b',
    'Bearer "a"',
    'Bearer\ta',
    'Bearer ä',
    'DPoP',
    'DPoP %zz',
    'Bearer =',
    'Bearer a=b',
    'Bearer a= b',
    'Bearer,a',
    'Bearer=a',
    'Bearer:a',
    'Bearer/a',
    'bearer(a)',
    'Bearer\u00a0a',
    '\tBearer a',
    '\u00a0Bearer a',
    '"Bearer" a',
    '"Bearer a"',
    ', Bearer a',
    'DPoP\ta',
    'dpop,a',
    'Basic YTpi, Bearer a',
    'Basic YTpi,DPoP a',
  ])('A12: rejects %j, even where anonymous requests are allowed', async (authorization) => {
    const { verifier } = await startVerifier();
    const rejection = { code: 'invalid_request', status: 400 };
    // A request with `Headers` trims white space, so the header is a member here.
    const malformed = { headers: { authorization } };
    await expect(verifier.verify(malformed)).rejects.toMatchObject(rejection);
    await expect(verifier.verifyOptional(malformed)).rejects.toMatchObject(rejection);
  });

  test.each([undefined, '', 'Basic YTpi', 'Bearertoken', 'Bearer-a b', 'Negotiate', '%'])(
    'treats %j as an anonymous request: 401 without an error code',
    async (authorization) => {
      const { verifier } = await startVerifier();
      await expect(verifier.verify(request(authorization))).rejects.toMatchObject({
        code: 'token_missing',
        status: 401,
        challenges: ['Bearer'],
      });
      await expect(verifier.verifyOptional(request(authorization))).resolves.toBeUndefined();
    },
  );
});

describe('A14: one credential, in the header', () => {
  test('rejects a token in the query, with and without a header', async () => {
    const { server, verifier } = await startVerifier();
    const token = await server.mintAccessToken();
    for (const url of [`/items?access_token=${token}`, `/items?a=1&access%5Ftoken=${token}`])
      for (const headers of [{}, { authorization: `Bearer ${token}` }])
        await expect(verifier.verify({ method: 'GET', url, headers })).rejects.toMatchObject({
          code: 'invalid_request',
          status: 400,
        });
  });

  test('rejects a token in a form body', async () => {
    const { server, verifier } = await startVerifier();
    const token = await server.mintAccessToken();
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
    };
    const request = { method: 'POST', url: '/', headers, body: { access_token: token } };
    await expect(verifier.verify(request)).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(verifier.verify({ ...request, body: { other: 1 } })).resolves.toBeDefined();
  });

  test('rejects two Authorization headers, of which Node reports one', async () => {
    const { server, verifier } = await startVerifier();
    const authorization = `Bearer ${await server.mintAccessToken()}`;
    const rawHeaders = ['Authorization', authorization, 'Host', 'x', 'AUTHORIZATION', 'Bearer other'];
    await expect(
      verifier.verify({ method: 'GET', url: '/', headers: { authorization }, rawHeaders }),
    ).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(
      verifier.verify({ method: 'GET', url: '/', headers: { authorization: [authorization] } }),
    ).rejects.toMatchObject({ code: 'invalid_request' });
  });
});

describe('accepts any count of trailing "=" (b64token of RFC 6750 section 2.1)', () => {
  test.each(['a', 'a=', 'a==', 'MZXW6YQ===', 'MZXW6===', 'MZXW6YTB======', `a${'='.repeat(10_000)}`])(
    '%s',
    (token) => {
      expect(parseAuthorization(`Bearer ${token}`)).toEqual({ scheme: 'Bearer', token });
      expect(parseAuthorization(`DPoP ${token}`)).toEqual({ scheme: 'DPoP', token });
    },
  );
});
