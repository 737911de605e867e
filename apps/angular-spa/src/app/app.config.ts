import { provideHttpClient, withInterceptors } from '@angular/common/http';
import { type ApplicationConfig, provideBrowserGlobalErrorListeners } from '@angular/core';
import { provideClientHydration, withNoIncrementalHydration } from '@angular/platform-browser';
import { provideRouter, withComponentInputBinding } from '@angular/router';
import {
  type AuthFeature,
  authInterceptor,
  configFrom,
  provideAuth,
  withClientName,
  withDPoP,
  withEvents,
  withRefreshTokens,
  withServerState,
  withSilentLogin,
  withStorage,
} from '@countersign/angular';
import { withWorker } from '@countersign/angular/worker';
import { ACTIVITY, createActivity } from './activity.ts';
import { routes } from './app.routes.ts';
import { completeNativeLogins, nativeRedirectUri, nativeShell } from './native-shell.ts';
import { rememberUser } from './remembered-user.ts';
import { SETTINGS, type Settings } from './settings.ts';
import { createTokenWorker } from './token-worker.ts';

export function appConfig(settings: Settings): ApplicationConfig {
  const { issuer, clientId, apiUrl, allowInsecureIssuer } = settings;
  const { activity, listen } = createActivity();
  return {
    providers: [
      { provide: ACTIVITY, useValue: activity },
      { provide: SETTINGS, useValue: settings },
      provideBrowserGlobalErrorListeners(),
      provideRouter(routes, withComponentInputBinding()),
      // Incremental hydration would need an inline script, which the policy of these pages forbids.
      provideClientHydration(withNoIncrementalHydration()),
      provideHttpClient(withInterceptors([authInterceptor])),
      provideAuth(
        () => ({
          issuer,
          clientId,
          scope: 'openid profile email items:read items:write',
          resource: settings.resource,
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
          ...(nativeShell
            ? { clientId: 'angular-native', redirectUri: nativeRedirectUri, navigate: nativeShell.open }
            : { postLogoutRedirectUri: new URL('/', location.origin).href }),
        }),
        withRefreshTokens(),
        withEvents(listen),
        withServerState(),
        ...(nativeShell ? [] : [withSilentLogin()]),
        ...featuresOf(settings),
      ),
      // Another client for another API: it has a redirect URI, tokens and a storage of its own.
      provideAuth(configFrom('/reports.json'), withClientName('reports'), withStorage('tab')),
      ...(nativeShell ? [completeNativeLogins(nativeShell)] : []),
      ...(settings.serverRendering ? [rememberUser()] : []),
    ],
  };
}

const featuresOf = ({ storage, dpop, worker }: Settings): AuthFeature[] => [
  ...(storage === 'memory' ? [] : [withStorage(storage)]),
  ...(dpop ? [withDPoP()] : []),
  ...(worker ? [withWorker(createTokenWorker)] : []),
];
