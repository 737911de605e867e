import type { AuthenticatedRequest } from '@countersign/core/resource-server';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { expect, test } from 'vitest';
import type { Transport } from '../transport/transport.ts';
import { inheritedDecision, ownDecision, recordDecision } from './guard-memo.ts';

class Handlers {
  one() {}
  two() {}
}
const { one, two } = Handlers.prototype;

const transportOf = (invocation: object, kind: Transport['kind'] = 'rpc'): Transport => ({
  kind,
  carrier: invocation,
  invocation,
  request: () => undefined,
});
const contextOf = (data: unknown, context: object, handler: (() => void) | null = one) =>
  new ExecutionContextHost([data, context], handler ? Handlers : null, handler);
const userOf = (token: string) => ({ token }) as AuthenticatedRequest;

const [first, other] = [{}, {}];

test('N2: messages that share a context have the user of their own data, or none', () => {
  const shared = {};
  const transport = transportOf(shared);
  const [alice, bob] = [contextOf({ id: 1 }, shared), contextOf({ id: 2 }, shared)];
  const record = (context: typeof alice, token: string) =>
    recordDecision(transport, context, { authenticator: first, authenticated: userOf(token) });
  record(alice, 'alice');
  expect(ownDecision(transport, alice)?.authenticated?.token).toBe('alice');
  record(bob, 'bob');
  expect(ownDecision(transport, bob)?.authenticated?.token).toBe('bob');
  expect(ownDecision(transport, alice)).toBeUndefined();
  // Texts and numbers do not tell messages apart.
  for (const token of ['alice', 'bob']) record(contextOf('same text', shared), token);
  expect(ownDecision(transport, contextOf('same text', shared))).toBeUndefined();
});

test('a message that two guards have let in is still the same message', () => {
  const context = {};
  const transport = transportOf(context);
  const message = contextOf('text', context);
  for (const [authenticator, token] of [
    [first, 'alice'],
    [first, 'alice'],
    [other, 'alice of the other'],
  ] as const)
    recordDecision(transport, message, { authenticator, authenticated: userOf(token) });
  expect(ownDecision(transport, message)?.authenticated?.token).toBe('alice of the other');
});

test('N2: a handler has the decision about itself only', () => {
  const connection = {};
  const transport = transportOf(connection, 'ws');
  recordDecision(transport, contextOf({}, {}), { authenticator: first, authenticated: userOf('alice') });
  expect(ownDecision(transport, contextOf({}, {}, two))).toBeUndefined();
  // A host without a handler, as exception filters have it: while only one is known.
  expect(ownDecision(transport, contextOf({}, {}, null))?.authenticated?.token).toBe('alice');
  recordDecision(transport, contextOf({}, {}, two), { authenticator: other, authenticated: userOf('bob') });
  expect(ownDecision(transport, contextOf({}, {}, null))).toBeUndefined();
});

test('N2: a field below two guarded ones that do not agree has nobody', () => {
  const above = {};
  const below = { ...transportOf({}, 'graphql'), ancestors: () => [above] };
  const record = (handler: () => void, token: string) =>
    recordDecision(transportOf(above, 'graphql'), contextOf({}, {}, handler), {
      authenticator: first,
      authenticated: userOf(token),
    });
  expect(inheritedDecision(below)).toBeUndefined();
  record(one, 'alice');
  expect(inheritedDecision(below)?.authenticated?.token).toBe('alice');
  record(two, 'bob');
  expect(inheritedDecision(below)).toBeUndefined();
});
