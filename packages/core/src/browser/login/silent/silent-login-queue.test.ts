// @platforms node, edge: the suite replaces `window` and `location`, which a browser does not allow.
import { expect, test, vi } from 'vitest';
import { origin, provider } from '../../../../tests/support/browser/browser-page.ts';
import { createFrameDocument } from '../../../../tests/support/browser/silent-frame.ts';
import { resolveOptions } from '../../options.ts';
import type { StoredTokenSet } from '../../state/login-holder.ts';
import { createLoginStore } from '../../state/login-store.ts';
import { createMemoryStorage } from '../../state/token-storage.ts';
import { createSilentLogin } from './silent-login.ts';

const scopes = ['a', 'b', 'c'];

/** Stores a login, and starts a silent login of it for each scope: they run one after the other. */
async function setUp(respond: (url: string) => string) {
  const frames: string[] = [];
  vi.stubGlobal(
    'document',
    createFrameDocument((url) => {
      frames.push(url);
      return respond(url);
    }),
  );
  const context = resolveOptions({
    issuer: provider.issuer,
    clientId: 'spa',
    redirectUri: `${origin}/callback`,
    silentRedirectUri: `${origin}/silent.html`,
    fetch: provider.fetch,
    onEvent: () => {},
  });
  const store = createLoginStore(context, createMemoryStorage());
  const holder = { iss: provider.issuer, sub: 'user-1', login: 'first' };
  const tokens = {
    accessTokens: [],
    scopes: ['openid'],
    updatedAt: 0,
    claims: { iss: holder.iss, sub: holder.sub },
    login: holder.login,
    loginStartedAt: 1,
  } as unknown as StoredTokenSet;
  await store.changeTokens(() => tokens);
  const silentLogin = createSilentLogin(context, store, { onSuccess: () => {} });
  const start = () => Promise.allSettled(scopes.map((scope) => silentLogin(holder, { scope })));
  return { frames, start, store, tokens };
}

const deny = (url: string, error: string) =>
  provider.approve(url, (parameters) => {
    parameters.delete('code');
    parameters.set('error', error);
  });

test('the runs that wait fail with the error of the first one if the provider is unavailable', async () => {
  const { frames, start } = await setUp((url) => provider.approve(url));
  provider.intercept = () => new Response(null, { status: 503 });
  const results = await start();
  expect(results.map((result) => result.status === 'rejected' && result.reason.code)).toEqual(
    scopes.map(() => 'server_error'),
  );
  expect(new Set(frames).size).toBe(1);
  // A later call tries again.
  await start();
  expect(new Set(frames).size).toBe(2);
});

test('a run that waits continues after another error', async () => {
  const { frames, start } = await setUp((url) => deny(url, 'invalid_scope'));
  expect(await start()).toEqual(
    scopes.map(() => ({ status: 'rejected', reason: expect.objectContaining({ error: 'invalid_scope' }) })),
  );
  expect(new Set(frames).size).toBe(3);
});

test('no frame is opened after the login has ended', async () => {
  const { frames, start, store, tokens } = await setUp((url) => {
    void store.deleteTokens(tokens);
    return deny(url, 'login_required');
  });
  const [first, ...others] = await start();
  expect(first).toEqual({ status: 'fulfilled', value: false });
  expect(others).toEqual(
    others.map(() => ({ status: 'rejected', reason: expect.objectContaining({ code: 'session_ended' }) })),
  );
  expect(new Set(frames).size).toBe(1);
});
