import { afterEach, describe, expect, test, vi } from 'vitest';
import { type BrowserAuth, createDpop } from '../../../src/browser/index.ts';
import { fapi1AdvancedRows } from '../rows/fapi1-advanced.ts';
import { messageSigningRows } from '../rows/fapi2-message-signing.ts';
import { securityProfileRows } from '../rows/fapi2-security-profile.ts';
import { openidRows } from '../rows/openid.ts';
import type { Row } from '../rows/row.ts';
import { record } from '../run-row.ts';
import {
  type BrowserHarness,
  type BrowserHarnessOptions,
  createBrowserHarness,
  expectBrowserRejection,
} from './browser-harness.ts';
import { notForBrowsers } from './not-applicable.ts';
import { listStoredNames } from './page.ts';

const clients: BrowserAuth[] = [];
afterEach(() => {
  for (const auth of clients.splice(0)) auth.stop();
  vi.unstubAllGlobals();
});

async function create(options?: BrowserHarnessOptions): Promise<BrowserHarness> {
  const harness = await createBrowserHarness(options);
  clients.push(harness.auth);
  return harness;
}

/** Creates options with the parts of FAPI 2.0 that a public client supports: PAR, DPoP with nonces, PS256. */
function createFapiOptions(more: BrowserHarnessOptions = {}): BrowserHarnessOptions {
  return {
    ...more,
    server: { requirePushedAuthorizationRequests: true, dpopNonce: true, decoyKeys: true, ...more.server },
    registration: { idTokenSignedResponseAlg: 'PS256', dpopBoundAccessTokens: true, ...more.registration },
    client: { idTokenSignedResponseAlg: 'PS256', dpop: createDpop, ...more.client },
  };
}

/** The browser client verifies the signature before the claims, so that the keys are fetched first. */
function toBrowserRejection({ rejection, refresh }: Row) {
  if (!rejection) return undefined;
  const { code, check } = rejection;
  if (code === 'id_token_invalid' && check !== 'alg' && !refresh) {
    return { ...rejection, after: 'jwks' as const };
  }
  // The browser client finds a login by its state. A response with another state belongs to no login.
  return code === 'authorization_response_invalid' && check === 'state'
    ? { ...rejection, code: 'transaction_invalid' }
    : rejection;
}

async function runBrowserRow(row: Row, task: { meta: object }, options: BrowserHarnessOptions) {
  const { id, verdict } = row;
  const rejection = toBrowserRejection(row);
  const harness = await create({ ...options, ...(row.faults && { faults: row.faults }) });
  let run = () => harness.logIn();
  if (row.refresh) {
    await harness.logIn();
    for (const fault of row.refreshFaults ?? []) harness.server.faults.add(fault);
    run = () => harness.auth.getAccessToken({ forceRefresh: true }) as Promise<never>;
  }
  if (rejection) {
    const code = await expectBrowserRejection(harness, run, rejection, rejection.after);
    record(task, { client: 'browser', id, verdict, result: 'rejected', code });
    return;
  }
  await run();
  expect(harness.auth.snapshot()).toMatchObject({ status: 'signed-in', claims: { sub: 'alice' } });
  expect(harness.stored()?.claims?.sub).toBe('alice');
  expect(listStoredNames()).toEqual([]);
  record(task, { client: 'browser', id, verdict, result: 'accepted' });
}

const excludedIds = new Set(notForBrowsers.flatMap(({ ids }) => ids));
const selectApplicable = (rows: readonly Row[]) => rows.filter(({ id }) => !excludedIds.has(id));

/** Selects the options of a row that apply to the browser client. */
function toBrowserOptions({ options = {} }: Row): BrowserHarnessOptions {
  const { client, ...rest } = options;
  const alg = client?.idTokenSignedResponseAlg;
  return { ...rest, ...(alg !== undefined && { client: { idTokenSignedResponseAlg: alg } }) };
}

describe('browser client: OpenID Connect Core, section 1', () => {
  for (const row of selectApplicable(openidRows)) {
    test(row.module, ({ task }) => runBrowserRow(row, task, toBrowserOptions(row)));
  }

  test('oidcc-client-test-kid-absent-multiple-jwks', async ({ task }) => {
    const harness = await create({ faults: ['id_token_kid_missing', 'jwks_without_kid'] });
    await harness.server.rotateKeys({ keepOld: true });
    await harness.logIn();
    record(task, { client: 'browser', id: '7', verdict: 'A/R', result: 'accepted' });
  });

  test('oidcc-client-test-discovery-openid-config', async ({ task }) => {
    const harness = await create();
    await harness.logIn();
    expect(harness.server.requests[0]).toMatchObject({
      method: 'GET',
      path: '/.well-known/openid-configuration',
    });
    record(task, { client: 'browser', id: '15', verdict: 'A', result: 'accepted' });
  });

  test('oidcc-client-test-discovery-jwks-uri-keys', async ({ task }) => {
    const harness = await create();
    await harness.logIn();
    expect(harness.calls()).toEqual(['discovery', 'authorization', 'token', 'jwks']);
    record(task, { client: 'browser', id: '16', verdict: 'A', result: 'accepted' });
  });

  test('oidcc-client-test-signing-key-rotation-just-before-signing', async ({ task }) => {
    const harness = await create();
    await harness.logIn();
    await harness.server.rotateKeys();
    await harness.logIn();
    expect(harness.server.requestsTo('jwks')).toHaveLength(2);
    record(task, { client: 'browser', id: '18', verdict: 'A', result: 'accepted' });
  });

  test('oidcc-client-test-signing-key-rotation', async ({ task }) => {
    const harness = await create();
    await harness.logIn();
    await harness.auth.login();
    await harness.server.rotateKeys();
    const { url } = await harness.server.authorize(harness.visitedUrls.at(-1) as string);
    await harness.auth.handleCallback(url.href);
    expect(harness.server.requestsTo('jwks')).toHaveLength(2);
    record(task, { client: 'browser', id: '19', verdict: 'A', result: 'accepted' });
  });

  test('oidcc-client-test-userinfo-bearer-header', async ({ task }) => {
    const harness = await create();
    await harness.logIn();
    const { auth, server } = harness;
    const url = `${server.issuer}/userinfo`;
    const headers = await auth.authorize({ method: 'GET', url }, await auth.getAccessToken());
    expect(await (await server.fetch(url, { headers })).json()).toMatchObject({ sub: 'alice' });
    const [request] = server.requestsTo('userinfo');
    expect(request?.headers.authorization).toMatch(/^Bearer ./);
    expect(request?.query).toEqual({});
    record(task, { client: 'browser', id: '33', verdict: 'A', result: 'accepted' });
  });

  test('oidcc-client-test-rp-init-logout', async ({ task }) => {
    const postLogoutRedirectUri = 'https://app.example.test/';
    const harness = await create({
      registration: { postLogoutRedirectUris: [postLogoutRedirectUri] },
      client: { postLogoutRedirectUri },
    });
    await harness.logIn();
    const idToken = harness.stored()?.idToken;
    await harness.auth.logout();
    const url = new URL(harness.visitedUrls.at(-1) as string);
    expect(url.searchParams.get('id_token_hint')).toBe(idToken);
    const redirect = (await harness.server.authorize(url)).url;
    // Only a page of the same origin can compare the state.
    const state = url.searchParams.get('state');
    expect(state !== null).toBe(location.origin === new URL(postLogoutRedirectUri).origin);
    expect(redirect.href).toBe(`${postLogoutRedirectUri}${state === null ? '' : `?state=${state}`}`);
    expect(harness.stored()).toBeUndefined();
    record(task, { client: 'browser', id: 'L1', verdict: 'A', result: 'accepted' });
  });
});

const createFapi2Name = (suffix: string) => `fapi2-security-profile-final-client-${suffix}`;

describe('browser client: sections 3 and 4, for a public client', () => {
  for (const row of selectApplicable([...securityProfileRows, ...messageSigningRows, ...fapi1AdvancedRows])) {
    test(row.module, ({ task }) => runBrowserRow(row, task, createFapiOptions(toBrowserOptions(row))));
  }

  test(createFapi2Name('test-happy-path'), async ({ task }) => {
    const harness = await create(createFapiOptions());
    await harness.logIn();
    expect(harness.stored()?.accessTokens[0]?.tokenType).toBe('DPoP');
    // The provider requires a nonce once. Each further proof contains it.
    expect(harness.server.requestsTo('pushed_authorization_request').map(({ status }) => status)).toEqual([
      400, 201,
    ]);
    expect(harness.server.requestsTo('token').map(({ status }) => status)).toEqual([200]);
    expect(Object.keys(harness.server.requestsTo('authorization')[0]?.query ?? {})).toEqual([
      'client_id',
      'request_uri',
    ]);
    record(task, { client: 'browser', id: 'F1', verdict: 'A', result: 'accepted' });
  });

  test(createFapi2Name('test-rs-dpop-auth-scheme-case-insensitivity'), async ({ task }) => {
    const harness = await create(createFapiOptions({ server: { dpopNonce: false } }));
    await harness.logIn();
    const { auth, server } = harness;
    server.fail('userinfo', {
      status: 401,
      headers: { 'www-authenticate': 'dPoP error="use_dpop_nonce"', 'dpop-nonce': 'a-nonce' },
    });
    const url = `${server.issuer}/userinfo`;
    const token = await auth.getAccessToken();
    const send = async () =>
      server.fetch(url, { headers: await auth.authorize({ method: 'GET', url }, token) });
    expect(await auth.rememberNonce(url, (await send()).headers)).toBe(true);
    expect((await send()).status).toBe(200);
    record(task, { client: 'browser', id: 'F21', verdict: 'A', result: 'accepted' });
  });

  test(createFapi2Name('test-happy-path-no-dpop-nonce'), async ({ task }) => {
    const harness = await create(createFapiOptions({ server: { dpopNonce: false } }));
    await harness.logIn();
    expect(harness.server.requestsTo('token')).toHaveLength(1);
    record(task, { client: 'browser', id: 'F22', verdict: 'A', result: 'accepted' });
  });

  test(createFapi2Name('refresh-token-test'), async ({ task }) => {
    const harness = await create(createFapiOptions());
    await harness.logIn();
    const first = harness.stored()?.refreshToken;
    await harness.auth.getAccessToken({ forceRefresh: true });
    const second = harness.stored()?.refreshToken;
    await harness.auth.getAccessToken({ forceRefresh: true });
    expect(new Set([first, second, harness.stored()?.refreshToken]).size).toBe(3);
    expect(harness.server.requestsTo('token').at(-1)?.body.refresh_token).toBe(second);
    record(task, { client: 'browser', id: 'F32', verdict: 'A', result: 'accepted' });
  });

  test('fapi1-advanced-final-client-test-encrypted-idtoken-usingrsa15', async ({ task }) => {
    const harness = await create();
    harness.server.fail('token', {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        access_token: 'at',
        token_type: 'Bearer',
        id_token: `${btoa('{"alg":"RSA1_5","enc":"A256GCM"}')}.a2V5.aXY.dGV4dA.dGFn`,
      }),
    });
    const rejection = { error: 'ValidationError', code: 'id_token_invalid', check: 'format' } as const;
    const code = await expectBrowserRejection(harness, () => harness.logIn(), rejection, 'token');
    record(task, { client: 'browser', id: 'FA7', verdict: 'R', result: 'rejected', code });
  });
});
