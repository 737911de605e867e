// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type AuthEvent, type ClientOptions, clientSecretBasic, createClient } from '../../../src/index.ts';
import { createAccessTokenVerifier } from '../../../src/resource-server/index.ts';
import { createWebSessions, type WebSessionOptions } from '../../../src/session/index.ts';
import { toText } from '../../support/html.ts';
import { stubNodeEnv, unstubNodeEnv } from '../../support/node-env.ts';
import {
  clientSecret,
  issuer,
  logInWith,
  type Misconfiguration,
  wrongSecret,
} from '../../support/session/misconfigured-login.ts';
import { baseUrl, secret } from '../../support/web-browser.ts';

// In a development server, one log line and the page name the cause of a misconfiguration and its code. In production, the
// page has the code only. A listener receives one event `request.failed` instead of the line. None contains a secret.

afterEach(() => {
  vi.restoreAllMocks();
  unstubNodeEnv();
});

/** The response to the authorization request with an error instead of a code. */
const reject = (error: string): Misconfiguration => ({
  callback: ({ searchParams }) => {
    searchParams.delete('code');
    searchParams.set('error', error);
  },
});
const always = { times: 9 };
const page = { headers: { 'content-type': 'text/html' }, body: '<html></html>', ...always };
const client = { clientId: 'web', clientSecret };

describe('a login with a wrong configuration', () => {
  test.each<[string, Misconfiguration, string, RegExp]>([
    [
      'the issuer has an additional slash',
      { client: { issuer: `${issuer}/` } },
      'metadata_invalid: issuer',
      /is "https:\/\/auth\.example\.test", expected "https:\/\/auth\.example\.test\/".*slash/,
    ],
    [
      'the metadata is of another issuer',
      { server: { metadata: { issuer: 'https://other.example.test' } } },
      'metadata_invalid: issuer',
      /"issuer" is "https:\/\/other\.example\.test", expected "https:\/\/auth\.example\.test"/,
    ],
    [
      'the issuer is unreachable',
      { fails: ['discovery', { network: true, ...always }] },
      'network_error',
      /\.well-known\/openid-configuration could not be reached/,
    ],
    [
      'the issuer has no metadata',
      { fails: ['discovery', { status: 404, ...always }] },
      'metadata_invalid: status',
      /status is 404.*Check the issuer/,
    ],
    [
      'the issuer is the address of a page',
      { fails: ['discovery', { status: 200, ...page }] },
      'metadata_invalid: content_type',
      /"text\/html", expected JSON. Check the issuer/,
    ],
    [
      'the metadata has no authorization endpoint',
      { server: { metadata: { authorization_endpoint: undefined } } },
      'unsupported_by_provider',
      /"authorization_endpoint"/,
    ],
    [
      'the metadata has no token endpoint',
      { server: { metadata: { token_endpoint: undefined } } },
      'unsupported_by_provider',
      /token_endpoint/,
    ],
    [
      'the metadata has no key set',
      { server: { metadata: { jwks_uri: undefined } } },
      'unsupported_by_provider',
      /"jwks_uri"/,
    ],
    [
      'an endpoint is plain http',
      { server: { faults: ['metadata_endpoint_insecure'] } },
      'metadata_invalid: token_endpoint',
      /"token_endpoint" is not an https URL/,
    ],
    [
      'the provider does not support PKCE',
      { server: { faults: ['metadata_plain_pkce'] } },
      'unsupported_by_provider',
      /PKCE with S256/,
    ],
    [
      'the client secret is wrong',
      { client: { clientAuthentication: clientSecretBasic(wrongSecret) } },
      'token_error: invalid_client',
      /Check the client ID, and the secret or key/,
    ],
    [
      'the key set is unreachable',
      { fails: ['jwks', { network: true, ...always }] },
      'network_error',
      /\/jwks could not be reached/,
    ],
    [
      'the key set does not exist',
      { fails: ['jwks', { status: 404, ...always }] },
      'keys_invalid: jwks',
      /"jwks_uri".*status 404/,
    ],
    [
      'the key set does not contain the key',
      { server: { faults: ['jwks_empty'] } },
      'id_token_invalid: kid',
      /no key of .*\/jwks for "kid" ".+" and "alg" "RS256" has signed it/,
    ],
    [
      'the provider signs with another algorithm',
      {
        server: { clients: [{ ...client, idTokenSignedResponseAlg: 'ES256' }] },
        client: { idTokenSignedResponseAlg: 'RS256' },
      },
      'id_token_invalid: alg',
      /"alg" is "ES256", expected "RS256"/,
    ],
    [
      'the ID token is for another client',
      { server: { faults: ['id_token_aud_invalid'] } },
      'id_token_invalid: aud',
      /"aud" is "web1", expected "web"/,
    ],
    [
      'the ID token is of another issuer',
      { server: { faults: ['id_token_iss_invalid'] } },
      'id_token_invalid: iss',
      /"iss" is "https:\/\/auth\.example\.test1", expected "https:\/\/auth\.example\.test"/,
    ],
    [
      'the ID token has no user',
      { server: { faults: ['id_token_sub_missing'] } },
      'id_token_invalid: sub',
      /has no "sub"/,
    ],
    [
      'the provider issues no ID token',
      { server: { faults: ['token_response_without_id_token'] } },
      'id_token_invalid: id_token',
      /the response has no "id_token"/,
    ],
    [
      'the token endpoint is unreachable',
      { fails: ['token', { network: true, ...always }] },
      'network_error',
      /\/token could not be reached/,
    ],
    [
      'the token endpoint is a page',
      { fails: ['token', { status: 200, ...page }] },
      'token_response_invalid: content_type',
      /"text\/html", expected JSON/,
    ],
    [
      'the scope is unknown',
      reject('invalid_scope'),
      'authorization_error: invalid_scope',
      /Check the option "scope"/,
    ],
    [
      'the resource is unknown',
      reject('invalid_target'),
      'authorization_error: invalid_target',
      /Check the option "resource"/,
    ],
    [
      'the client may not use the code flow',
      reject('unauthorized_client'),
      'authorization_error: unauthorized_client',
      /Allow this grant for the client/,
    ],
    [
      'the browser sends no cookies to the callback',
      { withoutCookies: true },
      'transaction_invalid: state',
      /no pending login.*same host, and cookies/,
    ],
    [
      'the callback is of another provider',
      { callback: ({ searchParams }) => searchParams.set('iss', 'https://other.example.test') },
      'authorization_response_invalid: iss',
      /"iss" is "https:\/\/other\.example\.test", expected "https:\/\/auth\.example\.test"/,
    ],
  ])('%s', async (_, misconfiguration, code, cause) => {
    stubNodeEnv('development');
    const { status, page: text, lines, secrets } = await logInWith(misconfiguration);
    expect(toText(text)).toMatch(cause);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(text).toContain(`<code>${code}</code>`);
    expect(lines).toEqual([expect.stringContaining(code)]);
    expect(lines[0]).toMatch(cause);
    for (const value of secrets) expect(lines + text).not.toContain(value);

    vi.restoreAllMocks();
    stubNodeEnv('production');
    const deployed = await logInWith(misconfiguration);
    expect(deployed.page).toContain(`<code>${code}</code>`);
    expect(toText(deployed.page)).not.toMatch(cause);
    expect(deployed.lines).toEqual([expect.stringMatching(cause)]);

    vi.restoreAllMocks();
    const events: AuthEvent[] = [];
    const observed = await logInWith(misconfiguration, { onEvent: (event) => void events.push(event) });
    expect(events.filter(({ type }) => type === 'request.failed')).toEqual([
      expect.objectContaining({ code: code.split(':')[0], status: observed.status }),
    ]);
    // A fault of the application itself is always logged.
    expect(observed.lines).toHaveLength(observed.status === 500 ? 1 : 0);
    for (const value of observed.secrets)
      expect(JSON.stringify(events) + observed.lines).not.toContain(value);
  });

  test.each([3600, -3600])('a clock that is wrong by %i seconds does not prevent the login', async (skew) => {
    expect((await logInWith({ skew })).status).toBe(303);
  });
});

describe('an option that is wrong at creation is named', () => {
  const valid = { issuer, clientId: 'web' };
  const createSessions = (options: object) => () =>
    createWebSessions(createClient(valid), { secret, baseUrl, ...options } as WebSessionOptions);
  const create = (options: object) => () => createClient({ ...valid, ...options } as ClientOptions);
  const verify = (options: object) => () =>
    createAccessTokenVerifier({ issuer, audience: 'https://api.example.com', ...options } as never);

  test.each<[string, () => unknown, string, RegExp]>([
    [
      'an issuer with plain http',
      create({ issuer: 'http://auth.example.test' }),
      'insecure_issuer',
      /allowInsecureIssuer/,
    ],
    ['no issuer', create({ issuer: undefined }), 'missing_option', /issuer/],
    ['no client ID', create({ clientId: undefined }), 'missing_option', /clientId/],
    [
      'the method of client authentication',
      create({ clientAuthentication: 'client_secret_basic' }),
      'invalid_option',
      /clientAuthentication/,
    ],
    ['"clientSecret"', create({ clientSecret: wrongSecret }), 'invalid_option', /clientSecret/],
    ['"dpop: true"', create({ dpop: true }), 'invalid_option', /dpop/],
    ['a list of scopes', create({ scope: ['openid'] }), 'invalid_option', /scope/],
    ['a number as fetch', create({ fetch: 5 }), 'invalid_option', /fetch/],
    ['no secret', createSessions({ secret: undefined }), 'missing_option', /secret/],
    ['a short secret', createSessions({ secret: 'too short' }), 'invalid_option', /secret/],
    [
      'a base URL that is not a URL',
      createSessions({ baseUrl: 'app.example.test' }),
      'invalid_option',
      /baseUrl/,
    ],
    [
      'plain http with secure cookies',
      createSessions({ baseUrl: 'http://app.example.test' }),
      'invalid_option',
      /https/,
    ],
    ['no audience', verify({ audience: undefined }), 'missing_option', /audience/],
    ['"algorithm"', verify({ algorithm: 'RS256' }), 'invalid_option', /algorithm/],
    ['an unknown algorithm', verify({ algorithms: ['RS25'] }), 'invalid_option', /algorithms/],
  ])('%s', (_, action, code, cause) => {
    let error: unknown;
    try {
      action();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code });
    expect((error as Error).message).toMatch(cause);
    for (const text of [secret, wrongSecret, 'too short'])
      expect((error as Error).message).not.toContain(text);
  });
});
