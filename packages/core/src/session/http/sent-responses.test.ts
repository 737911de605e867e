// @platforms node: the suite starts a server of Node.
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { createWebApp } from '../../../tests/support/web-browser.ts';
import { openNodeSession } from './node-requests.ts';

// The application has sent the headers of its response before it uses the session.

/** Serves one request. Returns the code of the error of the first or second use after the headers were sent. */
async function useLate(
  method: string,
  write: (res: ServerResponse) => void,
  options: { readonly isSecond?: boolean } = {},
): Promise<string> {
  const { sessions, open } = await createWebApp();
  const browser = open();
  await browser.logIn();
  const server = createServer(async (incoming, res) => {
    if (options.isSecond) await openNodeSession(sessions, incoming, res);
    write(res);
    const result = await openNodeSession(sessions, incoming, res).then(
      ({ requestSession }) => requestSession.session?.user.sub,
      (error: { code?: string }) => error.code,
    );
    res.end(` ${result}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}/`, {
    method,
    headers: { cookie: browser.header() },
  });
  const text = await response.text();
  server.close();
  return text.trim();
}

test.each([
  ['GET', 'without Cache-Control', (res: ServerResponse) => void res.write(' '), 'shared_cache'],
  [
    'GET',
    'with a public writeHead()',
    (res: ServerResponse) => void res.writeHead(200, { 'Cache-Control': 'public' }).write(' '),
    'shared_cache',
  ],
  [
    'GET',
    'with a private writeHead()',
    (res: ServerResponse) => void res.writeHead(200, { 'Cache-Control': 'private' }).write(' '),
    'alice',
  ],
  [
    'GET',
    'with a list of raw headers',
    (res: ServerResponse) => void res.writeHead(200, ['cache-control', 'no-store']).write(' '),
    'alice',
  ],
  ['POST', 'without Cache-Control', (res: ServerResponse) => void res.write(' '), 'alice'],
])('S62: the first use after a %s response %s', async (method, _, write, expected) => {
  expect(await useLate(method, write)).toBe(expected);
});

test('S62: the second use may follow after headers of the application', async () => {
  const write = (res: ServerResponse) => {
    res.setHeader('cache-control', 'max-age=60');
    res.write(' ');
  };
  expect(await useLate('GET', write)).toBe('shared_cache');
  expect(await useLate('GET', write, { isSecond: true })).toBe('alice');
});
