import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { afterEach, expect, test, vi } from 'vitest';
import { createResponseStream } from './event-stream.ts';

const closing: (() => unknown)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** Opens a real response, on both sides. */
async function openResponse() {
  let resolvePair: (pair: [IncomingMessage, ServerResponse]) => void;
  const pair = new Promise<[IncomingMessage, ServerResponse]>((resolve) => {
    resolvePair = resolve;
  });
  const server = createServer((request, response) => resolvePair([request, response]));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(
    () => server.close(),
    () => server.closeAllConnections(),
  );
  const { port } = server.address() as AddressInfo;
  const ended = new Promise<string>((resolve) => {
    get({ port, host: '127.0.0.1', agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += String(chunk)));
      response.once('end', () => resolve(`${response.statusCode} ${text}`));
    }).once('error', () => resolve('closed'));
  });
  const [request, response] = await pair;
  return { request, response, ended };
}

test('N3: ignores data of the source after the end, without an error', async () => {
  const { request, response, ended } = await openResponse();
  const stream = createResponseStream(response, request);
  const onError = vi.fn();
  response.on('error', onError);
  const source = new PassThrough();
  source.pipe(response);
  source.write('first');
  await vi.waitUntil(() => response.headersSent, { interval: 1 });
  stream.end(4401, 'The access token has expired');
  source.write('late');
  source.end();
  expect(await ended).toBe('200 first');
  await new Promise(setImmediate);
  expect(onError).not.toHaveBeenCalled();
});

test('N3: responds with 401 if the response has not started', async () => {
  const { request, response, ended } = await openResponse();
  createResponseStream(response, request).end(4401, 'The access token has expired');
  expect(await ended).toBe('401 ');
});

test('N3: closes the connection if the response is not accessible', async () => {
  const { request, ended } = await openResponse();
  createResponseStream(undefined, request).end(4401, 'The access token has expired');
  expect(await ended).toBe('closed');
});
