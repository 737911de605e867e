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
import { provideAuth, provideAuthClient } from '../provide-auth.ts';
import { provideServerAuth, type ServerSession } from './provide-server-auth.ts';

// Components are written out, because decorators with inline templates are for the Angular compiler.

class Items {}
Component({ selector: 'app-items', template: '<h1>Items</h1>' })(Items);

class Page {
  readonly auth = injectAuth();
  constructor() {
    const http = inject(HttpClient);
    for (const url of asked) http.get(url).subscribe({ error: () => {} });
  }
}
Component({
  selector: 'app-root',
  imports: [RouterOutlet],
  template: '<p>{{ auth.status() }} {{ auth.isSignedIn() }} {{ auth.user()?.name }}</p><router-outlet />',
})(Page);

/** What the page asks for while it is rendered. */
let asked: string[] = [];

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

/** Renders the page, with the `Authorization` of each request that it makes. */
async function render(
  providers: (Provider | EnvironmentProviders)[],
  { cookie, requests = [] }: { readonly cookie?: string; readonly requests?: string[] } = {},
) {
  asked = requests;
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
      for (const sent of controller.match(() => true)) {
        tokens[sent.request.url] = sent.request.headers.get('authorization');
        sent.flush([]);
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

const addresses = ['https://api.example/items', '/api/items', '//evil.test/api', 'https://evil.test/items'];
const without = Object.fromEntries(addresses.map((url) => [new URL(url, 'https://app.example').href, null]));

test('B3: on a server a page renders as loading, and neither a browser nor the provider is touched', async () => {
  let asked = 0;
  const source = () => {
    asked++;
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
    { requests: addresses },
  );
  expect(html).toContain('<p>loading false </p>');
  expect(html).not.toContain('Items');
  expect(asked).toBe(0);
  expect(tokens).toEqual(without);
  expect(headers.get('cache-control')).toBeNull();
});

test('B3: a client that was made for browsers gives no token on a server', async () => {
  const browser = {
    snapshot: () => ({ status: 'signed-in' }),
    subscribe: () => () => {},
    start: async () => ({}),
    getAccessToken: async () => ({ accessToken: 'token', tokenType: 'Bearer', scopes: [] }),
    authorize: async () => ({ authorization: 'Bearer token' }),
  } as unknown as BrowserAuth;
  const { tokens } = await render([provideAuthClient(config, browser)], { requests: addresses });
  expect(tokens).toEqual(without);
});

const named = ({ headers }: Request) => (headers.get('cookie') === 'user=alice' ? alice : undefined);

test('a cookie decides whom a page is rendered for; no token is in it, and no cache keeps it', async () => {
  const providers = [
    provideAuth(config),
    provideServerAuth(named, { apis: [{ url: 'https://api.example' }] }),
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
  const guest = await render(providers);
  expect(guest.html).toContain('<p>signed-out false </p>');
  expect(guest.html).not.toContain('Items');
  expect(guest.headers.get('cache-control')).toBe('private, no-store');
});

test('B3: the token of the session goes to the configured addresses alone, never to a path', async () => {
  const { tokens } = await render(
    [provideAuth(config), provideServerAuth(named, { apis: [{ url: 'https://api.example' }] })],
    { cookie: 'user=alice', requests: addresses },
  );
  expect(tokens).toEqual({ ...without, 'https://api.example/items': 'Bearer a-token-of-the-server' });
  const unconfigured = await render([provideAuth(config), provideServerAuth(named)], {
    cookie: 'user=alice',
    requests: addresses,
  });
  expect(unconfigured.tokens).toEqual(without);
  await expect(render([provideServerAuth(named, { apis: [{ url: '/api' }] })])).rejects.toThrow(
    /URL of origin/,
  );
});

test('S9: a session that cannot be read is no session, and the page is rendered all the same', async () => {
  const broken = () => {
    throw new Error('The cookie is broken.');
  };
  const { html, tokens } = await render(
    [
      provideAuth(config),
      provideServerAuth(broken, { apis: [{ url: 'https://api.example', optional: true }] }),
    ],
    { requests: ['https://api.example/items'] },
  );
  expect(html).toContain('<p>error false </p>');
  expect(html).not.toContain('countersign default');
  expect(tokens).toEqual({ 'https://api.example/items': null });
});
