import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { afterEach, expect, test, vi } from 'vitest';
import { eventStreamAnswer } from './event-stream.ts';

const closing: (() => unknown)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A real answer on both sides. */
async function open() {
  let answered: (pair: [IncomingMessage, ServerResponse]) => void;
  const pair = new Promise<[IncomingMessage, ServerResponse]>((resolve) => {
    answered = resolve;
  });
  const server = createServer((request, response) => answered([request, response]));
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
    }).once('error', () => resolve('cut'));
  });
  const [request, response] = await pair;
  return { request, response, ended };
}

test('N3: what the source says after the end is not written, and is no error', async () => {
  const { request, response, ended } = await open();
  const answer = eventStreamAnswer(response, request);
  const failed = vi.fn();
  response.on('error', failed);
  const source = new PassThrough();
  source.pipe(response);
  source.write('first');
  await vi.waitUntil(() => response.headersSent, { interval: 1 });
  answer.end(4401, 'The access token has expired');
  source.write('late');
  source.end();
  expect(await ended).toBe('200 first');
  await new Promise(setImmediate);
  expect(failed).not.toHaveBeenCalled();
});

test('N3: an answer that has not begun is a refusal', async () => {
  const { request, response, ended } = await open();
  eventStreamAnswer(response, request).end(4401, 'The access token has expired');
  expect(await ended).toBe('401 ');
});

test('N3: the connection is cut where the response is out of reach', async () => {
  const { request, ended } = await open();
  eventStreamAnswer(undefined, request).end(4401, 'The access token has expired');
  expect(await ended).toBe('cut');
});
