import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { expect, test } from 'vitest';
import { createGraphqlTransport } from './graphql-transport.ts';

test('searches the WebSocket of a connection of Mercurius once', () => {
  let searches = 0;
  const calls: string[] = [];
  const socket = {};
  const createClient = (name: string, raw: object) => ({
    _socket: raw,
    isPaused: false,
    pause: () => void calls.push(`${name}: pause`),
    resume: () => void calls.push(`${name}: resume`),
    close: (code: number) => void calls.push(`${name}: close ${code}`),
  });
  const clients = {
    *[Symbol.iterator]() {
      searches++;
      yield createClient('other', {});
      yield client;
    },
  };
  const client = createClient('own', socket);
  /** Each operation has another context. */
  const createTransport = () => {
    const raw = { headers: {}, rawHeaders: [], socket, upgrade: true };
    const context = { request: { ws: true, headers: {}, raw }, app: { websocketServer: { clients } } };
    return createGraphqlTransport(new ExecutionContextHost([{}, {}, context, {}]));
  };
  for (let operation = 0; operation < 3; operation++) createTransport()?.hold?.()();
  createTransport()?.close?.(4401, 'The access token has expired');
  expect(calls).toEqual([...Array(3).fill(['own: pause', 'own: resume']).flat(), 'own: close 4401']);
  expect(searches).toBe(1);
});
