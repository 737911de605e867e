import { type BrowserAuth, createMemoryStorage, type IdTokenClaims } from '@countersign/core/browser';
import { beforeEach, expect, test, vi } from 'vitest';
import {
  advanceClock,
  createPage,
  openSignedInPage,
  type Page,
  provider,
  startLogin,
  time,
} from '../../core/tests/support/browser/browser-page.ts';
import { createAuth } from './auth.ts';

/** Delivers messages to the other channels of the same name. The test document replaces `Event`, which Node's needs. */
class TestChannel {
  static readonly #open = new Set<TestChannel>();
  readonly name: string;
  onmessage: ((event: { readonly data: unknown }) => void) | undefined;

  constructor(name: string) {
    this.name = name;
    TestChannel.#open.add(this);
  }

  postMessage(data: unknown): void {
    for (const other of TestChannel.#open)
      if (other !== this && other.name === this.name) queueMicrotask(() => other.onmessage?.({ data }));
  }

  close(): void {
    TestChannel.#open.delete(this);
  }
}

beforeEach(() => void vi.stubGlobal('BroadcastChannel', TestChannel));

const seconds = () => Math.floor(time / 1000);
const expiresAt = (page: Page) => createAuth('default', page.auth).expiresAt;

/** Two tabs with one storage. The first is signed in. */
async function openTabs(): Promise<readonly [Page, Page]> {
  const storage = { ...createMemoryStorage(), reach: 'shared' as const };
  const [first, second] = [createPage({ storage }), createPage({ storage })];
  await Promise.all([first.auth.start(), second.auth.start()]);
  await first.auth.handleCallback(provider.approve(await startLogin(first)));
  return [first, second];
}

test('expiresAt follows a login, a refresh and a logout of this tab', async () => {
  const page = createPage();
  const signal = expiresAt(page);
  await page.auth.start();
  expect(signal()).toBeUndefined();
  await page.auth.handleCallback(provider.approve(await startLogin(page)));
  expect(signal()).toBe(seconds() + 60);
  advanceClock(50);
  await page.auth.getAccessToken();
  expect(signal()).toBe(seconds() + 60);
  await page.auth.logout({ localOnly: true });
  expect(signal()).toBeUndefined();
});

test('expiresAt follows a refresh that a rejected token or the application requires', async () => {
  const page = await openSignedInPage();
  const signal = expiresAt(page);
  advanceClock(5);
  const { accessToken } = await page.auth.getAccessToken();
  await page.auth.getAccessToken({ rejectedToken: accessToken });
  expect(signal()).toBe(seconds() + 60);
  advanceClock(5);
  await page.auth.getAccessToken({ forceRefresh: true });
  expect(signal()).toBe(seconds() + 60);
});

test('expiresAt follows a login, a refresh and a logout of another tab', async () => {
  const [first, second] = await openTabs();
  const signal = expiresAt(second);
  await vi.waitFor(() => expect(signal()).toBe(seconds() + 60));
  advanceClock(50);
  await first.auth.getAccessToken();
  await vi.waitFor(() => expect(signal()).toBe(seconds() + 60));
  await first.auth.logout({ localOnly: true });
  await vi.waitFor(() => expect(signal()).toBeUndefined());
});

test('expiresAt follows the login of another user in another tab', async () => {
  const [first, second] = await openTabs();
  const signal = expiresAt(first);
  advanceClock(20);
  provider.claims = (claims) => ({ ...claims, sub: 'bob' });
  await second.auth.handleCallback(provider.approve(await startLogin(second)));
  await vi.waitFor(() => expect(signal()).toBe(seconds() + 60));
});

test('expiresAt is undefined after the provider has ended the login', async () => {
  const page = await openSignedInPage();
  const signal = expiresAt(page);
  advanceClock(60);
  provider.intercept = () => Response.json({ error: 'invalid_grant' }, { status: 400 });
  await expect(page.auth.getAccessToken()).rejects.toMatchObject({ code: 'session_ended' });
  expect(signal()).toBeUndefined();
});

test('expiresAt is undefined for a token without an expiry', async () => {
  provider.body = ({ expires_in: _, ...body }) => body;
  expect(expiresAt(await openSignedInPage())()).toBeUndefined();
});

test('B24: assigns a request to the rendered user until the login state is known', async () => {
  const claims = { sub: 'alice' } as IdTokenClaims;
  const rendered = createAuth('default', new Promise<BrowserAuth>(() => {}), {
    status: 'signed-in',
    claims,
  });
  expect(rendered.getHolder()).toEqual({ sub: 'alice' });
  expect(createAuth('default', new Promise<BrowserAuth>(() => {})).getHolder()).toBeUndefined();
});
