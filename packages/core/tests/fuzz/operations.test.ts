import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type AuthorizationTransaction,
  type Client,
  type ClientSettings,
  clientSecretBasic,
  createAuthorizationRequest,
  createClient,
  createEndSessionUrl,
  discover,
  exchangeAssertion,
  exchangeCode,
  exchangeToken,
  fetchOAuth2User,
  fetchUserinfo,
  generateDpopKeyPair,
  introspectToken,
  type Operation,
  pollDeviceAuthorization,
  refreshTokens,
  requestClientCredentials,
  requestDeviceAuthorization,
  revokeToken,
  type TokenResponse,
  validateAuthorizationResponse,
  validateLogoutToken,
} from '../../src/index.ts';
import {
  createRespondingClient,
  expectTyped,
  issuer,
  jwtLike,
  longTimeout,
  response,
  runs,
  validResponse,
} from './random-response.ts';

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

interface Case {
  readonly options?: Partial<ClientSettings & { readonly issuer: string }>;
  readonly run: (client: Client, token: string) => Promise<unknown>;
  /** Maximum count of requests to the provider. Default: two, one for the operation and one for the keys. */
  readonly requests?: number;
  /** The status of a valid response. Default: 200. `signed` if the operation also requires a valid signature. */
  readonly accepts?: number | 'signed';
}

/** Creates a client that fetches its metadata. */
function removeMetadata(client: Client): Client {
  const { metadata: _, ...options } = client.options;
  return createClient(options);
}

function expectTokens(tokens: unknown): void {
  const { accessToken, scopes, expiresAt, refreshToken } = tokens as TokenResponse;
  expect(accessToken).toEqual(expect.stringMatching(/./));
  expect(scopes).toEqual(scopes.filter((scope) => /^\S+$/.test(scope)));
  for (const text of [refreshToken ?? 'none']) expect(text).toEqual(expect.stringMatching(/./));
  expect(expiresAt === undefined || Number.isSafeInteger(expiresAt) || expiresAt > 1e15).toBe(true);
}

const expectGrantedTokens = async (grant: Promise<unknown>) => expectTokens(await grant);
const secret = { clientAuthentication: clientSecretBasic('web-secret') };

/** All operations that read a response of the provider. A missing operation is a type error. */
const operations: Record<Operation['name'], Case> = {
  discover: {
    run: (client) => discover(removeMetadata(client)),
  },
  createAuthorizationRequest: {
    options: { pushedAuthorizationRequests: 'always' },
    accepts: 201,
    run: async (client) => {
      const { url } = await createAuthorizationRequest(client);
      expect(url.origin).toBe(issuer);
      expect(url.searchParams.get('request_uri')).toMatch(/./);
    },
  },
  validateAuthorizationResponse: {
    options: { responseMode: 'jwt' },
    accepts: 'signed',
    run: (client, token) =>
      validateAuthorizationResponse(client, new URLSearchParams({ response: token }), transaction),
  },
  exchangeCode: {
    accepts: 'signed',
    run: async (client) => {
      const parameters = new URLSearchParams({ code: 'code', state: 'state', iss: issuer });
      const validated = await validateAuthorizationResponse(client, parameters, transaction);
      await expectGrantedTokens(exchangeCode(client, validated, transaction));
    },
  },
  refreshTokens: { run: (client) => expectGrantedTokens(refreshTokens(client, 'refresh-token')) },
  fetchUserinfo: {
    run: async (client) =>
      expect(await fetchUserinfo(client, 'token', 'alice')).toHaveProperty('sub', 'alice'),
  },
  fetchOAuth2User: {
    options: {
      scope: '',
      provider: { name: 'a', relaxes: [], issuer, oauth2Userinfo: { endpoint: `${issuer}/me`, sub: 'sub' } },
    },
    run: async (client) => {
      const { iss, sub } = await fetchOAuth2User(client, 'token');
      expect(iss).toBe(issuer);
      expect(sub).toEqual(expect.stringMatching(/./s));
    },
  },
  introspectToken: {
    run: async (client) => expect((await introspectToken(client, 'token')).active).toBeTypeOf('boolean'),
  },
  revokeToken: { run: (client) => revokeToken(client, 'token') },
  requestClientCredentials: {
    options: secret,
    run: (client) => expectGrantedTokens(requestClientCredentials(client)),
  },
  requestDeviceAuthorization: {
    run: async (client) => {
      const device = await requestDeviceAuthorization(client);
      expect(device.verificationUri).toMatch(/^https?:/i);
      expect(device.interval).toBeGreaterThanOrEqual(1);
    },
  },
  pollDeviceAuthorization: {
    requests: 1000,
    run: async (client) => {
      let polls = 0;
      const stop = new AbortController();
      const device = {
        deviceCode: 'd',
        userCode: 'u',
        verificationUri: issuer,
        expiresAt: Math.floor(Date.now() / 1000) + 600,
        interval: 5,
        scopes: ['openid'],
      };
      const poll = pollDeviceAuthorization(client, device, {
        signal: stop.signal,
        wait: async (milliseconds) => {
          expect(milliseconds).toBeGreaterThan(0);
          if (++polls === 4) stop.abort(stop);
        },
      });
      // The provider requires a longer wait than the test allows, which is a valid outcome.
      await expectGrantedTokens(poll).catch((error: unknown) => {
        if (error !== stop) throw error;
      });
    },
  },
  exchangeToken: { run: (client) => expectGrantedTokens(exchangeToken(client, { subjectToken: 'token' })) },
  exchangeAssertion: { run: (client) => expectGrantedTokens(exchangeAssertion(client, 'assertion')) },
  validateLogoutToken: { accepts: 'signed', run: (client, token) => validateLogoutToken(client, token) },
  createEndSessionUrl: {
    run: (client) => createEndSessionUrl(removeMetadata(client)),
  },
};

describe('C9: for any response, an operation returns a value or throws a typed error', () => {
  for (const [name, { options, run, requests = 2, accepts = 200 }] of Object.entries(operations)) {
    test(`C9: ${name}`, longTimeout, async () => {
      const good = createRespondingClient(
        () => Response.json(validResponse, { status: Number(accepts) }),
        options,
      );
      if (accepts !== 'signed') await run(good.client, '');
      await fc.assert(
        fc.asyncProperty(response, jwtLike, async (respond, token) => {
          const { client, countRequests } = createRespondingClient(respond, options);
          await expectTyped(run(client, token));
          expect(countRequests()).toBeLessThanOrEqual(requests);
        }),
        runs,
      );
    });
  }

  test(
    'C9: sends a nonce once with DPoP, even if the provider requires it repeatedly',
    longTimeout,
    async () => {
      const dpop = { keyPair: await generateDpopKeyPair() };
      await fc.assert(
        fc.asyncProperty(response, async (respond) => {
          for (const run of [
            (client: Client) => refreshTokens(client, 'refresh-token'),
            (client: Client) => fetchUserinfo(client, 'token', 'alice'),
          ]) {
            const { client, countRequests } = createRespondingClient(respond, { dpop });
            await expectTyped<unknown>(run(client));
            expect(countRequests()).toBeLessThanOrEqual(3);
          }
        }),
        { numRuns: 100 },
      );
    },
  );

  test('C9: with registered signed and encrypted responses', longTimeout, () =>
    fc.assert(
      fc.asyncProperty(response, fc.oneof(jwtLike, fc.string()), async (respond, content) => {
        const options = {
          userinfoEncryptedResponseAlg: 'RSA-OAEP-256',
          introspectionSignedResponseAlg: 'RS256' as const,
          decrypt: async () => content,
        };
        const jwe = `${btoa('{"alg":"RSA-OAEP-256"}').replace(/=/g, '')}.a.b.c.d`;
        const encrypted = () => new Response(jwe, { headers: { 'content-type': 'application/jwt' } });
        for (const each of [respond, encrypted]) {
          const { client } = createRespondingClient(each, options);
          await expectTyped(fetchUserinfo(client, 'token', 'alice'));
          await expectTyped(introspectToken(client, 'token'));
          await expectTyped(validateLogoutToken(client, jwe));
        }
      }),
      runs,
    ),
  );
});
