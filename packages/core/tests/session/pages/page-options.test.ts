// @platforms node, edge: a Request in a browser has no Cookie header, and a Response shows no Set-Cookie.
import { afterEach, expect, test, vi } from 'vitest';
import { german } from '../../support/session/failed-logins.ts';
import { createWebApp } from '../../support/web-browser.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

test.each([
  'https://evil.example/',
  '//evil.example',
  'login-error',
  '/\\evil',
  '',
  '/auth/login',
  '/auth/error',
])('createWebSessions() rejects the page %j', async (page) => {
  await expect(createWebApp({ pages: { error: page } })).rejects.toMatchObject({
    code: 'invalid_option',
    message: expect.stringContaining('"pages.error"'),
  });
});

test.each<[string, string, unknown]>([
  ['pages', 'pages', null],
  ['pages', 'pages', 5],
  ['pages', 'pages', '/login-error'],
  ['pages', 'pages', ['/login-error']],
  ['pages', 'pages', () => '/login-error'],
  ['pages', 'pages.error', { error: 5 }],
  ['pages', 'pages.error', { error: {} }],
  ['pages', 'pages.denied', { denied: null }],
  ['pages', 'pages.logout', { logout: true }],
  ['pages', 'pages.loggedOut', { loggedOut: ['/bye'] }],
  ['pages', 'pages.loggedOut', { loggedOut: 5n }],
  ['messages', 'messages', null],
  ['messages', 'messages', 'de'],
  ['messages', 'messages', []],
  ['messages', 'messages', Promise.resolve({ de: german })],
  ['messages', 'messages.de', { de: null }],
  ['messages', 'messages.de', { de: 'Deutsch' }],
  ['messages', 'messages.de', { de: () => german }],
  ['messages', 'messages.de', { en: {}, de: Promise.resolve(german) }],
  ['messages', 'messages.de.language', { de: { language: 5 } }],
  ['messages', 'messages.de.direction', { de: { direction: {} } }],
  ['messages', 'messages.de.labels', { de: { labels: null } }],
  ['messages', 'messages.de.labels', { de: { labels: 'x' } }],
  ['messages', 'messages.de.labels.back', { de: { labels: { back: 5 } } }],
  ['messages', 'messages.de.pages', { de: { pages: [] } }],
  ['messages', 'messages.de.pages.denied', { de: { pages: { denied: 'x' } } }],
  ['messages', 'messages.de.pages.denied.title', { de: { pages: { denied: { title: null } } } }],
])('createWebSessions() rejects the option %s with a wrong type of %s', async (option, name, value) => {
  await expect(createWebApp({ [option]: value })).rejects.toMatchObject({
    name: 'ConfigurationError',
    code: 'invalid_option',
    message: expect.stringMatching(
      new RegExp(`^(The option )?"${name}"( of createWebSessions\\(\\))? is .+, expected `),
    ),
  });
});

test.each<[string, unknown]>([
  ['postLogoutRedirectUris', []],
  ['postLogoutRedirectUris', ['']],
  ['postLogoutRedirectUris', ['/bye']],
  ['postLogoutRedirectUris', ['bye']],
  ['postLogoutRedirectUris', ['//app.example.test/bye']],
  ['postLogoutRedirectUris', ['app.example.test/bye']],
  ['postLogoutRedirectUris', ['localhost:3000/bye']],
  ['postLogoutRedirectUris', ['https:/bye']],
  ['postLogoutRedirectUris', ['https://']],
  ['postLogoutRedirectUris', ['https://app.example.test/bye\n']],
  ['postLogoutRedirectUris', ['https://app.example.test/', '/bye']],
  ['postLogoutRedirectUris', [null]],
  ['postLogoutRedirectUris', 'https://app.example.test/'],
  ['routes', 'auth'],
  ['routes', '//auth'],
  ['routes', '/auth?a=1'],
  ['routes', '/my auth'],
  ['routes', 'https://app.example.test/auth'],
  ['afterLogin', 'start'],
  ['afterLogin', '//evil.example'],
  ['afterLogin', '/\\evil.example'],
])(
  'createWebSessions() rejects the option %s with the value %j, and names what it expects',
  async (name, value) => {
    await expect(createWebApp({ [name]: value })).rejects.toMatchObject({
      name: 'ConfigurationError',
      code: 'invalid_option',
      message: expect.stringMatching(
        new RegExp(`^The option "${name}" of createWebSessions\\(\\) is .+, expected .+ for example .+`),
      ),
    });
  },
);

test.each<[string, unknown]>([
  ['postLogoutRedirectUris', ['https://app.example.test', 'http://localhost:3000/bye?a=1']],
  ['postLogoutRedirectUris', ['https://müller.example/tschüss', 'com.example.app:/bye']],
  ['routes', ''],
  ['routes', '/'],
  ['routes', '/api/auth/'],
  ['afterLogin', '/start?tab=1#top'],
  ['afterLogin', 'https://app.example.test/start'],
])('createWebSessions() accepts the option %s with the value %j', async (name, value) => {
  await expect(createWebApp({ [name]: value })).resolves.toBeDefined();
});
