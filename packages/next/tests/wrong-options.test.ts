import { ConfigurationError } from '@countersign/core';
import { expect, test } from 'vitest';
import { createAuth } from '../src/create-auth.ts';

const url = new URL('https://app.example.test/auth/callback?tenant=secret');

test.each([
  ['issuer', url, 'The option "issuer" of createAuth() is a URL object, expected a string.'],
  [
    'baseUrl',
    url,
    'The option "baseUrl" of createAuth() is a URL object, expected a string or an array of strings.',
  ],
  [
    'baseUrl',
    [url],
    'The option "baseUrl" of createAuth() is an array, expected a string or an array of strings.',
  ],
  [
    'redirectUri',
    url,
    'createAuth() has no option "redirectUri". The redirect URI follows from baseUrl and routes. Set these, and register it at the provider.',
  ],
])('createAuth() rejects a URL object as %s at creation', (name, value, message) => {
  let error: unknown;
  try {
    createAuth({ [name]: value });
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(ConfigurationError);
  expect(error).toMatchObject({ code: 'invalid_option', message });
});
