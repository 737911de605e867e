import { HttpClient, provideHttpClient, withInterceptors } from '@angular/common/http';
import { HttpTestingController, provideHttpClientTesting } from '@angular/common/http/testing';
import {
  Component,
  type EnvironmentProviders,
  inject,
  type Provider,
  provideZonelessChangeDetection,
  REQUEST,
  RESPONSE_INIT,
} from '@angular/core';
import { type BootstrapContext, bootstrapApplication } from '@angular/platform-browser';
import { provideServerRendering, renderApplication } from '@angular/platform-server';
import { provideRouter, RouterOutlet } from '@angular/router';
import type { BrowserAuth } from '@countersign/core/browser';
import { expect, test } from 'vitest';
import {
  withDPoP,
  withRefreshTokens,
  withServerState,
  withSilentLogin,
  withStorage,
} from '../config/auth-features.ts';
import { authGuard } from '../guards/auth-guard.ts';
import { injectAuth } from '../inject-auth.ts';
import { authInterceptor } from '../interceptor/auth-interceptor.ts';
import { provideAuth } from '../provide-auth.ts';
import { provideAuthClient } from '../provide-auth-client.ts';
import { provideServerAuth, type ServerSession } from './provide-server-auth.ts';

// The components use no decorator syntax, because these tests run without the Angular compiler.

class Items {}
Component({ selector: 'app-items', template: '<h1>Items</h1>' })(Items);

class Page {
  readonly auth = injectAuth();
  constructor() {
    const http = inject(HttpClient);
    for (const url of pageRequests) http.get(url).subscribe({ error: () => {} });
  }
}
Component({
  selector: 'app-root',
  imports: [RouterOutlet],
  template: '<p>{{ auth.status() }} {{ auth.isSignedIn() }} {{ auth.user()?.name }}</p><router-outlet />',
})(Page);

/** The URLs that the page requests while it is rendered. */
let pageRequests: string[] = [];

const config = {
  issuer: 'https://login.example',
  clientId: 'spa',
  apis: [{ url: 'https://api.example' }, { url: '/api' }],
};
const alice: ServerSession = {
  claims: { sub: 'alice', name: 'Alice' },
  scopes: ['openid'],
  accessToken: 'a-token-of-the-server',
};

/** Renders the page and returns the `Authorization` header of each request. */
async function render(
  providers: (Provider | EnvironmentProviders)[],
  { cookie, requests = [] }: { readonly cookie?: string; readonly requests?: string[] } = {},
) {
  pageRequests = requests;
  const tokens: Record<string, string | null> = {};
  const response: ResponseInit = { headers: new Headers({ vary: 'Accept' }) };
  const html = await renderApplication(
    async (context: BootstrapContext) => {
      const app = await bootstrapApplication(
        Page,
        {
          providers: [
            provideZonelessChangeDetection(),
            provideServerRendering(),
            provideRouter([{ path: 'items', canActivate: [authGuard], component: Items }]),
            provideHttpClient(withInterceptors([authInterceptor])),
            provideHttpClientTesting(),
            {
              provide: REQUEST,
              useValue: new Request('https://app.example/items', { headers: { cookie: cookie ?? '' } }),
            },
            { provide: RESPONSE_INIT, useValue: response },
            ...providers,
          ],
        },
        context,
      );
      const controller = app.injector.get(HttpTestingController);
      await new Promise((resolve) => setTimeout(resolve, 20));
      for (const testRequest of controller.match(() => true)) {
        tokens[testRequest.request.url] = testRequest.request.headers.get('authorization');
        testRequest.flush([]);
      }
      return app;
    },
    {
      document: '<app-root></app-root>',
      url: 'https://app.example/items?code=a&state=b',
      allowedHosts: ['app.example'],
    },
  );
  return { html, tokens, headers: new Headers(response.headers) };
}

const urls = ['https://api.example/items', '/api/items', '//evil.test/api', 'https://evil.test/items'];
const noTokens = Object.fromEntries(urls.map((url) => [new URL(url, 'https://app.example').href, null]));

test('B3: renders a page as loading, without browser APIs or provider requests', async () => {
  let configReads = 0;
  const source = () => {
    configReads++;
    return config;
  };
  const { html, tokens, headers } = await render(
    [
      provideAuth(
        source,
        withRefreshTokens(),
        withSilentLogin(),
        withStorage('tab'),
        withDPoP(),
        withServerState(),
      ),
    ],
    { requests: urls },
  );
  expect(html).toContain('<p>loading false </p>');
  expect(html).not.toContain('Items');
  expect(configReads).toBe(0);
  expect(tokens).toEqual(noTokens);
  expect(headers.get('cache-control')).toBeNull();
});

test('B3: sends no token of a browser client on a server', async () => {
  const browser = {
    snapshot: () => ({ status: 'signed-in' }),
    subscribe: () => () => {},
    start: async () => ({}),
    getAccessToken: async () => ({ accessToken: 'token', tokenType: 'Bearer', scopes: [] }),
    authorize: async () => ({ authorization: 'Bearer token' }),
  } as unknown as BrowserAuth;
  const { tokens } = await render([provideAuthClient(config, browser)], { requests: urls });
  expect(tokens).toEqual(noTokens);
});

const readSession = ({ headers }: Request) => (headers.get('cookie') === 'user=alice' ? alice : undefined);

test('renders a page for the user of the cookie, without a token and without caching', async () => {
  const providers = [
    provideAuth(config),
    provideServerAuth(readSession, { apis: [{ url: 'https://api.example' }] }),
  ];
  const { html, headers } = await render(providers, { cookie: 'user=alice' });
  expect(html).toContain('<p>signed-in true Alice</p>');
  expect(html).toContain('<h1>Items</h1>');
  expect(html).toContain(
    '"countersign default":{"status":"signed-in","claims":{"sub":"alice","name":"Alice"}',
  );
  expect(html).not.toContain('a-token-of-the-server');
  expect(headers.get('cache-control')).toBe('private, no-store');
  expect(headers.get('vary')).toBe('Accept, Cookie');
  const signedOutPage = await render(providers);
  expect(signedOutPage.html).toContain('<p>signed-out false </p>');
  expect(signedOutPage.html).not.toContain('Items');
  expect(signedOutPage.headers.get('cache-control')).toBe('private, no-store');
});

test('B3: sends the token of the session only to absolute URLs of apis', async () => {
  const { tokens } = await render(
    [provideAuth(config), provideServerAuth(readSession, { apis: [{ url: 'https://api.example' }] })],
    { cookie: 'user=alice', requests: urls },
  );
  expect(tokens).toEqual({ ...noTokens, 'https://api.example/items': 'Bearer a-token-of-the-server' });
  const unconfigured = await render([provideAuth(config), provideServerAuth(readSession)], {
    cookie: 'user=alice',
    requests: urls,
  });
  expect(unconfigured.tokens).toEqual(noTokens);
  await expect(render([provideServerAuth(readSession, { apis: [{ url: '/api' }] })])).rejects.toThrow(
    /expected an http\(s\) URL of origin/,
  );
});

test('S9: renders the page with the status error if the session cannot be read', async () => {
  const failToRead = () => {
    throw new Error('The cookie is invalid.');
  };
  const { html, tokens } = await render(
    [
      provideAuth(config),
      provideServerAuth(failToRead, { apis: [{ url: 'https://api.example', optional: true }] }),
    ],
    { requests: ['https://api.example/items'] },
  );
  expect(html).toContain('<p>error false </p>');
  expect(html).not.toContain('countersign default');
  expect(tokens).toEqual({ 'https://api.example/items': null });
});
