import { describe, expect, test } from 'vitest';
import { AuthModule, type AuthModuleOptions } from '../../src/index.ts';
import { adapters, audience, startApp } from '../support/start/start-app.ts';

const issuer = 'https://login.example.test';
const jwks = { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] };
const jwksUri = 'https://login.example.test/keys';

/** The options that are invalid together, and a part of the message. */
const invalidOptions: readonly (readonly [string, object, string])[] = [
  ['"issuer" and "issuers"', { issuer, issuers: [{ issuer, audience }] }, 'cannot be combined with issuers'],
  ['"audience" beside "issuers"', { audience, issuers: [{ issuer, audience }] }, 'cannot be combined'],
  ['"jwks" and "jwksUri"', { issuer, audience, jwks, jwksUri }, 'jwks and jwksUri are both set'],
  ['symmetric keys only', { issuer, audience, jwks }, 'only symmetric keys'],
  [
    'an unknown "requireBinding"',
    { issuer, audience, requireBinding: 'tls' },
    'expected "dpop", "mtls" or "any"',
  ],
  [
    '"requireBinding" without its option',
    { issuer, audience, requireBinding: 'dpop' },
    'requires the option dpop',
  ],
];

describe.each(adapters)('an application on %s does not start', (adapter) => {
  test.each(invalidOptions)('with %s', async (_, options, message) => {
    const modules = [
      () => AuthModule.forRoot(options as AuthModuleOptions),
      () => AuthModule.forRootAsync({ useFactory: () => options as AuthModuleOptions }),
    ];
    for (const module of modules)
      await expect(startApp({}, { adapter, module })).rejects.toMatchObject({
        name: 'ConfigurationError',
        message: expect.stringContaining(message),
      });
  });
});
