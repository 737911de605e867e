import { createTestAuthorizationServer } from '@countersign/testing';
import type { DynamicModule, Type } from '@nestjs/common';
import { AuthModule, type AuthModuleOptions, profiles } from '../../../src/index.ts';
import { audience } from '../start/start-app.ts';

export const otherAudience = 'https://b.example.test';

/** Options of a verifier that adds its name to the roles of each principal. */
export const addRole = (name: string, options: Partial<AuthModuleOptions>): AuthModuleOptions =>
  ({ ...options, profile: { ...profiles.rfc9068, roles: () => [name] } }) as AuthModuleOptions;

/** Creates a module with a separate `AuthModule`. */
export function createModule(
  options: AuthModuleOptions,
  content: { controllers?: Type[]; providers?: Type[] },
): DynamicModule {
  class FeatureModule {}
  const auth = AuthModule.forRoot({ ...options, globalGuard: false, isGlobal: false });
  return { module: FeatureModule, imports: [auth], ...content };
}

/** Creates two issuers, and the options of a verifier for each. */
export async function createIssuers() {
  const [a, b] = await Promise.all(
    ['https://issuer-a.test', 'https://issuer-b.test'].map((issuer) =>
      createTestAuthorizationServer({ issuer, resources: [audience, otherAudience] }),
    ),
  );
  if (!a || !b) throw new Error('two issuers are needed');
  const createOptions = ({ issuer, fetch, clock }: typeof a) => ({ issuer, fetch, now: clock.now });
  return { a, b, optionsA: { ...createOptions(a), audience }, optionsB: { ...createOptions(b), audience } };
}
