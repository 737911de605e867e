import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { BrowserTransaction } from '../../src/browser/login/browser-transaction.ts';
import { saveTransaction, takeTransaction } from '../../src/browser/login/transaction-storage.ts';
import { type BrowserContext, resolveOptions } from '../../src/browser/options.ts';
import { createWebStorage } from '../../src/browser/state/token-storage.ts';
import { fetchMetadata } from '../../src/browser/wire/metadata.ts';
import { sendRequest } from '../../src/browser/wire/send-request.ts';
import { validateIdToken } from '../../src/browser/wire/verify-id-token.ts';
import { encodeUtf8, toBase64Url } from '../../src/internal/encoding.ts';
import { createTestProvider, type TestProvider } from '../support/browser/browser-provider.ts';

const nested = '['.repeat(5_600) + ']'.repeat(5_600);
const now = () => Date.UTC(2026, 0, 1);

let provider: TestProvider;

beforeEach(async () => {
  provider = await createTestProvider(now);
});
afterEach(() => vi.unstubAllGlobals());

const createContext = (options: object = {}): BrowserContext =>
  resolveOptions({
    issuer: provider.issuer,
    clientId: 'spa',
    redirectUri: 'https://app.example/callback',
    fetch: provider.fetch,
    now,
    ...options,
  });

const createRespondingContext = (body: string) =>
  createContext({
    fetch: async () => new Response(body, { headers: { 'content-type': 'application/json' } }),
  });

describe('C9: the browser client rejects deeply nested JSON with a typed error', () => {
  test('in a response', async () => {
    const rejection = { name: 'ValidationError', code: 'response_malformed' };
    for (const [body, check] of [
      [`{"deep":${nested}}`, 'json_depth'],
      ['{"expires_in":1e999}', 'json_number'],
      ['{"keys":[],"\\u006beys":[]}', 'json'],
    ] as const) {
      const context = createRespondingContext(body);
      await expect(sendRequest(context, 'https://login.example/token')).rejects.toMatchObject({
        ...rejection,
        check,
      });
      await expect(fetchMetadata(context)).rejects.toMatchObject({ ...rejection, check });
    }
  });

  test('in an ID token', async () => {
    const encode = (text: string) => toBase64Url(encodeUtf8(text));
    const [, payload = '', signature = ''] = (await provider.sign({ iss: provider.issuer })).split('.');
    for (const token of [
      `${encode(`{"alg":"RS256","deep":${nested}}`)}.${payload}.${signature}`,
      await provider.sign({ iss: provider.issuer, deep: JSON.parse('['.repeat(40) + ']'.repeat(40)) }),
    ]) {
      await expect(validateIdToken(createContext(), token, { accessToken: 'a' })).rejects.toMatchObject({
        code: 'id_token_invalid',
        check: 'format',
      });
    }
  });
});

describe('the storage of a tab', () => {
  let items: Map<string, string>;

  beforeEach(() => {
    items = new Map();
    vi.stubGlobal(
      'sessionStorage',
      // The names of items are properties of the object, as in a browser.
      new Proxy(
        {
          getItem: (name: string) => items.get(name) ?? null,
          setItem: (name: string, value: string) => void items.set(name, value),
          removeItem: (name: string) => void items.delete(name),
        },
        {
          ownKeys: () => [...items.keys()],
          getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
        },
      ),
    );
  });

  const damaged = ['', 'null', '5', '[]', '{"createdAt":', '{"a":1,"a":2}', `{"deep":${nested}}`];
  const transaction = (state: string) => ({ state, createdAt: 5 }) as BrowserTransaction;

  test('ignores a malformed transaction, and stores the next one', () => {
    const context = createContext();
    const toItemName = (state: string) => `${context.prefix}login ${state}`;
    for (const [index, text] of damaged.entries()) {
      items.set(toItemName(String(index)), text);
      saveTransaction(context, transaction('new'));
      expect(takeTransaction(context, String(index))).toBeUndefined();
      expect(items.has(toItemName(String(index)))).toBe(false);
      expect(takeTransaction(context, 'new')).toEqual(transaction('new'));
    }
    // Malformed entries are deleted first.
    for (let index = 0; index < 7; index++) saveTransaction(context, transaction(`good ${index}`));
    for (const [index, text] of damaged.entries()) items.set(toItemName(`damaged ${index}`), text);
    saveTransaction(context, transaction('last'));
    const names = [...items.keys()];
    expect(names.filter((name) => name.startsWith(toItemName('')))).toHaveLength(8);
    expect(names.filter((name) => name.includes('damaged'))).toEqual([]);
  });

  test('ignores malformed tokens', () => {
    const storage = createWebStorage('tab');
    for (const text of damaged) {
      items.set('key', text);
      expect(storage.get('key')).toBeUndefined();
    }
    items.set('key', '{"scopes":["openid"]}');
    expect(storage.get('key')).toEqual({ scopes: ['openid'] });
  });
});

test('C11: ignores a metadata member of a wrong type, and rejects one that protects the login', async () => {
  for (const value of [{}, 5, 'S256', true, null]) {
    provider.metadata = { ...provider.metadata, code_challenge_methods_supported: value };
    await expect(fetchMetadata(createContext())).resolves.not.toHaveProperty(
      'code_challenge_methods_supported',
    );
    const { metadata } = provider;
    await expect(fetchMetadata(createContext({ metadata }))).resolves.toHaveProperty('issuer');
  }
  provider.metadata = { ...provider.metadata, authorization_response_iss_parameter_supported: 'true' };
  await expect(fetchMetadata(createContext())).rejects.toMatchObject({
    code: 'metadata_invalid',
    check: 'authorization_response_iss_parameter_supported',
  });
});
