// @platforms node, edge: the suite replaces `window` and `location`, and a Request in a browser has no Cookie header.
import { type RefreshOutcome, type RefreshRejection, refreshRejections } from '@countersign/testing';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  type AuthEvent,
  createRefreshCoordinator,
  LoginRequiredError,
  type TokenHolder,
} from '../../src/index.ts';
import { auth0, dex } from '../../src/providers/index.ts';
import { createBrowserHarness } from '../conformance/browser/browser-harness.ts';
import { createHarness } from '../support/client/harness.ts';
import { createSessionOptions, createWebApp, sessionKinds } from '../support/web-browser.ts';

const calls = 20;

/** The error of each call. For `unavailable`, each call sends a request. */
const codes: Readonly<Record<RefreshOutcome, { readonly name: string; readonly code: string }>> = {
  login_ended: { name: 'LoginRequiredError', code: 'session_ended' },
  interaction_required: { name: 'LoginRequiredError', code: 'interaction_required' },
  client_rejected: { name: 'AuthorizationServerError', code: 'client_rejected' },
  rejected: { name: 'LoginRequiredError', code: 'refresh_rejected' },
  unavailable: { name: 'TransportError', code: 'server_error' },
};

const countRequests = (outcome: RefreshOutcome) => (outcome === 'unavailable' ? calls : 1);

/** Runs a call several times and returns its errors. */
async function repeat(call: () => Promise<unknown>): Promise<unknown[]> {
  const errors: unknown[] = [];
  for (let i = 0; i < calls; i++)
    errors.push(
      await call().then(
        (value) => value,
        (error: unknown) => error,
      ),
    );
  return errors;
}

function expectErrors(
  errors: readonly unknown[],
  { failure, outcome }: RefreshRejection,
  status = failure.status,
) {
  expect(errors[0]).toMatchObject({ ...codes[outcome], ...(outcome !== 'login_ended' && { status }) });
  for (const error of errors.slice(1)) {
    expect(error).toMatchObject(outcome === 'login_ended' ? { name: 'LoginRequiredError' } : codes[outcome]);
  }
}

const log = vi.spyOn(console, 'error').mockImplementation(() => {});
vi.spyOn(console, 'warn').mockImplementation(() => {});
afterEach(() => {
  log.mockClear();
  vi.unstubAllGlobals();
});

describe.each(refreshRejections)('C5: a refresh that is rejected with $name', (rejection) => {
  const { failure, outcome } = rejection;

  test('C5: in the coordinator of a client', async () => {
    const events: AuthEvent[] = [];
    const harness = await createHarness({ client: { onEvent: (event) => events.push(event) } });
    await harness.logIn();
    const storedBefore = harness.stored;
    const holder: TokenHolder = {
      read: async () => harness.stored,
      write: async () => ({}),
      end: async () => {
        harness.stored = undefined;
      },
    };
    harness.server.clock.advance(3_601);
    harness.server.fail('token', { ...failure, times: 99 });
    const coordinator = createRefreshCoordinator(harness.client);
    const errors = await repeat(() => coordinator.getAccessToken(holder));
    expectErrors(errors, rejection);
    expect(harness.server.requestsTo('token')).toHaveLength(1 + countRequests(outcome));
    expect(harness.stored).toBe(outcome === 'login_ended' ? undefined : storedBefore);
    const ended = events.filter(({ type }) => type === 'session.ended');
    expect(ended).toHaveLength(outcome === 'login_ended' ? 1 : 0);
    expect(events).toContainEqual(expect.objectContaining({ type: 'refresh.failed' }));
    expect(log).toHaveBeenCalledTimes(outcome === 'client_rejected' ? 1 : 0);
    if (outcome === 'client_rejected') expect(log.mock.lastCall?.[0]).toContain('"web"');
  });

  test.each(sessionKinds)('C5: in a session: %s', async (kind) => {
    const app = await createWebApp(createSessionOptions(kind));
    const browser = app.open();
    await browser.logIn();
    app.server.clock.advance(3_601);
    app.server.fail('token', { ...failure, times: 99 });
    const errors = await repeat(async () => {
      const requestSession = await app.sessions.open(browser.header());
      return requestSession.getAccessToken();
    });
    expectErrors(errors, rejection);
    expect(app.server.requestsTo('token')).toHaveLength(1 + countRequests(outcome));
    const { session } = await app.sessions.open(browser.header());
    expect(session === undefined).toBe(outcome === 'login_ended');
  });

  test('C5: in the browser client', async () => {
    const { auth, server, logIn, stored } = await createBrowserHarness();
    await logIn();
    const { refreshToken } = stored() ?? {};
    server.clock.advance(3_601);
    server.fail('token', { ...failure, times: 99 });
    const errors = await repeat(() => {
      // After a failure of the provider, the browser client pauses at most a minute.
      if (outcome === 'unavailable') server.clock.advance(70);
      return auth.getAccessToken();
    });
    expectErrors(errors, rejection);
    expect(server.requestsTo('token')).toHaveLength(1 + countRequests(outcome));
    expect(auth.snapshot().status).toBe(outcome === 'login_ended' ? 'signed-out' : 'signed-in');
    if (outcome !== 'login_ended') expect(stored()?.refreshToken).toBe(refreshToken);
    auth.stop();
  });
});

describe('C5: after a rejection', () => {
  test('the pause grows from 10 to 60 seconds, and a success ends it', async () => {
    const harness = await createHarness();
    harness.server.clock.stop();
    await harness.logIn();
    const countTokenRequests = () => harness.server.requestsTo('token').length;
    const before = countTokenRequests();
    harness.server.fail('token', { status: 400, times: 5 });
    const requests: number[] = [];
    for (let second = 0; second < 200; second++) {
      await harness.refresh().catch(() => {});
      if (countTokenRequests() > before + requests.length) requests.push(second);
      harness.server.clock.advance(1);
      if (requests.length === 6) break;
    }
    expect(requests).toEqual([0, 10, 30, 70, 130, 190]);
    await harness.refresh();
  });

  test('a clock that was set back does not prolong the pause', async () => {
    let offset = 0;
    const harness = await createHarness({ client: { now: () => harness.server.clock.now() + offset } });
    await harness.logIn();
    harness.server.fail('token', { status: 400 });
    await expect(harness.refresh()).rejects.toMatchObject({ code: 'refresh_rejected' });
    offset = -7_200_000;
    await harness.refresh();
  });

  test('a valid access token is returned until its expiry', async () => {
    const app = await createWebApp();
    const browser = app.open();
    await browser.logIn();
    const getToken = async () => (await app.sessions.open(browser.header())).getAccessToken();
    const { accessToken } = await getToken();
    app.server.clock.advance(3_580);
    app.server.fail('token', { status: 400, times: 99 });
    expect((await getToken()).accessToken).toBe(accessToken);
    app.server.clock.advance(21);
    await expect(getToken()).rejects.toMatchObject({ code: 'refresh_rejected', status: 400 });
  });

  test.each(['invalid_target', 'invalid_scope', 'consent_required'])(
    '%s for one resource does not affect other tokens of the login',
    async (error) => {
      const app = await createWebApp();
      const browser = app.open();
      await browser.logIn();
      const body = JSON.stringify({ error });
      app.server.fail('token', { status: 400, headers: { 'content-type': 'application/json' }, body });
      const requestSession = await app.sessions.open(browser.header());
      const resource = 'https://api.example.test';
      const isConsent = error === 'consent_required';
      for (let i = 0; i < 3; i++) {
        await expect(requestSession.getAccessToken({ resource })).rejects.toMatchObject(
          isConsent
            ? { code: 'interaction_required', authorization: { prompt: 'consent', resource } }
            : { code: 'token_error', error, status: 400 },
        );
      }
      expect(app.server.requestsTo('token')).toHaveLength(2);
      await requestSession.getAccessToken({ resource: 'https://other.example.test' });
      await requestSession.getAccessToken({ forceRefresh: true });
      expect(app.server.requestsTo('token')).toHaveLength(4);
      expect(requestSession.session).toBeDefined();
    },
  );

  test.each(sessionKinds)(
    'a rejection directly after a login leads to an error, and a later one to a login: %s',
    async (kind) => {
      const app = await createWebApp(createSessionOptions(kind));
      const browser = app.open();
      const resource = 'https://api.example.test';
      const getToken = async () => (await app.sessions.open(browser.header())).getAccessToken({ resource });
      const failNext = () => app.server.fail('token', { status: 400 });
      await browser.logIn();
      failNext();
      await expect(getToken()).rejects.toBeInstanceOf(LoginRequiredError);
      await expect(getToken()).rejects.toMatchObject({ code: 'refresh_rejected' });
      app.server.clock.advance(1);
      await browser.logIn();
      failNext();
      await expect(getToken()).rejects.toMatchObject({
        name: 'AuthorizationServerError',
        code: 'token_error',
        status: 400,
        message: expect.stringContaining('A login of this user did not help'),
      });
      app.server.clock.advance(1_000);
      failNext();
      await expect(getToken()).rejects.toMatchObject({ code: 'refresh_rejected' });
    },
  );
});

describe('C5: the preset of a provider', () => {
  const failure = {
    status: 400,
    headers: { 'content-type': 'application/json' },
    body: '{"error":"invalid_request","error_description":"Refresh token expired."}',
  };
  const provider = dex({ issuer: 'https://auth.example.test' });

  test('ends the login in a session', async () => {
    const app = await createWebApp({}, { client: { provider } });
    const browser = app.open();
    await browser.logIn();
    app.server.fail('token', failure);
    const requestSession = await app.sessions.open(browser.header());
    await expect(requestSession.getAccessToken({ forceRefresh: true })).rejects.toMatchObject({
      code: 'session_ended',
      error: 'invalid_request',
    });
    expect(requestSession.session).toBeUndefined();
  });

  test('ends the login in the browser client', async () => {
    const { auth, server, logIn } = await createBrowserHarness({ client: { provider } });
    await logIn();
    server.fail('token', failure);
    await expect(auth.getAccessToken({ forceRefresh: true })).rejects.toMatchObject({
      code: 'session_ended',
    });
    auth.stop();
  });

  test('rejects the ID token of another organization in the browser client', async () => {
    const domain = 'tenant.auth.example.test';
    const logInWith = async (organization: string) => {
      const { auth, logIn } = await createBrowserHarness({
        server: { flavour: 'auth0', users: [{ sub: 'auth0|1', claims: { org_id: 'org_1' } }] },
        client: { provider: auth0({ domain, organization }) },
      });
      return logIn().finally(() => auth.stop());
    };
    await logInWith('org_1');
    await expect(logInWith('org_2')).rejects.toMatchObject({ code: 'id_token_invalid', check: 'org_id' });
  });
});
