import { addPopupLogin } from '@countersign/core/browser';
import type { AuthFeature } from './auth-config.ts';

/**
 * Makes `auth.login({ display: 'popup' })` show the provider in a window, for applications in a frame and pages that must not
 * be left. The promise is fulfilled when the user is signed in. Call it in the handler of a click.
 *
 * The call fails with a `LoginRequiredError` `popup_blocked` if the browser opens no window, and `popup_closed` if the user
 * closes it.
 *
 * @param redirectUri a page of the application's origin that is registered as a redirect URI, with the script that the README
 * shows. Default: `popup-callback.html`, relative to the base URL of the application
 * @see https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest
 * @example
 * ```ts
 * import { injectAuth, provideAuth, withPopupLogin } from '@countersign/angular';
 *
 * const providers = [
 *   provideAuth({ issuer: 'https://login.example.com', clientId: 'my-app' }, withPopupLogin()),
 * ];
 * const logIn = () => injectAuth().login({ display: 'popup' });
 * ```
 */
export function withPopupLogin(redirectUri = 'popup-callback.html'): AuthFeature {
  return {
    connect: (client, options, baseUrl = document.baseURI) =>
      addPopupLogin(client, {
        ...options,
        popupRedirectUri: new URL(redirectUri, baseUrl).href,
      }),
  };
}
