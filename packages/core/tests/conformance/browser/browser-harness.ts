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
  type BrowserAuthOptions,
  createBrowserAuth,
  createMemoryStorage,
  type LoginOptions,
  type TokenSet,
  type TokenStorage,
} from '../../../src/browser/index.ts';
import { type HarnessOptions, type Refusal, redirectUri } from '../harness.ts';
import { showPage } from './page.ts';

/** A single-page application with the browser's own client, and the provider that it meets. */
export interface BrowserHarness {
  readonly server: TestAuthorizationServer;
  readonly auth: BrowserAuth;
  readonly events: AuthEvent[];
  /** Where the page was sent to. */
  readonly visited: string[];
  /** What the client keeps. */
  stored(): TokenSet | undefined;
  /** From the button to the tokens. */
  logIn(request?: LoginOptions): Promise<void>;
  calls(): (Endpoint | undefined)[];
}

export interface BrowserHarnessOptions extends Omit<HarnessOptions, 'client'> {
  readonly client?: Partial<BrowserAuthOptions>;
}

export async function createBrowserHarness(options: BrowserHarnessOptions = {}): Promise<BrowserHarness> {
  showPage('https://app.example.test/items');
  const registration: TestClient = { clientId: 'spa', redirectUris: [redirectUri], ...options.registration };
  const server = await createTestAuthorizationServer({
    clients: [registration],
    ...(options.lies && { lies: options.lies }),
    ...options.server,
  });
  const events: AuthEvent[] = [];
  const visited: string[] = [];
  const memory = createMemoryStorage();
  let stored: TokenSet | undefined;
  const storage: TokenStorage = {
    ...memory,
    update: (key, change) =>
      memory.update?.(key, (kept) => {
        stored = change(kept);
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
    navigate: (url) => void visited.push(url),
    now: server.clock.now,
    onEvent: (event) => events.push(event),
    ...options.client,
  });
  await auth.start();
  return {
    server,
    auth,
    events,
    visited,
    stored: () => stored,
    async logIn(request) {
      await auth.login(request);
      const { url } = await server.authorize(visited.at(-1) as string);
      await auth.handleCallback(url.href);
    },
    calls: () => server.requests.map(({ endpoint }) => endpoint),
  };
}

/** Runs what must be refused: with our own error, with nothing kept, and with the last call where it belongs. */
export async function expectBrowserRefusal(
  harness: BrowserHarness,
  run: () => Promise<unknown>,
  refusal: Refusal,
  lastCall: Endpoint,
): Promise<string> {
  const { auth, events } = harness;
  const before = harness.stored();
  const logins = () => events.filter(({ type }) => type === 'login.succeeded').length;
  const loginsBefore = logins();
  const outcome = await run().then(
    () => undefined,
    (error: unknown) => error as { name: string; code: string; check?: string },
  );
  expect(outcome, 'nothing was refused').toBeDefined();
  expect(outcome).toMatchObject({
    name: refusal.error,
    code: refusal.code,
    ...(refusal.check !== undefined && { check: refusal.check }),
  });
  expect(harness.stored(), 'something was stored').toBe(before);
  expect(logins(), 'a login was reported').toBe(loginsBefore);
  expect(harness.calls().at(-1), 'the last call').toBe(lastCall);
  if (!before) {
    expect(auth.snapshot().status).not.toBe('signed-in');
    expect(auth.snapshot().claims).toBeUndefined();
    const calls = harness.calls().length;
    await expect(auth.getAccessToken()).rejects.toMatchObject({ name: 'LoginRequiredError' });
    expect(harness.calls(), 'a later request went out').toHaveLength(calls);
  }
  return refusal.check === undefined ? refusal.code : `${refusal.code} (${refusal.check})`;
}
