import { expectTypeOf, test } from 'vitest';
import type { AuthConfig } from '../../src/index.ts';

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

test('each option of provideAuth() accepts undefined', () => {
  expectTypeOf<Strict<AuthConfig>>().toEqualTypeOf<never>();
  // The helper finds a strict member.
  expectTypeOf<Strict<{ readonly a?: string; readonly b?: string | undefined }>>().toEqualTypeOf<'a'>();
});
