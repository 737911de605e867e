import type { AuthenticatedRequest } from '@countersign/core/resource-server';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { expect, test } from 'vitest';
import type { Transport } from '../transport/transport.ts';
import { findDecision, findInheritedDecision, recordDecision } from './guard-memo.ts';

class Handlers {
  one() {}
  two() {}
}
const { one, two } = Handlers.prototype;

const createTransport = (invocationKey: object, kind: Transport['kind'] = 'rpc'): Transport => ({
  kind,
  requestKey: invocationKey,
  invocationKey,
  request: () => undefined,
});
const createContext = (data: unknown, context: object, handler: (() => void) | null = one) =>
  new ExecutionContextHost([data, context], handler ? Handlers : null, handler);
const createUser = (token: string) => ({ token }) as AuthenticatedRequest;

const [first, other] = [{}, {}];

test('N2: messages that share a context receive the user of their payload, or no user', () => {
  const shared = {};
  const transport = createTransport(shared);
  const [alice, bob] = [createContext({ id: 1 }, shared), createContext({ id: 2 }, shared)];
  const record = (context: typeof alice, token: string) =>
    recordDecision(transport, context, { authenticator: first, authenticatedRequest: createUser(token) });
  record(alice, 'alice');
  expect(findDecision(transport, alice)?.authenticatedRequest?.token).toBe('alice');
  record(bob, 'bob');
  expect(findDecision(transport, bob)?.authenticatedRequest?.token).toBe('bob');
  expect(findDecision(transport, alice)).toBeUndefined();
  // Equal strings do not distinguish messages.
  for (const token of ['alice', 'bob']) record(createContext('same text', shared), token);
  expect(findDecision(transport, createContext('same text', shared))).toBeUndefined();
});

test('records one message if two guards allow it', () => {
  const context = {};
  const transport = createTransport(context);
  const message = createContext('text', context);
  for (const [authenticator, token] of [
    [first, 'alice'],
    [first, 'alice'],
    [other, 'alice of the other verifier'],
  ] as const)
    recordDecision(transport, message, { authenticator, authenticatedRequest: createUser(token) });
  expect(findDecision(transport, message)?.authenticatedRequest?.token).toBe('alice of the other verifier');
});

test('N2: a handler that two classes inherit receives only the decision about its class', () => {
  class OtherHandlers extends Handlers {}
  const connection = {};
  const transport = createTransport(connection, 'ws');
  recordDecision(transport, createContext({}, {}), {
    authenticator: first,
    authenticatedRequest: createUser('alice'),
  });
  const otherClass = new ExecutionContextHost([{}, {}], OtherHandlers, one);
  expect(findDecision(transport, otherClass)).toBeUndefined();
});

test('N2: a handler receives only the decision about itself', () => {
  const connection = {};
  const transport = createTransport(connection, 'ws');
  recordDecision(transport, createContext({}, {}), {
    authenticator: first,
    authenticatedRequest: createUser('alice'),
  });
  expect(findDecision(transport, createContext({}, {}, two))).toBeUndefined();
  // The host of an exception filter has no handler. It receives the decision if there is only one.
  expect(findDecision(transport, createContext({}, {}, null))?.authenticatedRequest?.token).toBe('alice');
  recordDecision(transport, createContext({}, {}, two), {
    authenticator: other,
    authenticatedRequest: createUser('bob'),
  });
  expect(findDecision(transport, createContext({}, {}, null))).toBeUndefined();
});

test('N2: a field below two guarded fields with different results has no user', () => {
  const above = {};
  const below = { ...createTransport({}, 'graphql'), ancestors: () => [above] };
  const record = (handler: () => void, token: string) =>
    recordDecision(createTransport(above, 'graphql'), createContext({}, {}, handler), {
      authenticator: first,
      authenticatedRequest: createUser(token),
    });
  expect(findInheritedDecision(below)).toBeUndefined();
  record(one, 'alice');
  expect(findInheritedDecision(below)?.authenticatedRequest?.token).toBe('alice');
  record(two, 'bob');
  expect(findInheritedDecision(below)).toBeUndefined();
});
