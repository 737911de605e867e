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
import { type AllowedApi, parseAllowList } from './config/allow-list.ts';
import { warnOfRiskyEntries } from './config/allow-list-warnings.ts';
import type { AuthConfig, AuthConfigSource, AuthFeature } from './config/auth-config.ts';
import { AUTH_CLIENTS, type AuthClient, defaultClientName } from './inject-auth.ts';

/**
 * Provides login for the application. The login state is found out in the background; only a configuration that must be
 * fetched is waited for.
 *
 * @throws ConfigurationError at start, when an option is missing or wrong
 * @see RFC 9700, and OAuth 2.0 for Browser-Based Applications
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
  for (const feature of features) initial = feature.initialState?.(clientName) ?? initial;
  const auth = createAuth(clientName, browser, initial);

  function begin(given: AuthConfig): void {
    const config = features.reduce((current, feature) => feature.configure?.(current) ?? current, given);
    apis = parseAllowList(config.apis ?? [], document.baseURI);
    if (typeof ngDevMode === 'undefined' || ngDevMode) warnOfRiskyEntries(apis, document.baseURI);
    const redirectUri = config.redirectUri ?? new URL('callback', document.baseURI).href;
    const created = createBrowserAuth({ ...config, redirectUri });
    resolve(created);
    void created.start().then(({ returnTo }) => {
      if (returnTo === undefined) return;
      const path = injector.get(Location).normalize(returnTo);
      void injector.get(Router).navigateByUrl(path, { replaceUrl: true });
    });
  }

  /** A configuration at hand is used before the router reads the address; one to be fetched is waited for. */
  function start(): Promise<void> | void {
    // On a server nobody is signed in, and nothing is started: pages render as `loading`.
    if (!isPlatformBrowser(injector.get(PLATFORM_ID))) return;
    const given = typeof source === 'function' ? source() : source;
    if (!(given instanceof Promise)) return begin(given);
    return given.then(begin).catch((error: unknown) => {
      reject(error);
      throw error;
    });
  }

  return { auth, apis: () => apis, start };
}

/** Provides a browser client that was made elsewhere: in tests, or in a shell of the application's own. */
export function provideAuthClient(
  { apis = [], clientName = defaultClientName }: Pick<AuthConfig, 'apis'> & { readonly clientName?: string },
  browser: BrowserAuth,
): EnvironmentProviders {
  let parsed: readonly AllowedApi[] | undefined;
  return makeEnvironmentProviders([
    {
      provide: AUTH_CLIENTS,
      multi: true,
      useFactory: (platform = inject(PLATFORM_ID)): AuthClient => ({
        auth: createAuth(clientName, browser),
        apis: () => {
          if (!isPlatformBrowser(platform)) return undefined;
          parsed ??= parseAllowList(apis, document.baseURI);
          return parsed;
        },
      }),
    },
  ]);
}
