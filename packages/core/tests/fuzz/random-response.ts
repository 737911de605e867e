import fc from 'fast-check';
import { base64url as encoding } from 'jose';
import { expect } from 'vitest';
import { AuthError, type Client, type ClientOptions, createClient } from '../../src/index.ts';

export const issuer = 'https://auth.example.test';
export const runs = { numRuns: 200 };
export const patience = { timeout: 120_000 };

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

/** A client whose provider answers everything with one answer, and how often it was asked. */
export function clientOf(
  answer: (url: string) => Response | Promise<Response>,
  more: Partial<ClientOptions> = {},
): { readonly client: Client; readonly asked: () => number } {
  let asked = 0;
  const client = createClient({
    issuer,
    clientId: 'web',
    redirectUri: 'https://app.example.test/callback',
    metadata,
    fetch: async (url) => {
      asked += 1;
      return answer(url);
    },
    retries: 0,
    timeout: 2000,
    maxResponseBytes: 65_536,
    ...more,
  });
  return { client, asked: () => asked };
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
/** What every operation that needs no signature takes. */
export const right = {
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
/** The same, save for one member. */
const almost = fc
  .record({ name: fc.constantFrom(...members), value: fc.oneof(value, fc.constant(undefined)) })
  .map((wrong) => JSON.stringify({ ...right, [wrong.name]: wrong.value }));
export const headerText = fc.string({
  unit: fc.constantFrom(...'abcXYZ019 ,;="\\/.-_~\u00e9'),
  maxLength: 60,
});

/** Any answer: any status, bytes, and headers that are read somewhere. */
export const response = fc
  .record({
    status: fc.constantFrom(200, 200, 200, 201, 204, 302, 400, 401, 403, 404, 429, 500, 503),
    body: fc.oneof(
      almost,
      almost,
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

/** Whatever came: a value, which is given back, or an error of ours that says what failed and nothing else. */
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
