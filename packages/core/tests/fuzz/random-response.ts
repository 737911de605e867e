import fc from 'fast-check';
import { base64url as encoding } from 'jose';
import { expect } from 'vitest';
import { AuthError, type Client, type ClientSettings, createClient } from '../../src/index.ts';

export const issuer = 'https://auth.example.test';
export const runs = { numRuns: 200 };
export const longTimeout = { timeout: 120_000 };

const endpoints = [
  'token',
  'userinfo',
  'introspection',
  'revocation',
  'pushed_authorization_request',
  'device_authorization',
] as const;

export const metadata = {
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  jwks_uri: `${issuer}/jwks`,
  ...Object.fromEntries(endpoints.map((name) => [`${name}_endpoint`, `${issuer}/${name}`])),
};

/** Creates a client whose provider returns one response to every request, and a count of the requests. */
export function createRespondingClient(
  respond: (url: string) => Response | Promise<Response>,
  more: Partial<ClientSettings & { readonly issuer: string }> = {},
): { readonly client: Client; readonly countRequests: () => number } {
  let requests = 0;
  const client = createClient({
    issuer,
    clientId: 'web',
    redirectUri: 'https://app.example.test/callback',
    metadata,
    fetch: async (url) => {
      requests += 1;
      return respond(url);
    },
    retries: 0,
    timeout: 2000,
    maxResponseBytes: 65_536,
    ...more,
  });
  return { client, countRequests: () => requests };
}

const base64url = fc.string().map((text) => encoding.encode(text));
export const jwtLike = fc
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
  'issued_token_type',
  'authorization_details',
  'request_uri',
  'device_code',
  'user_code',
  'verification_uri',
  'interval',
  'sub',
  'active',
  'issuer',
  'jwks_uri',
  'keys',
  'error',
  'error_description',
  '__proto__',
];
const errors = ['invalid_grant', 'authorization_pending', 'slow_down', 'use_dpop_nonce'];
const value = fc.oneof(
  fc.jsonValue(),
  jwtLike,
  fc.constantFrom('Bearer', 'bearer', 'DPoP', 'N_A', 3600, -1, 1e308, issuer, ...errors),
);
const object = fc.dictionary(fc.constantFrom(...members), value).map((body) => JSON.stringify(body));
/** A body that every operation without a signature check accepts. */
export const validResponse = {
  issuer,
  access_token: 'a',
  token_type: 'Bearer',
  expires_in: 60,
  issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
  request_uri: 'urn:request:1',
  device_code: 'd',
  user_code: 'u',
  verification_uri: `${issuer}/device`,
  sub: 'alice',
  active: true,
};
/** The valid body with one changed member. */
const almostValid = fc
  .record({ name: fc.constantFrom(...members), value: fc.oneof(value, fc.constant(undefined)) })
  .map((wrong) => JSON.stringify({ ...validResponse, [wrong.name]: wrong.value }));
export const headerText = fc.string({
  unit: fc.constantFrom(...'abcXYZ019 ,;="\\/.-_~\u00e9'),
  maxLength: 60,
});

/** Responses with any status, body and relevant headers. */
export const response = fc
  .record({
    status: fc.constantFrom(200, 200, 200, 201, 204, 302, 400, 401, 403, 404, 429, 500, 503),
    body: fc.oneof(
      almostValid,
      almostValid,
      object,
      fc.json(),
      jwtLike,
      fc.string(),
      fc.uint8Array({ maxLength: 200 }),
    ),
    type: fc.oneof(
      fc.constantFrom(
        'application/json',
        'application/json; charset=utf-8',
        'application/jwt',
        'application/token-introspection+jwt',
        'text/html',
        '',
      ),
      headerText,
    ),
    others: fc.dictionary(
      fc.constantFrom('www-authenticate', 'retry-after', 'dpop-nonce', 'content-length', 'location', 'date'),
      fc.oneof(headerText, fc.constantFrom('DPoP error="use_dpop_nonce"', '999999999999', 'nonce')),
    ),
  })
  .map(({ status, body, type, others }) => () => {
    const headers = new Headers({ ...others, 'content-type': type });
    return new Response(status === 204 ? null : (body as BodyInit), { status, headers });
  });

/** Expects a value, which is returned, or a typed error without a cause. */
export async function expectTyped<T>(run: Promise<T>): Promise<T | undefined> {
  try {
    return await run;
  } catch (error) {
    expect(error).toBeInstanceOf(AuthError);
    expect((error as AuthError).code).toMatch(/^[a-z_]+$/);
    expect((error as AuthError).message.length).toBeLessThan(500);
    expect((error as AuthError).cause).toBeUndefined();
    return undefined;
  }
}
