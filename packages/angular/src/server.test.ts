import { provideHttpClient, withInterceptors } from '@angular/common/http';
import { Component, provideZonelessChangeDetection } from '@angular/core';
import { type BootstrapContext, bootstrapApplication } from '@angular/platform-browser';
import { provideServerRendering, renderApplication } from '@angular/platform-server';
import { provideRouter } from '@angular/router';
import { expect, test } from 'vitest';
import { authGuard } from './auth.guard.ts';
import { authInterceptor } from './auth.interceptor.ts';
import { injectAuth } from './clients.ts';
import { withDPoP, withRefreshTokens, withSilentLogin, withStorage } from './features.ts';
import { provideAuth } from './provide-auth.ts';

class Page {
  readonly auth = injectAuth();
}
// Written out, because decorators with inline templates are for the Angular compiler.
Component({ selector: 'app-root', template: '<p>{{ auth.status() }} {{ auth.isSignedIn() }}</p>' })(Page);

test('B3: on a server a page renders as loading, and neither a browser nor the provider is touched', async () => {
  let asked = 0;
  const providers = [
    provideZonelessChangeDetection(),
    provideServerRendering(),
    provideRouter([{ path: 'items', canActivate: [authGuard], component: Page }]),
    provideHttpClient(withInterceptors([authInterceptor])),
    provideAuth(
      () => {
        asked++;
        return { issuer: 'https://login.example', clientId: 'spa', apis: [{ url: '/api' }] };
      },
      withRefreshTokens(),
      withSilentLogin(),
      withStorage('tab'),
      withDPoP(),
    ),
  ];
  const html = await renderApplication(
    (context: BootstrapContext) => bootstrapApplication(Page, { providers }, context),
    {
      document: '<app-root></app-root>',
      url: 'https://app.example/items?code=a&state=b',
      allowedHosts: ['app.example'],
    },
  );
  expect(html).toContain('<p>loading false</p>');
  expect(asked).toBe(0);
});
