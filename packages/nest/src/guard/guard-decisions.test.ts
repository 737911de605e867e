import type { AccessTokenVerifier } from '@countersign/core/resource-server';
import type { ModuleRef } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { expect, test } from 'vitest';
import { AccessTokenGuard } from '../index.ts';
import { Authenticator } from './authenticator.ts';

class Items {
  list() {}
}

test('N2: does not accept the Authenticator of another verifier', () => {
  const [verifier, other] = [{}, {}] as [AccessTokenVerifier, AccessTokenVerifier];
  const create = (authenticator: Authenticator) =>
    new AccessTokenGuard(verifier, authenticator, {}, {} as ModuleRef);
  expect(create(new Authenticator(verifier))).toBeInstanceOf(AccessTokenGuard);
  expect(() => create(new Authenticator(other))).toThrow(
    expect.objectContaining({ name: 'ConfigurationError', code: 'invalid_option' }),
  );
});

test('denies a context of an unknown kind', async () => {
  const verifier = {
    findCachedRequest: () => ({ accessToken: {}, token: 'token' }),
  } as unknown as AccessTokenVerifier;
  const guard = new AccessTokenGuard(verifier, new Authenticator(verifier), {}, {} as ModuleRef);
  const context = new ExecutionContextHost([{ headers: {} }], Items, Items.prototype.list);
  context.setType('other');
  expect(await guard.canActivate(context)).toBe(false);
});
