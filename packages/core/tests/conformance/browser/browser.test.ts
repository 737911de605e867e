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
  expectBrowserRefusal,
} from './browser-harness.ts';
import { notForBrowsers } from './not-applicable.ts';
import { storedNames } from './page.ts';

const open: BrowserAuth[] = [];
afterEach(() => {
  for (const auth of open.splice(0)) auth.stop();
  vi.unstubAllGlobals();
});

async function create(options?: BrowserHarnessOptions): Promise<BrowserHarness> {
  const harness = await createBrowserHarness(options);
  open.push(harness.auth);
  return harness;
}

/** What a public client can do of FAPI 2.0: PAR, DPoP with nonces, PS256. */
function fapi(more: BrowserHarnessOptions = {}): BrowserHarnessOptions {
  return {
    ...more,
    server: { requirePushedAuthorizationRequests: true, dpopNonce: true, decoyKeys: true, ...more.server },
    registration: { idTokenSignedResponseAlg: 'PS256', dpopBoundAccessTokens: true, ...more.registration },
    client: { idTokenSignedResponseAlg: 'PS256', dpop: createDpop, ...more.client },
  };
}

/** The signature is verified before any claim is looked at, so the keys have been asked for by then. */
function refusalOf({ refusal, refresh }: Row) {
  if (!refusal) return undefined;
  const { code, check } = refusal;
  if (code === 'id_token_invalid' && check !== 'alg' && !refresh) {
    return { ...refusal, after: 'jwks' as const };
  }
  // Here a login is found by its state: an answer with another one belongs to none.
  return code === 'authorization_response_invalid' && check === 'state'
    ? { ...refusal, code: 'transaction_invalid' }
    : refusal;
}

async function runBrowserRow(row: Row, task: { meta: object }, options: BrowserHarnessOptions) {
  const { id, verdict } = row;
  const refusal = refusalOf(row);
  const harness = await create({ ...options, ...(row.lies && { lies: row.lies }) });
  let run = () => harness.logIn();
  if (row.refresh) {
    await harness.logIn();
    for (const lie of row.refreshLies ?? []) harness.server.lies.add(lie);
    run = () => harness.auth.getAccessToken({ forceRefresh: true }) as Promise<never>;
  }
  if (refusal) {
    const code = await expectBrowserRefusal(harness, run, refusal, refusal.after);
    record(task, { client: 'browser', id, verdict, result: 'refused', code });
    return;
  }
  await run();
  expect(harness.auth.snapshot()).toMatchObject({ status: 'signed-in', claims: { sub: 'alice' } });
  expect(harness.stored()?.claims?.sub).toBe('alice');
  expect(storedNames()).toEqual([]);
  record(task, { client: 'browser', id, verdict, result: 'accepted' });
}

const skipped = new Set(notForBrowsers.flatMap(({ ids }) => ids));
const applicable = (rows: readonly Row[]) => rows.filter(({ id }) => !skipped.has(id));

/** Of a row for the server's client: what concerns this one. */
function optionsOf({ options = {} }: Row): BrowserHarnessOptions {
  const { client, ...rest } = options;
  const alg = client?.idTokenSignedResponseAlg;
  return { ...rest, ...(alg !== undefined && { client: { idTokenSignedResponseAlg: alg } }) };
}

describe("the browser's client: OpenID Connect Core, section 1", () => {
  for (const row of applicable(openidRows)) {
    test(row.module, ({ task }) => runBrowserRow(row, task, optionsOf(row)));
  }

  test('oidcc-client-test-kid-absent-multiple-jwks', async ({ task }) => {
    const harness = await create({ lies: ['id_token_kid_missing', 'jwks_without_kid'] });
    await harness.server.rotateKeys({ keepOld: true });
    const refusal = { error: 'ValidationError', code: 'id_token_invalid', check: 'kid' } as const;
    const code = await expectBrowserRefusal(harness, () => harness.logIn(), refusal, 'jwks');
    record(task, { client: 'browser', id: '7', verdict: 'A/R', result: 'refused', code });
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
    const { url } = await harness.server.authorize(harness.visited.at(-1) as string);
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
    const url = new URL(harness.visited.at(-1) as string);
    expect(url.searchParams.get('id_token_hint')).toBe(idToken);
    expect((await harness.server.authorize(url)).url.href).toBe(postLogoutRedirectUri);
    expect(harness.stored()).toBeUndefined();
    record(task, { client: 'browser', id: 'L1', verdict: 'A', result: 'accepted' });
  });
});

const name = (suffix: string) => `fapi2-security-profile-final-client-${suffix}`;

describe("the browser's client: sections 3 and 4, as far as a public client goes", () => {
  for (const row of applicable([...securityProfileRows, ...messageSigningRows, ...fapi1AdvancedRows])) {
    test(row.module, ({ task }) => runBrowserRow(row, task, fapi(optionsOf(row))));
  }

  test(name('test-happy-path'), async ({ task }) => {
    const harness = await create(fapi());
    await harness.logIn();
    expect(harness.stored()?.accessTokens[0]?.tokenType).toBe('DPoP');
    // A nonce is demanded once; from then on it is in every proof.
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

  test(name('test-rs-dpop-auth-scheme-case-insensitivity'), async ({ task }) => {
    const harness = await create(fapi({ server: { dpopNonce: false } }));
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

  test(name('test-happy-path-no-dpop-nonce'), async ({ task }) => {
    const harness = await create(fapi({ server: { dpopNonce: false } }));
    await harness.logIn();
    expect(harness.server.requestsTo('token')).toHaveLength(1);
    record(task, { client: 'browser', id: 'F22', verdict: 'A', result: 'accepted' });
  });

  test(name('refresh-token-test'), async ({ task }) => {
    const harness = await create(fapi());
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
    const refusal = { error: 'ValidationError', code: 'id_token_invalid', check: 'format' } as const;
    const code = await expectBrowserRefusal(harness, () => harness.logIn(), refusal, 'token');
    record(task, { client: 'browser', id: 'FA7', verdict: 'R', result: 'refused', code });
  });
});
