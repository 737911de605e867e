import { expectTypeOf, test } from 'vitest';
import type { StrictMembers } from '../../../core/tests/support/strict-members.ts';
import type {
  ApiEntry,
  AuthConfig,
  GuardOptions,
  ServerAuthOptions,
  ServerSession,
  withRefreshTokens,
} from '../../src/index.ts';

test('each option accepts undefined', () => {
  expectTypeOf<StrictMembers<AuthConfig>>().toEqualTypeOf<never>();
  expectTypeOf<StrictMembers<ApiEntry>>().toEqualTypeOf<never>();
  expectTypeOf<StrictMembers<GuardOptions>>().toEqualTypeOf<never>();
  expectTypeOf<StrictMembers<ServerAuthOptions>>().toEqualTypeOf<never>();
  expectTypeOf<StrictMembers<ServerSession>>().toEqualTypeOf<never>();
  expectTypeOf<StrictMembers<NonNullable<Parameters<typeof withRefreshTokens>[0]>>>().toEqualTypeOf<never>();
});
