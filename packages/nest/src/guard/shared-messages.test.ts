import { AccessTokenError, type AccessTokenVerifier } from '@countersign/core/resource-server';
import type { ModuleRef } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { expect, test } from 'vitest';
import { AccessTokenGuard, getPrincipal, RequireScopes } from '../index.ts';
import { Authenticator } from './authenticator.ts';

class Items {
  list() {}

  @RequireScopes('write')
  write() {}
}

const { list, write } = Items.prototype;

/** A custom transport that uses one context for all messages. `decide` runs the guard for one message. */
function createSharedContext() {
  const verifier = {
    verifyOptional: async ({ headers }: { headers: { authorization?: string } }) => {
      const token = headers.authorization;
      return token === undefined ? undefined : { accessToken: { sub: token }, token };
    },
    verify: async () => {
      throw new AccessTokenError('token_missing', 'No token', { status: 401, challenges: ['Bearer'] });
    },
    authorize: () => {
      throw new AccessTokenError('insufficient_scope', 'Denied', { status: 403, challenges: ['Bearer'] });
    },
  } as unknown as AccessTokenVerifier;
  const rpcCredentials = (data: unknown) => (data as { token?: string }).token;
  const guard = new AccessTokenGuard(
    verifier,
    new Authenticator(verifier),
    { rpcCredentials },
    {} as ModuleRef,
  );
  const shared = {};
  const create = (data: unknown, ...handler: ConstructorParameters<typeof ExecutionContextHost>[2][]) => {
    const host = new ExecutionContextHost([data, shared], handler[0] ? Items : null, handler[0] ?? null);
    host.setType('rpc');
    return host;
  };
  return {
    decide: async (data: unknown, handler: () => void) =>
      Promise.resolve(guard.canActivate(create(data, handler))).catch(() => false),
    /** What a filter reads, whose host has no handler. */
    read: (data: unknown) => getPrincipal(create(data))?.sub,
    readShared: () => getPrincipal({ context: shared })?.sub,
  };
}

test('N2: filters of messages that share a context receive the user of their message', async () => {
  const { decide, read, readShared } = createSharedContext();
  const [alice, bob] = [{ token: 'alice' }, { token: 'bob' }];
  expect(await decide(alice, list)).toBe(true);
  expect([read(alice), readShared()]).toEqual(['alice', 'alice']);
  expect(await decide(bob, list)).toBe(true);
  expect([read(alice), read(bob), readShared()]).toEqual([undefined, 'bob', undefined]);
});

test('N2: a filter of a rejected message does not receive the user of an earlier one', async () => {
  for (const handler of [list, write]) {
    const { decide, read, readShared } = createSharedContext();
    const [alice, bob, anonymous] = [{ token: 'alice' }, { token: 'bob' }, {}];
    expect(await decide(alice, handler)).toBe(handler === list);
    expect(read(alice)).toBe('alice');
    expect(await decide(anonymous, handler)).toBe(false);
    expect([read(alice), read(anonymous), readShared()]).toEqual(['alice', undefined, undefined]);
    expect(await decide(bob, write)).toBe(false);
    expect([read(bob), read(anonymous)]).toEqual(['bob', undefined]);
  }
});
