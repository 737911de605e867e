import { isPlatformBrowser, Location } from '@angular/common';
import {
  type EnvironmentProviders,
  InjectionToken,
  Injector,
  inject,
  makeEnvironmentProviders,
  PLATFORM_ID,
  provideAppInitializer,
} from '@angular/core';
import { Router } from '@angular/router';
import { type BrowserAuth, type BrowserAuthSnapshot, createBrowserAuth } from '@countersign/core/browser';
import { createAuth } from './auth.ts';
import { warnAboutRiskyEntries } from './config/allow-list-warnings.ts';
import type { AuthConfig, AuthConfigSource, AuthFeature } from './config/auth-config.ts';
import { AUTH_CLIENTS, type AuthClient, defaultClientName } from './inject-auth.ts';
import { type AllowedApi, parseAllowList } from './interceptor/allow-list.ts';

/**
 * Provides the login of the application. The login state is determined in the background. If the configuration is a
 * promise, the application starts when it is fulfilled.
 *
 * A missing or invalid option throws a `ConfigurationError` when the application starts.
 *
 * @param features results of the `with...` functions
 * @see https://www.rfc-editor.org/rfc/rfc9700
 * @see https://datatracker.ietf.org/doc/html/draft-ietf-oauth-browser-based-apps
 * @example
 * ```ts
 * import { provideHttpClient, withInterceptors } from '@angular/common/http';
 * import type { ApplicationConfig } from '@angular/core';
 * import { provideRouter } from '@angular/router';
 * import { authInterceptor, provideAuth, withRefreshTokens, withSilentLogin } from '@countersign/angular';
 *
 * export const appConfig: ApplicationConfig = {
 *   providers: [
 *     provideRouter([]),
 *     provideHttpClient(withInterceptors([authInterceptor])),
 *     provideAuth(
 *       {
 *         issuer: 'https://login.example.com',
 *         clientId: 'my-app',
 *         scope: 'openid profile email',
 *         apis: [{ url: 'https://api.example.com' }],
 *       },
 *       withRefreshTokens(),
 *       withSilentLogin(),
 *     ),
 *   ],
 * };
 * ```
 */
export function provideAuth(config: AuthConfigSource, ...features: AuthFeature[]): EnvironmentProviders {
  const client = new InjectionToken<AuthClient & { readonly start: () => unknown }>('');
  return makeEnvironmentProviders([
    { provide: client, useFactory: () => createClient(config, features) },
    { provide: AUTH_CLIENTS, useExisting: client, multi: true },
    provideAppInitializer(() => inject(client).start() as Promise<void> | void),
  ]);
}

function createClient(source: AuthConfigSource, features: readonly AuthFeature[]) {
  const clientName = features.find((feature) => feature.clientName)?.clientName ?? defaultClientName;
  const injector = inject(Injector);
  let apis: readonly AllowedApi[] | undefined;
  let resolve: (auth: BrowserAuth) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const browser = new Promise<BrowserAuth>((...settle) => {
    [resolve, reject] = settle;
  });
  let initial: BrowserAuthSnapshot | undefined;
  for (const feature of features) initial = feature.getInitialState?.(clientName) ?? initial;
  const auth = createAuth(clientName, browser, initial);

  function startClient(baseConfig: AuthConfig): void {
    const config = features.reduce((current, feature) => feature.configure?.(current) ?? current, baseConfig);
    apis = parseAllowList(config.apis ?? [], document.baseURI);
    if (typeof ngDevMode === 'undefined' || ngDevMode) warnAboutRiskyEntries(apis, document.baseURI);
    const redirectUri = config.redirectUri ?? new URL('callback', document.baseURI).href;
    const browserAuth = createBrowserAuth({ ...config, redirectUri });
    resolve(browserAuth);
    void browserAuth.start().then(({ returnTo }) => {
      if (returnTo === undefined) return;
      const path = injector.get(Location).normalize(returnTo);
      void injector.get(Router).navigateByUrl(path, { replaceUrl: true });
    });
  }

  /** Starts synchronously if possible, so that the callback is read before the router changes the URL. */
  function start(): Promise<void> | void {
    // On a server nothing is started, and pages render with the status `loading`.
    if (!isPlatformBrowser(injector.get(PLATFORM_ID))) return;
    const config = typeof source === 'function' ? source() : source;
    if (!(config instanceof Promise)) return startClient(config);
    return config.then(startClient).catch((error: unknown) => {
      reject(error);
      throw error;
    });
  }

  return { auth, apis: () => apis, start };
}
