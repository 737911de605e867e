import type { OptionType } from '../internal/check-options.ts';
import { parseUrl } from '../internal/parse-url.ts';
import { checkReturnTo } from '../protocol/login/return-to.ts';
import type { WebSessionOptions } from './options.ts';

const textArray: OptionType = {
  expected: 'an array of strings',
  accepts: (value) => Array.isArray(value) && value.every((each) => typeof each === 'string'),
};

const exampleOrigin = 'https://app.example';

/** A private scheme has one slash (RFC 8252 section 7.1). `localhost:3000` is a host, not a scheme. */
const isCompleteUrl = (value: unknown): value is string =>
  typeof value === 'string' &&
  /^(https?:\/\/|(?!https?:)[a-z][a-z\d+.-]*:\/)\S+$/i.test(value) &&
  parseUrl(value) !== undefined;

const routesPath: OptionType = {
  expected: 'a path without query, for example "/auth"',
  accepts: (value) =>
    typeof value === 'string' &&
    (value === '' || (value.startsWith('/') && parseUrl(value, exampleOrigin)?.pathname === value)),
};

const applicationPath: OptionType = {
  expected: 'a path of the application, for example "/start"',
  accepts: (value) =>
    typeof value === 'string' &&
    (value === '' ||
      (value.startsWith('/')
        ? checkReturnTo(value, { origin: exampleOrigin }).path !== undefined
        : isCompleteUrl(value))),
};

const urlArray: OptionType = {
  expected: `an array of at least one complete URL as it is registered at the provider, for example ["${exampleOrigin}/bye"]`,
  accepts: (value) => Array.isArray(value) && value.length > 0 && value.every(isCompleteUrl),
};

/** The types of the options of `createWebSessions()` that no other check covers. */
export const sessionOptionTypes: Readonly<Partial<Record<keyof WebSessionOptions, OptionType>>> = {
  secret: 'text list',
  baseUrl: 'string',
  routes: routesPath,
  cookie: 'object',
  store: 'object',
  tombstones: 'object',
  replay: 'object',
  idleLifetime: 'number',
  absoluteLifetime: 'number',
  refresh: 'object',
  userinfo: 'boolean',
  loginParameters: textArray,
  afterLogin: applicationPath,
  postLogoutRedirectUris: urlArray,
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
