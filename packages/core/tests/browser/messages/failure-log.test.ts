// @platforms node, edge: the suite replaces `window` and `location`, which a browser does not allow.
import { afterEach, beforeEach, expect, type MockInstance, test, vi } from 'vitest';
import type { BrowserAuthSettings } from '../../../src/browser/options.ts';
import { createMemoryStorage } from '../../../src/browser/state/token-storage.ts';
import { TransportError } from '../../../src/errors.ts';
import {
  advanceClock,
  createPage,
  events,
  openSignedInPage,
  type Page,
  provider,
  startLogin,
} from '../../support/browser/browser-page.ts';
import { json } from '../../support/browser/browser-provider.ts';

let warn: MockInstance<typeof console.warn>;
beforeEach(() => {
  warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
});
afterEach(() => void vi.restoreAllMocks());

/** An operation that fails, and what its event and its line contain. */
interface Failure {
  /** Makes the operation fail. */
  readonly prepare?: () => void;
  readonly options?: Partial<BrowserAuthSettings & { readonly issuer: string }>;
  readonly isSignedIn?: boolean;
  readonly run: (page: Page) => Promise<unknown>;
  readonly type: string;
  readonly code: string;
  readonly texts: readonly string[];
}

const issuer = 'https://login.example';
const login = ({ auth }: Page) => auth.login();
const start = ({ auth }: Page) => auth.start().then(() => Promise.reject(auth.snapshot().error));
const unreachable = () => Promise.reject(new TypeError('fetch failed'));
const respondToAll = (status: number) => async () => json({}, { status });

const failures: Record<string, Failure> = {
  'a login whose issuer has another slash': {
    options: { issuer: `${issuer}/` },
    run: login,
    type: 'login.failed',
    code: 'metadata_invalid',
    texts: [`Metadata "issuer" is "${issuer}", expected "${issuer}/". Set the option issuer`],
  },
  'a login whose issuer is unreachable': {
    options: { fetch: unreachable },
    run: login,
    type: 'login.failed',
    code: 'network_error',
    texts: [`GET ${issuer}/.well-known/openid-configuration received no response. Check the address`],
  },
  'a login whose issuer has no metadata': {
    options: { fetch: respondToAll(404) },
    run: login,
    type: 'login.failed',
    code: 'metadata_invalid',
    texts: ['returned status 404', 'expected 200 and JSON. Check the option issuer'],
  },
  'a login without an authorization endpoint': {
    prepare: () => void delete provider.metadata.authorization_endpoint,
    run: login,
    type: 'login.failed',
    code: 'metadata_invalid',
    texts: [`Metadata "authorization_endpoint" of ${issuer} is missing`, 'Enable this endpoint'],
  },
  'a login with a reserved parameter': {
    run: ({ auth }) => auth.login({ parameters: { state: 'x' } }),
    type: 'login.failed',
    code: 'invalid_option',
    texts: ['state'],
  },
  'a silent login whose issuer has another slash': {
    options: { issuer: `${issuer}/`, silentRedirectUri: 'https://app.example/silent.html' },
    run: ({ auth }) => auth.start().then(() => Promise.reject(auth.snapshot().error)),
    type: 'login.failed',
    code: 'metadata_invalid',
    texts: [`Metadata "issuer" is "${issuer}", expected "${issuer}/". Set the option issuer`],
  },
  'a callback with another state': {
    run: async (page) => {
      const url = provider.approve(await startLogin(page), (parameters) => parameters.set('state', 'x'));
      return page.auth.handleCallback(url);
    },
    type: 'login.failed',
    code: 'transaction_invalid',
    texts: ['state'],
  },
  'a callback with an error of the provider': {
    run: async (page) => {
      const url = provider.approve(await startLogin(page), (parameters) => {
        parameters.delete('code');
        parameters.set('error', 'invalid_scope');
      });
      return page.auth.handleCallback(url);
    },
    type: 'login.failed',
    code: 'authorization_error',
    texts: ['invalid_scope'],
  },
  'a callback whose ID token is for another client': {
    prepare: () => {
      provider.claims = (claims) => ({ ...claims, aud: 'web2' });
    },
    run: async (page) => page.auth.handleCallback(provider.approve(await startLogin(page))),
    type: 'login.failed',
    code: 'id_token_invalid',
    texts: ['"aud"', '"web2"', '"spa"'],
  },
  'a start whose storage cannot be opened': {
    options: {
      storage: {
        ...createMemoryStorage(),
        open: () => Promise.reject(new TransportError('store_unavailable', 'The storage failed.')),
      },
    },
    run: start,
    type: 'login.failed',
    code: 'store_unavailable',
    texts: ['The storage failed.'],
  },
  'a start whose storage cannot be read': {
    options: {
      storage: {
        ...createMemoryStorage(),
        get: () => Promise.reject(new TransportError('store_unavailable', 'The storage failed.')),
      },
    },
    run: start,
    type: 'login.failed',
    code: 'store_unavailable',
    texts: ['The storage failed.'],
  },
  'a refresh whose client was rejected': {
    isSignedIn: true,
    prepare: () => {
      advanceClock(100);
      provider.intercept = () => json({ error: 'unauthorized_client' }, { status: 400 });
    },
    run: ({ auth }) => auth.getAccessToken(),
    type: 'refresh.failed',
    code: 'client_rejected',
    texts: ['unauthorized_client'],
  },
  'a logout whose issuer has another slash': {
    options: { issuer: `${issuer}/` },
    run: ({ auth }) => auth.logout().then(() => Promise.reject(auth.snapshot().error)),
    type: 'logout.incomplete',
    code: 'metadata_invalid',
    texts: [`Metadata "issuer" is "${issuer}", expected "${issuer}/". Set the option issuer`],
  },
};

const failureTypes = ['login.failed', 'refresh.failed', 'logout.incomplete'];

async function openPage({ options = {}, prepare, isSignedIn }: Failure, onEvent?: undefined | null) {
  const all = { ...options, ...(onEvent === undefined && { onEvent }) };
  if (!isSignedIn) prepare?.();
  const page = await (isSignedIn ? openSignedInPage(all) : createPage(all));
  if (isSignedIn) prepare?.();
  return page;
}

test.each(Object.entries(failures))('%s is one event with its code', async (_, failure) => {
  const page = await openPage(failure, null);
  await expect(failure.run(page)).rejects.toMatchObject({ code: failure.code });
  const found = events.filter(({ type }) => failureTypes.includes(type));
  expect(found).toEqual([
    expect.objectContaining({ type: failure.type, code: failure.code, clientId: 'spa' }),
  ]);
  expect(warn).not.toHaveBeenCalled();
});

test.each(Object.entries(failures))(
  'without a listener, %s is one line in the console',
  async (_, failure) => {
    const page = await openPage(failure);
    await expect(failure.run(page)).rejects.toMatchObject({ code: failure.code });
    const lines = warn.mock.calls.map(([line]) => String(line));
    expect(lines).toEqual([expect.stringContaining(`countersign: ${failure.type} (${issuer}`)]);
    expect(lines[0]).toContain(`: ${failure.code}: `);
    for (const text of failure.texts) expect(lines[0]).toContain(text);
  },
);

test('C7: the line of a failure in other code contains its name only', async () => {
  const { auth } = createPage({
    onEvent: undefined,
    navigate: () => Promise.reject(new RangeError('cookie=secret')),
  });
  await expect(auth.login()).rejects.toThrow('cookie=secret');
  expect(warn.mock.calls).toEqual([[`countersign: login.failed (${issuer}): unexpected_error: RangeError`]]);
});

test('writes no line for a refresh token that has ended', async () => {
  const { auth } = await openSignedInPage({ onEvent: undefined });
  advanceClock(100);
  provider.intercept = () => json({ error: 'invalid_grant' }, { status: 400 });
  await expect(auth.getAccessToken()).rejects.toMatchObject({ name: 'LoginRequiredError' });
  expect(warn).not.toHaveBeenCalled();
});
