import { expectTypeOf, test } from 'vitest';
import type { StrictMembers } from '../../../core/tests/support/strict-members.ts';
import type {
  AuthProviderProps,
  LoginButtonProps,
  LogoutButtonProps,
  SessionExpiryProps,
} from '../../src/client/index.tsx';
import type {
  Auth,
  AuthOptions,
  ProtectOptions,
  ProxyOptions,
  SessionTokenRequest,
} from '../../src/index.ts';
import type { TestSession } from '../../src/testing/index.ts';

test('each option and property accepts undefined', () => {
  expectTypeOf<StrictMembers<AuthOptions>>().toEqualTypeOf<never>();
  expectTypeOf<StrictMembers<ProxyOptions>>().toEqualTypeOf<never>();
  expectTypeOf<StrictMembers<ProtectOptions>>().toEqualTypeOf<never>();
  expectTypeOf<StrictMembers<SessionTokenRequest>>().toEqualTypeOf<never>();
  expectTypeOf<StrictMembers<NonNullable<Parameters<Auth['requireSession']>[0]>>>().toEqualTypeOf<never>();
  expectTypeOf<StrictMembers<AuthProviderProps>>().toEqualTypeOf<never>();
  expectTypeOf<StrictMembers<Pick<LoginButtonProps, 'returnTo'>>>().toEqualTypeOf<never>();
  expectTypeOf<StrictMembers<Pick<LogoutButtonProps, 'returnTo'>>>().toEqualTypeOf<never>();
  expectTypeOf<StrictMembers<SessionExpiryProps>>().toEqualTypeOf<never>();
  expectTypeOf<StrictMembers<NonNullable<SessionExpiryProps['messages']>>>().toEqualTypeOf<never>();
  expectTypeOf<StrictMembers<TestSession>>().toEqualTypeOf<never>();
});
