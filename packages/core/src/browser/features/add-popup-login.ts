import { ConfigurationError, LoginRequiredError } from '../../errors.ts';
import { isDevelopment } from '../../internal/development.ts';
import { checkRedirectUri } from '../../protocol/login/redirect-uri.ts';
import { getIssuer } from '../../providers/apply-preset.ts';
import type { BrowserAuth, LoginOptions } from '../browser-auth-types.ts';
import type { BrowserAuthOptions } from '../options.ts';
import { reportLoginFailure } from '../report-failure.ts';
import { waitForPopup } from './popup-response.ts';

/** Options of {@link addPopupLogin}. */
export interface PopupLoginOptions {
  /**
   * A page of this origin that is registered as a redirect URI. It contains one script, which sends its address to the other
   * pages of the origin and closes the window.
   */
  readonly popupRedirectUri: string;
}

/** Width and height of the window in pixels. */
const features = 'popup,width=500,height=700';

/**
 * Returns a client whose `login({ display: 'popup' })` shows the provider in a window, for applications in a frame or pages
 * that must not be left. It resolves when the user is signed in. Call it in the handler of a click: otherwise browsers block
 * the window.
 *
 * The response is accepted from a page of this origin only, and only with the `state` of this login. If the headers of a page
 * separate the window from its opener (`Cross-Origin-Opener-Policy`), the script of the page sends it:
 *
 * ```js
 * const channel = new BroadcastChannel('countersign popup');
 * channel.onmessage = () => window.close();
 * channel.postMessage(location.href);
 * setTimeout(() => window.close(), 1000);
 * ```
 *
 * In a frame of another site, the channel does not reach the client. It then reads the address of the window, so neither the
 * pages of the provider nor the page of `popupRedirectUri` may have such a header.
 *
 * `login` throws a LoginRequiredError `popup_blocked` if the browser opens no window, and `popup_closed` if the user closes
 * it, or another popup login starts. In a separated window this is noticed when the user returns to the page.
 *
 * @param options those of the client, and the page of the window
 * @throws ConfigurationError `invalid_option` if the redirect URI is not a URL of this origin
 * @see https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest (`display`)
 * @example
 * ```ts
 * import { addPopupLogin, type BrowserAuthOptions, createBrowserAuth } from '@countersign/core/browser';
 *
 * function createAuth(options: BrowserAuthOptions) {
 *   const popupRedirectUri = `${location.origin}/popup-callback.html`;
 *   return addPopupLogin(createBrowserAuth(options), { ...options, popupRedirectUri });
 * }
 * ```
 */
export function addPopupLogin(
  auth: BrowserAuth,
  options: BrowserAuthOptions & PopupLoginOptions,
): BrowserAuth {
  const { clientId, popupRedirectUri } = options;
  const issuer = getIssuer(options);
  checkRedirectUri('popupRedirectUri', popupRedirectUri);
  // Only a page of this origin can send its address.
  if (new URL(popupRedirectUri).origin !== location.origin) {
    throw new ConfigurationError(
      'invalid_option',
      isDevelopment
        ? `"popupRedirectUri" is "${popupRedirectUri}", expected a page of ${location.origin}.`
        : 'popupRedirectUri',
    );
  }
  let current: AbortController | undefined;

  async function logInWithPopup(request: LoginOptions): Promise<void> {
    // Before the first await: afterwards the click of the user no longer allows a window.
    const popup = window.open('', '_blank', features);
    if (!popup) {
      const error = new LoginRequiredError(
        'popup_blocked',
        isDevelopment
          ? 'The browser blocked the window of the login. Call login() in the handler of a click, or log in without display: "popup". A frame with the attribute "sandbox" needs "allow-popups" and "allow-popups-to-escape-sandbox".'
          : '',
      );
      reportLoginFailure({ issuer, clientId, options }, error);
      throw error;
    }
    current?.abort();
    const control = new AbortController();
    current = control;
    try {
      const { signal } = control;
      const response = await new Promise<string>((resolve, reject) => {
        const navigate = (url: string, state: string) => {
          resolve(waitForPopup(popup, { redirectUri: popupRedirectUri, state, signal }));
          // The pages of the provider cannot navigate this page.
          popup.opener = null;
          popup.location.replace(url);
        };
        auth.login({ ...request, redirectUri: popupRedirectUri, navigate }).catch(reject);
      });
      await auth.handleCallback(response);
    } finally {
      popup.close();
      if (current === control) current = undefined;
    }
  }

  return {
    ...auth,
    login: async ({ display, ...request } = {}) =>
      display === 'popup' ? logInWithPopup(request) : auth.login(request),
    stop() {
      current?.abort();
      auth.stop();
    },
  };
}
