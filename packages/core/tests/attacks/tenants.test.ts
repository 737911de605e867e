import { describe, expect, test } from 'vitest';
import { createAuthorizationRequest as createBrowserRequest } from '../../src/browser/login/authorization-request.ts';
import { completeLogin } from '../../src/browser/login/complete-login.ts';
import { resolveOptions } from '../../src/browser/options.ts';
import { createLoginStore } from '../../src/browser/state/login-store.ts';
import { createMemoryStorage } from '../../src/browser/state/token-storage.ts';
import {
  createAuthorizationRequest,
  createClient,
  exchangeCode,
  refreshTokens,
  validateAuthorizationResponse,
  validateFrontchannelLogout,
  validateLogoutToken,
} from '../../src/index.ts';
import { createAccessTokenVerifier } from '../../src/resource-server/index.ts';
import {
  createIssuer,
  createTenantProvider,
  otherTenant,
  type TenantLie,
  template,
  tenant,
  tenantLies,
} from '../support/tenants.ts';

const now = () => Date.UTC(2026, 0, 1);
const time = now() / 1000;
const redirectUri = 'https://app.example/callback';
const audience = 'https://api.example';

async function setUpClient(lie?: Partial<TenantLie>, iss?: string) {
  const { server, provider, fetch, approve } = await createTenantProvider(now, lie);
  const options = { provider, clientId: 'web', redirectUri, fetch, now, onEvent() {} };
  const client = createClient({ ...options, idTokenMaxAge: 3600 });
  const logIn = async () => {
    const { url, transaction } = await createAuthorizationRequest(client);
    const response = await validateAuthorizationResponse(client, approve(url.href, iss), transaction);
    return exchangeCode(client, response, transaction);
  };
  return { server, client, logIn };
}

async function setUpBrowser(lie?: Partial<TenantLie>, iss?: string) {
  const { server, provider, fetch, approve } = await createTenantProvider(now, lie);
  const context = resolveOptions({ provider, clientId: 'spa', redirectUri, fetch, now, onEvent() {} });
  const memory = createMemoryStorage();
  const store = createLoginStore(context, memory);
  const logIn = async () => {
    const { url, transaction } = await createBrowserRequest(context, { redirectUri, returnTo: '/' });
    const attempt = { generation: store.getGeneration(), startedAt: store.readClock(), isVisible: true };
    const parameters = approve(url.href, iss).searchParams;
    return completeLogin(context, store, { ...attempt, parameters, transaction, previousTokens: undefined });
  };
  return { server, context, store, logIn, getStored: () => memory.get(`${context.prefix}tokens`) };
}

async function setUpApi(lie?: Partial<TenantLie>) {
  const { server, provider, fetch } = await createTenantProvider(now, lie);
  const verifier = createAccessTokenVerifier({ issuers: [{ provider, audience }], fetch, now, onEvent() {} });
  const claims = { sub: 'user-1', aud: audience, azp: 'web', scp: 'read', iat: time, exp: time + 60 };
  const verify = async (changes: object = {}) =>
    verifier.verifyToken(await server.sign(server.claims({ ...claims, ...changes }), { typ: 'JWT' }));
  return { server, verifier, verify };
}

describe.each(Object.entries(tenantLies))('%s', (_, lie) => {
  const check = typeof lie.check === 'string' ? lie.check : expect.stringMatching(lie.check);

  test('is rejected by a client, and no token is returned', async () => {
    const { logIn } = await setUpClient(lie);
    await expect(logIn()).rejects.toMatchObject({ code: 'id_token_invalid', check });
  });

  test('is rejected by a browser client, and nothing is stored', async () => {
    const { logIn, store, getStored } = await setUpBrowser(lie);
    await expect(logIn()).rejects.toMatchObject({ code: 'id_token_invalid', check });
    expect([getStored(), store.snapshot().status]).toEqual([
      undefined,
      expect.not.stringMatching('signed-in'),
    ]);
  });

  test('is rejected by an API, and nothing is cached', async () => {
    const { verify, verifier } = await setUpApi(lie);
    await expect(verify()).rejects.toMatchObject({ code: 'invalid_token', check });
    expect(verifier.statistics().caches.verifiedTokens.entries).toBe(0);
  });
});

describe('a function that throws', () => {
  const outage = { name: 'TransportError', code: 'server_error' };
  const decisions = {
    throws: () => {
      throw new Error('no database');
    },
    rejects: () => Promise.reject(new Error('no database')),
  };
  test.each(Object.entries(decisions))('%s: an outage, and nothing is accepted', async (_, acceptTenant) => {
    await expect((await setUpClient({ acceptTenant })).logIn()).rejects.toMatchObject(outage);
    const browser = await setUpBrowser({ acceptTenant });
    await expect(browser.logIn()).rejects.toMatchObject(outage);
    expect(browser.getStored()).toBeUndefined();
    const { verify, verifier } = await setUpApi({ acceptTenant });
    await expect(verify()).rejects.toMatchObject(outage);
    expect(verifier.statistics().caches.verifiedTokens.entries).toBe(0);
  });
});

test('the function is asked for verified tokens only', async () => {
  const asked: string[] = [];
  const acceptTenant = (id: string) => asked.push(id) > 0;
  const { server, verifier, verify } = await setUpApi({ acceptTenant });
  const [head, payload] = (await server.sign(server.claims({ aud: audience }))).split('.');
  await expect(verifier.verifyToken(`${head}.${payload}.AAAA`)).rejects.toMatchObject({
    name: 'AccessTokenError',
  });
  await expect(verify({ exp: time - 100 })).rejects.toMatchObject({ check: 'exp' });
  expect(asked).toEqual([]);
  await expect(verify()).resolves.toMatchObject({
    issuer: createIssuer(tenant),
    sub: 'user-1',
    kind: 'user',
  });
  expect(asked).toEqual([tenant]);
});

test.each([
  ['the template', template],
  ['the issuer of the tenant', createIssuer(tenant)],
])('a key with %s signs the tokens of the tenant', async (_, keyIssuer) => {
  const { logIn } = await setUpClient({ keyIssuer });
  expect((await logIn()).claims).toMatchObject({ iss: createIssuer(tenant), tid: tenant });
  const browser = await setUpBrowser({ keyIssuer });
  await browser.logIn();
  expect(browser.store.snapshot()).toMatchObject({
    status: 'signed-in',
    claims: { iss: createIssuer(tenant) },
  });
  // The stored login belongs to the issuer of the tenant, and is found again.
  expect(await browser.store.read()).toBeDefined();
  await expect((await setUpApi({ keyIssuer })).verify()).resolves.toMatchObject({
    issuer: createIssuer(tenant),
  });
});

describe('C6: the iss of an authorization response', () => {
  test.each([
    ['the template', template],
    ['a path', createIssuer('x/..')],
    ['another host', `https://evil.example/${tenant}/v2.0`],
  ])('is rejected if it is %s', async (_, iss) => {
    const rejection = { code: 'authorization_response_invalid', check: 'iss' };
    const { logIn, server } = await setUpClient({}, iss);
    await expect(logIn()).rejects.toMatchObject(rejection);
    const browser = await setUpBrowser({}, iss);
    await expect(browser.logIn()).rejects.toMatchObject(rejection);
    expect([server.tokenRequests, browser.server.tokenRequests]).toEqual([[], []]);
  });

  test('must be that of the ID token', async () => {
    const rejection = { code: 'id_token_invalid', check: 'iss' };
    const lie = { acceptTenant: [tenant, otherTenant] };
    await expect((await setUpClient(lie, createIssuer(otherTenant))).logIn()).rejects.toMatchObject(
      rejection,
    );
    const browser = await setUpBrowser(lie, createIssuer(otherTenant));
    await expect(browser.logIn()).rejects.toMatchObject(rejection);
    expect(browser.getStored()).toBeUndefined();
    await (await setUpClient(lie, createIssuer(tenant))).logIn();
    await (await setUpBrowser(lie, createIssuer(tenant))).logIn();
  });
});

test.each([
  ['another tenant', { iss: createIssuer(otherTenant), tid: otherTenant }],
  ['the iss of the login with another tid', { tid: otherTenant }],
])('B24: a refreshed ID token of %s ends the login', async (_, changes) => {
  const { client, server, logIn } = await setUpClient({ acceptTenant: [tenant, otherTenant] });
  const { refreshToken = '', claims } = await logIn();
  const honest = server.claims;
  server.claims = (received) => ({ ...honest(received), ...changes });
  await expect(refreshTokens(client, refreshToken, { claims })).rejects.toMatchObject({
    code: 'id_token_invalid',
    check: 'iss',
  });
});

test('a refresh keeps the login of a tenant that is no longer accepted, without the new ID token', async () => {
  const accepted = new Set([tenant]);
  const { client, logIn } = await setUpClient({ acceptTenant: (id) => accepted.has(id) });
  const { refreshToken = '', claims } = await logIn();
  accepted.clear();
  const tokens = await refreshTokens(client, refreshToken, { claims });
  expect([tokens.accessToken, tokens.idToken]).toEqual([expect.any(String), undefined]);
});

test('a logout token names the issuer of its tenant, even of one that is no longer accepted', async () => {
  const { client, server } = await setUpClient({ acceptTenant: () => false });
  const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
  const sign = async (changes: object) =>
    server.sign({
      ...server.claims({ aud: 'web', sub: 'user-1', jti: 'a', iat: time, exp: time + 60, events }),
      ...changes,
    });
  await expect(validateLogoutToken(client, await sign({}))).resolves.toMatchObject({
    iss: createIssuer(tenant),
  });
  for (const changes of [
    { tid: otherTenant },
    { tid: undefined },
    { iss: undefined, tid: undefined },
    { iss: template },
  ])
    await expect(validateLogoutToken(client, await sign(changes))).rejects.toMatchObject({ check: 'iss' });
  Object.assign(server.keys[0] as object, { issuer: createIssuer(otherTenant) });
  const { client: next } = await setUpClient({ keyIssuer: createIssuer(otherTenant) });
  await expect(validateLogoutToken(next, await sign({}))).rejects.toMatchObject({ check: 'kid' });
  const query = (iss: string) => new URLSearchParams({ iss, sid: 's' });
  expect(validateFrontchannelLogout(client, query(createIssuer(tenant)))).toEqual({ sid: 's' });
  expect(() => validateFrontchannelLogout(client, query(template))).toThrow('"iss"');
});

test('an API accepts tokens of version 1 only if the preset says so', async () => {
  const { entra } = await import('../../src/providers/index.ts');
  const { server, fetch } = await createTenantProvider(now);
  const claims = { sub: 'u', aud: audience, appid: 'web', scp: 'read', iat: time, exp: time + 60 };
  const v1 = { iss: `https://sts.windows.net/${tenant}/`, tid: tenant };
  const verify = async (accessTokenVersion: 1 | 2, changes: object = {}) => {
    const provider = entra({ tenant: 'common', acceptTenant: [tenant], accessTokenVersion });
    const toAddress = (url: string) => url.replace('/common/v2.0/', '/');
    const verifier = createAccessTokenVerifier({
      provider,
      audience,
      fetch: (url, init) => fetch(toAddress(url), init),
      now,
      onEvent() {},
    });
    return verifier.verifyToken(await server.sign({ ...claims, ...v1, ...changes }, { typ: 'JWT' }));
  };
  await expect(verify(1)).resolves.toMatchObject({ issuer: v1.iss });
  await expect(verify(2)).rejects.toMatchObject({ check: 'iss' });
  await expect(verify(1, { tid: otherTenant })).rejects.toMatchObject({ check: 'iss' });
  Object.assign(server.keys[0] as object, { issuer: createIssuer(otherTenant) });
  await expect(verify(1)).rejects.toMatchObject({ check: 'signature' });
  Object.assign(server.keys[0] as object, { issuer: createIssuer(tenant) });
  await expect(verify(1)).resolves.toMatchObject({ issuer: v1.iss });
});
