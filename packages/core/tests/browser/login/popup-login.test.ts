// @platforms node, edge: the suite replaces `window` and `location`, which a browser does not allow.
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { addPopupLogin } from '../../../src/browser/features/add-popup-login.ts';
import { createPage, origin, provider } from '../../support/browser/browser-page.ts';
import { getOnlyLogin } from '../../support/browser/visited-urls.ts';

const popupRedirectUri = `${origin}/popup-callback.html`;

/** A window that the browser opened. Its address can be read only while it shows a page of this origin. */
interface TestPopup {
  closed: boolean;
  opener: unknown;
  /** The addresses to which this page navigated the window. */
  readonly visited: string[];
  /** The address of a page of this origin. `undefined` for another origin: reading it throws. */
  address: string | undefined;
}

let popups: TestPopup[];
let isBlocked: boolean;
let hasFocus: boolean;
let channels: { onmessage?: (event: { data: unknown }) => void }[];
/** What this page sent to the pages of its origin. */
let sent: unknown[];

beforeEach(() => {
  [popups, channels, sent, isBlocked, hasFocus] = [[], [], [], false, false];
  vi.stubGlobal('window', { name: '', open: () => (isBlocked ? null : openPopup()) });
  vi.stubGlobal('document', { hasFocus: () => hasFocus });
  vi.stubGlobal(
    'BroadcastChannel',
    class {
      onmessage?: (event: { data: unknown }) => void;
      constructor(name: string) {
        if (name === 'countersign popup') channels.push(this);
      }
      postMessage(data: unknown) {
        if (channels.includes(this)) sent.push(data);
      }
      close() {
        channels = channels.filter((channel) => channel !== this);
      }
    },
  );
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});

function openPopup() {
  const popup: TestPopup = { closed: false, opener: {}, visited: [], address: 'about:blank' };
  popups.push(popup);
  return Object.assign(popup, {
    close: () => {
      popup.closed = true;
    },
    location: {
      get href() {
        if (popup.address === undefined) throw new DOMException('Blocked', 'SecurityError');
        return popup.address;
      },
      replace(url: string) {
        popup.visited.push(url);
        popup.address = undefined;
      },
    },
  });
}

const advanceChecks = (count = 1) => vi.advanceTimersByTime(200 * count);
const post = (data: unknown) => {
  for (const channel of channels) channel.onmessage?.({ data });
};

/** Starts a login in a window. */
async function start() {
  const page = createPage();
  const auth = addPopupLogin(page.auth, { issuer: '', clientId: '', redirectUri: '', popupRedirectUri });
  await auth.start();
  const known = new Set(popups);
  const login = auth.login({ display: 'popup' });
  let outcome: unknown;
  login.then(
    () => {
      outcome = 'signed in';
    },
    (error) => {
      outcome = error;
    },
  );
  const popup = popups.find((candidate) => !known.has(candidate)) as TestPopup;
  await vi.waitFor(() => expect(popup.visited).toHaveLength(1));
  return { page, auth, login, popup, url: getOnlyLogin(popup.visited), getOutcome: () => outcome };
}

describe('a login in a window', () => {
  test('signs the user in from the address of the window, without navigation of the page', async () => {
    const { page, auth, login, popup, url } = await start();
    expect(new URL(url).searchParams.get('redirect_uri')).toBe(popupRedirectUri);
    advanceChecks();
    popup.address = provider.approve(url);
    advanceChecks();
    await login;
    expect(auth.snapshot().status).toBe('signed-in');
    expect(popup.closed).toBe(true);
    expect(page.visited).toEqual([]);
    expect(channels).toEqual([]);
  });

  test('B31: clears the opener of the window, so that the provider cannot access this page', async () => {
    const { popup } = await start();
    expect(popup.opener).toBeNull();
  });

  test('signs the user in from a message if the provider has separated the window', async () => {
    const { auth, login, popup, url, getOutcome } = await start();
    popup.closed = true;
    advanceChecks(100);
    await Promise.resolve();
    expect(getOutcome()).toBeUndefined();
    post('received');
    expect(sent).toEqual([]);
    post(provider.approve(url));
    // The window closes itself: this page cannot.
    expect(sent).toEqual(['received']);
    await login;
    expect(auth.snapshot().status).toBe('signed-in');
  });

  test.each([
    'https://evil.example/popup-callback.html',
    `${origin}/other.html`,
    `${origin}.evil.example/popup-callback.html`,
    'http://app.example/popup-callback.html',
  ])('B31: ignores an address of another origin or page: %s', async (address) => {
    const { login, popup, url } = await start();
    // If the client accepted this response, the login would fail.
    const { search } = new URL(
      provider.approve(url, (parameters) => parameters.set('iss', 'https://evil.example')),
    );
    popup.address = address + search;
    advanceChecks();
    post(address + search);
    popup.address = provider.approve(url);
    advanceChecks();
    await login;
  });

  test.each([
    undefined,
    null,
    1,
    {},
    '',
    `${popupRedirectUri}?code=x&state=forged`,
    `${popupRedirectUri}?code=x`,
  ])('B31: ignores the message %j', async (message) => {
    const { login, popup, url } = await start();
    post(message);
    expect(provider.tokenRequests).toEqual([]);
    popup.address = provider.approve(url);
    advanceChecks();
    await login;
  });

  test('fails with popup_closed if the user closes the window', async () => {
    const { login, popup, auth } = await start();
    advanceChecks(3);
    popup.closed = true;
    hasFocus = true;
    advanceChecks(5);
    await expect(login).rejects.toMatchObject({ name: 'LoginRequiredError', code: 'popup_closed' });
    expect(auth.snapshot().status).toBe('signed-out');
    expect(channels).toEqual([]);
  });

  test('fails with popup_closed if the user returns after a separated window was closed', async () => {
    const { login, popup, getOutcome } = await start();
    popup.closed = true;
    advanceChecks(50);
    await Promise.resolve();
    expect(getOutcome()).toBeUndefined();
    hasFocus = true;
    advanceChecks(5);
    await expect(login).rejects.toMatchObject({ code: 'popup_closed' });
  });

  test('names what separates the window, if the page is in a frame', async () => {
    for (const isFramed of [true, false]) {
      Object.assign(window, { top: isFramed ? {} : window });
      const { login, popup } = await start();
      popup.closed = true;
      hasFocus = true;
      advanceChecks(5);
      const error = await login.catch((reason: Error) => reason);
      expect(String(error).includes('Cross-Origin-Opener-Policy')).toBe(isFramed);
    }
  });

  test('accepts the message of a window that has closed itself', async () => {
    const { login, popup, url } = await start();
    popup.closed = true;
    hasFocus = true;
    advanceChecks(2);
    post(provider.approve(url));
    await login;
  });

  test('fails with popup_blocked if the browser opens no window', async () => {
    isBlocked = true;
    const page = createPage();
    const onEvent = vi.fn();
    const options = { issuer: 'https://login.example', clientId: 'spa', redirectUri: '', onEvent };
    const auth = addPopupLogin(page.auth, { ...options, popupRedirectUri });
    await expect(auth.login({ display: 'popup' })).rejects.toMatchObject({ code: 'popup_blocked' });
    expect(onEvent.mock.calls).toEqual([
      [{ type: 'login.failed', issuer: options.issuer, clientId: 'spa', code: 'popup_blocked' }],
    ]);
    expect(provider.count('/.well-known/openid-configuration')).toBe(0);
  });

  test('fails with the error of the provider', async () => {
    const { login, popup, url } = await start();
    popup.address = provider.approve(url, (parameters) => {
      parameters.delete('code');
      parameters.set('error', 'access_denied');
    });
    advanceChecks();
    await expect(login).rejects.toMatchObject({ code: 'authorization_error', error: 'access_denied' });
    expect(popup.closed).toBe(true);
  });

  test('closes the window if the login cannot start', async () => {
    const page = createPage({ fetch: () => Promise.reject(new TypeError()) });
    const auth = addPopupLogin(page.auth, { issuer: '', clientId: '', redirectUri: '', popupRedirectUri });
    await expect(auth.login({ display: 'popup' })).rejects.toMatchObject({ code: 'network_error' });
    expect(popups[0]?.closed).toBe(true);
  });

  test('fails with popup_closed if another login starts', async () => {
    const { auth, login, popup } = await start();
    void auth.login({ display: 'popup' }).catch(() => {});
    await expect(login).rejects.toMatchObject({ code: 'popup_closed' });
    expect(popup.closed).toBe(true);
    const others = popups.filter((candidate) => candidate !== popup);
    await vi.waitFor(() => expect(others.map(({ visited }) => visited.length)).toEqual([1]));
    auth.stop();
  });

  test('succeeds without sessionStorage', async () => {
    vi.stubGlobal('sessionStorage', undefined);
    const { auth, login, popup, url } = await start();
    popup.address = provider.approve(url);
    advanceChecks();
    await login;
    expect(auth.snapshot().status).toBe('signed-in');
  });
});

test('login() without display navigates the page', async () => {
  const page = createPage();
  const auth = addPopupLogin(page.auth, { issuer: '', clientId: '', redirectUri: '', popupRedirectUri });
  await auth.login();
  expect(page.visited).toHaveLength(1);
  expect(popups).toEqual([]);
});

test('a client without the feature rejects the display "popup"', async () => {
  const page = createPage();
  await expect(page.auth.login({ display: 'popup' })).rejects.toMatchObject({ code: 'invalid_option' });
  expect(page.visited).toEqual([]);
});

test.each(['https://other.example/popup-callback.html', '/popup-callback.html', `${popupRedirectUri}#x`])(
  'rejects the redirect URI %s',
  (uri) => {
    const { auth } = createPage();
    expect(() =>
      addPopupLogin(auth, { issuer: '', clientId: '', redirectUri: '', popupRedirectUri: uri }),
    ).toThrow(expect.objectContaining({ code: 'invalid_option' }));
  },
);
