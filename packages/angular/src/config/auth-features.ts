import { inject, TransferState } from '@angular/core';
import {
  createDpop,
  createWebStorage,
  type EventListener,
  type TokenStorage,
} from '@countersign/core/browser';
import { createServerStateKey } from '../server/server-state.ts';
import type { AuthFeature } from './auth-config.ts';

/**
 * Requests a refresh token and refreshes access tokens with it. Concurrent callers share one refresh. Each login
 * adds what the provider needs: nothing at Keycloak and Cognito, the scope `offline_access` at Auth0 and Entra ID, and at an
 * unknown provider if it lists this scope.
 *
 * @param options.leeway seconds before its expiry at which an access token is refreshed. Default: 30
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-6
 * @see https://openid.net/specs/openid-connect-core-1_0.html#OfflineAccess
 * @example
 * ```ts
 * import { provideAuth, withRefreshTokens } from '@countersign/angular';
 *
 * const providers = [
 *   provideAuth({ issuer: 'https://login.example.com', clientId: 'my-app' }, withRefreshTokens({ leeway: 60 })),
 * ];
 * ```
 */
export function withRefreshTokens(options: { readonly leeway?: number | undefined } = {}): AuthFeature {
  const { leeway } = options;
  return {
    configure: (config) => ({ ...config, ...(leeway !== undefined && { leeway }), refreshTokens: true }),
  };
}

/**
 * Restores the login after a reload with a silent login (`prompt=none`) in a hidden frame, while the user has a session
 * at the provider. The browser must allow the provider's cookie in a frame.
 *
 * @param redirectUri an empty page of the application's origin that is registered as a redirect URI.
 * Default: `silent-callback.html`, relative to the base URL of the application
 * @see https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest
 * @example
 * ```ts
 * import { provideAuth, withSilentLogin } from '@countersign/angular';
 *
 * const providers = [
 *   provideAuth({ issuer: 'https://login.example.com', clientId: 'my-app' }, withSilentLogin()),
 * ];
 * ```
 */
export function withSilentLogin(redirectUri = 'silent-callback.html'): AuthFeature {
  return {
    configure: (config, baseUrl = document.baseURI) => ({
      ...config,
      silentRedirectUri: new URL(redirectUri, baseUrl).href,
    }),
  };
}

/**
 * Stores tokens so that they survive a reload: `tab` uses `sessionStorage`, `shared` uses IndexedDB for all tabs. Every
 * script of the origin can read the stored tokens. The default, memory with `withSilentLogin()`, is safer.
 *
 * @example
 * ```ts
 * import { provideAuth, withStorage } from '@countersign/angular';
 *
 * const providers = [
 *   provideAuth({ issuer: 'https://login.example.com', clientId: 'my-app' }, withStorage('tab')),
 * ];
 * ```
 */
export function withStorage(storage: 'tab' | 'shared' | TokenStorage): AuthFeature {
  const tokenStorage = typeof storage === 'string' ? createWebStorage(storage) : storage;
  return { configure: (config) => ({ ...config, storage: tokenStorage }) };
}

/**
 * Binds tokens to a key of the browser that scripts cannot extract (DPoP), so that a stolen token cannot be used on
 * another machine. The interceptor adds a proof to each request.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9449
 * @example
 * ```ts
 * import { provideAuth, withDPoP } from '@countersign/angular';
 *
 * const providers = [
 *   provideAuth({ issuer: 'https://login.example.com', clientId: 'my-app' }, withDPoP()),
 * ];
 * ```
 */
export function withDPoP(): AuthFeature {
  return { configure: (config) => ({ ...config, dpop: createDpop }) };
}

/**
 * Calls a listener for each event: logins, refreshes, failures. No event contains a token.
 *
 * @example
 * ```ts
 * import { provideAuth, withEvents } from '@countersign/angular';
 *
 * const providers = [
 *   provideAuth(
 *     { issuer: 'https://login.example.com', clientId: 'my-app' },
 *     withEvents((event) => console.info(event.type)),
 *   ),
 * ];
 * ```
 */
export function withEvents(onEvent: EventListener): AuthFeature {
  return { configure: (config) => ({ ...config, onEvent }) };
}

/**
 * Starts with the state that `provideServerAuth` rendered, until the browser has restored the login state. Only the page uses
 * this state: guards and requests wait for the login.
 *
 * @example
 * ```ts
 * import { provideAuth, withServerState } from '@countersign/angular';
 *
 * const providers = [
 *   provideAuth({ issuer: 'https://login.example.com', clientId: 'my-app' }, withServerState()),
 * ];
 * ```
 */
export function withServerState(): AuthFeature {
  return {
    getInitialState: (clientName) => inject(TransferState).get(createServerStateKey(clientName), undefined),
  };
}

/**
 * Names the client, if the application has several. `injectAuth(clientName)` returns its login state.
 *
 * @example
 * ```ts
 * import { provideAuth, withClientName } from '@countersign/angular';
 *
 * const providers = [
 *   provideAuth({ issuer: 'https://login.example.com', clientId: 'shop' }),
 *   provideAuth({ issuer: 'https://login.example.com', clientId: 'reports' }, withClientName('reports')),
 * ];
 * ```
 */
export function withClientName(clientName: string): AuthFeature {
  return { clientName };
}
