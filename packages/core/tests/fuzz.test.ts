import fc from 'fast-check';
import { base64url as encoding } from 'jose';
import { describe, expect, test } from 'vitest';
import {
  AuthError,
  type AuthorizationTransaction,
  createClient,
  discover,
  exchangeCode,
  fetchUserinfo,
  introspectToken,
  parseStepUpChallenge,
  refreshTokens,
  validateAuthorizationResponse,
  validateLogoutToken,
} from '../src/index.ts';
import { findDuplicateMember } from '../src/internal/json.ts';
import { createHarness } from './conformance/harness.ts';

const runs = { numRuns: 300 };
const issuer = 'https://auth.example.test';

const metadata = {
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  userinfo_endpoint: `${issuer}/userinfo`,
  introspection_endpoint: `${issuer}/introspect`,
  jwks_uri: `${issuer}/jwks`,
};

/** A provider that answers everything with one answer. */
const clientOf = (answer: () => Response, more: object = {}) =>
  createClient({
    issuer,
    clientId: 'web',
    metadata,
    fetch: async () => answer(),
    retries: 0,
    timeout: 2000,
    maxResponseBytes: 65_536,
    ...more,
  });

const base64url = fc.string().map((text) => encoding.encode(text));
const jwtLike = fc
  .tuple(
    fc.oneof(
      base64url,
      fc.json().map((text) => encoding.encode(text)),
      fc.constant('eyJhbGciOiJSUzI1NiJ9'),
    ),
    fc.oneof(
      base64url,
      fc.json().map((text) => encoding.encode(text)),
    ),
    base64url,
  )
  .map((parts) => parts.join('.'));

const members = [
  'access_token',
  'token_type',
  'id_token',
  'expires_in',
  'scope',
  'refresh_token',
  'sub',
  'active',
  'issuer',
  'keys',
  'error',
  '__proto__',
];
const value = fc.oneof(
  fc.jsonValue(),
  jwtLike,
  fc.constantFrom('Bearer', 'bearer', 'invalid_grant', 3600, -1, 1e308),
);
const object = fc.dictionary(fc.constantFrom(...members), value).map((body) => JSON.stringify(body));
const headerText = fc.string({ unit: fc.constantFrom(...'abcXYZ019 ,;="\\/.-_~'), maxLength: 60 });

const response = fc
  .record({
    status: fc.constantFrom(200, 200, 200, 201, 204, 302, 400, 401, 403, 404, 429, 500, 503),
    body: fc.oneof(object, object, fc.json(), fc.string(), fc.uint8Array({ maxLength: 200 })),
    type: fc.constantFrom(
      'application/json',
      'application/json; charset=utf-8',
      'application/jwt',
      'text/html',
      '',
    ),
    challenge: fc.option(headerText),
    retryAfter: fc.option(headerText),
  })
  .map(({ status, body, type, challenge, retryAfter }) => () => {
    const headers = new Headers({ 'content-type': type });
    if (challenge !== null) headers.set('www-authenticate', challenge);
    if (retryAfter !== null) headers.set('retry-after', retryAfter);
    return new Response(status === 204 ? null : (body as BodyInit), { status, headers });
  });

/** Whatever came: a value, or an error of ours that says what failed and nothing else. */
async function expectTyped(run: Promise<unknown>): Promise<void> {
  const error = await run.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error === undefined) return;
  expect(error).toBeInstanceOf(AuthError);
  expect((error as AuthError).code).toMatch(/^[a-z_]+$/);
  expect((error as AuthError).message.length).toBeLessThan(500);
  expect((error as AuthError).cause).toBeUndefined();
}

describe('C9: whatever a provider sends, the answer is a value or a typed error', () => {
  test('C9: at the token endpoint', { timeout: 60_000 }, () =>
    fc.assert(
      fc.asyncProperty(response, async (answer) => {
        await expectTyped(refreshTokens(clientOf(answer), 'refresh-token'));
      }),
      runs,
    ),
  );

  test('C9: at the token endpoint, after a code', { timeout: 60_000 }, async () => {
    const { client: real, server } = await createHarness();
    const parameters = new URLSearchParams({ code: 'code', state: 'state', iss: issuer });
    const transaction: AuthorizationTransaction = {
      issuer,
      clientId: 'web',
      redirectUri: 'https://app.example.test/callback',
      state: 'state',
      nonce: 'nonce',
      codeVerifier: 'verifier',
      scope: 'openid',
      createdAt: Math.floor(Date.now() / 1000),
    };
    expect(real.issuer).toBe(server.issuer);
    await fc.assert(
      fc.asyncProperty(response, async (answer) => {
        const client = clientOf(answer);
        const validated = await validateAuthorizationResponse(client, parameters, transaction);
        await expectTyped(exchangeCode(client, validated, transaction));
      }),
      runs,
    );
  });

  test('C9: at userinfo and introspection', { timeout: 60_000 }, () =>
    fc.assert(
      fc.asyncProperty(response, async (answer) => {
        await expectTyped(fetchUserinfo(clientOf(answer), 'access-token', 'alice'));
        await expectTyped(introspectToken(clientOf(answer), 'access-token'));
      }),
      runs,
    ),
  );

  test('C9: as metadata and keys', { timeout: 60_000 }, () =>
    fc.assert(
      fc.asyncProperty(response, jwtLike, async (answer, token) => {
        await expectTyped(
          discover(createClient({ issuer, clientId: 'web', retries: 0, fetch: async () => answer() })),
        );
        await expectTyped(validateLogoutToken(clientOf(answer), token));
      }),
      runs,
    ),
  );

  test('C9: as a key set of any keys', { timeout: 60_000 }, () => {
    const key = fc.dictionary(
      fc.constantFrom('kty', 'kid', 'alg', 'use', 'crv', 'n', 'e', 'x', 'y', 'key_ops'),
      fc.oneof(fc.constantFrom('RSA', 'EC', 'OKP', 'RS256', 'sig', 'P-256', 'AQAB', 'k1'), fc.jsonValue()),
    );
    return fc.assert(
      fc.asyncProperty(fc.array(key, { maxLength: 4 }), async (keys) => {
        const answer = () =>
          new Response(JSON.stringify({ keys }), { headers: { 'content-type': 'application/json' } });
        const token = `${encoding.encode('{"alg":"RS256","kid":"k1"}')}.e30.AAAA`;
        await expectTyped(validateLogoutToken(clientOf(answer), token));
      }),
      runs,
    );
  });

  test('C6: as an authorization response: only the very state with a code passes', {
    timeout: 60_000,
  }, () => {
    const transaction: AuthorizationTransaction = {
      issuer,
      clientId: 'web',
      redirectUri: 'https://app.example.test/callback',
      state: 'the-state',
      codeVerifier: 'verifier',
      scope: 'openid',
      createdAt: Math.floor(Date.now() / 1000),
    };
    const parameter = fc.tuple(
      fc.constantFrom('code', 'state', 'iss', 'error', 'error_description', 'response', 'id_token', 'x'),
      fc.oneof(fc.string(), fc.constantFrom('the-state', issuer, 'code')),
    );
    return fc.assert(
      fc.asyncProperty(fc.array(parameter, { maxLength: 6 }), async (pairs) => {
        const parameters = new URLSearchParams(pairs);
        const run = validateAuthorizationResponse(
          clientOf(() => new Response()),
          parameters,
          transaction,
        );
        await expectTyped(run);
        const accepted = await run.then(
          () => true,
          () => false,
        );
        if (!accepted) return;
        expect(parameters.getAll('state')).toEqual(['the-state']);
        expect(parameters.getAll('code')).toHaveLength(1);
        expect([[], [issuer], ['']]).toContainEqual(parameters.getAll('iss'));
      }),
      { numRuns: 1000 },
    );
  });
});

test('any WWW-Authenticate header is read without harm', { timeout: 60_000 }, () =>
  fc.assert(
    fc.property(headerText, (text) => {
      const prefixed = new Headers({
        'www-authenticate': `Bearer error="insufficient_user_authentication"${text}`,
      });
      parseStepUpChallenge(prefixed);
      parseStepUpChallenge(new Headers({ 'www-authenticate': text }));
    }),
    { numRuns: 2000 },
  ),
);

test('a repeated member is found wherever it is, and none is found where there is none', {
  timeout: 60_000,
}, () => {
  const names = fc.constantFrom('a', 'b', '"', '\\', 'é', '\u2028', '{', '":');
  const tree = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 4 },
      fc.string(),
      fc.integer(),
      fc.constant(null),
      fc.array(tie('any'), { maxLength: 3 }),
      tie('object'),
    ),
    object: fc.dictionary(names, tie('any'), { maxKeys: 4 }),
  }));
  fc.assert(
    fc.property(tree.object, names, (body, name) => {
      const text = JSON.stringify(body);
      expect(findDuplicateMember(text)).toBeUndefined();
      const twice = `{"x":${text},"y":[{${JSON.stringify(name)}:1,"z":${text},${JSON.stringify(name)}:2}]}`;
      expect(findDuplicateMember(twice)).toBe(name);
    }),
    { numRuns: 1000 },
  );
});
