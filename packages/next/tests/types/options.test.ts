import { expectTypeOf, test } from 'vitest';
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

test('each option and property accepts undefined', () => {
  expectTypeOf<Strict<AuthOptions>>().toEqualTypeOf<never>();
  expectTypeOf<Strict<ProxyOptions>>().toEqualTypeOf<never>();
  expectTypeOf<Strict<ProtectOptions>>().toEqualTypeOf<never>();
  expectTypeOf<Strict<SessionTokenRequest>>().toEqualTypeOf<never>();
  expectTypeOf<Strict<NonNullable<Parameters<Auth['requireSession']>[0]>>>().toEqualTypeOf<never>();
  expectTypeOf<Strict<AuthProviderProps>>().toEqualTypeOf<never>();
  expectTypeOf<Strict<Pick<LoginButtonProps, 'returnTo'>>>().toEqualTypeOf<never>();
  expectTypeOf<Strict<Pick<LogoutButtonProps, 'returnTo'>>>().toEqualTypeOf<never>();
  expectTypeOf<Strict<SessionExpiryProps>>().toEqualTypeOf<never>();
  expectTypeOf<Strict<NonNullable<SessionExpiryProps['messages']>>>().toEqualTypeOf<never>();
  expectTypeOf<Strict<TestSession>>().toEqualTypeOf<never>();
  // The helper finds a strict member.
  expectTypeOf<Strict<{ readonly a?: string; readonly b?: string | undefined }>>().toEqualTypeOf<'a'>();
});
