import { expectTypeOf, test } from 'vitest';
import type { StrictMembers } from '../../../core/tests/support/strict-members.ts';
import type {
  AuthModuleExtras,
  AuthModuleOptions,
  accessTokenCors,
  accessTokenSecurityScheme,
  ConnectionOptions,
  RenewalOptions,
} from '../../src/index.ts';

test('each option accepts undefined', () => {
  // One of these two excludes the other.
  expectTypeOf<Exclude<StrictMembers<AuthModuleOptions>, 'issuer' | 'issuers'>>().toEqualTypeOf<never>();
  expectTypeOf<StrictMembers<AuthModuleExtras>>().toEqualTypeOf<never>();
  expectTypeOf<StrictMembers<ConnectionOptions>>().toEqualTypeOf<never>();
  expectTypeOf<StrictMembers<RenewalOptions>>().toEqualTypeOf<never>();
  expectTypeOf<StrictMembers<Parameters<typeof accessTokenCors>[0]>>().toEqualTypeOf<never>();
  expectTypeOf<
    StrictMembers<NonNullable<Parameters<typeof accessTokenSecurityScheme>[0]>>
  >().toEqualTypeOf<never>();
});
