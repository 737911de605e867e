import { expectTypeOf, test } from 'vitest';
import type { BrowserAuthOptions } from '../../src/browser/index.ts';
import type { ClientOptions, generateDpopKeyPair } from '../../src/index.ts';
import type { NodeFetchOptions } from '../../src/node/index.ts';
import type { Auth0Options, ProviderPreset } from '../../src/providers/index.ts';
import type { TrustedIssuer, VerifierOptions } from '../../src/resource-server/index.ts';
import type { WebAuthOptions, WebSessionOptions } from '../../src/session/index.ts';

/** The optional members of `T` that do not accept `undefined` where `exactOptionalPropertyTypes` is set. */
type Strict<T> = T extends unknown
  ? {
      [K in keyof T]-?: object extends Pick<T, K>
        ? { [P in K]: undefined } extends Pick<T, K>
          ? never
          : K
        : never;
    }[keyof T]
  : never;

test('each option accepts undefined', () => {
  expectTypeOf<Strict<ClientOptions>>().toEqualTypeOf<never>();
  expectTypeOf<Strict<ProviderPreset>>().toEqualTypeOf<never>();
  expectTypeOf<Strict<WebAuthOptions>>().toEqualTypeOf<never>();
  expectTypeOf<Strict<Auth0Options>>().toEqualTypeOf<never>();
  expectTypeOf<Strict<VerifierOptions>>().toEqualTypeOf<never>();
  expectTypeOf<Strict<TrustedIssuer>>().toEqualTypeOf<never>();
  expectTypeOf<Strict<WebSessionOptions>>().toEqualTypeOf<never>();
  expectTypeOf<Strict<BrowserAuthOptions>>().toEqualTypeOf<never>();
  expectTypeOf<Strict<NodeFetchOptions>>().toEqualTypeOf<never>();
  expectTypeOf<Strict<NonNullable<NodeFetchOptions['pool']>>>().toEqualTypeOf<never>();
  // The helper finds a strict member.
  expectTypeOf<Strict<{ readonly a?: string; readonly b?: string | undefined }>>().toEqualTypeOf<'a'>();
});

test('rejects unknown keys and algorithms', () => {
  type KeyPair = NonNullable<ClientOptions['dpop']>['keyPair'];
  expectTypeOf<CryptoKeyPair>().toExtend<KeyPair>();
  expectTypeOf<number>().not.toExtend<KeyPair>();
  expectTypeOf<Awaited<ReturnType<typeof generateDpopKeyPair>>>().toExtend<KeyPair>();
  expectTypeOf<CryptoKey>().toExtend<NonNullable<ClientOptions['requestObjectSigningKey']>['key']>();
  expectTypeOf<string>().not.toExtend<NonNullable<ClientOptions['requestObjectSigningKey']>['key']>();
  expectTypeOf<'ES256'>().toExtend<NonNullable<ClientOptions['idTokenSignedResponseAlg']>>();
  expectTypeOf<'RS25' | 'HS256' | 'none'>().not.toExtend<
    NonNullable<ClientOptions['idTokenSignedResponseAlg']>
  >();
});
