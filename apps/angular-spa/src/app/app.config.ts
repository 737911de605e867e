import { provideHttpClient, withInterceptors } from '@angular/common/http';
import { type ApplicationConfig, provideBrowserGlobalErrorListeners } from '@angular/core';
import { provideClientHydration, withNoIncrementalHydration } from '@angular/platform-browser';
import { provideRouter, withComponentInputBinding } from '@angular/router';
import {
  type AuthFeature,
  authInterceptor,
  loadConfig,
  provideAuth,
  withClientName,
  withDPoP,
  withEvents,
  withPopupLogin,
  withRefreshTokens,
  withServerState,
  withSilentLogin,
  withStorage,
} from '@countersign/angular';
import { withWorker } from '@countersign/angular/worker';
import { ACTIVITY, createActivity } from './activity.ts';
import { createApiTimeout } from './api-timeout.ts';
import { routes } from './app.routes.ts';
import { completeNativeLogins, nativeRedirectUri, nativeShell } from './native-shell.ts';
import { rememberUser } from './remembered-user.ts';
import { SETTINGS, type Settings } from './settings/settings.ts';
import { createTokenWorker } from './worker/token-worker.ts';

export function appConfig(settings: Settings): ApplicationConfig {
  const { issuer, clientId, apiUrl, allowInsecureIssuer } = settings;
  const { activity, listen } = createActivity();
  return {
    providers: [
      { provide: ACTIVITY, useValue: activity },
      { provide: SETTINGS, useValue: settings },
      provideBrowserGlobalErrorListeners(),
      provideRouter(routes, withComponentInputBinding()),
      // Incremental hydration requires an inline script, which the content security policy does not allow.
      provideClientHydration(withNoIncrementalHydration()),
      provideHttpClient(withInterceptors([createApiTimeout(10_000), authInterceptor])),
      provideAuth(
        () => ({
          issuer,
          clientId,
          scope: 'openid profile email items:read items:write',
          resource: settings.resource,
          errorRoute: '/login-failed',
          // The provider asks the user before it ends a session, so the ID token is not sent in the URL.
          idTokenHint: false,
          allowInsecureIssuer,
          apis: [
            // The API requires a recent login before it deletes all items (RFC 9470).
            { url: `${apiUrl}/items`, methods: ['DELETE'], stepUp: true },
            { url: `${apiUrl}/items` },
            // A token for this path can only read.
            { url: `${apiUrl}/me`, scope: 'items:read' },
            // Users who are not signed in can call this path too, without a token.
            { url: `${apiUrl}/health`, optional: true },
          ],
          ...(nativeShell
            ? { clientId: 'angular-native', redirectUri: nativeRedirectUri, navigate: nativeShell.open }
            : { postLogoutRedirectUri: document.baseURI }),
        }),
        withRefreshTokens(),
        withEvents(listen),
        withServerState(),
        ...(nativeShell ? [] : [withSilentLogin(), withPopupLogin()]),
        ...createFeatures(settings),
      ),
      // A second client for a second API, with a separate redirect URI, tokens and storage.
      provideAuth(loadConfig('reports.json'), withClientName('reports'), withStorage('tab')),
      ...(nativeShell ? [completeNativeLogins(nativeShell)] : []),
      ...(settings.serverRendering ? [rememberUser()] : []),
    ],
  };
}

const createFeatures = ({ storage, dpop, worker }: Settings): AuthFeature[] => [
  ...(storage === 'memory' ? [] : [withStorage(storage)]),
  ...(dpop ? [withDPoP()] : []),
  ...(worker ? [withWorker(createTokenWorker)] : []),
];
