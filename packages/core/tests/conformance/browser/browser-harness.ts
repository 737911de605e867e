import {
  createTestAuthorizationServer,
  type Endpoint,
  type TestAuthorizationServer,
  type TestClient,
} from '@countersign/testing';
import { expect } from 'vitest';
import {
  type AuthEvent,
  type BrowserAuth,
  type BrowserAuthSettings,
  createBrowserAuth,
  createMemoryStorage,
  type LoginOptions,
  type TokenSet,
  type TokenStorage,
} from '../../../src/browser/index.ts';
import { type HarnessOptions, type Rejection, redirectUri } from '../../support/client/harness.ts';
import { preparePage } from './page.ts';

/** A single-page application with the browser client and a test provider. */
export interface BrowserHarness {
  readonly server: TestAuthorizationServer;
  readonly auth: BrowserAuth;
  readonly events: AuthEvent[];
  /** URLs that the page navigated to. */
  readonly visitedUrls: string[];
  /** Returns the tokens that the client stores. */
  stored(): TokenSet | undefined;
  /** Logs in. */
  logIn(request?: LoginOptions): Promise<void>;
  calls(): (Endpoint | undefined)[];
}

export interface BrowserHarnessOptions extends Omit<HarnessOptions, 'client'> {
  readonly client?: Partial<BrowserAuthSettings & { readonly issuer: string }>;
}

export async function createBrowserHarness(options: BrowserHarnessOptions = {}): Promise<BrowserHarness> {
  preparePage('https://app.example.test/items');
  const registration: TestClient = { clientId: 'spa', redirectUris: [redirectUri], ...options.registration };
  const server = await createTestAuthorizationServer({
    clients: [registration],
    ...(options.faults && { faults: options.faults }),
    ...options.server,
  });
  const events: AuthEvent[] = [];
  const visitedUrls: string[] = [];
  const memory = createMemoryStorage();
  let stored: TokenSet | undefined;
  const storage: TokenStorage = {
    ...memory,
    update: (key, change) =>
      memory.update?.(key, (tokens) => {
        stored = change(tokens);
        return stored;
      }),
  };
  const auth = createBrowserAuth({
    issuer: server.issuer,
    clientId: 'spa',
    redirectUri,
    scope: 'openid profile offline_access',
    storage,
    fetch: (url, init) => server.fetch(url, init),
    navigate: (url) => void visitedUrls.push(url),
    now: server.clock.now,
    onEvent: (event) => events.push(event),
    ...options.client,
  });
  await auth.start();
  return {
    server,
    auth,
    events,
    visitedUrls,
    stored: () => stored,
    async logIn(request) {
      await auth.login(request);
      const { url } = await server.authorize(visitedUrls.at(-1) as string);
      await auth.handleCallback(url.href);
    },
    calls: () => server.requests.map(({ endpoint }) => endpoint),
  };
}

const findHeldTokens = ({ accessTokens, refreshToken, idToken }: Partial<TokenSet> = {}): unknown[] =>
  [...(accessTokens ?? []), refreshToken, idToken].filter((each) => each !== undefined);

/** Expects a rejection with a typed error, after the given call, and without stored tokens. Returns its code for the report. */
export async function expectBrowserRejection(
  harness: BrowserHarness,
  run: () => Promise<unknown>,
  rejection: Rejection,
  lastCall: Endpoint,
): Promise<string> {
  const { auth, events } = harness;
  const storedBefore = harness.stored();
  const countLogins = () => events.filter(({ type }) => type === 'login.succeeded').length;
  const loginsBefore = countLogins();
  const outcome = await run().then(
    () => undefined,
    (error: unknown) => error as { name: string; code: string; check?: string },
  );
  expect(outcome, 'the operation must fail').toBeDefined();
  expect(outcome).toMatchObject({
    name: rejection.error,
    code: rejection.code,
    ...(rejection.check !== undefined && { check: rejection.check }),
  });
  // Of a login that the provider has ended, only its name is stored.
  if (rejection.code === 'session_ended')
    expect(findHeldTokens(harness.stored()), 'stored tokens').toEqual([]);
  else expect(harness.stored(), 'stored tokens').toBe(storedBefore);
  expect(countLogins(), 'no login must be reported').toBe(loginsBefore);
  expect(harness.calls().at(-1), 'the last call').toBe(lastCall);
  if (!storedBefore) {
    expect(auth.snapshot().status).not.toBe('signed-in');
    expect(auth.snapshot().claims).toBeUndefined();
    const calls = harness.calls().length;
    await expect(auth.getAccessToken()).rejects.toMatchObject({ name: 'LoginRequiredError' });
    expect(harness.calls(), 'no further request must be sent').toHaveLength(calls);
  }
  return rejection.check === undefined ? rejection.code : `${rejection.code} (${rejection.check})`;
}
