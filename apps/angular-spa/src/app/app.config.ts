import { provideHttpClient, withInterceptors } from '@angular/common/http';
import { type ApplicationConfig, provideBrowserGlobalErrorListeners } from '@angular/core';
import { provideRouter, withComponentInputBinding } from '@angular/router';
import {
  authInterceptor,
  provideAuth,
  withDPoP,
  withRefreshTokens,
  withSilentLogin,
  withStorage,
} from '@countersign/angular';
import { routes } from './app.routes.ts';
import { SETTINGS, type Settings } from './settings.ts';

export function appConfig(settings: Settings): ApplicationConfig {
  const { issuer, clientId, apiUrl, resource, allowInsecureIssuer, storage, dpop } = settings;
  return {
    providers: [
      { provide: SETTINGS, useValue: settings },
      provideBrowserGlobalErrorListeners(),
      provideRouter(routes, withComponentInputBinding()),
      provideHttpClient(withInterceptors([authInterceptor])),
      provideAuth(
        {
          issuer,
          clientId,
          scope: 'openid profile email items:read items:write',
          resource,
          postLogoutRedirectUri: new URL('/', location.origin).href,
          // This provider asks the user itself before it ends a session, so the ID token need not be in an address.
          idTokenHint: false,
          allowInsecureIssuer,
          apis: [{ url: `${apiUrl}/items` }],
        },
        withRefreshTokens(),
        withSilentLogin(),
        ...(storage === 'memory' ? [] : [withStorage(storage)]),
        ...(dpop ? [withDPoP()] : []),
      ),
    ],
  };
}
