// @platforms node, edge: the suite replaces `window` and `location`, which a browser does not allow.
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { createMemoryStorage } from '../../../src/browser/state/token-storage.ts';
import {
  advanceClock,
  createPage,
  openSignedInPage,
  origin,
  provider,
} from '../../support/browser/browser-page.ts';
import { stubSilentFrame } from '../../support/browser/silent-frame.ts';

const silentRedirectUri = `${origin}/silent.html`;
const ownApi = 'https://own.example';
const otherApi = 'https://other.example';

const fail = (url: string, error: string) =>
  provider.approve(url, (parameters) => {
    parameters.delete('code');
    parameters.set('error', error);
  });

beforeEach(() => {
  provider.body = (body) => ({ ...body, refresh_token: undefined });
});

describe('a login without a valid token, if one silent request is rejected', () => {
  /** The provider rejects requests that contain the other API, or that scope. */
  function rejectOtherApi(error: string, loginError?: string): void {
    stubSilentFrame((url) => {
      const { searchParams } = new URL(url);
      const isOther =
        searchParams.getAll('resource').includes(otherApi) ||
        /items:write/.test(searchParams.get('scope') ?? '');
      const rejection = isOther ? error : loginError;
      return rejection === undefined ? provider.approve(url) : fail(url, rejection);
    });
  }

  describe.each(['consent_required', 'interaction_required', 'account_selection_required', 'login_required'])(
    '%s',
    (error) => {
      test.each([
        ['another resource', [], { resource: otherApi }],
        ['another resource of the options', [ownApi, otherApi], { resource: otherApi }],
        ['another scope', [ownApi], { scope: 'items:write' }],
      ])('B28: continues after a request for %s', async (_, resource, request) => {
        const storage = { ...createMemoryStorage(), reach: 'shared' as const };
        const { auth } = await openSignedInPage({ resource, silentRedirectUri, storage });
        advanceClock(61);
        rejectOtherApi(error);
        await expect(auth.getAccessToken(request)).rejects.toMatchObject({ code: 'refresh_token_missing' });
        expect(auth.snapshot().status).toBe('signed-in');
        expect(await auth.getAccessToken()).toMatchObject({ accessToken: expect.any(String) });
      });
    },
  );

  test('continues if the provider requires an interaction for the token of the login too', async () => {
    const { auth } = await openSignedInPage({ silentRedirectUri });
    advanceClock(61);
    rejectOtherApi('consent_required', 'interaction_required');
    for (const request of [{ resource: otherApi }, {}]) {
      await expect(auth.getAccessToken(request)).rejects.toMatchObject({ code: 'refresh_token_missing' });
      expect(auth.snapshot().status).toBe('signed-in');
    }
  });

  test('ends if the provider has no session of the user', async () => {
    const { auth } = await openSignedInPage({ silentRedirectUri });
    advanceClock(61);
    rejectOtherApi('consent_required', 'login_required');
    await expect(auth.getAccessToken({ resource: otherApi })).rejects.toMatchObject({
      code: 'refresh_token_missing',
    });
    expect(auth.snapshot().status).toBe('signed-out');
  });

  test('continues after a reload', async () => {
    const storage = { ...createMemoryStorage(), reach: 'shared' as const };
    const options = { resource: [ownApi, otherApi], silentRedirectUri, storage };
    await openSignedInPage(options);
    advanceClock(61);
    rejectOtherApi('consent_required');
    const { auth } = createPage(options);
    await auth.start();
    expect(auth.snapshot().status).toBe('signed-in');
  });
});

test('ten requests for ten scopes open one frame at a time', async () => {
  const { auth } = await openSignedInPage({ silentRedirectUri });
  let current = 0;
  let highest = 0;
  let count = 0;
  vi.stubGlobal('document', {
    createElement: () => ({
      src: '',
      contentWindow: { location: { href: '' } },
      load: () => {},
      addEventListener(_: string, load: () => void) {
        this.load = load;
      },
      remove: () => current--,
    }),
    body: {
      append(frame: { src: string; load(): void; contentWindow: { location: { href: string } } }) {
        count++;
        highest = Math.max(highest, ++current);
        const { searchParams } = new URL(frame.src);
        provider.body = (body) => ({ ...body, refresh_token: undefined, scope: searchParams.get('scope') });
        frame.contentWindow.location.href = provider.approve(frame.src);
        setTimeout(() => frame.load());
      },
    },
  });
  const scopes = Array.from({ length: 10 }, (_, index) => `api-${index}:read`);
  const tokens = await Promise.all(scopes.map((scope) => auth.getAccessToken({ scope })));
  expect(tokens.map((token, index) => token.scopes.includes(scopes[index] ?? ''))).not.toContain(false);
  expect([highest, count, current]).toEqual([1, 10, 0]);
});

test('a silent login that waits for another one does not start after a logout', async () => {
  const { auth } = await openSignedInPage({ silentRedirectUri });
  let finish: () => void = () => {};
  let frames = 0;
  const isOpen = new Promise<void>((open) => {
    vi.stubGlobal('document', {
      createElement: () => ({
        src: '',
        contentWindow: { location: { href: '' } },
        addEventListener(_: string, load: () => void) {
          finish = load;
        },
        remove: () => {},
      }),
      body: {
        append(frame: { src: string; contentWindow: { location: { href: string } } }) {
          frames++;
          frame.contentWindow.location.href = provider.approve(frame.src);
          open();
        },
      },
    });
  });
  const results = Promise.allSettled(
    ['a', 'b'].map((name) => auth.getAccessToken({ scope: `${name}:read` })),
  );
  await isOpen;
  await auth.logout({ localOnly: true });
  finish();
  expect((await results).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect([frames, auth.snapshot().status]).toEqual([1, 'signed-out']);
});
