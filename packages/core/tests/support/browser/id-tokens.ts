import { beforeEach, expect } from 'vitest';
import { type BrowserContext, resolveOptions } from '../../../src/browser/options.ts';
import { type ResponseExpectations, validateIdToken } from '../../../src/browser/wire/verify-id-token.ts';
import { encodeUtf8, toBase64Url } from '../../../src/internal/encoding.ts';
import { createTestProvider, type TestProvider } from './browser-provider.ts';

/** Milliseconds since the epoch. */
let time = Date.UTC(2026, 0, 1);
/** Seconds since the epoch. */
export const seconds = () => Math.floor(time / 1000);
export let provider: TestProvider;
export let context: BrowserContext;

beforeEach(async () => {
  time = Date.UTC(2026, 0, 1);
  provider = await createTestProvider(() => time);
  replaceContext();
});

export function createContext(options: object): BrowserContext {
  return resolveOptions({
    issuer: provider.issuer,
    clientId: 'spa',
    redirectUri: 'https://app.example/callback',
    fetch: provider.fetch,
    now: () => time,
    ...options,
  });
}

/** The claims of a valid ID token. */
export const claims = (changes: object = {}) => ({
  iss: provider.issuer,
  sub: 'user-1',
  aud: 'spa',
  iat: seconds(),
  exp: seconds() + 60,
  nonce: 'n',
  ...changes,
});

export const expected: ResponseExpectations = { accessToken: 'access', code: 'code', nonce: 'n' };

export async function expectRejected(token: string, check: string, expectations = expected): Promise<void> {
  await expect(validateIdToken(context, token, expectations)).rejects.toMatchObject({
    code: 'id_token_invalid',
    check,
  });
}

/** Encodes a part of a JWT. */
export const encode = (value: object) => toBase64Url(encodeUtf8(JSON.stringify(value)));

/** Replaces the context, and with it the cached keys. */
export function replaceContext(options: object = {}): void {
  context = createContext(options);
}

export function advanceTime(milliseconds: number): void {
  time += milliseconds;
}
