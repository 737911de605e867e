import { expect, test } from 'vitest';
import { createClient } from '../index.ts';

const valid = { issuer: 'https://auth.example.test', clientId: 'web' };

test.each([
  [{ ...valid, issuer: '' }, 'missing_option'],
  [{ ...valid, clientId: undefined as never }, 'missing_option'],
  [{ ...valid, issuer: 'auth.example.test' }, 'invalid_option'],
  [{ ...valid, issuer: 'ftp://auth.example.test' }, 'invalid_option'],
  [{ ...valid, issuer: 'https://auth.example.test?x' }, 'invalid_option'],
  [{ ...valid, issuer: 'http://localhost:4000' }, 'insecure_issuer'],
  [{ ...valid, clockTolerance: 301 }, 'invalid_option'],
  [{ ...valid, timeout: 0 }, 'invalid_option'],
  [{ ...valid, maxResponseBytes: Number.NaN }, 'invalid_option'],
  [{ ...valid, retries: 99 }, 'invalid_option'],
])('rejects %j with %s', (options, code) => {
  expect(() => createClient(options)).toThrow(expect.objectContaining({ name: 'ConfigurationError', code }));
});

test('rejects static metadata with plain http endpoints, including aliases', () => {
  const metadata = { issuer: valid.issuer, token_endpoint: 'https://auth.example.test/token' };
  for (const insecure of [
    { token_endpoint: 'http://auth.example.test/token' },
    { mtls_endpoint_aliases: { token_endpoint: 'http://auth.example.test/token' } },
  ]) {
    expect(() => createClient({ ...valid, metadata: { ...metadata, ...insecure } })).toThrow(
      expect.objectContaining({ code: 'metadata_invalid', check: 'token_endpoint' }),
    );
  }
});

test.each(['issuer', 'redirectUri'])('rejects a URL object as %s, without its value', (name) => {
  const url = new URL('https://app.example.test/callback?tenant=secret');
  expect(() => createClient({ ...valid, [name]: url as never })).toThrow(
    expect.objectContaining({
      name: 'ConfigurationError',
      code: 'invalid_option',
      message: `The option "${name}" of createClient() is a URL object, expected a string.`,
    }),
  );
});
