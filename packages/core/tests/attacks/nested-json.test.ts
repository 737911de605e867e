import { base64url } from 'jose';
import { describe, expect, test } from 'vitest';
import {
  type AuthEvent,
  type AuthorizationTransaction,
  type Client,
  type ClientSettings,
  clientSecretBasic,
  createClient,
  discover,
  fetchUserinfo,
  introspectToken,
  refreshTokens,
  revokeToken,
  validateAuthorizationResponse,
  validateLogoutToken,
} from '../../src/index.ts';
import { createRespondingClient, issuer, validResponse } from '../fuzz/random-response.ts';
import { dpopRejection, startDpop } from '../support/resource-server/start-dpop.ts';
import { startVerifier } from '../support/resource-server/start-verifier.ts';

/** Overflows the stack of a recursive parser. Its base64url encoding has 15 KB. */
const nested = '['.repeat(5_600) + ']'.repeat(5_600);
const createDeepObject = (members: object = {}) =>
  `${JSON.stringify(members).slice(0, -1)},"deep":${nested}}`;
const encodePart = (text: string) => base64url.encode(text);

const header = { alg: 'RS256', kid: 'a', typ: 'JWT' };
const createNestedJwts = (claims: object, more: object = {}) => [
  [
    'payload',
    `${encodePart(JSON.stringify({ ...header, ...more }))}.${encodePart(createDeepObject(claims))}.AAAA`,
  ] as const,
  [
    'header',
    `${encodePart(createDeepObject({ ...header, ...more }))}.${encodePart(JSON.stringify(claims))}.AAAA`,
  ] as const,
];
const jwe = `${encodePart(createDeepObject({ alg: 'RSA-OAEP-256', enc: 'A256GCM' }))}.a.b.c.d`;

const createJsonResponse = (body: string, init: ResponseInit = {}) =>
  new Response(body, { headers: { 'content-type': 'application/json' }, ...init });
const respondWithType = (type: string, body: string) =>
  new Response(body, { headers: { 'content-type': type } });

const expectValidationError = (run: Promise<unknown>, code: string, check = 'json_depth') =>
  expect(run).rejects.toMatchObject({ name: 'ValidationError', code, check });

/** Expects a refresh that ignores the ID token and keeps the other tokens. */
async function expectIgnoredIdToken(
  create: (respond: () => Response, more: Partial<ClientSettings & { readonly issuer: string }>) => Client,
  respond: () => Response,
  options: Partial<ClientSettings & { readonly issuer: string }>,
) {
  const events: AuthEvent[] = [];
  const client = create(respond, { ...options, onEvent: (event) => events.push(event) });
  expect(await refreshTokens(client, 'r')).not.toHaveProperty('idToken');
  expect(events).toContainEqual(
    expect.objectContaining({ type: 'id_token.ignored', code: 'id_token_invalid', check: 'json_depth' }),
  );
}

describe('A9: a resource server rejects deeply nested JSON', () => {
  const claims = { iss: issuer, aud: 'api', exp: 4e9 };
  test.each(createNestedJwts(claims, { typ: 'at+jwt' }))('in the %s of a token', async (_, token) => {
    const { verifier } = await startVerifier({ issuer });
    await expect(verifier.verifyToken(token)).rejects.toMatchObject({
      name: 'AccessTokenError',
      code: 'invalid_token',
      status: 401,
      message: expect.stringContaining('nests deeper than 32 levels'),
    });
  });

  test('in a DPoP proof', async () => {
    const { call, prove } = await startDpop();
    const deep = '['.repeat(1_000) + ']'.repeat(1_000);
    const [head = '', payload = '', signature = ''] = (await prove()).split('.');
    const nest = (encoded: string) =>
      encodePart(`${new TextDecoder().decode(base64url.decode(encoded)).slice(0, -1)},"deep":${deep}}`);
    for (const proof of [`${nest(head)}.${payload}.${signature}`, `${head}.${nest(payload)}.${signature}`]) {
      await expect(call(proof)).rejects.toMatchObject({
        ...dpopRejection('invalid_dpop_proof'),
        message: expect.stringContaining('nests deeper than 32 levels'),
      });
    }
  });
});

test('C9: a resource server rejects a deeply nested introspection response with 503', async () => {
  const { server } = await startVerifier();
  const endpoint = `${server.issuer}/introspection`;
  const { verifier } = await startVerifier({
    issuer: server.issuer,
    fetch: async (url, init) =>
      url === endpoint
        ? createJsonResponse(createDeepObject({ active: true, sub: 'alice' }))
        : server.fetch(url, init),
    introspection: { clientId: 'api', clientAuthentication: clientSecretBasic('secret'), endpoint },
  });
  await expect(verifier.verifyToken('opaque')).rejects.toMatchObject({
    name: 'TransportError',
    code: 'server_error',
    cause: { name: 'ValidationError', code: 'response_malformed', check: 'json_depth' },
  });
});

describe('C9: a client rejects deeply nested JSON with a typed error', () => {
  const claims = { iss: issuer, sub: 'alice', aud: 'web', exp: 4e9, iat: 1 };
  const createClientWith = (
    respond: () => Response,
    more: Partial<ClientSettings & { readonly issuer: string }> = {},
  ) => createRespondingClient(respond, more).client;
  const respondWithIdToken = (idToken: string) => () =>
    createJsonResponse(JSON.stringify({ access_token: 'a', token_type: 'Bearer', id_token: idToken }));

  test.each([...createNestedJwts(claims), ['JWE header', jwe] as const])(
    'in a logout token: %s',
    async (_, token) => {
      const decrypt = async () => expect.fail('expected a check of the header before decryption');
      await expectValidationError(
        validateLogoutToken(
          createClientWith(() => createJsonResponse('{}'), { decrypt }),
          token,
        ),
        'logout_token_invalid',
      );
    },
  );

  test.each([...createNestedJwts(claims), ['JWE header', jwe] as const])(
    'in an ID token: %s',
    async (_, token) => {
      const decrypt = async () => expect.fail('expected a check of the header before decryption');
      await expectIgnoredIdToken(createClientWith, respondWithIdToken(token), { decrypt });
    },
  );

  test.each(createNestedJwts(claims))('in an encrypted ID token: %s', async (_, token) => {
    const encrypted = `${encodePart('{"alg":"RSA-OAEP-256"}')}.a.b.c.d`;
    const client = createClientWith(respondWithIdToken(encrypted), { decrypt: async () => token });
    await expectIgnoredIdToken(createClientWith, respondWithIdToken(encrypted), {
      decrypt: async () => token,
    });
    await expectValidationError(validateLogoutToken(client, encrypted), 'logout_token_invalid');
  });

  test.each(createNestedJwts({ ...claims, code: 'c', state: 's' }))(
    'in a JARM response: %s',
    async (_, token) => {
      const client = createClientWith(() => createJsonResponse('{"keys":[]}'), { responseMode: 'jwt' });
      const transaction: AuthorizationTransaction = {
        issuer,
        clientId: 'web',
        redirectUri: 'https://app.example.test/callback',
        state: 's',
        codeVerifier: 'v',
        scope: 'openid',
        createdAt: Math.floor(Date.now() / 1000),
      };
      await expectValidationError(
        validateAuthorizationResponse(client, new URLSearchParams({ response: token }), transaction),
        'authorization_response_invalid',
      );
    },
  );

  test.each(createNestedJwts(claims))('in signed userinfo and introspection: %s', async (_, token) => {
    const userinfo = createClientWith(() => respondWithType('application/jwt', token));
    await expectValidationError(fetchUserinfo(userinfo, 'a', 'alice'), 'userinfo_invalid');
    const signed = createClientWith(() => respondWithType('application/token-introspection+jwt', token), {
      introspectionSignedResponseAlg: 'RS256',
    });
    await expectValidationError(introspectToken(signed, 'a'), 'introspection_invalid');
  });

  test('in the JWE header and the content of encrypted userinfo', async () => {
    const registered = { userinfoEncryptedResponseAlg: 'RSA-OAEP-256' };
    const nestedContent = { ...registered, decrypt: async () => createDeepObject({ sub: 'alice' }) };
    const nestedHeader = {
      ...registered,
      decrypt: async () => expect.fail('expected a check of the header before decryption'),
    };
    const plain = `${encodePart('{"alg":"RSA-OAEP-256"}')}.a.b.c.d`;
    for (const [options, token] of [
      [nestedContent, plain],
      [nestedHeader, jwe],
    ] as const) {
      const client = createClientWith(() => respondWithType('application/jwt', token), options);
      await expectValidationError(fetchUserinfo(client, 'a', 'alice'), 'userinfo_invalid');
    }
  });

  const operations: readonly [
    string,
    (client: Client) => Promise<unknown>,
    Partial<ClientSettings & { readonly issuer: string }>?,
  ][] = [
    ['token', (client) => refreshTokens(client, 'r')],
    ['userinfo', (client) => fetchUserinfo(client, 'a', 'alice')],
    ['introspection', (client) => introspectToken(client, 'a')],
    [
      'keys',
      (client) =>
        validateLogoutToken(client, createNestedJwts(claims)[0]?.[1].replace(/\..*\./, '.e30.') ?? ''),
    ],
    ['metadata', (client) => discover(createClient({ ...client.options, metadata: undefined as never }))],
  ];
  const responses: readonly [string, () => Response][] = [
    ['as JSON', () => createJsonResponse(createDeepObject({ ...validResponse, keys: [] }))],
    ['as a list', () => createJsonResponse(nested)],
    ['with another content type', () => respondWithType('text/plain', createDeepObject(validResponse))],
    ['as a list with another content type', () => respondWithType('text/plain', nested)],
    [
      'after a byte order mark',
      () => respondWithType('text/plain', `\ufeff${createDeepObject(validResponse)}`),
    ],
    ['with a challenge', () => respondWithChallenge(createDeepObject({ error: 'invalid_client' }))],
    [
      'in an error response',
      () => createJsonResponse(createDeepObject({ error: 'invalid_request' }), { status: 400 }),
    ],
  ];
  const respondWithChallenge = (body: string) =>
    new Response(body, {
      status: 401,
      headers: { 'content-type': 'application/json', 'www-authenticate': 'Basic realm="x"' },
    });
  for (const [name, run] of operations) {
    test.each(responses)(`in a ${name} response %s`, (_, respond) =>
      expectValidationError(run(createClientWith(respond)), 'response_malformed'),
    );
  }

  test('in an error response to a revocation, but not in a successful one, whose body is not read', async () => {
    for (const [, respond] of responses) {
      const revocation = revokeToken(createClientWith(respond), 'a');
      if (respond().ok) await revocation;
      else await expectValidationError(revocation, 'response_malformed');
    }
  });

  test('beyond the limits for members, digits and numbers', async () => {
    for (const [body, check] of [
      [`{"a":[${'1,'.repeat(100_001)}1]}`, 'json_values'],
      [`{"expires_in":${'9'.repeat(400)}}`, 'json_number'],
      ['{"expires_in":1e999}', 'json_number'],
      ['{"access_token":"a","\\u0061ccess_token":"b"}', 'json'],
    ] as const) {
      const client = createClientWith(() => createJsonResponse(body), { maxResponseBytes: 1_048_576 });
      await expectValidationError(refreshTokens(client, 'r'), 'response_malformed', check);
    }
  });
});
