import { inject, TransferState } from '@angular/core';
import {
  createDpop,
  createWebStorage,
  type EventListener,
  type TokenStorage,
} from '@countersign/core/browser';
import { serverState } from '../server/server-state.ts';
import type { AuthFeature } from './auth-config.ts';

/**
 * Asks for a refresh token, and renews access tokens with it, once for everybody who waits.
 *
 * @param options.leeway seconds before its end at which an access token is renewed; default 30
 * @see RFC 6749 section 6
 */
export function withRefreshTokens(options: { readonly leeway?: number } = {}): AuthFeature {
  return {
    configure: ({ scope = 'openid', ...config }) => ({
      ...config,
      ...options,
      scope: scope.split(' ').includes('offline_access') ? scope : `${scope} offline_access`,
    }),
  };
}

/**
 * Restores the login after a reload, in a hidden frame, as long as the provider knows the user.
 *
 * @param redirectUri an empty page of this origin, registered as a redirect URI; default `silent-callback.html`
 * @see OpenID Connect Core section 3.1.2.1, `prompt=none`
 */
export function withSilentLogin(redirectUri = 'silent-callback.html'): AuthFeature {
  return {
    configure: (config) => ({ ...config, silentRedirectUri: new URL(redirectUri, document.baseURI).href }),
  };
}

/**
 * Keeps tokens where a reload finds them: `tab` is `sessionStorage`, `shared` is IndexedDB. Every script of the
 * origin can read them there; the default, memory, with `withSilentLogin()`, is safer.
 */
export function withStorage(storage: 'tab' | 'shared' | TokenStorage): AuthFeature {
  const chosen = typeof storage === 'string' ? createWebStorage(storage) : storage;
  return { configure: (config) => ({ ...config, storage: chosen }) };
}

/**
 * Binds tokens to a key of this browser that no script can extract; who steals a token cannot use it elsewhere.
 * The interceptor makes a proof for each request.
 *
 * @see RFC 9449
 */
export function withDPoP(): AuthFeature {
  return { configure: (config) => ({ ...config, dpop: createDpop }) };
}

/** Tells what happens: logins, refreshes, failures. No event carries a token. */
export function withEvents(onEvent: EventListener): AuthFeature {
  return { configure: (config) => ({ ...config, onEvent }) };
}

/**
 * Starts with what `provideServerAuth` has rendered, so that nothing changes on the page until it is known better. It
 * decides what is shown until then, and nothing else: guards and requests wait for the login itself.
 */
export function withServerState(): AuthFeature {
  return { initialState: (clientName) => inject(TransferState).get(serverState(clientName), undefined) };
}

/** Names this client, when the application has several; ask for it with `injectAuth(name)`. */
export function withClientName(clientName: string): AuthFeature {
  return { clientName };
}
