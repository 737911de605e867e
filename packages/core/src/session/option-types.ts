import type { OptionType } from '../internal/check-options.ts';
import type { WebSessionOptions } from './options.ts';

const textArray: OptionType = {
  expected: 'an array of strings',
  accepts: (value) => Array.isArray(value) && value.every((each) => typeof each === 'string'),
};

/** The types of the options of `createWebSessions()` that no other check covers. */
export const sessionOptionTypes: Readonly<Partial<Record<keyof WebSessionOptions, OptionType>>> = {
  secret: 'text list',
  baseUrl: 'string',
  routes: 'string',
  cookie: 'object',
  store: 'object',
  tombstones: 'object',
  replay: 'object',
  idleLifetime: 'number',
  absoluteLifetime: 'number',
  refresh: 'object',
  userinfo: 'boolean',
  loginParameters: textArray,
  afterLogin: 'string',
  postLogoutRedirectUris: textArray,
  logoutMethod: {
    expected: "'post' or 'get'",
    accepts: (value) => value === 'post' || value === 'get',
  },
  idTokenHint: 'boolean',
  accessTokenRoute: 'boolean',
  pages: 'object',
};

/** Names that other libraries use. */
export const sessionOptionHints: Readonly<Record<string, string>> = {
  maxAge: 'Set idleLifetime and absoluteLifetime, in seconds.',
  sessionStore: 'Did you mean "store"?',
  cookieSecret: 'Did you mean "secret"?',
  cookieName: 'Set cookie: { name }.',
  postLogoutRedirectUri: 'Did you mean "postLogoutRedirectUris"? It is an array.',
};
