import { decodeJwt } from 'jose';
import { describe, expect, test } from 'vitest';
import {
  clientSecretBasic,
  clientSecretPost,
  createAuthorizationRequest,
  createClient,
  exchangeCode,
  parseThirdPartyLogin,
  tlsClientAuth,
  validateAuthorizationResponse,
} from '../../src/index.ts';
import { createHarness, expectRejection } from '../support/client/harness.ts';
import { openidRows } from './rows/openid.ts';
import { record, runRow } from './run-row.ts';

describe('OpenID Connect Core, section 1', () => {
  for (const row of openidRows) test(row.module, ({ task }) => runRow(row, task));

  test('oidcc-client-test-discovery-openid-config', async ({ task }) => {
    const harness = await createHarness();
    await harness.logIn();
    expect(harness.server.requests[0]).toMatchObject({
      method: 'GET',
      path: '/.well-known/openid-configuration',
    });
    record(task, { id: '15', verdict: 'A', result: 'accepted' });
  });

  test('oidcc-client-test-discovery-jwks-uri-keys', async ({ task }) => {
    const harness = await createHarness();
    await harness.logIn();
    expect(harness.calls()).toEqual(['discovery', 'authorization', 'token', 'jwks', 'userinfo']);
    record(task, { id: '16', verdict: 'A', result: 'accepted' });
  });

  test('oidcc-client-test-signing-key-rotation-just-before-signing', async ({ task }) => {
    const harness = await createHarness();
    await harness.logIn();
    await harness.server.rotateKeys();
    await harness.logIn();
    expect(harness.server.requestsTo('jwks')).toHaveLength(2);
    record(task, { id: '18', verdict: 'A', result: 'accepted' });
  });

  test('oidcc-client-test-signing-key-rotation', async ({ task }) => {
    const harness = await createHarness();
    await harness.logIn();
    const { url, transaction } = await createAuthorizationRequest(harness.client);
    await harness.server.rotateKeys();
    const { parameters } = await harness.server.authorize(url);
    await validateAuthorizationResponse(harness.client, parameters, transaction);
    await harness.logIn();
    expect(harness.server.requestsTo('jwks')).toHaveLength(2);
    expect(harness.server.requestsTo('userinfo')).toHaveLength(2);
    record(task, { id: '19', verdict: 'A', result: 'accepted' });
  });

  test('oidcc-client-test-userinfo-signed', async ({ task }) => {
    const harness = await createHarness({
      registration: { userinfoSignedResponseAlg: 'RS256' },
      client: { userinfoSignedResponseAlg: 'RS256' },
    });
    await harness.logIn();
    expect(harness.userinfo).toMatchObject({ sub: 'alice', iss: harness.server.issuer, aud: 'web' });
    record(task, { id: '25', verdict: 'A', result: 'accepted' });
  });

  test('oidcc-client-test-userinfo-bearer-header', async ({ task }) => {
    const harness = await createHarness();
    const { accessToken } = await harness.logIn();
    const [request] = harness.server.requestsTo('userinfo');
    expect(request?.headers.authorization).toBe(`Bearer ${accessToken}`);
    expect(request?.query).toEqual({});
    record(task, { id: '33', verdict: 'A', result: 'accepted' });
  });

  test('oidcc-client-test-form-post-error', async ({ task }) => {
    const harness = await createHarness({ client: { responseMode: 'form_post' } });
    harness.server.clock.advance(10);
    const run = () => harness.logIn({ maxAge: 0, prompt: 'none' });
    const rejection = { error: 'AuthorizationServerError', code: 'authorization_error' } as const;
    await expectRejection(harness, run, rejection, 'authorization');
    record(task, {
      id: '35',
      verdict: 'R',
      result: 'rejected',
      code: 'authorization_error (login_required)',
    });
  });

  test('oidcc-client-test-aggregated-claims', async ({ task }) => {
    const harness = await createHarness({ faults: ['userinfo_aggregated_claims'] });
    await harness.logIn();
    expect(harness.userinfo?._claim_sources).toHaveProperty('src1.JWT');
    record(task, { id: '36', verdict: 'A', result: 'accepted' });
  });

  test('oidcc-client-test-mtls-endpoint-aliases', async ({ task }) => {
    const thumbprint = 'certificate-thumbprint';
    const harness = await createHarness({
      server: { mtlsEndpointAliases: true },
      registration: { tokenEndpointAuthMethod: 'tls_client_auth', certificateThumbprint: thumbprint },
      client: { clientAuthentication: tlsClientAuth() },
    });
    const { fetch } = harness.server;
    const client = createClient({
      ...harness.client.options,
      clientAuthentication: tlsClientAuth(),
      fetch: (url, init) => {
        const headers = new Headers(init.headers);
        headers.set('x-client-certificate-thumbprint', thumbprint);
        return fetch(url, { ...init, headers });
      },
    });
    const { url, transaction } = await createAuthorizationRequest(client);
    const { parameters } = await harness.server.authorize(url);
    await exchangeCode(
      client,
      await validateAuthorizationResponse(client, parameters, transaction),
      transaction,
    );
    expect(harness.server.requestsTo('token')[0]).toMatchObject({ path: '/mtls/token', status: 200 });
    record(task, { id: '38', verdict: 'A', result: 'accepted' });
  });

  test('oidcc-client-test-3rd-party-init-login', async ({ task }) => {
    const harness = await createHarness();
    const initiated = new URL('https://app.example.test/login');
    initiated.search = new URLSearchParams({
      iss: harness.server.issuer,
      login_hint: 'alice@example.test',
      target_link_uri: 'https://app.example.test/reports',
    }).toString();
    const { loginHint, targetLinkUri } = parseThirdPartyLogin(harness.client, initiated);
    expect(harness.calls()).toEqual([]);
    await harness.logIn({ loginHint: loginHint as string });
    expect(harness.server.requestsTo('authorization')[0]?.query.login_hint).toBe('alice@example.test');
    expect(targetLinkUri?.href).toBe('https://app.example.test/reports');
    record(task, { id: '29', verdict: 'A', result: 'accepted' });
  });
});

describe('Form Post RP: the modules with response_mode=form_post', () => {
  const ids = ['1', '2', '3', '4', '5', '6', '8', '9', '10', '11', '12'];
  for (const row of openidRows.filter(({ id }) => ids.includes(id))) {
    test(`${row.module} (form_post)`, ({ task }) =>
      runRow(
        {
          ...row,
          id: `${row.id} f`,
          module: `${row.module} (form_post)`,
          options: { ...row.options, client: { responseMode: 'form_post' } },
        },
        task,
      ));
  }
});

describe.each([
  { plan: 'Basic RP', titleSuffix: '', idSuffix: '', client: {} },
  {
    plan: 'Form Post RP',
    titleSuffix: ' (form_post)',
    idSuffix: ' f',
    client: { responseMode: 'form_post' },
  },
] as const)('$plan: modules with additional steps', ({ titleSuffix, idSuffix, client }) => {
  test(`oidcc-client-test-kid-absent-multiple-jwks${titleSuffix}`, async ({ task }) => {
    const harness = await createHarness({ client, faults: ['id_token_kid_missing', 'jwks_without_kid'] });
    await harness.server.rotateKeys({ keepOld: true });
    await harness.logIn();
    record(task, { id: `7${idSuffix}`, verdict: 'A/R', result: 'accepted' });
  });

  test(`oidcc-client-test-scope-userinfo-claims${titleSuffix}`, async ({ task }) => {
    const harness = await createHarness({ client });
    await harness.logIn({ scope: 'openid email' });
    expect(harness.userinfo).toEqual({ sub: 'alice', email: 'alice@example.test', email_verified: true });
    record(task, { id: `13${idSuffix}`, verdict: 'A', result: 'accepted' });
  });

  test(`oidcc-client-test-client-secret-basic${titleSuffix}`, async ({ task }) => {
    const secret = 'a secret: with+signs/=&%';
    const harness = await createHarness({
      registration: { clientId: 'web:client', clientSecret: secret },
      client: { ...client, clientId: 'web:client', clientAuthentication: clientSecretBasic(secret) },
    });
    await harness.logIn();
    const [request] = harness.server.requestsTo('token');
    expect(request?.headers.authorization).toMatch(/^Basic /);
    expect(request?.body).not.toHaveProperty('client_secret');
    record(task, { id: `14${idSuffix}`, verdict: 'A', result: 'accepted' });
  });
});

describe('client authentication', () => {
  test('client_secret_post sends the secret in the body only, to every endpoint', async () => {
    const harness = await createHarness({
      registration: { tokenEndpointAuthMethod: 'client_secret_post' },
      client: { clientAuthentication: clientSecretPost('web-secret'), pushedAuthorizationRequests: 'always' },
    });
    await harness.logIn();
    for (const endpoint of ['pushed_authorization_request', 'token'] as const) {
      const [request] = harness.server.requestsTo(endpoint);
      expect(request?.body.client_secret).toBe('web-secret');
      expect(request?.headers).not.toHaveProperty('authorization');
    }
    expect(decodeJwt(harness.stored?.idToken as string).aud).toBe('web');
  });
});
