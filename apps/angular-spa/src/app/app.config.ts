import { provideHttpClient, withInterceptors } from '@angular/common/http';
import { type ApplicationConfig, provideBrowserGlobalErrorListeners } from '@angular/core';
import { provideRouter, withComponentInputBinding } from '@angular/router';
import {
  authInterceptor,
  provideAuth,
  withDPoP,
  withEvents,
  withRefreshTokens,
  withSilentLogin,
  withStorage,
} from '@countersign/angular';
import { withWorker } from '@countersign/angular/worker';
import { ACTIVITY, createActivity } from './activity.ts';
import { routes } from './app.routes.ts';
import { SETTINGS, type Settings } from './settings.ts';
import { createTokenWorker } from './token-worker.ts';

export function appConfig(settings: Settings): ApplicationConfig {
  const { issuer, clientId, apiUrl, resource, allowInsecureIssuer, storage, dpop, worker } = settings;
  const { activity, listen } = createActivity();
  return {
    providers: [
      { provide: ACTIVITY, useValue: activity },
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
          apis: [
            // The API wants a recent sign-in before everything is deleted (RFC 9470).
            { url: `${apiUrl}/items`, methods: ['DELETE'], stepUp: true },
            { url: `${apiUrl}/items` },
            // No more than it needs: this token could not be used to change anything.
            { url: `${apiUrl}/me`, scope: 'items:read' },
            // Guests may ask too; then without a token.
            { url: `${apiUrl}/health`, optional: true },
          ],
        },
        withRefreshTokens(),
        withSilentLogin(),
        withEvents(listen),
        ...(storage === 'memory' ? [] : [withStorage(storage)]),
        ...(dpop ? [withDPoP()] : []),
        ...(worker ? [withWorker(createTokenWorker)] : []),
      ),
    ],
  };
}
