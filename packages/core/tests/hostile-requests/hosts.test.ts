// @platforms node: the suite starts servers and Chromium.
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { createTestAuthorizationServer } from '@countersign/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createWebAuthResolver, readNodeHeaders } from '../../src/session/adapter.ts';

let port = 0;
let discoveries = 0;
let close = () => {};

beforeAll(async () => {
  const provider = await createTestAuthorizationServer();
  const resolve = createWebAuthResolver({
    issuer: provider.issuer,
    clientId: 'web',
    clientSecret: 'web-secret',
    secret: 's'.repeat(32),
    environment: { AUTH_BASE_URL: 'https://app.example https://*.preview.example' },
    fetch: (url, init) => {
      if (String(url).includes('/.well-known/openid-configuration')) discoveries++;
      return provider.fetch(url, init);
    },
  });
  const server = createServer(async (req, res) => {
    const headers = readNodeHeaders(req);
    const { sessions } = resolve(headers);
    const response = await sessions.handle(new Request(`https://app.example${req.url}`, { headers }));
    res.writeHead(response?.status ?? 404, { location: response?.headers.get('location') ?? '' }).end();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  ({ port } = server.address() as AddressInfo);
  close = () => server.close();
});
afterAll(() => close());

/** Starts a login with this `Host` header, sent as raw bytes. Returns the URL of the redirect. */
async function readLocation(host: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(
    Buffer.from(`GET /auth/login HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`, 'latin1'),
  );
  let response = '';
  for await (const chunk of socket) response += chunk;
  return /^location: (.*)\r$/im.exec(response)?.[1] ?? '';
}

async function readRedirectUri(host: string): Promise<string | null> {
  const location = await readLocation(host);
  return URL.canParse(location) ? new URL(location).searchParams.get('redirect_uri') : null;
}

test('S33: requests the metadata once for any Host headers that a Node server receives', async () => {
  for (let count = 0; count < 300; count++) {
    expect(await readRedirectUri(`h${count}.invalid`)).toBe('https://app.example/auth/callback');
  }
  for (const host of [
    '',
    'app.example/x',
    'a@app.example',
    '[',
    'm\xfcller',
    'a'.repeat(8_000),
    'x, y',
    '\xff',
  ]) {
    expect(await readRedirectUri(host), host.slice(0, 20)).toBe('https://app.example/auth/callback');
  }
  for (const host of ['pr-7.preview.example', 'PR-7.preview.example', 'pr-7.preview.example:443']) {
    expect(await readRedirectUri(host), host).toBe('https://pr-7.preview.example/auth/callback');
  }
  // A browser stores the cookies of a host with a trailing dot separately, so the login continues without the dot.
  for (const host of ['pr-7.preview.example.', 'PR-7.preview.example.:443'])
    expect(await readLocation(host), host).toBe('https://pr-7.preview.example/auth/login?redirected=1');
  // The login begins at the address of the application, as at any other host.
  expect(await readRedirectUri('evil.invalid.')).toBe('https://app.example/auth/callback');
  expect(discoveries).toBe(1);
});
