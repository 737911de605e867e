// @platforms node, edge: createAuth() reads the environment of a server.
import { expect, test } from 'vitest';
import { createBrowserAuth } from '../../src/browser/index.ts';
import { createWebAuthResolver } from '../../src/session/adapter.ts';
import { createWebAuth } from '../../src/session/index.ts';

const browser = {
  issuer: 'https://login.example',
  clientId: 'spa',
  redirectUri: 'https://app.example/callback',
};
const createBrowser = (options: object) => () => createBrowserAuth({ ...browser, ...options });

test.each([
  [{ scope: ['openid'] }, 'The option "scope" of createBrowserAuth() is an array, expected a string.'],
  [{ fetch: 5 }, 'The option "fetch" of createBrowserAuth() is a number, expected a function.'],
  [{ clientid: 'spa' }, 'createBrowserAuth() has no option "clientid". Did you mean "clientId"?'],
  [{ authority: 'x' }, 'createBrowserAuth() has no option "authority". Did you mean "issuer"?'],
])('createBrowserAuth(%j) names the wrong option', (options, message) => {
  expect(createBrowser(options)).toThrow(message);
});

test('createBrowserAuth() accepts additional options, such as those of an adapter', () => {
  expect(createBrowser({ apis: [], errorRoute: '/failed', leeway: undefined })).not.toThrow();
});

test.each([
  [
    { apiOrigin: ['https://api.example'] },
    'createAuth() has no option "apiOrigin". Did you mean "apiOrigins"?',
  ],
  [{ idleLifetime: '60' }, 'The option "idleLifetime" of createAuth() is a string, expected a number.'],
  [{ trustProxy: 'yes' }, 'The option "trustProxy" of createAuth() is a string, expected true or false.'],
  [{ sessionStore: {} }, 'createAuth() has no option "sessionStore". Did you mean "store"?'],
])('createAuth(%j) names the wrong option at creation', (options, message) => {
  expect(() => createWebAuthResolver(options as object)).toThrow(message);
  expect(() => createWebAuth(options as object, null)).toThrow(message);
});
