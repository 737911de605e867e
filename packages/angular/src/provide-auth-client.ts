import { isPlatformBrowser } from '@angular/common';
import { type EnvironmentProviders, inject, makeEnvironmentProviders, PLATFORM_ID } from '@angular/core';
import type { BrowserAuth } from '@countersign/core/browser';
import { createAuth } from './auth.ts';
import type { AuthConfig } from './config/auth-config.ts';
import { AUTH_CLIENTS, type AuthClient, copyProvider, defaultClientName } from './inject-auth.ts';
import { type AllowedApi, parseAllowList } from './interceptor/allow-list.ts';

/**
 * Provides an existing browser client instead of a configuration, for example a client for tests. The application must
 * start the client.
 *
 * An invalid entry of `apis` throws a `ConfigurationError` `invalid_option` at the first request.
 *
 * @example
 * ```ts
 * import { provideAuthClient } from '@countersign/angular';
 * import { createBrowserAuth } from '@countersign/core/browser';
 *
 * const client = createBrowserAuth({
 *   issuer: 'https://login.example.com',
 *   clientId: 'my-app',
 *   redirectUri: 'https://app.example.com/callback',
 * });
 * const providers = [provideAuthClient({ apis: [{ url: 'https://api.example.com' }] }, client)];
 * ```
 */
export function provideAuthClient(
  { apis = [], clientName = defaultClientName }: Pick<AuthConfig, 'apis'> & { readonly clientName?: string },
  client: BrowserAuth,
): EnvironmentProviders {
  let allowList: readonly AllowedApi[] | undefined;
  return makeEnvironmentProviders([
    copyProvider,
    {
      provide: AUTH_CLIENTS,
      multi: true,
      useFactory: (platform = inject(PLATFORM_ID)): AuthClient => ({
        auth: createAuth(clientName, client),
        apis: () => {
          if (!isPlatformBrowser(platform)) return undefined;
          // A test of an application may have no document.
          allowList ??= parseAllowList(apis, globalThis.document?.baseURI);
          return allowList;
        },
      }),
    },
  ]);
}
