import { isPlatformBrowser } from '@angular/common';
import {
  ApplicationRef,
  EnvironmentInjector,
  type EnvironmentProviders,
  InjectionToken,
  Injector,
  inject,
  makeEnvironmentProviders,
  PLATFORM_ID,
  provideAppInitializer,
  provideEnvironmentInitializer,
} from '@angular/core';
import { Router } from '@angular/router';
import {
  type BrowserAuth,
  type BrowserAuthSnapshot,
  ConfigurationError,
  createBrowserAuth,
} from '@countersign/core/browser';
import { createAuth } from './auth.ts';
import { warnAboutRiskyEntries, warnAfterLogins } from './config/allow-list-warnings.ts';
import type { AuthConfig, AuthConfigSource, AuthFeature } from './config/auth-config.ts';
import { addApiRequests } from './config/login-request.ts';
import { AUTH_CLIENTS, type AuthClient, copyProvider, defaultClientName } from './inject-auth.ts';
import { type AllowedApi, parseAllowList } from './interceptor/allow-list.ts';
import { leaveFailurePage } from './leave-failure-page.ts';
import { createRouterUrls } from './router-urls.ts';

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
  const clientName = features.find((feature) => feature.clientName)?.clientName ?? defaultClientName;
  return makeEnvironmentProviders([
    copyProvider,
    { provide: client, useFactory: () => createClient(config, features, clientName) },
    features.map((feature) => feature.getProviders?.(clientName) ?? []),
    { provide: AUTH_CLIENTS, useExisting: client, multi: true },
    provideAppInitializer(() => inject(client).start() as Promise<void> | void),
    provideEnvironmentInitializer(requireRootInjector),
  ]);
}

/** In the providers of a route, application initializers do not run: the client would never start. */
function requireRootInjector(): void {
  const application = inject(ApplicationRef, { optional: true });
  if (!application || application.injector === inject(EnvironmentInjector)) return;
  throw new ConfigurationError(
    'wrong_context',
    typeof ngDevMode === 'undefined' || ngDevMode
      ? 'provideAuth() is in the providers of a route, which are created after the login response was received. Move it to the providers of the application: bootstrapApplication(App, { providers: [...] }), or those of the root NgModule. If this is a second client, name it with withClientName().'
      : 'provideAuth',
  );
}

function createClient(source: AuthConfigSource, features: readonly AuthFeature[], clientName: string) {
  const injector = inject(Injector);
  let apis: readonly AllowedApi[] | undefined;
  let resolve: (auth: BrowserAuth) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const browser = new Promise<BrowserAuth>((...settle) => {
    [resolve, reject] = settle;
  });
  let initial: BrowserAuthSnapshot | undefined;
  for (const feature of features) initial = feature.getInitialState?.(clientName) ?? initial;
  let errorRoute: string | undefined;
  let defaultResource: string | undefined;
  const auth = createAuth(clientName, browser, initial, () => errorRoute);
  const routerUrls = createRouterUrls(injector);

  function startClient(baseConfig: AuthConfig): void {
    const baseUrl = routerUrls.getBaseUrl();
    const config = addApiRequests(
      features.reduce((current, feature) => feature.configure?.(current, baseUrl) ?? current, baseConfig),
    );
    [defaultResource] = [config.resource ?? []].flat();
    apis = parseAllowList(config.apis ?? [], document.baseURI);
    if (typeof ngDevMode === 'undefined' || ngDevMode) warnAboutRiskyEntries(apis, document.baseURI);
    const redirectUri = config.redirectUri ?? new URL('callback', baseUrl).href;
    const options = { ...config, redirectUri };
    const browserAuth = features.reduce(
      (current, feature) => feature.connect?.(current, options, baseUrl) ?? current,
      createBrowserAuth(options),
    );
    ({ errorRoute } = config);
    resolve({
      ...browserAuth,
      login: ({ returnTo, ...options } = {}) =>
        browserAuth.login({ ...options, ...(returnTo !== undefined && { returnTo: toPage(returnTo) }) }),
      async handleCallback(url) {
        const { returnTo } = await browserAuth.handleCallback(url);
        return { returnTo: routerUrls.toRouterUrl(returnTo) ?? '/' };
      },
    });
    if (typeof ngDevMode === 'undefined' || ngDevMode) warnAfterLogins(browserAuth, apis, defaultResource);
    void browserAuth.start().then(({ returnTo, error }) => {
      if (returnTo !== undefined) showPage(browserAuth, returnTo);
      leaveFailurePage(injector, browserAuth, {
        redirectUri,
        errorRoute,
        isCallbackFailed: error !== undefined,
        routerUrls,
        showPage: (page) => showPage(browserAuth, page),
      });
    });
  }

  const toPage = (returnTo: string) => (returnTo.startsWith('/') ? routerUrls.toPage(returnTo) : returnTo);

  function showPage(browserAuth: BrowserAuth, page: string): void {
    const routerUrl = routerUrls.toRouterUrl(page);
    // Another part of the site, for example another language. If that page cannot restore the login, its guard would start
    // logins in a loop.
    if (routerUrl !== undefined || !browserAuth.replacePage(page))
      void injector.get(Router).navigateByUrl(routerUrl ?? '/', { replaceUrl: true });
  }

  /** Starts synchronously if possible, so that the callback is read before the router changes the URL. */
  function start(): Promise<void> | void {
    // On a server nothing is started, and pages render with the status `loading`.
    if (!isPlatformBrowser(injector.get(PLATFORM_ID))) return;
    const config = typeof source === 'function' ? source(routerUrls.getBaseUrl()) : source;
    if (!(config instanceof Promise)) return startClient(config);
    return config.then(startClient).catch((error: unknown) => {
      reject(error);
      throw error;
    });
  }

  return { auth, apis: () => apis, defaultResource: () => defaultResource, start };
}
