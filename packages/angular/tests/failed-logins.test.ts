import type { AuthEvent } from '@countersign/core/browser';
import type { TokenWorker } from '@countersign/core/worker';
import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from 'vitest';
import type { AuthFeature } from '../src/config/auth-config.ts';
import { withEvents } from '../src/config/auth-features.ts';
import { authGuard } from '../src/guards/auth-guard.ts';
import { withWorker } from '../worker/with-worker.ts';
import { type ConfigPart, createTab, EmptyPage } from './support/routed-app.ts';

const app = 'https://app.example';
const issuer = 'https://login.example';
const routes = [
  { path: 'items', component: EmptyPage, canActivate: [authGuard] },
  { path: '**', component: EmptyPage },
];

let warn: MockInstance<typeof console.warn>;
beforeEach(() => {
  warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** Misconfigurations with which no login starts, and what the developer reads. */
const plants: Record<string, { config: ConfigPart; code: string; texts: readonly string[] }> = {
  'an issuer with another slash': {
    config: { issuer: `${issuer}/` },
    code: 'metadata_invalid',
    texts: [`Metadata "issuer" is "${issuer}", expected "${issuer}/"`, 'Set the option issuer'],
  },
  'an unreachable issuer': {
    config: { fetch: () => Promise.reject(new TypeError('fetch failed')) },
    code: 'network_error',
    texts: [`GET ${issuer}/.well-known/openid-configuration received no response`, 'Check the address'],
  },
};

/** Opens the public page, then clicks on a link to a guarded page. */
async function clickGuardedLink(config: ConfigPart, listener?: (event: AuthEvent) => void) {
  const { open } = await createTab();
  const features = listener ? [withEvents(listener)] : [];
  const { router, left } = await open(`${app}/`, { routes, config, features });
  expect(await router.navigateByUrl('/items')).toBe(false);
  expect(router.url).toBe('/');
  expect(left).toEqual([]);
}

test.each(Object.entries(plants))(
  '%s: a click on a guarded link is one line in the console',
  async (_, plant) => {
    await clickGuardedLink(plant.config);
    const lines = warn.mock.calls.map(([line]) => String(line));
    expect(lines).toEqual([
      expect.stringMatching(/^countersign: login\.failed \(https:\/\/login\.example\/?\): /),
    ]);
    for (const text of [plant.code, ...plant.texts]) expect(lines[0]).toContain(text);
  },
);

test.each(Object.entries(plants))('%s: a click on a guarded link is one event', async (_, plant) => {
  const events: AuthEvent[] = [];
  await clickGuardedLink(plant.config, (event) => events.push(event));
  const { code } = plant;
  expect(events.filter(({ type }) => type !== 'metadata.fetched')).toEqual([
    expect.objectContaining({ type: 'login.failed', clientId: 'spa', code }),
  ]);
  expect(warn).not.toHaveBeenCalled();
});

/** Wrong configurations of the first page. Another attempt would not help. */
const wrongConfigurations: Record<
  string,
  { config?: ConfigPart; metadata?: object; features?: AuthFeature[]; error: object }
> = {
  'an issuer with another slash': {
    config: { issuer: `${issuer}/` },
    error: { code: 'metadata_invalid', check: 'issuer' },
  },
  'a provider without an authorization endpoint': {
    metadata: { authorization_endpoint: undefined },
    error: { code: 'metadata_invalid', check: 'authorization_endpoint' },
  },
  'a token worker whose script cannot be loaded': {
    features: [withWorker(createMissingWorker)],
    error: { code: 'unsupported_by_browser', message: expect.stringContaining('worker-src') },
  },
};

/** The browser reports the missing script after the page has started. */
function createMissingWorker() {
  const worker: TokenWorker = { onmessage: null, postMessage: () => {} };
  queueMicrotask(() => worker.onerror?.({} as ErrorEvent));
  return worker;
}

describe.each(Object.entries(wrongConfigurations))('%s', (_, { config, metadata, features = [], error }) => {
  async function openGuardedPage(more: ConfigPart = {}) {
    const { open, provider } = await createTab();
    Object.assign(provider.metadata, metadata);
    const page = await open(`${app}/items`, { routes, config: { ...config, ...more }, features });
    expect(page.left).toEqual([]);
    return page;
  }

  test('the first navigation fails with the error', async () => {
    const { errors } = await openGuardedPage();
    expect(errors).toEqual([expect.objectContaining(error)]);
  });

  test('the first navigation shows the error route', async () => {
    const { errors, router, auth } = await openGuardedPage({ errorRoute: '/login-failed' });
    await vi.waitFor(() => expect(router.url).toBe('/login-failed'));
    expect(errors).toEqual([]);
    expect(auth.error()).toMatchObject(error);
  });
});

test('a redirect URI that is not registered is one line, with the error of the provider', async () => {
  const { open, provider } = await createTab();
  const { router, left } = await open(`${app}/`, { routes });
  void router.navigateByUrl('/items');
  await vi.waitFor(() => expect(left).toHaveLength(1));
  // Most providers show their own page. Some redirect to another URI that is registered.
  const callback = provider.approve(left[0] ?? '', (parameters) => {
    parameters.delete('code');
    parameters.set('error', 'invalid_request');
    parameters.set('error_description', 'redirect_uri is not registered');
  });
  const page = await open(callback, { routes });
  await page.auth.whenReady();
  expect(page.auth.error()).toMatchObject({ code: 'authorization_error' });
  const lines = warn.mock.calls.map(([line]) => String(line));
  expect(lines).toEqual([expect.stringContaining('countersign: login.failed (https://login.example): ')]);
  expect(lines[0]).toMatch(/authorization_error.*invalid_request/);
});
