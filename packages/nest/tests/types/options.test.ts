import { expectTypeOf, test } from 'vitest';
import type {
  AuthModuleExtras,
  AuthModuleOptions,
  accessTokenCors,
  accessTokenSecurityScheme,
  ConnectionOptions,
  RenewalOptions,
} from '../../src/index.ts';

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
  // One of these two excludes the other.
  expectTypeOf<Exclude<Strict<AuthModuleOptions>, 'issuer' | 'issuers'>>().toEqualTypeOf<never>();
  expectTypeOf<Strict<AuthModuleExtras>>().toEqualTypeOf<never>();
  expectTypeOf<Strict<ConnectionOptions>>().toEqualTypeOf<never>();
  expectTypeOf<Strict<RenewalOptions>>().toEqualTypeOf<never>();
  expectTypeOf<Strict<Parameters<typeof accessTokenCors>[0]>>().toEqualTypeOf<never>();
  expectTypeOf<Strict<NonNullable<Parameters<typeof accessTokenSecurityScheme>[0]>>>().toEqualTypeOf<never>();
  // The helper finds a strict member.
  expectTypeOf<Strict<{ readonly a?: string; readonly b?: string | undefined }>>().toEqualTypeOf<'a'>();
});
