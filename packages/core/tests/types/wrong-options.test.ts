// @platforms node: `./node` uses TLS.
import { expect, test } from 'vitest';
import { clientSecretBasic, createClient, generateDpopKeyPair } from '../../src/index.ts';
import { createNodeFetch } from '../../src/node/index.ts';
import { createAccessTokenVerifier } from '../../src/resource-server/index.ts';
import { createWebSessions } from '../../src/session/index.ts';

const issuer = 'https://auth.example.test';
const client = createClient({ issuer, clientId: 'web' });
const create = {
  client: (options: object) => createClient({ issuer, clientId: 'web', ...options }),
  verifier: (options: object) => createAccessTokenVerifier({ issuer, audience: 'api', ...options }),
  sessions: (options: object) =>
    createWebSessions(client, { secret: 'x'.repeat(32), baseUrl: 'https://app.example', ...options }),
  nodeFetch: (options: object) => createNodeFetch(options),
};

test.each<[keyof typeof create, object, string]>([
  ['client', { clientAuthentication: 'client_secret_basic' }, 'clientSecretBasic('],
  ['client', { clientAuthentication: clientSecretBasic }, '"clientAuthentication"'],
  ['client', { dpop: true }, 'generateDpopKeyPair()'],
  ['client', { dpop: { keyPair: 42 } }, '"dpop"'],
  ['client', { scope: ['openid'] }, 'is an array, expected a string'],
  ['client', { redirectUri: new URL('https://app.example/cb') }, 'is a URL object, expected a string'],
  ['client', { fetch: 5 }, 'is a number, expected a function'],
  ['client', { now: 5 }, '"now"'],
  ['client', { timeout: '5' }, '"timeout"'],
  ['client', { metadata: null }, 'is null'],
  ['client', { authorizationParameters: { max_age: 5 } }, 'strings'],
  ['client', { requestObjectSigningKey: { key: 'secret-value' } }, 'CryptoKey'],
  ['client', { discovery: 'oidc' }, "'openid' or 'oauth'"],
  ['client', { clientSecret: 'secret-value' }, 'clientSecretBasic(secret)'],
  ['client', { redirectURI: 'https://app.example/cb' }, 'Did you mean "redirectUri"?'],
  ['client', { scpoe: 'openid' }, 'Did you mean "scope"?'],
  ['client', { scopes: ['openid'] }, 'Did you mean "scope"?'],
  ['client', { resources: [] }, 'Did you mean "resource"?'],
  ['verifier', { algorithm: 'RS256' }, 'Did you mean "algorithms"?'],
  ['verifier', { algorithms: 'RS256' }, 'an array of strings'],
  ['verifier', { audience: 5 }, '"audience"'],
  ['verifier', { audience: [5] }, '"audience"'],
  ['verifier', { fetch: {} }, '"fetch"'],
  ['verifier', { validate: true }, '"validate"'],
  ['verifier', { jwks_uri: 'https://auth.example.test/keys' }, '"jwksUri"'],
  ['sessions', { secret: 5 }, '"secret"'],
  ['sessions', { baseUrl: new URL('https://app.example') }, '"baseUrl"'],
  ['sessions', { baseURL: 'https://app.example' }, 'Did you mean "baseUrl"?'],
  ['sessions', { secrets: ['secret-value'] }, 'Did you mean "secret"?'],
  ['sessions', { idleLifetime: '3600' }, '"idleLifetime"'],
  ['sessions', { maxAge: 3600 }, 'idleLifetime and absoluteLifetime'],
  ['sessions', { userinfo: 'yes' }, 'true or false'],
  ['nodeFetch', { proxy: 5 }, '"proxy"'],
  ['nodeFetch', { proxies: 'http://proxy.example' }, ''],
  ['nodeFetch', { Proxy: 'http://proxy.example' }, 'Did you mean "proxy"?'],
  ['nodeFetch', { ca: 5 }, '"ca"'],
  ['nodeFetch', { cert: 'x' }, 'clientCertificate'],
])('%s: rejects %o', (name, options, expected) => {
  const run = () => create[name](options);
  // A name that resembles no option is ignored, because adapters also pass their own options.
  if (expected === '') return void expect(run).not.toThrow();
  expect(run).toThrow(
    expect.objectContaining({ code: 'invalid_option', message: expect.stringContaining(expected) }),
  );
  expect(run).not.toThrow(/secret-value/);
});

test('accepts valid options, undefined, and options of adapters', async () => {
  const options = { dpop: { keyPair: await generateDpopKeyPair() }, redirectUri: undefined, myOwn: 1 };
  expect(() => create.client({ ...options, clientAuthentication: clientSecretBasic('x') })).not.toThrow();
  expect(() => create.verifier({ realm: undefined, errorFormat: 'nest' })).not.toThrow();
  expect(() => create.sessions({ pages: {}, clientSecret: 'x', apiOrigins: [] })).not.toThrow();
});

test('names missing options', () => {
  for (const run of [createClient, createAccessTokenVerifier] as ((options: never) => unknown)[]) {
    expect(() => run(undefined as never)).toThrow(expect.objectContaining({ code: 'missing_option' }));
  }
});
