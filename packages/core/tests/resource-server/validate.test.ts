// @platforms node, edge: the suite opens a port and listens to the process.
import { describe, expect, test } from 'vitest';
import {
  type AccessTokenVerifierOptions,
  type AuthEvent,
  TransportError,
} from '../../src/resource-server/index.ts';
import { startVerifier } from '../support/resource-server/start-verifier.ts';

const startWith = (options: object) => startVerifier(options as Partial<AccessTokenVerifierOptions>);

async function findClosedPort(): Promise<string> {
  const { createServer } = await import('node:net');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}/`;
}

describe('R5: an unavailable service in validate leads to 503', () => {
  test.each<[string, () => unknown]>([
    ['TransportError', () => new TransportError('store_unavailable', 'the database is down')],
    ['an error code of Node', () => Object.assign(new Error('down'), { code: 'ECONNREFUSED' })],
    ['an error code of a database', () => Object.assign(new Error('down'), { code: '57P01' })],
    ['a timeout', () => new DOMException('too late', 'TimeoutError')],
    ['a response of an HTTP client', () => Object.assign(new Error('down'), { response: { status: 503 } })],
    ['an exception of Nest', () => Object.assign(new Error('down'), { status: 503 })],
    ['a cause', () => new Error('query failed', { cause: Object.assign(new Error('x'), { code: 'EPIPE' }) })],
    [
      'several addresses',
      () => new AggregateError([Object.assign(new Error('x'), { code: 'ECONNREFUSED' })], 'all down'),
    ],
  ])('on %s', async (_, failure) => {
    const { server, verifier, events } = await startWith({
      validate: () => {
        throw failure();
      },
    });
    const token = await server.mintAccessToken();
    const error = await verifier.verifyToken(token).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: 'TransportError' });
    expect((error as Error).message).not.toMatch(/down|query|database/);
    expect(events.at(-1)).toMatchObject({
      type: 'token.unavailable',
      reason: (failure() as Error).message,
    });
    expect(verifier.statistics().unavailable).toBe(1);
  });

  test('accepts the token when the service is available again', async () => {
    const url = await findClosedPort();
    let isUnavailable = true;
    const { server, verifier } = await startWith({
      validate: async () => {
        if (isUnavailable) await fetch(url);
      },
    });
    const token = await server.mintAccessToken();
    await expect(verifier.verifyToken(token)).rejects.toMatchObject({ name: 'TransportError' });
    isUnavailable = false;
    await expect(verifier.verifyToken(token)).resolves.toBeDefined();
  });

  test.each([
    new Error('not a member'),
    'not a member',
    { message: 'x' },
    undefined,
    new TypeError('x is null'),
  ])('rejects the token after any other error, which only the event reports: %s', async (thrown) => {
    const { server, verifier, events } = await startWith({
      validate: () => Promise.reject(thrown),
    });
    const error = await verifier.verifyToken(await server.mintAccessToken()).catch((caught) => caught);
    expect(error).toMatchObject({
      status: 401,
      message: 'The access token does not meet the requirements of this API',
    });
    const reason = thrown instanceof Error ? thrown.message : typeof thrown === 'string' ? thrown : undefined;
    expect(events.at(-1)).toEqual({
      type: 'token.rejected',
      code: 'invalid_token',
      check: 'validate',
      ...(reason && { reason }),
      errorName: thrown instanceof Error ? thrown.name : 'unknown error',
    });
  });
});

test.each<[string, unknown]>([
  ['false', false],
  ['a promise of false', Promise.resolve(false)],
  ['null', null],
  ['an empty text', ''],
  ['an object', { tenant: 'x' }],
])('rejects the token if validate returns %s, also at the next request', async (_, result) => {
  const { server, verifier, events } = await startWith({ validate: () => result });
  const token = await server.mintAccessToken();
  for (let request = 0; request < 2; request++) {
    await expect(verifier.verifyToken(token)).rejects.toMatchObject({ status: 401, code: 'invalid_token' });
    expect(events.at(-1)).toEqual({
      type: 'token.rejected',
      code: 'invalid_token',
      check: 'validate',
      reason: 'The function validate returned a value other than undefined or true',
    });
  }
});

test.each([undefined, true, Promise.resolve(true)])(
  'accepts the token if validate returns %s',
  async (result) => {
    const { server, verifier } = await startWith({ validate: () => result });
    await expect(verifier.verifyToken(await server.mintAccessToken())).resolves.toBeDefined();
  },
);

describe('R5: a listener does not change the result', () => {
  test.each<[string, (event: AuthEvent) => unknown]>([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['rejects', async () => Promise.reject(new Error('broken'))],
    [
      'returns an object whose then throws',
      () =>
        Object.defineProperty({}, 'then', {
          get() {
            throw new Error('broken');
          },
        }),
    ],
  ])('if it %s', async (_, onEvent) => {
    const unhandled: unknown[] = [];
    const addReason = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', addReason);
    try {
      const { server, verifier } = await startWith({ onEvent });
      const token = await server.mintAccessToken();
      await expect(verifier.verifyToken(token)).resolves.toMatchObject({ sub: 'alice' });
      expect(verifier.findCachedRequest?.({ headers: { authorization: `Bearer ${token}` } })).toBeDefined();
      await expect(verifier.verifyToken(`${token.slice(0, -4)}AAAA`)).rejects.toMatchObject({ status: 401 });
      // Node reports unhandled rejections after the microtasks of a turn.
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setImmediate(resolve));
      expect(unhandled).toEqual([]);
    } finally {
      process.off('unhandledRejection', addReason);
    }
  });
});
