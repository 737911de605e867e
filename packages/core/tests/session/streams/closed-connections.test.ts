// @platforms node: the suite starts a Node server.
import { once } from 'node:events';
import { createServer, request, type ServerResponse } from 'node:http';
import { connect, createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { openNodeSession } from '../../../src/session/http/node-requests.ts';
import { catchError, cleanups, setUp, wrongContext } from '../../support/session/node-server.ts';

afterEach(() => Promise.all(cleanups.splice(0).map((close) => close())));

test('S61: does not spend the refresh token after the connection was closed', async () => {
  const { sessions, cookie, countRefreshes } = await setUp();
  const result = await new Promise((resolve, reject) => {
    const server = createServer(async (req, res) => {
      const { requestSession } = await openNodeSession(sessions, req, res);
      res.once('close', () => resolve(catchError(requestSession.getAccessToken())));
      sent.destroy();
    }).listen(0, '127.0.0.1');
    cleanups.push(() => server.close());
    let sent: ReturnType<typeof request>;
    server.once('listening', () => {
      const { port } = server.address() as AddressInfo;
      sent = request({ port, host: '127.0.0.1', headers: { cookie } });
      sent.on('error', () => {});
      sent.end();
    });
    server.once('error', reject);
  });
  expect(result).toMatchObject(wrongContext);
  expect(countRefreshes()).toBe(0);
});

test('S61: does not spend the refresh token after an HTTP/2 stream was closed', async () => {
  const { sessions, cookie, countRefreshes } = await setUp();
  const server = createHttp2Server().listen(0, '127.0.0.1');
  cleanups.push(() => server.close());
  await once(server, 'listening');
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const result = new Promise((resolve) => {
    server.on('request', async (req, res) => {
      const { requestSession } = await openNodeSession(sessions, req, res);
      res.once('close', () => resolve(catchError(requestSession.getAccessToken())));
      client.destroy();
    });
  });
  client.request({ ':path': '/', cookie }).on('error', () => {});
  expect(await result).toMatchObject(wrongContext);
  expect(countRefreshes()).toBe(0);
});

test.each([
  ['writeHead', (res: ServerResponse) => res.writeHead(200)],
  ['flushHeaders', (res: ServerResponse) => res.flushHeaders()],
] as const)('S61: does not spend the refresh token after %s', async (_, send) => {
  const { handle, countRefreshes } = await setUp();
  const { result } = await handle(async ({ requestSession, res }) => {
    send(res);
    const error = await catchError(requestSession.getAccessToken());
    res.end();
    return error;
  });
  expect(result).toMatchObject(wrongContext);
  expect(countRefreshes()).toBe(0);
});
