import { AccessTokenError, TransportError } from '@countersign/core/resource-server';
import { GoneException, HttpException, Logger } from '@nestjs/common';
import { RpcException } from '@nestjs/microservices';
import { WsException } from '@nestjs/websockets';
import { beforeEach, expect, test, vi } from 'vitest';
import type { Transport } from '../transport/transport.ts';
import { toException } from './exceptions.ts';

const error = vi.fn();
beforeEach(() => {
  error.mockReset();
  Logger.overrideLogger({ error, warn: error, log: error });
});

const createTransport = (kind: Transport['kind'], others: Partial<Transport> = {}): Transport => ({
  kind,
  requestKey: {},
  invocationKey: {},
  request: () => ({ headers: {} }),
  ...others,
});

const convert = (thrown: unknown, transport: Transport | undefined, verified = false) =>
  toException(thrown, { transport, options: {}, name: 'Items.list', isVerified: verified });

const rejection = new AccessTokenError('insufficient_scope', 'No scope', {
  status: 403,
  challenges: ['Bearer error="insufficient_scope"'],
});

test('N1: logs the text of an exception after verification, and does not send it to the client', async () => {
  for (const kind of ['http', 'graphql'] as const) {
    error.mockReset();
    const exception = (await convert(new Error('inner text'), createTransport(kind), true)) as HttpException;
    expect(exception.getStatus()).toBe(500);
    expect(JSON.stringify(exception.getResponse())).not.toContain('inner text');
    expect(error).toHaveBeenCalledOnce();
  }
  for (const [kind, type] of [
    ['ws', WsException],
    ['rpc', RpcException],
  ] as const) {
    const exception = await convert(new Error('inner text'), createTransport(kind), true);
    expect(exception).toBeInstanceOf(type);
    expect((exception as WsException).getError()).toEqual({
      status: 'error',
      statusCode: 500,
      code: 'server_error',
      message: 'Internal server error',
    });
  }
});

test('N1: returns an exception of a policy that the client may receive, and does not log it', async () => {
  const graphqlError = Object.assign(new Error('x'), { name: 'GraphQLError' });
  for (const intended of [new GoneException('deleted'), new WsException('x'), graphqlError])
    expect(await convert(intended, createTransport('http'), true)).toBe(intended);
  expect(error).not.toHaveBeenCalled();
});

test('N1: an exception of Nest before verification is a rejection', async () => {
  const exception = (await convert(new GoneException('deleted'), createTransport('http'))) as HttpException;
  expect(exception.getStatus()).toBe(401);
});

test('N1: rejects if the exception of a policy cannot be read', async () => {
  const unreadable = () => {
    throw new Error('again');
  };
  const proxy = new Proxy({}, { getPrototypeOf: unreadable, get: unreadable });
  const exception = (await convert(proxy, createTransport('http'), true)) as HttpException;
  expect(exception.getStatus()).toBe(500);
});

test('N1: rejects a stream of gRPC through its transport, and throws nothing', async () => {
  for (const [thrown, verified, code] of [
    [rejection, false, 7],
    [new GoneException('deleted'), true, 13],
    [new TransportError('timeout', 'too slow'), false, 14],
  ] as const) {
    const reject = vi.fn();
    const settled = vi.fn();
    void convert(thrown, createTransport('rpc', { grpc: true, reject }), verified).then(settled, settled);
    await vi.waitFor(() => expect(reject).toHaveBeenCalledOnce());
    expect(reject).toHaveBeenCalledWith(expect.objectContaining({ code }));
    await new Promise((resolve) => setImmediate(resolve));
    expect(settled).not.toHaveBeenCalled();
  }
});

test('sets the challenge, or Retry-After while tokens cannot be verified', async () => {
  const setHeader = vi.fn();
  const transport = createTransport('http', { setHeader });
  await convert(rejection, transport);
  expect(setHeader).toHaveBeenLastCalledWith('WWW-Authenticate', rejection.challenges.join(', '));
  await convert(new TransportError('timeout', 'too slow', { retryAfter: 9 }), transport);
  expect(setHeader).toHaveBeenLastCalledWith('Retry-After', '9');
});

test('passes the headers of a rejection in the error where GraphQL hides the response', async () => {
  const http = { headers: new Map([['WWW-Authenticate', 'Bearer error="insufficient_scope"']]) };
  expect(await convert(rejection, createTransport('graphql'))).toMatchObject({ extensions: { http } });
});

test('N1: rejects if the headers of the response cannot be set or found', async () => {
  const fail = () => {
    throw new Error('headers were sent');
  };
  const unreadable = Object.defineProperty({ ...createTransport('http') }, 'setHeader', { get: fail });
  for (const transport of [createTransport('http', { setHeader: fail }), unreadable, undefined])
    expect(((await convert(rejection, transport)) as HttpException).getStatus()).toBe(403);
});
