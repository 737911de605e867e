import { describe, expect, test } from 'vitest';
import {
  clientSecretBasic,
  createAuthorizationRequest,
  createClient,
  exchangeCode,
  fetchUserinfo,
  introspectToken,
  requestDeviceAuthorization,
  revokeToken,
  validateAuthorizationResponse,
} from '../../src/index.ts';
import { createHarness } from '../support/client/harness.ts';

describe('C8: rejects a redirect of an endpoint', () => {
  const redirect = { status: 307, headers: { location: 'https://attacker.example/' } };
  const endpoints = [
    'discovery',
    'token',
    'jwks',
    'userinfo',
    'pushed_authorization_request',
    'introspection',
    'revocation',
    'device_authorization',
  ] as const;
  for (const endpoint of endpoints) {
    test(`C8: ${endpoint}`, async () => {
      const targets: string[] = [];
      const redirects: (RequestRedirect | undefined)[] = [];
      const harness = await createHarness({ client: { pushedAuthorizationRequests: 'always' } });
      const { server } = harness;
      const client = createClient({
        ...harness.client.options,
        clientAuthentication: clientSecretBasic('web-secret'),
        fetch: (url, init) => {
          targets.push(new URL(url).origin);
          redirects.push(init.redirect);
          return server.fetch(url, init);
        },
      });
      server.fail(endpoint, redirect);
      const flow = async () => {
        const { url, transaction } = await createAuthorizationRequest(client);
        const { parameters } = await server.authorize(url);
        const response = await validateAuthorizationResponse(client, parameters, transaction);
        const { accessToken } = await exchangeCode(client, response, transaction);
        await fetchUserinfo(client, accessToken, 'alice');
        await introspectToken(client, accessToken);
        await revokeToken(client, accessToken);
        await requestDeviceAuthorization(client);
      };
      await expect(flow()).rejects.toMatchObject({ code: 'response_malformed', check: 'redirect' });
      expect(new Set(targets)).toEqual(new Set([server.issuer]));
      expect(new Set(redirects)).toEqual(new Set(['manual']));
    });
  }
});
