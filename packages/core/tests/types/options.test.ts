import { expectTypeOf, test } from 'vitest';
import type {
  BrowserAuthOptions,
  GetAccessTokenOptions,
  IdleOptions,
  LoginOptions,
  LogoutOptions,
} from '../../src/browser/index.ts';
import type {
  AuthorizationRequest,
  ClientOptions,
  GetAccessTokenRequest,
  generateDpopKeyPair,
} from '../../src/index.ts';
import type { NodeFetchOptions } from '../../src/node/index.ts';
import type { Auth0Options, ProviderPreset } from '../../src/providers/index.ts';
import type { TrustedIssuer, VerifierOptions } from '../../src/resource-server/index.ts';
import type {
  SessionTokenRequest,
  StartLoginOptions,
  StartLogoutOptions,
  WebAuthOptions,
  WebSessionOptions,
} from '../../src/session/index.ts';
import type { StrictMembers } from '../support/strict-members.ts';

test('each option accepts undefined', () => {
  expectTypeOf<StrictMembers<ClientOptions>>().toEqualTypeOf<never>();
  expectTypeOf<StrictMembers<ProviderPreset>>().toEqualTypeOf<never>();
  expectTypeOf<StrictMembers<WebAuthOptions>>().toEqualTypeOf<never>();
  expectTypeOf<StrictMembers<Auth0Options>>().toEqualTypeOf<never>();
  expectTypeOf<StrictMembers<VerifierOptions>>().toEqualTypeOf<never>();
  expectTypeOf<StrictMembers<TrustedIssuer>>().toEqualTypeOf<never>();
  expectTypeOf<StrictMembers<WebSessionOptions>>().toEqualTypeOf<never>();
  expectTypeOf<StrictMembers<AuthorizationRequest>>().toEqualTypeOf<never>();
  expectTypeOf<StrictMembers<GetAccessTokenRequest>>().toEqualTypeOf<never>();
  expectTypeOf<StrictMembers<StartLoginOptions>>().toEqualTypeOf<never>();
  expectTypeOf<StrictMembers<StartLogoutOptions>>().toEqualTypeOf<never>();
  expectTypeOf<StrictMembers<SessionTokenRequest>>().toEqualTypeOf<never>();
  expectTypeOf<StrictMembers<BrowserAuthOptions>>().toEqualTypeOf<never>();
  expectTypeOf<StrictMembers<LoginOptions>>().toEqualTypeOf<never>();
  expectTypeOf<StrictMembers<LogoutOptions>>().toEqualTypeOf<never>();
  expectTypeOf<StrictMembers<GetAccessTokenOptions>>().toEqualTypeOf<never>();
  expectTypeOf<StrictMembers<IdleOptions>>().toEqualTypeOf<never>();
  expectTypeOf<StrictMembers<NodeFetchOptions>>().toEqualTypeOf<never>();
  expectTypeOf<StrictMembers<NonNullable<NodeFetchOptions['pool']>>>().toEqualTypeOf<never>();
  // The helper finds a strict member.
  expectTypeOf<
    StrictMembers<{ readonly a?: string; readonly b?: string | undefined }>
  >().toEqualTypeOf<'a'>();
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
